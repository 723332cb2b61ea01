#include "policy_guide.h"

#define STATS_SPAN_S 60.0

/** What the guide keeps of one limit: a sum that nothing cleans up when it is read, and a limit
 * with the buffer taken off. */
static struct weir_limit_stats limit_stats(enum weir_limit_type type, int64_t used,
                                           int64_t critical, int64_t normal,
                                           struct weir_limit_stats not_told) {
    struct weir_limit_stats told = not_told;
    told.type = type;
    told.interval_ns = INT64_C(60000000000);
    told.used = used;
    told.usable[WEIR_CRITICAL] = critical;
    told.usable[WEIR_NORMAL] = normal;
    told.usable[WEIR_LOW] = normal;
    told.ends_ns = WEIR_NEVER;
    return told;
}

static int64_t nanoseconds_if(bool on, double seconds) {
    return on ? (int64_t)(seconds * 1e9 + 0.5) : 0;
}

static void tell_modes(const struct guide_limiter *limiter, struct weir_stats *stats) {
    stats->burst_until_ns = nanoseconds_if(limiter->burst, limiter->burst_until_s);
    stats->liquidation_until_ns =
        nanoseconds_if(limiter->liquidation, limiter->liquidation_until_s);
    stats->burst_count = (int64_t)limiter->stats.burst_mode_activations;
    stats->liquidation_count = (int64_t)limiter->stats.liquidation_mode_activations;
    stats->mode = "normal";
    stats->mode_until_ns = WEIR_NEVER;
    if (limiter->liquidation) {
        stats->mode = "liquidation";
        stats->mode_until_ns = stats->liquidation_until_ns;
    } else if (limiter->burst) {
        stats->mode = "burst";
        stats->mode_until_ns = stats->burst_until_ns;
    }
}

void guide_stats(const struct guide_limiter *limiter, double now_s, struct weir_stats *stats) {
    const struct guide_limits *limits = &limiter->limits;
    stats->limit_count = 2;
    stats->limits[0] = limit_stats(WEIR_LIMIT_WEIGHT, limiter->weights.sum, limits->requests,
                                   limits->normal_requests, stats->limits[0]);
    stats->limits[0].usable_pct = guide_usage_pct(limiter);
    stats->limits[1] = limit_stats(WEIR_LIMIT_ORDERS, (int64_t)limiter->orders.count,
                                   limits->orders, limits->normal_orders, stats->limits[1]);
    tell_modes(limiter, stats);
    // The flag falls only when the next request is checked, so that a ban may seem to last on.
    stats->ban_until_ns = nanoseconds_if(limiter->banned, limiter->ban_until_s);
    stats->throttle = limiter->throttle_factor;
    stats->own = (struct weir_own_counts){
        .requests_sent = (int64_t)limiter->stats.requests_sent,
        .requests_queued = (int64_t)limiter->stats.requests_queued,
        .requests_dropped = (int64_t)limiter->stats.requests_dropped,
        .weight_used = (int64_t)limiter->stats.weight_used,
        .received_429 = (int64_t)limiter->stats.received_429,
        .consecutive_429 = limiter->consecutive_429s,
        .throttle_delays = (int64_t)limiter->stats.throttle_delays,
        .recent_requests = guide_recent_requests(limiter, now_s, STATS_SPAN_S),
        .peak_pct = limiter->peak_usage_pct,
    };
    stats->totals.events_lost = limiter->events.lost_ever;
}
