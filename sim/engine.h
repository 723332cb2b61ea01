#ifndef WEIR_SIM_ENGINE_H
#define WEIR_SIM_ENGINE_H

#include <stdbool.h>

#include "run.h"
#include "stage.h"

/**
 * A run: one policy on one stage. The engine owns simulated time, in integer nanoseconds of the
 * exchange's clock, and carries requests and replies between the bots and the exchange.
 */

/**
 * Runs a policy on a stage and checks that the ledger adds up. Deterministic in (stage, policy).
 * Returns false and says why if memory is short, a setting of the limiter is refused, the policy
 * breaks, or the ledger does not add up. On success the caller closes the run.
 */
bool weir_run_policy(const struct weir_stage *stage, const struct weir_policy *policy,
                     struct weir_run *run, struct weir_run_error *error);

#endif
