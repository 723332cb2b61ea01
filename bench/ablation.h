#ifndef WEIR_BENCH_ABLATION_H
#define WEIR_BENCH_ABLATION_H

#include "arms.h"
#include "pair.h"

/**
 * What each mechanism of policy `weir` is worth: the policy whole against itself with one mechanism
 * switched off, paired, in worlds that need the mechanism and in worlds that do not.
 */

/** Figures in which a mechanism's worth is shown. */
#define WEIR_ABLATION_METRICS 5

struct weir_mechanism {
    const char *name;
    const char *off; /**< assignments that switch it off */
};

/** One mechanism in one world on one trace: whole − without. */
struct weir_ablation_row {
    size_t trace, world, mechanism;
    struct weir_pair pairs[WEIR_ABLATION_METRICS];
    bool idle; /**< no replication took another course without it: it cannot matter here */
    bool failed;
};

struct weir_ablation {
    size_t world_count, mechanism_count;
    size_t *arms; /**< worlds × (1 + mechanisms): the whole policy first */
    struct weir_ablation_row *rows;
    size_t row_count;
};

const struct weir_world *weir_ablation_world(size_t index);
const struct weir_mechanism *weir_mechanism_at(size_t index);
enum weir_metric weir_ablation_metric(size_t index);

/** Plans the arms. NULL and an error on failure. */
struct weir_ablation *weir_ablation_plan(struct weir_arms *arms, struct weir_replay_error *error);

/** Measures, with Holm over all rows of each figure. False if memory is short. */
bool weir_ablation_measure(struct weir_ablation *ablation,
                           const struct weir_experiment *experiment);

void weir_ablation_free(struct weir_ablation *ablation);

#endif
