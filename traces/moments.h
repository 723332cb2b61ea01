#ifndef WEIR_TRACES_MOMENTS_H
#define WEIR_TRACES_MOMENTS_H

#include "trace.h"

/** Figures of one symbol of a trace. */
struct weir_moments_symbol {
    uint32_t count;
    uint32_t sells;
    double usd;
    double log_usd; /**< sum of the logs of its notionals */
    double price;   /**< sum of its prices */
    double first_price;
    double last_price;
    int64_t last_ns;
};

/** Figures of a trace that profiles and generators are made from. */
struct weir_moments {
    int64_t start_ns; /**< the second in which the trace begins */
    int64_t duration_s;
    double usd;
    double usd_max;
    uint32_t sells;
    struct weir_moments_symbol *symbols; /**< by the trace's numbers */
    double own_sd;                       /**< of log size within a symbol and a second */
    double second_sd;                    /**< of what is shared within a second */
    double throttle_ms;                  /**< 1000 if no two of a symbol are closer than 900 ms */
    double tenths_pct[10];               /**< share of the rows in each tenth of a second */
    double fall;                         /**< notional-weighted mean of log(last / first price) */
    double move_low; /**< quartiles of |last / first price - 1| over the symbols */
    double move_high;
};

/** Measures a trace. False when there is no memory. O(n log n). */
bool weir_moments_measure(const struct weir_trace *trace, struct weir_moments *moments);

void weir_moments_free(struct weir_moments *moments);

#endif
