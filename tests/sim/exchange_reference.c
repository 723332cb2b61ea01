#include "exchange_reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

const struct reference_endpoint reference_endpoints[] = {
    {.method = WEIR_GET, .path = "/fapi/v1/ping"},
    {.method = WEIR_GET, .path = "/fapi/v1/ticker/price"},
    {.method = WEIR_GET, .path = "/fapi/v1/depth", .needs_symbol = true},
    {.method = WEIR_GET, .path = "/fapi/v1/klines", .needs_symbol = true},
    {.method = WEIR_GET, .path = "/fapi/v1/openOrders", .order_response = true},
    {.method = WEIR_POST, .path = "/fapi/v1/leverage", .needs_symbol = true},
    {.method = WEIR_POST,
     .path = "/fapi/v1/order",
     .places = true,
     .order_response = true,
     .needs_symbol = true},
    {.method = WEIR_POST,
     .path = "/fapi/v1/batchOrders",
     .places = true,
     .is_list = true,
     .order_response = true,
     .list_max = 5},
    {.method = WEIR_DELETE,
     .path = "/fapi/v1/order",
     .cancels = true,
     .order_response = true,
     .needs_symbol = true},
    {.method = WEIR_DELETE,
     .path = "/fapi/v1/allOpenOrders",
     .cancels = true,
     .order_response = true,
     .needs_symbol = true},
    {.method = WEIR_DELETE,
     .path = "/fapi/v1/batchOrders",
     .cancels = true,
     .is_list = true,
     .order_response = true,
     .needs_symbol = true},
    {.method = WEIR_DELETE, .path = "/fapi/v1/listenKey"},
    {.method = WEIR_PUT,
     .path = "/fapi/v3/order",
     .places = true,
     .order_response = true,
     .needs_symbol = true},
};
const size_t reference_endpoint_count = sizeof reference_endpoints / sizeof reference_endpoints[0];

/* One request on its way. */
struct visit {
    int64_t now;
    const struct weir_exchange_request *request;
    const struct reference_endpoint *kind;
    int64_t weight;
    int64_t orders;
};

void reference_start(struct reference *reference, const struct weir_exchange_rules *rules) {
    reference->original = *rules;
    reference_reset(reference);
}

void reference_reset(struct reference *reference) {
    reference->rules = reference->original;
    reference->charge_count = 0;
    reference->strike_count = 0;
    reference->ban_count = 0;
}

static int64_t tightened(int64_t limit, double factor) {
    int64_t whole = (int64_t)(factor * (double)limit);
    if (factor * (double)limit - (double)whole >= 0.5) {
        whole++;
    }
    return whole < 1 ? 1 : whole;
}

void reference_tighten(struct reference *reference, double factor) {
    struct weir_exchange_rules *rules = &reference->rules;
    rules->weight_per_minute = tightened(rules->weight_per_minute, factor);
    rules->orders_per_minute = tightened(rules->orders_per_minute, factor);
    if (rules->orders_per_10s != 0) {
        rules->orders_per_10s = tightened(rules->orders_per_10s, factor);
    }
}

/* Whether a charge is in the window of a later (or the same) moment. */
static bool in_window(const struct reference *reference, const struct reference_charge *charge,
                      int64_t now, int64_t interval) {
    if (reference->rules.window == WEIR_WINDOW_FIXED) {
        return charge->time_ns / interval == now / interval;
    }
    int64_t time = charge->time_ns;
    if (charge->rejected) {
        time -= time % MILLISECOND;
    }
    return now - time < interval;
}

int64_t reference_used_weight(const struct reference *reference, uint32_t ip, int64_t now_ns) {
    int64_t sum = 0;
    for (size_t i = 0; i < reference->charge_count; i++) {
        const struct reference_charge *charge = &reference->charges[i];
        if (charge->ip == ip && in_window(reference, charge, now_ns, MINUTE)) {
            sum += charge->weight;
        }
    }
    return sum;
}

int64_t reference_used_orders(const struct reference *reference, uint32_t account, int64_t now_ns,
                              int64_t interval_ns) {
    int64_t sum = 0;
    for (size_t i = 0; i < reference->charge_count; i++) {
        const struct reference_charge *charge = &reference->charges[i];
        if (charge->account == account && in_window(reference, charge, now_ns, interval_ns)) {
            sum += charge->orders;
        }
    }
    return sum;
}

int64_t reference_banned_until(const struct reference *reference, uint32_t ip, int64_t now_ns) {
    for (size_t i = 0; i < reference->ban_count; i++) {
        const struct reference_ban *ban = &reference->bans[i];
        if (ban->ip == ip && ban->start_ns <= now_ns && now_ns < ban->end_ns) {
            return ban->end_ns;
        }
    }
    return 0;
}

static struct reference_ban *last_ban(struct reference *reference, uint32_t ip) {
    struct reference_ban *last = NULL;
    for (size_t i = 0; i < reference->ban_count; i++) {
        if (reference->bans[i].ip == ip) {
            last = &reference->bans[i];
        }
    }
    return last;
}

static bool exceeds(const struct reference *reference, int64_t used, int64_t cost, int64_t limit) {
    if (cost == 0) {
        return false;
    }
    if (reference->rules.reject_at_limit) {
        return used >= limit;
    }
    return used + cost > limit;
}

static bool weight_full(const struct reference *reference, const struct visit *visit, int64_t at) {
    return exceeds(reference, reference_used_weight(reference, visit->request->ip, at),
                   visit->weight, reference->rules.weight_per_minute);
}

static bool minute_full(const struct reference *reference, const struct visit *visit, int64_t at) {
    return exceeds(reference, reference_used_orders(reference, visit->request->account, at, MINUTE),
                   visit->orders, reference->rules.orders_per_minute);
}

static bool ten_seconds_full(const struct reference *reference, const struct visit *visit,
                             int64_t at) {
    if (reference->rules.orders_per_10s == 0) {
        return false;
    }
    return exceeds(reference,
                   reference_used_orders(reference, visit->request->account, at, 10 * SECOND),
                   visit->orders, reference->rules.orders_per_10s);
}

/* Tries every second until one lets the request through; at most the interval. With fixed windows
 * even a request that never fits is told to wait for the next window. */
static int64_t wait_for(const struct reference *reference, const struct visit *visit,
                        bool (*full)(const struct reference *, const struct visit *, int64_t),
                        int64_t interval) {
    if (!full(reference, visit, visit->now)) {
        return 0;
    }
    for (int64_t seconds = 1; seconds < interval / SECOND; seconds++) {
        const int64_t at = visit->now + seconds * SECOND;
        if (reference->rules.window == WEIR_WINDOW_FIXED ? at / interval != visit->now / interval
                                                         : !full(reference, visit, at)) {
            return seconds;
        }
    }
    return interval / SECOND;
}

static int64_t list_count(const struct reference *reference, int64_t listed) {
    if (reference->rules.batch_count == WEIR_BATCH_COUNTS_ONE) {
        return 1;
    }
    return reference->rules.batch_count == WEIR_BATCH_COUNTS_FIVE ? 5 : listed;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    if (value < low) {
        return low;
    }
    return value > high ? high : value;
}

static int64_t orders_of(const struct reference *reference, const struct visit *visit) {
    const struct reference_endpoint *kind = visit->kind;
    const int32_t count = visit->request->params.count;
    if (kind == NULL || (!kind->places && !(kind->cancels && reference->rules.count_cancels))) {
        return 0;
    }
    if (!kind->is_list) {
        return 1;
    }
    if (kind->cancels) {
        return list_count(reference, clamp(count, 1, 10));
    }
    return list_count(reference, count >= 1 && count <= kind->list_max ? count : kind->list_max);
}

static bool depth_limit_known(int32_t limit) {
    return limit == 5 || limit == 10 || limit == 20 || limit == 50 || limit == 100 ||
           limit == 500 || limit == 1000;
}

/* The code with which the parameters are refused, or 0. */
static int32_t refused_parameters(const struct visit *visit) {
    const struct reference_endpoint *kind = visit->kind;
    const struct weir_params *params = &visit->request->params;
    if (kind == NULL) {
        return 0;
    }
    if (kind->cancels && kind->is_list && params->count > 10) {
        return -4032;
    }
    if (kind->places && kind->is_list && params->count < 1) {
        return -1102;
    }
    if (kind->needs_symbol && !params->has_symbol) {
        return -1102;
    }
    const bool limited = params->limit != WEIR_LIMIT_OMITTED;
    if (strcmp(kind->path, "/fapi/v1/depth") == 0 && limited && !depth_limit_known(params->limit)) {
        return -4021;
    }
    if (strcmp(kind->path, "/fapi/v1/klines") == 0 && limited &&
        (params->limit < 1 || params->limit > 1500)) {
        return -1130;
    }
    if (kind->places && kind->is_list && params->count > kind->list_max) {
        return -4082;
    }
    return 0;
}

static const char *message_of(int32_t code) {
    switch (code) {
    case -1006:
        return "An unexpected response was received from the message bus. Execution status "
               "unknown.";
    case -1007:
        return "Timeout waiting for response from backend server. Send status unknown; execution "
               "status unknown.";
    case -1008:
        return "Request throttled by system-level protection. Reduce-only/close-position orders "
               "are exempt. Please try again.";
    case -1021:
        return "Timestamp for this request is outside of the recvWindow.";
    case -1102:
        return "A mandatory parameter was not sent, was empty/null, or malformed.";
    case -1111:
        return "Precision is over the maximum defined for this asset.";
    case -1130:
        return "Invalid data sent for a parameter.";
    case -2011:
        return "Unknown order sent.";
    case -2013:
        return "Order does not exist.";
    case -2019:
        return "Margin is insufficient.";
    case -2022:
        return "ReduceOnly Order is rejected.";
    case -2025:
        return "Reach max open order limit.";
    case -4021:
        return "Invalid depth limit.";
    case -4032:
        return "Exceed maximum cancel order size.";
    case -4045:
        return "Reach max stop order limit.";
    case -4082:
        return "Invalid number of batch place orders.";
    default:
        return "The request was refused.";
    }
}

static void book(struct reference *reference, const struct visit *visit, int64_t weight,
                 int64_t orders, bool rejected, struct reference_answer *answer) {
    if (reference->charge_count == REFERENCE_EVENTS_MAX) {
        abort();
    }
    reference->charges[reference->charge_count++] =
        (struct reference_charge){.time_ns = visit->now,
                                  .ip = visit->request->ip,
                                  .account = visit->request->account,
                                  .weight = weight,
                                  .orders = orders,
                                  .rejected = rejected};
    answer->charged_weight = weight;
    answer->charged_orders = orders;
}

static int next_step(struct reference *reference, uint32_t ip, int64_t now) {
    const struct reference_ban *previous = last_ban(reference, ip);
    if (previous == NULL) {
        return 0;
    }
    int step = previous->step + 1;
    if (step == reference->rules.ban_step_count) {
        step--;
    }
    int64_t free_of_bans = now - previous->end_ns;
    while (step > 0 && free_of_bans >= reference->rules.ban_decay_ns) {
        step--;
        free_of_bans -= reference->rules.ban_decay_ns;
    }
    return step;
}

static void begin_ban(struct reference *reference, const struct visit *visit) {
    const uint32_t ip = visit->request->ip;
    const int step = next_step(reference, ip, visit->now);
    reference->bans[reference->ban_count++] =
        (struct reference_ban){.ip = ip,
                               .start_ns = visit->now,
                               .end_ns = visit->now + reference->rules.ban_steps_ns[step],
                               .step = step};
    for (size_t i = 0; i < reference->strike_count; i++) {
        if (reference->strikes[i].ip == ip) {
            reference->strikes[i].forgotten = true;
        }
    }
}

static void set_418(struct reference *reference, const struct visit *visit,
                    struct reference_answer *answer) {
    const int64_t until = reference_banned_until(reference, visit->request->ip, visit->now);
    int64_t until_ms = until / MILLISECOND;
    if (until % MILLISECOND != 0) {
        until_ms++;
    }
    answer->status = 418;
    answer->code = -1003;
    answer->ban_until_ns = until;
    snprintf(answer->body, sizeof answer->body,
             "{\"code\":-1003,\"msg\":\"Way too many requests; IP banned until %" PRId64
             ". Please use the websocket for live updates to avoid bans.\"}",
             until_ms);
}

static void visit_banned(struct reference *reference, const struct visit *visit,
                         struct reference_answer *answer) {
    if (reference->rules.ban_requests == WEIR_BAN_COUNTS) {
        book(reference, visit, visit->weight, 0, true, answer);
    }
    if (reference->rules.ban_requests == WEIR_BAN_EXTENDS) {
        struct reference_ban *ban = last_ban(reference, visit->request->ip);
        ban->end_ns = visit->now + reference->rules.ban_steps_ns[ban->step];
    }
    set_418(reference, visit, answer);
}

static void set_429_body(const struct reference *reference, bool by_weight, bool by_minute,
                         struct reference_answer *answer) {
    if (by_weight) {
        answer->code = -1003;
        snprintf(answer->body, sizeof answer->body,
                 "{\"code\":-1003,\"msg\":\"Too many requests; current limit is %" PRId64
                 " requests per minute. Please use the websocket for live updates to avoid "
                 "polling the API.\"}",
                 reference->rules.weight_per_minute);
        return;
    }
    answer->code = -1015;
    snprintf(answer->body, sizeof answer->body,
             "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is %" PRId64
             " orders per %s.\"}",
             by_minute ? reference->rules.orders_per_minute : reference->rules.orders_per_10s,
             by_minute ? "MINUTE" : "10 SECOND");
}

static void visit_limited(struct reference *reference, const struct visit *visit, bool by_weight,
                          struct reference_answer *answer) {
    const struct weir_exchange_rules *rules = &reference->rules;
    const bool by_minute = minute_full(reference, visit, visit->now);
    answer->limit = by_weight ? WEIR_LIMIT_WEIGHT : WEIR_LIMIT_ORDERS;
    if (rules->charge_rejected) {
        const bool orders_too = !by_weight && rules->count_rejected_orders;
        book(reference, visit, visit->weight, orders_too ? visit->orders : 0, true, answer);
    }
    reference->strikes[reference->strike_count++] =
        (struct reference_strike){.time_ns = visit->now, .ip = visit->request->ip};
    int strikes = 0;
    for (size_t i = 0; i < reference->strike_count; i++) {
        const struct reference_strike *strike = &reference->strikes[i];
        if (strike->ip == visit->request->ip && !strike->forgotten &&
            visit->now - strike->time_ns < rules->ban_window_ns) {
            strikes++;
        }
    }
    if (strikes >= rules->ban_after_429s) {
        begin_ban(reference, visit);
        set_418(reference, visit, answer);
        return;
    }
    answer->status = 429;
    set_429_body(reference, by_weight, by_minute, answer);
}

static void visit_refused(struct reference *reference, const struct visit *visit, int32_t code,
                          struct reference_answer *answer) {
    const struct weir_exchange_rules *rules = &reference->rules;
    const int32_t limit = visit->request->params.limit;
    book(reference, visit, rules->charge_invalid ? visit->weight : 0,
         rules->count_rejected_orders ? visit->orders : 0, false, answer);
    answer->status = 400;
    answer->code = code;
    if (code == -4021 && limit != WEIR_LIMIT_OMITTED) {
        snprintf(answer->body, sizeof answer->body,
                 "{\"code\":-4021,\"msg\":\"'%d' is not valid depth limit.\"}", (int)limit);
        return;
    }
    snprintf(answer->body, sizeof answer->body, "{\"code\":%d,\"msg\":\"%s\"}", (int)code,
             message_of(code));
}

static void visit_unavailable(struct reference *reference, const struct visit *visit,
                              struct reference_answer *answer) {
    const int32_t code = visit->request->unavailable_code;
    const bool unknown = code == 0 || code == -1006 || code == -1007;
    const bool counts = unknown || reference->rules.count_rejected_orders;
    book(reference, visit, visit->weight, counts ? visit->orders : 0, false, answer);
    answer->status = 503;
    answer->code = code;
    if (code == 0) {
        snprintf(answer->body, sizeof answer->body,
                 "{\"msg\":\"Unknown error, please check your request or try again later.\"}");
        return;
    }
    snprintf(answer->body, sizeof answer->body, "{\"code\":%d,\"msg\":\"%s\"}", (int)code,
             message_of(code));
}

static void visit_admitted(struct reference *reference, const struct visit *visit,
                           struct reference_answer *answer) {
    int32_t code = visit->request->refused_code;
    if (code == 0) {
        code = refused_parameters(visit);
    }
    if (code != 0) {
        visit_refused(reference, visit, code, answer);
    } else if (visit->request->unavailable) {
        visit_unavailable(reference, visit, answer);
    } else {
        answer->status = 200;
        book(reference, visit, visit->weight, visit->orders, false, answer);
    }
}

static void header(struct reference_answer *answer, const char *name, int64_t value) {
    snprintf(answer->names[answer->header_count], sizeof answer->names[0], "%s", name);
    snprintf(answer->values[answer->header_count], sizeof answer->values[0], "%" PRId64, value);
    answer->header_count++;
}

static void date_header(int64_t now, struct reference_answer *answer) {
    const time_t second = (time_t)(now / SECOND);
    struct tm parts;
    gmtime_r(&second, &parts);
    snprintf(answer->names[0], sizeof answer->names[0], "Date");
    strftime(answer->values[0], sizeof answer->values[0], "%a, %d %b %Y %H:%M:%S GMT", &parts);
    answer->header_count = 1;
}

static void retry_header(const struct reference *reference, const struct visit *visit,
                         struct reference_answer *answer) {
    const struct weir_exchange_rules *rules = &reference->rules;
    int64_t seconds = 0;
    if (answer->status == 418 && rules->retry_after_ban) {
        while (visit->now + seconds * SECOND < answer->ban_until_ns) {
            seconds++;
        }
    }
    if (answer->status == 429 && answer->limit == WEIR_LIMIT_WEIGHT && rules->retry_after_weight) {
        seconds = wait_for(reference, visit, weight_full, MINUTE);
    }
    if (answer->status == 429 && answer->limit == WEIR_LIMIT_ORDERS && rules->retry_after_orders) {
        const int64_t minute = wait_for(reference, visit, minute_full, MINUTE);
        const int64_t ten = wait_for(reference, visit, ten_seconds_full, 10 * SECOND);
        seconds = minute > ten ? minute : ten;
    }
    if (seconds > 0) {
        header(answer, "Retry-After", seconds);
    }
}

static void headers(const struct reference *reference, const struct visit *visit,
                    struct reference_answer *answer) {
    const struct weir_exchange_rules *rules = &reference->rules;
    const uint32_t account = visit->request->account;
    date_header(visit->now, answer);
    if (answer->status != 418) {
        header(answer, "X-MBX-USED-WEIGHT-1M", answer->used_weight);
        const bool accepted_placement =
            answer->status == 200 && visit->kind != NULL && visit->kind->places;
        const bool any =
            rules->order_header_always && visit->kind != NULL && visit->kind->order_response;
        if ((accepted_placement || any) && rules->orders_per_10s != 0) {
            header(answer, "X-MBX-ORDER-COUNT-10S",
                   reference_used_orders(reference, account, visit->now, 10 * SECOND));
        }
        if (accepted_placement || any) {
            header(answer, "X-MBX-ORDER-COUNT-1M", answer->used_orders);
        }
    }
    retry_header(reference, visit, answer);
}

void reference_handle(struct reference *reference, int64_t now_ns,
                      const struct weir_exchange_request *request,
                      const struct reference_endpoint *kind, struct reference_answer *answer) {
    struct visit visit = {.now = now_ns, .request = request, .kind = kind};
    visit.weight = weir_endpoint_cost(request->endpoint, request->params).weight;
    visit.orders = orders_of(reference, &visit);
    memset(answer, 0, sizeof *answer);
    if (reference_banned_until(reference, request->ip, now_ns) != 0) {
        visit_banned(reference, &visit, answer);
    } else if (weight_full(reference, &visit, now_ns)) {
        visit_limited(reference, &visit, true, answer);
    } else if (minute_full(reference, &visit, now_ns) ||
               ten_seconds_full(reference, &visit, now_ns)) {
        visit_limited(reference, &visit, false, answer);
    } else {
        visit_admitted(reference, &visit, answer);
    }
    answer->used_weight = reference_used_weight(reference, request->ip, now_ns);
    answer->used_orders = reference_used_orders(reference, request->account, now_ns, MINUTE);
    headers(reference, &visit, answer);
}
