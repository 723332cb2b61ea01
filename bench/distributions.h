#ifndef WEIR_BENCH_DISTRIBUTIONS_H
#define WEIR_BENCH_DISTRIBUTIONS_H

#include <stdint.h>

/**
 * The distributions behind the intervals. Written here, on the project's own exp and log, because a
 * library would take those of the machine's libm, whose last bits differ between processors, and a
 * verdict must not. Absolute error of probabilities below 1e-11.
 */

/** Logarithm of the gamma function, x > 0. */
double weir_log_gamma(double x);

/** Regularised incomplete beta function I_x(a, b), a and b > 0, x in [0, 1]. */
double weir_incomplete_beta(double a, double b, double x);

/** Probability that |T| is at least `t`, T of Student's distribution (degrees > 0). */
double weir_student_two_sided(double t, double degrees);

/** The t that |T| stays below with probability `confidence`, in (0, 1). */
double weir_student_quantile(double confidence, double degrees);

/** Probability of at most `successes` of `trials`, each with chance `p`. */
double weir_binomial_at_most(uint64_t successes, uint64_t trials, double p);

/** Probability of at most `count` events where `mean` are expected. O(count). */
double weir_poisson_at_most(uint64_t count, double mean);

#endif
