/** Endpoints that place, change, cancel and show orders. */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "decimal.h"
#include "exchange_answer.h"

#define CODE_PRECISION (-1111)
#define CODE_TIF_NOT_REQUIRED (-1114)
#define CODE_TIF (-1115)
#define CODE_TYPE (-1116)
#define CODE_SIDE (-1117)
#define CODE_CANCEL_REJECTED (-2011)
#define CODE_NO_ORDER (-2013)
#define CODE_QUANTITY_NOT_POSITIVE (-4003)
#define CODE_PRICE_NOT_POSITIVE (-4001)
#define CODE_STOP_NOT_POSITIVE (-4006)
#define CODE_CLIENT_ID (-4015)
#define CODE_POSITION_SIDE (-4061)
#define CODE_REDUCE_ONLY (-4062)
#define CODE_CLOSE_QUANTITY (-4137)
#define CODE_SMALL (-4164)

#define NOTIONAL_MIN_USD 5.0
#define LISTED_MAX 1000

/** Where a placement's fields come from: the call's parameters, or an element of its list. */
struct fields {
    struct live_call *call;
    json_t *element; /**< NULL: the parameters */
    char number[32]; /**< text of an element's number */
};

static const char *field(struct fields *fields, const char *name) {
    if (!fields->element) {
        return live_text(fields->call, name);
    }
    const json_t *value = json_object_get(fields->element, name);
    if (json_is_string(value)) {
        return json_string_value(value)[0] ? json_string_value(value) : NULL;
    }
    if (json_is_true(value) || json_is_false(value)) {
        return json_is_true(value) ? "true" : "false";
    }
    if (!json_is_number(value)) {
        return NULL;
    }
    if (json_is_integer(value)) {
        snprintf(fields->number, sizeof fields->number, "%lld",
                 (long long)json_integer_value(value));
    } else {
        snprintf(fields->number, sizeof fields->number, "%.15g", json_real_value(value));
    }
    return fields->number;
}

/** Position of a field's text among names; -1: none of them. An absent field is `absent`. */
static int choice(struct fields *fields, const char *name, const char *const *names, int absent) {
    const char *text = field(fields, name);
    if (!text) {
        return absent;
    }
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

/** Reads a price or quantity as whole ticks or steps. 0 if the field is absent. */
static int32_t read_decimal(struct fields *fields, const char *name, uint8_t places,
                            int64_t *scaled) {
    const char *text = field(fields, name);
    struct weir_decimal decimal;
    *scaled = 0;
    if (!text) {
        return 0;
    }
    if (weir_decimal_parse(text, strlen(text), &decimal)) {
        return live_invalid(fields->call, name);
    }
    return weir_decimal_scale(weir_decimal_strip(decimal), places, scaled) ? CODE_PRECISION : 0;
}

static int32_t read_amounts(struct fields *fields, const struct live_symbol *symbol,
                            struct live_order *order) {
    int32_t code = read_decimal(fields, "quantity", symbol->quantity_decimals, &order->quantity);
    code = code ? code : read_decimal(fields, "price", symbol->price_decimals, &order->price_ticks);
    code =
        code ? code : read_decimal(fields, "stopPrice", symbol->price_decimals, &order->stop_ticks);
    if (code != 0) {
        return code;
    }
    if (order->close_position) {
        return field(fields, "quantity") ? CODE_CLOSE_QUANTITY : 0;
    }
    if (!field(fields, "quantity")) {
        return live_missing(fields->call, "quantity");
    }
    return order->quantity <= 0 ? CODE_QUANTITY_NOT_POSITIVE : 0;
}

/** What each type of order must and must not carry. */
static int32_t check_kind(struct fields *fields, struct live_order *order) {
    const bool limited =
        order->type == LIVE_LIMIT || order->type == LIVE_STOP || order->type == LIVE_TAKE_PROFIT;
    if (limited && !field(fields, "price")) {
        return live_missing(fields->call, "price");
    }
    if (limited && order->price_ticks <= 0) {
        return CODE_PRICE_NOT_POSITIVE;
    }
    if (order->type == LIVE_LIMIT && !field(fields, "timeInForce")) {
        return live_missing(fields->call, "timeInForce");
    }
    if (order->type == LIVE_MARKET && field(fields, "timeInForce")) {
        return CODE_TIF_NOT_REQUIRED;
    }
    if (order->type >= LIVE_STOP && !field(fields, "stopPrice")) {
        return live_missing(fields->call, "stopPrice");
    }
    if (order->type >= LIVE_STOP && order->stop_ticks <= 0) {
        return CODE_STOP_NOT_POSITIVE;
    }
    if (!limited) {
        order->price_ticks = 0;
    }
    if (order->type < LIVE_STOP) {
        order->stop_ticks = 0;
    }
    return 0;
}

static int32_t read_choices(struct fields *fields, struct live_order *order) {
    static const char *const sides[] = {"SELL", "BUY", NULL};
    static const char *const types[] = {
        "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", NULL};
    static const char *const tifs[] = {"GTC", "IOC", "FOK", "GTX", NULL};
    static const char *const position_sides[] = {"BOTH", "LONG", "SHORT", NULL};
    static const char *const flags[] = {"false", "true", NULL};
    static const char *const workings[] = {"CONTRACT_PRICE", "MARK_PRICE", NULL};
    const char *const mandatory = !field(fields, "side")   ? "side"
                                  : !field(fields, "type") ? "type"
                                                           : NULL;
    if (mandatory) {
        return live_missing(fields->call, mandatory);
    }
    const int side = choice(fields, "side", sides, -1);
    const int type = choice(fields, "type", types, -1);
    const int tif = choice(fields, "timeInForce", tifs, LIVE_GTC);
    const int position_side = choice(fields, "positionSide", position_sides, LIVE_BOTH);
    const int reduce_only = choice(fields, "reduceOnly", flags, 0);
    const int close_position = choice(fields, "closePosition", flags, 0);
    const int working = choice(fields, "workingType", workings, 0);
    if (side < 0) {
        return CODE_SIDE;
    }
    if (type < 0) {
        return CODE_TYPE;
    }
    if (tif < 0) {
        return CODE_TIF;
    }
    if (position_side < 0 || reduce_only < 0 || close_position < 0 || working < 0) {
        return live_invalid(fields->call, position_side < 0    ? "positionSide"
                                          : reduce_only < 0    ? "reduceOnly"
                                          : close_position < 0 ? "closePosition"
                                                               : "workingType");
    }
    order->buy = side == 1;
    order->type = (uint8_t)type;
    order->tif = (uint8_t)tif;
    order->side = (uint8_t)position_side;
    order->reduce_only = reduce_only == 1;
    order->close_position = close_position == 1;
    order->mark_price = working == 1;
    return 0;
}

static int32_t check_mode(const struct live_account *account, const struct live_order *order) {
    if ((order->side == LIVE_BOTH) == account->dual) {
        return CODE_POSITION_SIDE;
    }
    if (account->dual && order->reduce_only) {
        return CODE_REDUCE_ONLY;
    }
    return order->close_position && order->type != LIVE_STOP_MARKET &&
                   order->type != LIVE_TAKE_PROFIT_MARKET
               ? CODE_TYPE
               : 0;
}

static int32_t read_client_id(struct fields *fields, struct live_order *order) {
    const char *id = field(fields, "newClientOrderId");
    if (!id) {
        return 0;
    }
    if (strlen(id) > LIVE_CLIENT_ID_MAX) {
        return CODE_CLIENT_ID;
    }
    for (const char *c = id; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f) {
            return CODE_CLIENT_ID;
        }
    }
    snprintf(order->client_id, sizeof order->client_id, "%s", id);
    return 0;
}

/** An order whose worth is below the smallest allowed, unless it only closes. */
static bool is_small(const struct live_call *call, const struct live_order *order) {
    const struct live_quotes *quotes = call->exchange->quotes;
    const struct live_symbol *symbol = &quotes->symbols[order->symbol];
    const int64_t ticks = order->price_ticks > 0
                              ? order->price_ticks
                              : live_price_ticks(quotes, order->symbol, call->now_ns);
    const bool closes = order->reduce_only || order->close_position ||
                        (order->side == LIVE_LONG && !order->buy) ||
                        (order->side == LIVE_SHORT && order->buy);
    return !closes && live_price_of(symbol, ticks) * live_quantity_of(symbol, order->quantity) <
                          NOTIONAL_MIN_USD;
}

/** Reads and checks one placement. */
static int32_t read_order(struct fields *fields, int32_t symbol, struct live_order *order) {
    struct live_call *call = fields->call;
    const struct live_quotes *quotes = call->exchange->quotes;
    *order = (struct live_order){.symbol = (uint32_t)symbol};
    int32_t code = read_choices(fields, order);
    code = code ? code : read_amounts(fields, &quotes->symbols[symbol], order);
    code = code ? code : check_kind(fields, order);
    code = code ? code : check_mode(call->account, order);
    code = code ? code : read_client_id(fields, order);
    if (code == 0 && is_small(call, order)) {
        code = CODE_SMALL;
    }
    return code ? code : live_account_check(call->account, order, call->now_ns);
}

static int32_t check_place(struct live_call *call) {
    struct fields fields = {.call = call};
    const int32_t code = live_need_symbol(call);
    return code ? code : read_order(&fields, call->symbol, &call->order);
}

static json_t *answer_place(struct live_call *call) {
    return live_order_json(call->account,
                           live_account_place(call->account, &call->order, call->now_ns));
}

static int32_t check_batch(struct live_call *call) {
    if (!live_text(call, "batchOrders")) {
        return live_missing(call, "batchOrders");
    }
    return call->list ? 0 : live_invalid(call, "batchOrders");
}

static json_t *error_json(const struct live_call *call, int32_t code) {
    const char *message = exchange_message(code);
    return json_pack("{s:i,s:s}", "code", (int)code, "msg",
                     call->detail[0] ? call->detail
                     : message       ? message
                                     : "The request was refused.");
}

/** Each order of a batch is placed or refused on its own, in the order of the list. */
static json_t *answer_batch(struct live_call *call) {
    json_t *answers = json_array();
    size_t index = 0;
    json_t *element = NULL;
    json_array_foreach(call->list, index, element) {
        struct fields fields = {.call = call, .element = element};
        const char *name = field(&fields, "symbol");
        const int32_t symbol = name ? live_symbol_find(call->exchange->quotes, name) : -1;
        struct live_order order;
        call->detail[0] = '\0';
        int32_t code = !name ? live_missing(call, "symbol") : symbol < 0 ? -1121 : 0;
        code = code ? code : read_order(&fields, symbol, &order);
        json_array_append_new(
            answers, code ? error_json(call, code)
                          : live_order_json(call->account, live_account_place(call->account, &order,
                                                                              call->now_ns)));
    }
    return answers;
}

/** The order that orderId or origClientOrderId names. */
static int32_t find_order(struct live_call *call, bool open, int32_t code_if_none) {
    const char *id_text = live_text(call, "orderId");
    const char *client_id = live_text(call, "origClientOrderId");
    int64_t id = 0;
    int32_t code = live_need_symbol(call);
    if (code != 0) {
        return code;
    }
    if (!id_text && !client_id) {
        return live_missing(call, "orderId");
    }
    if (id_text && (!live_read_integer(id_text, &id) || id < 1)) {
        return live_invalid(call, "orderId");
    }
    call->found =
        live_account_order(call->account, (uint32_t)call->symbol, (uint64_t)id, client_id);
    return !call->found || (open && call->found->status != LIVE_NEW) ? code_if_none : 0;
}

static int32_t check_query(struct live_call *call) {
    return find_order(call, false, CODE_NO_ORDER);
}

static int32_t check_query_open(struct live_call *call) {
    return find_order(call, true, CODE_NO_ORDER);
}

static int32_t check_cancel(struct live_call *call) {
    return find_order(call, true, CODE_CANCEL_REJECTED);
}

static json_t *answer_query(struct live_call *call) {
    return live_order_json(call->account, call->found);
}

static json_t *answer_cancel(struct live_call *call) {
    live_account_cancel(call->account, call->found, call->now_ns);
    return live_order_json(call->account, call->found);
}

/** PUT: another price and quantity for a LIMIT order. */
static int32_t check_modify(struct live_call *call) {
    struct fields fields = {.call = call};
    static const char *const sides[] = {"SELL", "BUY", NULL};
    int32_t code = find_order(call, true, CODE_NO_ORDER);
    if (code != 0) {
        return code;
    }
    const int side = choice(&fields, "side", sides, -1);
    if (side < 0) {
        return field(&fields, "side") ? CODE_SIDE : live_missing(call, "side");
    }
    if (call->found->type != LIVE_LIMIT) {
        return CODE_TYPE;
    }
    call->order = *call->found;
    call->order.buy = side == 1;
    code = read_amounts(&fields, &call->exchange->quotes->symbols[call->symbol], &call->order);
    if (code != 0) {
        return code;
    }
    if (!field(&fields, "price")) {
        return live_missing(call, "price");
    }
    if (call->order.price_ticks <= 0) {
        return CODE_PRICE_NOT_POSITIVE;
    }
    return is_small(call, &call->order) ? CODE_SMALL : 0;
}

static json_t *answer_modify(struct live_call *call) {
    live_account_modify(call->account, call->found, call->order.buy, call->order.price_ticks,
                        call->order.quantity, call->now_ns);
    return live_order_json(call->account, call->found);
}

static int32_t check_cancel_batch(struct live_call *call) {
    const int32_t code = live_need_symbol(call);
    if (code != 0) {
        return code;
    }
    if (!live_text(call, "orderIdList") && !live_text(call, "origClientOrderIdList")) {
        return live_missing(call, "orderIdList");
    }
    return call->list ? 0 : live_invalid(call, "orderIdList");
}

static json_t *cancel_listed(struct live_call *call, const json_t *element) {
    const int64_t id = json_is_integer(element) ? json_integer_value(element) : 0;
    struct live_order *order =
        live_account_order(call->account, (uint32_t)call->symbol, id > 0 ? (uint64_t)id : 0,
                           json_string_value(element));
    if (!order || order->status != LIVE_NEW) {
        return error_json(call, CODE_CANCEL_REJECTED);
    }
    live_account_cancel(call->account, order, call->now_ns);
    return live_order_json(call->account, order);
}

static json_t *answer_cancel_batch(struct live_call *call) {
    json_t *answers = json_array();
    size_t index = 0;
    json_t *element = NULL;
    json_array_foreach(call->list, index, element) {
        json_array_append_new(answers, cancel_listed(call, element));
    }
    return answers;
}

static json_t *answer_cancel_all(struct live_call *call) {
    for (size_t i = 0; i < call->account->order_count; i++) {
        struct live_order *order = &call->account->orders[i];
        if (order->status == LIVE_NEW && order->symbol == (uint32_t)call->symbol) {
            live_account_cancel(call->account, order, call->now_ns);
        }
    }
    return json_pack("{s:i,s:s}", "code", 200, "msg",
                     "The operation of cancel all open order is done.");
}

static json_t *answer_open_orders(struct live_call *call) {
    json_t *answers = json_array();
    for (size_t i = 0; i < call->account->order_count; i++) {
        const struct live_order *order = &call->account->orders[i];
        if (order->status == LIVE_NEW &&
            (call->symbol < 0 || order->symbol == (uint32_t)call->symbol)) {
            json_array_append_new(answers, live_order_json(call->account, order));
        }
    }
    return answers;
}

/** The newest orders of a symbol, or those from an id on; oldest first. */
static json_t *answer_all_orders(struct live_call *call) {
    json_t *answers = json_array();
    const char *from = live_text(call, "orderId");
    int64_t from_id = 0;
    const size_t most =
        call->limit > 0 && call->limit < LISTED_MAX ? (size_t)call->limit : LISTED_MAX / 2;
    if (from) {
        live_read_integer(from, &from_id);
    }
    for (size_t i = call->account->order_count; i > 0 && json_array_size(answers) < most; i--) {
        const struct live_order *order = &call->account->orders[i - 1];
        if (order->symbol == (uint32_t)call->symbol && (int64_t)order->id >= from_id) {
            json_array_insert_new(answers, 0, live_order_json(call->account, order));
        }
    }
    return answers;
}

const struct live_route live_trade_routes[] = {
    {"order", WEIR_POST, LIVE_SIGNED, check_place, answer_place},
    {"order", WEIR_GET, LIVE_SIGNED, check_query, answer_query},
    {"order", WEIR_PUT, LIVE_SIGNED, check_modify, answer_modify},
    {"order", WEIR_DELETE, LIVE_SIGNED, check_cancel, answer_cancel},
    {"batchOrders", WEIR_POST, LIVE_SIGNED, check_batch, answer_batch},
    {"batchOrders", WEIR_DELETE, LIVE_SIGNED, check_cancel_batch, answer_cancel_batch},
    {"allOpenOrders", WEIR_DELETE, LIVE_SIGNED, live_need_symbol, answer_cancel_all},
    {"openOrder", WEIR_GET, LIVE_SIGNED, check_query_open, answer_query},
    {"openOrders", WEIR_GET, LIVE_SIGNED, live_know_symbol, answer_open_orders},
    {"allOrders", WEIR_GET, LIVE_SIGNED, live_need_symbol, answer_all_orders},
};
const size_t live_trade_route_count = sizeof live_trade_routes / sizeof live_trade_routes[0];
