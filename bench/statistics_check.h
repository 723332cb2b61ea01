#ifndef WEIR_BENCH_STATISTICS_CHECK_H
#define WEIR_BENCH_STATISTICS_CHECK_H

#include <stdio.h>

#include "compare.h"
#include "replay_document.h"

/**
 * Whether the statistics keep what they promise, measured on real runs: the same comparison is made
 * again and again with independent seeds, each time with 5, 20 and 40 replications.
 *
 * Coverage: how often the 95 % interval of a difference holds the true one (the mean over all
 * trials), by Student's t alone and as weir compare has it, for each kind of metric. A/A: each
 * policy against itself under other seeds; every verdict is a false one.
 *
 * Variance: draw, phase and network varied one by one in a crossed design.
 */

#define WEIR_CHECK_SIZES 3

struct weir_check_kind {
    size_t metrics; /**< with a difference that varies */
    double student; /**< share of Student's intervals that hold the truth */
    double shown;   /**< share of differences for which weir compare shows an interval */
    double used;    /**< share of these that hold the truth */
};

struct weir_false_verdicts {
    double before;   /**< share of A/A pairs with p < 0.05 */
    double after;    /**< share of families (all policies) with any after Holm */
    double verdicts; /**< share of A/A pairs called better or worse */
};

struct weir_statistics_check {
    size_t trials;
    uint32_t sizes[WEIR_CHECK_SIZES]; /**< replications */
    struct weir_check_kind kinds[WEIR_CHECK_SIZES][WEIR_KINDS];
    struct weir_false_verdicts false_verdicts[WEIR_CHECK_SIZES];
};

/** Makes `trials` comparisons of the plan's first trace for each number of replications. False and
 *  an error on failure. */
bool weir_statistics_check(const struct weir_compare_plan *plan, size_t trials,
                           weir_progress progress, void *context,
                           struct weir_statistics_check *check, struct weir_replay_error *error);

/** Shares of the variance of a metric. */
struct weir_variance {
    double draw, phase, network, together; /**< they sum to 1; all 0 if nothing varies */
    double deviation;                      /**< of one replication */
};

/** Levels of each factor in the crossed design. */
#define WEIR_VARIANCE_LEVELS 5

/** Splits the variance of the primary metric of each policy on the plan's first trace, and of its
 *  difference to the one it is held against. O(125 runs per policy). False and an error on failure.
 */
bool weir_variance_split(const struct weir_compare_plan *plan, weir_progress progress,
                         void *context, struct weir_variance metric[WEIR_REPLAY_POLICIES_MAX],
                         struct weir_variance difference[WEIR_REPLAY_POLICIES_MAX],
                         struct weir_replay_error *error);

/** Prints both, as text or Markdown. */
void weir_statistics_table(const struct weir_compare_plan *plan,
                           const struct weir_statistics_check *check,
                           const struct weir_variance *metric,
                           const struct weir_variance *difference, enum weir_table_form form,
                           FILE *out);

#endif
