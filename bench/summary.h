#ifndef WEIR_BENCH_SUMMARY_H
#define WEIR_BENCH_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "estimate.h"

/** Summary of the metrics of several replications. */
struct weir_summary {
    struct weir_estimate metrics[WEIR_METRIC_COUNT];
    struct weir_bound_by bound_by[WEIR_CAUSES];
    struct weir_curve_point curve[WEIR_CURVE_POINTS];
    double capture_by_decile[WEIR_DECILES];
};

/** Fills in the summary; `runs` are the metrics of replications 0 .. count-1. */
void weir_summarise(const struct weir_metrics *runs, size_t count, struct weir_summary *summary);

/** Mean of a metric, or `fallback` if it is absent. */
double weir_mean(const struct weir_summary *summary, enum weir_metric metric, double fallback);

#endif
