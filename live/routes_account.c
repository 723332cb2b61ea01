/** Endpoints that show and set an account: money, positions, modes, fills, its stream. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define SECOND_NS INT64_C(1000000000)
#define LISTEN_NS (3600 * SECOND_NS)

#define LEVERAGE_MAX 125
#define LISTED_MAX 1000

#define CODE_LISTEN_KEY (-1125)
#define CODE_LEVERAGE (-4028)
#define CODE_SAME_MARGIN_TYPE (-4046)
#define CODE_MARGIN_TYPE_POSITION (-4048)
#define CODE_SAME_POSITION_MODE (-4059)
#define CODE_MODE_ORDERS (-4067)
#define CODE_MODE_POSITION (-4068)
#define CODE_SAME_MULTI_ASSETS (-4171)

static json_t *answer_balance(struct live_call *call) {
    const struct live_money money = live_account_money(call->account, call->now_ns);
    return json_pack("[{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:b,s:o}]", "accountAlias", "weir", "asset",
                     "USDT", "balance", live_usd_json(call->account->wallet_usd),
                     "crossWalletBalance", live_usd_json(call->account->wallet_usd), "crossUnPnl",
                     live_usd_json(money.unrealized_usd), "availableBalance",
                     live_usd_json(money.available_usd), "maxWithdrawAmount",
                     live_usd_json(money.available_usd), "marginAvailable", 1, "updateTime",
                     live_ms_json(call->now_ns));
}

/** Whether a position is shown: in hedge mode LONG and SHORT, else BOTH. */
static bool is_shown(const struct live_account *account, int side) {
    return (side == LIVE_BOTH) != account->dual;
}

static json_t *account_position_json(const struct live_call *call, uint32_t s, int side) {
    const struct live_account *account = call->account;
    const struct live_symbol *symbol = &account->quotes->symbols[s];
    const struct live_position *p = live_account_position(account, s, (enum live_side)side);
    const double margin = live_position_margin_usd(account, s, (enum live_side)side, call->now_ns);
    const double price = weir_market_price(account->quotes->market, s, call->now_ns);
    return json_pack(
        "{s:s,s:o,s:s,s:o,s:o,s:s,s:o,s:b,s:o,s:s,s:s,s:o,s:o,s:o}", "symbol", symbol->name,
        "initialMargin", live_usd_json(margin), "maintMargin", "0", "unrealizedProfit",
        live_usd_json(live_unrealized_usd(account, s, (enum live_side)side, call->now_ns)),
        "positionInitialMargin", live_usd_json(margin), "openOrderInitialMargin", "0", "leverage",
        json_sprintf("%d", account->symbols[s].leverage), "isolated", account->symbols[s].isolated,
        "entryPrice", live_usd_json(p->entry_price), "maxNotional", "1000000000", "positionSide",
        live_side_name((enum live_side)side), "positionAmt",
        live_quantity_json(symbol, p->quantity), "notional",
        live_usd_json(live_quantity_of(symbol, p->quantity) * price), "updateTime",
        live_ms_json(p->update_ns));
}

static json_t *account_positions_json(const struct live_call *call) {
    json_t *positions = json_array();
    for (uint32_t s = 0; s < call->account->quotes->symbol_count; s++) {
        for (int side = 0; side < LIVE_SIDES; side++) {
            if (is_shown(call->account, side)) {
                json_array_append_new(positions, account_position_json(call, s, side));
            }
        }
    }
    return positions;
}

static void set_usd(json_t *object, const char *key, double usd) {
    json_object_set_new(object, key, live_usd_json(usd));
}

/** What account and asset have in common. */
static void set_money(json_t *object, const struct live_call *call, bool total) {
    const struct live_money money = live_account_money(call->account, call->now_ns);
    const double wallet = call->account->wallet_usd;
    set_usd(object, total ? "totalWalletBalance" : "walletBalance", wallet);
    set_usd(object, total ? "totalUnrealizedProfit" : "unrealizedProfit", money.unrealized_usd);
    set_usd(object, total ? "totalMarginBalance" : "marginBalance", wallet + money.unrealized_usd);
    set_usd(object, total ? "totalMaintMargin" : "maintMargin", 0.0);
    set_usd(object, total ? "totalInitialMargin" : "initialMargin",
            money.position_margin_usd + money.order_margin_usd);
    set_usd(object, total ? "totalPositionInitialMargin" : "positionInitialMargin",
            money.position_margin_usd);
    set_usd(object, total ? "totalOpenOrderInitialMargin" : "openOrderInitialMargin",
            money.order_margin_usd);
    set_usd(object, total ? "totalCrossWalletBalance" : "crossWalletBalance", wallet);
    set_usd(object, total ? "totalCrossUnPnl" : "crossUnPnl", money.unrealized_usd);
    set_usd(object, "availableBalance", money.available_usd);
    set_usd(object, "maxWithdrawAmount", money.available_usd);
}

static json_t *answer_account(struct live_call *call) {
    json_t *account = json_pack(
        "{s:i,s:b,s:b,s:b,s:b,s:o}", "feeTier", 0, "canTrade", 1, "canDeposit", 0, "canWithdraw", 0,
        "multiAssetsMargin", call->account->multi_assets, "updateTime", live_ms_json(call->now_ns));
    json_t *asset = json_pack("{s:s,s:b,s:o}", "asset", "USDT", "marginAvailable", 1, "updateTime",
                              live_ms_json(call->now_ns));
    set_money(account, call, true);
    set_money(asset, call, false);
    json_object_set_new(account, "assets", json_pack("[o]", asset));
    json_object_set_new(account, "positions", account_positions_json(call));
    return account;
}

static json_t *risk_json(const struct live_call *call, uint32_t s, int side) {
    const struct live_account *account = call->account;
    const struct live_symbol *symbol = &account->quotes->symbols[s];
    const struct live_position *p = live_account_position(account, s, (enum live_side)side);
    const double price = weir_market_price(account->quotes->market, s, call->now_ns);
    return json_pack(
        "{s:s,s:o,s:o,s:o,s:o,s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:o,s:s,s:o}", "symbol", symbol->name,
        "positionAmt", live_quantity_json(symbol, p->quantity), "entryPrice",
        live_usd_json(p->entry_price), "markPrice", live_usd_json(price), "unRealizedProfit",
        live_usd_json(live_unrealized_usd(account, s, (enum live_side)side, call->now_ns)),
        "liquidationPrice", "0", "leverage", json_sprintf("%d", account->symbols[s].leverage),
        "maxNotionalValue", "1000000000", "marginType",
        account->symbols[s].isolated ? "isolated" : "cross", "isolatedMargin", "0.00000000",
        "isAutoAddMargin", "false", "positionSide", live_side_name((enum live_side)side),
        "notional", live_usd_json(live_quantity_of(symbol, p->quantity) * price), "isolatedWallet",
        "0", "updateTime", live_ms_json(p->update_ns));
}

static json_t *answer_risk(struct live_call *call) {
    json_t *risks = json_array();
    for (uint32_t s = 0; s < call->account->quotes->symbol_count; s++) {
        for (int side = 0; side < LIVE_SIDES; side++) {
            if ((call->symbol < 0 || s == (uint32_t)call->symbol) &&
                is_shown(call->account, side)) {
                json_array_append_new(risks, risk_json(call, s, side));
            }
        }
    }
    return risks;
}

static int32_t check_leverage(struct live_call *call) {
    int64_t leverage = 0;
    const int32_t code = live_need_symbol(call);
    if (code != 0) {
        return code;
    }
    if (!live_text(call, "leverage")) {
        return live_missing(call, "leverage");
    }
    return live_read_integer(live_text(call, "leverage"), &leverage) && leverage >= 1 &&
                   leverage <= LEVERAGE_MAX
               ? 0
               : CODE_LEVERAGE;
}

static json_t *answer_leverage(struct live_call *call) {
    int64_t leverage = 0;
    live_read_integer(live_text(call, "leverage"), &leverage);
    call->account->symbols[call->symbol].leverage = (int32_t)leverage;
    return json_pack("{s:I,s:s,s:s}", "leverage", (json_int_t)leverage, "maxNotionalValue",
                     "1000000000", "symbol", live_text(call, "symbol"));
}

static bool holds_position(const struct live_account *account, int32_t symbol) {
    for (uint32_t s = 0; s < account->quotes->symbol_count; s++) {
        for (int side = 0; side < LIVE_SIDES; side++) {
            if ((symbol < 0 || s == (uint32_t)symbol) &&
                live_account_position(account, s, (enum live_side)side)->quantity != 0) {
                return true;
            }
        }
    }
    return false;
}

static int32_t check_margin_type(struct live_call *call) {
    const char *type = live_text(call, "marginType");
    const int32_t code = live_need_symbol(call);
    if (code != 0) {
        return code;
    }
    if (!type) {
        return live_missing(call, "marginType");
    }
    const bool isolated = strcmp(type, "ISOLATED") == 0;
    if (!isolated && strcmp(type, "CROSSED") != 0) {
        return live_invalid(call, "marginType");
    }
    if (isolated == call->account->symbols[call->symbol].isolated) {
        return CODE_SAME_MARGIN_TYPE;
    }
    return holds_position(call->account, call->symbol) ? CODE_MARGIN_TYPE_POSITION : 0;
}

static json_t *answer_margin_type(struct live_call *call) {
    bool *isolated = &call->account->symbols[call->symbol].isolated;
    *isolated = !*isolated;
    return live_answer_success(call);
}

/** Reads "true" or "false"; a code if it is neither. */
static int32_t read_flag(struct live_call *call, const char *name, bool *flag) {
    const char *text = live_text(call, name);
    if (!text) {
        return live_missing(call, name);
    }
    *flag = text[0] == 't' || text[0] == 'T';
    return *flag || text[0] == 'f' || text[0] == 'F' ? 0 : live_invalid(call, name);
}

static int32_t check_dual(struct live_call *call) {
    bool dual = false;
    const int32_t code = read_flag(call, "dualSidePosition", &dual);
    if (code != 0) {
        return code;
    }
    if (dual == call->account->dual) {
        return CODE_SAME_POSITION_MODE;
    }
    if (call->account->open_count > 0) {
        snprintf(call->detail, sizeof call->detail,
                 "Position side cannot be changed if there exists open orders.");
        return CODE_MODE_ORDERS;
    }
    if (holds_position(call->account, -1)) {
        snprintf(call->detail, sizeof call->detail,
                 "Position side cannot be changed if there exists position.");
        return CODE_MODE_POSITION;
    }
    return 0;
}

static json_t *answer_set_dual(struct live_call *call) {
    call->account->dual = !call->account->dual;
    return live_answer_success(call);
}

static json_t *answer_dual(struct live_call *call) {
    return json_pack("{s:b}", "dualSidePosition", call->account->dual);
}

static int32_t check_multi_assets(struct live_call *call) {
    bool multi = false;
    const int32_t code = read_flag(call, "multiAssetsMargin", &multi);
    if (code == 0 && multi == call->account->multi_assets) {
        snprintf(call->detail, sizeof call->detail, "No need to change multi-assets mode.");
        return CODE_SAME_MULTI_ASSETS;
    }
    return code;
}

static json_t *answer_set_multi_assets(struct live_call *call) {
    call->account->multi_assets = !call->account->multi_assets;
    return live_answer_success(call);
}

static json_t *answer_multi_assets(struct live_call *call) {
    return json_pack("{s:b}", "multiAssetsMargin", call->account->multi_assets);
}

static json_t *fill_json(const struct live_account *account, const struct live_fill *fill) {
    const struct live_symbol *symbol = &account->quotes->symbols[fill->symbol];
    return json_pack(
        "{s:b,s:s,s:s,s:I,s:b,s:I,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:o}", "buyer", fill->buy,
        "commission", "0", "commissionAsset", "USDT", "id", (json_int_t)fill->id, "maker",
        fill->maker, "orderId", (json_int_t)fill->order_id, "price",
        live_price_json(symbol, fill->price_ticks), "qty",
        live_quantity_json(symbol, fill->quantity), "quoteQty",
        live_usd_json(live_price_of(symbol, fill->price_ticks) *
                      live_quantity_of(symbol, fill->quantity)),
        "realizedPnl", live_usd_json(fill->realized_usd), "side", fill->buy ? "BUY" : "SELL",
        "positionSide", live_side_name((enum live_side)fill->side), "symbol", symbol->name, "time",
        live_ms_json(fill->time_ns));
}

static json_t *income_json(const struct live_account *account, const struct live_fill *fill) {
    const struct live_symbol *symbol = &account->quotes->symbols[fill->symbol];
    return json_pack("{s:s,s:s,s:o,s:s,s:s,s:o,s:o,s:o}", "symbol", symbol->name, "incomeType",
                     "REALIZED_PNL", "income", live_usd_json(fill->realized_usd), "asset", "USDT",
                     "info", "", "time", live_ms_json(fill->time_ns), "tranId",
                     json_sprintf("%llu", (unsigned long long)fill->id), "tradeId",
                     json_sprintf("%llu", (unsigned long long)fill->id));
}

/** The newest fills, oldest first; only those of the call's symbol, if it names one. */
static json_t *fills(struct live_call *call, size_t most, bool realized,
                     json_t *(*make)(const struct live_account *, const struct live_fill *)) {
    json_t *list = json_array();
    if (call->limit > 0) {
        most = call->limit < LISTED_MAX ? (size_t)call->limit : LISTED_MAX;
    }
    for (size_t i = call->account->fill_count; i > 0 && json_array_size(list) < most; i--) {
        const struct live_fill *fill = &call->account->fills[i - 1];
        if ((call->symbol < 0 || fill->symbol == (uint32_t)call->symbol) &&
            (!realized || fill->realized_usd != 0.0)) {
            json_array_insert_new(list, 0, make(call->account, fill));
        }
    }
    return list;
}

static json_t *answer_fills(struct live_call *call) {
    return fills(call, LISTED_MAX / 2, false, fill_json);
}

static json_t *answer_income(struct live_call *call) {
    const char *type = live_text(call, "incomeType");
    if (type && strcmp(type, "REALIZED_PNL") != 0) { /* there are no fees and no funding */
        return json_array();
    }
    return fills(call, 100, true, income_json);
}

static json_t *listen_key_json(struct live_call *call) {
    return json_pack("{s:s}", "listenKey", call->client->listen_key);
}

static json_t *answer_listen(struct live_call *call) {
    struct live_client *client = call->client;
    if (!client->listen_key[0] || call->now_ns >= client->listen_until_ns) {
        snprintf(client->listen_key, sizeof client->listen_key, "weir%u%020lld",
                 (unsigned)client->account->number, (long long)call->now_ns);
    }
    client->listen_until_ns = call->now_ns + LISTEN_NS;
    return listen_key_json(call);
}

static int32_t check_listening(struct live_call *call) {
    return call->client->listen_key[0] && call->now_ns < call->client->listen_until_ns
               ? 0
               : CODE_LISTEN_KEY;
}

static json_t *answer_keep_listening(struct live_call *call) {
    call->client->listen_until_ns = call->now_ns + LISTEN_NS;
    return json_object();
}

static json_t *answer_stop_listening(struct live_call *call) {
    call->client->listen_key[0] = '\0';
    return json_object();
}

const struct live_route live_account_routes[] = {
    {"balance", WEIR_GET, LIVE_SIGNED, NULL, answer_balance},
    {"account", WEIR_GET, LIVE_SIGNED, NULL, answer_account},
    {"accountWithJoinMargin", WEIR_GET, LIVE_SIGNED, NULL, answer_account},
    {"positionRisk", WEIR_GET, LIVE_SIGNED, live_know_symbol, answer_risk},
    {"leverage", WEIR_POST, LIVE_SIGNED, check_leverage, answer_leverage},
    {"marginType", WEIR_POST, LIVE_SIGNED, check_margin_type, answer_margin_type},
    {"positionSide/dual", WEIR_POST, LIVE_SIGNED, check_dual, answer_set_dual},
    {"positionSide/dual", WEIR_GET, LIVE_SIGNED, NULL, answer_dual},
    {"multiAssetsMargin", WEIR_POST, LIVE_SIGNED, check_multi_assets, answer_set_multi_assets},
    {"multiAssetsMargin", WEIR_GET, LIVE_SIGNED, NULL, answer_multi_assets},
    {"userTrades", WEIR_GET, LIVE_SIGNED, live_need_symbol, answer_fills},
    {"income", WEIR_GET, LIVE_SIGNED, live_know_symbol, answer_income},
    {"listenKey", WEIR_POST, LIVE_KEY, NULL, answer_listen},
    {"listenKey", WEIR_PUT, LIVE_KEY, check_listening, answer_keep_listening},
    {"listenKey", WEIR_DELETE, LIVE_KEY, check_listening, answer_stop_listening},
};
const size_t live_account_route_count = sizeof live_account_routes / sizeof live_account_routes[0];
