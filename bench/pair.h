#ifndef WEIR_BENCH_PAIR_H
#define WEIR_BENCH_PAIR_H

#include "intervals.h"
#include "metric_facts.h"
#include "summary.h"

/**
 * Two arms compared in one metric, replication by replication. They met the same random numbers, so
 * the differences are much surer than the two figures are.
 */

enum weir_verdict {
    WEIR_VERDICT_NONE, /**< the metric has no direction, or was not measured on both sides */
    WEIR_VERDICT_BETTER,
    WEIR_VERDICT_WORSE,
    WEIR_VERDICT_EQUIVALENT,
    WEIR_VERDICT_UNDECIDED
};

/** By what statistics a pair was judged. */
enum weir_statistic {
    WEIR_STATISTIC_NONE,      /**< one replication: nothing can be said */
    WEIR_STATISTIC_STUDENT,   /**< Student's t on the differences */
    WEIR_STATISTIC_BOOTSTRAP, /**< bootstrap-t on the differences */
    WEIR_STATISTIC_BINOMIAL,  /**< events: exact bounds of how often either is alone */
    WEIR_STATISTIC_POISSON    /**< rare counts: exact bounds of both sides */
};

struct weir_pair {
    struct weir_estimate difference; /**< this − other; count 0: not in both anywhere */
    struct weir_estimate ratio;      /**< mean of ratios; count 0: the other is 0 somewhere */
    size_t missing; /**< replications in which only one of the two has the metric */
    double p;       /**< chance of a difference this far from 0 if there is none */
    double p_holm;  /**< the same, adjusted for all pairs shown */
    enum weir_metric metric;
    enum weir_statistic statistic;
    enum weir_verdict verdict;
    bool identical; /**< the same in every replication */
};

/** Half of the width within which shares are equivalent: one point. */
#define WEIR_EQUIVALENT_SHARE 0.01

/** The statistics for a kind of figure and a number of replications (docs/method.md says why). */
enum weir_statistic weir_statistic_for(enum weir_kind kind, size_t replications);

/** Compares the first `count` replications. p_holm is p, and the verdict that of p alone, until
 *  weir_pairs_judge. False if memory is short. */
bool weir_pair_compare(const struct weir_metrics *runs, const struct weir_metrics *against,
                       size_t count, enum weir_metric metric, struct weir_pair *pair);

/** Adjusts p over a family of pairs (those shown of one metric) and judges each. */
void weir_pairs_judge(struct weir_pair *const *family, size_t count);

/** The verdict over several metrics: better or worse only if all say so, equivalent only if all do.
 */
enum weir_verdict weir_verdict_of_all(const enum weir_verdict *verdicts, size_t count);

/** "better", "worse", "equivalent", "undecided", "none"; "student", "bootstrap", … Static. */
const char *weir_verdict_name(enum weir_verdict verdict);
const char *weir_statistic_name(enum weir_statistic statistic);

/** 95 % interval of one arm's metric by the method of its kind; `count` says over how many. */
struct weir_estimate weir_estimate_of(const struct weir_metrics *runs, size_t count,
                                      enum weir_metric metric);

#endif
