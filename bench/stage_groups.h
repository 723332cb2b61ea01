#ifndef WEIR_BENCH_STAGE_GROUPS_H
#define WEIR_BENCH_STAGE_GROUPS_H

#include "replay_error.h"
#include "scenario.h"
#include "strategy.h"

/**
 * Which arms of an experiment share a stage, and which stages share a trace. What is the same for
 * several arms is then made once.
 */

/** Arms whose scenarios differ at most in what no stage depends on. */
struct weir_stage_group {
    const struct weir_scenario *scenario; /**< of its first arm; borrowed */
    struct weir_strategy *strategy;
    struct weir_strategy *second; /**< of the second bot, or NULL */
    size_t variant;               /**< groups of one variant build a profile alike */
};

struct weir_stage_groups {
    struct weir_stage_group *items;
    size_t count, variants;
    size_t *of_arm; /**< per arm: number of its group */
};

/** Whether two scenarios differ in the limiter's settings at most. */
bool weir_same_world(const struct weir_scenario *a, const struct weir_scenario *b);

/** Adds the arm of a scenario, which must outlive the groups; both arrays have room for all arms.
 *  False and an error if its strategy cannot be opened. O(groups). */
bool weir_stage_groups_add(struct weir_stage_groups *groups, size_t arm,
                           const struct weir_scenario *scenario, struct weir_replay_error *error);

/** Takes room for that many arms; false if memory is short. */
bool weir_stage_groups_open(struct weir_stage_groups *groups, size_t arms);

void weir_stage_groups_close(struct weir_stage_groups *groups);

#endif
