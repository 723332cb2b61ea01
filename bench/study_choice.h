#ifndef WEIR_BENCH_STUDY_CHOICE_H
#define WEIR_BENCH_STUDY_CHOICE_H

#include "best_set.h"
#include "study_run.h"

/** What came out of the points of one policy, and which of them to choose. */

/** One point's figures on some traces. With several rule sets: under the one in which its objective
 *  is worst; outcomes count under all. */
struct weir_tried {
    uint64_t point;
    double *values; /**< traces × replications: the objective, negative if lower is better */
    double *means;  /**< traces × metrics, NAN where absent */
    double *misses; /**< traces × outcomes: how far the mean is off, 0 if it holds */
    size_t world;   /**< the rule set in which it is worst */
};

struct weir_results {
    struct weir_tried *tried;
    size_t count, traces;
    uint32_t replications;
};

/** Reads one point on the first `traces` traces that `list` names. False and an error if a cell is
 *  missing or has no objective. The caller frees it with weir_tried_free. */
bool weir_tried_read(struct weir_session *session, size_t policy, uint64_t point,
                     const size_t *list, size_t traces, bool fresh, uint32_t replications,
                     struct weir_tried *tried, struct weir_replay_error *error);

void weir_tried_free(struct weir_tried *tried);

/** Reads the points of a policy that are still in the race in a round of the search, on the traces
 *  that are tuned on. NULL and an error on failure. */
struct weir_results *weir_results_read(struct weir_session *session, size_t policy, size_t round,
                                       struct weir_replay_error *error);

void weir_results_free(struct weir_results *results);

struct weir_choice {
    bool *in_set;            /**< per result: not distinguishable from the best */
    bool *admissible;        /**< per result: meets every outcome */
    size_t admissible_count; /**< 0: then all compete, and nothing is recommended for use */
    size_t set_count;
    size_t best, recommended;             /**< indices of results */
    size_t closest[WEIR_STUDY_TERMS_MAX]; /**< per outcome: the result that misses it least */
    double closest_miss[WEIR_STUDY_TERMS_MAX];
};

/** Chance that the true best is left out of the set. */
#define WEIR_CHOICE_ALPHA 0.05

/** The level of one round of a study: a race may leave the best out in each of its rounds, the last
 *  included, so each gets its part of WEIR_CHOICE_ALPHA. */
double weir_choice_alpha(const struct weir_study *study);

/** Chooses by the traces in `list` (indices of the results' traces). The recommended setting is the
 *  safest of the set: fewest limit errors, then largest buffers, then the highest figure, then the
 *  first. False if memory is short. */
bool weir_choose(const struct weir_study *study, const struct weir_results *results,
                 const size_t *list, size_t traces, double alpha, struct weir_choice *choice);

void weir_choice_free(struct weir_choice *choice);

/** The traces that are tuned on without one of them, or that one alone. Fills in `list`, returns
 * how many. */
size_t weir_leave_out(const struct weir_study *study, size_t trace, bool alone, size_t *list);

/** Mean of a metric over the traces in which it is present; NAN if in none. */
double weir_tried_metric(const struct weir_tried *tried, const size_t *list, size_t traces,
                         enum weir_metric metric);

#endif
