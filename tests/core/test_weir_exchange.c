// Policy weir in a world of random delays, losses and clocks: an exclusive client never breaks a
// limit, keeps the silence it is told, and wastes little.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "world.h"

#define RUNS 60

/** Limits so low that they bind all the time. */
static void set_limits(struct world_plan *plan) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, MINUTE, 400},
                                               {WEIR_LIMIT_ORDERS, MINUTE, 120},
                                               {WEIR_LIMIT_ORDERS, 10 * SECOND, 30},
                                               {WEIR_LIMIT_WEIGHT, 3 * SECOND, 60}};
    plan->limit_count = 4;
    for (size_t i = 0; i < plan->limit_count; i++) {
        plan->limits[i] = limits[i];
        plan->true_limits[i] = limits[i].limit;
    }
}

static struct world_plan drawn_plan(uint64_t seed) {
    struct draws draws = {.state = seed * 7919};
    struct world_plan plan = {
        .seed = seed,
        .connections = (uint32_t)draw(&draws, 1, 64),
        .max_open = (uint32_t)draw(&draws, 64, 400),
        .start_ns = draw(&draws, 0, 1000000) * SECOND + draw(&draws, 0, SECOND),
        .length_ns = 4 * MINUTE,
        .gap_ns = draw(&draws, 20, 300) * MS,
        .drift_ppm = draw(&draws, -15, 15),
        .slow_percent = draw_percent(&draws, 50) ? draw(&draws, 0, 40) : 0,
        .lost_percent = draw_percent(&draws, 50) ? draw(&draws, 0, 20) : 0,
        .no_date_percent = draw_percent(&draws, 30) ? draw(&draws, 0, 100) : 0,
        .garbled_percent = draw_percent(&draws, 30) ? draw(&draws, 0, 100) : 0,
    };
    // An exchange that lives in 2023 and a client whose clock counts from its start, hours off.
    plan.offset_ns = 1700000000 * SECOND + draw(&draws, -10000, 10000) * SECOND +
                     draw(&draws, 0, SECOND) - plan.start_ns;
    set_limits(&plan);
    return plan;
}

/** Settings of every run here: no buffer, so that nothing but the algorithm protects. */
static const struct weir_setting no_buffer[] = {{"normal.buffer", "0"}, {"queue", "50"}};
static const struct weir_setting sliding[] = {
    {"normal.buffer", "0"}, {"queue", "50"}, {"window", "sliding"}};
static const struct weir_setting no_buffer_no_headers[] = {
    {"normal.buffer", "0"}, {"headers", "off"}, {"deadlines", "on"}};

static void check_exclusive(struct world_plan *plan, const char *what) {
    struct world_result result = world_run(plan);
    if (result.over_limit > 0) {
        print_error("%s, seed %llu: %u of %u arrivals broke a limit\n", what,
                    (unsigned long long)plan->seed, result.over_limit, result.sent);
    }
    assert_int_equal(result.over_limit, 0);
    assert_true(result.sent > 100);
}

static void test_fixed_never_breaks_a_limit(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct world_plan plan = drawn_plan(seed);
        plan.settings = no_buffer;
        plan.setting_count = 2;
        check_exclusive(&plan, "fixed");
    }
}

static void test_sliding_never_breaks_a_limit(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct world_plan plan = drawn_plan(seed);
        plan.sliding = true;
        plan.settings = sliding;
        plan.setting_count = 3;
        check_exclusive(&plan, "sliding");
    }
}

static void test_never_breaks_a_limit_without_headers(void **state) {
    (void)state;
    for (uint64_t seed = 1000; seed <= 1000 + RUNS / 2; seed++) {
        struct world_plan plan = drawn_plan(seed);
        plan.settings = no_buffer_no_headers;
        plan.setting_count = 3;
        check_exclusive(&plan, "no headers");
    }
}

/** The same guarantees while entries are chosen by value, with modes, and with everything that
 *  forecasts, on windows of either kind. */
static void test_valued_never_breaks_a_limit(void **state) {
    (void)state;
    for (uint64_t seed = 2000; seed <= 2000 + RUNS; seed++) {
        struct world_plan plan = drawn_plan(seed);
        struct weir_setting settings[] = {{"normal.buffer", "0"},
                                          {"burst.buffer", "0"},
                                          {"burst.requests", "50"},
                                          {"queue", seed % 3 == 0 ? "5" : "50"},
                                          {"window", seed % 2 == 0 ? "sliding" : "fixed"}};
        plan.valued = true;
        plan.sliding = seed % 2 == 0;
        plan.settings = settings;
        plan.setting_count = 5;
        check_exclusive(&plan, "valued");
    }
}

/** The exchange tightened its limits to half and says so by 429 and 418 only: provocations are
 *  checked by the world itself. */
static void test_keeps_silence(void **state) {
    (void)state;
    uint32_t bans = 0;
    uint32_t rejections = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct world_plan plan = drawn_plan(seed);
        plan.settings = no_buffer;
        plan.setting_count = 2;
        plan.enforced = true;
        plan.valued = seed % 3 == 0;
        plan.retry_after = seed % 2 == 0;
        plan.no_date_percent = 0;
        plan.length_ns = 8 * MINUTE;
        for (size_t i = 0; i < plan.limit_count; i++) {
            plan.true_limits[i] /= 2;
        }
        struct world_result result = world_run(&plan);
        bans += result.bans;
        rejections += result.over_limit;
    }
    assert_true(rejections > 0);
    assert_true(bans > 0);
}

/** A greedy client that is alone, with a known clock and no buffer, uses at least 97 % of every
 *  minute. */
static void test_known_clock_fills_windows(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world_plan plan = drawn_plan(seed);
        char offset_ms[32];
        plan.offset_ns = plan.offset_ns / MS * MS;
        (void)snprintf(offset_ms, sizeof offset_ms, "%lld", (long long)(plan.offset_ns / MS));
        struct weir_setting known[] = {
            {"normal.buffer", "0"}, {"clock", "known"}, {"clock_offset_ms", offset_ms}};
        plan.settings = known;
        plan.setting_count = 3;
        plan.limits[0] = (struct weir_limit){WEIR_LIMIT_WEIGHT, MINUTE, 2400};
        plan.limits[1] = (struct weir_limit){WEIR_LIMIT_ORDERS, MINUTE, 1200};
        plan.true_limits[0] = 2400;
        plan.true_limits[1] = 1200;
        plan.limit_count = 2;
        plan.only_orders = true;
        plan.connections = 32;
        plan.max_open = 400;
        plan.gap_ns = 10 * MS;
        plan.drift_ppm = 0;
        plan.slow_percent = 0;
        plan.lost_percent = 0;
        struct world_result result = world_run(&plan);
        assert_int_equal(result.over_limit, 0);
        assert_in_range(result.arrivals_orders_min, 1164, 1200);
    }
}

/** With the clock only estimated it loses a little more, and only around the minute. */
static void test_estimated_clock_fills_windows(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world_plan plan = drawn_plan(seed);
        plan.settings = no_buffer;
        plan.setting_count = 1;
        plan.limit_count = 2;
        plan.limits[1].limit = plan.true_limits[1] = 120;
        plan.only_orders = true;
        plan.connections = 32;
        plan.max_open = 400;
        plan.gap_ns = 100 * MS;
        plan.slow_percent = 0;
        plan.lost_percent = 0;
        plan.no_date_percent = 0;
        struct world_result result = world_run(&plan);
        assert_int_equal(result.over_limit, 0);
        assert_in_range(result.arrivals_orders_min, 114, 120);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_never_breaks_a_limit),
        cmocka_unit_test(test_sliding_never_breaks_a_limit),
        cmocka_unit_test(test_never_breaks_a_limit_without_headers),
        cmocka_unit_test(test_valued_never_breaks_a_limit),
        cmocka_unit_test(test_keeps_silence),
        cmocka_unit_test(test_known_clock_fills_windows),
        cmocka_unit_test(test_estimated_clock_fills_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
