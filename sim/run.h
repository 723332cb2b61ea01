#ifndef WEIR_SIM_RUN_H
#define WEIR_SIM_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/limiter.h"

#include "exchange.h"
#include "ledger.h"
#include "scenario.h"

/**
 * What every host of a bot, the simulator's engine and the live one, needs to run a policy, and
 * what a run leaves.
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

void weir_run_close(struct weir_run *run);

/**
 * Whether the scenario's limiter settings suit the policy, without running it; says what would be
 * right in `error`.
 */
bool weir_check_policy(const struct weir_scenario *scenario, const struct weir_policy *policy,
                       struct weir_run_error *error);

/** Whether a policy has a setting of that key (without `limiter.`). */
bool weir_policy_has_option(const struct weir_policy *policy, const char *key);

/** Makes the limiter of a bot: the limits are those of the exchange, the settings those of the
 *  scenario that this policy has, if it is the bot's `own`. `now_ns` is the exchange's clock. NULL
 *  and why on failure. The caller destroys it. */
struct weir_limiter *weir_run_limiter(const struct weir_scenario *scenario,
                                      const struct weir_policy *policy,
                                      const struct weir_exchange *exchange, int64_t now_ns,
                                      uint64_t seed, bool own, struct weir_run_error *error);

/** Whether requests to an endpoint are signed: market data and V1's listen key are not ("Endpoint
 *  security type"), everything else is. Compares texts: ask once for each endpoint. */
bool weir_endpoint_is_signed(weir_endpoint endpoint);

#endif
