#ifndef WEIR_SIM_FEED_H
#define WEIR_SIM_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "scenario.h"
#include "trace.h"

/**
 * How liquidations reach the bot: the venue's throttle, then a delay. Does not depend on the
 * policy. Source of the throttle: Aster Finance Futures API documents, "Liquidation Order Streams".
 */

/** One liquidation on its way to the bot. */
struct weir_push {
    int64_t pushed_ns;    /**< when the venue sends it */
    int64_t delivered_ns; /**< when the bot has it; never before that of an earlier push */
    uint32_t row;         /**< of the trace */
};

/**
 * Applies the throttle: fills `pushes` (room for every row of the trace) with what is pushed, in
 * order of time, `delivered_ns` left 0; returns how many, or SIZE_MAX if memory is short. Times are
 * the trace's plus `shift_ns`. O(n log n).
 */
size_t weir_feed_throttle(const struct weir_feed_settings *settings, const struct weir_trace *trace,
                          int64_t shift_ns, struct weir_push *pushes);

#endif
