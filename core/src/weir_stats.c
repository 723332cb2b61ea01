#include "weir/stats.h"

#include "options.h"
#include "weir_state.h"

#define HALF_LIFE_NS (5 * WEIR_MINUTE_NS)

int64_t weir_peak_faded(const struct weir_peak *peak, int64_t now_ns) {
    int64_t age_ns = weir_later(now_ns - peak->at_ns, 0);
    int64_t halvings = age_ns / HALF_LIFE_NS;
    if (halvings >= 32) {
        return 0;
    }
    int64_t rest_s = age_ns % HALF_LIFE_NS / WEIR_SECOND_NS;
    int64_t whole_s = 2 * HALF_LIFE_NS / WEIR_SECOND_NS;
    // Straight between two halvings.
    return (peak->amount >> halvings) * (whole_s - rest_s) / whole_s;
}

/** What a limit counts at a time at or after that of the latest call. */
static int64_t used_at(const struct weir *weir, const struct weir_window *window, int64_t now_ns) {
    if (!window->phased) {
        int64_t gone = window->history.total - weir_history_left(&window->history, now_ns);
        return weir_window_used(weir, window) - gone;
    }
    return now_ns < window->next_opens_ns ? weir_window_used(weir, window)
                                          : weir_window_carried(weir, window);
}

static double pct(int64_t part, int64_t whole) {
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static struct weir_limit_stats limit_stats(const struct weir *weir,
                                           const struct weir_window *window, int64_t now_ns) {
    bool over = window->phased && now_ns >= window->next_opens_ns;
    int64_t used = used_at(weir, window, now_ns);
    int64_t peak = weir_later(used, weir_peak_faded(&window->peak, now_ns));
    int64_t allowance = weir_earlier(window->limit, window->shown);
    struct weir_limit_stats told = {
        .type = window->type,
        .aligned = window->phased,
        .interval_ns = window->interval_ns,
        .configured = window->given,
        .allowance = allowance,
        .used = used,
        .on_the_wire = weir_window_carried(weir, window),
        .others = over ? 0 : window->others.booked,
        .others_expected = over ? 0 : weir_demand_others(weir, window),
        .used_pct = pct(used, allowance),
        .usable_pct = pct(used, window->caps[WEIR_CRITICAL]),
        .peak_pct = pct(peak, allowance),
        .ends_ns = window->phased ? window->next_opens_ns : WEIR_NEVER,
    };
    for (size_t i = 0; i < WEIR_PRIORITIES; i++) {
        told.usable[i] = window->caps[i];
    }
    return told;
}

static int64_t until_after(int64_t until_ns, int64_t now_ns) {
    return until_ns > now_ns ? until_ns : 0;
}

static void tell_modes(const struct weir_mode_state *modes, int64_t now_ns,
                       struct weir_stats *stats) {
    stats->burst_until_ns = until_after(modes->until_ns[WEIR_MODE_BURST], now_ns);
    stats->liquidation_until_ns = until_after(modes->until_ns[WEIR_MODE_LIQUIDATION], now_ns);
    stats->burst_count = modes->entered[WEIR_MODE_BURST];
    stats->liquidation_count = modes->entered[WEIR_MODE_LIQUIDATION];
    bool over = weir_modes_end_ns(modes) <= now_ns;
    enum weir_mode mode = over ? weir_modes_at(modes, now_ns) : modes->mode;
    bool ends = !modes->by_hand && mode != WEIR_MODE_NORMAL;
    stats->mode = weir_mode_name(mode);
    stats->mode_until_ns = ends ? modes->until_ns[mode] : WEIR_NEVER;
}

static void tell_queues(const struct weir_queue *queue, struct weir_stats *stats) {
    stats->escalated = queue->lanes[WEIR_LANE_URGENT].count;
    stats->queued[WEIR_CRITICAL] = stats->escalated + queue->lanes[WEIR_LANE_ENTRIES].count +
                                   queue->lanes[WEIR_LANE_CRITICAL].count +
                                   queue->lanes[WEIR_LANE_EVICTED].count;
    stats->queued[WEIR_NORMAL] = queue->lanes[WEIR_LANE_NORMAL].count;
    stats->queued[WEIR_LOW] = queue->lanes[WEIR_LANE_LOW].count;
}

void weir_tell_stats(const struct weir *weir, int64_t now_ns, struct weir_stats *stats) {
    stats->limit_count = weir->window_count;
    for (size_t i = 0; i < weir->window_count; i++) {
        stats->limits[i] = limit_stats(weir, &weir->windows[i], now_ns);
    }
    tell_queues(&weir->queue, stats);
    tell_modes(&weir->modes, now_ns, stats);
    stats->hold_until_ns = until_after(weir->gate.hold_until_ns, now_ns);
    stats->ban_until_ns = until_after(weir->gate.ban_until_ns, now_ns);
    stats->bans = weir->gate.bans;
    stats->probing = weir->gate.probing;
    stats->throttle = 0;
    if (weir->clock.known) {
        stats->clock_low_ns = weir_clock_low(&weir->clock, now_ns);
        stats->clock_high_ns = weir_clock_high(&weir->clock, now_ns);
    }
    stats->totals.events_lost = weir->events.lost_ever;
}
