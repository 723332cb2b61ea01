/**
 * The exchange: its life, its decision on each request, and what it tells about itself.
 *
 * What the settings leave to say:
 *  - A request that the weight limiter turns away has not reached its account: no orders are
 *    counted. One that the order limiter turns away is charged its weight if charge_rejected, and
 *    its orders only if count_rejected_orders as well, for it is a rejected placement.
 *  - A placement answered 400 counts as orders if count_rejected_orders. One answered 503 counts
 *    if its execution is unknown (no code, -1006, -1007: it reached the venue); else it is a
 *    rejected one.
 *  - A 429 of either limiter is a strike against the IP.
 *  - A time before an earlier one is taken for that one.
 */
#include "exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "exchange_answer.h"
#include "exchange_ban.h"
#include "exchange_limiter.h"
#include "exchange_rules.h"
#include "exchange_tariff.h"

#define SECOND_NS INT64_C(1000000000)
#define MILLISECOND_NS INT64_C(1000000)
#define MINUTE_NS (60 * SECOND_NS)
#define TEN_SECONDS_NS (10 * SECOND_NS)

#define CODE_UNEXPECTED_RESPONSE (-1006)
#define CODE_TIMEOUT (-1007)
#define CODE_INVALID_DEPTH_LIMIT (-4021)

struct weir_exchange {
    struct weir_exchange_rules rules;
    int64_t now_ns; /**< latest time seen */
    struct exchange_date date;
    struct exchange_tariff tariff;
    struct exchange_limiter weight; /**< by IP */
    struct exchange_limiter orders; /**< by account, a minute */
    struct exchange_limiter burst;  /**< by account, ten seconds; used only if `has_burst` */
    bool has_burst;
    uint32_t ip_count;
    uint32_t account_count;
    struct exchange_ban *bans; /**< by IP */
    int64_t *strikes;          /**< storage of all bans' rings */
};

/** A request on its way through the checks. */
struct arrival {
    int64_t now_ns;
    const struct weir_exchange_request *request;
    unsigned kind; /**< bits EXCHANGE_PLACES … */
    struct weir_cost cost;
};

static bool make_limiters(struct weir_exchange *exchange) {
    const struct weir_exchange_rules *rules = &exchange->rules;
    const bool charges_weight = rules->charge_rejected || rules->ban_requests == WEIR_BAN_COUNTS;
    const bool charges_orders = rules->charge_rejected && rules->count_rejected_orders;
    const struct weir_limit weight = {WEIR_LIMIT_WEIGHT, MINUTE_NS, rules->weight_per_minute};
    const struct weir_limit orders = {WEIR_LIMIT_ORDERS, MINUTE_NS, rules->orders_per_minute};
    const struct weir_limit burst = {WEIR_LIMIT_ORDERS, TEN_SECONDS_NS, rules->orders_per_10s};
    exchange->has_burst = rules->orders_per_10s > 0;
    return exchange_limiter_make(&exchange->weight, weight, rules, exchange->ip_count,
                                 charges_weight) &&
           exchange_limiter_make(&exchange->orders, orders, rules, exchange->account_count,
                                 charges_orders) &&
           (!exchange->has_burst || exchange_limiter_make(&exchange->burst, burst, rules,
                                                          exchange->account_count, charges_orders));
}

static bool make_bans(struct weir_exchange *exchange) {
    const size_t places = (size_t)exchange->rules.ban_after_429s - 1;
    exchange->bans = calloc(exchange->ip_count, sizeof *exchange->bans);
    exchange->strikes = calloc(exchange->ip_count * places + 1, sizeof *exchange->strikes);
    if (exchange->bans == NULL || exchange->strikes == NULL) {
        return false;
    }
    for (uint32_t ip = 0; ip < exchange->ip_count; ip++) {
        exchange->bans[ip].strikes = exchange->strikes + ip * places;
    }
    return true;
}

struct weir_exchange *weir_exchange_create(const struct weir_exchange_rules *rules,
                                           uint32_t ip_count, uint32_t account_count) {
    if (!exchange_rules_valid(rules) || ip_count == 0 || account_count == 0) {
        return NULL;
    }
    struct weir_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->rules = *rules;
    exchange->ip_count = ip_count;
    exchange->account_count = account_count;
    if (!make_limiters(exchange) || !make_bans(exchange) ||
        !exchange_tariff_make(&exchange->tariff)) {
        weir_exchange_destroy(exchange);
        return NULL;
    }
    return exchange;
}

void weir_exchange_destroy(struct weir_exchange *exchange) {
    if (exchange == NULL) {
        return;
    }
    exchange_limiter_free(&exchange->weight);
    exchange_limiter_free(&exchange->orders);
    exchange_limiter_free(&exchange->burst);
    exchange_tariff_free(&exchange->tariff);
    free(exchange->bans);
    free(exchange->strikes);
    free(exchange);
}

void weir_exchange_reset(struct weir_exchange *exchange) {
    exchange->now_ns = 0;
    exchange_limiter_reset(&exchange->weight);
    exchange_limiter_reset(&exchange->orders);
    exchange_limiter_reset(&exchange->burst);
    for (uint32_t ip = 0; ip < exchange->ip_count; ip++) {
        exchange_ban_reset(&exchange->bans[ip]);
    }
}

/* Brings clock and windows to the present, and returns it. */
static int64_t advance(struct weir_exchange *exchange, int64_t now_ns) {
    if (now_ns > exchange->now_ns) {
        exchange->now_ns = now_ns;
    }
    exchange_limiter_advance(&exchange->weight, exchange->now_ns);
    exchange_limiter_advance(&exchange->orders, exchange->now_ns);
    if (exchange->has_burst) {
        exchange_limiter_advance(&exchange->burst, exchange->now_ns);
    }
    return exchange->now_ns;
}

static void charge_weight(struct weir_exchange *exchange, const struct arrival *arrival,
                          bool rejected, struct weir_exchange_answer *answer) {
    exchange_limiter_add(&exchange->weight, arrival->request->ip, arrival->now_ns,
                         arrival->cost.weight, rejected);
    answer->charged_weight = arrival->cost.weight;
}

static void charge_orders(struct weir_exchange *exchange, const struct arrival *arrival,
                          bool rejected, struct weir_exchange_answer *answer) {
    const uint32_t account = arrival->request->account;
    const int64_t amount = arrival->cost.orders;
    exchange_limiter_add(&exchange->orders, account, arrival->now_ns, amount, rejected);
    if (exchange->has_burst) {
        exchange_limiter_add(&exchange->burst, account, arrival->now_ns, amount, rejected);
    }
    answer->charged_orders = arrival->cost.orders;
}

static bool weight_blocks(struct weir_exchange *exchange, const struct arrival *arrival) {
    const int64_t used =
        exchange_limiter_used(&exchange->weight, arrival->request->ip, arrival->now_ns);
    return exchange_limiter_blocks(&exchange->weight, used, arrival->cost.weight);
}

/* The order limiter that is in the way, or NULL. Of two the minute's, which lasts longer. */
static struct exchange_limiter *blocking_orders(struct weir_exchange *exchange,
                                                const struct arrival *arrival) {
    const uint32_t account = arrival->request->account;
    const int32_t orders = arrival->cost.orders;
    if (orders == 0) {
        return NULL;
    }
    int64_t used = exchange_limiter_used(&exchange->orders, account, arrival->now_ns);
    if (exchange_limiter_blocks(&exchange->orders, used, orders)) {
        return &exchange->orders;
    }
    if (!exchange->has_burst) {
        return NULL;
    }
    used = exchange_limiter_used(&exchange->burst, account, arrival->now_ns);
    return exchange_limiter_blocks(&exchange->burst, used, orders) ? &exchange->burst : NULL;
}

static void answer_418(const struct exchange_ban *ban, struct weir_exchange_answer *answer) {
    answer->status = 418;
    answer->ban_until_ns = ban->until_ns;
    exchange_answer_ban_body(answer, (ban->until_ns + MILLISECOND_NS - 1) / MILLISECOND_NS);
}

static void handle_banned(struct weir_exchange *exchange, const struct arrival *arrival,
                          struct weir_exchange_answer *answer) {
    struct exchange_ban *ban = &exchange->bans[arrival->request->ip];
    switch (exchange->rules.ban_requests) {
    case WEIR_BAN_COUNTS:
        charge_weight(exchange, arrival, true, answer);
        break;
    case WEIR_BAN_EXTENDS:
        exchange_ban_extend(ban, arrival->now_ns);
        break;
    case WEIR_BAN_IGNORES:
        break;
    }
    answer_418(ban, answer);
}

static void handle_limited(struct weir_exchange *exchange, const struct arrival *arrival,
                           const struct exchange_limiter *limiter,
                           struct weir_exchange_answer *answer) {
    struct exchange_ban *ban = &exchange->bans[arrival->request->ip];
    const bool by_orders = limiter->limit.type == WEIR_LIMIT_ORDERS;
    answer->limit = limiter->limit.type;
    if (exchange->rules.charge_rejected) {
        charge_weight(exchange, arrival, true, answer);
        if (by_orders && exchange->rules.count_rejected_orders) {
            charge_orders(exchange, arrival, true, answer);
        }
    }
    if (exchange_ban_strike(ban, &exchange->rules, arrival->now_ns)) {
        answer_418(ban, answer);
        return;
    }
    answer->status = 429;
    if (by_orders) {
        exchange_answer_orders_body(answer, limiter->limit.limit,
                                    limiter == &exchange->burst ? "10 SECOND" : "MINUTE");
    } else {
        exchange_answer_weight_body(answer, limiter->limit.limit);
    }
}

static void handle_refused(struct weir_exchange *exchange, const struct arrival *arrival,
                           int32_t code, struct weir_exchange_answer *answer) {
    const int32_t depth_limit = arrival->request->params.limit;
    answer->status = 400;
    if (exchange->rules.charge_invalid) {
        charge_weight(exchange, arrival, false, answer);
    }
    if (exchange->rules.count_rejected_orders) {
        charge_orders(exchange, arrival, false, answer);
    }
    if (code == CODE_INVALID_DEPTH_LIMIT && depth_limit != WEIR_LIMIT_OMITTED) {
        exchange_answer_depth_body(answer, depth_limit);
    } else {
        exchange_answer_code_body(answer, code);
    }
}

static void handle_unavailable(struct weir_exchange *exchange, const struct arrival *arrival,
                               struct weir_exchange_answer *answer) {
    const int32_t code = arrival->request->unavailable_code;
    const bool may_have_executed =
        code == 0 || code == CODE_UNEXPECTED_RESPONSE || code == CODE_TIMEOUT;
    answer->status = 503;
    charge_weight(exchange, arrival, false, answer);
    if (may_have_executed || exchange->rules.count_rejected_orders) {
        charge_orders(exchange, arrival, false, answer);
    }
    if (code == 0) {
        exchange_answer_unknown_body(answer);
    } else {
        exchange_answer_code_body(answer, code);
    }
}

/* The limiters have let it through. */
static void handle_admitted(struct weir_exchange *exchange, const struct arrival *arrival,
                            struct weir_exchange_answer *answer) {
    const struct weir_exchange_request *request = arrival->request;
    int32_t code = request->refused_code;
    if (code == 0) {
        code = exchange_tariff_refusal(&exchange->tariff, arrival->kind, request);
    }
    if (code != 0) {
        handle_refused(exchange, arrival, code, answer);
    } else if (request->unavailable) {
        handle_unavailable(exchange, arrival, answer);
    } else {
        charge_weight(exchange, arrival, false, answer);
        charge_orders(exchange, arrival, false, answer);
    }
}

static void decide(struct weir_exchange *exchange, const struct arrival *arrival,
                   struct weir_exchange_answer *answer) {
    if (exchange_ban_holds(&exchange->bans[arrival->request->ip], arrival->now_ns)) {
        handle_banned(exchange, arrival, answer);
        return;
    }
    const struct exchange_limiter *blocking =
        weight_blocks(exchange, arrival) ? &exchange->weight : blocking_orders(exchange, arrival);
    if (blocking != NULL) {
        handle_limited(exchange, arrival, blocking, answer);
    } else {
        handle_admitted(exchange, arrival, answer);
    }
}

static int64_t orders_wait_s(struct weir_exchange *exchange, const struct arrival *arrival) {
    const uint32_t account = arrival->request->account;
    const int32_t orders = arrival->cost.orders;
    const int64_t wait_s =
        exchange_limiter_wait_s(&exchange->orders, account, arrival->now_ns, orders);
    if (!exchange->has_burst) {
        return wait_s;
    }
    const int64_t burst_s =
        exchange_limiter_wait_s(&exchange->burst, account, arrival->now_ns, orders);
    return wait_s > burst_s ? wait_s : burst_s;
}

/* Value of Retry-After, or 0 for none. */
static int64_t retry_after_s(struct weir_exchange *exchange, const struct arrival *arrival,
                             const struct weir_exchange_answer *answer) {
    const struct weir_exchange_rules *rules = &exchange->rules;
    if (answer->status == 418) {
        const int64_t left_ns = answer->ban_until_ns - arrival->now_ns;
        return rules->retry_after_ban ? (left_ns + SECOND_NS - 1) / SECOND_NS : 0;
    }
    if (answer->status != 429) {
        return 0;
    }
    if (answer->limit == WEIR_LIMIT_ORDERS) {
        return rules->retry_after_orders ? orders_wait_s(exchange, arrival) : 0;
    }
    return rules->retry_after_weight
               ? exchange_limiter_wait_s(&exchange->weight, arrival->request->ip, arrival->now_ns,
                                         arrival->cost.weight)
               : 0;
}

static void add_order_counts(struct weir_exchange *exchange, const struct arrival *arrival,
                             struct weir_exchange_answer *answer) {
    if (exchange->has_burst) {
        exchange_answer_number(
            answer, "X-MBX-ORDER-COUNT-10S",
            exchange_limiter_used(&exchange->burst, arrival->request->account, arrival->now_ns));
    }
    exchange_answer_number(answer, "X-MBX-ORDER-COUNT-1M", answer->used_orders);
}

/* Headers show the counters after the request. */
static void add_headers(struct weir_exchange *exchange, const struct arrival *arrival,
                        struct weir_exchange_answer *answer) {
    const unsigned shown =
        exchange->rules.order_header_always ? EXCHANGE_ORDER_RESPONSE : EXCHANGE_PLACES;
    exchange_date_advance(&exchange->date, arrival->now_ns);
    exchange_answer_date(answer, &exchange->date);
    if (answer->status != 418) {
        exchange_answer_number(answer, "X-MBX-USED-WEIGHT-1M", answer->used_weight);
        if ((arrival->kind & shown) != 0 &&
            (answer->status == 200 || exchange->rules.order_header_always)) {
            add_order_counts(exchange, arrival, answer);
        }
    }
    if (answer->status != 200) {
        const int64_t wait_s = retry_after_s(exchange, arrival, answer);
        if (wait_s > 0) {
            exchange_answer_number(answer, "Retry-After", wait_s);
        }
    }
}

void weir_exchange_handle(struct weir_exchange *exchange, int64_t now_ns,
                          const struct weir_exchange_request *request,
                          struct weir_exchange_answer *answer) {
    assert(request->ip < exchange->ip_count && request->account < exchange->account_count);
    const unsigned kind = exchange_tariff_kind(&exchange->tariff, request->endpoint);
    const struct arrival arrival = {.now_ns = advance(exchange, now_ns),
                                    .request = request,
                                    .kind = kind,
                                    .cost = exchange_tariff_cost(&exchange->rules, kind, request)};
    exchange_answer_clear(answer);
    decide(exchange, &arrival, answer);
    answer->used_weight = exchange_limiter_used(&exchange->weight, request->ip, arrival.now_ns);
    answer->used_orders =
        exchange_limiter_used(&exchange->orders, request->account, arrival.now_ns);
    add_headers(exchange, &arrival, answer);
}

void weir_exchange_tighten(struct weir_exchange *exchange, double factor) {
    assert(factor > 0.0 && factor <= 1.0);
    exchange_limiter_tighten(&exchange->weight, factor);
    exchange_limiter_tighten(&exchange->orders, factor);
    if (exchange->has_burst) {
        exchange_limiter_tighten(&exchange->burst, factor);
    }
}

int64_t weir_exchange_used_weight(struct weir_exchange *exchange, uint32_t ip, int64_t now_ns) {
    assert(ip < exchange->ip_count);
    return exchange_limiter_used(&exchange->weight, ip, advance(exchange, now_ns));
}

int64_t weir_exchange_used_orders(struct weir_exchange *exchange, uint32_t account,
                                  int64_t now_ns) {
    assert(account < exchange->account_count);
    return exchange_limiter_used(&exchange->orders, account, advance(exchange, now_ns));
}

int64_t weir_exchange_banned_until(const struct weir_exchange *exchange, uint32_t ip,
                                   int64_t now_ns) {
    assert(ip < exchange->ip_count);
    const int64_t present_ns = now_ns > exchange->now_ns ? now_ns : exchange->now_ns;
    const struct exchange_ban *ban = &exchange->bans[ip];
    return exchange_ban_holds(ban, present_ns) ? ban->until_ns : 0;
}

size_t weir_exchange_limits(const struct weir_exchange *exchange,
                            struct weir_limit limits[WEIR_LIMITS_MAX]) {
    limits[0] = exchange->weight.limit;
    limits[1] = exchange->orders.limit;
    if (!exchange->has_burst) {
        return 2;
    }
    limits[2] = exchange->burst.limit;
    return 3;
}
