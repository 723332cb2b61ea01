#ifndef WEIR_SIM_EXCHANGE_BAN_H
#define WEIR_SIM_EXCHANGE_BAN_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange.h"

/** An IP's record: its recent 429s and its bans. All zeros for an IP that did nothing yet. */
struct exchange_ban {
    int64_t until_ns;     /**< end of the present or latest ban; 0: never banned */
    int64_t length_ns;    /**< of that ban's step */
    int32_t next_step;    /**< the step that the next ban takes if none decays before it */
    int32_t strike_count; /**< 429s remembered, at most ban_after_429s - 1 */
    int32_t strike_next;  /**< where the next is written: the oldest, once all places are taken */
    int64_t *strikes;     /**< their times; a ring of ban_after_429s - 1; not owned */
};

/** Whether the IP is banned. A ban is over at its end itself. */
static inline bool exchange_ban_holds(const struct exchange_ban *ban, int64_t now_ns) {
    return now_ns < ban->until_ns;
}

/** Notes a 429. True if it is one too many (the n-th in the half-open span of ban_window_ns that
 *  ends now): then a ban has begun, and the 429s before it are forgotten. O(1). */
bool exchange_ban_strike(struct exchange_ban *ban, const struct weir_exchange_rules *rules,
                         int64_t now_ns);

/** Starts the present ban anew, with the length of its step. */
void exchange_ban_extend(struct exchange_ban *ban, int64_t now_ns);

/** Forgets everything. */
void exchange_ban_reset(struct exchange_ban *ban);

#endif
