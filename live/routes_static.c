/** Endpoints that cost what they cost and change nothing here. */
#include "call.h"

static json_t *answer_object(struct live_call *call) {
    (void)call;
    return json_object();
}

static json_t *answer_commission(struct live_call *call) {
    return json_pack("{s:s,s:s,s:s}", "symbol", live_text(call, "symbol"), "makerCommissionRate",
                     "0", "takerCommissionRate", "0");
}

static json_t *bracket_json(const struct live_symbol *symbol) {
    return json_pack("{s:s,s:[{s:i,s:i,s:i,s:i,s:f,s:f}]}", "symbol", symbol->name, "brackets",
                     "bracket", 1, "initialLeverage", 125, "notionalCap", 1000000000,
                     "notionalFloor", 0, "maintMarginRatio", 0.0, "cum", 0.0);
}

static json_t *answer_brackets(struct live_call *call) {
    const struct live_quotes *quotes = call->exchange->quotes;
    if (call->symbol >= 0) {
        return bracket_json(&quotes->symbols[call->symbol]);
    }
    json_t *brackets = json_array();
    for (size_t s = 0; s < quotes->symbol_count; s++) {
        json_array_append_new(brackets, bracket_json(&quotes->symbols[s]));
    }
    return brackets;
}

static json_t *answer_countdown(struct live_call *call) {
    return json_pack("{s:s,s:s}", "symbol", live_text(call, "symbol"), "countdownTime", "0");
}

const struct live_route live_static_routes[] = {
    {"indexPriceKlines", WEIR_GET, LIVE_OPEN, NULL, live_answer_empty},
    {"indexreferences", WEIR_GET, LIVE_OPEN, NULL, live_answer_empty},
    {"noop", WEIR_POST, LIVE_SIGNED, NULL, live_answer_success},
    {"stpMode", WEIR_POST, LIVE_SIGNED, NULL, live_answer_success},
    {"stpMode", WEIR_GET, LIVE_SIGNED, NULL, answer_object},
    {"chase", WEIR_POST, LIVE_SIGNED, live_need_symbol, answer_object},
    {"asset/wallet/transfer", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"asset/migrateUser", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"asset/migrateUser/history", WEIR_GET, LIVE_SIGNED, NULL, live_answer_empty},
    {"countdownCancelAll", WEIR_POST, LIVE_SIGNED, live_need_symbol, answer_countdown},
    {"positionMargin", WEIR_POST, LIVE_SIGNED, live_need_symbol, live_answer_success},
    {"positionMargin/history", WEIR_GET, LIVE_SIGNED, live_need_symbol, live_answer_empty},
    {"leverageBracket", WEIR_GET, LIVE_SIGNED, live_know_symbol, answer_brackets},
    {"adlQuantile", WEIR_GET, LIVE_SIGNED, live_know_symbol, live_answer_empty},
    {"forceOrders", WEIR_GET, LIVE_SIGNED, live_know_symbol, live_answer_empty},
    {"commissionRate", WEIR_GET, LIVE_SIGNED, live_need_symbol, answer_commission},
    {"remainingOpenableNotionalValue", WEIR_GET, LIVE_SIGNED, live_need_symbol, answer_object},
    {"mmp", WEIR_POST, LIVE_SIGNED, NULL, live_answer_success},
    {"mmp", WEIR_GET, LIVE_SIGNED, NULL, answer_object},
    {"mmp", WEIR_DELETE, LIVE_SIGNED, NULL, live_answer_success},
    {"mmpReset", WEIR_POST, LIVE_SIGNED, NULL, live_answer_success},
    {"placeStrategyOrder", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"updateStrategyOrder", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"strategyOpenOrder", WEIR_GET, LIVE_SIGNED, NULL, live_answer_empty},
    {"strategyHistoryOrder", WEIR_GET, LIVE_SIGNED, NULL, live_answer_empty},
    {"sub-accounts/bind", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"createSubAccount", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"getSubAccountList", WEIR_GET, LIVE_SIGNED, NULL, live_answer_empty},
    {"updateSubAccount", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"subAccountTransfer", WEIR_POST, LIVE_SIGNED, NULL, answer_object},
    {"registerAndApproveAgent", WEIR_POST, LIVE_OPEN, NULL, answer_object},
    {"announcement/direct", WEIR_GET, LIVE_SIGNED, NULL, live_answer_empty},
    {"announcement/directById", WEIR_GET, LIVE_SIGNED, NULL, answer_object},
};
const size_t live_static_route_count = sizeof live_static_routes / sizeof live_static_routes[0];
