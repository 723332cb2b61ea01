/** Forms: Aster Finance Futures API documents, "Websocket Market Streams", "User Data Streams". */
#include "events.h"

#include "call.h"

static char *text_of(json_t *json) {
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

static json_t *row_price(const struct weir_liquidation *row) {
    return live_decimal_json(row->price, row->price_decimals);
}

static json_t *row_quantity(const struct weir_liquidation *row) {
    return live_decimal_json(row->quantity, row->quantity_decimals);
}

char *live_event_liquidation(const struct live_quotes *quotes, const struct weir_liquidation *row,
                             int64_t now_ns) {
    return text_of(
        json_pack("{s:s,s:o,s:{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:o}}", "e", "forceOrder",
                  "E", live_ms_json(now_ns), "o", "s", quotes->symbols[row->symbol].name, "S",
                  row->side == WEIR_SIDE_SELL ? "SELL" : "BUY", "o", "LIMIT", "f", "IOC", "q",
                  row_quantity(row), "p", row_price(row), "ap", row_price(row), "X", "FILLED", "l",
                  row_quantity(row), "z", row_quantity(row), "T", live_ms_json(row->time_ns)));
}

char *live_event_trade(const struct live_quotes *quotes, uint32_t row_number, int64_t now_ns) {
    const struct weir_liquidation *row = &quotes->trace->rows[row_number];
    const json_int_t id = (json_int_t)row_number + 1;
    return text_of(json_pack("{s:s,s:o,s:s,s:I,s:o,s:o,s:I,s:I,s:o,s:b}", "e", "aggTrade", "E",
                             live_ms_json(now_ns), "s", quotes->symbols[row->symbol].name, "a", id,
                             "p", row_price(row), "q", row_quantity(row), "f", id, "l", id, "T",
                             live_ms_json(row->time_ns), "m", row->side == WEIR_SIDE_SELL));
}

static json_t *mark_json(const struct live_quotes *quotes, uint32_t s, int64_t now_ns) {
    const struct live_symbol *symbol = &quotes->symbols[s];
    const int64_t ticks = live_price_ticks(quotes, s, now_ns);
    return json_pack("{s:s,s:o,s:s,s:o,s:o,s:o,s:s,s:i}", "e", "markPriceUpdate", "E",
                     live_ms_json(now_ns), "s", symbol->name, "p", live_price_json(symbol, ticks),
                     "i", live_price_json(symbol, ticks), "P", live_price_json(symbol, ticks), "r",
                     "0.00000000", "T", 0);
}

char *live_event_mark(const struct live_quotes *quotes, uint32_t symbol, int64_t now_ns) {
    return text_of(mark_json(quotes, symbol, now_ns));
}

char *live_event_marks(const struct live_quotes *quotes, int64_t now_ns) {
    json_t *marks = json_array();
    for (uint32_t s = 0; s < quotes->symbol_count; s++) {
        json_array_append_new(marks, mark_json(quotes, s, now_ns));
    }
    return text_of(marks);
}

char *live_event_book(const struct live_quotes *quotes, uint32_t s, int64_t now_ns) {
    const struct live_symbol *symbol = &quotes->symbols[s];
    const int64_t ticks = live_price_ticks(quotes, s, now_ns);
    return text_of(json_pack("{s:s,s:o,s:s,s:o,s:s,s:o,s:s,s:o,s:o}", "e", "bookTicker", "u",
                             live_ms_json(now_ns), "s", symbol->name, "b",
                             live_price_json(symbol, ticks), "B", "1", "a",
                             live_price_json(symbol, ticks + 1), "A", "1", "T",
                             live_ms_json(now_ns), "E", live_ms_json(now_ns)));
}

static const char *execution_name(const struct live_order *order, const struct live_fill *fill) {
    return fill ? "TRADE" : live_status_name((enum live_status)order->status);
}

char *live_event_order(const struct live_account *account, const struct live_order *order,
                       const struct live_fill *fill, int64_t now_ns) {
    const struct live_symbol *symbol = &account->quotes->symbols[order->symbol];
    const char *type = live_type_name((enum live_order_type)order->type);
    json_t *o = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:s,s:s,s:I,s:o,s:o,s:o,s:o,s:I,s:b,s:b,s:s,s:s,s:s,"
        "s:b,s:o}",
        "s", symbol->name, "c", order->client_id, "S", order->buy ? "BUY" : "SELL", "o", type, "f",
        live_tif_name((enum live_tif)order->tif), "q", live_quantity_json(symbol, order->quantity),
        "p", live_price_json(symbol, order->price_ticks), "ap",
        live_price_json(symbol, order->average_ticks), "sp",
        live_price_json(symbol, order->stop_ticks), "x", execution_name(order, fill), "X",
        live_status_name((enum live_status)order->status), "i", (json_int_t)order->id, "l",
        live_quantity_json(symbol, fill ? fill->quantity : 0), "z",
        live_quantity_json(symbol, order->executed), "L",
        live_price_json(symbol, fill ? fill->price_ticks : 0), "T", live_ms_json(order->update_ns),
        "t", (json_int_t)(fill ? fill->id : 0), "m", fill && fill->maker, "R", order->reduce_only,
        "wt", order->mark_price ? "MARK_PRICE" : "CONTRACT_PRICE", "ot", type, "ps",
        live_side_name((enum live_side)order->side), "cp", order->close_position, "rp",
        live_usd_json(fill ? fill->realized_usd : 0.0));
    json_object_set_new(o, "N", json_string("USDT"));
    json_object_set_new(o, "n", json_string("0"));
    return text_of(json_pack("{s:s,s:o,s:o,s:o}", "e", "ORDER_TRADE_UPDATE", "E",
                             live_ms_json(now_ns), "T", live_ms_json(now_ns), "o", o));
}

char *live_event_position(const struct live_account *account, uint32_t s, enum live_side side,
                          int64_t now_ns) {
    const struct live_symbol *symbol = &account->quotes->symbols[s];
    const struct live_position *p = live_account_position(account, s, side);
    return text_of(json_pack(
        "{s:s,s:o,s:o,s:{s:s,s:[{s:s,s:o,s:o,s:s}],s:[{s:s,s:o,s:o,s:s,s:o,s:s,s:s,s:s}]}}", "e",
        "ACCOUNT_UPDATE", "E", live_ms_json(now_ns), "T", live_ms_json(now_ns), "a", "m", "ORDER",
        "B", "a", "USDT", "wb", live_usd_json(account->wallet_usd), "cw",
        live_usd_json(account->wallet_usd), "bc", "0", "P", "s", symbol->name, "pa",
        live_quantity_json(symbol, p->quantity), "ep", live_usd_json(p->entry_price), "cr", "0",
        "up", live_usd_json(live_unrealized_usd(account, s, side, now_ns)), "mt",
        account->symbols[s].isolated ? "isolated" : "cross", "iw", "0", "ps",
        live_side_name(side)));
}

char *live_event_key_expired(const char *listen_key, int64_t now_ns) {
    return text_of(json_pack("{s:s,s:o,s:s}", "e", "listenKeyExpired", "E", live_ms_json(now_ns),
                             "listenKey", listen_key));
}
