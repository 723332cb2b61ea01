#include "tape.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 32

struct weir_trace *tape_new(size_t symbol_count) {
    struct weir_trace *trace = calloc(1, sizeof *trace);
    assert_non_null(trace);
    trace->symbols = calloc(symbol_count + 1, sizeof *trace->symbols);
    assert_non_null(trace->symbols);
    trace->symbol_count = symbol_count;
    for (size_t i = 0; i < symbol_count; i++) {
        trace->symbols[i] = calloc(1, NAME_SIZE);
        assert_non_null(trace->symbols[i]);
        snprintf(trace->symbols[i], NAME_SIZE, "A%zuUSDT", i);
    }
    return trace;
}

void tape_free(struct weir_trace *trace) {
    for (size_t i = 0; i < trace->symbol_count; i++) {
        free(trace->symbols[i]);
    }
    free(trace->symbols);
    free(trace->rows);
    free(trace);
}

void tape_rename(struct weir_trace *trace, size_t symbol, const char *name) {
    snprintf(trace->symbols[symbol], NAME_SIZE, "%s", name);
}

/** Room for one more row; the room doubles when the count is a power of two. */
static void make_room(struct weir_trace *trace) {
    const size_t count = trace->row_count;
    if ((count & (count - 1)) == 0) {
        const size_t room = count ? 2 * count : 1;
        trace->rows = realloc(trace->rows, room * sizeof *trace->rows);
        assert_non_null(trace->rows);
    }
}

void tape_add(struct weir_trace *trace, int64_t time_ns, uint32_t symbol, enum weir_side side,
              int64_t price_cents, int64_t quantity_milli) {
    assert_true(symbol < trace->symbol_count && price_cents > 0 && quantity_milli > 0);
    assert_true(trace->row_count == 0 || trace->rows[trace->row_count - 1].time_ns <= time_ns);
    make_room(trace);
    trace->rows[trace->row_count++] = (struct weir_liquidation){.time_ns = time_ns,
                                                                .price = price_cents,
                                                                .quantity = quantity_milli,
                                                                .symbol = symbol,
                                                                .side = (uint8_t)side,
                                                                .price_decimals = 2,
                                                                .quantity_decimals = 3};
}

static int64_t next_time(struct draws *draws, const struct tape_shape *shape, int64_t time_ns) {
    if (draw_percent(draws, 40)) {
        return time_ns;
    }
    if (draw_percent(draws, 80)) {
        return time_ns + draw(draws, 1, 20) * shape->step_ns;
    }
    return time_ns + draw(draws, 1, shape->gap_max_ns);
}

/** Thousandths of the base asset worth up to `usd_max`, a tenth of them in each tenth of decades.
 */
static int64_t quantity_of(struct draws *draws, int64_t usd_max, int64_t price_cents) {
    int64_t usd = usd_max;
    for (int64_t halvings = draw(draws, 0, 14); halvings > 0; halvings--) {
        usd /= 2;
    }
    const int64_t milli = draw(draws, 1, usd + 1) * 100000 / price_cents;
    return milli > 0 ? milli : 1;
}

struct weir_trace *tape_random(struct draws *draws, const struct tape_shape *shape) {
    struct weir_trace *trace = tape_new(shape->symbols);
    int64_t *prices = calloc(shape->symbols, sizeof *prices);
    assert_non_null(prices);
    int64_t time_ns = shape->begin_ns;
    for (size_t s = 0; s < shape->symbols; s++) {
        prices[s] = draw(draws, 1000, 1000000);
    }
    for (size_t i = 0; i < shape->rows; i++) {
        time_ns = next_time(draws, shape, time_ns);
        const uint32_t symbol = (uint32_t)draw(draws, 0, (int64_t)shape->symbols - 1);
        const int64_t move = draw(draws, -shape->wobble_bp, shape->wobble_bp);
        prices[symbol] += prices[symbol] * move / 10000;
        prices[symbol] = prices[symbol] < 100 ? 100 : prices[symbol];
        tape_add(trace, time_ns, symbol, draw_percent(draws, 50) ? WEIR_SIDE_SELL : WEIR_SIDE_BUY,
                 prices[symbol], quantity_of(draws, shape->usd_max, prices[symbol]));
    }
    free(prices);
    return trace;
}
