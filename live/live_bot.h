#ifndef WEIR_LIVE_LIVE_BOT_H
#define WEIR_LIVE_LIVE_BOT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "meeting.h"
#include "run.h"
#include "stage.h"

/**
 * The live host of a bot: the simulator's bot and the real limiter, over real connections in real
 * time. The feed is the trace's, by the simulator's code, so that the opportunities are those of a
 * replay; requests and their answers, fills and closings are the exchange's. One thread, one loop.
 */

/** What a live run measured beside its ledger. */
struct weir_live_measured {
    int signal;           /**< the one that ended the run early; 0: none */
    char ended[160];      /**< why it ended early otherwise; "" if it did not */
    int64_t end_ns;       /**< when it ended, exchange's clock */
    size_t stream_losses; /**< times that the account's stream was lost */
    size_t withheld;      /**< requests that were not put on the wire, as the address is beyond
                               the loopback */
    int64_t lag_max_ns;   /**< latest that the loop was for what was due */
    int64_t header_gap;   /**< most that the used weight of a header differed from what the ledger
                               says was charged in its minute */
    double out_min_ms, back_min_ms, out_mean_ms, back_mean_ms; /**< delays; of `delays` answers */
    size_t delays;
};

/**
 * Runs a policy on a stage that was laid onto the exchange's clock by the meeting. `run` and
 * `measured` are filled in, also when a signal ended it or the exchange went away; the caller
 * closes the run. False and why if it could not begin, memory was short, the policy broke, or the
 * ledger does not add up.
 */
bool weir_live_run(const struct live_meeting *meeting, const struct weir_stage *stage,
                   const struct weir_policy *policy, struct weir_run *run,
                   struct weir_live_measured *measured, struct weir_run_error *error);

/** Gives a scenario the delays that were measured, so that a replay has them. */
void weir_live_delays(const struct weir_live_measured *measured, struct weir_scenario *scenario);

/** What a live run adds to its result document, as docs/results.md says. A new reference; NULL if
 *  memory is short. */
json_t *weir_live_document(const struct live_meeting *meeting, const struct weir_run *run,
                           const struct weir_live_measured *measured);

#endif
