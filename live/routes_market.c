/** Endpoints that show the market. Trades are the trace's liquidations; the order book is made
 *  around the last price; mark, index and last price are the same path. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "decimal.h"

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define DAY_NS (1440 * MINUTE_NS)
#define MILLISECOND_NS INT64_C(1000000)

#define DEPTH_FIRST 500
#define KLINES_FIRST 500
#define TRADES_FIRST 500
#define TRADES_MAX 1000
#define LEVEL_USD 1000.0 /* what the first level of the order book holds */

#define CODE_INTERVAL (-1120)

static const struct live_symbol *symbol_of(const struct live_call *call, uint32_t symbol) {
    return &call->exchange->quotes->symbols[symbol];
}

static json_t *answer_ping(struct live_call *call) {
    (void)call;
    return json_object();
}

static json_t *answer_time(struct live_call *call) {
    return json_pack("{s:o}", "serverTime", live_ms_json(call->now_ns));
}

/** "0.001": one tick or step. */
static json_t *unit_json(uint8_t decimals) {
    return live_decimal_json(1, decimals);
}

static json_t *filters_json(const struct weir_exchange_rules *rules,
                            const struct live_symbol *symbol) {
    return json_pack(
        "[{s:s,s:o,s:s,s:o},{s:s,s:o,s:s,s:o},{s:s,s:o,s:s,s:o},{s:s,s:i},{s:s,s:i},{s:s,s:s},"
        "{s:s,s:s,s:s,s:i}]",
        "filterType", "PRICE_FILTER", "minPrice", unit_json(symbol->price_decimals), "maxPrice",
        "1000000000", "tickSize", unit_json(symbol->price_decimals), "filterType", "LOT_SIZE",
        "minQty", unit_json(symbol->quantity_decimals), "maxQty", "1000000000", "stepSize",
        unit_json(symbol->quantity_decimals), "filterType", "MARKET_LOT_SIZE", "minQty",
        unit_json(symbol->quantity_decimals), "maxQty", "1000000000", "stepSize",
        unit_json(symbol->quantity_decimals), "filterType", "MAX_NUM_ORDERS", "limit",
        (int)rules->max_open_orders, "filterType", "MAX_NUM_ALGO_ORDERS", "limit",
        (int)rules->max_stop_orders, "filterType", "MIN_NOTIONAL", "notional", "5", "filterType",
        "PERCENT_PRICE", "multiplierUp", "1000", "multiplierDown", "0.001", "multiplierDecimal", 4);
}

static json_t *symbol_json(const struct weir_exchange_rules *rules,
                           const struct live_symbol *symbol) {
    json_t *json = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:s,s:I,s:I,s:s,s:s,s:s}", "symbol",
        symbol->name, "pair", symbol->name, "contractType", "PERPETUAL", "status", "TRADING",
        "baseAsset", symbol->base, "quoteAsset", "USDT", "marginAsset", "USDT", "pricePrecision",
        (int)symbol->price_decimals, "quantityPrecision", (int)symbol->quantity_decimals,
        "baseAssetPrecision", 8, "quotePrecision", 8, "underlyingType", "COIN", "onboardDate",
        (json_int_t)0, "deliveryDate", (json_int_t)4133404800000, "maintMarginPercent", "2.5000",
        "requiredMarginPercent", "5.0000", "triggerProtect", "0.0500");
    json_object_set_new(json, "underlyingSubType", json_array());
    json_object_set_new(json, "filters", filters_json(rules, symbol));
    json_object_set_new(json, "orderTypes",
                        json_pack("[s,s,s,s,s,s]", "LIMIT", "MARKET", "STOP", "STOP_MARKET",
                                  "TAKE_PROFIT", "TAKE_PROFIT_MARKET"));
    json_object_set_new(json, "timeInForce", json_pack("[s,s,s,s]", "GTC", "IOC", "FOK", "GTX"));
    return json;
}

static json_t *limits_json(const struct weir_exchange *exchange) {
    struct weir_limit limits[WEIR_LIMITS_MAX];
    const size_t count = weir_exchange_limits(exchange, limits);
    json_t *json = json_array();
    for (size_t i = 0; i < count; i++) {
        const bool minute = limits[i].interval_ns % MINUTE_NS == 0;
        json_array_append_new(
            json, json_pack("{s:s,s:s,s:I,s:I}", "rateLimitType",
                            limits[i].type == WEIR_LIMIT_WEIGHT ? "REQUEST_WEIGHT" : "ORDERS",
                            "interval", minute ? "MINUTE" : "SECOND", "intervalNum",
                            (json_int_t)(limits[i].interval_ns / (minute ? MINUTE_NS : SECOND_NS)),
                            "limit", (json_int_t)limits[i].limit));
    }
    return json;
}

/** The list of symbols as text: some hundred kilobytes that never change, made once. */
static const char *symbols_text(struct live_exchange *exchange) {
    if (!exchange->symbols_text) {
        json_t *symbols = json_array();
        for (size_t s = 0; s < exchange->quotes->symbol_count; s++) {
            json_array_append_new(symbols, symbol_json(&exchange->scenario->exchange.rules,
                                                       &exchange->quotes->symbols[s]));
        }
        exchange->symbols_text = json_dumps(symbols, JSON_COMPACT);
        json_decref(symbols);
    }
    return exchange->symbols_text;
}

static json_t *answer_exchange_info(struct live_call *call) {
    json_t *head =
        json_pack("{s:s,s:o,s:s,s:o,s:[],s:[{s:s,s:b,s:s}]}", "timezone", "UTC", "serverTime",
                  live_ms_json(call->now_ns), "futuresType", "U_MARGINED", "rateLimits",
                  limits_json(call->exchange->limits), "exchangeFilters", "assets", "asset", "USDT",
                  "marginAvailable", 1, "autoAssetExchange", "0");
    char *head_text = head ? json_dumps(head, JSON_COMPACT) : NULL;
    const char *symbols = symbols_text(call->exchange);
    json_decref(head);
    if (head_text && symbols) {
        const size_t size = strlen(head_text) + strlen(symbols) + 16;
        call->text = malloc(size);
        if (call->text) {
            head_text[strlen(head_text) - 1] = '\0'; /* the closing brace */
            snprintf(call->text, size, "%s,\"symbols\":%s}", head_text, symbols);
        }
    }
    free(head_text);
    return NULL;
}

/** One side of the order book: a level a tick, ever deeper. */
static json_t *levels_json(const struct live_symbol *symbol, int64_t ticks, int direction,
                           int64_t count) {
    json_t *levels = json_array();
    const double step_usd = live_price_of(symbol, ticks) * live_quantity_of(symbol, 1);
    for (int64_t i = 0; i < count && ticks > 0; i++, ticks += direction) {
        const int64_t steps = (int64_t)(LEVEL_USD * (double)(i + 1) / step_usd) + 1;
        json_array_append_new(levels, json_pack("[o,o]", live_price_json(symbol, ticks),
                                                live_quantity_json(symbol, steps)));
    }
    return levels;
}

static json_t *answer_depth(struct live_call *call) {
    const uint32_t s = (uint32_t)call->symbol;
    const int64_t count = call->limit > 0 ? call->limit : DEPTH_FIRST;
    const int64_t ticks = live_price_ticks(call->exchange->quotes, s, call->now_ns);
    return json_pack("{s:o,s:o,s:o,s:o,s:o}", "lastUpdateId", live_ms_json(call->now_ns), "E",
                     live_ms_json(call->now_ns), "T", live_ms_json(call->now_ns), "bids",
                     levels_json(symbol_of(call, s), ticks, -1, count), "asks",
                     levels_json(symbol_of(call, s), ticks + 1, 1, count));
}

static json_t *row_decimal(int64_t mantissa, uint8_t decimals) {
    return live_decimal_json(mantissa, decimals);
}

static json_t *trade_json(const struct weir_liquidation *row, uint32_t id) {
    char quote[48];
    snprintf(quote, sizeof quote, "%.8f", weir_liquidation_notional_usd(row));
    return json_pack("{s:I,s:o,s:o,s:s,s:o,s:b}", "id", (json_int_t)id, "price",
                     row_decimal(row->price, row->price_decimals), "qty",
                     row_decimal(row->quantity, row->quantity_decimals), "quoteQty", quote, "time",
                     live_ms_json(row->time_ns), "isBuyerMaker", row->side == WEIR_SIDE_SELL);
}

static json_t *aggregate_json(const struct weir_liquidation *row, uint32_t id) {
    return json_pack("{s:I,s:o,s:o,s:I,s:I,s:o,s:b}", "a", (json_int_t)id, "p",
                     row_decimal(row->price, row->price_decimals), "q",
                     row_decimal(row->quantity, row->quantity_decimals), "f", (json_int_t)id, "l",
                     (json_int_t)id, "T", live_ms_json(row->time_ns), "m",
                     row->side == WEIR_SIDE_SELL);
}

/** The newest trades of a symbol, oldest first. */
static json_t *trades(struct live_call *call,
                      json_t *(*make)(const struct weir_liquidation *row, uint32_t id)) {
    const struct live_quotes *quotes = call->exchange->quotes;
    const uint32_t s = (uint32_t)call->symbol;
    const uint32_t end = live_rows_until(quotes, s, call->now_ns);
    uint32_t most = TRADES_FIRST;
    if (call->limit > 0) {
        most = call->limit < TRADES_MAX ? (uint32_t)call->limit : TRADES_MAX;
    }
    json_t *json = json_array();
    for (uint32_t i = end > most ? end - most : 0; i < end; i++) {
        json_array_append_new(json, make(live_row(quotes, s, i), i + 1));
    }
    return json;
}

static json_t *answer_trades(struct live_call *call) {
    return trades(call, trade_json);
}

static json_t *answer_aggregates(struct live_call *call) {
    return trades(call, aggregate_json);
}

/** What happened to a symbol in [opens, closes): prices of the path, trades of the trace. */
struct span {
    int64_t open, close, high, low; /**< ticks */
    double quantity, quote_usd, bought, bought_usd;
    uint32_t first, count; /**< its trades */
};

static struct span span_of(const struct live_quotes *quotes, uint32_t s, int64_t opens_ns,
                           int64_t closes_ns) {
    struct span span = {.open = live_price_ticks(quotes, s, opens_ns),
                        .close = live_price_ticks(quotes, s, closes_ns - 1)};
    const struct live_symbol *symbol = &quotes->symbols[s];
    const double scale = (double)weir_power_of_ten(symbol->price_decimals);
    span.high = span.open > span.close ? span.open : span.close;
    span.low = span.open < span.close ? span.open : span.close;
    span.first = live_rows_until(quotes, s, opens_ns - 1);
    const uint32_t end = live_rows_until(quotes, s, closes_ns - 1);
    for (uint32_t i = span.first; i < end; i++) {
        const struct weir_liquidation *row = live_row(quotes, s, i);
        const int64_t ticks = (int64_t)(weir_liquidation_price(row) * scale + 0.5);
        const double quantity = weir_decimal_to_double(row->quantity, row->quantity_decimals);
        const double usd = weir_liquidation_notional_usd(row);
        span.high = ticks > span.high ? ticks : span.high;
        span.low = ticks < span.low ? ticks : span.low;
        span.quantity += quantity;
        span.quote_usd += usd;
        span.bought += row->side == WEIR_SIDE_BUY ? quantity : 0.0;
        span.bought_usd += row->side == WEIR_SIDE_BUY ? usd : 0.0;
    }
    span.count = end - span.first;
    return span;
}

static const struct {
    const char *name;
    int64_t minutes;
} INTERVALS[] = {{"1m", 1},    {"3m", 3},    {"5m", 5},    {"15m", 15},   {"30m", 30},
                 {"1h", 60},   {"2h", 120},  {"4h", 240},  {"6h", 360},   {"8h", 480},
                 {"12h", 720}, {"1d", 1440}, {"3d", 4320}, {"1w", 10080}, {"1M", 43200}};

/** Length of the interval that the call names, or 0. */
static int64_t interval_ns(const struct live_call *call) {
    const char *name = live_text(call, "interval");
    for (size_t i = 0; name && i < sizeof INTERVALS / sizeof INTERVALS[0]; i++) {
        if (strcmp(INTERVALS[i].name, name) == 0) {
            return INTERVALS[i].minutes * MINUTE_NS;
        }
    }
    return 0;
}

static int32_t check_klines(struct live_call *call) {
    const int32_t code = live_need_symbol(call);
    if (code != 0) {
        return code;
    }
    if (!live_text(call, "interval")) {
        return live_missing(call, "interval");
    }
    return interval_ns(call) == 0 ? CODE_INTERVAL : 0;
}

static json_t *kline_json(const struct live_symbol *symbol, const struct span *span,
                          int64_t opens_ns, int64_t closes_ns) {
    return json_pack("[o,o,o,o,o,o,o,o,I,o,o,s]", live_ms_json(opens_ns),
                     live_price_json(symbol, span->open), live_price_json(symbol, span->high),
                     live_price_json(symbol, span->low), live_price_json(symbol, span->close),
                     live_usd_json(span->quantity), live_ms_json(closes_ns - 1),
                     live_usd_json(span->quote_usd), (json_int_t)span->count,
                     live_usd_json(span->bought), live_usd_json(span->bought_usd), "0");
}

/** A time given in milliseconds, or `absent_ns`. */
static int64_t time_parameter(const struct live_call *call, const char *name, int64_t absent_ns) {
    const char *text = live_text(call, name);
    int64_t ms = 0;
    return text && live_read_integer(text, &ms) && ms >= 0 && ms < INT64_MAX / MILLISECOND_NS
               ? ms * MILLISECOND_NS
               : absent_ns;
}

static json_t *answer_klines(struct live_call *call) {
    const struct live_quotes *quotes = call->exchange->quotes;
    const uint32_t s = (uint32_t)call->symbol;
    const int64_t length_ns = interval_ns(call);
    const int64_t count = call->limit > 0 ? call->limit : KLINES_FIRST;
    int64_t last_ns = time_parameter(call, "endTime", call->now_ns);
    last_ns = last_ns > call->now_ns ? call->now_ns : last_ns;
    assert(length_ns > 0); /* check_klines saw to it */
    last_ns -= last_ns % length_ns;
    int64_t first_ns = last_ns - (count - 1) * length_ns;
    const int64_t from_ns = time_parameter(call, "startTime", INT64_MIN);
    if (from_ns > call->now_ns) { /* nothing is known of the future */
        return json_array();
    }
    if (from_ns != INT64_MIN) {
        first_ns = from_ns + (length_ns - from_ns % length_ns) % length_ns;
    }
    json_t *json = json_array();
    for (int64_t i = 0; i < count && first_ns + i * length_ns <= last_ns; i++) {
        const int64_t opens_ns = first_ns + i * length_ns;
        const int64_t closes_ns = opens_ns + length_ns;
        const int64_t known_ns = closes_ns > call->now_ns ? call->now_ns + 1 : closes_ns;
        const struct span span = span_of(quotes, s, opens_ns, known_ns);
        json_array_append_new(json, kline_json(&quotes->symbols[s], &span, opens_ns, closes_ns));
    }
    return json;
}

/** Answers for one symbol, or a list for all of them. */
static json_t *one_or_all(struct live_call *call,
                          json_t *(*make)(const struct live_call *call, uint32_t symbol)) {
    if (call->symbol >= 0) {
        return make(call, (uint32_t)call->symbol);
    }
    json_t *json = json_array();
    for (uint32_t s = 0; s < call->exchange->quotes->symbol_count; s++) {
        json_array_append_new(json, make(call, s));
    }
    return json;
}

static json_t *price_json(const struct live_call *call, uint32_t s) {
    const int64_t ticks = live_price_ticks(call->exchange->quotes, s, call->now_ns);
    return json_pack("{s:s,s:o,s:o}", "symbol", symbol_of(call, s)->name, "price",
                     live_price_json(symbol_of(call, s), ticks), "time",
                     live_ms_json(call->now_ns));
}

static json_t *book_json(const struct live_call *call, uint32_t s) {
    const struct live_symbol *symbol = symbol_of(call, s);
    const int64_t ticks = live_price_ticks(call->exchange->quotes, s, call->now_ns);
    const double step_usd = live_price_of(symbol, ticks) * live_quantity_of(symbol, 1);
    const int64_t steps = (int64_t)(LEVEL_USD / step_usd) + 1;
    return json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "symbol", symbol->name, "bidPrice",
                     live_price_json(symbol, ticks), "bidQty", live_quantity_json(symbol, steps),
                     "askPrice", live_price_json(symbol, ticks + 1), "askQty",
                     live_quantity_json(symbol, steps), "time", live_ms_json(call->now_ns));
}

static json_t *percent_json(int64_t from, int64_t to) {
    char text[32];
    snprintf(text, sizeof text, "%.3f", 100.0 * (double)(to - from) / (double)from);
    return json_string(text);
}

static json_t *day_json(const struct live_call *call, uint32_t s) {
    const struct live_symbol *symbol = symbol_of(call, s);
    const struct span span =
        span_of(call->exchange->quotes, s, call->now_ns - DAY_NS, call->now_ns + 1);
    const double average =
        span.quantity > 0.0 ? span.quote_usd / span.quantity : live_price_of(symbol, span.close);
    return json_pack(
        "{s:s,s:o,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:I}", "symbol", symbol->name,
        "priceChange", live_price_json(symbol, span.close - span.open), "priceChangePercent",
        percent_json(span.open, span.close), "weightedAvgPrice", live_usd_json(average),
        "lastPrice", live_price_json(symbol, span.close), "lastQty", "0", "openPrice",
        live_price_json(symbol, span.open), "highPrice", live_price_json(symbol, span.high),
        "lowPrice", live_price_json(symbol, span.low), "volume", live_usd_json(span.quantity),
        "quoteVolume", live_usd_json(span.quote_usd), "openTime",
        live_ms_json(call->now_ns - DAY_NS), "closeTime", live_ms_json(call->now_ns), "firstId",
        (json_int_t)span.first + 1, "lastId", (json_int_t)span.first + (json_int_t)span.count,
        "count", (json_int_t)span.count);
}

static json_t *premium_json(const struct live_call *call, uint32_t s) {
    const struct live_symbol *symbol = symbol_of(call, s);
    const int64_t ticks = live_price_ticks(call->exchange->quotes, s, call->now_ns);
    const int64_t next_ns = call->now_ns - call->now_ns % (480 * MINUTE_NS) + 480 * MINUTE_NS;
    return json_pack("{s:s,s:o,s:o,s:o,s:s,s:s,s:o,s:o}", "symbol", symbol->name, "markPrice",
                     live_price_json(symbol, ticks), "indexPrice", live_price_json(symbol, ticks),
                     "estimatedSettlePrice", live_price_json(symbol, ticks), "lastFundingRate",
                     "0.00000000", "interestRate", "0.00000000", "nextFundingTime",
                     live_ms_json(next_ns), "time", live_ms_json(call->now_ns));
}

static json_t *answer_price(struct live_call *call) {
    return one_or_all(call, price_json);
}

static json_t *answer_book(struct live_call *call) {
    return one_or_all(call, book_json);
}

static json_t *answer_day(struct live_call *call) {
    return one_or_all(call, day_json);
}

static json_t *answer_premium(struct live_call *call) {
    return one_or_all(call, premium_json);
}

const struct live_route live_market_routes[] = {
    {"ping", WEIR_GET, LIVE_OPEN, NULL, answer_ping},
    {"time", WEIR_GET, LIVE_OPEN, NULL, answer_time},
    {"exchangeInfo", WEIR_GET, LIVE_OPEN, NULL, answer_exchange_info},
    {"depth", WEIR_GET, LIVE_OPEN, live_need_symbol, answer_depth},
    {"trades", WEIR_GET, LIVE_OPEN, live_need_symbol, answer_trades},
    {"historicalTrades", WEIR_GET, LIVE_KEY_OR_NONE, live_need_symbol, answer_trades},
    {"aggTrades", WEIR_GET, LIVE_OPEN, live_need_symbol, answer_aggregates},
    {"klines", WEIR_GET, LIVE_OPEN, check_klines, answer_klines},
    {"markPriceKlines", WEIR_GET, LIVE_OPEN, check_klines, answer_klines},
    {"premiumIndex", WEIR_GET, LIVE_OPEN, live_know_symbol, answer_premium},
    {"ticker/24hr", WEIR_GET, LIVE_OPEN, live_know_symbol, answer_day},
    {"ticker/price", WEIR_GET, LIVE_OPEN, live_know_symbol, answer_price},
    {"ticker/bookTicker", WEIR_GET, LIVE_OPEN, live_know_symbol, answer_book},
    {"fundingRate", WEIR_GET, LIVE_OPEN, live_know_symbol, live_answer_empty},
    {"fundingInfo", WEIR_GET, LIVE_OPEN, live_know_symbol, live_answer_empty},
};
const size_t live_market_route_count = sizeof live_market_routes / sizeof live_market_routes[0];
