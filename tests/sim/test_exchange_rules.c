/**
 * The rule sets, what is refused as a rule, and what can be done to an exchange besides asking it.
 */
#include "exchange_venue.h"

static void test_profile_aster_has_the_documented_defaults(void **state) {
    (void)state;
    struct weir_exchange_rules rules;
    assert_true(weir_exchange_rules_find("aster", &rules));
    assert_int_equal(rules.weight_per_minute, 2400);
    assert_int_equal(rules.orders_per_minute, 1200);
    assert_int_equal(rules.orders_per_10s, 0);
    assert_int_equal(rules.window, WEIR_WINDOW_FIXED);
    assert_false(rules.reject_at_limit);
    assert_true(rules.charge_rejected);
    assert_true(rules.charge_invalid);
    assert_int_equal(rules.ban_requests, WEIR_BAN_IGNORES);
    assert_int_equal(rules.ban_after_429s, 10);
    assert_int_equal(rules.ban_window_ns, MINUTE);
    const int64_t minutes[] = {2, 10, 40, 240, 4320};
    assert_int_equal(rules.ban_step_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rules.ban_steps_ns[i], minutes[i] * MINUTE);
    }
    assert_int_equal(rules.ban_decay_ns, 24 * HOUR);
    assert_true(rules.retry_after_weight && !rules.retry_after_orders && rules.retry_after_ban);
    assert_int_equal(rules.batch_count, WEIR_BATCH_COUNTS_ORDERS);
    assert_false(rules.count_rejected_orders || rules.count_cancels || rules.order_header_always);
    assert_int_equal(rules.max_open_orders, 200);
    assert_int_equal(rules.max_stop_orders, 100);
}

static void test_profiles_lenient_and_strict_differ_from_aster_as_described(void **state) {
    (void)state;
    struct weir_exchange_rules aster;
    struct weir_exchange_rules rules;
    weir_exchange_rules_find("aster", &aster);
    assert_true(weir_exchange_rules_find("lenient", &rules));
    assert_int_equal(rules.ban_after_429s, 30);
    assert_true(rules.retry_after_weight && rules.retry_after_orders && rules.retry_after_ban);
    assert_false(rules.charge_rejected);
    assert_true(rules.charge_invalid);
    assert_int_equal(rules.weight_per_minute, aster.weight_per_minute);
    assert_int_equal(rules.ban_step_count, aster.ban_step_count);

    assert_true(weir_exchange_rules_find("strict", &rules));
    assert_int_equal(rules.ban_after_429s, 3);
    assert_int_equal(rules.orders_per_10s, 300);
    assert_int_equal(rules.ban_requests, WEIR_BAN_EXTENDS);
    assert_int_equal(rules.ban_step_count, 3);
    assert_int_equal(rules.ban_steps_ns[0], 40 * MINUTE);
    assert_int_equal(rules.ban_steps_ns[1], 240 * MINUTE);
    assert_int_equal(rules.ban_steps_ns[2], 4320 * MINUTE);
    assert_true(rules.charge_rejected);
    assert_false(rules.retry_after_orders);
}

static void test_unknown_profile_is_refused_and_leaves_the_rules_alone(void **state) {
    (void)state;
    struct weir_exchange_rules rules = {.weight_per_minute = 77};
    assert_false(weir_exchange_rules_find("Aster", &rules));
    assert_false(weir_exchange_rules_find("", &rules));
    assert_int_equal(rules.weight_per_minute, 77);
}

static void assert_refused(const struct weir_exchange_rules *rules) {
    struct weir_exchange *exchange = weir_exchange_create(rules, 1, 1);
    assert_null(exchange);
}

#define ASSERT_REFUSED_WITH(field, value)                                                          \
    do {                                                                                           \
        struct weir_exchange_rules rules;                                                          \
        weir_exchange_rules_find("aster", &rules);                                                 \
        rules.field = (value);                                                                     \
        assert_refused(&rules);                                                                    \
    } while (0)

static void test_rules_out_of_range_make_no_exchange(void **state) {
    (void)state;
    ASSERT_REFUSED_WITH(weight_per_minute, 0);
    ASSERT_REFUSED_WITH(weight_per_minute, INT64_MAX);
    ASSERT_REFUSED_WITH(orders_per_minute, 0);
    ASSERT_REFUSED_WITH(orders_per_minute, -1);
    ASSERT_REFUSED_WITH(orders_per_10s, -1);
    ASSERT_REFUSED_WITH(window, (enum weir_window_kind)2);
    ASSERT_REFUSED_WITH(ban_requests, (enum weir_ban_requests)3);
    ASSERT_REFUSED_WITH(batch_count, (enum weir_batch_count)3);
    ASSERT_REFUSED_WITH(ban_after_429s, 0);
    ASSERT_REFUSED_WITH(ban_after_429s, INT32_MAX);
    ASSERT_REFUSED_WITH(ban_window_ns, 0);
    ASSERT_REFUSED_WITH(ban_step_count, 0);
    ASSERT_REFUSED_WITH(ban_step_count, WEIR_BAN_STEPS_MAX + 1);
    ASSERT_REFUSED_WITH(ban_steps_ns[2], 0);
    ASSERT_REFUSED_WITH(ban_steps_ns[4], INT64_MAX);
    ASSERT_REFUSED_WITH(ban_decay_ns, 0);
    ASSERT_REFUSED_WITH(max_open_orders, -1);
    ASSERT_REFUSED_WITH(max_stop_orders, -1);
    struct weir_exchange_rules rules;
    weir_exchange_rules_find("aster", &rules);
    assert_null(weir_exchange_create(&rules, 0, 1));
    assert_null(weir_exchange_create(&rules, 1, 0));
    weir_exchange_destroy(NULL);
}

static void test_tightening_lowers_limits_and_the_numbers_in_texts(void **state) {
    (void)state;
    struct venue venue = named_venue("strict");
    struct weir_limit limits[WEIR_LIMITS_MAX];
    open_venue(&venue);
    weir_exchange_tighten(venue.exchange, 0.5);
    weir_exchange_tighten(venue.exchange, 0.7);
    assert_int_equal(weir_exchange_limits(venue.exchange, limits), 3);
    assert_int_equal(limits[0].limit, 840);
    assert_int_equal(limits[1].limit, 420);
    assert_int_equal(limits[2].limit, 105);
    use_orders(&venue, START, 105);
    place_order(&venue, START);
    assert_body(&venue, "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is 105 "
                        "orders per 10 SECOND.\"}");
    weir_exchange_tighten(venue.exchange, 0.001);
    ping(&venue, START);
    assert_body(&venue, "{\"code\":-1003,\"msg\":\"Too many requests; current limit is 1 requests "
                        "per minute. Please use the websocket for live updates to avoid polling "
                        "the API.\"}");
    close_venue(&venue);
}

static void test_limits_are_listed_as_exchange_info_does(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    struct weir_limit limits[WEIR_LIMITS_MAX];
    open_venue(&venue);
    assert_int_equal(weir_exchange_limits(venue.exchange, limits), 2);
    assert_int_equal(limits[0].type, WEIR_LIMIT_WEIGHT);
    assert_int_equal(limits[0].interval_ns, MINUTE);
    assert_int_equal(limits[0].limit, 2400);
    assert_int_equal(limits[1].type, WEIR_LIMIT_ORDERS);
    assert_int_equal(limits[1].interval_ns, MINUTE);
    assert_int_equal(limits[1].limit, 1200);
    close_venue(&venue);
    venue = named_venue("strict");
    open_venue(&venue);
    assert_int_equal(weir_exchange_limits(venue.exchange, limits), 3);
    assert_int_equal(limits[2].type, WEIR_LIMIT_ORDERS);
    assert_int_equal(limits[2].interval_ns, 10 * SECOND);
    assert_int_equal(limits[2].limit, 300);
    close_venue(&venue);
}

static void reset_forgets(enum weir_window_kind window) {
    struct venue venue = touchy_venue();
    struct weir_limit limits[WEIR_LIMITS_MAX];
    venue.rules.window = window;
    venue.rules.orders_per_10s = 1;
    venue.rules.weight_per_minute = 2;
    open_venue(&venue);
    use_orders(&venue, START + HOUR, 1);
    assert_int_equal(place_order(&venue, START + HOUR), 418);
    weir_exchange_tighten(venue.exchange, 0.5);
    weir_exchange_reset(venue.exchange);
    weir_exchange_limits(venue.exchange, limits);
    assert_int_equal(limits[0].limit, 2);
    assert_int_equal(weir_exchange_banned_until(venue.exchange, 0, START), 0);
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, START), 0);
    assert_int_equal(weir_exchange_used_orders(venue.exchange, 0, START), 0);
    assert_int_equal(place_order(&venue, START), 200); /* earlier than before the reset */
    assert_header(&venue, "Date", "Fri, 10 Oct 2025 21:00:00 GMT");
    assert_header(&venue, "X-MBX-ORDER-COUNT-10S", "1");
    assert_int_equal(place_order(&venue, START), 418);
    assert_int_equal(venue.answer.ban_until_ns, START + 2 * MINUTE); /* the first step again */
    close_venue(&venue);
}

static void test_reset_forgets_counters_bans_and_tightening(void **state) {
    (void)state;
    reset_forgets(WEIR_WINDOW_FIXED);
    reset_forgets(WEIR_WINDOW_SLIDING);
}

static void test_time_that_runs_back_is_taken_as_the_latest(void **state) {
    (void)state;
    struct venue venue = small_venue(2, 100);
    open_venue(&venue);
    use_weight(&venue, START + MINUTE, 1);
    assert_int_equal(ping(&venue, START), 200);
    assert_header(&venue, "Date", "Fri, 10 Oct 2025 21:01:00 GMT");
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "2");
    assert_int_equal(ping(&venue, -1), 429);
    close_venue(&venue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile_aster_has_the_documented_defaults),
        cmocka_unit_test(test_profiles_lenient_and_strict_differ_from_aster_as_described),
        cmocka_unit_test(test_unknown_profile_is_refused_and_leaves_the_rules_alone),
        cmocka_unit_test(test_rules_out_of_range_make_no_exchange),
        cmocka_unit_test(test_tightening_lowers_limits_and_the_numbers_in_texts),
        cmocka_unit_test(test_limits_are_listed_as_exchange_info_does),
        cmocka_unit_test(test_reset_forgets_counters_bans_and_tightening),
        cmocka_unit_test(test_time_that_runs_back_is_taken_as_the_latest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
