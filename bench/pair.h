#ifndef WEIR_BENCH_PAIR_H
#define WEIR_BENCH_PAIR_H

#include "estimate.h"

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

/** Compares the first `count` replications. p_holm is p, and the verdict that of p alone, until
 *  weir_pairs_judge. False if memory is short. */
bool weir_pair_compare(const struct weir_metrics *runs, const struct weir_metrics *against,
                       size_t count, enum weir_metric metric, struct weir_pair *pair);

/** Adjusts p over a family of pairs (those shown of one metric) and judges each. */
void weir_pairs_judge(struct weir_pair *const *family, size_t count);

/** The verdict over several metrics: better or worse only if all say so, equivalent only if all do.
 */
enum weir_verdict weir_verdict_of_all(const enum weir_verdict *verdicts, size_t count);

/** "better", "worse", "equivalent", "undecided", "none"; "student", "two-part", … Static. */
const char *weir_verdict_name(enum weir_verdict verdict);
const char *weir_statistic_name(enum weir_statistic statistic);

#endif
