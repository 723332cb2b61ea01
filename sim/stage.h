#ifndef WEIR_SIM_STAGE_H
#define WEIR_SIM_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "bound.h"
#include "feed.h"
#include "market.h"
#include "network.h"
#include "opportunity.h"
#include "scenario.h"
#include "strategy.h"
#include "trace.h"

/**
 * The stage of a run: everything that is the same for every policy. The trace and its phase, what
 * the feed delivers, the opportunities, the load of the network, the prices. Computed once per
 * (trace, scenario, replication) before any policy runs, then only read.
 */

/** What one bot sees and hunts. */
struct weir_hunt {
    const struct weir_strategy *strategy;
    const struct weir_symbol_settings **symbols; /**< per symbol of the trace; NULL: not hunted */
    struct weir_opportunity *opportunities;
    size_t opportunity_count;
};

/** How scarce the allowance is. */
enum weir_class {
    WEIR_CLASS_SLACK,
    WEIR_CLASS_TIGHT,
    WEIR_CLASS_BINDING
};

struct weir_stage {
    const struct weir_trace *trace;
    const struct weir_scenario *scenario;
    uint64_t seed;
    uint32_t replication; /**< of everything drawn but trace and phase */
    int64_t
        shift_ns; /**< added to every time of the trace: its phase against the server's minute */
    int64_t start_ns;        /**< the bot starts */
    int64_t end_ns;          /**< bot.tail_s after the last liquidation */
    int64_t second_start_ns; /**< the second bot starts */
    int64_t onset_ns;        /**< first liquidation */
    struct weir_network *network;
    struct weir_market *market;
    struct weir_push *pushes; /**< what was delivered */
    size_t push_count;
    size_t throttled;           /**< liquidations that the throttle kept back */
    size_t unheard;             /**< liquidations lost in an outage of the feed */
    double trace_usd, feed_usd; /**< notional of the trace, and of what was delivered */
    struct weir_hunt hunts[2];  /**< the bot's, and the second bot's if there is one */
    enum weir_class class;
    struct weir_drawn_request *load; /**< what is sent anyway, as drawn, in order of arrival */
    size_t load_count;
    struct weir_bound *bound; /**< the most that any policy can capture here */
};

/** A request that is sent whatever the policy does, as drawn: see sim/drawn_load.h. */
struct weir_drawn_request {
    int64_t arrived_ns;
    struct weir_cost cost; /**< what the exchange charges; orders only on the bot's account */
};

/** Sets the stage. `replications` is the number of the whole experiment: with one the trace keeps
 * its true phase, with more the phases are stratified over the minute, unless trace.phase_s says
 * which it is. Trace, scenario and
 * strategies are borrowed. `second` is NULL without a second bot. NULL if memory is short. */
struct weir_stage *weir_stage_create(const struct weir_trace *trace,
                                     const struct weir_scenario *scenario,
                                     const struct weir_strategy *strategy,
                                     const struct weir_strategy *second, uint64_t seed,
                                     uint32_t replication, uint32_t replications);
/** What a replication draws beside its trace, each by a number of its own, so that a study can vary
 *  one and hold the other. */
struct weir_stage_draws {
    uint32_t network; /**< delays, faults, foreign load */
    uint32_t phase;   /**< below `phases` */
    uint32_t phases;  /**< parts of the minute that the phases lie in; 1: the true phase */
    int64_t onset_ns; /**< when the first liquidation falls, whatever the phase; 0: not given */
};

/** The same as weir_stage_create, with network and phase drawn apart. */
struct weir_stage *weir_stage_create_with(const struct weir_trace *trace,
                                          const struct weir_scenario *scenario,
                                          const struct weir_strategy *strategy,
                                          const struct weir_strategy *second, uint64_t seed,
                                          const struct weir_stage_draws *draws);

void weir_stage_destroy(struct weir_stage *stage);

/** Key of the fate of a request of standing load (`loop` its number, `cycle` from 1, `index` its
 *  place in it), of any client: the same whoever asks. */
struct weir_draw_key weir_stage_standing_key(const struct weir_stage *stage, uint8_t client,
                                             uint32_t loop, uint32_t cycle, uint32_t index);

/** In weir_stage_standing_key: number of the "loop" of start-up requests. */
#define WEIR_STARTUP_LOOP 255

/** When a tab of the dashboard sends its first request. */
int64_t weir_stage_dashboard_ns(const struct weir_stage *stage, uint32_t tab);

/** "slack", "tight" or "binding". Static storage. */
const char *weir_class_name(enum weir_class class);

#endif
