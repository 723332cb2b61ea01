/** A night: every case of a suite; several nights: how their figures went. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"
#include "scripts.h"
#include "variable.h"

#define NIGHTS_MAX 32
#define TRENDS_MAX 8

static const char *const METRICS[] = {"protected_value_of_bound",
                                      "protected_impact_capture",
                                      "protected_notional_capture",
                                      "protected_capture_rate",
                                      "http_429",
                                      "http_418",
                                      "useful_efficiency",
                                      "unprotected_p99_s"};
#define METRIC_COUNT (sizeof METRICS / sizeof METRICS[0])

static void case_label(const json_t *entry, char *label, size_t size) {
    const char *scenario = plots_text(entry, "scenario", "");
    snprintf(label, size, "%.60s on %.60s%s%.40s", plots_text(entry, "policy", "?"),
             plots_text(entry, "trace.name", "?"), scenario[0] ? ", " : "", scenario);
}

static void cases(struct plots_sheet *sheet, const json_t *root) {
    plots_metrics_open(sheet, "Means over the replications, ± the wider half of the 95 % interval",
                       "case", METRICS, METRIC_COUNT);
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(root, "cases"), index, entry) {
        char label[192];
        case_label(entry, label, sizeof label);
        plots_metrics_row(sheet, label, entry, METRICS, METRIC_COUNT,
                          json_object_get(entry, "failure") != NULL);
    }
    plots_table_close(sheet);
}

static void gates(struct plots_sheet *sheet, const json_t *root) {
    const json_t *list = json_object_get(root, "gates");
    if (json_array_size(list) == 0) {
        return;
    }
    plots_heading(sheet, 1, "Gates of the suite");
    plots_markup(sheet, "<ul>\n");
    size_t index = 0;
    json_t *gate = NULL;
    json_array_foreach(list, index, gate) {
        plots_markup(sheet, "<li><code>");
        plots_say(sheet, "%s", json_is_string(gate) ? json_string_value(gate) : "?");
        plots_markup(sheet, "</code></li>\n");
    }
    plots_markup(sheet, "</ul>\n");
}

static void ratios(struct plots_sheet *sheet, const json_t *root) {
    struct plots_interval rows[32];
    size_t count = 0;
    const char *name = NULL;
    json_t *ratio = NULL;
    json_object_foreach(plots_find(root, "time.ratios"), name, ratio) {
        size_t round = 0;
        json_t *measured = NULL;
        json_array_foreach(json_object_get(ratio, "rounds"), round, measured) {
            struct plots_interval *row = &rows[count];
            if (count < 32 && plots_number(measured, "mean", &row->mean) &&
                plots_number(measured, "low", &row->low) &&
                plots_number(measured, "high", &row->high)) {
                snprintf(row->name, sizeof row->name, "%.60s, round %zu", name, round + 1);
                snprintf(row->value, sizeof row->value, "%.3f", row->mean);
                row->mean -= 1.0;
                row->low -= 1.0;
                row->high -= 1.0;
                row->role = row->low > 0.0 ? 3 : row->high < 0.0 ? 1 : 2;
                count++;
            }
        }
    }
    plots_intervals(
        sheet, "ratios", rows, count, 100.0, 0.0,
        &(struct plots_caption){
            "Time against the other program",
            "Difference of the processor time in percent, with its interval, round by "
            "round; right of the line is slower.",
            (const char *const[]){"3", "slower", "1", "faster", "2", "cannot be told", NULL}});
}

void plots_report_night(struct plots_sheet *sheet, const struct plots_source *source) {
    plots_heading(sheet, 0, "The figures");
    cases(sheet, source->root);
    gates(sheet, source->root);
    ratios(sheet, source->root);
}

/* ---- trends ---- */

/** Mean of a metric of the same case in another night. */
static bool find_mean(const json_t *root, const char *label, const char *metric, double *mean) {
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(root, "cases"), index, entry) {
        char other[192];
        case_label(entry, other, sizeof other);
        if (strcmp(other, label) == 0) {
            return plots_mean(entry, metric, mean);
        }
    }
    return false;
}

/** One metric over the nights: a line for each case, the first eight of the suite. A policy has a
 *  colour; its second scenario is dashed. */
static void trend(struct plots_sheet *sheet, const struct plots_source *nights, size_t count,
                  const char *metric, bool is_share) {
    static const int roles[] = {1, 3, 5, 4, 6, 7, 8, 2};
    const json_t *list = json_object_get(nights[count - 1].root, "cases");
    struct plots_series series[TRENDS_MAX];
    struct plots_point points[TRENDS_MAX][NIGHTS_MAX];
    const char *policies[TRENDS_MAX];
    char name[64];
    double most = 0.0;
    size_t used = 0;
    for (size_t c = 0; c < json_array_size(list) && used < TRENDS_MAX; c++) {
        struct plots_series *line = &series[used];
        size_t policy = 0;
        *line = (struct plots_series){.points = points[used], .dash = 1};
        case_label(json_array_get(list, c), line->name, sizeof line->name);
        policies[used] = plots_text(json_array_get(list, c), "policy", "?");
        while (strcmp(policies[policy], policies[used]) != 0) {
            policy++;
        }
        for (size_t before = 0; before < used; before++) {
            line->dash += strcmp(policies[before], policies[used]) == 0;
        }
        line->role = roles[policy];
        for (size_t n = 0; n < count && n < NIGHTS_MAX; n++) {
            double mean = 0.0;
            if (find_mean(nights[n].root, line->name, metric, &mean)) {
                points[used][line->count++] = (struct plots_point){(double)n + 1.0, mean};
                most = fmax(most, mean);
            }
        }
        used += line->count > 0;
    }
    snprintf(name, sizeof name, "trend-%.24s", metric);
    char text[160];
    const size_t length = strlen(metric);
    snprintf(text, sizeof text, "%s%s, night by night, in the order in which they were given.",
             plots_metric_label(metric),
             length > 2 && strcmp(metric + length - 2, "_s") == 0 ? " in seconds" : "");
    plots_lines(sheet, name, series, used,
                &(struct plots_axes){.x_from = 0.8,
                                     .x_until = (double)count + 0.2,
                                     .y_max = fmax(1.1 * most, 1.0),
                                     .x_word = "night",
                                     .metric = metric,
                                     .y_percent = is_share,
                                     .points = true},
                plots_metric_label(metric), text);
}

void plots_report_trends(struct plots_sheet *sheet, const struct plots_source *nights,
                         size_t count) {
    plots_heading(sheet, 0, "Trends");
    trend(sheet, nights, count, "protected_value_of_bound", true);
    trend(sheet, nights, count, "protected_impact_capture", true);
    trend(sheet, nights, count, "http_429", false);
    trend(sheet, nights, count, "unprotected_p99_s", false);
}
