#ifndef WEIR_TRACES_INFO_H
#define WEIR_TRACES_INFO_H

#include "inflow.h"
#include "symbols.h"

/** What is in a trace, gathered row by row in memory that depends on the number of symbols only. */

#define WEIR_INFO_WINDOWS 3
#define WEIR_INFO_TOP 5
#define WEIR_INFO_SIZE_BINS 1280 /* 64 to a factor of ten, from 1e-5 to 1e15 USD */
#define WEIR_INFO_MEMORY 64      /* rows among which a duplicate is looked for */
#define WEIR_INFO_BINS 1024      /* of the course of the rate; their length doubles as needed */

/** Liquidations in a window of the server's clock (:00 to :59 of a minute). */
struct weir_info_minute {
    int64_t start_ns;
    size_t count;
    double usd;
};

/** A time without liquidations. */
struct weir_info_gap {
    int64_t start_ns;
    int64_t length_ns;
};

/** A stretch of time of the course of the rate. */
struct weir_info_bin {
    size_t sells;
    size_t buys;
    double usd;
};

/** Most liquidations in any window of that length; a ring of times. */
struct weir_info_rate {
    int64_t length_ns;
    size_t most;
    int64_t most_end_ns;
    int64_t *times;
    size_t capacity;
    size_t first;
    size_t count;
};

struct weir_info_symbol {
    size_t count;
    size_t sells;
    double usd;
    int64_t last_ns;
};

struct weir_info {
    size_t count;
    size_t sells;
    double usd;
    double usd_max;
    int64_t first_ns;
    int64_t last_ns;
    size_t duplicates; /**< rows that repeat one of the 64 before */
    size_t same_ms;    /**< rows that share their millisecond with the one before */
    struct weir_symbols names;
    struct weir_info_symbol *symbols;
    size_t symbol_capacity;
    struct weir_info_rate rates[WEIR_INFO_WINDOWS]; /**< over 1, 10 and 60 s */
    struct weir_info_minute minutes[WEIR_INFO_TOP]; /**< the strongest, by count */
    struct weir_info_minute minute;                 /**< at hand */
    struct weir_info_gap gaps[WEIR_INFO_TOP];       /**< the longest */
    size_t size_bins[WEIR_INFO_SIZE_BINS];
    struct weir_info_bin bins[WEIR_INFO_BINS]; /**< one after the other, from bins_ns on */
    int64_t bins_ns;                           /**< the whole second of the first row */
    int64_t bin_ns;                            /**< length of one: seconds, a power of two */
    int64_t closest_ns;  /**< least time between two of one symbol; INT64_MAX: none */
    size_t close_pairs;  /**< pairs of one symbol less than 900 ms apart */
    size_t second_pairs; /**< … from 900 to 2,000 ms */
    struct weir_row memory[WEIR_INFO_MEMORY];
};

/** Begins; `info` is large, so the caller keeps it in the heap. */
void weir_info_begin(struct weir_info *info);

/** Adds a row; rows come in order of time. `*duplicate` tells whether it repeats one of the 64
 *  before it. False when there is no memory. */
bool weir_info_add(struct weir_info *info, const struct weir_row *row, bool *duplicate);

/** Closes the minute at hand. */
void weir_info_end(struct weir_info *info);

void weir_info_free(struct weir_info *info);

/** Notional below which the share `q` of the liquidations lies, within 4 %. */
double weir_info_size_quantile(const struct weir_info *info, double q);

/** Decimal logarithm of the least size, in USD, of a bin. */
double weir_info_size_log10(size_t bin);

/** The throttle of the feed it was recorded from, as far as the times tell: 1000, 0 (none), or -1
 *  when too few rows follow each other to tell. */
int weir_info_throttle_ms(const struct weir_info *info);

#endif
