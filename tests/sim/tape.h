#ifndef WEIR_TESTS_SIM_TAPE_H
#define WEIR_TESTS_SIM_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "draws.h"
#include "trace.h"

/**
 * Traces made by hand. Prices are given in cents and quantities in thousandths, so that what a test
 * means is exactly what the trace holds.
 */

/** An empty trace with that many symbols, named A0USDT, A1USDT, …; free it with tape_free. */
struct weir_trace *tape_new(size_t symbol_count);
void tape_free(struct weir_trace *trace);

/** Appends a liquidation. Times must not run backwards. */
void tape_add(struct weir_trace *trace, int64_t time_ns, uint32_t symbol, enum weir_side side,
              int64_t price_cents, int64_t quantity_milli);

/** Renames a symbol. */
void tape_rename(struct weir_trace *trace, size_t symbol, const char *name);

/** What random traces look like. */
struct tape_shape {
    size_t symbols, rows;
    int64_t begin_ns;
    int64_t gap_max_ns; /**< between clusters */
    int64_t step_ns;    /**< within clusters all times are multiples of it: ties are frequent */
    int64_t wobble_bp;  /**< prices move by up to that many hundredths of a percent a row */
    int64_t usd_max;    /**< largest notional; sizes are heavy-tailed */
};

/** A random trace: clustered times, many of them equal, each price near the one before. */
struct weir_trace *tape_random(struct draws *draws, const struct tape_shape *shape);

#endif
