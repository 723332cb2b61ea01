#ifndef WEIR_BENCH_SUMMARY_H
#define WEIR_BENCH_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics.h"

/** A figure over the replications: its mean, and the ends of its 95 % interval if there are at
 *  least two (Student's t). */
struct weir_estimate {
    double mean, low, high;
    size_t count; /**< replications in which it was measured; 0: absent */
};

/** Two-sided 95 % quantile of Student's t with that many degrees of freedom (at least 1); relative
 *  error below 1e-4. */
double weir_student_95(size_t degrees);

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
