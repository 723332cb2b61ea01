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

/** Whether a trace is slack, as no limiter matters on it. */
static bool is_slack(const struct weir_compare *c, size_t trace) {
    return weir_compare_result(c, trace, 0)->class == WEIR_CLASS_SLACK;
}

/** Whether a policy came through on a trace that is worth a line: slack traces are left out, unless
 *  all of them are. */
static bool is_shown(const struct weir_compare *c, size_t trace, size_t policy) {
    bool all_slack = true;
    for (size_t t = 0; t < c->plan.source_count; t++) {
        all_slack = all_slack && is_slack(c, t);
    }
    return !weir_compare_result(c, trace, policy)->failed && (all_slack || !is_slack(c, trace));
}

/** The summary of a trace and a policy that is shown. */
static bool shown_summary(const struct weir_compare *c, size_t trace, size_t policy,
                          struct weir_summary *summary) {
    if (!is_shown(c, trace, policy)) {
        return false;
    }
    weir_summarise(weir_compare_result(c, trace, policy)->runs, c->plan.replications, summary);
    return true;
}

/** The capture curve by value, a block for each trace and policy that is shown. */
static void curve_rows(const struct weir_compare *c, FILE *out) {
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        const size_t t = i / c->plan.policy_count;
        const size_t p = i % c->plan.policy_count;
        struct weir_summary s;
        if (!shown_summary(c, t, p, &s)) {
            continue;
        }
        fprintf(out, "window_ms\t%s, %s\n", c->plan.policies[p]->name,
                c->experiment->traces[t].name);
        for (size_t w = 0; w < WEIR_CURVE_POINTS; w++) {
            fprintf(out, "%.6g\t%.6g\n", s.curve[w].window_ms, 100.0 * s.curve[w].by_value);
        }
        fputs("\n\n", out);
    }
}

/** Latency over all opportunities, a block for each trace and policy that is shown: what was missed
 *  is infinitely late, so that the last row, at the opportunity window, is the share captured. */
static void latency_rows(const struct weir_compare *c, FILE *out) {
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        const size_t t = i / c->plan.policy_count;
        const size_t p = i % c->plan.policy_count;
        const struct weir_scenario *scenario = &c->arms.items[c->policy_arms[p]].scenario;
        const double end_ms = scenario->bot.opportunity_window_ms;
        struct weir_summary s;
        if (!shown_summary(c, t, p, &s)) {
            continue;
        }
        fprintf(out, "latency_ms\t%s, %s\n", c->plan.policies[p]->name,
                c->experiment->traces[t].name);
        for (size_t w = 0; w < WEIR_CURVE_POINTS && s.curve[w].window_ms < end_ms; w++) {
            fprintf(out, "%.6g\t%.6g\n", s.curve[w].window_ms, 100.0 * s.curve[w].by_count);
        }
        fprintf(out, "%.6g\t%.6g\n\n\n", end_ms,
                100.0 * weir_mean(&s, WEIR_METRIC_capture_rate, 0.0));
    }
}

/** What reached each stage from the trace to a protected position: USD and number, a row for each
 *  trace and policy that is shown. */
static void funnel_rows(const struct weir_compare *c, FILE *out) {
    static const enum weir_metric stages[][2] = {
        {WEIR_METRIC_trace_usd, WEIR_METRIC_trace_liquidations},
        {WEIR_METRIC_feed_usd, WEIR_METRIC_feed_liquidations},
        {WEIR_METRIC_opportunities_usd, WEIR_METRIC_opportunities},
        {WEIR_METRIC_submitted_usd, WEIR_METRIC_submitted},
        {WEIR_METRIC_admitted_usd, WEIR_METRIC_admitted},
        {WEIR_METRIC_captured_usd, WEIR_METRIC_captures},
        {WEIR_METRIC_filled_usd, WEIR_METRIC_filled},
        {WEIR_METRIC_protected_usd, WEIR_METRIC_protected_captures}};
    const size_t last = sizeof stages / sizeof stages[0] - 1;
    fputs("#label\ttrace_usd\tliquidations\tfeed_usd\tdelivered\topportunities_usd\t"
          "opportunities\tsubmitted_usd\tsubmitted\tadmitted_usd\tadmitted\tcaptured_usd\t"
          "captured\tfilled_usd\tfilled\tprotected_usd\tprotected\n",
          out);
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        const size_t t = i / c->plan.policy_count;
        const size_t p = i % c->plan.policy_count;
        struct weir_summary s;
        if (!shown_summary(c, t, p, &s)) {
            continue;
        }
        fprintf(out, "%s, %s", c->experiment->traces[t].name, c->plan.policies[p]->name);
        for (size_t k = 0; k <= last; k++) {
            /* captures that did not fill count as protected, for they need no protection; here only
             * positions count */
            const double unfilled =
                weir_mean(&s, WEIR_METRIC_captures, 0.0) - weir_mean(&s, WEIR_METRIC_filled, 0.0);
            fprintf(out, "\t%.10g\t%.10g", weir_mean(&s, stages[k][0], 0.0),
                    weir_mean(&s, stages[k][1], 0.0) - (k == last ? unfilled : 0.0));
        }
        fputc('\n', out);
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
    FILE_LATENCY,
    FILE_FUNNEL,
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
    case FILE_LATENCY:
        latency_rows(c, out);
        break;
    case FILE_FUNNEL:
        funnel_rows(c, out);
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
                                                  "curve.tsv",    "latency.tsv", "funnel.tsv",
                                                  "tornado.tsv",  "result.json"};
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
    return weir_whole_files_place(files, (size_t)ready, ready == FILE_COUNT, error, error_size);
}
