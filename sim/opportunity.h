#ifndef WEIR_SIM_OPPORTUNITY_H
#define WEIR_SIM_OPPORTUNITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed.h"
#include "strategy.h"
#include "trace.h"

/** What one entry can take. Computed from the feed alone, before any policy runs. */
struct weir_opportunity {
    int64_t time_ns;     /**< of its first liquidation */
    int64_t opened_ns;   /**< when the bot had that */
    int64_t closes_ns;   /**< the entry is submitted */
    double notional_usd; /**< sum of its liquidations */
    double value;        /**< by bot.value */
    double price;        /**< of its last liquidation */
    uint32_t symbol;
    uint32_t liquidations;
    uint8_t side;    /**< enum weir_side of the liquidations; the entry takes the other */
    bool in_cascade; /**< the bot's detector was on when it closed */
};

/**
 * Groups what was delivered into opportunities, in order of `opened_ns`; their ids are their
 * positions. A liquidation joins the open group of its symbol and side if it is delivered less than
 * coalesce_ms after the group opened; else it opens one if the strategy's condition holds. Returns
 * an array of `*count` for the caller to free; `symbols` has the settings of each symbol, or NULL;
 * NULL if memory is short. O(n) but for the detector's look back of at most its window.
 */
struct weir_opportunity *weir_opportunities_find(const struct weir_trace *trace, int64_t shift_ns,
                                                 const struct weir_push *pushes, size_t push_count,
                                                 const struct weir_strategy *strategy,
                                                 const struct weir_symbol_settings *const *symbols,
                                                 const struct weir_bot_settings *bot,
                                                 size_t *count);

#endif
