/**
 * Runs against their bound: policy ideal comes close to it without a 429, nobody can cheat past the
 * ceiling, and what a run displaces shows.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "metrics.h"
#include "own_policies.h"
#include "policy_ideal.h"
#include "staged.h"

static struct weir_metrics metrics_of(const struct weir_run *run) {
    struct weir_metrics m;
    assert_true(weir_metrics_compute(&run->own, &run->foreign, &m));
    return m;
}

/** 600 opportunities in 150 s, 50 orders a minute, nothing but entries. */
static struct staged *scarce(void) {
    struct staged *s = STAGED(staged_burst(40, 600, 250), "exchange.orders_per_minute=50",
                              "bot.entry_ttl_ms=500", "exchange.max_open_orders=0");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    return s;
}

static void test_ideal_reaches_the_bound(void **state) {
    (void)state;
    struct staged *s = scarce();
    struct weir_run run = staged_run(s, &weir_policy_ideal);
    const struct weir_metrics m = metrics_of(&run);
    assert_true(m.values[WEIR_METRIC_bound_captures] < m.values[WEIR_METRIC_opportunities]);
    assert_true(m.values[WEIR_METRIC_value_of_bound] > 0.99);
    assert_true(m.values[WEIR_METRIC_value_of_bound] <= 1.0);
    ASSERT_NEAR(m.values[WEIR_METRIC_regret], 1.0 - m.values[WEIR_METRIC_value_of_bound], 1e-12);
    assert_true(m.values[WEIR_METRIC_limit_errors] == 0.0);
    assert_true(m.values[WEIR_METRIC_displaced_weight] == 0.0);
    weir_run_close(&run);
    staged_free(s);
}

/** Four minutes have 150 s of opportunities: each has room for 50 entries. */
static void test_bound_is_what_the_windows_hold(void **state) {
    (void)state;
    struct staged *s = scarce();
    assert_int_equal((int)s->stage->bound->bound.count, 150);
    assert_int_equal((int)s->stage->bound->ceiling.count, 150);
    assert_int_equal((int)s->stage->bound->why, 0);
    assert_int_equal((int)s->stage->bound->all.count, 600);
    staged_free(s);
}

/** A run of the second policy on the same stage has the same bound. */
static void test_bound_is_the_same_for_all(void **state) {
    (void)state;
    struct staged *s = scarce();
    struct weir_run a = staged_run_named(s, "none");
    struct weir_run b = staged_run_named(s, "weir");
    assert_ptr_equal(a.own.facts.bound, b.own.facts.bound);
    weir_run_close(&a);
    weir_run_close(&b);
    staged_free(s);
}

/** Standing load that a policy refuses was subtracted from the bound, and shows as displaced. */
static void test_refused_load_is_displaced(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(4, 10, 250), "bot.cascade=defer");
    staged_set(s, 1, 0, 1);
    struct weir_run all = staged_run_named(s, "none");
    struct weir_run nothing = staged_run(s, &policy_refuses_all);
    int64_t drawn = 0;
    for (size_t i = 0; i < s->stage->load_count; i++) {
        drawn += s->stage->load[i].cost.weight;
    }
    assert_true(drawn > 0);
    assert_true(metrics_of(&all).values[WEIR_METRIC_displaced_weight] == 0.0);
    assert_true(metrics_of(&nothing).values[WEIR_METRIC_displaced_weight] == (double)drawn);
    weir_run_close(&all);
    weir_run_close(&nothing);
    staged_free(s);
}

/** The books that the cheat writes into. */
static struct weir_ledger *books;

/** Turns every entry that was answered into an accepted one. */
static enum weir_status settle_cheating(void *self, const struct weir_reply *reply,
                                        struct weir_settlement *settlement) {
    (void)self;
    *settlement = (struct weir_settlement){0};
    struct weir_request_record *r = &books->requests[reply->id - 1];
    struct weir_opportunity_record *o = &books->opportunities[r->opportunity];
    if (r->arrived_ns && !o->accepted_ns &&
        r->arrived_ns <= o->time_ns + books->facts.opportunity_window_ns) {
        o->entry_request = r->id;
        o->accepted_ns = r->arrived_ns;
        o->state = WEIR_STATE_CAPTURED;
    }
    return WEIR_OK;
}

static void test_a_cheat_fails(void **state) {
    (void)state;
    struct staged *s =
        STAGED(staged_burst(40, 600, 250), "exchange.orders_per_minute=50",
               "exchange.ban_after_429s=1000", "exchange.max_open_orders=0", "bot.connections=64");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_policy cheat = *weir_policy_find("none");
    cheat.name = "cheat";
    struct weir_run honest = staged_run(s, &cheat);
    weir_run_close(&honest);
    struct weir_run run;
    struct weir_run_error error = {.text = ""};
    books = &run.own;
    cheat.settle = settle_cheating;
    assert_false(weir_run_policy(s->stage, &cheat, &run, &error));
    assert_non_null(strstr(error.text, "more than is possible"));
    assert_non_null(strstr(error.text, "ceiling"));
    staged_free(s);
}

/** Without opportunities there is nothing to compare. */
static void test_absent_without_opportunities(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(1, 1, 250), "feed.keep=first");
    s->strategy->defaults.threshold_long_usd = s->strategy->defaults.threshold_short_usd = 1e12;
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run(s, &weir_policy_ideal);
    const struct weir_metrics m = metrics_of(&run);
    assert_false(m.present[WEIR_METRIC_bound_captures]);
    assert_false(m.present[WEIR_METRIC_regret]);
    assert_false(m.present[WEIR_METRIC_threshold_usd]);
    assert_true(m.present[WEIR_METRIC_displaced_weight]);
    weir_run_close(&run);
    staged_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ideal_reaches_the_bound),
                                       cmocka_unit_test(test_bound_is_what_the_windows_hold),
                                       cmocka_unit_test(test_bound_is_the_same_for_all),
                                       cmocka_unit_test(test_refused_load_is_displaced),
                                       cmocka_unit_test(test_a_cheat_fails),
                                       cmocka_unit_test(test_absent_without_opportunities)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
