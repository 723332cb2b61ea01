#include "latency.h"

#include "rows.h"
#include "variable.h"

#define FILE_NAME "latency.tsv"
#define HEADING "#latency_ms\tshare_of_captures\tshare_of_opportunities"
#define LATENCY_MAX_MS 1e12

static void add_row(struct plots_latency *latency, struct plots_rows *rows) {
    const double at_ms = plots_rows_number(rows, 0, 0.0, LATENCY_MAX_MS);
    const double of_captures = plots_rows_number(rows, 1, 0.0, 1.0);
    const double of_opportunities = plots_rows_number(rows, 2, 0.0, 1.0);
    if (at_ms < latency->last_ms || of_captures < latency->share_of_captures ||
        of_opportunities < latency->share_of_opportunities) {
        plots_rows_fail(rows, "latencies and shares must not fall from row to row");
    }
    if (latency->rows == 0) {
        latency->first_ms = at_ms;
        latency->first_share_of_captures = of_captures;
        latency->first_share_of_opportunities = of_opportunities;
    }
    latency->last_ms = at_ms;
    latency->share_of_captures = of_captures;
    latency->share_of_opportunities = of_opportunities;
    latency->rows++;
}

bool plots_latency_read(struct plots_latency *latency, int folder, struct plots_error *error) {
    struct plots_rows rows;
    *latency = (struct plots_latency){0};
    if (!plots_rows_open(&rows, folder, FILE_NAME, HEADING, error)) {
        return false;
    }
    while (plots_rows_next(&rows)) {
        add_row(latency, &rows);
    }
    plots_rows_close(&rows);
    return !error->set;
}

void plots_latency_write(const struct plots_latency *latency, const struct plots_result *result,
                         FILE *script) {
    plots_variable_number(script, "opportunities", result->opportunities);
    plots_variable_number(script, "window_ms", result->opportunity_window_ms);
    plots_variable_number(script, "rows", (double)latency->rows);
    plots_variable_number(script, "first_ms", latency->first_ms);
    plots_variable_number(script, "first_share_of_captures", latency->first_share_of_captures);
    plots_variable_number(script, "first_share_of_opportunities",
                          latency->first_share_of_opportunities);
    plots_variable_number(script, "last_ms", latency->last_ms);
    plots_variable_number(script, "share_of_captures", latency->share_of_captures);
    plots_variable_number(script, "share_of_opportunities", latency->share_of_opportunities);
}
