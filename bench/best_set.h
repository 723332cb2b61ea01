#ifndef WEIR_BENCH_BEST_SET_H
#define WEIR_BENCH_BEST_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "intervals.h"

/**
 * Which of many settings cannot be told from the best: multiple comparisons with the best, on
 * common random numbers. A setting's figure is the mean over traces of its mean over replications;
 * replications of different traces are independent, those of one trace are paired across settings.
 */

/** Figures of one setting: traces × replications, of one trace side by side. */
struct weir_sample {
    const double *values;
};

/** Most settings that are compared; of more, those with the highest means are. */
#define WEIR_BEST_SET_MAX 2000

/**
 * Marks the settings that are not distinguishable from the best at level `alpha` (higher is
 * better). A setting stays if the largest of its studentised shortfalls against all others is one
 * that would come by chance: the reference is a multivariate t distribution with the estimated
 * correlations of the shortfalls, drawn WEIR_BEST_SET_DRAWS times from a fixed stream. The true
 * best is in the set with chance 1 − alpha, as long as the figures of the replications are near
 * enough to normal (docs/tuning.md; a test measures it). At least two replications. False if
 * memory is short. O(count² × (traces × replications + draws)) at worst.
 */
#define WEIR_BEST_SET_DRAWS 999
bool weir_best_set(const struct weir_sample *samples, size_t count, size_t traces,
                   size_t replications, double alpha, bool *in_set);

/** The figure of a sample: mean over traces of means. */
double weir_sample_mean(const double *values, size_t traces, size_t replications);

/** Its confidence interval by Welch's approximation. At least two replications. */
struct weir_interval weir_sample_interval(const double *values, size_t traces, size_t replications,
                                          double confidence);

#endif
