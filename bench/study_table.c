#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study_choice.h"
#include "study_document.h"
#include "study_parts.h"
#include "study_planes.h"
#include "whole_file.h"

/** Most settings of a set, and of a front, that a table shows. */
#define ROWS_SHOWN 12

/** How a table is written. */
struct sheet {
    FILE *out;
    bool markdown, color;
    const char *objective;
    bool share; /* the objective is a fraction of 1 */
};

static json_t *at(json_t *object, const char *key) {
    return json_object_get(object, key);
}

static double number(json_t *object, const char *key) {
    return json_number_value(at(object, key));
}

static void heading(const struct sheet *s, const char *text) {
    fprintf(s->out,
            s->markdown ? "\n## %s\n\n"
            : s->color  ? "\n\033[1m%s\033[0m\n"
                        : "\n%s\n",
            text);
}

/** A share in percent, anything else as it is. */
static void print_value(const struct sheet *s, char *text, size_t size, double value) {
    snprintf(text, size, s->share ? "%.2f %%" : "%.6g", s->share ? 100.0 * value : value);
}

/** "71.20 % (70.90 % to 71.50 %)"; with `points` as a difference. */
static void figure_text(const struct sheet *s, json_t *figure, bool points, char *text,
                        size_t size) {
    const double scale = s->share ? 100.0 : 1.0;
    if (!figure) {
        snprintf(text, size, "-");
    } else {
        snprintf(text, size, points ? "%+.2f%s (%+.2f to %+.2f)" : "%.2f%s (%.2f to %.2f)",
                 scale * number(figure, "mean"),
                 !s->share ? ""
                 : points  ? " points"
                           : " %",
                 scale * number(figure, "low"), scale * number(figure, "high"));
    }
}

static void value_text(json_t *value, char *text, size_t size) {
    if (json_is_number(value)) {
        snprintf(text, size, "%.10g", json_number_value(value));
    } else {
        snprintf(text, size, "%s",
                 json_is_string(value) ? json_string_value(value)
                 : json_is_true(value) ? "on"
                                       : "off");
    }
}

/** Settings of the three modes, as far as they move together. */
static const char *const mode_prefixes[] = {"limiter.normal.", "limiter.burst.",
                                            "limiter.liquidation."};

/** How a setting is named in a table: "*.buffer" stands for all three modes if they agree, and then
 *  the others are named by nothing. Empty for those. */
static void short_name(json_t *parameters, const char *key, char *name, size_t size) {
    for (size_t m = 0; m < 3; m++) {
        const size_t prefix = strlen(mode_prefixes[m]);
        if (strncmp(key, mode_prefixes[m], prefix) != 0) {
            continue;
        }
        json_t *own = at(parameters, key);
        bool same = true;
        for (size_t other = 0; other < 3; other++) {
            char counterpart[96];
            snprintf(counterpart, sizeof counterpart, "%s%.60s", mode_prefixes[other],
                     key + prefix);
            same = same && json_equal(at(parameters, counterpart), own);
        }
        if (same) {
            snprintf(name, size, m == 0 ? "*.%s" : "%.0s", key + prefix);
            return;
        }
    }
    snprintf(name, size, "%s", strncmp(key, "limiter.", 8) == 0 ? key + 8 : key);
}

static void parameters_text(json_t *parameters, char *text, size_t size) {
    const char *key = NULL;
    json_t *value = NULL;
    size_t used = 0;
    text[0] = '\0';
    json_object_foreach(parameters, key, value) {
        char name[96];
        char shown[64];
        short_name(parameters, key, name, sizeof name);
        value_text(value, shown, sizeof shown);
        if (name[0] && used < size) {
            used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? ", " : "", name,
                                     shown);
        }
    }
}

/** A row of three cells: a table row of markdown, or columns. */
static void row(const struct sheet *s, const char *a, const char *b, const char *c) {
    fprintf(s->out, s->markdown ? "| %s | %s | %s |\n" : "  %-28s %-36s %s\n", a, b, c);
}

static void row_head(const struct sheet *s, const char *a, const char *b, const char *c) {
    row(s, a, b, c);
    if (s->markdown) {
        fputs("|---|---|---|\n", s->out);
    }
}

static void print_traces(const struct sheet *s, json_t *document) {
    size_t index = 0;
    json_t *trace = NULL;
    heading(s, "Traces");
    row_head(s, "trace", "class", "used");
    json_array_foreach(at(document, "traces"), index, trace) {
        row(s, json_string_value(at(trace, "name")), json_string_value(at(trace, "class")),
            json_is_true(at(trace, "tuned")) ? "to choose" : "as a test");
    }
}

static void print_setting(const struct sheet *s, const char *name, json_t *setting) {
    char figure[96];
    char parameters[400];
    figure_text(s, at(setting, "fresh"), false, figure, sizeof figure);
    parameters_text(at(setting, "parameters"), parameters, sizeof parameters);
    row(s, name, figure, parameters);
}

static void print_more(const struct sheet *s, json_t *setting) {
    char text[200];
    json_t *metrics = at(setting, "metrics");
    json_t *p99 = at(metrics, "unprotected_p99_s");
    snprintf(text, sizeof text, "429 %.2f, 418 %.2f, banned %.1f s", number(metrics, "http_429"),
             number(metrics, "http_418"), number(metrics, "banned_s"));
    if (p99) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, ", unprotected p99 %.2f s",
                 json_number_value(p99));
    }
    const char *rules = json_string_value(at(setting, "worst_rules"));
    if (rules) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "; worst rule set: %s", rules);
    }
    row(s, "", "", text);
}

static void print_settings(const struct sheet *s, json_t *answer) {
    static const char *const names[] = {"recommended", "best", "defaults"};
    char text[96];
    char title[160];
    snprintf(title, sizeof title, "on fresh seeds: %s", s->objective);
    row_head(s, "setting", title, "parameters; errors a run, mean");
    for (size_t i = 0; i < 3; i++) {
        print_setting(s, names[i], at(answer, names[i]));
        print_more(s, at(answer, names[i]));
        json_t *optimism = at(at(answer, names[i]), "optimism");
        if (optimism) {
            const double scale = s->share ? 100.0 : 1.0;
            snprintf(text, sizeof text, "%+.2f%s", scale * json_number_value(optimism),
                     s->share ? " points" : "");
            row(s, "", text, "optimism: when selected minus on fresh seeds");
        }
    }
    figure_text(s, at(answer, "loss_of_defaults"), true, text, sizeof text);
    row(s, "best over defaults", text, "what the defaults lose");
    figure_text(s, at(answer, "gain_over_defaults"), true, text, sizeof text);
    row(s, "recommended over defaults", text, "");
}

static void print_set(const struct sheet *s, json_t *answer) {
    char parameters[400];
    char text[200];
    const char *key = NULL;
    json_t *range = NULL;
    const json_int_t size = json_integer_value(at(answer, "set_size"));
    const json_int_t points = json_integer_value(at(answer, "points"));
    const json_int_t compared = json_integer_value(at(answer, "compared"));
    char left[48] = "";
    if (compared < points) {
        snprintf(left, sizeof left, "of %" JSON_INTEGER_FORMAT " left in the race ", compared);
    }
    snprintf(text, sizeof text,
             "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
             " settings cannot be told from the best (%s%" JSON_INTEGER_FORMAT
             " meet all outcomes, %" JSON_INTEGER_FORMAT " replications)",
             size, points, left, json_integer_value(at(answer, "admissible")),
             json_integer_value(at(answer, "replications")));
    fprintf(s->out, s->markdown ? "\n%s:\n\n" : "\n  %s:\n", text);
    row_head(s, "parameter", "from", "to");
    json_object_foreach(at(answer, "set_ranges"), key, range) {
        char ends[2][64];
        for (size_t i = 0; i < 2; i++) {
            value_text(json_array_get(range, i), ends[i], sizeof ends[i]);
        }
        short_name(at(answer, "set_ranges"), key, text, sizeof text);
        if (text[0]) {
            row(s, text, ends[0], ends[1]);
        }
    }
    if (size > 1 && size <= ROWS_SHOWN) {
        size_t index = 0;
        json_t *entry = NULL;
        json_array_foreach(at(answer, "set"), index, entry) {
            parameters_text(at(entry, "parameters"), parameters, sizeof parameters);
            print_value(s, text, sizeof text, number(at(entry, "selected"), "mean"));
            row(s, "", text, parameters);
        }
    }
}

static void print_unseen(const struct sheet *s, json_t *answer) {
    size_t index = 0;
    json_t *entry = NULL;
    char text[96];
    char parameters[480];
    json_t *out = at(answer, "left_out");
    if (json_array_size(out)) {
        fputc('\n', s->out);
        row_head(s, "trace left out", "drop to a setting chosen by it", "chosen by the others");
        json_array_foreach(out, index, entry) {
            figure_text(s, at(entry, "drop"), true, text, sizeof text);
            parameters_text(at(entry, "parameters"), parameters, sizeof parameters);
            row(s, json_string_value(at(entry, "trace")), text, parameters);
        }
        snprintf(text, sizeof text, "%+.2f%s",
                 (s->share ? 100.0 : 1.0) * number(answer, "drop_on_unseen"),
                 s->share ? " points" : "");
        row(s, "mean", text, "");
    }
    json_t *test = at(answer, "tested");
    if (json_array_size(test)) {
        fputc('\n', s->out);
        row_head(s, "trace not tuned on", "recommended", "over the defaults");
        json_array_foreach(test, index, entry) {
            figure_text(s, at(entry, "fresh"), false, text, sizeof text);
            figure_text(s, at(entry, "gain_over_defaults"), true, parameters, sizeof parameters);
            row(s, json_string_value(at(entry, "trace")), text, parameters);
        }
    }
}

static void print_pareto(const struct sheet *s, json_t *answer) {
    json_t *front = at(answer, "pareto");
    const size_t count = json_array_size(front);
    char text[64];
    char errors[64];
    char parameters[400];
    fputc('\n', s->out);
    row_head(s, "limit errors a run", s->objective, "front: no setting is better in both");
    for (size_t i = 0; i < count && i < ROWS_SHOWN; i++) {
        json_t *entry = json_array_get(front, i);
        snprintf(errors, sizeof errors, "%.2f", number(entry, "limit_errors"));
        print_value(s, text, sizeof text, number(entry, "objective"));
        parameters_text(at(entry, "parameters"), parameters, sizeof parameters);
        row(s, errors, text, parameters);
    }
    if (count > ROWS_SHOWN) {
        fprintf(s->out, "  … and %zu more; --format json has all\n", count - ROWS_SHOWN);
    }
}

static void print_notes(const struct sheet *s, json_t *answer) {
    size_t index = 0;
    json_t *note = NULL;
    json_array_foreach(at(answer, "notes"), index, note) {
        fprintf(s->out, s->markdown ? "\n%s\n" : "  %s\n", json_string_value(note));
    }
    fputs(s->markdown ? "\n" : "", s->out);
}

void weir_study_table(json_t *document, enum weir_table_form form, bool color, FILE *out) {
    const char *objective = json_string_value(at(document, "objective"));
    const struct sheet s = {.out = out,
                            .markdown = form == WEIR_TABLE_MARKDOWN,
                            .color = color,
                            .objective = objective,
                            .share =
                                weir_metric_kind(weir_metric_find(objective)) == WEIR_KIND_SHARE};
    size_t index = 0;
    json_t *answer = NULL;
    print_traces(&s, document);
    json_array_foreach(at(document, "policies"), index, answer) {
        heading(&s, json_string_value(at(answer, "policy")));
        print_notes(&s, answer);
        print_settings(&s, answer);
        print_set(&s, answer);
        print_unseen(&s, answer);
        print_pareto(&s, answer);
    }
}

static void csv_head(const struct weir_study *study, FILE *out) {
    fputs("policy", out);
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            fprintf(out, ",%s", study->axes[a].keys[k]);
        }
    }
    fputs(",replications,admissible,in_set,best,recommended,objective,objective_low,objective_high",
          out);
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        fprintf(out, ",%s", weir_metric_name((enum weir_metric)m));
    }
    fputc('\n', out);
}

static void csv_row(const struct weir_session *session, size_t policy,
                    const struct weir_results *results, size_t i, const struct weir_choice *choice,
                    const size_t *list, FILE *out) {
    const struct weir_study *study = session->study;
    const struct weir_tried *r = &results->tried[i];
    const bool lower = weir_metric_direction(study->objective) == WEIR_LOWER_IS_BETTER;
    const double sign = lower ? -1.0 : 1.0;
    const struct weir_interval in =
        weir_sample_interval(r->values, results->traces, results->replications, 0.95);
    fputs(study->policies.choices[policy].policy->name, out);
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            fprintf(out, ",%s", weir_study_value(study, r->point, a, k));
        }
    }
    fprintf(out, ",%" PRIu32 ",%d,%d,%d,%d,%.12g,%.12g,%.12g", results->replications,
            choice->admissible[i], choice->in_set[i], i == choice->best, i == choice->recommended,
            sign * weir_sample_mean(r->values, results->traces, results->replications),
            lower ? -in.high : in.low, lower ? -in.low : in.high);
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        const double mean = weir_tried_metric(r, list, results->traces, (enum weir_metric)m);
        fputc(',', out);
        if (!isnan(mean)) {
            fprintf(out, "%.12g", mean);
        }
    }
    fputc('\n', out);
}

bool weir_study_csv(struct weir_session *session, FILE *out, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    size_t list[WEIR_STUDY_TRACES_MAX] = {0};
    for (size_t t = 0; t < WEIR_STUDY_TRACES_MAX; t++) {
        list[t] = t;
    }
    csv_head(study, out);
    for (size_t p = 0; p < study->policies.count; p++) {
        struct weir_choice choice;
        struct weir_results *results =
            weir_results_read(session, p, weir_session_search_rounds(study) - 1, error);
        if (!results || !weir_choose(study, results, list, results->traces,
                                     weir_choice_alpha(study), &choice)) {
            if (results) {
                weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
            }
            weir_results_free(results);
            return false;
        }
        for (size_t i = 0; i < results->count; i++) {
            csv_row(session, p, results, i, &choice, list, out);
        }
        weir_choice_free(&choice);
        weir_results_free(results);
    }
    return true;
}

static bool write_file(const char *folder, const char *name, const char *text,
                       struct weir_session *session, char *error, size_t error_size) {
    struct weir_whole_file file;
    struct weir_replay_error why = {.text = "out of memory"};
    char path[4096];
    snprintf(path, sizeof path, "%.3000s/%s", folder, name);
    if (!weir_whole_file_open(&file, path, error, error_size)) {
        return false;
    }
    bool ok = true;
    if (text) {
        fprintf(file.stream, "%s\n", text);
    } else {
        ok = weir_study_csv(session, file.stream, &why);
        if (!ok) {
            snprintf(error, error_size, "%s", why.text);
        }
    }
    return weir_whole_file_end(&file, ok, error, error_size);
}

bool weir_study_folder(struct weir_session *session, json_t *document, const char *folder,
                       char *error, size_t error_size) {
    json_t *copy = json_deep_copy(document);
    char *text = NULL;
    bool ok = weir_make_folder(folder, error, error_size) && copy &&
              weir_study_planes(session, copy, folder, error, error_size);
    if (ok) {
        text = weir_study_text(copy);
        ok = text && write_file(folder, "result.json", text, session, error, error_size) &&
             write_file(folder, "points.csv", NULL, session, error, error_size);
    }
    free(text);
    json_decref(copy);
    return ok;
}
