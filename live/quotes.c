#include "quotes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "quiet.h"

/* Most digits after the point of prices and quantities. */
#define PRICE_DECIMALS_MAX 8
#define QUANTITY_DECIMALS_MAX 5

/** How many times a price can be divided by ten before it is below ten; below 0 for prices below
 *  one. */
static int magnitude(double price) {
    int tens = 0;
    while (price >= 10.0) {
        price /= 10.0;
        tens++;
    }
    while (price < 1.0 && tens > -PRICE_DECIMALS_MAX) {
        price *= 10.0;
        tens--;
    }
    return tens;
}

static uint8_t within(int value, int low, int high) {
    return (uint8_t)(value < low ? low : value > high ? high : value);
}

/** A tick is about a hundred-thousandth of the price, a step at most a dollar's worth. */
static void set_precision(struct live_symbol *symbol, double price) {
    const int tens = magnitude(price);
    symbol->price_decimals = within(5 - tens, 1, PRICE_DECIMALS_MAX);
    symbol->quantity_decimals = within(price > 1.0 ? tens + 1 : 0, 0, QUANTITY_DECIMALS_MAX);
}

static void set_base(struct live_symbol *symbol) {
    size_t length = strlen(symbol->name);
    if (length > 4 && strcmp(symbol->name + length - 4, "USDT") == 0) {
        length -= 4;
    }
    snprintf(symbol->base, sizeof symbol->base, "%.*s", (int)(length < 31 ? length : 31),
             symbol->name);
}

/** Groups the rows by symbol; their order of time stays. */
static bool index_rows(struct live_quotes *quotes) {
    const struct weir_trace *trace = quotes->trace;
    uint32_t *next = calloc(quotes->symbol_count + 1, sizeof *next);
    quotes->rows = calloc(trace->row_count + 1, sizeof *quotes->rows);
    if (!next || !quotes->rows) {
        free(next);
        return false;
    }
    for (size_t i = 0; i < trace->row_count; i++) {
        quotes->symbols[trace->rows[i].symbol].count++;
    }
    for (size_t s = 1; s < quotes->symbol_count; s++) {
        quotes->symbols[s].first = quotes->symbols[s - 1].first + quotes->symbols[s - 1].count;
        next[s] = quotes->symbols[s].first;
    }
    for (size_t i = 0; i < trace->row_count; i++) {
        quotes->rows[next[trace->rows[i].symbol]++] = (uint32_t)i;
    }
    free(next);
    return true;
}

/* Insertion: there are some hundred symbols, and this happens once. */
static bool index_names(struct live_quotes *quotes) {
    quotes->by_name = calloc(quotes->symbol_count + 1, sizeof *quotes->by_name);
    if (!quotes->by_name) {
        return false;
    }
    for (uint32_t s = 0; s < quotes->symbol_count; s++) {
        uint32_t place = s;
        while (place > 0 && strcmp(quotes->symbols[quotes->by_name[place - 1]].name,
                                   quotes->symbols[s].name) > 0) {
            quotes->by_name[place] = quotes->by_name[place - 1];
            place--;
        }
        quotes->by_name[place] = s;
    }
    return true;
}

/** Moves every row to its time on the server's clock. */
static void lay_onto_clock(struct weir_trace *trace, int64_t onset_ns, double speed) {
    const int64_t first_ns = trace->rows[0].time_ns;
    for (size_t i = 0; i < trace->row_count; i++) {
        const double after_ns = (double)(trace->rows[i].time_ns - first_ns) / speed;
        trace->rows[i].time_ns = onset_ns + (int64_t)after_ns;
    }
}

static bool publish(struct live_quotes *quotes, const struct weir_feed_settings *feed) {
    quotes->pushes = calloc(quotes->trace->row_count + 1, sizeof *quotes->pushes);
    if (!quotes->pushes) {
        return false;
    }
    if (quotes->quiet) {
        return true;
    }
    quotes->push_count = weir_feed_throttle(feed, quotes->trace, 0, quotes->pushes);
    if (quotes->push_count == SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < quotes->push_count; i++) {
        quotes->pushes[i].delivered_ns =
            quotes->pushes[i].pushed_ns + (int64_t)(feed->delay_ms * 1e6);
    }
    return true;
}

/** Moves every row by the same time. */
static void move_rows(struct weir_trace *trace, int64_t by_ns) {
    for (size_t i = 0; i < trace->row_count; i++) {
        trace->rows[i].time_ns += by_ns;
    }
}

bool live_quotes_restart(struct live_quotes *quotes, int64_t onset_ns,
                         const struct weir_feed_settings *feed) {
    const int64_t by_ns = onset_ns - quotes->trace->rows[0].time_ns;
    struct live_quotes anew = *quotes;
    if (quotes->quiet) {
        return false;
    }
    move_rows(quotes->trace, by_ns);
    anew.market = weir_market_create(quotes->trace, 0);
    anew.pushes = NULL;
    if (!anew.market || !publish(&anew, feed)) {
        weir_market_destroy(anew.market);
        free(anew.pushes);
        move_rows(quotes->trace, -by_ns);
        return false;
    }
    weir_market_destroy(quotes->market);
    free(quotes->pushes);
    *quotes = anew;
    return true;
}

static bool build(struct live_quotes *quotes, const struct weir_feed_settings *feed) {
    const struct weir_trace *trace = quotes->trace;
    quotes->symbol_count = trace->symbol_count;
    quotes->symbols = calloc(trace->symbol_count + 1, sizeof *quotes->symbols);
    quotes->market = weir_market_create(trace, 0);
    if (!quotes->symbols || !quotes->market) {
        return false;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        quotes->symbols[s].name = trace->symbols[s];
        set_base(&quotes->symbols[s]);
    }
    if (!index_rows(quotes) || !index_names(quotes) || !publish(quotes, feed)) {
        return false;
    }
    for (uint32_t s = 0; s < trace->symbol_count; s++) {
        set_precision(&quotes->symbols[s], weir_liquidation_price(live_row(quotes, s, 0)));
    }
    return true;
}

struct live_quotes *live_quotes_create(struct weir_trace *trace, int64_t onset_ns, double speed,
                                       const struct weir_feed_settings *feed, uint64_t seed) {
    struct live_quotes *quotes = calloc(1, sizeof *quotes);
    const bool quiet = trace == NULL;
    struct weir_trace *rows = quiet ? live_quiet_trace(onset_ns, seed) : trace;
    if (!quotes || !rows) {
        free(quotes);
        weir_trace_free(rows);
        return NULL;
    }
    assert(rows->row_count > 0 && speed > 0.0);
    if (!quiet) {
        lay_onto_clock(rows, onset_ns, speed);
    }
    *quotes = (struct live_quotes){.trace = rows, .quiet = quiet, .speed = speed};
    if (!build(quotes, feed)) {
        live_quotes_destroy(quotes);
        return NULL;
    }
    return quotes;
}

void live_quotes_destroy(struct live_quotes *quotes) {
    if (!quotes) {
        return;
    }
    weir_market_destroy(quotes->market);
    free(quotes->symbols);
    free(quotes->by_name);
    free(quotes->rows);
    free(quotes->pushes);
    weir_trace_free(quotes->trace);
    free(quotes);
}

int32_t live_symbol_find(const struct live_quotes *quotes, const char *name) {
    size_t low = 0;
    size_t high = quotes->symbol_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, quotes->symbols[quotes->by_name[middle]].name);
        if (order == 0) {
            return (int32_t)quotes->by_name[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}

int64_t live_price_ticks(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns) {
    const double price = weir_market_price(quotes->market, symbol, now_ns);
    const double scale = (double)weir_power_of_ten(quotes->symbols[symbol].price_decimals);
    const int64_t ticks = (int64_t)(price * scale + 0.5);
    return ticks < 1 ? 1 : ticks;
}

double live_price_of(const struct live_symbol *symbol, int64_t ticks) {
    return weir_decimal_to_double(ticks, symbol->price_decimals);
}

double live_quantity_of(const struct live_symbol *symbol, int64_t steps) {
    return weir_decimal_to_double(steps, symbol->quantity_decimals);
}

const struct weir_liquidation *live_row(const struct live_quotes *quotes, uint32_t symbol,
                                        uint32_t index) {
    assert(index < quotes->symbols[symbol].count);
    return &quotes->trace->rows[quotes->rows[quotes->symbols[symbol].first + index]];
}

uint32_t live_rows_until(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns) {
    uint32_t low = 0;
    uint32_t high = quotes->symbols[symbol].count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (live_row(quotes, symbol, middle)->time_ns <= now_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

json_t *live_decimal_json(int64_t mantissa, uint8_t decimals) {
    char text[WEIR_DECIMAL_TEXT_SIZE + 1] = "-";
    const bool negative = mantissa < 0;
    weir_decimal_format((struct weir_decimal){negative ? -mantissa : mantissa, decimals}, text + 1);
    return json_string(negative ? text : text + 1);
}

json_t *live_price_json(const struct live_symbol *symbol, int64_t ticks) {
    return live_decimal_json(ticks, symbol->price_decimals);
}

json_t *live_quantity_json(const struct live_symbol *symbol, int64_t steps) {
    return live_decimal_json(steps, symbol->quantity_decimals);
}

json_t *live_usd_json(double usd) {
    char text[48];
    snprintf(text, sizeof text, "%.8f", usd == 0.0 ? 0.0 : usd);
    return json_string(text);
}
