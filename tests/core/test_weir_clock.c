// The bounds of the exchange's clock, and the history by which a window of any phase is counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "draws.h"
#include "weir_state.h"

#define MS INT64_C(1000000)

/** Server's clock under a drift in parts per billion. */
static int64_t server_time(int64_t now_ns, int64_t offset_ns, int64_t drift_ppb) {
    return now_ns + offset_ns + now_ns / 1000000000 * drift_ppb;
}

/** The bounds hold the truth for ten days under any drift of two clocks up to 20 ppm, narrow to
 *  little more than a round trip, and tell boundaries on the safe side. */
static void test_bounds_hold(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct draws draws = {.state = seed};
        struct weir_clock clock = {.known = false};
        int64_t offset_ns =
            draw(&draws, -5000000, 1700000000) * WEIR_SECOND_NS + draw(&draws, 0, WEIR_SECOND_NS);
        int64_t drift_ppb = draw(&draws, -19000, 19000);
        int64_t now_ns = 0;
        offset_ns += offset_ns < 0 ? -offset_ns : 0;
        for (int i = 0; i < 4000; i++) {
            int64_t gap_ms = i < 3000 ? draw(&draws, 0, 3000) : draw(&draws, 0, 1700000);
            now_ns += gap_ms * MS + draw(&draws, 0, MS);
            int64_t written_ns = now_ns + draw(&draws, 1, 50) * MS;
            int64_t received_ns = written_ns + draw(&draws, 1, 50) * MS;
            int64_t second = server_time(written_ns, offset_ns, drift_ppb) / WEIR_SECOND_NS;
            enum weir_clock_change change =
                weir_clock_update(&clock, now_ns, received_ns, second * WEIR_SECOND_NS);
            assert_int_equal(change == WEIR_CLOCK_RESTARTED, i == 0);
            int64_t later_ns = received_ns + draw(&draws, 0, 100) * WEIR_SECOND_NS;
            int64_t truth = server_time(later_ns, offset_ns, drift_ppb);
            assert_true(weir_clock_low(&clock, later_ns) + later_ns <= truth);
            assert_true(weir_clock_high(&clock, later_ns) + later_ns >= truth);
            assert_true(weir_clock_earliest(&clock, truth) <= later_ns);
            assert_true(weir_clock_latest(&clock, truth) >= later_ns);
            int64_t boundary = weir_clock_latest(&clock, truth);
            assert_true(boundary + weir_clock_low(&clock, boundary) >= truth);
            now_ns = received_ns;
        }
    }
}

static void test_bounds_narrow(void **state) {
    (void)state;
    struct draws draws = {.state = 5};
    struct weir_clock clock = {.known = false};
    int64_t now_ns = 0;
    for (int i = 0; i < 500; i++) {
        now_ns += draw(&draws, 0, 400) * MS;
        int64_t second = (now_ns + 10 * MS + 123 * MS) / WEIR_SECOND_NS;
        (void)weir_clock_update(&clock, now_ns, now_ns + 20 * MS, second * WEIR_SECOND_NS);
    }
    assert_true(weir_clock_high(&clock, now_ns) - weir_clock_low(&clock, now_ns) < 40 * MS);
}

/** A clock that is set starts anew from the reply that shows it. */
static void test_step(void **state) {
    (void)state;
    struct weir_clock clock = {.known = false};
    assert_int_equal(weir_clock_update(&clock, 0, MS, 100 * WEIR_SECOND_NS), WEIR_CLOCK_RESTARTED);
    assert_int_equal(weir_clock_update(&clock, 0, MS, 100 * WEIR_SECOND_NS), WEIR_CLOCK_SAME);
    assert_int_equal(
        weir_clock_update(&clock, 2 * WEIR_SECOND_NS, 2 * WEIR_SECOND_NS + MS, 50 * WEIR_SECOND_NS),
        WEIR_CLOCK_RESTARTED);
    assert_true(weir_clock_high(&clock, 2 * WEIR_SECOND_NS) < 50 * WEIR_SECOND_NS);
}

/** The history against a list: nothing leaves before its interval is over, all within one bucket
 *  (1/254 of the interval) after it, and the predicted times are those at which it leaves. */
static void test_history(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct draws draws = {.state = seed};
        int64_t interval_ns = draw(&draws, 1, seed % 2 == 0 ? 1000 : 60 * WEIR_SECOND_NS);
        struct weir_history *history = malloc(sizeof *history);
        assert_non_null(history);
        int64_t now_ns = draw(&draws, 0, 1000000);
        weir_history_init(history, interval_ns, now_ns);
        static struct {
            int64_t time_ns;
            int64_t amount;
        } items[2000];
        for (int i = 0; i < 2000; i++) {
            now_ns += draw_percent(&draws, 2) ? draw(&draws, 0, 3 * interval_ns)
                                              : draw(&draws, 0, interval_ns / 50);
            items[i].time_ns = now_ns;
            items[i].amount = draw(&draws, 1, 50);
            weir_history_add(history, now_ns, items[i].amount);
            int64_t at_least = 0;
            int64_t at_most = 0;
            int64_t recent = 0;
            for (int j = 0; j <= i; j++) {
                int64_t age_ns = now_ns - items[j].time_ns;
                at_least += age_ns < interval_ns ? items[j].amount : 0;
                at_most += age_ns <= interval_ns + history->width_ns ? items[j].amount : 0;
                recent += age_ns <= interval_ns / 2 ? items[j].amount : 0;
            }
            assert_true(history->total >= at_least && history->total <= at_most);
            assert_true(weir_history_since(history, now_ns - interval_ns / 2) >= recent);
            int64_t half = history->total / 2 + 1;
            int64_t gone_ns = weir_history_gone_ns(history, half);
            struct weir_history later = *history;
            weir_history_advance(&later, gone_ns - 1);
            assert_true(history->total - later.total < half);
            weir_history_advance(&later, gone_ns);
            assert_true(history->total - later.total >= half);
            assert_int_equal(weir_history_gone_ns(history, history->total + 1), WEIR_NEVER);
        }
        free(history);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_hold),
        cmocka_unit_test(test_bounds_narrow),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
