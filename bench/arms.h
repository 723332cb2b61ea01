#ifndef WEIR_BENCH_ARMS_H
#define WEIR_BENCH_ARMS_H

#include "experiment.h"

/** Arms as they are collected for an experiment: variations of the same settings. */
struct weir_arms {
    const struct weir_settings *settings; /**< of all; borrowed */
    struct weir_arm *items;
    size_t count, capacity;
};

/** A world: a few settings on top of those given, and what is said of them. */
struct weir_world {
    const char *name;
    const char *settings; /**< assignments separated by blanks; "" for none */
};

/**
 * Adds the arm of a policy under further assignments (separated by blanks, later ones win) and says
 * its number; an arm that is there already is not added twice. False and an error if a setting is
 * refused or memory is short. O(arms).
 */
bool weir_arms_add(struct weir_arms *arms, const struct weir_policy *policy,
                   const char *const assignments[2], size_t *number,
                   struct weir_replay_error *error);

void weir_arms_free(struct weir_arms *arms);

#endif
