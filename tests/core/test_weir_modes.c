// Modes of policy weir: what triggers them, how long they last, and what they change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "weir/limiter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define START (1000 * MINUTE)

static struct weir_limiter *make(const struct weir_setting *settings, size_t count) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 2400},
                                               {WEIR_LIMIT_ORDERS, MINUTE, 1200}};
    struct weir_config config = {.limits = limits,
                                 .limit_count = 2,
                                 .settings = settings,
                                 .setting_count = count,
                                 .now_ns = START,
                                 .max_open = 4096};
    struct weir_limiter *limiter = NULL;
    struct weir_error error = {.text = ""};
    if (weir_limiter_create(weir_policy_find("weir"), &config, &limiter, &error) != WEIR_OK) {
        fail_msg("%s", error.text);
    }
    return limiter;
}

static void see(struct weir_limiter *limiter, int64_t now_ns, uint32_t symbol, double price,
                double usd) {
    struct weir_observation seen = {
        .now_ns = now_ns, .symbol = symbol, .sell = true, .price = price, .notional_usd = usd};
    weir_observe(limiter, &seen);
}

/** Lets time pass without doing anything. */
static void pass(struct weir_limiter *limiter, int64_t now_ns) {
    struct weir_next next;
    assert_int_equal(weir_next_request(limiter, now_ns, 1, &next), WEIR_OK);
    assert_int_equal(next.kind, WEIR_NEXT_NONE);
}

/** The next event is a change to that mode. */
static void expect_mode(struct weir_limiter *limiter, const char *mode, const char *cause,
                        int64_t until_ns) {
    struct weir_event event;
    assert_true(weir_poll_event(limiter, &event));
    assert_string_equal(event.what, "mode");
    assert_string_equal(event.value, mode);
    assert_string_equal(event.cause, cause);
    assert_int_equal(event.until_ns, until_ns);
}

static void expect_no_event(struct weir_limiter *limiter) {
    struct weir_event event;
    assert_false(weir_poll_event(limiter, &event));
}

/** A cascade needs both: 1,000,000 USD in 10 s and 2 % of a symbol in 30 s. */
static void test_cascade_needs_volume_and_move(void **state) {
    (void)state;
    struct weir_limiter *limiter = make(NULL, 0);
    see(limiter, START, 1, 100, 5e6);              // volume alone
    see(limiter, START + 20 * SECOND, 1, 97, 9e5); // a move alone
    see(limiter, START + 25 * SECOND, 2, 50, 9e4); // volume of another symbol: 990,000
    expect_no_event(limiter);
    see(limiter, START + 26 * SECOND, 1, 97, 2e4);
    expect_mode(limiter, "liquidation", "cascade", START + 326 * SECOND);
    weir_limiter_destroy(limiter);
}

static void test_cascade_in_either_direction(void **state) {
    (void)state;
    static const struct {
        double price;
        bool moved;
    } cases[] = {{98.1, false}, {98.0, true}, {101.9, false}, {102.01, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct weir_limiter *limiter = make(NULL, 0);
        see(limiter, START, 7, 100, 10);
        see(limiter, START + 10 * SECOND, 7, cases[i].price, 2e6);
        struct weir_event event;
        assert_int_equal(weir_poll_event(limiter, &event), cases[i].moved);
        weir_limiter_destroy(limiter);
    }
}

static void test_old_prices_and_volumes_do_not_count(void **state) {
    (void)state;
    struct weir_limiter *limiter = make(NULL, 0);
    see(limiter, START, 1, 100, 9e5);
    see(limiter, START + 11 * SECOND, 1, 90, 9e5); // too far apart to add up
    expect_no_event(limiter);
    see(limiter, START + 60 * SECOND, 1, 80, 2e6); // the last price is 49 s old
    expect_no_event(limiter);
    weir_limiter_destroy(limiter);
}

/** Extended by every further trigger, never cut short, and over at its time. */
static void test_extended_never_cut_short(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct draws draws = {.state = seed};
        struct weir_limiter *limiter = make(NULL, 0);
        int64_t now = START;
        int64_t until = 0;
        for (int i = 0; i < 40; i++) {
            see(limiter, now, 3, 100, 1e6);
            see(limiter, now, 3, draw_percent(&draws, 50) ? 103 : 96, 1e6);
            if (now >= until) {
                expect_mode(limiter, "liquidation", "cascade", now + 300 * SECOND);
            }
            until = now + 300 * SECOND;
            now += draw(&draws, 1, 400) * SECOND;
            if (now >= until) {
                pass(limiter, until - 1);
                expect_no_event(limiter);
                pass(limiter, until);
                expect_mode(limiter, "normal", "over", WEIR_NEVER);
            }
            pass(limiter, now);
            expect_no_event(limiter);
        }
        weir_limiter_destroy(limiter);
    }
}

static struct weir_request light(uint64_t id) {
    return (struct weir_request){.id = id,
                                 .endpoint = weir_endpoint_find(WEIR_GET, "/fapi/v1/ping"),
                                 .params = WEIR_PARAMS_NONE,
                                 .deadline_ns = WEIR_NEVER,
                                 .escalate_ns = WEIR_NEVER,
                                 .can_send = true};
}

static uint32_t send_until_held(struct weir_limiter *limiter, int64_t now_ns, uint64_t first_id,
                                uint32_t most) {
    for (uint32_t sent = 0; sent < most; sent++) {
        struct weir_request request = light(first_id + sent);
        struct weir_decision decision;
        assert_int_equal(weir_try(limiter, now_ns, &request, &decision), WEIR_OK);
        if (decision.answer != WEIR_SEND) {
            return sent;
        }
    }
    return most;
}

static void test_traffic_brings_burst(void **state) {
    (void)state;
    struct weir_setting settings[] = {
        {"burst.requests", "20"}, {"clock", "known"}, {"burst.buffer", "0.5"}};
    struct weir_limiter *limiter = make(settings, 3);
    assert_int_equal(send_until_held(limiter, START, 1, 20), 20);
    expect_no_event(limiter);
    // The twenty-first is one too many; from then on half of the allowance is kept back.
    assert_int_equal(send_until_held(limiter, START + SECOND, 100, 5000), 1180);
    expect_mode(limiter, "burst", "traffic", START + 181 * SECOND);
    see(limiter, START + 2 * SECOND, 1, 100, 1e6);
    see(limiter, START + 2 * SECOND, 1, 110, 1e6);
    expect_mode(limiter, "liquidation", "cascade", START + 302 * SECOND);
    assert_int_equal(send_until_held(limiter, START + 3 * SECOND, 10000, 5000), 1176);
    pass(limiter, START + 302 * SECOND);
    expect_mode(limiter, "normal", "over", WEIR_NEVER); // burst was over before
    weir_limiter_destroy(limiter);
}

/** A liquidation mode that ends while traffic is high leaves burst behind. */
static void test_falls_back_to_burst(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"burst.requests", "2"}, {"clock", "known"}};
    struct weir_limiter *limiter = make(settings, 2);
    see(limiter, START, 1, 100, 1e6);
    see(limiter, START, 1, 110, 1e6);
    expect_mode(limiter, "liquidation", "cascade", START + 300 * SECOND);
    assert_int_equal(send_until_held(limiter, START + 290 * SECOND, 1, 10), 10);
    expect_no_event(limiter);
    pass(limiter, START + 300 * SECOND);
    expect_mode(limiter, "burst", "over", START + 470 * SECOND);
    weir_limiter_destroy(limiter);
}

static void test_by_hand(void **state) {
    (void)state;
    struct weir_setting settings[] = {{"mode", "liquidation"},
                                      {"liquidation.buffer", "0.25"},
                                      {"normal.buffer", "0.9"},
                                      {"clock", "known"}};
    struct weir_limiter *limiter = make(settings, 4);
    assert_int_equal(send_until_held(limiter, START, 1, 5000), 1800);
    pass(limiter, START + 1000 * SECOND);
    expect_no_event(limiter);
    weir_limiter_destroy(limiter);
}

/** What is no number teaches nothing, and many symbols do no harm. */
static void test_odd_observations(void **state) {
    (void)state;
    struct weir_limiter *limiter = make(NULL, 0);
    double zero = 0;
    double bad[] = {0, -1, zero / zero, 1 / zero, 1e300};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        see(limiter, START, 1, 100, bad[i]);
        see(limiter, START, 1, bad[i], 2e6);
    }
    see(limiter, -5, 1, 100, 2e6);
    for (uint32_t symbol = 0; symbol < 5000; symbol++) {
        see(limiter, START + SECOND, symbol * 977, 100, 1e6);
    }
    see(limiter, START, 0, 150, 2e6); // from the past: taken as now
    expect_mode(limiter, "liquidation", "cascade", START + 301 * SECOND);
    weir_limiter_destroy(limiter);
}

/** A dashboard's buttons: on for a while, never cut short, and back to normal at once. */
static void test_switched_while_it_runs(void **state) {
    (void)state;
    struct weir_limiter *limiter = make(NULL, 0);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_BURST, 100 * SECOND), WEIR_OK);
    expect_mode(limiter, "burst", "manual", START + 100 * SECOND);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_BURST, SECOND), WEIR_OK);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_LIQUIDATION, SECOND), WEIR_OK);
    expect_mode(limiter, "liquidation", "manual", START + SECOND);
    pass(limiter, START + 2 * SECOND);
    expect_mode(limiter, "burst", "over", START + 100 * SECOND); // not cut short
    assert_int_equal(weir_set_mode(limiter, START + 3 * SECOND, WEIR_MODE_NORMAL, 0), WEIR_OK);
    expect_mode(limiter, "normal", "manual", WEIR_NEVER);
    see(limiter, START + 4 * SECOND, 1, 100, 5e6);
    see(limiter, START + 5 * SECOND, 1, 90, 5e6);
    expect_mode(limiter, "liquidation", "cascade", START + 305 * SECOND); // triggers go on
    assert_int_equal(weir_set_mode(limiter, START + 6 * SECOND, WEIR_MODE_LIQUIDATION, WEIR_NEVER),
                     WEIR_OK);
    pass(limiter, START + 500 * MINUTE);
    expect_no_event(limiter);
    weir_limiter_destroy(limiter);
}

static void test_modes_that_cannot_be_set(void **state) {
    (void)state;
    static const struct weir_setting fixed[] = {{"mode", "burst"}};
    struct weir_limiter *limiter = make(fixed, 1);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_NORMAL, 0), WEIR_INVALID);
    weir_limiter_destroy(limiter);
    limiter = make(NULL, 0);
    assert_int_equal(weir_set_mode(limiter, START, (enum weir_mode)3, SECOND), WEIR_INVALID);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_BURST, 0), WEIR_INVALID);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_BURST, 1441 * MINUTE), WEIR_INVALID);
    assert_int_equal(weir_set_mode(limiter, START - 1, WEIR_MODE_BURST, SECOND), WEIR_INVALID);
    expect_no_event(limiter);
    weir_limiter_destroy(limiter);
}

static void test_guide_is_switched_too(void **state) {
    (void)state;
    static const struct weir_limit limit = {WEIR_LIMIT_WEIGHT, MINUTE, 2400};
    struct weir_config config = {
        .limits = &limit, .limit_count = 1, .now_ns = START, .max_open = 16};
    struct weir_limiter *limiter = NULL;
    assert_int_equal(weir_limiter_create(weir_policy_find("guide"), &config, &limiter, NULL),
                     WEIR_OK);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_LIQUIDATION, 300 * SECOND), WEIR_OK);
    expect_mode(limiter, "liquidation", "manual", START + 300 * SECOND);
    assert_int_equal(weir_set_mode(limiter, START + SECOND, WEIR_MODE_NORMAL, 0), WEIR_OK);
    expect_mode(limiter, "normal", "manual", WEIR_NEVER);
    weir_limiter_destroy(limiter);
    assert_int_equal(weir_limiter_create(weir_policy_find("gcra"), &config, &limiter, NULL),
                     WEIR_OK);
    assert_int_equal(weir_set_mode(limiter, START, WEIR_MODE_BURST, SECOND), WEIR_INVALID);
    weir_limiter_destroy(limiter);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cascade_needs_volume_and_move),
        cmocka_unit_test(test_cascade_in_either_direction),
        cmocka_unit_test(test_old_prices_and_volumes_do_not_count),
        cmocka_unit_test(test_extended_never_cut_short),
        cmocka_unit_test(test_traffic_brings_burst),
        cmocka_unit_test(test_falls_back_to_burst),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_switched_while_it_runs),
        cmocka_unit_test(test_modes_that_cannot_be_set),
        cmocka_unit_test(test_guide_is_switched_too),
        cmocka_unit_test(test_odd_observations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
