#ifndef WEIR_SIM_MARKET_H
#define WEIR_SIM_MARKET_H

#include <stdint.h>

#include "trace.h"

/**
 * The price path of every symbol: the liquidations' own prices, straight lines between them, flat
 * before the first and after the last. Does not depend on the policy.
 */
struct weir_market;

/** Builds the paths of a trace whose times are shifted by `shift_ns`. NULL if memory is short. */
struct weir_market *weir_market_create(const struct weir_trace *trace, int64_t shift_ns);
void weir_market_destroy(struct weir_market *market);

/** Price of a symbol at a time. O(log n) in the liquidations of the symbol. */
double weir_market_price(const struct weir_market *market, uint32_t symbol, int64_t time_ns);

/** First time at or after `from_ns` at which the path is at or below `price`; WEIR_NEVER
 * (INT64_MAX) if it never is. Skips 32 points at a time. */
int64_t weir_market_first_below(const struct weir_market *market, uint32_t symbol, int64_t from_ns,
                                double price);

/** The same for at or above. */
int64_t weir_market_first_above(const struct weir_market *market, uint32_t symbol, int64_t from_ns,
                                double price);

#endif
