/**
 * Random scenarios, most of them wild, under every policy: whatever happens, the books are in
 * order. A failure names its seed; the settings of a seed are those that `draw_settings` draws.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "own_policies.h"
#include "policy_ideal.h"
#include "staged.h"

#define SEEDS 240
#define SETTINGS_MAX 40

/** Assignments of one scenario. */
struct assignments {
    char texts[SETTINGS_MAX][64];
    const char *list[SETTINGS_MAX + 1];
    size_t count;
};

static void assign(struct assignments *a, const char *key, const char *value) {
    assert_true(a->count < SETTINGS_MAX);
    snprintf(a->texts[a->count], sizeof a->texts[0], "%s=%s", key, value);
    a->list[a->count] = a->texts[a->count];
    a->count++;
}

static void assign_number(struct assignments *a, const char *key, double value) {
    char text[32];
    snprintf(text, sizeof text, "%g", value);
    assign(a, key, text);
}

/** One of "a|b|c". */
static void assign_one(struct assignments *a, struct draws *draws, const char *key,
                       const char *choices) {
    size_t count = 1;
    for (const char *c = choices; *c; c++) {
        count += *c == '|';
    }
    for (int64_t skip = draw(draws, 0, (int64_t)count - 1); skip > 0; skip--) {
        choices = strchr(choices, '|') + 1;
    }
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(choices, "|"), choices);
    assign(a, key, text);
}

static void draw_bot(struct assignments *a, struct draws *draws) {
    assign_one(a, draws, "bot.strategy", "hunt-all|hunt-all|shipped");
    assign_one(a, draws, "bot.connections", "1|2|8|32");
    assign_one(a, draws, "bot.call_path", "threads|threads|loop");
    assign_one(a, draws, "bot.cascade", "original|skip|defer");
    assign_one(a, draws, "bot.value", "impact|notional|count");
    assign_one(a, draws, "bot.coalesce_ms", "0|50|200");
    assign_one(a, draws, "bot.opportunity_window_ms", "100|3000|20000");
    assign_one(a, draws, "bot.entry_ttl_ms", "500|60000");
    assign_one(a, draws, "bot.lead_s", "0|5|60");
    assign_one(a, draws, "bot.timeout_ms", "20|300|10000");
    assign_one(a, draws, "bot.clock_offset_ms", "0|0|0|900|-3000|60000");
    assign_one(a, draws, "feed.throttle_ms", "0|200|1000");
    assign_one(a, draws, "feed.keep", "first|latest|largest");
    assign_one(a, draws, "feed.align", "event|grid");
    assign_one(a, draws, "feed.delay_ms", "5|1000");
    assign_one(a, draws, "foreign.dashboards", "0|0|1|4");
    assign_one(a, draws, "foreign.second_bot", "false|false|true");
}

static void draw_exchange(struct assignments *a, struct draws *draws) {
    assign_one(a, draws, "exchange.rules", "aster|lenient|strict");
    assign_one(a, draws, "exchange.window", "fixed|fixed|sliding");
    assign_one(a, draws, "exchange.weight_per_minute", "60|500|2400");
    assign_one(a, draws, "exchange.orders_per_minute", "5|50|1200");
    assign_one(a, draws, "exchange.ban_after_429s", "1|3|10|1000");
    assign_one(a, draws, "exchange.ban_steps_min", "0.1|2,10|0.5,1,2");
    assign_one(a, draws, "exchange.reject_at_limit", "false|true");
    assign_one(a, draws, "exchange.charge_rejected", "false|true");
    assign_one(a, draws, "exchange.retry_after_weight", "false|true");
    assign_one(a, draws, "exchange.retry_after_ban", "false|true");
    assign_one(a, draws, "exchange.order_header_always", "false|true");
    assign_one(a, draws, "exchange.max_open_orders", "0|4|200");
    assign_one(a, draws, "exchange.max_stop_orders", "0|1|100");
    assign_one(a, draws, "exchange.margin_usd", "0|10");
    assign_one(a, draws, "exchange.tighten_at_s", "-1|-1|2");
}

static void draw_network(struct assignments *a, struct draws *draws) {
    assign_one(a, draws, "network.preset", "calm|stressed|outage");
    assign_one(a, draws, "network.lost_rate", "0|0.01|0.3");
    assign_one(a, draws, "network.unavailable_rate", "0|0.01|0.3");
    assign_number(a, "network.noise", (double)draw(draws, 0, 20) / 20.0);
    assign_number(a, "network.base_ms", (double)draw(draws, 1, 100));
}

static struct weir_trace *draw_trace(struct draws *draws) {
    const struct tape_shape shape = {.symbols = (size_t)draw(draws, 1, 12),
                                     .rows = (size_t)draw(draws, 1, 300),
                                     .begin_ns = BEGIN + 10 * MINUTE + draw(draws, 0, MINUTE),
                                     .gap_max_ns = 3 * SECOND,
                                     .step_ns = 5 * MILLISECOND,
                                     .wobble_bp = draw(draws, 1, 300),
                                     .usd_max = 100000};
    struct weir_trace *trace = tape_random(draws, &shape);
    static const char *const names[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT"};
    for (size_t i = 0; i < 3 && i < trace->symbol_count; i++) {
        tape_rename(trace, i, names[i]);
    }
    return trace;
}

/** Now and then a step fails differently, comes later or has less time. */
static void change_steps(struct draws *draws, struct weir_strategy *strategy) {
    for (int chain = 0; chain < WEIR_CHAINS; chain++) {
        for (size_t i = 0; i < strategy->step_count[chain]; i++) {
            struct weir_step *step = &strategy->steps[chain][i];
            if (draw_percent(draws, 80)) {
                continue;
            }
            step->on_failure =
                (enum weir_on_failure)draw(draws, WEIR_FAILURE_CONTINUES, WEIR_FAILURE_RETRIES);
            step->priority = (enum weir_priority)draw(draws, WEIR_CRITICAL, WEIR_LOW);
            step->at_open = step->effect == WEIR_EFFECT_NONE && draw_percent(draws, 50);
            step->delay_ns = draw(draws, 0, 2) * 40 * MILLISECOND;
            step->deadline_ns = draw(draws, 0, 2) * 500 * MILLISECOND;
            step->retry_ns = draw(draws, 1, 300) * MILLISECOND;
        }
    }
}

static struct staged *draw_staged(uint64_t seed, struct draws *draws) {
    struct assignments a = {.count = 0};
    draw_bot(&a, draws);
    draw_exchange(&a, draws);
    draw_network(&a, draws);
    struct staged *s = staged_new(draw_trace(draws), a.list);
    if (draw_percent(draws, 50)) {
        change_steps(draws, s->strategy);
    }
    const uint32_t replications = (uint32_t)draw(draws, 1, 3);
    staged_set(s, seed, (uint32_t)draw(draws, 0, replications - 1), replications);
    return s;
}

/** A built-in policy in most cases, else one of the tests' own. */
static const struct weir_policy *draw_policy(struct draws *draws) {
    static const struct weir_policy *const own[] = {&policy_refuses_half, &policy_holds_once,
                                                    &policy_refuses_all, &policy_drops_all,
                                                    &policy_queues_for_ever};
    if (draw_percent(draws, 30)) {
        return own[draw(draws, 0, 4)];
    }
    size_t count = 1;
    while (weir_policy_at(count)) {
        count++;
    }
    if (draw_percent(draws, 15)) {
        return &weir_policy_ideal;
    }
    return weir_policy_at((size_t)draw(draws, 0, (int64_t)count - 1));
}

/* ---- what holds whatever happens ---- */

static void check_request(uint64_t seed, const struct weir_request_record *r, int64_t end_ns) {
    CHECK_SEED(seed, r->outcome > WEIR_OUTCOME_OPEN && r->outcome < WEIR_OUTCOMES);
    CHECK_SEED(seed, r->charged_weight >= 0 && r->charged_weight <= r->weight);
    CHECK_SEED(seed, r->charged_orders >= 0 && (r->arrived_ns || !r->charged_orders));
    CHECK_SEED(seed, r->header_weight == WEIR_NO_VALUE || r->header_weight >= r->charged_weight);
    CHECK_SEED(seed, r->sent_ns == 0 || r->sent_ns >= r->submitted_ns);
    CHECK_SEED(seed, r->arrived_ns == 0 || (r->sent_ns && r->arrived_ns >= r->sent_ns));
    CHECK_SEED(seed, r->answered_ns == 0 || r->answered_ns >= r->arrived_ns);
    CHECK_SEED(seed, r->finished_ns >= r->submitted_ns);
    CHECK_SEED(seed, r->client == WEIR_CLIENT_DASHBOARD || r->finished_ns <= end_ns);
    CHECK_SEED(seed, r->line_wait_ns >= 0);
    CHECK_SEED(seed, r->sent_ns == 0 || r->client == WEIR_CLIENT_DASHBOARD ||
                         r->connection != WEIR_NO_VALUE);
}

static void check_decisions(uint64_t seed, const struct weir_ledger *l,
                            const struct weir_request_record *r) {
    int64_t last_ns = r->submitted_ns;
    size_t sends = 0;
    for (uint32_t d = r->first_decision; d != UINT32_MAX; d = l->decisions[d].next) {
        CHECK_SEED(seed, l->decisions[d].time_ns >= last_ns);
        CHECK_SEED(seed, sends == 0); /* nothing is asked about what is on the wire */
        last_ns = l->decisions[d].time_ns;
        sends += l->decisions[d].answer == WEIR_SEND;
    }
    CHECK_SEED(seed, r->client == WEIR_CLIENT_DASHBOARD || sends == (r->sent_ns != 0));
    CHECK_SEED(seed, last_ns <= r->finished_ns || r->client == WEIR_CLIENT_DASHBOARD);
}

static void check_opportunity(uint64_t seed, const struct weir_ledger *l, size_t i) {
    const struct weir_opportunity_record *o = &l->opportunities[i];
    const int64_t latest_ns = o->time_ns + l->facts.opportunity_window_ns;
    CHECK_SEED(seed, o->state > WEIR_STATE_OPEN && o->state < WEIR_STATES);
    CHECK_SEED(seed, (o->accepted_ns && o->accepted_ns <= latest_ns) ==
                         (o->state == WEIR_STATE_CAPTURED));
    CHECK_SEED(seed, !o->filled_ns || (o->accepted_ns && o->filled_ns >= o->accepted_ns));
    CHECK_SEED(seed, !o->protected_ns || (o->filled_ns && o->protected_ns >= o->filled_ns));
    CHECK_SEED(seed, !o->closed_ns || (o->filled_ns && o->closed_ns >= o->filled_ns));
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        CHECK_SEED(seed, o->waits_ns[cause] >= 0);
    }
    if (o->entry_request) {
        const struct weir_request_record *r = &l->requests[o->entry_request - 1];
        CHECK_SEED(seed, r->opportunity == i && r->purpose == WEIR_FOR_OPPORTUNITY);
        CHECK_SEED(seed, r->submitted_ns >= o->closes_ns);
        CHECK_SEED(seed, !o->accepted_ns || o->accepted_ns >= r->arrived_ns);
    }
}

static void check_ledger(uint64_t seed, const struct weir_ledger *l, int64_t end_ns) {
    for (size_t i = 0; i < l->request_count; i++) {
        CHECK_SEED(seed, l->requests[i].id == i + 1);
        check_request(seed, &l->requests[i], end_ns);
        check_decisions(seed, l, &l->requests[i]);
    }
    for (size_t i = 0; i < l->opportunity_count; i++) {
        check_opportunity(seed, l, i);
    }
}

/** On its connections the bot has at most one request each. */
static void check_connections(uint64_t seed, const struct staged *s, const struct weir_ledger *l) {
    const int64_t connections =
        s->scenario.bot.call_path == WEIR_PATH_LOOP ? 1 : s->scenario.bot.connections;
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        if (!r->sent_ns || r->client == WEIR_CLIENT_DASHBOARD) {
            continue;
        }
        CHECK_SEED(seed, r->connection >= 0 && r->connection < connections);
        for (size_t k = 0; k < i; k++) {
            const struct weir_request_record *o = &l->requests[k];
            const bool apart = !o->sent_ns || o->client != r->client ||
                               o->connection != r->connection || o->finished_ns <= r->sent_ns ||
                               r->finished_ns <= o->sent_ns;
            CHECK_SEED(seed, apart);
        }
    }
}

/** Weight in the minute before `until_ns`, that of one ledger: what was sent, and what of it was
 * let through. */
struct minute_sums {
    int64_t sent, accepted;
};

static void add_minute(const struct weir_ledger *l, int64_t from_ns, int64_t until_ns,
                       struct minute_sums *sums) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        if (r->arrived_ns && r->arrived_ns >= from_ns && r->arrived_ns <= until_ns) {
            const bool rejected = r->code == -1003 || r->code == -1015;
            sums->sent += r->weight;
            sums->accepted += rejected ? 0 : r->charged_weight;
        }
    }
}

/** The exchange never counts more than it is sent in a minute, and lets no more through than its
 *  limit. */
static void check_exchange(uint64_t seed, const struct staged *s, const struct weir_run *run) {
    const struct weir_exchange_rules *rules = &s->scenario.exchange.rules;
    const int64_t slack = rules->reject_at_limit ? 40 : 0;
    for (size_t i = 0; i < run->own.request_count; i += 7) {
        const struct weir_request_record *r = &run->own.requests[i];
        if (!r->arrived_ns) {
            continue;
        }
        const bool sliding = rules->window == WEIR_WINDOW_SLIDING;
        const int64_t from_ns =
            sliding ? r->arrived_ns - MINUTE + 2 * MILLISECOND : r->arrived_ns / MINUTE * MINUTE;
        struct minute_sums sums = {0, 0};
        add_minute(&run->own, from_ns, r->arrived_ns, &sums);
        add_minute(&run->foreign, from_ns, r->arrived_ns, &sums);
        CHECK_SEED(seed, sums.accepted <= rules->weight_per_minute + slack);
        if (!sliding) {
            CHECK_SEED(seed, r->header_weight <= sums.sent);
        }
    }
}

static bool is_rate(enum weir_metric m) {
    switch ((int)m) {
    case WEIR_METRIC_capture_rate:
    case WEIR_METRIC_value_capture:
    case WEIR_METRIC_impact_capture:
    case WEIR_METRIC_notional_capture:
    case WEIR_METRIC_protected_capture_rate:
    case WEIR_METRIC_protected_value_capture:
    case WEIR_METRIC_edge_capture_250ms:
    case WEIR_METRIC_edge_capture_1s:
    case WEIR_METRIC_edge_capture_5s:
    case WEIR_METRIC_efficiency:
    case WEIR_METRIC_useful_efficiency:
    case WEIR_METRIC_ban_probability:
        return true;
    default:
        return false;
    }
}

static void check_shares(uint64_t seed, const struct weir_metrics *m) {
    double time = 0.0;
    double value = 0.0;
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        CHECK_SEED(seed, m->bound_by[cause].time >= 0.0 && m->bound_by[cause].value_lost >= 0.0);
        time += m->bound_by[cause].time;
        value += m->bound_by[cause].value_lost;
    }
    CHECK_SEED(seed, time == 0.0 || fabs(time - 1.0) < 1e-9);
    CHECK_SEED(seed, value == 0.0 || fabs(value - 1.0) < 1e-9);
}

/** Nobody beats the bound who displaces nothing of what it subtracts. */
static void check_bound(uint64_t seed, const struct weir_metrics *m) {
    static const enum weir_metric of_bound[] = {
        WEIR_METRIC_capture_of_bound,         WEIR_METRIC_value_of_bound,
        WEIR_METRIC_notional_of_bound,        WEIR_METRIC_protected_capture_of_bound,
        WEIR_METRIC_protected_value_of_bound, WEIR_METRIC_protected_notional_of_bound};
    for (size_t i = 0; i < sizeof of_bound / sizeof of_bound[0]; i++) {
        CHECK_SEED(seed, !m->present[of_bound[i]] || m->values[of_bound[i]] <= 1.0 + 1e-9 ||
                             m->values[WEIR_METRIC_displaced_weight] > 0.0);
    }
    const double *v = m->values;
    CHECK_SEED(seed, v[WEIR_METRIC_bound_captures] <= v[WEIR_METRIC_ceiling_captures]);
    CHECK_SEED(seed, v[WEIR_METRIC_protected_bound_captures] <= v[WEIR_METRIC_bound_captures]);
    CHECK_SEED(seed, v[WEIR_METRIC_threshold_captures] <= v[WEIR_METRIC_bound_captures]);
}

static void check_metrics(uint64_t seed, const struct weir_run *run) {
    struct weir_metrics m;
    CHECK_SEED(seed, weir_metrics_compute(&run->own, &run->foreign, &m));
    for (int i = 0; i < WEIR_METRIC_COUNT; i++) {
        CHECK_SEED(seed, !m.present[i] || isfinite(m.values[i]));
        CHECK_SEED(seed, !m.present[i] || m.values[i] >= -1e-9 || i == WEIR_METRIC_regret);
        CHECK_SEED(seed,
                   !m.present[i] || !is_rate((enum weir_metric)i) || m.values[i] <= 1.0 + 1e-9);
    }
    const double *v = m.values;
    CHECK_SEED(seed, v[WEIR_METRIC_opportunities] ==
                         v[WEIR_METRIC_state_captured] + v[WEIR_METRIC_state_late] +
                             v[WEIR_METRIC_state_refused] + v[WEIR_METRIC_state_expired] +
                             v[WEIR_METRIC_state_rejected] + v[WEIR_METRIC_state_lost]);
    CHECK_SEED(seed, v[WEIR_METRIC_protected_captures] <= v[WEIR_METRIC_captures]);
    CHECK_SEED(seed, v[WEIR_METRIC_captures] <= v[WEIR_METRIC_admitted]);
    CHECK_SEED(seed, v[WEIR_METRIC_admitted] <= v[WEIR_METRIC_submitted]);
    CHECK_SEED(seed, v[WEIR_METRIC_submitted] <= v[WEIR_METRIC_opportunities]);
    CHECK_SEED(seed, v[WEIR_METRIC_feed_liquidations] <= v[WEIR_METRIC_trace_liquidations]);
    check_shares(seed, &m);
    check_bound(seed, &m);
}

static void run_seed(uint64_t seed) {
    struct draws draws = {seed};
    struct staged *s = draw_staged(seed, &draws);
    const struct weir_policy *policy = draw_policy(&draws);
    struct weir_run run;
    struct weir_run_error error = {.text = ""};
    const bool ok = weir_run_policy(s->stage, policy, &run, &error);
    if (!ok) {
        print_error("%s: %s\n", policy->name, error.text);
    }
    CHECK_SEED(seed, ok);
    check_ledger(seed, &run.own, s->stage->end_ns);
    check_ledger(seed, &run.foreign, s->stage->end_ns);
    check_connections(seed, s, &run.own);
    check_exchange(seed, s, &run);
    check_metrics(seed, &run);
    if (seed % 5 == 0) {
        struct weir_run again = staged_run(s, policy);
        CHECK_SEED(seed, again.digest == run.digest && again.events == run.events);
        weir_run_close(&again);
    }
    weir_run_close(&run);
    staged_free(s);
}

static void test_the_books_are_in_order(void **state) {
    (void)state;
    const char *only = getenv("WEIR_TEST_SEED");
    if (only) {
        run_seed(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run_seed(seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_books_are_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
