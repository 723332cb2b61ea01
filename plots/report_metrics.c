/** Tables of metrics, a column each, and lists of sentences. */
#include <assert.h>

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

void plots_metrics_row(struct plots_sheet *sheet, const char *name, const json_t *document,
                       const char *const *metrics, size_t count, bool failed) {
    struct plots_amount amounts[PLOTS_METRICS_MAX];
    const char *cells[PLOTS_METRICS_MAX];
    assert(count <= PLOTS_METRICS_MAX);
    for (size_t m = 0; m < count; m++) {
        double mean = 0.0;
        const bool measured = plots_mean(document, metrics[m], &mean);
        amounts[m] = plots_metric_amount(metrics[m], mean);
        cells[m] = measured ? amounts[m].text : "–";
    }
    cells[0] = failed ? "failed" : cells[0];
    plots_table_row(sheet, name, cells, count);
}
