#include "summary.h"

#include <assert.h>
#include <string.h>

void weir_summarise(const struct weir_metrics *runs, size_t count, struct weir_summary *summary) {
    assert(count > 0);
    memset(summary, 0, sizeof *summary);
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        summary->metrics[m] = weir_estimate_of(runs, count, (enum weir_metric)m);
    }
    const double n = (double)count;
    for (size_t r = 0; r < count; r++) {
        for (size_t c = 0; c < WEIR_CAUSES; c++) {
            summary->bound_by[c].time += runs[r].bound_by[c].time / n;
            summary->bound_by[c].value_lost += runs[r].bound_by[c].value_lost / n;
        }
        for (size_t d = 0; d < WEIR_DECILES; d++) {
            summary->capture_by_decile[d] += runs[r].capture_by_decile[d] / n;
        }
        for (size_t p = 0; p < WEIR_CURVE_POINTS; p++) {
            summary->curve[p].window_ms = runs[r].curve[p].window_ms;
            summary->curve[p].by_count += runs[r].curve[p].by_count / n;
            summary->curve[p].by_value += runs[r].curve[p].by_value / n;
            summary->curve[p].by_notional += runs[r].curve[p].by_notional / n;
        }
    }
}

double weir_mean(const struct weir_summary *summary, enum weir_metric metric, double fallback) {
    return summary->metrics[metric].count ? summary->metrics[metric].mean : fallback;
}
