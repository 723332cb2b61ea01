#include <string.h>

#include "limiter_state.h"

#define SECOND_NS INT64_C(1000000000)
#define MEAN_FOLLOWS 16 // shares of a difference by which trips are remembered
#define SLOWEST_FALLS 256

void weir_recent_roll(struct weir_recent *recent, int64_t now_ns) {
    int64_t passed = (now_ns - recent->second_ends_ns) / SECOND_NS + 1;
    recent->second_ends_ns += passed * SECOND_NS;
    if (passed >= (int64_t)WEIR_RECENT_STEPS) {
        memset(recent->steps, 0, sizeof recent->steps);
        return;
    }
    for (; passed > 0; passed--) {
        recent->newest = (recent->newest + 1) % WEIR_RECENT_STEPS;
        recent->steps[recent->newest] = 0;
    }
}

static uint64_t recent_sent(const struct weir_recent *recent, int64_t now_ns) {
    struct weir_recent present = *recent;
    if (now_ns >= present.second_ends_ns) {
        weir_recent_roll(&present, now_ns);
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < WEIR_RECENT_STEPS; i++) {
        sum += present.steps[i];
    }
    return sum;
}

static void count_trip(struct weir_totals *totals, int64_t trip_ns) {
    bool first = totals->answered == 0;
    totals->mean_trip_ns += first ? trip_ns : (trip_ns - totals->mean_trip_ns) / MEAN_FOLLOWS;
    totals->slowest_trip_ns -= (totals->slowest_trip_ns - trip_ns) / SLOWEST_FALLS;
    if (trip_ns > totals->slowest_trip_ns) {
        totals->slowest_trip_ns = trip_ns;
    }
}

void weir_count_reply(struct weir_limiter *limiter, const struct weir_reply *reply) {
    struct weir_totals *totals = &limiter->totals;
    if (reply->lost) {
        totals->lost++;
        return;
    }
    count_trip(totals, reply->received_ns - reply->sent_ns);
    totals->answered++;
    if (reply->status == 429) {
        totals->http_429++;
        totals->consecutive_429++;
        totals->last_429_ns = reply->received_ns;
    } else if (reply->status < 400) {
        totals->consecutive_429 = 0;
    }
    totals->http_418 += reply->status == 418;
}

/** A policy that tells nothing. */
static void set_not_told(struct weir_stats *stats) {
    for (size_t i = 0; i < WEIR_PRIORITIES; i++) {
        stats->queued[i] = WEIR_NOT_TOLD;
    }
    stats->escalated = WEIR_NOT_TOLD;
    stats->mode_until_ns = WEIR_NOT_TOLD;
    stats->burst_until_ns = WEIR_NOT_TOLD;
    stats->liquidation_until_ns = WEIR_NOT_TOLD;
    stats->burst_count = WEIR_NOT_TOLD;
    stats->liquidation_count = WEIR_NOT_TOLD;
    stats->hold_until_ns = WEIR_NOT_TOLD;
    stats->ban_until_ns = WEIR_NOT_TOLD;
    stats->bans = WEIR_NOT_TOLD;
    stats->probing = WEIR_NOT_TOLD;
    stats->throttle = WEIR_NOT_TOLD;
    stats->clock_low_ns = WEIR_NOT_TOLD;
    stats->clock_high_ns = WEIR_NOT_TOLD;
    stats->own = (struct weir_own_counts){WEIR_NOT_TOLD, WEIR_NOT_TOLD, WEIR_NOT_TOLD,
                                          WEIR_NOT_TOLD, WEIR_NOT_TOLD, WEIR_NOT_TOLD,
                                          WEIR_NOT_TOLD, WEIR_NOT_TOLD, WEIR_NOT_TOLD};
}

static void set_limits_not_told(struct weir_stats *stats) {
    static const struct weir_limit_stats not_told = {
        .configured = WEIR_NOT_TOLD,
        .allowance = WEIR_NOT_TOLD,
        .usable = {WEIR_NOT_TOLD, WEIR_NOT_TOLD, WEIR_NOT_TOLD},
        .used = WEIR_NOT_TOLD,
        .on_the_wire = WEIR_NOT_TOLD,
        .others = WEIR_NOT_TOLD,
        .others_expected = WEIR_NOT_TOLD,
        .used_pct = WEIR_NOT_TOLD,
        .usable_pct = WEIR_NOT_TOLD,
        .peak_pct = WEIR_NOT_TOLD,
        .ends_ns = WEIR_NOT_TOLD,
    };
    for (size_t i = 0; i < WEIR_LIMITS_MAX; i++) {
        stats->limits[i] = not_told;
    }
}

enum weir_status weir_read_stats(const struct weir_limiter *limiter, int64_t now_ns,
                                 struct weir_stats *stats, size_t size) {
    if (!stats || now_ns < 0 || now_ns > WEIR_TIME_MAX_NS) {
        return WEIR_INVALID;
    }
    struct weir_stats all = {.now_ns = now_ns > limiter->now_ns ? now_ns : limiter->now_ns,
                             .open = limiter->open_count,
                             .totals = limiter->totals};
    all.totals.recent_sent = recent_sent(&limiter->recent, all.now_ns);
    set_not_told(&all);
    set_limits_not_told(&all);
    if (limiter->policy->stats && !limiter->broken) {
        limiter->policy->stats(limiter->self, all.now_ns, &all);
    }
    all.totals.events_lost += limiter->subscribers.pending.lost_ever;
    memcpy(stats, &all, size < sizeof all ? size : sizeof all);
    return WEIR_OK;
}
