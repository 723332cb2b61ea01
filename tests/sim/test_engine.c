/**
 * Runs of small traces: what each setting of a scenario does to them.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own_policies.h"
#include "staged.h"

static int compare_ns(const void *left, const void *right) {
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static size_t count_status(const struct weir_ledger *l, int16_t status, int32_t code) {
    size_t count = 0;
    for (size_t i = 0; i < l->request_count; i++) {
        count += l->requests[i].status == status && l->requests[i].code == code;
    }
    return count;
}

static size_t count_state(const struct weir_ledger *l, enum weir_state state) {
    size_t count = 0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        count += l->opportunities[i].state == state;
    }
    return count;
}

static void test_a_run_repeats_itself_to_the_bit(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(5, 300, 20), "network.preset=stressed",
                              "network.lost_rate=0.05", "foreign.dashboards=2");
    staged_set(s, 7, 1, 3);
    for (size_t p = 0; weir_policy_at(p); p++) {
        struct weir_run a = staged_run(s, weir_policy_at(p));
        struct weir_run b = staged_run(s, weir_policy_at(p));
        assert_true(a.digest == b.digest && a.events == b.events && a.ties == b.ties);
        assert_int_equal(a.own.request_count, b.own.request_count);
        assert_memory_equal(a.own.requests, b.own.requests,
                            a.own.request_count * sizeof *a.own.requests);
        assert_memory_equal(a.own.opportunities, b.own.opportunities,
                            a.own.opportunity_count * sizeof *a.own.opportunities);
        weir_run_close(&a);
        weir_run_close(&b);
    }
    staged_free(s);
}

static void test_another_replication_is_another_run(void **state) {
    (void)state;
    uint64_t digests[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct staged *s = STAGED(staged_burst(5, 50, 20), "network.draw_ms=5");
        staged_set(s, i == 2 ? 8 : 7, i == 1, 2);
        struct weir_run run = staged_run_named(s, "none");
        digests[i] = run.digest;
        weir_run_close(&run);
        staged_free(s);
    }
    assert_true(digests[0] != digests[1] && digests[0] != digests[2] && digests[1] != digests[2]);
}

static void test_a_lone_opportunity_step_by_step(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(1, 1, 1), "network.base_ms=10", "network.draw_ms=0",
                              "network.processing_ms=2", "bot.coalesce_ms=200");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    const int64_t onset_ns = BEGIN + MINUTE;
    assert_int_equal(run.own.opportunity_count, 1);
    assert_int_equal(run.own.request_count, 1);
    const struct weir_request_record *r = &run.own.requests[0];
    const struct weir_opportunity_record *o = &run.own.opportunities[0];
    assert_int_equal(o->time_ns, onset_ns);
    assert_int_equal(o->opened_ns, onset_ns + 15 * MILLISECOND); /* publication and one way */
    assert_int_equal(r->submitted_ns, onset_ns + 215 * MILLISECOND);
    assert_int_equal(r->sent_ns, r->submitted_ns);
    assert_int_equal(r->arrived_ns, onset_ns + 225 * MILLISECOND);
    assert_int_equal(o->accepted_ns, onset_ns + 227 * MILLISECOND);
    assert_int_equal(r->answered_ns, onset_ns + 237 * MILLISECOND);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->charged_weight, 1);
    assert_int_equal(r->charged_orders, 1);
    assert_int_equal(r->header_weight, 1);
    assert_int_equal(r->header_orders, 1);
    assert_int_equal(r->deadline_ns, onset_ns + 3 * SECOND);
    ASSERT_NEAR(r->value, o->value, 0.0);
    assert_int_equal(o->state, WEIR_STATE_CAPTURED);
    assert_int_equal(o->entry_request, 1);
    assert_int_equal(o->waits_ns[WEIR_CAUSE_FEED], 15 * MILLISECOND);
    assert_int_equal(o->waits_ns[WEIR_CAUSE_DELAY], 12 * MILLISECOND);
    weir_run_close(&run);
    staged_free(s);
}

static void test_the_start_is_one_request_after_the_other(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(1, 1, 1), "bot.lead_s=20");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    int64_t free_ns = s->stage->start_ns;
    int32_t weight = 0;
    size_t count = 0;
    for (size_t i = 0; i < run.own.request_count; i++) {
        const struct weir_request_record *r = &run.own.requests[i];
        if (r->purpose == WEIR_FOR_STARTUP) {
            assert_true(r->sent_ns == free_ns);
            free_ns = r->answered_ns;
            weight += r->charged_weight;
            count++;
        }
    }
    assert_int_equal(weight, 246);
    assert_int_equal(count, s->strategy->startup_count);
    weir_run_close(&run);
    staged_free(s);
}

static void test_standing_load_lies_on_its_grid(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(1, 1, 1), "bot.lead_s=60");
    staged_set(s, 1, 0, 1);
    const struct weir_loop *loop = &s->strategy->standing[0];
    for (size_t p = 0; weir_policy_at(p); p++) {
        struct weir_run run = staged_run(s, weir_policy_at(p));
        size_t count = 0;
        for (size_t i = 0; i < run.own.request_count; i++) {
            const struct weir_request_record *r = &run.own.requests[i];
            if (r->purpose == WEIR_FOR_STANDING && r->step == 0) {
                const int64_t cycle = r->attempt - 1;
                assert_int_equal(r->submitted_ns, s->stage->start_ns + loop->first_ns +
                                                      cycle * loop->period_ns +
                                                      r->index * loop->spacing_ns);
                count++;
            }
        }
        assert_int_equal(count, 5 * 18); /* every 20 s of six minutes */
        weir_run_close(&run);
    }
    staged_free(s);
}

static void test_a_run_ends_five_minutes_after_the_last_liquidation(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(2, 20, 50), "network.lost_rate=0.2");
    staged_set(s, 1, 0, 1);
    const int64_t end_ns = BEGIN + MINUTE + 950 * MILLISECOND + 5 * MINUTE;
    static const struct weir_policy *const own[] = {&policy_holds_for_ever, &policy_refuses_all,
                                                    &policy_queues_for_ever, &policy_drops_all};
    for (size_t p = 0; p < 7; p++) {
        static const char *const names[] = {"none", "current", "weir"};
        struct weir_run run = p < 3 ? staged_run_named(s, names[p]) : staged_run(s, own[p - 3]);
        assert_int_equal(run.own.facts.end_ns, end_ns);
        int64_t latest_ns = 0;
        for (size_t i = 0; i < run.own.request_count; i++) {
            const struct weir_request_record *r = &run.own.requests[i];
            assert_true(r->finished_ns <= end_ns && r->sent_ns <= end_ns);
            latest_ns = r->submitted_ns > latest_ns ? r->submitted_ns : latest_ns;
        }
        assert_true(latest_ns > end_ns - 20 * SECOND); /* standing load goes on until then */
        weir_run_close(&run);
    }
    staged_free(s);
}

/* ---- common random numbers ---- */

/** The same request in another run, or NULL. */
static const struct weir_request_record *same_request(const struct weir_ledger *l,
                                                      const struct weir_request_record *r) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *o = &l->requests[i];
        if (o->purpose == r->purpose && o->opportunity == r->opportunity && o->step == r->step &&
            o->attempt == r->attempt && o->index == r->index) {
            return o;
        }
    }
    return NULL;
}

/** Of the requests that both runs sent, all met the same delay out and the same loss; with a load
 * of 1 at all times the delay does not depend on when. Returns how many there were. */
static size_t assert_same_fates(const struct weir_ledger *a, const struct weir_ledger *b) {
    size_t count = 0;
    for (size_t i = 0; i < a->request_count; i++) {
        const struct weir_request_record *r = &a->requests[i];
        const struct weir_request_record *o = same_request(b, r);
        if (!o || !r->sent_ns || !o->sent_ns || r->outcome == WEIR_OUTCOME_UNFINISHED ||
            o->outcome == WEIR_OUTCOME_UNFINISHED) {
            continue;
        }
        count++;
        assert_int_equal(r->arrived_ns ? r->arrived_ns - r->sent_ns : 0,
                         o->arrived_ns ? o->arrived_ns - o->sent_ns : 0);
        assert_int_equal(r->outcome == WEIR_OUTCOME_TIMEOUT, o->outcome == WEIR_OUTCOME_TIMEOUT);
        if (r->answered_ns && o->answered_ns) {
            assert_int_equal(r->answered_ns - r->arrived_ns, o->answered_ns - o->arrived_ns);
        }
    }
    return count;
}

static void test_the_same_request_meets_the_same_fate_under_every_policy(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(5, 250, 20), "network.peak=1", "network.draw_ms=40",
                              "network.lost_rate=0.05", "network.unavailable_rate=0.05",
                              "exchange.orders_per_minute=200", "bot.connections=500");
    staged_set(s, 5, 0, 1);
    struct weir_run none = staged_run_named(s, "none");
    size_t sent = 0;
    for (size_t p = 0; weir_policy_at(p); p++) {
        struct weir_run other = staged_run(s, weir_policy_at(p));
        sent += assert_same_fates(&none.own, &other.own) > 150;
        weir_run_close(&other);
    }
    assert_true(sent >= 4);
    const struct weir_policy *const own[] = {&policy_refuses_half, &policy_holds_once};
    for (size_t p = 0; p < 2; p++) {
        struct weir_run other = staged_run(s, own[p]);
        assert_true(assert_same_fates(&none.own, &other.own) > 150);
        weir_run_close(&other);
    }
    weir_run_close(&none);
    staged_free(s);
}

static void test_loads_do_not_depend_on_the_policy(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(5, 250, 20), "network.preset=stressed",
                              "foreign.dashboards=1", "exchange.weight_per_minute=100000");
    staged_set(s, 5, 0, 1);
    struct weir_run a = staged_run_named(s, "none");
    struct weir_run b = staged_run(s, &policy_refuses_half);
    assert_int_equal(a.foreign.request_count, b.foreign.request_count);
    for (size_t i = 0; i < a.foreign.request_count; i++) {
        assert_int_equal(a.foreign.requests[i].sent_ns, b.foreign.requests[i].sent_ns);
        assert_int_equal(a.foreign.requests[i].answered_ns, b.foreign.requests[i].answered_ns);
    }
    weir_run_close(&a);
    weir_run_close(&b);
    staged_free(s);
}

/* ---- connections ---- */

/** Most requests of the bot that were on the wire at once. */
static size_t most_on_the_wire(const struct weir_ledger *l) {
    int64_t *sent = calloc(l->request_count + 1, sizeof *sent);
    int64_t *back = calloc(l->request_count + 1, sizeof *back);
    assert_true(sent && back);
    size_t count = 0;
    for (size_t i = 0; i < l->request_count; i++) {
        if (l->requests[i].sent_ns) {
            sent[count] = l->requests[i].sent_ns;
            back[count++] = l->requests[i].finished_ns;
        }
    }
    qsort(sent, count, sizeof *sent, compare_ns);
    qsort(back, count, sizeof *back, compare_ns);
    size_t most = 0;
    for (size_t i = 0, gone = 0; i < count; i++) {
        while (gone < count && back[gone] <= sent[i]) {
            gone++;
        }
        most = i + 1 - gone > most ? i + 1 - gone : most;
    }
    free(sent);
    free(back);
    return most;
}

static void assert_on_the_wire(const char *path, const char *connections, size_t most) {
    struct staged *s = STAGED(staged_burst(10, 100, 2), path, connections, "network.lost_rate=0.1",
                              "bot.timeout_ms=500");
    staged_set(s, 1, 0, 1);
    for (size_t p = 0; weir_policy_at(p); p++) {
        struct weir_run run = staged_run(s, weir_policy_at(p));
        assert_in_range(most_on_the_wire(&run.own), 1, most);
        if (strcmp(weir_policy_at(p)->name, "none") == 0) {
            assert_int_equal(most_on_the_wire(&run.own), most);
        }
        weir_run_close(&run);
    }
    struct weir_run run = staged_run(s, &policy_holds_once);
    assert_in_range(most_on_the_wire(&run.own), 1, most);
    weir_run_close(&run);
    staged_free(s);
}

static void test_connections_bound_what_is_on_the_wire(void **state) {
    (void)state;
    assert_on_the_wire("bot.call_path=threads", "bot.connections=1", 1);
    assert_on_the_wire("bot.call_path=threads", "bot.connections=8", 8);
    assert_on_the_wire("bot.call_path=threads", "bot.connections=32", 32);
    assert_on_the_wire("bot.call_path=loop", "bot.connections=32", 1);
}

/** In the loop a hold stops everything; with threads it stops its connection. */
static void test_a_hold_blocks_the_loop(void **state) {
    (void)state;
    for (int loop = 0; loop < 2; loop++) {
        struct staged *s = STAGED(staged_burst(10, 10, 2), "network.base_ms=1", "network.draw_ms=0",
                                  loop ? "bot.call_path=loop" : "bot.call_path=threads");
        staged_bare(s);
        staged_set(s, 1, 0, 1);
        struct weir_run run = staged_run(s, &policy_holds_once);
        for (uint32_t i = 0; i < 10; i++) {
            const struct weir_request_record *r = &run.own.requests[i];
            const int64_t wait_ns = r->sent_ns - r->submitted_ns;
            if (loop) { /* 70 ms for it and for each before it, less what they came apart */
                assert_true(wait_ns >= (70 * ((int64_t)i + 1) - 2 * (int64_t)i) * MILLISECOND);
                const int64_t *waits_ns = run.own.opportunities[i].waits_ns;
                assert_true(waits_ns[WEIR_CAUSE_POLICY] >= wait_ns * 9 / 10); /* it, not the wire */
            } else {
                assert_int_equal(wait_ns, 70 * MILLISECOND);
            }
        }
        weir_run_close(&run);
        staged_free(s);
    }
}

/** With one connection that is busy for 0.8 s with each entry, three make it in time; a fourth is
 *  sent in time and arrives too late. */
static void test_what_waits_in_line_for_too_long_expires(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(20, 20, 20), "bot.connections=1", "network.base_ms=400",
                              "network.draw_ms=0", "network.processing_ms=0");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), 3);
    assert_int_equal(count_state(&run.own, WEIR_STATE_LATE), 1);
    assert_int_equal(count_state(&run.own, WEIR_STATE_EXPIRED), 16);
    for (size_t i = 0; i < 20; i++) {
        const struct weir_opportunity_record *o = &run.own.opportunities[i];
        const struct weir_request_record *r = &run.own.requests[o->entry_request - 1];
        assert_int_equal(o->waits_ns[WEIR_CAUSE_CONNECTIONS], r->line_wait_ns);
        if (o->state == WEIR_STATE_EXPIRED) {
            assert_int_equal(r->outcome, WEIR_OUTCOME_EXPIRED);
            assert_int_equal(r->reason, WEIR_REASON_CONNECTION);
            assert_int_equal(o->blame, WEIR_CAUSE_CONNECTIONS);
        }
    }
    weir_run_close(&run);
    staged_free(s);
}

static void test_a_request_without_reply_is_given_up_in_time(void **state) {
    (void)state;
    static const char *const settings[][2] = {{"network.lost_rate=1", "network.base_ms=10"},
                                              {"network.lost_rate=0", "network.base_ms=90"},
                                              {"network.lost_rate=0", "network.base_ms=200"}};
    for (size_t i = 0; i < 3; i++) {
        struct staged *s = STAGED(staged_burst(4, 8, 20), "bot.timeout_ms=100", "network.draw_ms=0",
                                  settings[i][0], settings[i][1]);
        staged_set(s, 1, 0, 1);
        struct weir_run run = staged_run_named(s, "none");
        for (size_t k = 0; k < run.own.request_count; k++) {
            const struct weir_request_record *r = &run.own.requests[k];
            if (r->outcome != WEIR_OUTCOME_UNFINISHED) {
                assert_int_equal(r->outcome, WEIR_OUTCOME_TIMEOUT);
                assert_int_equal(r->finished_ns - r->sent_ns, 100 * MILLISECOND);
            }
        }
        weir_run_close(&run);
        staged_free(s);
    }
}

/** What arrives after the bot has given up still counts at the exchange, and still captures. */
static void test_an_entry_can_be_captured_without_the_bot_knowing(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(4, 8, 20), "bot.timeout_ms=15", "network.base_ms=10",
                              "network.draw_ms=0");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), 8);
    assert_int_equal(run.own.request_count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(run.own.requests[i].outcome, WEIR_OUTCOME_TIMEOUT);
        assert_int_equal(run.own.requests[i].charged_orders, 1);
        assert_int_equal(run.own.requests[i].status, 0);
    }
    weir_run_close(&run);
    staged_free(s);
}

/* ---- refusals of the venue ---- */

static bool is_signed(const struct weir_request_record *r) {
    static const char *const open_paths[] = {"/fapi/v1/depth", "/fapi/v1/exchangeInfo",
                                             "/fapi/v1/ticker/price", "/fapi/v1/ping",
                                             "/fapi/v1/listenKey"};
    for (size_t i = 0; i < sizeof open_paths / sizeof open_paths[0]; i++) {
        if (strcmp(weir_endpoint_path(r->endpoint), open_paths[i]) == 0) {
            return false;
        }
    }
    return true;
}

/** A clock that is off by that much: whether signed requests are refused. */
static void assert_clock(const char *offset, bool refused) {
    struct staged *s = STAGED(staged_burst(3, 9, 100), offset);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    size_t arrived = 0;
    for (size_t i = 0; i < run.own.request_count; i++) {
        const struct weir_request_record *r = &run.own.requests[i];
        if (r->arrived_ns && r->outcome != WEIR_OUTCOME_UNFINISHED) {
            const bool bad = refused && is_signed(r);
            if (r->status != (bad ? 400 : 200)) {
                print_error("%s\n", weir_endpoint_path(r->endpoint));
            }
            assert_int_equal(r->status, bad ? 400 : 200);
            assert_int_equal(r->code, bad ? -1021 : 0);
            arrived++;
        }
    }
    assert_true(arrived > 100);
    assert_int_equal(count_state(&run.own, refused ? WEIR_STATE_REJECTED : WEIR_STATE_CAPTURED), 9);
    weir_run_close(&run);
    staged_free(s);
}

static void test_a_clock_that_is_off_is_refused_for_signed_calls_only(void **state) {
    (void)state;
    assert_clock("bot.clock_offset_ms=120000", true);
    assert_clock("bot.clock_offset_ms=-120000", true);
    assert_clock("bot.clock_offset_ms=900", false);
    assert_clock("bot.clock_offset_ms=-4900", false);
}

/** `current` takes its timestamp before it waits: what it held for long is refused as too old. */
static void test_what_was_signed_before_a_hold_grows_old(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(3, 100, 20), "exchange.orders_per_minute=30");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "current");
    size_t old = 0;
    for (size_t i = 0; i < run.own.request_count; i++) {
        const struct weir_request_record *r = &run.own.requests[i];
        if (r->status == 200 || r->status == 400) {
            const int64_t age_ns = r->arrived_ns - (r->submitted_ns + r->line_wait_ns);
            const bool refused = is_signed(r) && age_ns > 5000000000;
            assert_int_equal(r->code == -1021, refused);
            old += refused;
        }
    }
    assert_true(old > 5);
    weir_run_close(&run);
    staged_free(s);
}

static void test_a_clock_that_is_off_does_not_change_what_weir_sends(void **state) {
    (void)state;
    uint64_t digests[3];
    static const char *const offsets[] = {"bot.clock_offset_ms=0", "bot.clock_offset_ms=900",
                                          "bot.clock_offset_ms=-4000"};
    for (size_t i = 0; i < 3; i++) {
        struct staged *s = STAGED(staged_burst(5, 100, 20), offsets[i]);
        staged_set(s, 1, 0, 1);
        struct weir_run run = staged_run_named(s, "weir");
        digests[i] = run.digest;
        weir_run_close(&run);
        staged_free(s);
    }
    assert_true(digests[0] == digests[1] && digests[0] == digests[2]);
}

static void test_a_margin_too_small_rejects_entries(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(10, 10, 20), "exchange.margin_usd=4");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), 4);
    assert_int_equal(count_state(&run.own, WEIR_STATE_REJECTED), 6);
    assert_int_equal(count_status(&run.own, 400, -2019), 6);
    weir_run_close(&run);
    staged_free(s);
}

static void test_too_many_open_orders_reject_entries(void **state) {
    (void)state;
    struct staged *s =
        STAGED(staged_burst(1, 10, 20), "exchange.max_open_orders=3", "bot.cascade=original");
    staged_bare(s);
    s->strategy->defaults.price_offset_pct = 40.0; /* orders that will never fill */
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), 3);
    assert_int_equal(count_status(&run.own, 400, -2025), 7);
    weir_run_close(&run);
    staged_free(s);
}

/** Only the protection remains of what follows a fill: every position asks for a stop of its own.
 */
static void test_too_many_stops_reject_protection(void **state) {
    (void)state;
    struct staged *s =
        STAGED(staged_burst(1, 4, 2000), "exchange.max_stop_orders=1", "bot.cascade=original");
    struct weir_step *fill = s->strategy->steps[WEIR_ON_FILL];
    fill[0] = fill[s->strategy->step_count[WEIR_ON_FILL] - 1];
    assert_int_equal(fill[0].effect, WEIR_EFFECT_PROTECT);
    fill[0].on_failure = WEIR_FAILURE_ABANDONS;
    s->strategy->step_count[WEIR_ON_FILL] = 1;
    s->strategy->defaults.price_offset_pct = 0.0;
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), 4);
    assert_int_equal(count_status(&run.own, 400, -4045), 3);
    weir_run_close(&run);
    staged_free(s);
}

/* ---- limits ---- */

static void test_limits_are_tightened_when_the_scenario_says(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(50, 3000, 50), "exchange.tighten_at_s=60",
                              "exchange.tighten_factor=0.5", "exchange.orders_per_minute=400",
                              "exchange.ban_after_429s=100000", "exchange.charge_rejected=false",
                              "bot.coalesce_ms=0", "bot.connections=500");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    size_t accepted[4] = {0};
    for (size_t i = 0; i < run.own.request_count; i++) {
        const struct weir_request_record *r = &run.own.requests[i];
        const int64_t minute = (r->arrived_ns - BEGIN) / MINUTE;
        if (r->status == 200 && minute < 4) {
            accepted[minute]++;
        }
    }
    assert_int_equal(accepted[1], 400);
    assert_int_equal(accepted[2], 200); /* tightened as it begins */
    assert_int_equal(accepted[3], 200);
    weir_run_close(&run);
    staged_free(s);
}

static void test_dashboards_are_silent_after_a_429_of_their_own(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(2, 2, 20), "foreign.dashboards=4",
                              "exchange.weight_per_minute=500", "exchange.ban_after_429s=1000");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    int64_t silent_until_ns = 0;
    size_t limited = 0;
    for (size_t i = 0; i < run.foreign.request_count; i++) {
        const struct weir_request_record *r = &run.foreign.requests[i];
        assert_int_equal(r->client, WEIR_CLIENT_DASHBOARD);
        assert_true(r->sent_ns >= silent_until_ns);
        if (r->status == 429) {
            silent_until_ns = (r->sent_ns / MINUTE + 1) * MINUTE;
            limited++;
        }
    }
    assert_true(limited >= 5); /* four tabs want 2,640 a minute: once each minute */
    weir_run_close(&run);
    staged_free(s);
}

static void test_dashboards_ask_on_their_grid_while_nobody_limits_them(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(2, 2, 20), "foreign.dashboards=3",
                              "exchange.weight_per_minute=1000000");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    size_t tabs[3] = {0};
    for (size_t i = 0; i < run.foreign.request_count; i++) {
        const struct weir_request_record *r = &run.foreign.requests[i];
        assert_int_equal(r->outcome, WEIR_OUTCOME_OK);
        tabs[r->step]++;
    }
    for (size_t t = 0; t < 3; t++) { /* six minutes of four requests every five seconds */
        assert_in_range(tabs[t], 71 * 4, 73 * 4);
    }
    weir_run_close(&run);
    staged_free(s);
}

static void test_dashboards_are_silent_while_they_are_banned(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(2, 2, 20), "foreign.dashboards=4",
                              "exchange.weight_per_minute=500", "exchange.ban_after_429s=1");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_int_equal(run.own.ban_count, 2); /* two minutes, then ten */
    assert_int_equal(run.own.bans[0].until_ns - run.own.bans[0].from_ns, 2 * MINUTE);
    for (size_t i = 0; i < run.foreign.request_count; i++) {
        for (size_t b = 0; b < run.own.ban_count; b++) {
            assert_true(run.foreign.requests[i].sent_ns <= run.own.bans[b].from_ns ||
                        run.foreign.requests[i].sent_ns >= run.own.bans[b].until_ns);
        }
    }
    weir_run_close(&run);
    staged_free(s);
}

static struct weir_trace *burst_of_btc(void) {
    struct weir_trace *trace = tape_new(1);
    tape_rename(trace, 0, "BTCUSDT");
    for (int64_t i = 0; i < 20; i++) {
        tape_add(trace, BEGIN + 7 * MINUTE + i * 100 * MILLISECOND, 0, WEIR_SIDE_SELL, 10000,
                 2000000);
    }
    return trace;
}

static void test_a_second_bot_runs_beside_the_first(void **state) {
    (void)state;
    struct staged *s = STAGED(burst_of_btc(), "foreign.second_bot=true");
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    assert_true(run.foreign.opportunity_count > 0);
    assert_true(count_state(&run.foreign, WEIR_STATE_CAPTURED) > 0);
    int64_t first_ns = INT64_MAX;
    int32_t startup_weight = 0;
    for (size_t i = 0; i < run.foreign.request_count; i++) {
        const struct weir_request_record *r = &run.foreign.requests[i];
        assert_int_equal(r->client, WEIR_CLIENT_SECOND_BOT);
        first_ns = r->submitted_ns < first_ns ? r->submitted_ns : first_ns;
        startup_weight += r->purpose == WEIR_FOR_STARTUP ? r->charged_weight : 0;
    }
    assert_int_equal(first_ns, s->stage->start_ns - 5 * MINUTE);
    assert_int_equal(startup_weight, 246);
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), run.own.opportunity_count);
    weir_run_close(&run);
    staged_free(s);
}

/** Weight is counted for the IP, orders for each account. */
static void test_the_second_bot_has_an_account_of_its_own(void **state) {
    (void)state;
    struct staged *s =
        STAGED(burst_of_btc(), "foreign.second_bot=true", "exchange.orders_per_minute=25");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run_named(s, "none");
    int32_t orders = 0;
    for (size_t i = 0; i < run.foreign.request_count; i++) {
        orders += run.foreign.requests[i].charged_orders;
    }
    assert_true(orders > 5);
    assert_int_equal(count_state(&run.own, WEIR_STATE_CAPTURED), 20);
    weir_run_close(&run);
    staged_free(s);
}

/** An IP that the second bot got banned is banned for the first one too. */
static void test_a_ban_of_the_ip_is_in_the_bots_ledger_whoever_earned_it(void **state) {
    (void)state;
    struct staged *s = STAGED(burst_of_btc(), "foreign.second_bot=true", "exchange.tighten_at_s=0",
                              "exchange.tighten_factor=0.01", "exchange.ban_after_429s=1");
    staged_bare(s);
    staged_set(s, 1, 0, 1);
    struct weir_run run = staged_run(s, &policy_refuses_all);
    assert_true(run.foreign.ban_count > 0);
    assert_true(run.own.ban_count > 0);
    weir_run_close(&run);
    staged_free(s);
}

/* ---- policies ---- */

static void test_what_is_never_sent_is_never_captured(void **state) {
    (void)state;
    static const struct {
        const struct weir_policy *policy;
        enum weir_state state;
    } cases[] = {{&policy_refuses_all, WEIR_STATE_REFUSED},
                 {&policy_drops_all, WEIR_STATE_EXPIRED},
                 {&policy_holds_for_ever, WEIR_STATE_EXPIRED},
                 {&policy_queues_for_ever, WEIR_STATE_EXPIRED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct staged *s = STAGED(staged_burst(5, 100, 20), "bot.connections=8");
        staged_set(s, 1, 0, 1);
        struct weir_run run = staged_run(s, cases[i].policy);
        assert_int_equal(count_state(&run.own, cases[i].state), 100);
        for (size_t k = 0; k < run.own.request_count; k++) {
            assert_int_equal(run.own.requests[k].sent_ns, 0);
        }
        for (size_t k = 0; k < 100; k++) {
            for (int cause = 0; cause < WEIR_CAUSES; cause++) {
                assert_true(run.own.opportunities[k].waits_ns[cause] >= 0);
            }
        }
        weir_run_close(&run);
        staged_free(s);
    }
}

static void test_a_policy_that_breaks_ends_the_run_with_its_words(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(5, 100, 20), "bot.connections=8");
    staged_set(s, 1, 0, 1);
    struct weir_run run;
    struct weir_run_error error = {.text = ""};
    assert_false(weir_run_policy(s->stage, &policy_breaks, &run, &error));
    assert_non_null(strstr(error.text, "breaks"));
    assert_non_null(strstr(error.text, "it broke on purpose"));
    staged_free(s);
}

static void test_a_limiter_setting_that_the_policy_refuses_is_named(void **state) {
    (void)state;
    struct staged *s = STAGED(staged_burst(1, 1, 20), "limiter.normal.buffer=0.2");
    struct weir_run_error error = {.text = ""};
    snprintf(s->scenario.limiter[0].value, sizeof s->scenario.limiter[0].value, "7");
    assert_false(weir_check_policy(&s->scenario, weir_policy_find("weir"), &error));
    assert_non_null(strstr(error.text, "normal.buffer"));
    assert_true(weir_check_policy(&s->scenario, weir_policy_find("none"), &error));
    staged_set(s, 1, 0, 1);
    struct weir_run run;
    assert_false(weir_run_policy(s->stage, weir_policy_find("weir"), &run, &error));
    staged_free(s);
}

/** An entry that is answered 503 may have been executed; a strategy that tries again may be filled
 *  twice, and no more than one entry of an opportunity counts. */
static void test_an_entry_may_be_tried_again(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct staged *s = STAGED(staged_burst(5, 60, 20), "network.unavailable_rate=0.6",
                                  "network.lost_rate=0.2", "bot.timeout_ms=200");
        staged_bare(s);
        s->strategy->steps[WEIR_ON_OPPORTUNITY][0].on_failure = WEIR_FAILURE_RETRIES;
        s->strategy->steps[WEIR_ON_OPPORTUNITY][0].retry_ns = 100 * MILLISECOND;
        staged_set(s, seed, 0, 1);
        struct weir_run run = staged_run_named(s, "none");
        CHECK_SEED(seed, run.own.request_count > 60);
        CHECK_SEED(seed, count_state(&run.own, WEIR_STATE_CAPTURED) > 40);
        weir_run_close(&run);
        staged_free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_repeats_itself_to_the_bit),
        cmocka_unit_test(test_another_replication_is_another_run),
        cmocka_unit_test(test_a_lone_opportunity_step_by_step),
        cmocka_unit_test(test_the_start_is_one_request_after_the_other),
        cmocka_unit_test(test_standing_load_lies_on_its_grid),
        cmocka_unit_test(test_a_run_ends_five_minutes_after_the_last_liquidation),
        cmocka_unit_test(test_the_same_request_meets_the_same_fate_under_every_policy),
        cmocka_unit_test(test_loads_do_not_depend_on_the_policy),
        cmocka_unit_test(test_connections_bound_what_is_on_the_wire),
        cmocka_unit_test(test_a_hold_blocks_the_loop),
        cmocka_unit_test(test_what_waits_in_line_for_too_long_expires),
        cmocka_unit_test(test_a_request_without_reply_is_given_up_in_time),
        cmocka_unit_test(test_an_entry_can_be_captured_without_the_bot_knowing),
        cmocka_unit_test(test_a_clock_that_is_off_is_refused_for_signed_calls_only),
        cmocka_unit_test(test_what_was_signed_before_a_hold_grows_old),
        cmocka_unit_test(test_a_clock_that_is_off_does_not_change_what_weir_sends),
        cmocka_unit_test(test_a_margin_too_small_rejects_entries),
        cmocka_unit_test(test_too_many_open_orders_reject_entries),
        cmocka_unit_test(test_too_many_stops_reject_protection),
        cmocka_unit_test(test_limits_are_tightened_when_the_scenario_says),
        cmocka_unit_test(test_dashboards_are_silent_after_a_429_of_their_own),
        cmocka_unit_test(test_dashboards_are_silent_while_they_are_banned),
        cmocka_unit_test(test_dashboards_ask_on_their_grid_while_nobody_limits_them),
        cmocka_unit_test(test_a_second_bot_runs_beside_the_first),
        cmocka_unit_test(test_the_second_bot_has_an_account_of_its_own),
        cmocka_unit_test(test_a_ban_of_the_ip_is_in_the_bots_ledger_whoever_earned_it),
        cmocka_unit_test(test_what_is_never_sent_is_never_captured),
        cmocka_unit_test(test_a_policy_that_breaks_ends_the_run_with_its_words),
        cmocka_unit_test(test_a_limiter_setting_that_the_policy_refuses_is_named),
        cmocka_unit_test(test_an_entry_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
