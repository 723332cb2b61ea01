#ifndef WEIR_SIM_NETWORK_H
#define WEIR_SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "draw.h"
#include "scenario.h"
#include "trace.h"

/**
 * Delays and faults. One-way delay = base × load(t) + own draw. load(t) is shared by all messages,
 * at least 1, and follows the intensity of the trace with memory: ln load = ln(peak) × smoothed
 * intensity / its maximum + an AR(1) process; orders and feed have each their own noise. The own
 * draw is exponential. Everything is a function of what the message is, not of what was sent
 * before.
 */
struct weir_network;

/** Length of a step of the load's grid. */
#define WEIR_LOAD_STEP_NS 250000000LL

/** The fate of one message exchange, before it is known when it is sent. */
struct weir_fate {
    double out;   /**< uniform of the way to the exchange */
    double back;  /**< of the way back */
    double fault; /**< of whether something goes wrong */
    double kind;  /**< of what */
};

/** Draws a fate. `key.b` and `key.c` must not use their highest bit. */
struct weir_fate weir_fate_draw(struct weir_draw_key key);

/** What happens to a request on its way. */
enum weir_fault {
    WEIR_FAULT_NONE,
    WEIR_FAULT_LOST_REQUEST,     /**< never arrives; the bot's timeout ends it */
    WEIR_FAULT_LOST_REPLY,       /**< arrives, is answered, the answer is lost */
    WEIR_FAULT_UNAVAILABLE_DONE, /**< answered 503, though it was executed */
    WEIR_FAULT_UNAVAILABLE       /**< answered 503, and not executed */
};

/** Builds the load for [start, end] from the trace's intensity (times shifted by `shift_ns`). NULL
 *  if memory is short. The replication's noise is keyed by seed and replication. */
struct weir_network *weir_network_create(const struct weir_network_settings *settings,
                                         const struct weir_trace *trace, int64_t shift_ns,
                                         int64_t start_ns, int64_t end_ns, uint64_t seed,
                                         uint32_t replication);
void weir_network_destroy(struct weir_network *network);

/** One-way delay of an order's message that leaves at `time_ns`, for a uniform of its own. */
int64_t weir_network_delay_ns(const struct weir_network *network, int64_t time_ns, double uniform);

/** The same on the feed. */
int64_t weir_network_feed_delay_ns(const struct weir_network *network, int64_t time_ns,
                                   double uniform);

/** The same on the account's stream: as on the feed, unless requests have delays of their own. */
int64_t weir_network_account_delay_ns(const struct weir_network *network, int64_t time_ns,
                                      double uniform);

/** Time that the exchange takes for a request that arrives at `time_ns`. */
int64_t weir_network_processing_ns(const struct weir_network *network, int64_t time_ns);

/** What goes wrong with a request sent at `time_ns`. */
enum weir_fault weir_network_fault(const struct weir_network *network, int64_t time_ns,
                                   const struct weir_fate *fate);

/** Whether the feed is dead at that time (an outage, or the time to reconnect after one). */
bool weir_network_feed_dead(const struct weir_network *network, int64_t time_ns);

/** Smallest possible one-way delay and processing time. */
int64_t weir_network_min_delay_ns(const struct weir_network *network);
int64_t weir_network_min_processing_ns(const struct weir_network *network);

#endif
