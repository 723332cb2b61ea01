#include "market.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define BLOCK 32

struct point {
    int64_t time_ns;
    double price;
};

struct extreme {
    double low, high;
};

struct weir_market {
    uint32_t symbol_count;
    uint32_t *first;          /* of each symbol's points; symbol_count + 1 entries */
    struct point *points;     /* by symbol, then time */
    struct extreme *extremes; /* of each block of BLOCK points, over the whole array */
};

static void place_points(struct weir_market *market, const struct weir_trace *trace,
                         int64_t shift_ns, uint32_t *next) {
    for (size_t i = 0; i < trace->row_count; i++) {
        const struct weir_liquidation *row = &trace->rows[i];
        market->points[next[row->symbol]++] =
            (struct point){row->time_ns + shift_ns, weir_liquidation_price(row)};
    }
}

static void find_extremes(struct weir_market *market, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct extreme *block = &market->extremes[i / BLOCK];
        const double price = market->points[i].price;
        if (i % BLOCK == 0) {
            *block = (struct extreme){price, price};
        }
        block->low = price < block->low ? price : block->low;
        block->high = price > block->high ? price : block->high;
    }
}

struct weir_market *weir_market_create(const struct weir_trace *trace, int64_t shift_ns) {
    struct weir_market *market = calloc(1, sizeof *market);
    uint32_t *next = calloc(trace->symbol_count + 1, sizeof *next);
    if (market) {
        market->symbol_count = (uint32_t)trace->symbol_count;
        market->first = calloc(trace->symbol_count + 2, sizeof *market->first);
        market->points = calloc(trace->row_count + 1, sizeof *market->points);
        market->extremes = calloc(trace->row_count / BLOCK + 1, sizeof *market->extremes);
    }
    if (!market || !next || !market->first || !market->points || !market->extremes) {
        free(next);
        weir_market_destroy(market);
        return NULL;
    }
    for (size_t i = 0; i < trace->row_count; i++) {
        market->first[trace->rows[i].symbol + 1]++;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        market->first[s + 1] += market->first[s];
        next[s] = market->first[s];
    }
    place_points(market, trace, shift_ns, next);
    find_extremes(market, trace->row_count);
    free(next);
    return market;
}

void weir_market_destroy(struct weir_market *market) {
    if (market) {
        free(market->first);
        free(market->points);
        free(market->extremes);
        free(market);
    }
}

/** Index of the first point of the symbol after `time_ns`; the symbol's end if there is none. */
static uint32_t upper_bound(const struct weir_market *market, uint32_t symbol, int64_t time_ns) {
    uint32_t low = market->first[symbol];
    uint32_t high = market->first[symbol + 1];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (market->points[middle].time_ns <= time_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

double weir_market_price(const struct weir_market *market, uint32_t symbol, int64_t time_ns) {
    assert(symbol < market->symbol_count && market->first[symbol] < market->first[symbol + 1]);
    const uint32_t after = upper_bound(market, symbol, time_ns);
    if (after == market->first[symbol]) {
        return market->points[after].price;
    }
    const struct point *a = &market->points[after - 1];
    if (after == market->first[symbol + 1]) {
        return a->price;
    }
    const struct point *b = &market->points[after];
    const double share = (double)(time_ns - a->time_ns) / (double)(b->time_ns - a->time_ns);
    return a->price + share * (b->price - a->price);
}

static bool reaches(double price, double level, bool below) {
    return below ? price <= level : price >= level;
}

/** When the straight line from a to b, which ends beyond the level, meets it. */
static int64_t meeting(const struct point *a, const struct point *b, int64_t from_ns,
                       double level) {
    const double share = (level - a->price) / (b->price - a->price);
    const int64_t at = a->time_ns + (int64_t)(share * (double)(b->time_ns - a->time_ns));
    return at < from_ns ? from_ns : at;
}

static int64_t first_beyond(const struct weir_market *market, uint32_t symbol, int64_t from_ns,
                            double level, bool below) {
    if (reaches(weir_market_price(market, symbol, from_ns), level, below)) {
        return from_ns;
    }
    const uint32_t end = market->first[symbol + 1];
    uint32_t i = upper_bound(market, symbol, from_ns);
    while (i < end) {
        const struct extreme *block = &market->extremes[i / BLOCK];
        if (i % BLOCK == 0 && !reaches(below ? block->low : block->high, level, below)) {
            i += BLOCK;
            continue;
        }
        if (reaches(market->points[i].price, level, below)) {
            return i == market->first[symbol]
                       ? market->points[i].time_ns
                       : meeting(&market->points[i - 1], &market->points[i], from_ns, level);
        }
        i++;
    }
    return INT64_MAX;
}

int64_t weir_market_first_below(const struct weir_market *market, uint32_t symbol, int64_t from_ns,
                                double price) {
    return first_beyond(market, symbol, from_ns, price, true);
}

int64_t weir_market_first_above(const struct weir_market *market, uint32_t symbol, int64_t from_ns,
                                double price) {
    return first_beyond(market, symbol, from_ns, price, false);
}
