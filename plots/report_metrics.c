/** Tables of metrics, a column each, and lists of sentences. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "report_parts.h"

void plots_report_items(struct plots_sheet *sheet, const json_t *texts) {
    size_t index = 0;
    json_t *text = NULL;
    json_array_foreach(texts, index, text) {
        plots_markup(sheet, "<li>");
        plots_say(sheet, "%s", json_is_string(text) ? json_string_value(text) : "");
        plots_markup(sheet, "</li>\n");
    }
}

void plots_metrics_open(struct plots_sheet *sheet, const char *caption, const char *first,
                        const char *const *metrics, size_t count) {
    const char *heads[PLOTS_METRICS_MAX + 1] = {first};
    assert(count <= PLOTS_METRICS_MAX);
    for (size_t m = 0; m < count; m++) {
        heads[m + 1] = plots_metric_label(metrics[m]);
    }
    plots_table_open(sheet, caption, heads, count + 1);
}

/** A mean and the wider half of its interval, if it has one that is not nothing. */
static void write_mean(const json_t *document, const char *metric, double mean, char *text,
                       size_t size) {
    const json_t *figure = json_object_get(json_object_get(document, "metrics"), metric);
    double low = 0.0;
    double high = 0.0;
    const bool there = plots_number(figure, "low", &low) && plots_number(figure, "high", &high);
    const double half = there ? fmax(mean - low, high - mean) : 0.0;
    const struct plots_amount middle = plots_metric_amount(metric, mean);
    const char *unit = strstr(middle.text, " %");
    /* beside counts and times it would only make the table too wide to read */
    if (unit && 100.0 * half >= 0.05) {
        snprintf(text, size, "%.*s ±%.1f %%", (int)(unit - middle.text), middle.text, 100.0 * half);
    } else {
        snprintf(text, size, "%s", middle.text);
    }
}

void plots_metrics_row(struct plots_sheet *sheet, const char *name, const json_t *document,
                       const char *const *metrics, size_t count, bool failed) {
    char texts[PLOTS_METRICS_MAX][128];
    const char *cells[PLOTS_METRICS_MAX] = {NULL};
    assert(count <= PLOTS_METRICS_MAX);
    for (size_t m = 0; m < count; m++) {
        double mean = 0.0;
        const bool measured = plots_mean(document, metrics[m], &mean);
        write_mean(document, metrics[m], mean, texts[m], sizeof texts[m]);
        cells[m] = measured ? texts[m] : "–";
    }
    cells[0] = failed ? "failed" : cells[0];
    plots_table_row(sheet, name, cells, count);
}

bool plots_report_stage_count(const json_t *document, const char *metric, double *count) {
    double captures = 0.0;
    double filled = 0.0;
    if (!plots_mean(document, metric, count)) {
        return false;
    }
    if (strcmp(metric, "protected_captures") == 0 && plots_mean(document, "captures", &captures) &&
        plots_mean(document, "filled", &filled)) {
        *count -= captures - filled;
    }
    return true;
}
