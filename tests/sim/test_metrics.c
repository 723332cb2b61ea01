/**
 * Metrics from a ledger made by hand, in which every figure can be told by counting.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics.h"

/** Seconds and milliseconds after the beginning. */
static int64_t at_ms(int64_t ms) {
    return BEGIN + ms * MILLISECOND;
}

static struct weir_request_record *add(struct weir_ledger *l, uint8_t purpose, uint32_t opportunity,
                                       uint8_t outcome, int32_t weight, int32_t orders) {
    struct weir_request_record *r = weir_ledger_add_request(l);
    assert_non_null(r);
    r->purpose = purpose;
    r->opportunity = opportunity;
    r->outcome = outcome;
    r->weight = weight;
    r->orders = orders;
    r->submitted_ns = BEGIN;
    r->finished_ns = at_ms(300000);
    return r;
}

static struct weir_request_record *add_refused(struct weir_ledger *l, enum weir_reason reason) {
    struct weir_request_record *r =
        add(l, WEIR_FOR_STANDING, WEIR_NO_OPPORTUNITY, WEIR_OUTCOME_REFUSED, 1, 0);
    r->reason = (uint8_t)reason;
    return r;
}

/** Sent at that time, at the exchange 10 ms later, answered after 20 ms. */
static struct weir_request_record *add_sent(struct weir_ledger *l, uint8_t purpose,
                                            uint32_t opportunity, uint8_t outcome, int64_t sent_ms,
                                            int16_t status, int32_t weight, int32_t orders) {
    struct weir_request_record *r = add(l, purpose, opportunity, outcome, weight, orders);
    r->submitted_ns = r->sent_ns = at_ms(sent_ms);
    r->arrived_ns = at_ms(sent_ms + 10);
    r->answered_ns = r->finished_ns = at_ms(sent_ms + 20);
    r->status = status;
    r->charged_weight = weight;
    r->charged_orders = orders;
    return r;
}

static struct weir_request_record *add_standing(struct weir_ledger *l, uint8_t outcome,
                                                int64_t sent_ms, int16_t status, int32_t weight) {
    return add_sent(l, WEIR_FOR_STANDING, WEIR_NO_OPPORTUNITY, outcome, sent_ms, status, weight, 0);
}

static void set_facts(struct weir_ledger *l) {
    l->facts = (struct weir_run_facts){.start_ns = BEGIN,
                                       .onset_ns = at_ms(1000),
                                       .last_ns = at_ms(5000),
                                       .end_ns = at_ms(305000),
                                       .opportunity_window_ns = 3 * SECOND,
                                       .protect_within_ns = 10 * SECOND,
                                       .min_delay_ns = 10 * MILLISECOND,
                                       .min_processing_ns = MILLISECOND,
                                       .weight_per_minute = 100,
                                       .orders_per_minute = 8,
                                       .entry_cost = {1, 2},
                                       .liquidations = 20,
                                       .throttled = 8,
                                       .unheard = 1,
                                       .delivered = 11,
                                       .trace_usd = 10000.0,
                                       .feed_usd = 6000.0};
}

/** Four opportunities, a second apart, of 100, 400, 900 and 2,500 USD: worth 10, 20, 30 and 50. */
static void add_opportunities(struct weir_ledger *l) {
    static const double roots[] = {10.0, 20.0, 30.0, 50.0};
    for (uint32_t i = 0; i < 4; i++) {
        l->opportunities[i] =
            (struct weir_opportunity_record){.time_ns = at_ms(1000 + 1000 * (int64_t)i),
                                             .opened_ns = at_ms(1050 + 1000 * (int64_t)i),
                                             .closes_ns = at_ms(1250 + 1000 * (int64_t)i),
                                             .notional_usd = roots[i] * roots[i],
                                             .value = roots[i],
                                             .liquidations = 1,
                                             .entry_request = i + 1};
    }
}

/** The first is captured after 300 ms and protected a second later; the second is captured after
 *  1 s and protected 20 s later, too late; the third is refused; the fourth is 4 s late, fills and
 *  closes unprotected 30 s later. */
static void add_fates(struct weir_ledger *l) {
    struct weir_opportunity_record *o = l->opportunities;
    o[0].state = o[1].state = WEIR_STATE_CAPTURED;
    o[0].accepted_ns = o[0].filled_ns = at_ms(1300);
    o[0].protected_ns = o[0].covered_ns = at_ms(2300);
    o[1].accepted_ns = o[1].filled_ns = at_ms(3000);
    o[1].protected_ns = o[1].covered_ns = at_ms(23000);
    o[2].state = WEIR_STATE_REFUSED;
    o[2].reason = WEIR_REASON_OUTBID;
    o[2].blame = WEIR_CAUSE_POLICY;
    o[3].state = WEIR_STATE_LATE;
    o[3].blame = WEIR_CAUSE_WEIGHT;
    o[3].accepted_ns = o[3].filled_ns = at_ms(8000);
    o[3].closed_ns = at_ms(38000);
    o[3].stop_crossed = true;
    o[0].waits_ns[WEIR_CAUSE_FEED] = 50 * MILLISECOND;
    o[3].waits_ns[WEIR_CAUSE_WEIGHT] = 150 * MILLISECOND;
    add_sent(l, WEIR_FOR_OPPORTUNITY, 0, WEIR_OUTCOME_OK, 1280, 200, 1, 1);
    add_sent(l, WEIR_FOR_OPPORTUNITY, 1, WEIR_OUTCOME_OK, 2980, 200, 1, 1);
    add(l, WEIR_FOR_OPPORTUNITY, 2, WEIR_OUTCOME_REFUSED, 1, 1)->reason = WEIR_REASON_OUTBID;
    add_sent(l, WEIR_FOR_OPPORTUNITY, 3, WEIR_OUTCOME_OK, 7980, 200, 1, 1);
    add_sent(l, WEIR_FOR_FILL, 0, WEIR_OUTCOME_OK, 2280, 200, 5, 2);
    add_sent(l, WEIR_FOR_FILL, 1, WEIR_OUTCOME_OK, 22980, 200, 5, 2);
}

/** Every kind of trouble once. A 429 at 30 s holds for 10 s, one at 35 s to the end of the minute,
 * a 418 at 59 s for 111 s: what is sent at 35, 59 and 100 s provokes, and at 304 s, in a ban of its
 * own. */
static void add_troubles(struct weir_ledger *l) {
    struct weir_request_record *r =
        add(l, WEIR_FOR_STANDING, WEIR_NO_OPPORTUNITY, WEIR_OUTCOME_EXPIRED, 40, 0);
    r->reason = WEIR_REASON_DEADLINE;
    r = add(l, WEIR_FOR_STANDING, WEIR_NO_OPPORTUNITY, WEIR_OUTCOME_EXPIRED, 1, 0);
    r->reason = WEIR_REASON_CONNECTION; /* in the bot's own line: nobody refused it */
    r = add_standing(l, WEIR_OUTCOME_LIMITED, 30000, 429, 5);
    r->code = -1003;
    r->retry_after_s = 10;
    add_standing(l, WEIR_OUTCOME_LIMITED, 35000, 429, 0)->code = -1015;
    add_standing(l, WEIR_OUTCOME_BANNED, 59000, 418, 0)->retry_after_s = 111;
    add_standing(l, WEIR_OUTCOME_UNAVAILABLE, 100000, 503, 1);
    add_standing(l, WEIR_OUTCOME_INVALID, 171000, 400, 1);
    r = add_standing(l, WEIR_OUTCOME_TIMEOUT, 172000, 0, 1);
    r->answered_ns = 0;
    static const enum weir_reason reasons[] = {
        WEIR_REASON_WEIGHT,     WEIR_REASON_ORDERS, WEIR_REASON_BACKOFF,    WEIR_REASON_BANNED,
        WEIR_REASON_QUEUE_FULL, WEIR_REASON_PACE,   WEIR_REASON_CONNECTION, WEIR_REASON_ORDERING};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        add_refused(l, reasons[i]);
    }
    r = add_standing(l, WEIR_OUTCOME_UNFINISHED, 304000, 0, 0);
    r->arrived_ns = r->answered_ns = 0;
}

static void add_state(struct weir_ledger *l, const char *what, int64_t until_ns) {
    const struct weir_event event = {.time_ns = BEGIN, .what = what, .until_ns = until_ns};
    weir_ledger_add_state(l, WEIR_CLIENT_BOT, &event);
}

static void open_day(struct weir_ledger *own, struct weir_ledger *foreign) {
    assert_true(weir_ledger_open(own, 4));
    assert_true(weir_ledger_open(foreign, 0));
    set_facts(own);
    add_opportunities(own);
    add_fates(own);
    add_troubles(own);
    add_state(own, "mode", at_ms(1000));
    add_state(own, "hold", at_ms(2000)); /* the capture at 3 s comes 1,000 ms after it */
    add_state(own, "ban", at_ms(2000));
    add_state(own, "hold", WEIR_NEVER);
    add_state(own, "hold", at_ms(4000)); /* nothing captured after it */
    add_state(own, "hold", at_ms(6000)); /* after the last liquidation */
    weir_ledger_add_ban(own, at_ms(50000), at_ms(100000));
    weir_ledger_add_ban(own, at_ms(60000), at_ms(170000));  /* the same ban, longer: 120 s */
    weir_ledger_add_ban(own, at_ms(300000), at_ms(600000)); /* 5 s of it in the run */
    own->unprotected_usd_max = 77.0;
    own->open_while_banned_usd_max = 55.0;
    add_standing(foreign, WEIR_OUTCOME_OK, 10000, 200, 40)->client = WEIR_CLIENT_DASHBOARD;
    struct weir_request_record *r =
        add_sent(foreign, WEIR_FOR_OPPORTUNITY, 0, WEIR_OUTCOME_OK, 12000, 200, 10, 3);
    r->client = WEIR_CLIENT_SECOND_BOT; /* another account: its orders are its own */
    add_standing(foreign, WEIR_OUTCOME_LIMITED, 50000, 429, 0)->client = WEIR_CLIENT_DASHBOARD;
}

/** Absent metrics. */
#define ABSENT ((double)NAN)

#define LOST_VALUE 80.0
#define ALL_VALUE 110.0
#define ALL_USD 3900.0

static const double expected[WEIR_METRIC_COUNT] = {
#define IS(name, value) [WEIR_METRIC_##name] = (value)
    IS(opportunities, 4),
    IS(captures, 2),
    IS(capture_rate, 0.5),
    IS(value_capture, 30.0 / ALL_VALUE),
    IS(impact_capture, 30.0 / ALL_VALUE),
    IS(notional_capture, 500.0 / ALL_USD),
    IS(protected_captures, 1),
    IS(protected_capture_rate, 0.25),
    IS(protected_value_capture, 10.0 / ALL_VALUE),
    IS(protected_impact_capture, 10.0 / ALL_VALUE),
    IS(protected_notional_capture, 100.0 / ALL_USD),
    /* 10 e^(-0.3 / tau) + 20 e^(-1 / tau) */
    IS(edge_capture_250ms, (10.0 * 0.30119421191220214 + 20.0 * 0.01831563888873418) / ALL_VALUE),
    IS(edge_capture_1s, (10.0 * 0.7408182206817179 + 20.0 * 0.36787944117144233) / ALL_VALUE),
    IS(edge_capture_5s, (10.0 * 0.9417645335842487 + 20.0 * 0.8187307530779818) / ALL_VALUE),
    IS(state_captured, 2),
    IS(state_late, 1),
    IS(state_refused, 1),
    IS(state_expired, 0),
    IS(state_rejected, 0),
    IS(state_lost, 0),
    IS(trace_liquidations, 20),
    IS(trace_usd, 10000),
    IS(feed_liquidations, 11),
    IS(feed_usd, 6000),
    IS(opportunities_usd, ALL_USD),
    IS(submitted, 4),
    IS(submitted_usd, ALL_USD),
    IS(admitted, 3),
    IS(admitted_usd, 3000),
    IS(captured_usd, 500),
    IS(filled, 2),
    IS(filled_usd, 500),
    IS(protected_usd, 100),
    IS(requests_sent, 12),
    IS(http_429, 2),
    IS(http_429_weight, 1),
    IS(http_429_orders, 1),
    IS(http_418, 1),
    IS(http_4xx_other, 1),
    IS(http_5xx, 1),
    IS(timeouts, 1),
    IS(limit_errors, 3),
    IS(limit_errors_per_1000_sent, 250),
    IS(limit_errors_per_1000_opportunities, 750),
    IS(refused_outbid, 1),
    IS(refused_limit, 2),
    IS(refused_backoff, 1),
    IS(refused_banned, 1),
    IS(refused_queue_full, 1),
    IS(refused_deadline, 1),
    IS(refused_other, 2),
    IS(displaced_weight, ABSENT), /* no bound was computed */
    IS(saturated_windows, 1),     /* four entries of two orders: 8 of 8 */
    IS(efficiency, 7.0 / 8.0),
    IS(useful_efficiency, 6.0 / 8.0),
    IS(banned_s, 125),
    IS(bans, 2),
    IS(ban_probability, 1),
    IS(provocations, 4),
    IS(headroom_weight_min, 100 - 18 - 50), /* in the first minute: own 18, foreign 50 */
    IS(headroom_orders_min, 1),
    IS(unprotected_usd_max, 77),
    IS(unprotected_p50_s, 20),
    IS(unprotected_p99_s, 30),
    IS(unprotected_max_s, 30),
    IS(stops_crossed_unprotected, 1),
    IS(open_while_banned_usd_max, 55),
    IS(first_entry_ms, 300),
    IS(first_entry_after_hold_ms, 1000),
    IS(blind_max_s, 3.95), /* from 3.05 s to 7 s, when the last opportunity is over */
    IS(latency_p50_ms, 300),
    IS(latency_p90_ms, 1000),
    IS(latency_p99_ms, 1000),
    IS(latency_p999_ms, 1000),
    IS(latency_max_ms, 1000),
    IS(latency_all_p50_ms, 1000),
    IS(latency_all_p90_ms, ABSENT),
    IS(latency_all_p99_ms, ABSENT),
    IS(foreign_sent, 3),
    IS(foreign_http_429, 1),
    IS(ceiling_captures, ABSENT),
    IS(ceiling_value_capture, ABSENT),
    IS(ceiling_notional_capture, ABSENT),
    IS(bound_captures, ABSENT),
    IS(bound_value_capture, ABSENT),
    IS(bound_notional_capture, ABSENT),
    IS(capture_of_bound, ABSENT),
    IS(value_of_bound, ABSENT),
    IS(notional_of_bound, ABSENT),
    IS(regret, ABSENT),
    IS(protected_bound_captures, ABSENT),
    IS(protected_bound_value_capture, ABSENT),
    IS(protected_bound_notional_capture, ABSENT),
    IS(protected_capture_of_bound, ABSENT),
    IS(protected_value_of_bound, ABSENT),
    IS(protected_notional_of_bound, ABSENT),
    IS(threshold_usd, ABSENT),
    IS(threshold_captures, ABSENT),
    IS(threshold_value_capture, ABSENT),
    IS(threshold_value_of_bound, ABSENT),
    IS(value_of_threshold, ABSENT),
#undef IS
};

/** Quantiles of a histogram may be a 64th too high. */
static double tolerance(enum weir_metric metric) {
    return strncmp(weir_metric_name(metric), "latency_", 8) == 0 ? expected[metric] / 64.0
                                                                 : 1e-12 * fabs(expected[metric]);
}

static void test_every_metric_is_what_counting_says(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    open_day(&own, &foreign);
    char why[200] = "";
    assert_true(weir_ledger_check(&own, why, sizeof why));
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        const bool absent = isnan(expected[i]);
        const double off = m.values[i] - expected[i];
        if (m.present[i] == absent || (!absent && fabs(off) > tolerance((enum weir_metric)i))) {
            print_error("%s is %.17g (%s), not %.17g\n", weir_metric_name((enum weir_metric)i),
                        m.values[i], m.present[i] ? "present" : "absent", expected[i]);
            fail();
        }
    }
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

static void test_what_bound_is_shared_out(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    open_day(&own, &foreign);
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        const double time = cause == WEIR_CAUSE_FEED ? 0.25 : cause == WEIR_CAUSE_WEIGHT ? 0.75 : 0;
        const double value = cause == WEIR_CAUSE_POLICY   ? 30.0 / LOST_VALUE
                             : cause == WEIR_CAUSE_WEIGHT ? 50.0 / LOST_VALUE
                                                          : 0.0;
        ASSERT_NEAR(m.bound_by[cause].time, time, 1e-12);
        ASSERT_NEAR(m.bound_by[cause].value_lost, value, 1e-12);
    }
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

static void test_capture_curve_counts_what_was_accepted_within_each_window(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    open_day(&own, &foreign);
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    double last_ms = 0.0;
    for (size_t i = 0; i < WEIR_CURVE_POINTS; i++) {
        const double w = m.curve[i].window_ms;
        assert_true(w > last_ms);
        last_ms = w;
        const double count = (w >= 300.0) + (w >= 1000.0) + (w >= 4000.0);
        const double value = 10.0 * (w >= 300.0) + 20.0 * (w >= 1000.0) + 50.0 * (w >= 4000.0);
        const double usd = 100.0 * (w >= 300.0) + 400.0 * (w >= 1000.0) + 2500.0 * (w >= 4000.0);
        ASSERT_NEAR(m.curve[i].by_count, count / 4.0, 1e-12);
        ASSERT_NEAR(m.curve[i].by_value, value / ALL_VALUE, 1e-12);
        ASSERT_NEAR(m.curve[i].by_notional, usd / ALL_USD, 1e-12);
    }
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

/** Thirty opportunities of 1 to 30 USD, mixed; every third by size is captured. */
static void open_thirty(struct weir_ledger *own, struct weir_ledger *foreign) {
    assert_true(weir_ledger_open(own, 30));
    assert_true(weir_ledger_open(foreign, 0));
    set_facts(own);
    for (uint32_t i = 0; i < 30; i++) {
        const uint32_t size = (i * 7) % 30; /* 0 .. 29, each once */
        struct weir_opportunity_record *o = &own->opportunities[i];
        o->time_ns = at_ms(1000 + i);
        o->opened_ns = o->time_ns;
        o->notional_usd = o->value = (double)size + 1.0;
        o->symbol = i;
        o->state = size % 3 == 0 ? WEIR_STATE_CAPTURED : WEIR_STATE_EXPIRED;
        o->accepted_ns = size % 3 == 0 ? o->time_ns + MILLISECOND : 0;
    }
}

static void test_captures_by_size_and_the_largest_misses(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    open_thirty(&own, &foreign);
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    for (size_t d = 0; d < WEIR_DECILES; d++) {
        ASSERT_NEAR(m.capture_by_decile[d], 1.0 / 3.0, 1e-12);
    }
    assert_int_equal(m.miss_count, 20);
    double usd = 30.0;
    for (size_t i = 0; i < m.miss_count; i++) {
        usd -= ((int)usd - 1) % 3 == 0 ? 1.0 : 0.0; /* captured */
        ASSERT_NEAR(m.misses[i].notional_usd, usd, 0.0);
        assert_int_equal(m.misses[i].symbol, m.misses[i].opportunity);
        assert_int_equal(m.misses[i].state, WEIR_STATE_EXPIRED);
        usd -= 1.0;
    }
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

static void test_a_capture_that_never_filled_needs_no_protection(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    open_thirty(&own, &foreign);
    own.opportunities[0].filled_ns = own.opportunities[0].accepted_ns;
    own.opportunities[0].protected_ns =
        own.opportunities[0].filled_ns + 10 * SECOND; /* just in time */
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    ASSERT_NEAR(m.values[WEIR_METRIC_protected_captures], 10.0, 0.0);
    own.opportunities[0].protected_ns++;
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    ASSERT_NEAR(m.values[WEIR_METRIC_protected_captures], 9.0, 0.0);
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

static void test_an_empty_run_leaves_out_what_it_did_not_measure(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    assert_true(weir_ledger_open(&own, 0));
    assert_true(weir_ledger_open(&foreign, 0));
    set_facts(&own);
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    static const enum weir_metric absent[] = {WEIR_METRIC_capture_rate,
                                              WEIR_METRIC_value_capture,
                                              WEIR_METRIC_efficiency,
                                              WEIR_METRIC_unprotected_p50_s,
                                              WEIR_METRIC_latency_p50_ms,
                                              WEIR_METRIC_latency_max_ms,
                                              WEIR_METRIC_first_entry_ms,
                                              WEIR_METRIC_latency_all_p50_ms,
                                              WEIR_METRIC_limit_errors_per_1000_sent,
                                              WEIR_METRIC_limit_errors_per_1000_opportunities,
                                              WEIR_METRIC_first_entry_after_hold_ms};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_false(m.present[absent[i]]);
    }
    assert_true(m.present[WEIR_METRIC_captures] && m.present[WEIR_METRIC_bans]);
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        assert_true(!m.present[i] || isfinite(m.values[i]));
    }
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

/** Without Retry-After a 418 still lasts until its ban ends, and so does a ban of somebody else's
 *  making: what is sent in it provokes. */
static void test_what_is_sent_in_a_ban_provokes(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    assert_true(weir_ledger_open(&own, 0));
    assert_true(weir_ledger_open(&foreign, 0));
    set_facts(&own);
    add_standing(&own, WEIR_OUTCOME_BANNED, 10000, 418, 0);
    weir_ledger_add_ban(&own, at_ms(10010), at_ms(130010));
    add_standing(&own, WEIR_OUTCOME_BANNED, 100000, 418, 0); /* in the second minute of it */
    add_standing(&own, WEIR_OUTCOME_OK, 131000, 200, 1);
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    ASSERT_NEAR(m.values[WEIR_METRIC_provocations], 1.0, 0.0);
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

/** Efficiency is of the limiter that runs out first. */
static void test_efficiency_is_of_the_scarcer_limiter(void **state) {
    (void)state;
    struct weir_ledger own;
    struct weir_ledger foreign;
    struct weir_metrics m;
    open_day(&own, &foreign);
    own.facts.weight_per_minute = 14; /* 13 accepted; orders 7 of 8 */
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    ASSERT_NEAR(m.values[WEIR_METRIC_efficiency], 13.0 / 14.0, 1e-12);
    ASSERT_NEAR(m.values[WEIR_METRIC_useful_efficiency], 12.0 / 14.0, 1e-12);
    own.facts.weight_per_minute = 10;
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    ASSERT_NEAR(m.values[WEIR_METRIC_efficiency], 1.0, 0.0);
    own.facts.weight_per_minute = 100;
    own.facts.orders_per_minute = 9; /* four entries of two orders: not saturated */
    assert_true(weir_metrics_compute(&own, &foreign, &m));
    assert_false(m.present[WEIR_METRIC_efficiency]);
    ASSERT_NEAR(m.values[WEIR_METRIC_saturated_windows], 0.0, 0.0);
    weir_ledger_close(&own);
    weir_ledger_close(&foreign);
}

static void test_names_are_unique(void **state) {
    (void)state;
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(weir_metric_name((enum weir_metric)i),
                                    weir_metric_name((enum weir_metric)k));
        }
    }
    assert_string_equal(weir_metric_name(WEIR_METRIC_unprotected_p50_s), "unprotected_p50_s");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_metric_is_what_counting_says),
        cmocka_unit_test(test_what_bound_is_shared_out),
        cmocka_unit_test(test_capture_curve_counts_what_was_accepted_within_each_window),
        cmocka_unit_test(test_captures_by_size_and_the_largest_misses),
        cmocka_unit_test(test_a_capture_that_never_filled_needs_no_protection),
        cmocka_unit_test(test_an_empty_run_leaves_out_what_it_did_not_measure),
        cmocka_unit_test(test_what_is_sent_in_a_ban_provokes),
        cmocka_unit_test(test_efficiency_is_of_the_scarcer_limiter),
        cmocka_unit_test(test_names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
