#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "histogram.h"
#include "metrics_bound.h"
#include "metrics_set.h"

#define MINUTE_NS 60000000000LL

const char *weir_metric_name(enum weir_metric metric) {
    static const char *const names[] = {
#define X(name) #name,
        WEIR_METRICS(X)
#undef X
    };
    return names[metric];
}

/* ---- captures ---- */

/** A sum by count, value, impact and notional. */
struct sums {
    double count, value, impact, notional;
};

static void add(struct sums *s, const struct weir_opportunity_record *o) {
    s->count += 1.0;
    s->value += o->value;
    s->impact += sqrt(o->notional_usd);
    s->notional += o->notional_usd;
}

static void captures(const struct weir_ledger *l, struct weir_metrics *m) {
    struct sums all = {0};
    struct sums captured = {0};
    struct sums protected = {0};
    struct sums filled = {0};
    double protected_usd = 0.0; /* of what filled: what did not needs no protection */
    double edge[3] = {0};
    size_t states[WEIR_STATES] = {0};
    static const double tau_s[3] = {0.25, 1.0, 5.0};
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        add(&all, o);
        states[o->state]++;
        if (weir_is_captured(o)) {
            add(&captured, o);
            const double latency_s = (double)(o->accepted_ns - o->time_ns) / 1e9;
            for (int t = 0; t < 3; t++) {
                edge[t] += o->value * weir_exp(fmax(-latency_s / tau_s[t], -700.0));
            }
        }
        if (weir_is_captured(o) && o->filled_ns) {
            add(&filled, o);
        }
        if (weir_is_protected(l, o)) {
            add(&protected, o);
            protected_usd += o->filled_ns ? o->notional_usd : 0.0;
        }
    }
    SET(opportunities, all.count);
    SET(opportunities_usd, all.notional);
    SET(captures, captured.count);
    SET(captured_usd, captured.notional);
    SET(filled, filled.count);
    SET(filled_usd, filled.notional);
    SET(protected_captures, protected.count);
    SET(protected_usd, protected_usd);
    SET_RATIO(capture_rate, captured.count, all.count);
    SET_RATIO(value_capture, captured.value, all.value);
    SET_RATIO(impact_capture, captured.impact, all.impact);
    SET_RATIO(notional_capture, captured.notional, all.notional);
    SET_RATIO(protected_capture_rate, protected.count, all.count);
    SET_RATIO(protected_value_capture, protected.value, all.value);
    SET_RATIO(protected_impact_capture, protected.impact, all.impact);
    SET_RATIO(protected_notional_capture, protected.notional, all.notional);
    SET_RATIO(edge_capture_250ms, edge[0], all.value);
    SET_RATIO(edge_capture_1s, edge[1], all.value);
    SET_RATIO(edge_capture_5s, edge[2], all.value);
    SET(state_captured, states[WEIR_STATE_CAPTURED]);
    SET(state_late, states[WEIR_STATE_LATE]);
    SET(state_refused, states[WEIR_STATE_REFUSED]);
    SET(state_expired, states[WEIR_STATE_EXPIRED]);
    SET(state_rejected, states[WEIR_STATE_REJECTED]);
    SET(state_lost, states[WEIR_STATE_LOST]);
}

static void funnel(const struct weir_ledger *l, struct weir_metrics *m) {
    double submitted = 0.0;
    double submitted_usd = 0.0;
    double admitted = 0.0;
    double admitted_usd = 0.0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (o->entry_request) {
            submitted += 1.0;
            submitted_usd += o->notional_usd;
            if (l->requests[o->entry_request - 1].sent_ns) {
                admitted += 1.0;
                admitted_usd += o->notional_usd;
            }
        }
    }
    SET(trace_liquidations, l->facts.liquidations);
    SET(trace_usd, l->facts.trace_usd);
    SET(feed_liquidations, l->facts.delivered);
    SET(feed_usd, l->facts.feed_usd);
    SET(submitted, submitted);
    SET(submitted_usd, submitted_usd);
    SET(admitted, admitted);
    SET(admitted_usd, admitted_usd);
}

static const double curve_windows_ms[WEIR_CURVE_POINTS] = {
    50,  60,  70,   80,   90,   100,  120,  140,  160,  180,  200,  220,  240,  260,
    280, 300, 325,  350,  375,  400,  450,  500,  550,  600,  650,  700,  750,  800,
    850, 900, 1000, 1250, 1500, 1750, 2000, 2250, 2500, 2750, 3000, 4000, 5000, 10000};

/** First window of the curve that an acceptance after that long is within; past the last if none.
 */
static size_t curve_point(int64_t latency_ns) {
    size_t point = 0;
    while (point < WEIR_CURVE_POINTS && (double)latency_ns > curve_windows_ms[point] * 1e6) {
        point++;
    }
    return point;
}

static double share(double part, double whole) {
    return whole > 0.0 ? part / whole : 0.0;
}

static void curve(const struct weir_ledger *l, struct weir_metrics *m) {
    struct sums all = {0};
    struct sums at[WEIR_CURVE_POINTS + 1] = {{0}};
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        add(&all, o);
        if (o->accepted_ns) {
            add(&at[curve_point(o->accepted_ns - o->time_ns)], o);
        }
    }
    struct sums sum = {0};
    for (size_t w = 0; w < WEIR_CURVE_POINTS; w++) {
        sum.count += at[w].count;
        sum.value += at[w].value;
        sum.notional += at[w].notional;
        m->curve[w] = (struct weir_curve_point){curve_windows_ms[w], share(sum.count, all.count),
                                                share(sum.value, all.value),
                                                share(sum.notional, all.notional)};
    }
}

static void set_latency(struct weir_metrics *m, enum weir_metric metric, int64_t latency_ns) {
    if (latency_ns >= 0 && latency_ns != INT64_MAX) {
        weir_metric_set(m, metric, (double)latency_ns / 1e6);
    }
}

static bool latencies(const struct weir_ledger *l, struct weir_metrics *m) {
    struct weir_histogram *h = calloc(1, sizeof *h);
    if (!h) {
        return false;
    }
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (weir_is_captured(o)) {
            weir_histogram_add(h, o->accepted_ns - o->time_ns);
        } else {
            weir_histogram_add_infinite(h);
        }
    }
    set_latency(m, WEIR_METRIC_latency_p50_ms, weir_histogram_quantile(h, 0.5));
    set_latency(m, WEIR_METRIC_latency_p90_ms, weir_histogram_quantile(h, 0.9));
    set_latency(m, WEIR_METRIC_latency_p99_ms, weir_histogram_quantile(h, 0.99));
    set_latency(m, WEIR_METRIC_latency_p999_ms, weir_histogram_quantile(h, 0.999));
    set_latency(m, WEIR_METRIC_latency_max_ms, h->count ? h->max_ns : -1);
    set_latency(m, WEIR_METRIC_latency_all_p50_ms, weir_histogram_quantile_all(h, 0.5));
    set_latency(m, WEIR_METRIC_latency_all_p90_ms, weir_histogram_quantile_all(h, 0.9));
    set_latency(m, WEIR_METRIC_latency_all_p99_ms, weir_histogram_quantile_all(h, 0.99));
    free(h);
    return true;
}

/* ---- requests ---- */

static void refusals(const struct weir_ledger *l, struct weir_metrics *m) {
    size_t by_reason[WEIR_REASONS] = {0};
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        const bool unsent =
            r->outcome == WEIR_OUTCOME_REFUSED || r->outcome == WEIR_OUTCOME_EXPIRED;
        /* what expired in the bot's own line was not refused by the policy */
        if (unsent && r->reason != WEIR_REASON_CONNECTION) {
            by_reason[r->reason]++;
        }
    }
    SET(refused_outbid, by_reason[WEIR_REASON_OUTBID]);
    SET(refused_limit, by_reason[WEIR_REASON_WEIGHT] + by_reason[WEIR_REASON_ORDERS]);
    SET(refused_backoff, by_reason[WEIR_REASON_BACKOFF]);
    SET(refused_banned, by_reason[WEIR_REASON_BANNED]);
    SET(refused_queue_full, by_reason[WEIR_REASON_QUEUE_FULL]);
    SET(refused_deadline, by_reason[WEIR_REASON_DEADLINE]);
    SET(refused_other, by_reason[WEIR_REASON_NONE] + by_reason[WEIR_REASON_PACE] +
                           by_reason[WEIR_REASON_ORDERING]);
}

/** A request by one of its times. */
struct timed {
    int64_t time_ns;
    uint32_t request;
};

static int compare_timed(const void *left, const void *right) {
    const struct timed *a = left;
    const struct timed *b = right;
    if (a->time_ns != b->time_ns) {
        return a->time_ns < b->time_ns ? -1 : 1;
    }
    return (a->request > b->request) - (a->request < b->request);
}

/** End of the hold that a 429 or 418 asks for: Retry-After, or else the end of its minute. */
static int64_t hold_end_ns(const struct weir_request_record *r) {
    return r->retry_after_s != WEIR_NO_VALUE
               ? r->answered_ns + (int64_t)r->retry_after_s * 1000000000LL
               : (r->arrived_ns / MINUTE_NS + 1) * MINUTE_NS;
}

/** Counts requests that were sent after a 429 or 418 was received and before its hold was over, or
 *  during a ban, whoever earned it. */
static bool provocations(const struct weir_ledger *l, struct weir_metrics *m) {
    struct timed *sent = calloc(2 * l->request_count + 1, sizeof *sent);
    if (!sent) {
        return false;
    }
    struct timed *answers = sent + l->request_count;
    size_t sent_count = 0;
    size_t answer_count = 0;
    for (uint32_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        if (r->sent_ns) {
            sent[sent_count++] = (struct timed){r->sent_ns, i};
        }
        if (r->status == 429 || r->status == 418) {
            answers[answer_count++] = (struct timed){r->answered_ns, i};
        }
    }
    if (answer_count + l->ban_count > 0) {
        qsort(sent, sent_count, sizeof *sent, compare_timed);
    }
    qsort(answers, answer_count, sizeof *answers, compare_timed);
    int64_t hold_until_ns = 0;
    size_t heard = 0;
    size_t ban = 0;
    size_t count = 0;
    for (size_t i = 0; answer_count + l->ban_count > 0 && i < sent_count; i++) {
        const int64_t sent_ns = sent[i].time_ns;
        for (; heard < answer_count && answers[heard].time_ns < sent_ns; heard++) {
            const int64_t until_ns = hold_end_ns(&l->requests[answers[heard].request]);
            hold_until_ns = until_ns > hold_until_ns ? until_ns : hold_until_ns;
        }
        while (ban < l->ban_count && l->bans[ban].until_ns <= sent_ns) {
            ban++;
        }
        const bool banned = ban < l->ban_count && l->bans[ban].from_ns <= sent_ns;
        count += banned || sent_ns < hold_until_ns;
    }
    free(sent);
    SET(provocations, count);
    return true;
}

static void errors(const struct weir_ledger *l, struct weir_metrics *m) {
    size_t sent = 0;
    size_t outcomes[WEIR_OUTCOMES] = {0};
    size_t weight_429 = 0;
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        sent += r->sent_ns != 0;
        outcomes[r->outcome]++;
        weight_429 += r->status == 429 && r->code == -1003;
    }
    const size_t http_429 = outcomes[WEIR_OUTCOME_LIMITED];
    const size_t limit_errors = http_429 + outcomes[WEIR_OUTCOME_BANNED];
    SET(requests_sent, sent);
    SET(http_429, http_429);
    SET(http_429_weight, weight_429);
    SET(http_429_orders, http_429 - weight_429);
    SET(http_418, outcomes[WEIR_OUTCOME_BANNED]);
    SET(http_4xx_other, outcomes[WEIR_OUTCOME_INVALID]);
    SET(http_5xx, outcomes[WEIR_OUTCOME_UNAVAILABLE]);
    SET(timeouts, outcomes[WEIR_OUTCOME_TIMEOUT]);
    SET(limit_errors, limit_errors);
    SET_RATIO(limit_errors_per_1000_sent, 1000.0 * (double)limit_errors, sent);
    SET_RATIO(limit_errors_per_1000_opportunities, 1000.0 * (double)limit_errors,
              l->opportunity_count);
}

/* ---- windows ---- */

/** What one minute of the server's clock saw. */
struct minute {
    double weight, orders; /* charged, own and foreign */
    double accepted_weight, accepted_orders;
    double useful_weight, useful_orders;
    double wanted; /* opportunities that can only arrive in it */
};

struct minutes {
    struct minute *all;
    size_t count;
    int64_t first;
};

static struct minute *minute_at(const struct minutes *minutes, int64_t time_ns) {
    const int64_t index = time_ns / MINUTE_NS - minutes->first;
    return index >= 0 && index < (int64_t)minutes->count ? &minutes->all[index] : NULL;
}

static bool is_useful(const struct weir_ledger *l, const struct weir_request_record *r) {
    return r->purpose <= WEIR_FOR_FILL && weir_is_captured(&l->opportunities[r->opportunity]);
}

static void charge_minutes(const struct weir_ledger *l, bool own, struct minutes *minutes) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        struct minute *minute = r->arrived_ns ? minute_at(minutes, r->arrived_ns) : NULL;
        if (!minute) {
            continue;
        }
        minute->weight += r->charged_weight;
        minute->orders += r->client == WEIR_CLIENT_SECOND_BOT ? 0 : r->charged_orders;
        if (own && r->outcome == WEIR_OUTCOME_OK) {
            minute->accepted_weight += r->charged_weight;
            minute->accepted_orders += r->charged_orders;
            minute->useful_weight += is_useful(l, r) ? r->charged_weight : 0;
            minute->useful_orders += is_useful(l, r) ? r->charged_orders : 0;
        }
    }
}

/** Opportunities whose whole interval of possible arrival lies in one minute. */
static void want_minutes(const struct weir_ledger *l, struct minutes *minutes) {
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        const int64_t from_ns = o->closes_ns + l->facts.min_delay_ns;
        const int64_t until_ns =
            o->time_ns + l->facts.opportunity_window_ns - l->facts.min_processing_ns;
        struct minute *minute = minute_at(minutes, from_ns);
        if (minute && minute == minute_at(minutes, until_ns) && from_ns <= until_ns) {
            minute->wanted += 1.0;
        }
    }
}

static void efficiency(const struct weir_ledger *l, const struct minutes *minutes,
                       struct weir_metrics *m) {
    const double weight_limit = (double)l->facts.weight_per_minute;
    const double order_limit = (double)l->facts.orders_per_minute;
    double saturated = 0.0;
    double used = 0.0;
    double useful = 0.0;
    for (size_t i = 0; i < minutes->count; i++) {
        const struct minute *minute = &minutes->all[i];
        if (minute->wanted * l->facts.entry_cost.weight < weight_limit &&
            minute->wanted * l->facts.entry_cost.orders < order_limit) {
            continue;
        }
        const bool by_weight =
            minute->accepted_weight / weight_limit > minute->accepted_orders / order_limit;
        saturated += 1.0;
        used += fmin(1.0, by_weight ? minute->accepted_weight / weight_limit
                                    : minute->accepted_orders / order_limit);
        useful += fmin(1.0, by_weight ? minute->useful_weight / weight_limit
                                      : minute->useful_orders / order_limit);
    }
    SET(saturated_windows, saturated);
    SET_RATIO(efficiency, used, saturated);
    SET_RATIO(useful_efficiency, useful, saturated);
}

static void headroom(const struct weir_ledger *l, const struct minutes *minutes,
                     struct weir_metrics *m) {
    double weight = (double)l->facts.weight_per_minute;
    double orders = (double)l->facts.orders_per_minute;
    for (size_t i = 0; i < minutes->count; i++) {
        weight = fmin(weight, (double)l->facts.weight_per_minute - minutes->all[i].weight);
        orders = fmin(orders, (double)l->facts.orders_per_minute - minutes->all[i].orders);
    }
    SET(headroom_weight_min, fmax(weight, 0.0));
    SET(headroom_orders_min, fmax(orders, 0.0));
}

static bool windows(const struct weir_ledger *l, const struct weir_ledger *foreign,
                    struct weir_metrics *m) {
    struct minutes minutes = {.first = l->facts.start_ns / MINUTE_NS};
    minutes.count = (size_t)(l->facts.end_ns / MINUTE_NS - minutes.first) + 1;
    minutes.all = calloc(minutes.count, sizeof *minutes.all);
    if (!minutes.all) {
        return false;
    }
    charge_minutes(l, true, &minutes);
    charge_minutes(foreign, false, &minutes);
    want_minutes(l, &minutes);
    efficiency(l, &minutes, m);
    headroom(l, &minutes, m);
    free(minutes.all);
    return true;
}

/* ---- risk ---- */

static int compare_ns(const void *left, const void *right) {
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/** Time that each fill was without its stop; never protected counts to the end of the run. */
static bool exposure(const struct weir_ledger *l, struct weir_metrics *m) {
    int64_t *times_ns = calloc(l->opportunity_count + 1, sizeof *times_ns);
    if (!times_ns) {
        return false;
    }
    size_t count = 0;
    size_t crossed = 0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (o->filled_ns) {
            const int64_t until_ns = o->covered_ns  ? o->covered_ns
                                     : o->closed_ns ? o->closed_ns
                                                    : l->facts.end_ns;
            times_ns[count++] = until_ns - o->filled_ns;
            crossed += o->stop_crossed;
        }
    }
    qsort(times_ns, count, sizeof *times_ns, compare_ns);
    SET(unprotected_usd_max, l->unprotected_usd_max);
    SET(open_while_banned_usd_max, l->open_while_banned_usd_max);
    SET(stops_crossed_unprotected, crossed);
    if (count > 0) {
        const size_t middle = (count - 1) / 2;
        SET(unprotected_p50_s, (double)times_ns[middle] / 1e9);
        SET(unprotected_p99_s, (double)times_ns[(size_t)ceil(0.99 * (double)count) - 1] / 1e9);
        SET(unprotected_max_s, (double)times_ns[count - 1] / 1e9);
    }
    free(times_ns);
    return true;
}

static void bans(const struct weir_ledger *l, struct weir_metrics *m) {
    double banned_s = 0.0;
    for (size_t i = 0; i < l->ban_count; i++) {
        const int64_t until_ns =
            l->bans[i].until_ns < l->facts.end_ns ? l->bans[i].until_ns : l->facts.end_ns;
        banned_s += (double)(until_ns - l->bans[i].from_ns) / 1e9;
    }
    SET(banned_s, banned_s);
    SET(bans, l->ban_count);
    SET(ban_probability, l->ban_count > 0 ? 1 : 0);
}

/* ---- when ---- */

/** Captures in order of acceptance: `*count` times, for the caller to free. */
static int64_t *captured_times(const struct weir_ledger *l, size_t *count) {
    int64_t *times_ns = calloc(l->opportunity_count + 1, sizeof *times_ns);
    *count = 0;
    for (size_t i = 0; times_ns && i < l->opportunity_count; i++) {
        if (weir_is_captured(&l->opportunities[i])) {
            times_ns[(*count)++] = l->opportunities[i].accepted_ns;
        }
    }
    if (times_ns) {
        qsort(times_ns, *count, sizeof *times_ns, compare_ns);
    }
    return times_ns;
}

/** First capture at or after a time, or INT64_MAX. */
static int64_t first_capture(const int64_t *times_ns, size_t count, int64_t from_ns) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (times_ns[middle] < from_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count ? times_ns[low] : INT64_MAX;
}

/** Longest time from an opportunity that was missed to the next capture of any (or the last
 *  opportunity's end, if there is none). */
static double blind_s(const struct weir_ledger *l, const int64_t *times_ns, size_t count) {
    if (l->opportunity_count == 0) {
        return 0.0;
    }
    const int64_t last_ns =
        l->opportunities[l->opportunity_count - 1].time_ns + l->facts.opportunity_window_ns;
    int64_t longest_ns = 0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (!weir_is_captured(o)) {
            const int64_t next_ns = first_capture(times_ns, count, o->opened_ns);
            const int64_t blind_ns = (next_ns < last_ns ? next_ns : last_ns) - o->opened_ns;
            longest_ns = blind_ns > longest_ns ? blind_ns : longest_ns;
        }
    }
    return (double)longest_ns / 1e9;
}

/** Mean time from the end of a hold or ban of the policy to the next capture, over those holds
 *  within the trace after which there was one. */
static void after_holds(const struct weir_ledger *l, const int64_t *times_ns, size_t count,
                        struct weir_metrics *m) {
    double sum_ms = 0.0;
    double holds = 0.0;
    int64_t last_until_ns = 0;
    for (size_t i = 0; i < l->state_count; i++) {
        const struct weir_event *e = &l->states[i].event;
        if ((strcmp(e->what, "hold") != 0 && strcmp(e->what, "ban") != 0) ||
            e->until_ns == WEIR_NEVER || e->until_ns <= last_until_ns ||
            e->until_ns > l->facts.last_ns) {
            continue;
        }
        last_until_ns = e->until_ns;
        const int64_t next_ns = first_capture(times_ns, count, e->until_ns);
        if (next_ns != INT64_MAX) {
            sum_ms += (double)(next_ns - e->until_ns) / 1e6;
            holds += 1.0;
        }
    }
    SET_RATIO(first_entry_after_hold_ms, sum_ms, holds);
}

static bool timing(const struct weir_ledger *l, struct weir_metrics *m) {
    size_t count = 0;
    int64_t *times_ns = captured_times(l, &count);
    if (!times_ns) {
        return false;
    }
    if (count > 0) {
        SET(first_entry_ms, (double)(times_ns[0] - l->facts.onset_ns) / 1e6);
    }
    SET(blind_max_s, blind_s(l, times_ns, count));
    after_holds(l, times_ns, count, m);
    free(times_ns);
    return true;
}

/* ---- what bound ---- */

static void bound_by(const struct weir_ledger *l, struct weir_metrics *m) {
    double time_ns[WEIR_CAUSES] = {0};
    double value[WEIR_CAUSES] = {0};
    double all_time_ns = 0.0;
    double all_value = 0.0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        for (int cause = 0; cause < WEIR_CAUSES; cause++) {
            time_ns[cause] += (double)o->waits_ns[cause];
            all_time_ns += (double)o->waits_ns[cause];
        }
        if (!weir_is_captured(o)) {
            value[o->blame] += o->value;
            all_value += o->value;
        }
    }
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        m->bound_by[cause].time = all_time_ns > 0.0 ? time_ns[cause] / all_time_ns : 0.0;
        m->bound_by[cause].value_lost = all_value > 0.0 ? value[cause] / all_value : 0.0;
    }
}

/** For sorting: an opportunity by size, ties by id. */
struct sized {
    double notional_usd;
    uint32_t opportunity;
};

static int compare_size(const void *left, const void *right) {
    const struct sized *a = left;
    const struct sized *b = right;
    if (a->notional_usd != b->notional_usd) {
        return a->notional_usd < b->notional_usd ? -1 : 1;
    }
    return (a->opportunity > b->opportunity) - (a->opportunity < b->opportunity);
}

static bool by_size(const struct weir_ledger *l, struct weir_metrics *m) {
    const size_t n = l->opportunity_count;
    struct sized *sizes = calloc(n + 1, sizeof *sizes);
    if (!sizes) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        sizes[i] = (struct sized){l->opportunities[i].notional_usd, i};
    }
    qsort(sizes, n, sizeof *sizes, compare_size);
    for (size_t d = 0; d < WEIR_DECILES; d++) {
        const size_t from = d * n / WEIR_DECILES;
        const size_t until = (d + 1) * n / WEIR_DECILES;
        size_t captured = 0;
        for (size_t i = from; i < until; i++) {
            captured += weir_is_captured(&l->opportunities[sizes[i].opportunity]);
        }
        m->capture_by_decile[d] = until > from ? (double)captured / (double)(until - from) : 0.0;
    }
    for (size_t i = n; i-- > 0 && m->miss_count < WEIR_MISSES;) {
        const struct weir_opportunity_record *o = &l->opportunities[sizes[i].opportunity];
        if (!weir_is_captured(o)) {
            m->misses[m->miss_count++] = (struct weir_miss){sizes[i].opportunity,
                                                            o->time_ns,
                                                            o->notional_usd,
                                                            o->symbol,
                                                            o->state,
                                                            o->reason,
                                                            o->blame};
        }
    }
    free(sizes);
    return true;
}

static void others(const struct weir_ledger *foreign, struct weir_metrics *m) {
    size_t sent = 0;
    size_t limited = 0;
    for (size_t i = 0; i < foreign->request_count; i++) {
        sent += foreign->requests[i].sent_ns != 0;
        limited += foreign->requests[i].status == 429;
    }
    SET(foreign_sent, sent);
    SET(foreign_http_429, limited);
}

bool weir_metrics_compute(const struct weir_ledger *own, const struct weir_ledger *foreign,
                          struct weir_metrics *m) {
    memset(m, 0, sizeof *m);
    captures(own, m);
    funnel(own, m);
    curve(own, m);
    refusals(own, m);
    errors(own, m);
    bans(own, m);
    bound_by(own, m);
    others(foreign, m);
    return latencies(own, m) && provocations(own, m) && windows(own, foreign, m) &&
           exposure(own, m) && timing(own, m) && by_size(own, m) &&
           weir_metrics_add_bound(own, foreign, m);
}
