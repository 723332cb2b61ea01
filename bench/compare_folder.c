#include <stdlib.h>

#include "compare_document.h"
#include "whole_file.h"

static double percent(double share) {
    return 100.0 * share;
}

static double plain(double value) {
    return value;
}

/** Mean, low, high as three columns. */
static void columns(const struct weir_estimate *e, double (*scale)(double), FILE *out) {
    fprintf(out, "\t%.6g\t%.6g\t%.6g", scale(e->mean), scale(e->low), scale(e->high));
}

/** One row per trace and policy in which both metrics were measured; `second` may be the first. */
static void metric_rows(const struct weir_compare *c, enum weir_metric first,
                        enum weir_metric second, double (*scale)(double), FILE *out) {
    fputs("#label\tmean\tlow\thigh\n", out);
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        const size_t t = i / c->plan.policy_count;
        const size_t p = i % c->plan.policy_count;
        const struct weir_arm_result *result = weir_compare_result(c, t, p);
        if (result->failed) {
            continue;
        }
        const struct weir_estimate one =
            weir_estimate_of(result->runs, c->plan.replications, first);
        const struct weir_estimate other =
            weir_estimate_of(result->runs, c->plan.replications, second);
        if (one.count > 0 && other.count > 0) {
            fprintf(out, "%s, %s", c->experiment->traces[t].name, c->plan.policies[p]->name);
            columns(&one, scale, out);
            columns(&other, scale, out);
            fputc('\n', out);
        }
    }
}

/** The capture curve by value, a block for each trace and policy, on traces that are not slack; on
 *  all if every one is. */
static void curve_rows(const struct weir_compare *c, FILE *out) {
    bool all_slack = true;
    for (size_t t = 0; t < c->plan.source_count; t++) {
        all_slack = all_slack && weir_compare_result(c, t, 0)->class == WEIR_CLASS_SLACK;
    }
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        const size_t t = i / c->plan.policy_count;
        const struct weir_arm_result *result = weir_compare_result(c, t, i % c->plan.policy_count);
        if (result->failed || (!all_slack && result->class == WEIR_CLASS_SLACK)) {
            continue;
        }
        struct weir_summary s;
        weir_summarise(result->runs, c->plan.replications, &s);
        fprintf(out, "window_ms\t%s, %s\n", c->plan.policies[i % c->plan.policy_count]->name,
                c->experiment->traces[t].name);
        for (size_t p = 0; p < WEIR_CURVE_POINTS; p++) {
            fprintf(out, "%.6g\t%.6g\n", s.curve[p].window_ms, 100.0 * s.curve[p].by_value);
        }
        fputs("\n\n", out);
    }
}

static int by_lead(const void *left, const void *right) {
    const struct weir_sensitivity_row *a = *(const struct weir_sensitivity_row *const *)left;
    const struct weir_sensitivity_row *b = *(const struct weir_sensitivity_row *const *)right;
    if (a->trace != b->trace) {
        return a->trace < b->trace ? -1 : 1;
    }
    const double x = a->lead.difference.mean;
    const double y = b->lead.difference.mean;
    return x < y ? -1 : x > y ? 1 : a->world < b->world ? -1 : 1;
}

/** Worlds by the leader's lead, smallest first, trace by trace. False if memory is short. */
static bool tornado_rows(const struct weir_compare *c, FILE *out) {
    const struct weir_sensitivity *s = c->sensitivity;
    const struct weir_sensitivity_row **rows =
        calloc(s->row_count + 1, sizeof(const struct weir_sensitivity_row *));
    size_t count = 0;
    for (size_t i = 0; rows && i < s->row_count; i++) {
        if (!s->rows[i].failed && s->rows[i].lead.difference.count > 0) {
            rows[count++] = &s->rows[i];
        }
    }
    if (rows) {
        qsort(rows, count, sizeof(const struct weir_sensitivity_row *), by_lead);
    }
    fputs("#label\tmean\tlow\thigh\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s: %s", c->experiment->traces[rows[i]->trace].name,
                weir_sensitivity_world(rows[i]->world)->name);
        columns(&rows[i]->lead.difference, percent, out);
        fputc('\n', out);
    }
    free(rows);
    return rows != NULL;
}

static bool document(const struct weir_compare *c, FILE *out) {
    char *text = weir_compare_document(c);
    if (text) {
        fprintf(out, "%s\n", text);
    }
    free(text);
    return text != NULL;
}

/* the document last: where it is, the rest is */
enum file {
    FILE_CAPTURES,
    FILE_ERRORS,
    FILE_EFFICIENCY,
    FILE_CURVE,
    FILE_TORNADO,
    FILE_DOCUMENT,
    FILE_COUNT
};

static bool write_file(const struct weir_compare *c, enum file which, FILE *out) {
    switch (which) {
    case FILE_CAPTURES:
        metric_rows(c, WEIR_METRIC_protected_value_of_bound, WEIR_METRIC_value_of_bound, percent,
                    out);
        break;
    case FILE_ERRORS:
        metric_rows(c, WEIR_METRIC_limit_errors_per_1000_sent,
                    WEIR_METRIC_limit_errors_per_1000_sent, plain, out);
        break;
    case FILE_EFFICIENCY:
        metric_rows(c, WEIR_METRIC_useful_efficiency, WEIR_METRIC_useful_efficiency, percent, out);
        break;
    case FILE_CURVE:
        curve_rows(c, out);
        break;
    case FILE_TORNADO:
        return !c->sensitivity || tornado_rows(c, out);
    case FILE_DOCUMENT:
        return document(c, out);
    case FILE_COUNT:
        break;
    }
    return true;
}

/** Opens, writes and finishes one file of the folder. */
static bool prepare_file(const struct weir_compare *c, const char *folder, enum file which,
                         struct weir_whole_file *file, char *error, size_t error_size) {
    static const char *const names[FILE_COUNT] = {"captures.tsv", "errors.tsv",  "efficiency.tsv",
                                                  "curve.tsv",    "tornado.tsv", "result.json"};
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, names[which]) >= (int)sizeof path) {
        snprintf(error, error_size, "%.200s…: the path is too long", folder);
        return false;
    }
    if (!weir_whole_file_open(file, path, error, error_size)) {
        return false;
    }
    const bool written = write_file(c, which, file->stream);
    if (!written) {
        snprintf(error, error_size, "%.300s: out of memory", path);
    }
    if (!written || !weir_whole_file_finish(file, error, error_size)) {
        weir_whole_file_discard(file);
        return false;
    }
    return true;
}

bool weir_compare_folder(const struct weir_compare *compare, const char *folder, char *error,
                         size_t error_size) {
    struct weir_whole_file files[FILE_COUNT];
    int ready = 0;
    if (!weir_make_folder(folder, error, error_size)) {
        return false;
    }
    while (ready < FILE_COUNT &&
           prepare_file(compare, folder, (enum file)ready, &files[ready], error, error_size)) {
        ready++;
    }
    /* only when all are written does the first replace an old one */
    bool ok = ready == FILE_COUNT;
    for (int i = 0; i < ready; i++) {
        if (ok) {
            ok = weir_whole_file_place(&files[i], error, error_size);
        } else {
            weir_whole_file_discard(&files[i]);
        }
    }
    return ok;
}
