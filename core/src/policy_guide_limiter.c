#include <stdlib.h>

#include "policy_guide.h"
#include "reply_parse.h"

#define WEIGHT_LIMIT 2400.0 // the guide's constants, whatever the exchange says
#define ORDER_LIMIT 1200.0
#define SPAN_S 60.0
#define HEADER_WAIT_S 1.0
#define SHORTEST_WAIT_S 0.1
#define THROTTLE_REFRESH_S 5.0
#define RECENT_SPAN_S 30.0
#define RECENT_HIGH 10u
#define BURST_429_S 300
#define BURST_TRAFFIC_S 180
#define BACKOFF_MAX_S 60
#define BAN_S 120
#define BAN_DOUBLINGS_MAX 5
#define BAN_PENALTY 10u // "requests dropped" by a ban, in the guide's count

double guide_seconds(int64_t now_ns) {
    return (double)now_ns / 1e9;
}

static int64_t nanoseconds(double seconds) {
    return (int64_t)(seconds * 1e9 + 0.5);
}

/* ---- limits and modes ---- */

void guide_limits_set(struct guide_limiter *limiter, enum guide_mode mode, double buffer,
                      double reserve) {
    const int64_t requests = (int64_t)(WEIGHT_LIMIT * (1 - buffer));
    const int64_t orders = (int64_t)(ORDER_LIMIT * (1 - buffer));
    limiter->limits_of[mode] = (struct guide_limits){
        .requests = requests,
        .orders = orders,
        .normal_requests = requests - (int64_t)((double)requests * reserve),
        .normal_orders = orders - (int64_t)((double)orders * reserve),
    };
    if (mode == GUIDE_MODE_NORMAL) {
        limiter->limits = limiter->limits_of[mode];
    }
}

static enum guide_mode mode_of(const struct guide_limiter *limiter) {
    if (limiter->liquidation) {
        return GUIDE_MODE_LIQUIDATION;
    }
    return limiter->burst ? GUIDE_MODE_BURST : GUIDE_MODE_NORMAL;
}

/** Applies a change of the flags and tells of the mode that is on now. */
static void change_mode(struct guide_limiter *limiter, int64_t now_ns, const char *cause) {
    static const char *const names[GUIDE_MODES] = {"normal", "burst", "liquidation"};
    const enum guide_mode mode = mode_of(limiter);
    limiter->limits = limiter->limits_of[mode];
    int64_t until_ns = WEIR_NEVER;
    if (mode == GUIDE_MODE_BURST) {
        until_ns = nanoseconds(limiter->burst_until_s);
    } else if (mode == GUIDE_MODE_LIQUIDATION) {
        until_ns = nanoseconds(limiter->liquidation_until_s);
    }
    weir_event_ring_add(&limiter->events, (struct weir_event){.time_ns = now_ns,
                                                              .what = "mode",
                                                              .value = names[mode],
                                                              .cause = cause,
                                                              .until_ns = until_ns});
}

void guide_enable_burst(struct guide_limiter *limiter, int64_t now_ns, double duration_s,
                        const char *cause) {
    if (limiter->burst) {
        return; // not extended
    }
    limiter->burst = true;
    limiter->burst_until_s = guide_seconds(now_ns) + duration_s;
    limiter->stats.burst_mode_activations++;
    change_mode(limiter, now_ns, cause);
}

void guide_enable_liquidation(struct guide_limiter *limiter, int64_t now_ns, double duration_s,
                              const char *cause) {
    if (limiter->liquidation) {
        return; // not extended
    }
    limiter->liquidation = true;
    limiter->liquidation_until_s = guide_seconds(now_ns) + duration_s;
    limiter->stats.liquidation_mode_activations++;
    change_mode(limiter, now_ns, cause);
}

void guide_reset_modes(struct guide_limiter *limiter, int64_t now_ns) {
    if (limiter->burst || limiter->liquidation) {
        limiter->burst = limiter->liquidation = false;
        change_mode(limiter, now_ns, "manual");
    }
}

/* ---- logs ---- */

static void log_forget_oldest(struct guide_log *log) {
    log->sum -= log->entries[log->first].amount;
    log->first = (log->first + 1) % GUIDE_LOG_MAX;
    log->count--;
}

static void log_forget(struct guide_log *log, double before_s) {
    while (log->count > 0 && log->entries[log->first].time_s < before_s) {
        log_forget_oldest(log);
    }
}

static void log_add(struct guide_log *log, double now_s, int32_t amount) {
    if (log->count == GUIDE_LOG_MAX) {
        log_forget_oldest(log);
    }
    log->entries[(log->first + log->count) % GUIDE_LOG_MAX] =
        (struct guide_entry){.time_s = now_s, .amount = amount};
    log->count++;
    log->sum += amount;
}

/** The wait until the oldest entry leaves, which may be far too early. */
static double oldest_wait(const struct guide_log *log, double now_s) {
    if (log->count == 0) {
        return SHORTEST_WAIT_S;
    }
    const double wait_s = SPAN_S - (now_s - log->entries[log->first].time_s);
    return wait_s > SHORTEST_WAIT_S ? wait_s : SHORTEST_WAIT_S;
}

bool guide_limiter_init(struct guide_limiter *limiter, double now_s) {
    limiter->last_throttle_update_s = now_s;
    limiter->weights.entries = malloc(GUIDE_LOG_MAX * sizeof *limiter->weights.entries);
    limiter->orders.entries = malloc(GUIDE_LOG_MAX * sizeof *limiter->orders.entries);
    limiter->detector.sightings = malloc(GUIDE_SIGHTINGS_MAX * sizeof *limiter->detector.sightings);
    return limiter->weights.entries && limiter->orders.entries && limiter->detector.sightings;
}

void guide_limiter_free(struct guide_limiter *limiter) {
    free(limiter->weights.entries);
    free(limiter->orders.entries);
    free(limiter->detector.sightings);
}

/* ---- admission ---- */

static const struct guide_verdict allowed = {.allowed = true};

/** Whether a ban is on; one that is over is forgotten. */
static bool ban_is_on(struct guide_limiter *limiter, double now_s) {
    limiter->banned = limiter->banned && now_s < limiter->ban_until_s;
    return limiter->banned;
}

static struct guide_verdict wait_for_ban(const struct guide_limiter *limiter, double now_s) {
    return (struct guide_verdict){.reason = WEIR_REASON_BANNED,
                                  .wait_s = limiter->ban_until_s - now_s};
}

struct guide_verdict guide_can_make_request(struct guide_limiter *limiter, double now_s,
                                            int32_t weight, bool critical) {
    if (ban_is_on(limiter, now_s)) {
        return wait_for_ban(limiter, now_s);
    }
    log_forget(&limiter->weights, now_s - SPAN_S);
    const int64_t limit = critical ? limiter->limits.requests : limiter->limits.normal_requests;
    if (limiter->weight_header.seen) {
        if (limiter->weight_header.value + weight <= limit) {
            return allowed;
        }
        return (struct guide_verdict){.reason = WEIR_REASON_WEIGHT, .wait_s = HEADER_WAIT_S};
    }
    if (limiter->weights.sum + weight <= limit) {
        return allowed;
    }
    return (struct guide_verdict){.reason = WEIR_REASON_WEIGHT,
                                  .wait_s = oldest_wait(&limiter->weights, now_s)};
}

struct guide_verdict guide_can_place_order(struct guide_limiter *limiter, double now_s,
                                           bool critical) {
    if (ban_is_on(limiter, now_s)) {
        return wait_for_ban(limiter, now_s);
    }
    log_forget(&limiter->orders, now_s - SPAN_S);
    const int64_t limit = critical ? limiter->limits.orders : limiter->limits.normal_orders;
    if (limiter->order_header.seen) {
        if (limiter->order_header.value < limit) {
            return allowed;
        }
        return (struct guide_verdict){.reason = WEIR_REASON_ORDERS, .wait_s = HEADER_WAIT_S};
    }
    // An empty log lets an order through even if the limit is 0.
    if ((int64_t)limiter->orders.count < limit || limiter->orders.count == 0) {
        return allowed;
    }
    return (struct guide_verdict){.reason = WEIR_REASON_ORDERS,
                                  .wait_s = oldest_wait(&limiter->orders, now_s)};
}

void guide_record_request(struct guide_limiter *limiter, double now_s, int32_t weight) {
    log_add(&limiter->weights, now_s, weight);
    limiter->stats.requests_sent++;
    limiter->stats.weight_used += (uint64_t)weight;
    limiter->history_s[limiter->history_next] = now_s;
    limiter->history_next = (limiter->history_next + 1) % GUIDE_HISTORY_MAX;
    limiter->history_count += limiter->history_count < GUIDE_HISTORY_MAX;
}

void guide_record_order(struct guide_limiter *limiter, double now_s) {
    log_add(&limiter->orders, now_s, 1);
}

/* ---- throttle ---- */

double guide_usage_pct(const struct guide_limiter *limiter) {
    const double pct = (double)limiter->weights.sum / (double)limiter->limits.requests * 100;
    return pct < 100 ? pct : 100;
}

static double factor_for(double usage_pct) {
    if (usage_pct < 50) {
        return 0.0;
    }
    if (usage_pct < 70) {
        return 0.2;
    }
    if (usage_pct < 85) {
        return 0.5;
    }
    return usage_pct < 95 ? 1.0 : 2.0;
}

double guide_throttle_factor(struct guide_limiter *limiter, int64_t now_ns) {
    const double now_s = guide_seconds(now_ns);
    if (!(now_s - limiter->last_throttle_update_s > THROTTLE_REFRESH_S)) {
        return limiter->throttle_factor;
    }
    const double usage_pct = guide_usage_pct(limiter);
    const double before = limiter->throttle_factor;
    limiter->throttle_factor = factor_for(usage_pct);
    limiter->last_throttle_update_s = now_s;
    if (usage_pct > limiter->peak_usage_pct) {
        limiter->peak_usage_pct = usage_pct;
    }
    if (limiter->throttle_factor < before || limiter->throttle_factor > before) {
        weir_event_ring_add(&limiter->events,
                            (struct weir_event){.time_ns = now_ns,
                                                .what = "throttle",
                                                .cause = "usage",
                                                .number = limiter->throttle_factor,
                                                .until_ns = WEIR_NEVER});
    }
    return limiter->throttle_factor;
}

/* ---- replies ---- */

static int back_off(struct guide_limiter *limiter, int64_t now_ns) {
    limiter->stats.received_429++;
    limiter->consecutive_429s++;
    const int n = limiter->consecutive_429s;
    const int backoff_s = n < 6 ? 1 << n : BACKOFF_MAX_S;
    if (n == 1) {
        guide_enable_burst(limiter, now_ns, BURST_429_S, "429");
    }
    weir_event_ring_add(&limiter->events,
                        (struct weir_event){.time_ns = now_ns,
                                            .what = "hold",
                                            .value = "reply",
                                            .cause = "429",
                                            .number = backoff_s,
                                            .until_ns = now_ns + backoff_s * WEIR_SECOND_NS});
    return backoff_s;
}

static void note_ban(struct guide_limiter *limiter, int64_t now_ns) {
    const int n = limiter->consecutive_429s;
    const int ban_s = BAN_S << (n < BAN_DOUBLINGS_MAX ? n : BAN_DOUBLINGS_MAX);
    limiter->banned = true;
    limiter->ban_until_s = guide_seconds(now_ns) + ban_s;
    limiter->stats.requests_dropped += BAN_PENALTY;
    weir_event_ring_add(&limiter->events,
                        (struct weir_event){.time_ns = now_ns,
                                            .what = "ban",
                                            .value = "on",
                                            .cause = "418",
                                            .number = ban_s,
                                            .until_ns = nanoseconds(limiter->ban_until_s)});
}

int guide_handle_status(struct guide_limiter *limiter, int64_t now_ns, int status) {
    if (status == 429) {
        return back_off(limiter, now_ns);
    }
    if (status == 418) {
        note_ban(limiter, now_ns);
    } else if (status < 400) {
        limiter->consecutive_429s = 0;
    }
    return 0;
}

/* ---- monitor ---- */

uint32_t guide_recent_requests(const struct guide_limiter *limiter, double now_s, double span_s) {
    uint32_t recent = 0;
    for (uint32_t i = 0; i < limiter->history_count; i++) {
        recent += limiter->history_s[i] > now_s - span_s;
    }
    return recent;
}

void guide_monitor_tick(struct guide_limiter *limiter, int64_t tick_ns) {
    const double now_s = guide_seconds(tick_ns);
    if (limiter->burst && now_s > limiter->burst_until_s) {
        limiter->burst = false;
        change_mode(limiter, tick_ns, "expired");
    }
    if (limiter->liquidation && now_s > limiter->liquidation_until_s) {
        limiter->liquidation = false;
        change_mode(limiter, tick_ns, "expired");
    }
    if (!limiter->burst && guide_recent_requests(limiter, now_s, RECENT_SPAN_S) > RECENT_HIGH) {
        guide_enable_burst(limiter, tick_ns, BURST_TRAFFIC_S, "traffic");
    }
}
