/**
 * What the bot sends for an opportunity, from the order book to the cancel after the position
 * closed, as the strategy `hunt-all` says.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own_policies.h"
#include "staged.h"

#define ONSET (BEGIN + MINUTE)

/** A liquidation at a price of 100 USD, after which the price falls to 98 within 70 s, then rises
 * to 102 within another 70 s. What comes later is too small to be an opportunity. */
static struct weir_trace *dip(void) {
    struct weir_trace *trace = tape_new(1);
    tape_add(trace, ONSET, 0, WEIR_SIDE_SELL, 10000, 200000);
    tape_add(trace, ONSET + 70 * SECOND, 0, WEIR_SIDE_SELL, 9800, 10);
    tape_add(trace, ONSET + 140 * SECOND, 0, WEIR_SIDE_SELL, 10200, 10);
    return trace;
}

/** A stage without start-up and standing load. */
static struct staged *quiet(struct weir_trace *trace, const char *variant) {
    struct staged *s = STAGED(trace, variant, "network.draw_ms=0", "bot.coalesce_ms=200");
    s->strategy->startup_count = 0;
    s->strategy->standing_count = 0;
    return s;
}

/** From the second liquidation on it is a cascade. */
static void make_nervous(struct staged *s) {
    s->strategy->detector =
        (struct weir_detector){1.0, 10 * SECOND, 1.0, 30 * SECOND, 300 * SECOND};
}

/** Ids of the steps that were sent for an opportunity, in order, with blanks between. */
static void sent_steps(const struct staged *s, const struct weir_run *run, uint32_t opportunity,
                       char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < run->own.request_count; i++) {
        const struct weir_request_record *r = &run->own.requests[i];
        if (r->opportunity == opportunity && r->sent_ns) {
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "",
                                     s->strategy->steps[r->purpose][r->step].id);
        }
    }
}

static void assert_steps(const struct staged *s, const struct weir_run *run, uint32_t opportunity,
                         const char *expected) {
    char text[200];
    sent_steps(s, run, opportunity, text, sizeof text);
    assert_string_equal(text, expected);
}

static const struct weir_request_record *
request_of(const struct staged *s, const struct weir_run *run, const char *step, uint32_t attempt) {
    for (size_t i = 0; i < run->own.request_count; i++) {
        const struct weir_request_record *r = &run->own.requests[i];
        if (r->attempt == attempt &&
            strcmp(s->strategy->steps[r->purpose][r->step].id, step) == 0) {
            return r;
        }
    }
    return NULL;
}

static void test_an_opportunity_from_the_order_book_to_the_close(void **state) {
    (void)state;
    struct staged *s = quiet(dip(), "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    const struct weir_opportunity_record *o = &run.own.opportunities[0];
    assert_int_equal(run.own.opportunity_count, 1);
    assert_steps(s, &run, 0, "book entry specs protect closed_list closed_cancel");
    const struct weir_request_record *book = request_of(s, &run, "book", 1);
    const struct weir_request_record *entry = request_of(s, &run, "entry", 1);
    assert_int_equal(book->submitted_ns, o->opened_ns);
    assert_int_equal(book->deadline_ns, o->opened_ns + SECOND);
    assert_int_equal(entry->submitted_ns, o->closes_ns);
    /* a LIMIT a tenth of a percent below the price, which falls by 2 % in 70 s */
    ASSERT_NEAR((double)(o->filled_ns - ONSET) / 1e9, 3.5, 0.3);
    assert_true(o->protected_ns > o->filled_ns && o->protected_ns < o->filled_ns + SECOND);
    /* at 99.89 plus 1 %: on the way from 98 to 102 */
    ASSERT_NEAR((double)(o->closed_ns - ONSET) / 1e9, 70.0 + 70.0 * 2.89 / 4.0, 0.5);
    assert_int_equal(request_of(s, &run, "protect", 1)->charged_orders, 2);
    weir_run_close(&run);
    staged_free(s);
}

static void test_the_entry_waits_for_a_slow_order_book(void **state) {
    (void)state;
    struct staged *s = quiet(dip(), "bot.cascade=original");
    s->scenario.network.base_ms = 150.0; /* there and back takes longer than the coalescing */
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    const struct weir_request_record *book = request_of(s, &run, "book", 1);
    const struct weir_request_record *entry = request_of(s, &run, "entry", 1);
    assert_true(book->answered_ns > run.own.opportunities[0].closes_ns);
    assert_int_equal(entry->submitted_ns, book->answered_ns);
    weir_run_close(&run);
    staged_free(s);
}

static void test_an_entry_that_never_fills_is_cancelled_after_its_time(void **state) {
    (void)state;
    struct weir_trace *trace = tape_new(1);
    tape_add(trace, ONSET, 0, WEIR_SIDE_BUY, 10000,
             200000); /* sells above a price that only falls */
    tape_add(trace, ONSET + 140 * SECOND, 0, WEIR_SIDE_BUY, 9800, 10);
    struct staged *s = quiet(trace, "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    const struct weir_opportunity_record *o = &run.own.opportunities[0];
    assert_int_equal(o->state, WEIR_STATE_CAPTURED);
    assert_int_equal(o->filled_ns, 0);
    assert_steps(s, &run, 0, "book entry stale");
    assert_int_equal(request_of(s, &run, "stale", 1)->submitted_ns, o->accepted_ns + MINUTE);
    weir_run_close(&run);
    staged_free(s);
}

/** The take-profit took the first position; there is nothing to cancel for the next. */
static void test_a_position_after_a_close_starts_afresh(void **state) {
    (void)state;
    struct weir_trace *trace = dip();
    tape_add(trace, ONSET + 300 * SECOND, 0, WEIR_SIDE_SELL, 10200, 200000);
    tape_add(trace, ONSET + 370 * SECOND, 0, WEIR_SIDE_SELL, 10000, 10);
    struct staged *s = quiet(trace, "bot.cascade=original");
    s->strategy->step_count[WEIR_ON_CLOSED] = 0;
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(run.own.opportunity_count, 2);
    assert_true(run.own.opportunities[0].closed_ns > 0);
    assert_steps(s, &run, 1, "book entry protect");
    weir_run_close(&run);
    staged_free(s);
}

/** Two sells five seconds apart, and a price that falls fast enough to fill both. */
static struct weir_trace *two(void) {
    struct weir_trace *trace = tape_new(1);
    tape_add(trace, ONSET, 0, WEIR_SIDE_SELL, 10000, 200000);
    tape_add(trace, ONSET + 5 * SECOND, 0, WEIR_SIDE_SELL, 9800, 200000);
    tape_add(trace, ONSET + 75 * SECOND, 0, WEIR_SIDE_SELL, 9500, 10);
    return trace;
}

static void test_a_second_position_replaces_the_protection(void **state) {
    (void)state;
    struct staged *s = quiet(two(), "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(run.own.opportunity_count, 2);
    assert_steps(s, &run, 0, "book entry specs protect");
    assert_steps(s, &run, 1, "book entry untp unsl protect"); /* the symbol is known by now */
    ASSERT_NEAR(run.own.unprotected_usd_max, 20.0, 1e-9); /* both, between cancel and protection */
    weir_run_close(&run);
    staged_free(s);
}

static void test_in_a_cascade_the_bot_does_what_its_variant_says(void **state) {
    (void)state;
    static const struct {
        const char *variant, *steps;
        bool market;
    } cases[] = {
        {"bot.cascade=original", "book entry untp unsl protect", false},
        {"bot.cascade=skip", "entry", true},
        {"bot.cascade=defer", "entry untp unsl protect", true},
    };
    for (size_t i = 0; i < 3; i++) {
        struct staged *s = quiet(two(), cases[i].variant);
        make_nervous(s);
        staged_set(s, 1, 0, 1);
        assert_false(s->stage->hunts[0].opportunities[0].in_cascade);
        assert_true(s->stage->hunts[0].opportunities[1].in_cascade);
        struct weir_run run = staged_run_named(s, "none");
        assert_steps(s, &run, 0, "book entry specs protect");
        assert_steps(s, &run, 1, cases[i].steps);
        const struct weir_opportunity_record *o = &run.own.opportunities[1];
        assert_int_equal(o->filled_ns == o->accepted_ns, cases[i].market);
        weir_run_close(&run);
        staged_free(s);
    }
}

static void test_protection_that_is_refused_is_tried_again(void **state) {
    (void)state;
    struct staged *s = quiet(dip(), "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run(s, &policy_refuses_half);
    const struct weir_request_record *first = request_of(s, &run, "protect", 1);
    const struct weir_request_record *second = request_of(s, &run, "protect", 2);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(first->outcome, WEIR_OUTCOME_REFUSED);
    assert_int_equal(first->reason, WEIR_REASON_OUTBID);
    assert_int_equal(second->outcome, WEIR_OUTCOME_OK);
    assert_int_equal(second->submitted_ns, first->finished_ns + SECOND);
    assert_null(request_of(s, &run, "protect", 3));
    assert_true(run.own.opportunities[0].protected_ns >= second->arrived_ns);
    weir_run_close(&run);
    staged_free(s);
}

static void test_protection_becomes_critical_in_time(void **state) {
    (void)state;
    struct staged *s = quiet(dip(), "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run(s, &policy_wants_escalation);
    const struct weir_request_record *protect = request_of(s, &run, "protect", 1);
    assert_non_null(protect);
    assert_int_equal(protect->outcome, WEIR_OUTCOME_OK);
    assert_int_equal(protect->priority, WEIR_NORMAL);
    ASSERT_NEAR(protect->value, run.own.opportunities[0].value, 0.0);
    weir_run_close(&run);
    staged_free(s);
}

/** The pair that the second position brings covers the first one too, whose own was refused. */
static void test_protection_of_a_tranche_protects_all_of_it(void **state) {
    (void)state;
    struct weir_trace *trace = tape_new(1);
    tape_add(trace, ONSET, 0, WEIR_SIDE_SELL, 10000, 100000); /* worth 100 */
    tape_add(trace, ONSET + 5 * SECOND, 0, WEIR_SIDE_SELL, 9800, 300000);
    tape_add(trace, ONSET + 75 * SECOND, 0, WEIR_SIDE_SELL, 9500, 10);
    struct staged *s = quiet(trace, "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run(s, &policy_scorns_the_small);
    const struct weir_opportunity_record *o = run.own.opportunities;
    assert_int_equal(run.own.opportunity_count, 2);
    assert_true(o[0].filled_ns < o[1].filled_ns && o[1].protected_ns > 0);
    assert_int_equal(o[0].protected_ns, 0);               /* its own was refused … */
    assert_int_equal(o[0].covered_ns, o[1].protected_ns); /* … but a stop covers it */
    weir_run_close(&run);
    staged_free(s);
}

/** The pauses between attempts grow, and stop growing. */
static void test_attempts_come_ever_more_slowly(void **state) {
    (void)state;
    struct staged *s = quiet(dip(), "exchange.max_open_orders=1");
    s->strategy->defaults.price_offset_pct = 0.0;
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    const struct weir_request_record *last = request_of(s, &run, "protect", 1);
    assert_int_equal(last->code, -2025);
    static const int64_t pauses_s[] = {1, 2, 4, 8, 16, 16, 16};
    for (uint32_t i = 0; i < 7; i++) {
        const struct weir_request_record *next = request_of(s, &run, "protect", i + 2);
        assert_non_null(next);
        assert_int_equal(next->submitted_ns, last->finished_ns + pauses_s[i] * SECOND);
        last = next;
    }
    assert_int_equal(run.own.opportunities[0].protected_ns, 0);
    weir_run_close(&run);
    staged_free(s);
}

static void
test_a_refused_order_book_does_not_stop_the_entry_and_a_refused_entry_ends_it(void **state) {
    (void)state;
    struct staged *s = quiet(dip(), "bot.cascade=original");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run(s, &policy_refuses_all);
    assert_int_equal(run.own.request_count, 2);
    assert_int_equal(run.own.opportunities[0].state, WEIR_STATE_REFUSED);
    assert_int_equal(run.own.opportunities[0].reason, WEIR_REASON_OUTBID);
    assert_int_equal(run.own.opportunities[0].blame, WEIR_CAUSE_POLICY);
    weir_run_close(&run);
    staged_free(s);
}

static void test_a_position_without_protection_notes_where_its_stop_would_have_been(void **state) {
    (void)state;
    for (int crossed = 0; crossed < 2; crossed++) {
        struct staged *s = quiet(dip(), "exchange.max_open_orders=1");
        s->strategy->defaults.price_offset_pct = 0.0;
        s->strategy->defaults.stop_loss_pct = crossed ? 1.5 : 2.5; /* it falls by 2 % */
        staged_set(s, 1, 0, 1);
        struct weir_run run = staged_run_named(s, "none");
        assert_true(run.own.opportunities[0].filled_ns && !run.own.opportunities[0].protected_ns);
        assert_int_equal(run.own.opportunities[0].stop_crossed, crossed);
        weir_run_close(&run);
        staged_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_opportunity_from_the_order_book_to_the_close),
        cmocka_unit_test(test_the_entry_waits_for_a_slow_order_book),
        cmocka_unit_test(test_an_entry_that_never_fills_is_cancelled_after_its_time),
        cmocka_unit_test(test_a_position_after_a_close_starts_afresh),
        cmocka_unit_test(test_a_second_position_replaces_the_protection),
        cmocka_unit_test(test_in_a_cascade_the_bot_does_what_its_variant_says),
        cmocka_unit_test(test_protection_that_is_refused_is_tried_again),
        cmocka_unit_test(test_protection_becomes_critical_in_time),
        cmocka_unit_test(test_protection_of_a_tranche_protects_all_of_it),
        cmocka_unit_test(test_attempts_come_ever_more_slowly),
        cmocka_unit_test(
            test_a_refused_order_book_does_not_stop_the_entry_and_a_refused_entry_ends_it),
        cmocka_unit_test(test_a_position_without_protection_notes_where_its_stop_would_have_been),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
