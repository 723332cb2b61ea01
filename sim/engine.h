#ifndef WEIR_SIM_ENGINE_H
#define WEIR_SIM_ENGINE_H

#include <stdint.h>

#include "weir/limiter.h"

#include "ledger.h"
#include "stage.h"

/**
 * A run: one policy on one stage. The engine owns simulated time, in integer nanoseconds of the
 * exchange's clock, and carries requests and replies between the bots and the exchange.
 */

struct weir_run {
    struct weir_ledger own;     /**< the bot's */
    struct weir_ledger foreign; /**< of the others on its IP */
    uint64_t digest;            /**< of the sequence of events */
    uint64_t events;
    uint64_t ties; /**< events at the same time as the one before */
};

struct weir_run_error {
    char text[640];
    bool policy_failed; /**< the policy broke: others may still run */
};

/**
 * Runs a policy on a stage and checks that the ledger adds up. Deterministic in (stage, policy).
 * Returns false and says why if memory is short, a setting of the limiter is refused, the policy
 * breaks, or the ledger does not add up. On success the caller closes the run.
 */
bool weir_run_policy(const struct weir_stage *stage, const struct weir_policy *policy,
                     struct weir_run *run, struct weir_run_error *error);

void weir_run_close(struct weir_run *run);

/**
 * Whether the scenario's limiter settings suit the policy, without running it; says what would be
 * right in `error`.
 */
bool weir_check_policy(const struct weir_scenario *scenario, const struct weir_policy *policy,
                       struct weir_run_error *error);

/** Whether a policy has a setting of that key (without `limiter.`). */
bool weir_policy_has_option(const struct weir_policy *policy, const char *key);

#endif
