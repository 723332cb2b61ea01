#ifndef WEIR_CORE_WEIR_DETECTOR_H
#define WEIR_CORE_WEIR_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/policy.h"

/**
 * Tells from the feed whether a liquidation cascade is on: the volume of the last 10 s, and the
 * largest move of a symbol's price in the last 30 s, in either direction. Both are kept in
 * buckets: at most 10 and 30 s are looked at, at least nine tenths of that. Constant memory:
 * symbols share a table, and one that finds no place in it is looked at by volume only.
 */

#define WEIR_VOLUME_BUCKETS 20u
#define WEIR_PRICE_BUCKETS 10u
#define WEIR_PRICE_SYMBOLS 1024u

/** Lowest and highest price of one symbol in one bucket of time. */
struct weir_price_range {
    int64_t number; /**< of the bucket */
    double low;
    double high;
};

struct weir_symbol_prices {
    bool used;
    uint32_t symbol;
    struct weir_price_range ranges[WEIR_PRICE_BUCKETS];
};

struct weir_detector {
    int64_t volume_numbers[WEIR_VOLUME_BUCKETS];
    double volumes[WEIR_VOLUME_BUCKETS];
    struct weir_symbol_prices symbols[WEIR_PRICE_SYMBOLS];
};

void weir_detector_init(struct weir_detector *detector);

/** Takes a liquidation in; true if it shows that a cascade is on. Times do not run backwards.
 *  Constant time. */
bool weir_detector_add(struct weir_detector *detector, const struct weir_observation *observation);

#endif
