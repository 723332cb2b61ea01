#include "order_text.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "run.h"

/* Room at the end of a query for timestamp and signature. */
#define SIGNATURE_ROOM 128

struct writer {
    char *text;
    size_t length;
};

/** Adds to a query; what does not fit is an error of this program: names and numbers are short. */
__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *form, ...) {
    const size_t room = LIVE_QUERY_MAX - SIGNATURE_ROOM - w->length;
    va_list values;
    va_start(values, form);
    const int length = vsnprintf(w->text + w->length, room, form, values);
    va_end(values);
    assert(length >= 0 && (size_t)length < room);
    w->length += (size_t)length;
}

struct live_tranche *live_tranche_of(const struct live_order_text *text, uint32_t opportunity) {
    const struct weir_opportunity *o = &text->books->hunt->opportunities[opportunity];
    return &text->tranches[2 * (size_t)o->symbol + (o->side == WEIR_SIDE_SELL ? 1 : 0)];
}

static const char *symbol_name(const struct live_order_text *text, uint32_t symbol) {
    return text->books->stage->trace->symbols[symbol];
}

/** A price or quantity in whole ticks or steps: to the nearest, or up. */
static void decimal_text(double value, uint8_t decimals, bool up,
                         char number[WEIR_DECIMAL_TEXT_SIZE]) {
    const double scaled = value * (double)weir_power_of_ten(decimals);
    int64_t whole = (int64_t)(scaled + 0.5);
    whole += up && (double)whole < scaled ? 1 : 0;
    weir_decimal_format((struct weir_decimal){whole < 1 ? 1 : whole, decimals}, number);
}

/** What an order of any kind begins with. */
struct order {
    const char *side, *position_side, *type;
    char quantity[WEIR_DECIMAL_TEXT_SIZE], price[WEIR_DECIMAL_TEXT_SIZE];
    char stop[WEIR_DECIMAL_TEXT_SIZE];
    char kind;
    uint32_t number; /**< of its name */
};

static struct order entry_of(const struct live_order_text *text, uint32_t opportunity) {
    const struct weir_entry_order entry = weir_books_entry(text->books, opportunity);
    const struct live_precision *p = &text->precisions[entry.symbol];
    const double price =
        entry.price > 0.0 ? entry.price : text->books->hunt->opportunities[opportunity].price;
    struct order order = {.side = entry.buy ? "BUY" : "SELL",
                          .position_side = entry.buy ? "LONG" : "SHORT",
                          .type = entry.market ? "MARKET" : "LIMIT",
                          .kind = 'w',
                          .number = opportunity};
    /* what the path fell to meanwhile must not make it smaller than the exchange takes */
    decimal_text(entry.notional_usd / price, p->quantity_decimals, true, order.quantity);
    if (!entry.market) {
        decimal_text(entry.price, p->price_decimals, false, order.price);
    }
    return order;
}

/** Take-profit (a LIMIT order over the whole tranche) or stop of an opportunity's tranche. */
static struct order protection_of(struct live_order_text *text, const struct weir_request_record *r,
                                  bool stop) {
    const struct weir_entry_order entry = weir_books_entry(text->books, r->opportunity);
    const struct live_precision *p = &text->precisions[entry.symbol];
    const struct weir_protection prices =
        weir_venue_protection(text->books->venue, entry.symbol, entry.buy);
    struct live_tranche *tranche = live_tranche_of(text, r->opportunity);
    struct order order = {.side = entry.buy ? "SELL" : "BUY",
                          .position_side = entry.buy ? "LONG" : "SHORT",
                          .type = stop ? "STOP_MARKET" : "LIMIT",
                          .kind = stop ? 's' : 't',
                          .number = r->id};
    if (stop) {
        decimal_text(prices.stop, p->price_decimals, false, order.stop);
        tranche->stop_id = r->id;
    } else {
        const int64_t quantity = tranche->quantity < 1 ? 1 : tranche->quantity;
        weir_decimal_format((struct weir_decimal){quantity, p->quantity_decimals}, order.quantity);
        decimal_text(prices.take_profit, p->price_decimals, false, order.price);
        tranche->profit_id = r->id;
    }
    return order;
}

/** An order as parameters ("a=b&") or as an object of a list, its quotes escaped for a query. */
static void put_order(struct live_order_text *text, struct writer *w, const struct order *order,
                      uint32_t symbol, bool listed) {
    const char *q = listed ? "%22" : "";
    const char *is = listed ? "%22%3A%22" : "=";
    const char *next = listed ? "%22%2C" : "&";
    put(w, "%ssymbol%s%s%s", q, is, symbol_name(text, symbol), next);
    put(w, "%sside%s%s%s", q, is, order->side, next);
    put(w, "%spositionSide%s%s%s", q, is, order->position_side, next);
    put(w, "%stype%s%s%s", q, is, order->type, next);
    if (order->quantity[0]) {
        put(w, "%squantity%s%s%s", q, is, order->quantity, next);
    } else {
        put(w, "%sclosePosition%strue%s", q, is, next);
    }
    if (order->price[0]) {
        put(w, "%sprice%s%s%s%stimeInForce%sGTC%s", q, is, order->price, next, q, is, next);
    }
    if (order->stop[0]) {
        put(w, "%sstopPrice%s%s%s", q, is, order->stop, next);
    }
    put(w, "%snewClientOrderId%s%c%08" PRIx32 "-%" PRIu32 "%s", q, is, order->kind, text->tag,
        order->number, listed ? "%22" : "");
}

/** An entry, or protection: its take-profit comes first if the call takes a list. */
static void put_orders(struct live_order_text *text, struct writer *w,
                       const struct weir_request_record *r, bool is_entry, bool listed) {
    const uint32_t symbol = text->books->hunt->opportunities[r->opportunity].symbol;
    struct order orders[2];
    size_t count = 0;
    if (is_entry) {
        orders[count++] = entry_of(text, r->opportunity);
    } else {
        if (listed && r->params.count > 1) {
            orders[count++] = protection_of(text, r, false);
        }
        orders[count++] = protection_of(text, r, true);
    }
    if (!listed) {
        put_order(text, w, &orders[0], symbol, false);
        return;
    }
    put(w, "batchOrders=%%5B");
    for (size_t i = 0; i < count; i++) {
        put(w, "%s%%7B", i ? "%2C" : "");
        put_order(text, w, &orders[i], symbol, true);
        put(w, "%%7D");
    }
    put(w, "%%5D");
}

/** The order that a request about one order means. */
static void put_name(struct live_order_text *text, struct writer *w,
                     const struct weir_request_record *r, enum weir_effect effect) {
    char kind = 'w';
    uint32_t number = r->opportunity;
    if (effect == WEIR_EFFECT_CANCEL_TAKE_PROFIT || effect == WEIR_EFFECT_CANCEL_STOP) {
        const struct live_tranche *tranche = live_tranche_of(text, r->opportunity);
        kind = effect == WEIR_EFFECT_CANCEL_STOP ? 's' : 't';
        number = kind == 's' ? tranche->stop_id : tranche->profit_id;
    }
    put(w, "%sorigClientOrderId=%c%08" PRIx32 "-%" PRIu32, w->length ? "&" : "", kind, text->tag,
        number);
}

/** Parameters that endpoints want which change nothing here. */
static const char *settings_of(const char *name) {
    static const struct {
        const char *name, *parameters;
    } known[] = {{"positionSide/dual", "dualSidePosition=true"},
                 {"multiAssetsMargin", "multiAssetsMargin=false"},
                 {"marginType", "marginType=CROSSED"},
                 {"klines", "interval=1m"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return known[i].parameters;
        }
    }
    return NULL;
}

/** Everything but orders: the symbol (of start-up requests each in turn), the limit, and what the
 *  endpoint wants. */
static void put_plain(struct live_order_text *text, struct writer *w,
                      const struct weir_request_record *r, enum weir_effect effect) {
    const char *path = weir_endpoint_path(r->endpoint);
    const char *name = strlen(path) > 9 ? path + 9 : ""; /* after "/fapi/v1/" */
    const enum weir_method method = weir_endpoint_method(r->endpoint);
    const size_t symbols = text->books->stage->trace->symbol_count;
    const uint32_t symbol =
        r->symbol >= 0 ? (uint32_t)r->symbol : (uint32_t)((r->attempt - 1) % symbols);
    if (r->params.has_symbol) {
        put(w, "symbol=%s", symbol_name(text, symbol));
    }
    if (r->params.limit != WEIR_LIMIT_OMITTED) {
        put(w, "%slimit=%" PRId32, w->length ? "&" : "", r->params.limit);
    }
    if (strcmp(name, "leverage") == 0) {
        const struct weir_symbol_settings *s = text->books->hunt->symbols[symbol];
        put(w, "%sleverage=%.0f", w->length ? "&" : "", s ? s->leverage : 10.0);
    }
    if (r->opportunity != WEIR_NO_OPPORTUNITY &&
        (strcmp(name, "order") == 0 || strcmp(name, "openOrder") == 0)) {
        put_name(text, w, r, effect);
    }
    const char *settings =
        method == WEIR_GET && strcmp(name, "klines") != 0 ? NULL : settings_of(name);
    if (settings) {
        put(w, "%s%s", w->length ? "&" : "", settings);
    }
}

void live_order_query(struct live_order_text *text, const struct weir_request_record *r,
                      int64_t timestamp_ns, char query[LIVE_QUERY_MAX]) {
    struct writer w = {.text = query};
    const enum weir_effect effect = weir_books_effect(text->books, r);
    query[0] = '\0';
    if (effect == WEIR_EFFECT_ENTRY || effect == WEIR_EFFECT_PROTECT) {
        put_orders(text, &w, r, effect == WEIR_EFFECT_ENTRY, r->params.count > 0);
    } else {
        put_plain(text, &w, r, effect);
    }
    if (weir_endpoint_is_signed(r->endpoint)) {
        live_sign(text->api_secret, timestamp_ns, query);
    }
}

void live_sign(const char *api_secret, int64_t timestamp_ns, char query[LIVE_QUERY_MAX]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    size_t length = strlen(query);
    length += (size_t)snprintf(query + length, LIVE_QUERY_MAX - length, "%stimestamp=%" PRId64,
                               length ? "&" : "", timestamp_ns / 1000000);
    if (api_secret) {
        HMAC(EVP_sha256(), api_secret, (int)strlen(api_secret), (const unsigned char *)query,
             length, digest, &size);
    }
    length += (size_t)snprintf(query + length, LIVE_QUERY_MAX - length, "&signature=%s",
                               size ? "" : "none");
    for (unsigned int i = 0; i < size; i++) {
        length += (size_t)snprintf(query + length, LIVE_QUERY_MAX - length, "%02x", digest[i]);
    }
}

enum live_order_kind live_order_name_read(const struct live_order_text *text, const char *name,
                                          uint32_t *number) {
    char prefix[16];
    snprintf(prefix, sizeof prefix, "%08" PRIx32 "-", text->tag);
    if (!name[0] || strncmp(name + 1, prefix, strlen(prefix)) != 0) {
        return LIVE_ORDER_UNKNOWN;
    }
    char *end = NULL;
    const unsigned long value = strtoul(name + 1 + strlen(prefix), &end, 10);
    if (*end != '\0' || value > UINT32_MAX) {
        return LIVE_ORDER_UNKNOWN;
    }
    *number = (uint32_t)value;
    return name[0] == 'w'   ? LIVE_ORDER_ENTRY
           : name[0] == 't' ? LIVE_ORDER_PROFIT
           : name[0] == 's' ? LIVE_ORDER_STOP
                            : LIVE_ORDER_UNKNOWN;
}
