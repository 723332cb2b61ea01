#include "limiter_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define NAME_SIZE 64

/* 429s and 418s are told at most so often: a bot without a limiter gets hundreds a second. */
#define REPEAT_NS (SECOND_NS / 2)

struct watcher {
    live_teller *tell;
    void *context;
};

struct live_limiter_view {
    struct weir_limiter *limiter;
    char name[NAME_SIZE];
    live_clock *clock;
    void *clock_context;
    uint32_t subscription;
    struct watcher watchers[LIVE_TELLERS_MAX];
    size_t watcher_count;
    uint64_t captured, missed;
    double captured_usd, missed_usd;
    uint64_t good_at_418; /**< answers that were neither 429 nor 418 when the last 418 came */
    bool got_418;
    int64_t told_429_ns, told_418_ns;
};

static void tell(struct live_limiter_view *view, json_t *event) {
    for (size_t i = 0; event && i < view->watcher_count; i++) {
        view->watchers[i].tell(view->watchers[i].context, event);
    }
    json_decref(event);
}

static uint64_t good_answers(const struct weir_totals *totals) {
    return totals->answered - totals->http_429 - totals->http_418;
}

/** Seconds until a time; null for what is not told or has no end. */
static json_t *seconds_until(int64_t until_ns, int64_t now_ns) {
    if (until_ns == WEIR_NOT_TOLD || until_ns == WEIR_NEVER) {
        return json_null();
    }
    return json_real(until_ns > now_ns ? (double)(until_ns - now_ns) / 1e9 : 0.0);
}

/** Whether a 429 or 418 is to be told, or came too soon after the last. */
static bool is_due(struct live_limiter_view *view, const struct weir_event *event) {
    const bool is_429 = strcmp(event->what, "429") == 0;
    if (!is_429 && strcmp(event->what, "418") != 0) {
        return strcmp(event->what, "heavy") != 0; /* a dozen a minute that say nothing */
    }
    int64_t *told_ns = is_429 ? &view->told_429_ns : &view->told_418_ns;
    if (*told_ns != 0 && event->time_ns - *told_ns < REPEAT_NS) {
        return false;
    }
    *told_ns = event->time_ns;
    return true;
}

static void on_event(void *context, struct weir_limiter *limiter, const struct weir_event *event) {
    struct live_limiter_view *view = context;
    if (strcmp(event->what, "418") == 0) {
        struct weir_stats stats;
        weir_read_stats(limiter, event->time_ns, &stats, sizeof stats);
        view->good_at_418 = good_answers(&stats.totals);
        view->got_418 = true;
    }
    if (!is_due(view, event)) {
        return;
    }
    json_t *told = json_pack("{s:s,s:f}", "what", event->what, "number", event->number);
    if (event->value) {
        json_object_set_new(told, "value", json_string(event->value));
    }
    if (event->cause) {
        json_object_set_new(told, "cause", json_string(event->cause));
    }
    if (event->until_ns > event->time_ns && event->until_ns != WEIR_NEVER) {
        json_object_set_new(told, "ends_in_s", seconds_until(event->until_ns, event->time_ns));
    }
    tell(view, told);
}

struct live_limiter_view *live_limiter_view_create(const struct live_limiter_facts *facts) {
    struct live_limiter_view *view = calloc(1, sizeof *view);
    if (!view) {
        return NULL;
    }
    view->limiter = facts->limiter;
    view->clock = facts->clock;
    view->clock_context = facts->clock_context;
    snprintf(view->name, sizeof view->name, "%s", facts->name);
    if (weir_subscribe(view->limiter, NULL, on_event, view, &view->subscription) != WEIR_OK) {
        free(view);
        return NULL;
    }
    return view;
}

void live_limiter_view_destroy(struct live_limiter_view *view) {
    if (view) {
        weir_unsubscribe(view->limiter, view->subscription);
        free(view);
    }
}

bool live_limiter_view_watch(struct live_limiter_view *view, live_teller *teller, void *context) {
    if (view->watcher_count == LIVE_TELLERS_MAX) {
        return false;
    }
    view->watchers[view->watcher_count++] = (struct watcher){teller, context};
    return true;
}

void live_limiter_view_unwatch(struct live_limiter_view *view, const void *context) {
    for (size_t i = 0; i < view->watcher_count; i++) {
        if (view->watchers[i].context == context) {
            view->watchers[i] = view->watchers[--view->watcher_count];
            return;
        }
    }
}

void live_limiter_view_outcome(struct live_limiter_view *view, const struct live_outcome *outcome) {
    json_t *event =
        json_pack("{s:s,s:s,s:s,s:f}", "what", outcome->captured ? "capture" : "miss", "symbol",
                  outcome->symbol, "side", outcome->side, "usd", outcome->notional_usd);
    if (outcome->captured) {
        view->captured++;
        view->captured_usd += outcome->notional_usd;
        json_object_set_new(event, "latency_ms", json_real((double)outcome->latency_ns / 1e6));
    } else {
        view->missed++;
        view->missed_usd += outcome->notional_usd;
        json_object_set_new(event, "cause", json_string(outcome->reason ? outcome->reason : ""));
    }
    tell(view, event);
}

/* Figures. */

/** A count, or null if it is not told. */
static json_t *told(int64_t count) {
    return count == WEIR_NOT_TOLD ? json_null() : json_integer((json_int_t)count);
}

static json_t *told_number(double number) {
    return number < 0.0 ? json_null() : json_real(number);
}

/** `used` in percent of what critical requests may fill a limit to; negative: not told. */
static double usable_pct(const struct weir_limit_stats *limit) {
    if (limit->usable_pct >= 0.0) {
        return limit->usable_pct;
    }
    const int64_t usable = limit->usable[WEIR_CRITICAL];
    return limit->used < 0 || usable <= 0 ? -1.0 : 100.0 * (double)limit->used / (double)usable;
}

/** Of the limits of a type, the one that is fullest; NULL if none is told. */
static const struct weir_limit_stats *fullest(const struct weir_stats *stats,
                                              enum weir_limit_type type) {
    const struct weir_limit_stats *found = NULL;
    for (size_t i = 0; i < stats->limit_count; i++) {
        const struct weir_limit_stats *limit = &stats->limits[i];
        if (limit->type == type && (!found || usable_pct(limit) > usable_pct(found))) {
            found = limit;
        }
    }
    return found;
}

static void put_limits(json_t *data, const struct weir_stats *stats) {
    json_t *limits = json_array();
    for (size_t i = 0; i < stats->limit_count; i++) {
        const struct weir_limit_stats *limit = &stats->limits[i];
        json_array_append_new(
            limits, json_pack("{s:s,s:f,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "type",
                              limit->type == WEIR_LIMIT_WEIGHT ? "weight" : "orders", "interval_s",
                              (double)limit->interval_ns / 1e9, "allowance", told(limit->allowance),
                              "usable", told(limit->usable[WEIR_CRITICAL]), "used",
                              told(limit->used), "on_the_wire", told(limit->on_the_wire), "others",
                              told(limit->others), "usable_pct", told_number(usable_pct(limit)),
                              "ends_in_s", seconds_until(limit->ends_ns, stats->now_ns)));
    }
    json_object_set_new(data, "limits", limits);
}

/** The guide's figures of use. */
static void put_use(json_t *data, const struct weir_stats *stats) {
    const struct weir_limit_stats *weight = fullest(stats, WEIR_LIMIT_WEIGHT);
    const struct weir_limit_stats *orders = fullest(stats, WEIR_LIMIT_ORDERS);
    const double own_peak = stats->own.peak_pct;
    json_object_set_new(data, "current_usage_pct", told_number(weight ? usable_pct(weight) : -1));
    json_object_set_new(data, "peak_usage_pct",
                        told_number(weight && weight->peak_pct >= 0 ? weight->peak_pct : own_peak));
    json_object_set_new(data, "current_weight", told(weight ? weight->used : WEIR_NOT_TOLD));
    json_object_set_new(data, "weight_limit",
                        told(weight ? weight->usable[WEIR_CRITICAL] : WEIR_NOT_TOLD));
    json_object_set_new(data, "current_orders", told(orders ? orders->used : WEIR_NOT_TOLD));
    json_object_set_new(data, "order_limit",
                        told(orders ? orders->usable[WEIR_CRITICAL] : WEIR_NOT_TOLD));
}

/** A policy that tells no bans is banned from a 418 to the next answer that is none. */
static bool is_banned(const struct live_limiter_view *view, const struct weir_stats *stats) {
    if (stats->ban_until_ns != WEIR_NOT_TOLD) {
        return stats->ban_until_ns > stats->now_ns;
    }
    return view->got_418 && good_answers(&stats->totals) == view->good_at_418;
}

static void put_state(json_t *data, const struct live_limiter_view *view,
                      const struct weir_stats *stats) {
    const char *mode = stats->mode ? stats->mode : "normal";
    const int64_t now_ns = stats->now_ns;
    json_object_set_new(data, "burst_mode", json_boolean(strcmp(mode, "burst") == 0));
    json_object_set_new(data, "liquidation_mode", json_boolean(strcmp(mode, "liquidation") == 0));
    json_object_set_new(data, "banned", json_boolean(is_banned(view, stats)));
    json_object_set_new(data, "throttle_factor", told_number(stats->throttle));
    json_object_set_new(data, "queue_sizes",
                        json_pack("{s:o,s:o,s:o}", "critical", told(stats->queued[WEIR_CRITICAL]),
                                  "normal", told(stats->queued[WEIR_NORMAL]), "low",
                                  told(stats->queued[WEIR_LOW])));
    json_object_set_new(data, "mode", stats->mode ? json_string(mode) : json_null());
    json_object_set_new(data, "mode_ends_in_s", seconds_until(stats->mode_until_ns, now_ns));
    json_object_set_new(data, "hold_ends_in_s", seconds_until(stats->hold_until_ns, now_ns));
    json_object_set_new(data, "ban_ends_in_s", seconds_until(stats->ban_until_ns, now_ns));
}

/** What was refused or dropped, by reason. */
static json_t *reasons(const uint64_t counts[WEIR_REASONS]) {
    json_t *found = json_object();
    for (int i = 0; i < WEIR_REASONS; i++) {
        if (counts[i] > 0) {
            json_object_set_new(found, weir_reason_name((enum weir_reason)i),
                                json_integer((json_int_t)counts[i]));
        }
    }
    return found;
}

static json_int_t sum(const uint64_t counts[WEIR_REASONS]) {
    uint64_t total = 0;
    for (int i = 0; i < WEIR_REASONS; i++) {
        total += counts[i];
    }
    return (json_int_t)total;
}

static void put_counts(json_t *data, const struct weir_stats *stats) {
    const struct weir_totals *totals = &stats->totals;
    const struct {
        const char *name;
        json_int_t count;
    } counts[] = {{"recent_requests", (json_int_t)totals->recent_sent},
                  {"consecutive_429s", (json_int_t)totals->consecutive_429},
                  {"requests_sent", (json_int_t)totals->sent},
                  {"requests_queued", (json_int_t)totals->queued},
                  {"requests_dropped", sum(totals->dropped) + sum(totals->refused)},
                  {"weight_used", (json_int_t)totals->sent_weight},
                  {"429_received", (json_int_t)totals->http_429},
                  {"418_received", (json_int_t)totals->http_418},
                  {"answers_lost", (json_int_t)totals->lost}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_object_set_new(data, counts[i].name, json_integer(counts[i].count));
    }
    json_object_set_new(data, "throttle_delays", told(stats->own.throttle_delays));
    json_object_set_new(data, "burst_mode_activations", told(stats->burst_count));
    json_object_set_new(data, "liquidation_mode_activations", told(stats->liquidation_count));
    json_object_set_new(data, "mean_trip_ms", json_real((double)totals->mean_trip_ns / 1e6));
    json_object_set_new(data, "refused", reasons(totals->refused));
    json_object_set_new(data, "dropped", reasons(totals->dropped));
}

json_t *live_limiter_view_stats(struct live_limiter_view *view) {
    struct weir_stats stats;
    json_t *data = json_object();
    if (!data || weir_read_stats(view->limiter, view->clock(view->clock_context), &stats,
                                 sizeof stats) != WEIR_OK) {
        json_decref(data);
        return NULL;
    }
    put_use(data, &stats);
    put_state(data, view, &stats);
    put_counts(data, &stats);
    put_limits(data, &stats);
    json_object_set_new(data, "bot", json_string(view->name));
    json_object_set_new(data, "policy", json_string(weir_limiter_policy(view->limiter)->name));
    json_object_set_new(data, "opportunities",
                        json_pack("{s:I,s:I,s:f,s:f}", "captured", (json_int_t)view->captured,
                                  "missed", (json_int_t)view->missed, "captured_usd",
                                  view->captured_usd, "missed_usd", view->missed_usd));
    return data;
}

bool live_limiter_view_set_mode(struct live_limiter_view *view, enum weir_mode mode,
                                double duration_s, char *why, size_t why_size) {
    const struct weir_policy *policy = weir_limiter_policy(view->limiter);
    const int64_t now_ns = view->clock(view->clock_context);
    const int64_t latest_ns = weir_limiter_now(view->limiter);
    if (weir_set_mode(view->limiter, now_ns > latest_ns ? now_ns : latest_ns, mode,
                      (int64_t)(duration_s * 1e9)) == WEIR_OK) {
        return true;
    }
    snprintf(why, why_size,
             policy->set_mode ? "The limiter's settings fix its mode."
                              : "The policy %.40s has no modes.",
             policy->name);
    return false;
}
