/**
 * The stage: what is the same for every policy. Phases, deliveries, the class of a trace.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "staged.h"

static void test_a_single_run_keeps_the_true_phase(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(2, 10, 100), "bot.lead_s=30");
    staged_set(s, 1, 0, 1);
    const struct weir_stage *stage = s->stage;
    assert_int_equal(stage->shift_ns, 0);
    assert_int_equal(stage->onset_ns, BEGIN + MINUTE);
    assert_int_equal(stage->start_ns, BEGIN + 30 * SECOND);
    assert_int_equal(stage->second_start_ns, BEGIN + 30 * SECOND - 5 * MINUTE);
    assert_int_equal(stage->end_ns, BEGIN + MINUTE + 900 * MILLISECOND + 5 * MINUTE);
    staged_free(s);
}

static void test_phases_are_one_in_each_part_of_a_minute(void **state) {
    (void)state;
    enum {
        N = 7
    };
    for (uint64_t seed = 1; seed <= 20; seed++) {
        for (uint32_t r = 0; r < N; r++) {
            struct staged *s = STAGED(staged_burst(1, 2, 100), "bot.lead_s=30");
            staged_set(s, seed, r, N);
            CHECK_SEED(seed, s->stage->shift_ns >= r * MINUTE / N);
            CHECK_SEED(seed, s->stage->shift_ns <= (r + 1) * MINUTE / N);
            CHECK_SEED(seed, s->stage->onset_ns == BEGIN + MINUTE + s->stage->shift_ns);
            staged_free(s);
        }
    }
}

/** A phase that is given is that of every replication; a run ends when it is told to. */
static void test_phase_and_tail_can_be_given(void **state) {
    (void)state;
    static const char *const phases[] = {"trace.phase_s=0", "trace.phase_s=12.345",
                                         "trace.phase_s=59.999999999"};
    static const int64_t expected_ns[] = {0, 12345000000, 59999999999};
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t replication = 0; replication < 2; replication++) {
            struct staged *s = STAGED(staged_burst(3, 30, 100), phases[i], "bot.tail_s=7");
            staged_set(s, 1, replication, 2);
            assert_int_equal(s->stage->onset_ns % MINUTE, expected_ns[i]);
            assert_in_range(s->stage->shift_ns, 0, MINUTE - 1);
            assert_int_equal(s->stage->end_ns, s->trace->rows[s->trace->row_count - 1].time_ns +
                                                   s->stage->shift_ns + 7 * SECOND);
            staged_free(s);
        }
    }
}

static void test_nothing_overtakes_on_the_feed(void **state) {
    (void)state;
    struct staged *s =
        STAGED(staged_burst(3, 400, 3), "network.preset=stressed", "network.noise=1");
    staged_set(s, 3, 0, 1);
    const struct weir_stage *stage = s->stage;
    assert_int_equal(stage->push_count, 400);
    const int64_t least_ns = weir_network_min_delay_ns(stage->network) + 5 * MILLISECOND;
    for (size_t i = 0; i < stage->push_count; i++) {
        assert_true(stage->pushes[i].delivered_ns - stage->pushes[i].pushed_ns >= least_ns);
        assert_true(i == 0 || stage->pushes[i].delivered_ns >= stage->pushes[i - 1].delivered_ns);
    }
    ASSERT_NEAR(stage->trace_usd, 400 * 20000.0, 400 * 5.0);
    ASSERT_NEAR(stage->feed_usd, stage->trace_usd, 1e-6);
    staged_free(s);
}

static void test_an_outage_swallows_what_is_pushed_in_it(void **state) {
    (void)state;
    struct weir_trace *trace = staged_burst(3, 200, 10); /* two seconds, and 20 s of what follows */
    for (int64_t i = 0; i < 200; i++) {
        tape_add(trace, BEGIN + 62 * SECOND + i * 100 * MILLISECOND, (uint32_t)(i % 3),
                 WEIR_SIDE_SELL, 10000, 200000);
    }
    struct staged *s =
        STAGED(trace, "network.preset=outage", "network.noise=0", "feed.throttle_ms=150");
    staged_set(s, 3, 0, 1);
    const struct weir_stage *stage = s->stage;
    assert_true(stage->unheard > 20);
    assert_int_equal(stage->push_count + stage->throttled + stage->unheard, 400);
    for (size_t i = 0; i < stage->push_count; i++) {
        assert_false(weir_network_feed_dead(stage->network, stage->pushes[i].pushed_ns));
    }
    assert_true(stage->feed_usd < stage->trace_usd);
    staged_free(s);
}

/** Class of `count` bare entries, 10 ms apart, from the beginning of a minute on. */
static enum weir_class class_of(int64_t count, bool bare, const char *setting) {
    struct staged *s = STAGED(staged_burst(50, count, 10), "bot.coalesce_ms=0", setting);
    if (bare) {
        staged_bare(s);
    }
    staged_set(s, 1, 0, 1);
    assert_int_equal(s->stage->hunts[0].opportunity_count, count);
    const enum weir_class class = s->stage->class;
    staged_free(s);
    return class;
}

static void test_traces_are_slack_tight_or_binding(void **state) {
    (void)state;
    const char *const nothing = "foreign.dashboards=0";
    /* an opportunity costs 10 weight and 3 orders: half of 2400 or of 1200 */
    assert_int_equal(class_of(119, false, nothing), WEIR_CLASS_SLACK);
    assert_int_equal(class_of(120, false, nothing), WEIR_CLASS_TIGHT);
    assert_int_equal(class_of(599, true, nothing), WEIR_CLASS_SLACK);
    assert_int_equal(class_of(600, true, nothing), WEIR_CLASS_TIGHT);
    assert_int_equal(class_of(1200, true, nothing), WEIR_CLASS_TIGHT);
    assert_int_equal(class_of(1201, true, nothing), WEIR_CLASS_BINDING);
    assert_int_equal(class_of(121, true, "exchange.weight_per_minute=120"), WEIR_CLASS_BINDING);
    assert_string_equal(weir_class_name(WEIR_CLASS_BINDING), "binding");
}

static void test_the_ten_second_window_can_bind_too(void **state) {
    (void)state;
    assert_int_equal(class_of(300, true, "exchange.rules=strict"), WEIR_CLASS_TIGHT);
    assert_int_equal(class_of(301, true, "exchange.rules=strict"), WEIR_CLASS_BINDING);
}

static void test_opportunities_are_those_of_the_symbols_that_are_hunted(void **state) {
    (void)state;
    struct weir_trace *trace = staged_burst(2, 40, 2000);
    tape_rename(trace, 1, "SOLUSDT");
    struct staged *s = STAGED(trace, "bot.strategy=shipped");
    staged_set(s, 1, 0, 1);
    assert_int_equal(s->stage->hunts[0].opportunity_count, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(s->stage->hunts[0].opportunities[i].symbol, 1);
    }
    assert_null(s->stage->hunts[0].symbols[0]);
    staged_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_single_run_keeps_the_true_phase),
        cmocka_unit_test(test_phases_are_one_in_each_part_of_a_minute),
        cmocka_unit_test(test_phase_and_tail_can_be_given),
        cmocka_unit_test(test_nothing_overtakes_on_the_feed),
        cmocka_unit_test(test_an_outage_swallows_what_is_pushed_in_it),
        cmocka_unit_test(test_traces_are_slack_tight_or_binding),
        cmocka_unit_test(test_the_ten_second_window_can_bind_too),
        cmocka_unit_test(test_opportunities_are_those_of_the_symbols_that_are_hunted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
