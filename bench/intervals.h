#ifndef WEIR_BENCH_INTERVALS_H
#define WEIR_BENCH_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

/** Intervals and tests for one figure over replications. Two-sided throughout. */

struct weir_interval {
    double low, high;
};

double weir_mean_of(const double *values, size_t count);

/** Standard deviation with n − 1; 0 for fewer than two values. */
double weir_deviation_of(const double *values, size_t count);

/** Student's t for the mean of at least two values. */
struct weir_interval weir_student_interval(const double *values, size_t count, double confidence);

/** Chance of a mean at least this far from 0, if the true one is 0. At least two values. Values
 * that are all the same and not 0 count as a sign test: 2 to the power 1 − n. */
double weir_student_test(const double *values, size_t count);

/** Clopper and Pearson's exact interval for a chance. At least one trial. */
struct weir_interval weir_binomial_interval(uint64_t successes, uint64_t trials, double confidence);

/** Exact chance of a split at least this uneven, if both sides are as likely. 1 for 0 of 0. */
double weir_sign_test(uint64_t one, uint64_t other);

/** Exact interval for the mean of a Poisson count. */
struct weir_interval weir_poisson_interval(uint64_t count, double confidence);

/** Holm's step-down adjustment, in place: what stays below 0.05 is sure for all at once. O(n²). */
void weir_holm(double *p, size_t count);

#endif
