/** Pieces of answers that several endpoints share. */
#include "call.h"

json_t *live_ms_json(int64_t time_ns) {
    return json_integer((json_int_t)(time_ns / 1000000));
}

json_t *live_answer_empty(struct live_call *call) {
    (void)call;
    return json_array();
}

json_t *live_answer_success(struct live_call *call) {
    (void)call;
    return json_pack("{s:i,s:s}", "code", 200, "msg", "success");
}

const char *live_type_name(enum live_order_type type) {
    static const char *const names[] = {"LIMIT",       "MARKET",      "STOP",
                                        "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"};
    return names[type];
}

const char *live_tif_name(enum live_tif tif) {
    static const char *const names[] = {"GTC", "IOC", "FOK", "GTX"};
    return names[tif];
}

const char *live_side_name(enum live_side side) {
    static const char *const names[] = {"BOTH", "LONG", "SHORT"};
    return names[side];
}

const char *live_status_name(enum live_status status) {
    static const char *const names[] = {"NEW", "FILLED", "CANCELED", "EXPIRED"};
    return names[status];
}

/** What has been paid or earned for what was executed. */
static json_t *quote_json(const struct live_symbol *symbol, const struct live_order *order) {
    return live_usd_json(live_price_of(symbol, order->average_ticks) *
                         live_quantity_of(symbol, order->executed));
}

json_t *live_order_json(const struct live_account *account, const struct live_order *order) {
    const struct live_symbol *symbol = &account->quotes->symbols[order->symbol];
    const enum live_order_type original = (enum live_order_type)order->type;
    const bool triggered_market =
        order->triggered && (original == LIVE_STOP_MARKET || original == LIVE_TAKE_PROFIT_MARKET);
    const enum live_order_type type = triggered_market   ? LIVE_MARKET
                                      : order->triggered ? LIVE_LIMIT
                                                         : original;
    return json_pack(
        "{s:I,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:b,s:b,s:s,s:s,s:o,s:s,s:b,s:s,s:o,s:o}",
        "orderId", (json_int_t)order->id, "symbol", symbol->name, "status",
        live_status_name((enum live_status)order->status), "clientOrderId", order->client_id,
        "price", live_price_json(symbol, order->price_ticks), "avgPrice",
        live_price_json(symbol, order->average_ticks), "origQty",
        live_quantity_json(symbol, order->quantity), "executedQty",
        live_quantity_json(symbol, order->executed), "cumQty",
        live_quantity_json(symbol, order->executed), "cumQuote", quote_json(symbol, order),
        "timeInForce", live_tif_name((enum live_tif)order->tif), "type", live_type_name(type),
        "reduceOnly", order->reduce_only, "closePosition", order->close_position, "side",
        order->buy ? "BUY" : "SELL", "positionSide", live_side_name((enum live_side)order->side),
        "stopPrice", live_price_json(symbol, order->stop_ticks), "workingType",
        order->mark_price ? "MARK_PRICE" : "CONTRACT_PRICE", "priceProtect", 0, "origType",
        live_type_name(original), "time", live_ms_json(order->time_ns), "updateTime",
        live_ms_json(order->update_ns));
}
