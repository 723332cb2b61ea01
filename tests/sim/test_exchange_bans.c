/**
 * Bans: when they begin, how long they last, and what is remembered of them.
 */
#include "exchange_venue.h"

#include <string.h>

static void test_tenth_429_within_a_minute_begins_a_ban(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    use_weight(&venue, START, 2400);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(ping(&venue, START + i * SECOND), 429);
    }
    assert_int_equal(ping(&venue, START + 9 * SECOND), 418);
    assert_int_equal(venue.answer.code, -1003);
    assert_int_equal(venue.answer.ban_until_ns, START + 129 * SECOND);
    assert_body(&venue, "{\"code\":-1003,\"msg\":\"Way too many requests; IP banned until "
                        "1760130129000. Please use the websocket for live updates to avoid "
                        "bans.\"}");
    assert_int_equal(venue.answer.header_count, 2);
    assert_header(&venue, "Date", "Fri, 10 Oct 2025 21:00:09 GMT");
    assert_header(&venue, "Retry-After", "120");
    assert_int_equal(venue.answer.charged_weight, 1);
    assert_int_equal(weir_exchange_banned_until(venue.exchange, 0, START + 9 * SECOND),
                     START + 129 * SECOND);
    close_venue(&venue);
}

static void test_429s_further_apart_are_forgiven(void **state) {
    (void)state;
    struct venue venue = small_venue(1, 100);
    venue.rules.ban_after_429s = 2;
    open_venue(&venue);
    ping(&venue, START);
    assert_int_equal(ping(&venue, START), 429);
    assert_int_equal(ping(&venue, START + MINUTE), 200);
    assert_int_equal(ping(&venue, START + MINUTE), 429); /* the first is just out of the window */
    ping(&venue, START + 2 * MINUTE - 1);
    assert_int_equal(venue.answer.status, 418);
    close_venue(&venue);
}

static void test_order_429s_lead_to_a_ban_too(void **state) {
    (void)state;
    struct venue venue = small_venue(2400, 1);
    venue.rules.ban_after_429s = 2;
    open_venue(&venue);
    use_orders(&venue, START, 1);
    assert_int_equal(place_order(&venue, START), 429);
    assert_int_equal(place_order(&venue, START), 418);
    assert_int_equal(venue.answer.limit, WEIR_LIMIT_ORDERS);
    assert_int_equal(venue.answer.code, -1003);
    close_venue(&venue);
}

static void test_lenient_and_strict_ban_on_their_own_counts(void **state) {
    (void)state;
    static const struct {
        const char *profile;
        int count;
        int64_t minutes;
    } cases[] = {{"lenient", 30, 2}, {"strict", 3, 40}};
    for (size_t i = 0; i < 2; i++) {
        struct venue venue = named_venue(cases[i].profile);
        venue.rules.weight_per_minute = 1;
        open_venue(&venue);
        ping(&venue, START);
        for (int n = 1; n < cases[i].count; n++) {
            assert_int_equal(ping(&venue, START), 429);
        }
        assert_int_equal(ping(&venue, START), 418);
        assert_int_equal(venue.answer.ban_until_ns, START + cases[i].minutes * MINUTE);
        close_venue(&venue);
    }
}

static void test_bans_grow_from_two_minutes_to_three_days(void **state) {
    (void)state;
    static const int64_t minutes[] = {2, 10, 40, 240, 4320, 4320};
    struct venue venue = touchy_venue();
    open_venue(&venue);
    int64_t now_ns = START;
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        get_banned(&venue, now_ns);
        assert_int_equal(venue.answer.ban_until_ns, now_ns + minutes[i] * MINUTE);
        now_ns = venue.answer.ban_until_ns;
    }
    close_venue(&venue);
}

static void test_ladder_goes_back_a_step_for_each_day_without_a_ban(void **state) {
    (void)state;
    static const struct {
        int64_t pause_ns;
        int64_t minutes; /* of the ban after the pause; the one before it was of 40 minutes */
    } cases[] = {
        {0, 240},        {24 * HOUR - 1, 240}, {24 * HOUR, 40},
        {48 * HOUR, 10}, {72 * HOUR, 2},       {9999 * HOUR, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct venue venue = touchy_venue();
        open_venue(&venue);
        get_banned(&venue, START);
        get_banned(&venue, venue.answer.ban_until_ns);
        get_banned(&venue, venue.answer.ban_until_ns);
        const int64_t now_ns = venue.answer.ban_until_ns + cases[i].pause_ns;
        get_banned(&venue, now_ns);
        assert_int_equal(venue.answer.ban_until_ns, now_ns + cases[i].minutes * MINUTE);
        close_venue(&venue);
    }
}

static void test_ban_ends_at_its_end(void **state) {
    (void)state;
    struct venue venue = touchy_venue();
    open_venue(&venue);
    get_banned(&venue, START);
    const int64_t end_ns = START + 2 * MINUTE;
    assert_int_equal(ping(&venue, end_ns - 1), 418);
    assert_header(&venue, "Retry-After", "1");
    assert_int_equal(weir_exchange_banned_until(venue.exchange, 0, end_ns - 1), end_ns);
    assert_int_equal(weir_exchange_banned_until(venue.exchange, 0, end_ns), 0);
    assert_int_equal(ping(&venue, end_ns), 200);
    close_venue(&venue);
}

static void test_end_of_ban_is_rounded_up_to_milliseconds(void **state) {
    (void)state;
    struct venue venue = touchy_venue();
    open_venue(&venue);
    get_banned(&venue, START + 1);
    assert_non_null(strstr(venue.answer.body, "until 1760130120001."));
    assert_header(&venue, "Retry-After", "120");
    ping(&venue, START + 2);
    assert_header(&venue, "Retry-After", "120");
    close_venue(&venue);
}

static void test_requests_in_a_ban_are_ignored_by_default(void **state) {
    (void)state;
    struct venue venue = touchy_venue();
    open_venue(&venue);
    get_banned(&venue, START);
    assert_int_equal(place_order(&venue, START + MINUTE), 418);
    assert_int_equal(venue.answer.charged_weight, 0);
    assert_int_equal(venue.answer.charged_orders, 0);
    assert_int_equal(venue.answer.used_weight, 0);
    assert_int_equal(venue.answer.ban_until_ns, START + 2 * MINUTE);
    assert_null(header_of(&venue, "X-MBX-USED-WEIGHT-1M"));
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    close_venue(&venue);
}

static void test_requests_in_a_ban_can_count(void **state) {
    (void)state;
    struct venue venue = touchy_venue();
    venue.rules.ban_requests = WEIR_BAN_COUNTS;
    venue.rules.ban_steps_ns[0] = 90 * SECOND;
    open_venue(&venue);
    get_banned(&venue, START);
    assert_int_equal(place_order(&venue, START + 61 * SECOND), 418);
    assert_int_equal(venue.answer.charged_weight, 1);
    assert_int_equal(venue.answer.charged_orders, 0);
    assert_int_equal(venue.answer.ban_until_ns, START + 90 * SECOND);
    ping(&venue, START + 90 * SECOND); /* the minute is used up by what was sent in the ban */
    assert_int_equal(venue.answer.status, 418);
    assert_int_equal(venue.answer.ban_until_ns, START + 690 * SECOND);
    close_venue(&venue);
}

static void test_requests_in_a_ban_can_extend_it(void **state) {
    (void)state;
    struct venue venue = touchy_venue();
    venue.rules.ban_requests = WEIR_BAN_EXTENDS;
    open_venue(&venue);
    get_banned(&venue, START);
    get_banned(&venue, START + 2 * MINUTE);
    const int64_t now_ns = START + 10 * MINUTE;
    assert_int_equal(ping(&venue, now_ns), 418);
    assert_int_equal(venue.answer.charged_weight, 0);
    assert_int_equal(venue.answer.ban_until_ns, now_ns + 10 * MINUTE);
    assert_header(&venue, "Retry-After", "600");
    assert_int_equal(ping(&venue, now_ns + 10 * MINUTE), 200);
    close_venue(&venue);
}

static void test_429s_are_forgotten_after_a_ban(void **state) {
    (void)state;
    struct venue venue = small_venue(1, 100);
    venue.rules.ban_after_429s = 3;
    venue.rules.ban_steps_ns[0] = SECOND;
    venue.rules.ban_window_ns = HOUR;
    open_venue(&venue);
    ping(&venue, START);
    assert_int_equal(ping(&venue, START), 429);
    assert_int_equal(ping(&venue, START), 429);
    assert_int_equal(ping(&venue, START), 418);
    assert_int_equal(ping(&venue, START + SECOND), 429);
    assert_int_equal(ping(&venue, START + SECOND), 429);
    assert_int_equal(ping(&venue, START + SECOND), 418);
    close_venue(&venue);
}

static void test_a_ban_is_of_one_ip(void **state) {
    (void)state;
    struct venue venue = touchy_venue();
    open_venue(&venue);
    get_banned(&venue, START);
    venue.request.ip = 1;
    assert_int_equal(ping(&venue, START), 200);
    assert_int_equal(weir_exchange_banned_until(venue.exchange, 1, START), 0);
    close_venue(&venue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenth_429_within_a_minute_begins_a_ban),
        cmocka_unit_test(test_429s_further_apart_are_forgiven),
        cmocka_unit_test(test_order_429s_lead_to_a_ban_too),
        cmocka_unit_test(test_lenient_and_strict_ban_on_their_own_counts),
        cmocka_unit_test(test_bans_grow_from_two_minutes_to_three_days),
        cmocka_unit_test(test_ladder_goes_back_a_step_for_each_day_without_a_ban),
        cmocka_unit_test(test_ban_ends_at_its_end),
        cmocka_unit_test(test_end_of_ban_is_rounded_up_to_milliseconds),
        cmocka_unit_test(test_requests_in_a_ban_are_ignored_by_default),
        cmocka_unit_test(test_requests_in_a_ban_can_count),
        cmocka_unit_test(test_requests_in_a_ban_can_extend_it),
        cmocka_unit_test(test_429s_are_forgotten_after_a_ban),
        cmocka_unit_test(test_a_ban_is_of_one_ip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
