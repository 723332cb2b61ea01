#include "weir_detector.h"

#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define VOLUME_USD 1e6
#define VOLUME_SPAN_NS (10 * SECOND_NS)
#define MOVE_SHARE 0.02
#define MOVE_SPAN_NS (30 * SECOND_NS)
#define VOLUME_WIDTH_NS (VOLUME_SPAN_NS / (int64_t)WEIR_VOLUME_BUCKETS)
#define PRICE_WIDTH_NS (MOVE_SPAN_NS / (int64_t)WEIR_PRICE_BUCKETS)
#define PROBES 8u // places of the table that a symbol may have

void weir_detector_init(struct weir_detector *detector) {
    memset(detector, 0, sizeof *detector);
    for (uint32_t i = 0; i < WEIR_VOLUME_BUCKETS; i++) {
        detector->volume_numbers[i] = INT64_MIN;
    }
}

/** Volume of the last 10 s with this liquidation. */
static double add_volume(struct weir_detector *detector, int64_t now_ns, double usd) {
    int64_t number = now_ns / VOLUME_WIDTH_NS;
    uint32_t place = (uint32_t)(number % (int64_t)WEIR_VOLUME_BUCKETS);
    if (detector->volume_numbers[place] != number) {
        detector->volume_numbers[place] = number;
        detector->volumes[place] = 0;
    }
    detector->volumes[place] += usd;
    double sum = 0;
    for (uint32_t i = 0; i < WEIR_VOLUME_BUCKETS; i++) {
        bool recent = detector->volume_numbers[i] > number - (int64_t)WEIR_VOLUME_BUCKETS;
        sum += recent ? detector->volumes[i] : 0;
    }
    return sum;
}

/** The place of a symbol, new if need be; NULL if the table has none for it. */
static struct weir_symbol_prices *prices_of(struct weir_detector *detector, uint32_t symbol) {
    uint32_t first = (symbol * UINT32_C(2654435769)) >> 22;
    for (uint32_t i = 0; i < PROBES; i++) {
        struct weir_symbol_prices *prices = &detector->symbols[(first + i) % WEIR_PRICE_SYMBOLS];
        if (!prices->used) {
            prices->used = true;
            prices->symbol = symbol;
            for (uint32_t j = 0; j < WEIR_PRICE_BUCKETS; j++) {
                prices->ranges[j].number = INT64_MIN;
            }
            return prices;
        }
        if (prices->symbol == symbol) {
            return prices;
        }
    }
    return NULL;
}

/** Whether the symbol's price lies 2 % from one of the last 30 s. */
static bool add_price(struct weir_symbol_prices *prices, int64_t now_ns, double price) {
    int64_t number = now_ns / PRICE_WIDTH_NS;
    struct weir_price_range *present =
        &prices->ranges[(uint32_t)(number % (int64_t)WEIR_PRICE_BUCKETS)];
    if (present->number != number) {
        *present = (struct weir_price_range){.number = number, .low = price, .high = price};
    }
    present->low = price < present->low ? price : present->low;
    present->high = price > present->high ? price : present->high;
    for (uint32_t i = 0; i < WEIR_PRICE_BUCKETS; i++) {
        const struct weir_price_range *range = &prices->ranges[i];
        if (range->number > number - (int64_t)WEIR_PRICE_BUCKETS &&
            (price >= range->low * (1 + MOVE_SHARE) || price <= range->high * (1 - MOVE_SHARE))) {
            return true;
        }
    }
    return false;
}

bool weir_detector_add(struct weir_detector *detector, const struct weir_observation *observation) {
    int64_t now_ns = observation->now_ns;
    double volume = add_volume(detector, now_ns, observation->notional_usd);
    struct weir_symbol_prices *prices = prices_of(detector, observation->symbol);
    bool moved = prices && add_price(prices, now_ns, observation->price);
    return moved && volume > VOLUME_USD;
}
