/**
 * Orders: what counts as one, in a minute and in ten seconds, single and in batches.
 */
#include "exchange_venue.h"

static void test_orders_above_the_limit_are_answered_429(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    use_orders(&venue, START, 1200);
    assert_int_equal(place_order(&venue, START + SECOND), 429);
    assert_int_equal(venue.answer.code, -1015);
    assert_int_equal(venue.answer.limit, WEIR_LIMIT_ORDERS);
    assert_body(&venue, "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is 1200 "
                        "orders per MINUTE.\"}");
    assert_null(header_of(&venue, "Retry-After"));
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "1201");
    assert_int_equal(venue.answer.charged_weight, 1);
    assert_int_equal(venue.answer.charged_orders, 0);
    assert_int_equal(venue.answer.used_orders, 1200);
    assert_int_equal(ping(&venue, START + SECOND), 200); /* others do not mind */
    close_venue(&venue);
}

static void test_order_429_can_have_retry_after(void **state) {
    (void)state;
    struct venue venue = named_venue("lenient");
    venue.rules.orders_per_minute = 1;
    open_venue(&venue);
    use_orders(&venue, START, 1);
    assert_int_equal(place_order(&venue, START + 20 * SECOND), 429);
    assert_header(&venue, "Retry-After", "40");
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "1");
    close_venue(&venue);
}

static void test_rejected_placements_can_count_as_orders(void **state) {
    (void)state;
    struct venue venue = small_venue(2400, 2);
    venue.rules.count_rejected_orders = true;
    open_venue(&venue);
    venue.request.refused_code = -2019;
    assert_int_equal(place_order(&venue, START), 400);
    assert_int_equal(venue.answer.charged_orders, 1);
    venue.request.refused_code = 0;
    assert_int_equal(place_order(&venue, START), 200);
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "2");
    assert_int_equal(place_order(&venue, START), 429);
    assert_int_equal(venue.answer.charged_orders, 1);
    assert_int_equal(venue.answer.used_orders, 3);
    close_venue(&venue);
}

static void test_ten_second_limiter(void **state) {
    (void)state;
    struct venue venue = named_venue("strict");
    open_venue(&venue);
    use_orders(&venue, START + 9 * SECOND, 300);
    assert_header(&venue, "X-MBX-ORDER-COUNT-10S", "300");
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "300");
    assert_int_equal(place_order(&venue, START + 10 * SECOND - 1), 429);
    assert_int_equal(venue.answer.limit, WEIR_LIMIT_ORDERS);
    assert_body(&venue, "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is 300 "
                        "orders per 10 SECOND.\"}");
    assert_int_equal(place_order(&venue, START + 10 * SECOND), 200);
    assert_header(&venue, "X-MBX-ORDER-COUNT-10S", "1");
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "301");
    close_venue(&venue);
}

static void test_the_minute_is_named_when_both_order_limiters_are_full(void **state) {
    (void)state;
    struct venue venue = small_venue(2400, 3);
    venue.rules.orders_per_10s = 3;
    venue.rules.retry_after_orders = true;
    open_venue(&venue);
    use_orders(&venue, START, 3);
    assert_int_equal(place_order(&venue, START), 429);
    assert_body(&venue, "{\"code\":-1015,\"msg\":\"Too many new orders; current limit is 3 orders "
                        "per MINUTE.\"}");
    assert_header(&venue, "Retry-After", "60");
    close_venue(&venue);
}

static void test_ten_second_429_waits_for_its_own_window(void **state) {
    (void)state;
    struct venue venue = small_venue(2400, 100);
    venue.rules.orders_per_10s = 1;
    venue.rules.retry_after_orders = true;
    open_venue(&venue);
    use_orders(&venue, START + 33 * SECOND, 1);
    assert_int_equal(place_order(&venue, START + 33 * SECOND), 429);
    assert_header(&venue, "Retry-After", "7");
    close_venue(&venue);
}

static void test_weight_is_counted_by_ip_and_orders_by_account(void **state) {
    (void)state;
    struct venue venue = small_venue(3, 2);
    open_venue(&venue);
    use_orders(&venue, START, 2);
    venue.request.ip = 1;
    assert_int_equal(place_order(&venue, START), 429); /* the same account from another IP */
    venue.request.account = 1;
    assert_int_equal(place_order(&venue, START), 200);
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "2"); /* one rejected, one accepted */
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    venue.request.ip = 0;
    assert_int_equal(place_order(&venue, START), 200);
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "3");
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "2");
    close_venue(&venue);
}

static void test_batch_counts_its_orders(void **state) {
    (void)state;
    static const struct {
        enum weir_batch_count rule;
        int32_t count;
        int32_t orders;
    } cases[] = {
        {WEIR_BATCH_COUNTS_ORDERS, 1, 1}, {WEIR_BATCH_COUNTS_ORDERS, 3, 3},
        {WEIR_BATCH_COUNTS_ONE, 4, 1},    {WEIR_BATCH_COUNTS_FIVE, 2, 5},
        {WEIR_BATCH_COUNTS_ORDERS, 5, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct venue venue = named_venue("aster");
        venue.rules.batch_count = cases[i].rule;
        open_venue(&venue);
        assert_int_equal(place_batch(&venue, START, cases[i].count), 200);
        assert_int_equal(venue.answer.charged_weight, 5);
        assert_int_equal(venue.answer.charged_orders, cases[i].orders);
        assert_int_equal(venue.answer.used_orders, cases[i].orders);
        assert_int_equal(place_order(&venue, START), 200); /* no batch: 1 under every rule */
        assert_int_equal(venue.answer.charged_orders, 1);
        close_venue(&venue);
    }
}

static void test_batch_that_does_not_fit_is_refused_whole(void **state) {
    (void)state;
    struct venue venue = small_venue(2400, 10);
    open_venue(&venue);
    assert_int_equal(place_batch(&venue, START, 5), 200);
    assert_int_equal(place_batch(&venue, START, 3), 200);
    assert_int_equal(place_batch(&venue, START, 3), 429);
    assert_int_equal(venue.answer.code, -1015);
    assert_int_equal(venue.answer.used_orders, 8);
    assert_int_equal(place_batch(&venue, START, 2), 200);
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "10");
    close_venue(&venue);
}

static void test_batch_of_a_wrong_size_is_refused(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    assert_int_equal(place_batch(&venue, START, 6), 400);
    assert_body(&venue, "{\"code\":-4082,\"msg\":\"Invalid number of batch place orders.\"}");
    assert_int_equal(venue.answer.charged_weight, 5);
    assert_int_equal(venue.answer.charged_orders, 0);
    assert_int_equal(place_batch(&venue, START, 0), 400);
    assert_int_equal(venue.answer.code, -1102);
    venue.request.params.count = 11;
    assert_int_equal(ask(&venue, START, WEIR_DELETE, "/fapi/v1/batchOrders"), 400);
    assert_body(&venue, "{\"code\":-4032,\"msg\":\"Exceed maximum cancel order size.\"}");
    close_venue(&venue);
}

static void test_strategy_orders_are_batches(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    venue.request.params.count = 3;
    assert_int_equal(ask(&venue, START, WEIR_POST, "/fapi/v3/placeStrategyOrder"), 200);
    assert_int_equal(venue.answer.charged_orders, 3);
    venue.request.params.count = 4;
    assert_int_equal(ask(&venue, START, WEIR_POST, "/fapi/v3/placeStrategyOrder"), 400);
    assert_int_equal(venue.answer.code, -4082);
    close_venue(&venue);
}

static void test_cancels_count_as_orders_only_if_the_rules_say_so(void **state) {
    (void)state;
    static const struct {
        bool counted;
        enum weir_batch_count rule;
        const char *path;
        int32_t count;
        int32_t orders;
    } cases[] = {
        {false, WEIR_BATCH_COUNTS_ORDERS, "/fapi/v1/order", 0, 0},
        {false, WEIR_BATCH_COUNTS_FIVE, "/fapi/v1/batchOrders", 4, 0},
        {true, WEIR_BATCH_COUNTS_ORDERS, "/fapi/v1/order", 0, 1},
        {true, WEIR_BATCH_COUNTS_FIVE, "/fapi/v1/order", 0, 1},
        {true, WEIR_BATCH_COUNTS_ORDERS, "/fapi/v1/allOpenOrders", 0, 1},
        {true, WEIR_BATCH_COUNTS_ORDERS, "/fapi/v1/batchOrders", 4, 4},
        {true, WEIR_BATCH_COUNTS_ORDERS, "/fapi/v1/batchOrders", 0, 1},
        {true, WEIR_BATCH_COUNTS_ONE, "/fapi/v1/batchOrders", 4, 1},
        {true, WEIR_BATCH_COUNTS_FIVE, "/fapi/v3/batchOrders", 4, 5},
        {true, WEIR_BATCH_COUNTS_ORDERS, "/fapi/v1/listenKey", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct venue venue = named_venue("aster");
        venue.rules.count_cancels = cases[i].counted;
        venue.rules.batch_count = cases[i].rule;
        open_venue(&venue);
        venue.request.params.count = cases[i].count;
        assert_int_equal(ask(&venue, START, WEIR_DELETE, cases[i].path), 200);
        assert_int_equal(venue.answer.charged_orders, cases[i].orders);
        assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
        close_venue(&venue);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_above_the_limit_are_answered_429),
        cmocka_unit_test(test_order_429_can_have_retry_after),
        cmocka_unit_test(test_rejected_placements_can_count_as_orders),
        cmocka_unit_test(test_ten_second_limiter),
        cmocka_unit_test(test_the_minute_is_named_when_both_order_limiters_are_full),
        cmocka_unit_test(test_ten_second_429_waits_for_its_own_window),
        cmocka_unit_test(test_weight_is_counted_by_ip_and_orders_by_account),
        cmocka_unit_test(test_batch_counts_its_orders),
        cmocka_unit_test(test_batch_that_does_not_fit_is_refused_whole),
        cmocka_unit_test(test_batch_of_a_wrong_size_is_refused),
        cmocka_unit_test(test_strategy_orders_are_batches),
        cmocka_unit_test(test_cancels_count_as_orders_only_if_the_rules_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
