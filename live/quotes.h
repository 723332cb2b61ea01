#ifndef WEIR_LIVE_QUOTES_H
#define WEIR_LIVE_QUOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "feed.h"
#include "market.h"
#include "scenario.h"
#include "trace.h"

/**
 * What everybody sees of the market: symbols, prices, trades, and what the feed pushes. The trace
 * is laid onto the server's clock once, sped up; from then on all times are the server's.
 */

/** A symbol as it is traded. Prices are whole ticks of 10^-price_decimals, quantities whole steps
 *  of 10^-quantity_decimals. */
struct live_symbol {
    const char *name;
    char base[32];
    uint8_t price_decimals, quantity_decimals;
    uint32_t first, count; /**< of its rows in live_quotes.rows */
};

struct live_quotes {
    struct weir_trace *trace; /**< its times are the server's */
    bool quiet;               /**< without a trace: prices drift, nobody is liquidated */
    struct weir_market *market;
    struct live_symbol *symbols;
    size_t symbol_count;
    uint32_t *by_name;        /**< numbers of the symbols in order of their names */
    uint32_t *rows;           /**< rows of the trace by symbol, then time */
    struct weir_push *pushes; /**< what the feed publishes, and when */
    size_t push_count;
    double speed;
};

/** Lays the trace, which it takes over, onto the server's clock: the first liquidation at
 *  `onset_ns`, the rest `speed` times as fast as recorded. NULL if memory is short; then the trace
 *  is freed too. Without a trace (NULL) a quiet market is drawn from the seed. */
struct live_quotes *live_quotes_create(struct weir_trace *trace, int64_t onset_ns, double speed,
                                       const struct weir_feed_settings *feed, uint64_t seed);
void live_quotes_destroy(struct live_quotes *quotes);

/** Lays the trace onto the clock anew: its first liquidation at `onset_ns`. False if memory is
 *  short, or in a quiet market; then all stays as it was. */
bool live_quotes_restart(struct live_quotes *quotes, int64_t onset_ns,
                         const struct weir_feed_settings *feed);

/** Number of a symbol, or -1. O(log n). */
int32_t live_symbol_find(const struct live_quotes *quotes, const char *name);

/** Last price in whole ticks, at least 1. */
int64_t live_price_ticks(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns);

/** A price or quantity as the number that the market's path uses. */
double live_price_of(const struct live_symbol *symbol, int64_t ticks);
double live_quantity_of(const struct live_symbol *symbol, int64_t steps);

/** How many rows of a symbol are not after `now_ns`. O(log n). */
uint32_t live_rows_until(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns);

/** Row number `index` (0: the first) of a symbol. */
const struct weir_liquidation *live_row(const struct live_quotes *quotes, uint32_t symbol,
                                        uint32_t index);

/** JSON texts of exact decimals: "50000.10". New references; NULL if memory is short. */
json_t *live_decimal_json(int64_t mantissa, uint8_t decimals);
json_t *live_price_json(const struct live_symbol *symbol, int64_t ticks);
json_t *live_quantity_json(const struct live_symbol *symbol, int64_t steps);

/** USD with eight digits after the point. */
json_t *live_usd_json(double usd);

#endif
