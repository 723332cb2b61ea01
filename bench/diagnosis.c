#include "diagnosis.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** Share from which a cause is named. */
#define WORTH_NAMING 0.01

static void say(struct weir_diagnosis *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct weir_diagnosis *d, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(d->sentences[d->count++], WEIR_SENTENCE_MAX, format, arguments);
    va_end(arguments);
}

/** A limit came this close at least once: share of the allowance that was left. */
#define NEAR 0.1

/** Whether the policy's own refusals are mostly bids that lost to larger ones while the allowance
 * ran short: then it is the limits that stand behind them. */
static bool is_outbid(const struct weir_replay *replay, const struct weir_summary *s) {
    const struct weir_exchange_rules *rules = &replay->plan.scenario.exchange.rules;
    const double weight_left = weir_mean(s, WEIR_METRIC_headroom_weight_min, HUGE_VAL);
    const double orders_left = weir_mean(s, WEIR_METRIC_headroom_orders_min, HUGE_VAL);
    const bool near = weight_left < NEAR * (double)rules->weight_per_minute ||
                      orders_left < NEAR * (double)rules->orders_per_minute;
    return near && weir_mean(s, WEIR_METRIC_refused_outbid, 0.0) >
                       weir_mean(s, WEIR_METRIC_refused_queue_full, 0.0) +
                           weir_mean(s, WEIR_METRIC_refused_other, 0.0);
}

static bool is_limit(const struct weir_replay *replay, const struct weir_summary *s, int cause) {
    return (cause == WEIR_CAUSE_POLICY && is_outbid(replay, s)) || cause == WEIR_CAUSE_WEIGHT ||
           cause == WEIR_CAUSE_ORDERS || cause == WEIR_CAUSE_HOLD || cause == WEIR_CAUSE_BAN;
}

/** A cause, as a phrase that fits after "lost to". */
static const char *phrase(const struct weir_replay *replay, const struct weir_summary *s,
                          int cause) {
    static const char *const phrases[WEIR_CAUSES] = {"the feed",
                                                     "too few connections",
                                                     "delays and faults of the network",
                                                     "the weight limit",
                                                     "the order limit",
                                                     "holds after a 429",
                                                     "bans (or what the policy takes for one)",
                                                     "the policy's own rules",
                                                     "other refusals of the exchange"};
    return cause == WEIR_CAUSE_POLICY && is_outbid(replay, s)
               ? "larger opportunities, for which the allowance "
                 "was kept"
               : phrases[cause];
}

/** What an opportunity's value is, by bot.value. */
static const char *value_name(const struct weir_replay *replay) {
    static const char *const names[] = {"impact", "notional value", "count"};
    return names[replay->plan.scenario.bot.value];
}

static int largest(const struct weir_summary *s, bool by_value) {
    int best = 0;
    for (int c = 1; c < WEIR_CAUSES; c++) {
        const double a = by_value ? s->bound_by[c].value_lost : s->bound_by[c].time;
        const double b = by_value ? s->bound_by[best].value_lost : s->bound_by[best].time;
        best = a > b ? c : best;
    }
    return best;
}

/** How far from the bound it was, as a clause; nothing if there is no bound to compare with. */
static const char *of_bound(const struct weir_replay *replay, const struct weir_summary *s,
                            char *text, size_t size) {
    const double share = weir_mean(s, WEIR_METRIC_value_of_bound, -1.0);
    const double displaced = weir_mean(s, WEIR_METRIC_displaced_weight, 0.0);
    text[0] = '\0';
    if (share >= 0.0) {
        snprintf(text, size, "; %.1f %% of the %sbound%s", 100.0 * share,
                 replay->stage->bound->why ? "upper " : "",
                 displaced > 0.0 ? ", with other load displaced" : "");
    }
    return text;
}

static void say_whether(const struct weir_replay *replay, const struct weir_replay_policy *result,
                        struct weir_diagnosis *d) {
    const struct weir_summary *s = &result->summary;
    double limit_value = 0.0;
    for (int c = 0; c < WEIR_CAUSES; c++) {
        limit_value += is_limit(replay, s, c) ? s->bound_by[c].value_lost : 0.0;
    }
    const double lost = 1.0 - weir_mean(s, WEIR_METRIC_value_capture, 1.0);
    const double errors = weir_mean(s, WEIR_METRIC_limit_errors, 0.0);
    const char *class = weir_class_name(replay->stage->class);
    const double http_429 = weir_mean(s, WEIR_METRIC_http_429, 0.0);
    const double http_418 = weir_mean(s, WEIR_METRIC_http_418, 0.0);
    char captured[160];
    char bound[80];
    snprintf(captured, sizeof captured, "On this %s trace, policy %s captured %.1f %% of the %s",
             class, result->policy->name, 100.0 * (1.0 - lost), value_name(replay));
    const double protected = 100.0 * weir_mean(s, WEIR_METRIC_protected_value_capture, 0.0);
    if (limit_value * lost < 0.0005 && errors < 0.5) {
        say(d,
            "The limits never bound. %s (protected in time: %.1f %%%s), and lost nothing to "
            "limits, "
            "holds "
            "and bans.",
            captured, protected, of_bound(replay, s, bound, sizeof bound));
        return;
    }
    say(d,
        "The limits bound. %s (protected in time: %.1f %%%s), and lost %.1f %% to limits, holds "
        "and "
        "bans; "
        "answered 429: %.0f, 418: %.0f.",
        captured, protected, of_bound(replay, s, bound, sizeof bound), 100.0 * limit_value * lost,
        http_429, http_418);
}

static void say_what(const struct weir_replay *replay, const struct weir_summary *s,
                     struct weir_diagnosis *d) {
    char list[300] = "";
    size_t used = 0;
    bool named[WEIR_CAUSES] = {false};
    for (int rank = 0; rank < WEIR_CAUSES; rank++) {
        int best = -1;
        for (int c = 0; c < WEIR_CAUSES; c++) {
            if (!named[c] && (best < 0 || s->bound_by[c].time > s->bound_by[best].time)) {
                best = c;
            }
        }
        named[best] = true;
        if (s->bound_by[best].time < WORTH_NAMING || used >= sizeof list) {
            break;
        }
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s %.0f %%", rank ? ", " : "",
                                 phrase(replay, s, best), 100.0 * s->bound_by[best].time);
    }
    if (used > 0) {
        say(d, "Where the time of opportunities went, waiting or refused: %s.", list);
    } else {
        say(d, "No opportunity had to wait for anything.");
    }
}

static void say_lost(const struct weir_replay *replay, const struct weir_summary *s,
                     struct weir_diagnosis *d) {
    const double opportunities = weir_mean(s, WEIR_METRIC_opportunities, 0.0);
    const double missed = opportunities - weir_mean(s, WEIR_METRIC_captures, 0.0);
    const double usd = weir_mean(s, WEIR_METRIC_opportunities_usd, 0.0) -
                       weir_mean(s, WEIR_METRIC_captured_usd, 0.0);
    if (missed <= 0.0) {
        say(d, "Every opportunity (%.0f) was captured.", opportunities);
        return;
    }
    char list[300] = "";
    size_t used = 0;
    for (int c = 0; c < WEIR_CAUSES && used < sizeof list; c++) {
        if (s->bound_by[c].value_lost >= WORTH_NAMING) {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.0f %% to %s",
                                     used ? ", " : "", 100.0 * s->bound_by[c].value_lost,
                                     phrase(replay, s, c));
        }
    }
    say(d, "Missed: %.0f of %.0f opportunities, worth %.0f USD; their value was lost %s.", missed,
        opportunities, usd, list);
}

/** The change that answers the cause of the largest loss. */
static const char *advice(const struct weir_replay *replay, const struct weir_summary *s, int cause,
                          const char *policy) {
    const bool counts = strcmp(policy, "none") != 0 && strcmp(policy, "current") != 0 &&
                        strcmp(policy, "guide") != 0;
    switch ((enum weir_cause)cause) {
    case WEIR_CAUSE_FEED:
        return "a faster or rawer feed (feed.throttle_ms, feed.delay_ms)";
    case WEIR_CAUSE_CONNECTIONS:
        return counts ? "more connections (bot.connections), or a call path that does not block "
                        "(bot.call_path)"
                      : "more connections (bot.connections) together with a limiter that counts "
                        "exactly "
                        "(policy weir): alone they lead to bans sooner";
    case WEIR_CAUSE_DELAY:
        return "a shorter way to the exchange, or entries that are sent earlier (bot.coalesce_ms)";
    case WEIR_CAUSE_WEIGHT:
        return counts
                   ? "cheaper requests: less standing load, no order book before an entry"
                   : "a limiter that counts exact weights and stops before the limit (policy weir)";
    case WEIR_CAUSE_ORDERS:
        return counts ? "to choose the larger opportunities while orders are scarce"
                      : "a limiter that counts orders exactly and stops before the limit (policy "
                        "weir)";
    case WEIR_CAUSE_HOLD:
    case WEIR_CAUSE_BAN:
        return "a limiter that never provokes a 429 (policy weir), or a larger buffer";
    case WEIR_CAUSE_EXCHANGE:
        return "to mend what the exchange refuses (--log shows the codes: clock, margin, open "
               "orders)";
    case WEIR_CAUSE_POLICY:
        break;
    }
    if (!is_outbid(replay, s)) {
        return "to loosen the policy's own rules (its queue, reserve and buffer)";
    }
    const struct weir_exchange_rules *rules = &replay->plan.scenario.exchange.rules;
    const double weight_left =
        weir_mean(s, WEIR_METRIC_headroom_weight_min, 0.0) / (double)rules->weight_per_minute;
    const double orders_left =
        weir_mean(s, WEIR_METRIC_headroom_orders_min, 0.0) / (double)rules->orders_per_minute;
    return orders_left < weight_left ? "a second account, since orders ran out and what was left "
                                       "was worth less than what was taken"
                                     : "cheaper requests (less standing load) or a second IP, "
                                       "since weight ran out and what was "
                                       "left was worth less than what was taken";
}

static void say_change(const struct weir_replay *replay, const struct weir_replay_policy *result,
                       struct weir_diagnosis *d) {
    const struct weir_summary *s = &result->summary;
    const double displaced = weir_mean(s, WEIR_METRIC_displaced_weight, 0.0);
    const int cause = largest(s, true);
    if (weir_mean(s, WEIR_METRIC_value_capture, 1.0) >= 0.9995) {
        say(d, "No change of the limiter can gain anything here%s.",
            displaced > 0.0 ? "; it held back some standing load" : "");
        return;
    }
    say(d, "The best single change is %s: it addresses at most %.0f %% of what was lost.",
        advice(replay, s, cause, result->policy->name), 100.0 * s->bound_by[cause].value_lost);
}

static void say_drawn(const struct weir_replay *replay, struct weir_diagnosis *d) {
    const struct weir_trace *trace = replay->trace;
    if (!trace->built && replay->live) {
        say(d, "The liquidations are recorded, the feed's throttle and delays drawn; delays and "
               "faults of requests, and fills, are those that were met.");
        return;
    }
    if (!trace->built) {
        say(d, "The liquidations are recorded; drawn are delays, faults, fills and, with more than "
               "one "
               "replication, the phase against the server's minute.");
        return;
    }
    char lists[3][160] = {"", "", ""};
    for (size_t i = 0; i < trace->field_count; i++) {
        char *list = lists[trace->fields[i].mark];
        const size_t used = strlen(list);
        snprintf(list + used, sizeof lists[0] - used, "%s%s", used ? ", " : "",
                 trace->fields[i].name);
    }
    say(d, "Recorded: %s; derived: %s; drawn: %s%s.",
        lists[WEIR_MARK_RECORDED][0] ? lists[WEIR_MARK_RECORDED] : "nothing",
        lists[WEIR_MARK_DERIVED][0] ? lists[WEIR_MARK_DERIVED] : "nothing",
        lists[WEIR_MARK_DRAWN][0] ? lists[WEIR_MARK_DRAWN] : "nothing of the trace",
        replay->live
            ? " and the feed's delays; delays and faults of requests, and fills, are those "
              "that were met"
            : ", delays, faults and fills");
}

const char *weir_say_origin(const struct weir_replay *replay, char *text, size_t size) {
    struct weir_diagnosis d = {.count = 0};
    say_drawn(replay, &d);
    snprintf(text, size, "%s", d.sentences[0]);
    return text;
}

/** Why a live run ended before its time, or NULL. */
static const char *ended_early(const struct weir_replay *replay) {
    return json_string_value(json_object_get(replay->live, "ended_early"));
}

void weir_diagnose(const struct weir_replay *replay, const struct weir_replay_policy *result,
                   struct weir_diagnosis *d) {
    d->count = 0;
    if (replay->stage->hunts[0].opportunity_count == 0) {
        const struct weir_strategy *strategy = replay->strategy;
        say(d,
            "There was nothing to hunt: no symbol of the feed saw %.0f USD liquidated within %.0f "
            "s, the "
            "condition of strategy %s (bot.strategy).",
            strategy->defaults.threshold_long_usd, (double)strategy->condition_window_ns / 1e9,
            strategy->name);
        say_drawn(replay, d);
        return;
    }
    const char *early = ended_early(replay);
    if (early) {
        say(d, "This run ended early (%.200s): all figures are of the part until then.", early);
    }
    if (!early || weir_mean(&result->summary, WEIR_METRIC_opportunities, 0.0) > 0.0) {
        say_whether(replay, result, d);
        say_what(replay, &result->summary, d);
        say_lost(replay, &result->summary, d);
    }
    if (!early) {
        say_change(replay, result, d);
    }
    say_drawn(replay, d);
}
