#ifndef WEIR_BENCH_ESTIMATE_H
#define WEIR_BENCH_ESTIMATE_H

#include "metric_facts.h"

/** A figure over the replications: its mean and its 95 % interval. */
struct weir_estimate {
    double mean, low, high;
    size_t count; /**< replications in which it was measured; 0: absent */
    bool bounded; /**< the interval can be given; else low and high are the mean */
};

/** By what statistics something was judged (docs/method.md says which is for what). */
enum weir_statistic {
    WEIR_STATISTIC_NONE,     /**< one replication: nothing can be said */
    WEIR_STATISTIC_STUDENT,  /**< Student's t */
    WEIR_STATISTIC_BINOMIAL, /**< events: exact bounds of how often either is alone */
    WEIR_STATISTIC_POISSON,  /**< rare counts: exact bounds of both sides */
    WEIR_STATISTIC_TWO_PART, /**< a few replications jump: exact bounds of how many do */
    WEIR_STATISTIC_UNSEEN /**< it jumps in some replications, but in none of these: no interval */
};

/** From how many replications on one is sure that what none of them shows is rarer than one in
 *  twenty: 0.95 to the power of 59 is below 0.05. */
#define WEIR_REPLICATIONS_TO_SEE 59

/** Mean of figures that are not rare counts or events, and its interval: Student's t, unless a few
 *  of them lie far from all others. Says by what. O(n log n); without memory no interval. */
struct weir_estimate weir_estimate_mean(enum weir_metric metric, const double *values, size_t count,
                                        enum weir_statistic *statistic);

/** Whether a value of a count counts whole things. */
bool weir_is_whole(double value);

/** Whether a whole count is so rare that it has an exact Poisson interval. */
bool weir_is_rare(enum weir_metric metric, double total);

/** One arm's metric by the method of its kind; `count` of the result says over how many. */
struct weir_estimate weir_estimate_of(const struct weir_metrics *runs, size_t count,
                                      enum weir_metric metric);

#endif
