#ifndef WEIR_BENCH_SENSITIVITY_H
#define WEIR_BENCH_SENSITIVITY_H

#include "arms.h"
#include "pair.h"

/**
 * What would turn the result round. The leader (the policy that is best in the primary metric as
 * set) against the best of the others, in one world after another that differs from the settings in
 * one assumption.
 */

struct weir_sensitivity_row {
    size_t trace, world;
    size_t rival;          /**< number of the best other policy in that world */
    struct weir_pair lead; /**< leader − rival in the primary metric */
    bool failed;           /**< a policy broke there */
};

struct weir_sensitivity {
    size_t policy_count;
    size_t *arms;                      /**< worlds × policies */
    size_t *leaders;                   /**< per trace: number of a policy */
    struct weir_sensitivity_row *rows; /**< by trace, then world; world 0 is as set */
    size_t row_count;
};

/** World number `index`, NULL past the last. */
const struct weir_world *weir_sensitivity_world(size_t index);

/** Plans the arms of at least two policies. NULL and an error on failure. */
struct weir_sensitivity *weir_sensitivity_plan(struct weir_arms *arms,
                                               const struct weir_policy *const *policies,
                                               size_t count, struct weir_replay_error *error);

/** Measures, with Holm over the worlds of each trace. False if memory is short. */
bool weir_sensitivity_measure(struct weir_sensitivity *sensitivity,
                              const struct weir_experiment *experiment);

void weir_sensitivity_free(struct weir_sensitivity *sensitivity);

#endif
