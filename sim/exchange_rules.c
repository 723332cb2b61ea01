/**
 * The three rule sets, and the check of a set that somebody else has put together.
 */
#include "exchange_rules.h"

#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS (60 * MINUTE_NS)

static const struct weir_exchange_rules ASTER = {
    .weight_per_minute = 2400,
    .orders_per_minute = 1200,
    .orders_per_10s = 0,
    .window = WEIR_WINDOW_FIXED,
    .reject_at_limit = false,
    .charge_rejected = true,
    .charge_invalid = true,
    .ban_requests = WEIR_BAN_IGNORES,
    .ban_after_429s = 10,
    .ban_window_ns = MINUTE_NS,
    .ban_steps_ns = {2 * MINUTE_NS, 10 * MINUTE_NS, 40 * MINUTE_NS, 240 * MINUTE_NS,
                     4320 * MINUTE_NS},
    .ban_step_count = 5,
    .ban_decay_ns = 24 * HOUR_NS,
    .retry_after_weight = true,
    .retry_after_orders = false,
    .retry_after_ban = true,
    .batch_count = WEIR_BATCH_COUNTS_ORDERS,
    .count_rejected_orders = false,
    .count_cancels = false,
    .order_header_always = false,
    .max_open_orders = 200,
    .max_stop_orders = 100,
};

static void make_lenient(struct weir_exchange_rules *rules) {
    rules->ban_after_429s = 30;
    rules->retry_after_orders = true;
    rules->charge_rejected = false;
}

static void make_strict(struct weir_exchange_rules *rules) {
    static const int64_t steps_ns[] = {40 * MINUTE_NS, 240 * MINUTE_NS, 4320 * MINUTE_NS};
    rules->ban_after_429s = 3;
    rules->orders_per_10s = 300;
    rules->ban_requests = WEIR_BAN_EXTENDS;
    memset(rules->ban_steps_ns, 0, sizeof rules->ban_steps_ns);
    memcpy(rules->ban_steps_ns, steps_ns, sizeof steps_ns);
    rules->ban_step_count = (int32_t)(sizeof steps_ns / sizeof steps_ns[0]);
}

bool weir_exchange_rules_find(const char *name, struct weir_exchange_rules *rules) {
    const bool lenient = strcmp(name, "lenient") == 0;
    const bool strict = strcmp(name, "strict") == 0;
    if (!lenient && !strict && strcmp(name, "aster") != 0) {
        return false;
    }
    *rules = ASTER;
    if (lenient) {
        make_lenient(rules);
    }
    if (strict) {
        make_strict(rules);
    }
    return true;
}

static bool between(int64_t value, int64_t low, int64_t high) {
    return low <= value && value <= high;
}

static bool limits_valid(const struct weir_exchange_rules *rules) {
    const int64_t most =
        rules->window == WEIR_WINDOW_SLIDING ? EXCHANGE_SLIDING_LIMIT_MAX : EXCHANGE_LIMIT_MAX;
    return between(rules->weight_per_minute, 1, most) &&
           between(rules->orders_per_minute, 1, most) && between(rules->orders_per_10s, 0, most) &&
           rules->max_open_orders >= 0 && rules->max_stop_orders >= 0;
}

static bool choices_valid(const struct weir_exchange_rules *rules) {
    return (rules->window == WEIR_WINDOW_FIXED || rules->window == WEIR_WINDOW_SLIDING) &&
           (rules->ban_requests == WEIR_BAN_IGNORES || rules->ban_requests == WEIR_BAN_COUNTS ||
            rules->ban_requests == WEIR_BAN_EXTENDS) &&
           (rules->batch_count == WEIR_BATCH_COUNTS_ORDERS ||
            rules->batch_count == WEIR_BATCH_COUNTS_ONE ||
            rules->batch_count == WEIR_BATCH_COUNTS_FIVE);
}

static bool bans_valid(const struct weir_exchange_rules *rules) {
    if (!between(rules->ban_after_429s, 1, EXCHANGE_STRIKES_MAX) ||
        !between(rules->ban_window_ns, 1, EXCHANGE_SPAN_MAX_NS) ||
        !between(rules->ban_decay_ns, 1, EXCHANGE_SPAN_MAX_NS) ||
        !between(rules->ban_step_count, 1, WEIR_BAN_STEPS_MAX)) {
        return false;
    }
    for (int32_t i = 0; i < rules->ban_step_count; i++) {
        if (!between(rules->ban_steps_ns[i], 1, EXCHANGE_SPAN_MAX_NS)) {
            return false;
        }
    }
    return true;
}

bool exchange_rules_valid(const struct weir_exchange_rules *rules) {
    return choices_valid(rules) && limits_valid(rules) && bans_valid(rules);
}
