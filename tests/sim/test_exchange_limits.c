/**
 * Weight: what is counted in fixed and sliding windows, and when a request is one too many.
 */
#include "exchange_venue.h"

static void test_weight_above_the_limit_is_answered_429(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    use_weight(&venue, START, 2395);
    assert_int_equal(ask(&venue, START + 18 * SECOND + 1, WEIR_GET, "/fapi/v1/depth"), 429);
    assert_int_equal(venue.answer.code, -1003);
    assert_int_equal(venue.answer.limit, WEIR_LIMIT_WEIGHT);
    assert_body(&venue, "{\"code\":-1003,\"msg\":\"Too many requests; current limit is 2400 "
                        "requests per minute. Please use the websocket for live updates to avoid "
                        "polling the API.\"}");
    assert_int_equal(venue.answer.header_count, 3);
    assert_header(&venue, "Date", "Fri, 10 Oct 2025 21:00:18 GMT");
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "2405"); /* the rejected 10 are charged */
    assert_header(&venue, "Retry-After", "42");
    assert_int_equal(venue.answer.charged_weight, 10);
    assert_int_equal(venue.answer.charged_orders, 0);
    close_venue(&venue);
}

static void test_rejected_weight_need_not_be_charged(void **state) {
    (void)state;
    struct venue venue = named_venue("lenient");
    open_venue(&venue);
    use_weight(&venue, START, 2395);
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/depth"), 429);
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "2395");
    assert_int_equal(venue.answer.charged_weight, 0);
    use_weight(&venue, START, 5);
    assert_int_equal(ping(&venue, START), 429);
    close_venue(&venue);
}

static void test_limit_may_refuse_as_soon_as_it_is_reached(void **state) {
    (void)state;
    struct venue venue = small_venue(12, 100);
    venue.rules.reject_at_limit = true;
    open_venue(&venue);
    use_weight(&venue, START, 11);
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/depth"), 200); /* 11 + 10 > 12 */
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "21");
    assert_int_equal(ping(&venue, START), 429);
    close_venue(&venue);
}

static void test_fixed_window_ends_with_the_utc_minute(void **state) {
    (void)state;
    struct venue venue = small_venue(5, 3);
    open_venue(&venue);
    use_orders(&venue, START + 59 * SECOND, 3);
    use_weight(&venue, START + 59 * SECOND, 2);
    assert_int_equal(ping(&venue, START + MINUTE - 1), 429);
    assert_header(&venue, "Retry-After", "1");
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, START + MINUTE - 1), 6);
    assert_int_equal(weir_exchange_used_orders(venue.exchange, 0, START + MINUTE - 1), 3);
    assert_int_equal(place_order(&venue, START + MINUTE), 200);
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "1");
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    close_venue(&venue);
}

static void test_retry_after_a_429_is_rounded_up(void **state) {
    (void)state;
    struct venue venue = small_venue(1, 100);
    open_venue(&venue);
    use_weight(&venue, START, 1);
    ping(&venue, START);
    assert_header(&venue, "Retry-After", "60");
    ping(&venue, START + 1);
    assert_header(&venue, "Retry-After", "60");
    ping(&venue, START + SECOND);
    assert_header(&venue, "Retry-After", "59");
    ping(&venue, START + 58 * SECOND + 1);
    assert_header(&venue, "Retry-After", "2");
    close_venue(&venue);
}

static void test_retry_after_can_be_left_out(void **state) {
    (void)state;
    struct venue venue = small_venue(1, 100);
    venue.rules.retry_after_weight = false;
    venue.rules.retry_after_ban = false;
    venue.rules.ban_after_429s = 2;
    open_venue(&venue);
    use_weight(&venue, START, 1);
    assert_int_equal(ping(&venue, START), 429);
    assert_null(header_of(&venue, "Retry-After"));
    assert_int_equal(ping(&venue, START), 418);
    assert_null(header_of(&venue, "Retry-After"));
    assert_int_equal(venue.answer.header_count, 1);
    close_venue(&venue);
}

static void test_a_weight_429_never_reaches_the_account(void **state) {
    (void)state;
    struct venue venue = small_venue(1, 5);
    venue.rules.count_rejected_orders = true;
    open_venue(&venue);
    use_weight(&venue, START, 1);
    assert_int_equal(place_order(&venue, START), 429);
    assert_int_equal(venue.answer.code, -1003);
    assert_int_equal(venue.answer.charged_orders, 0);
    assert_int_equal(venue.answer.used_orders, 0);
    close_venue(&venue);
}

static void test_sliding_window_forgets_each_request_after_a_minute(void **state) {
    (void)state;
    struct venue venue = small_venue(3, 100);
    venue.rules.window = WEIR_WINDOW_SLIDING;
    venue.rules.charge_rejected = false;
    open_venue(&venue);
    use_weight(&venue, START + 50 * SECOND, 1);
    use_weight(&venue, START + 55 * SECOND, 2);
    assert_int_equal(ping(&venue, START + 65 * SECOND), 429); /* no relief at the full minute */
    assert_header(&venue, "Retry-After", "45");
    assert_int_equal(ping(&venue, START + 110 * SECOND - 1), 429);
    assert_header(&venue, "Retry-After", "1");
    assert_int_equal(ping(&venue, START + 110 * SECOND), 200);
    assert_int_equal(ping(&venue, START + 110 * SECOND), 429);
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, START + 115 * SECOND), 1);
    close_venue(&venue);
}

static void test_sliding_retry_after_waits_until_enough_has_left(void **state) {
    (void)state;
    struct venue venue = small_venue(12, 100);
    venue.rules.window = WEIR_WINDOW_SLIDING;
    venue.rules.charge_rejected = false;
    open_venue(&venue);
    for (int i = 0; i < 12; i++) {
        use_weight(&venue, START + i * SECOND, 1);
    }
    ask(&venue, START + 20 * SECOND, WEIR_GET, "/fapi/v1/depth"); /* 10: ten of them must leave */
    assert_int_equal(venue.answer.status, 429);
    assert_header(&venue, "Retry-After", "49");
    assert_int_equal(ask(&venue, START + 69 * SECOND - 1, WEIR_GET, "/fapi/v1/depth"), 429);
    assert_int_equal(ask(&venue, START + 69 * SECOND, WEIR_GET, "/fapi/v1/depth"), 200);
    close_venue(&venue);
}

static void test_charged_rejections_slide_by_the_millisecond(void **state) {
    (void)state;
    struct venue venue = small_venue(1, 100);
    venue.rules.window = WEIR_WINDOW_SLIDING;
    open_venue(&venue);
    use_weight(&venue, START + 1, 1);
    assert_int_equal(ping(&venue, START + 5 * MILLISECOND + 7), 429);
    const int64_t gone_ns = START + MINUTE + 5 * MILLISECOND;
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, START + MINUTE), 2);
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, START + MINUTE + 1), 1);
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, gone_ns - 1), 1);
    assert_int_equal(weir_exchange_used_weight(venue.exchange, 0, gone_ns), 0);
    close_venue(&venue);
}

static void test_sliding_window_stands_a_flood_of_rejections(void **state) {
    (void)state;
    struct venue venue = small_venue(7, 100);
    venue.rules.window = WEIR_WINDOW_SLIDING;
    venue.rules.ban_after_429s = 100000;
    venue.rules.ban_window_ns = 1;
    open_venue(&venue);
    int64_t now_ns = START;
    for (int i = 0; i < 200000; i++) { /* two in each millisecond, for 100 seconds */
        now_ns = START + i * (MILLISECOND / 2);
        assert_int_equal(ping(&venue, now_ns), i < 7 ? 200 : 429);
    }
    assert_int_equal(venue.answer.used_weight, 2 * 60000);
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "120000");
    assert_header(&venue, "Retry-After", "60");
    assert_int_equal(ping(&venue, now_ns + MINUTE), 200);
    close_venue(&venue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_above_the_limit_is_answered_429),
        cmocka_unit_test(test_rejected_weight_need_not_be_charged),
        cmocka_unit_test(test_limit_may_refuse_as_soon_as_it_is_reached),
        cmocka_unit_test(test_fixed_window_ends_with_the_utc_minute),
        cmocka_unit_test(test_retry_after_a_429_is_rounded_up),
        cmocka_unit_test(test_retry_after_can_be_left_out),
        cmocka_unit_test(test_a_weight_429_never_reaches_the_account),
        cmocka_unit_test(test_sliding_window_forgets_each_request_after_a_minute),
        cmocka_unit_test(test_sliding_retry_after_waits_until_enough_has_left),
        cmocka_unit_test(test_charged_rejections_slide_by_the_millisecond),
        cmocka_unit_test(test_sliding_window_stands_a_flood_of_rejections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
