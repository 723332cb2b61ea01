#include "weir_state.h"

/**
 * Which entries are worth the allowance, when it is expected not to suffice for all. An entry is
 * admitted if the allowance that is left takes it and all better ones that are expected in the
 * rest of the window; the bid price is the value at which that just holds. It falls by itself
 * towards the end of a window, so that nothing is left unused while entries wait.
 */

/** The price is looked at again after that long, for nobody knows what comes. */
#define LOOK_MIN_NS (WEIR_SECOND_NS / 100)
#define LOOK_MAX_NS (WEIR_SECOND_NS / 10)

/** Share of the better entries that are expected which is waited for: what is kept for those that
 *  then do not come is lost, what is spent on lesser ones is not. */
#define PATIENCE 0.85

/** An entry whose price would have to fall to less than this share of what is expected. */
#define HOPELESS 0.5

/** What other critical requests leave at least: they take a tenth at most, and rounding nothing. */
#define LEFT_OF_TOLLS 0.899999

/** The cost of any entry, where only the order of magnitude matters. */
static const struct weir_cost one = {.weight = 1, .orders = 1};

/** Share of the entries that are worth more; where value does not count, none is. */
static double share_above(const struct weir *weir, double value) {
    return weir->use.value ? weir_sizes_above(&weir->demand.sizes, value) : 0;
}

bool weir_value_is_scarce(struct weir *weir) {
    if (!weir->use.value) {
        return false;
    }
    double waiting = weir->queue.lanes[WEIR_LANE_ENTRIES].count;
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_offer offer = weir_demand_offer(weir, &weir->windows[i], one);
        if (offer.expected + waiting > offer.entries) {
            return true;
        }
    }
    return false;
}

/** Whether so much is left of a window that an entry of any value goes: bounds of what is left,
 * less what other critical requests may take of it, against all entries that are expected. */
static bool is_ample(struct weir *weir, struct weir_window *window, struct weir_cost cost) {
    const struct weir_bounds *bounds = weir_demand_bounds(weir, window);
    if (!bounds || weir->now_ns + weir->mean_trip_ns / 2 >= window->next_opens_ns) {
        return false;
    }
    int64_t left = window->caps[WEIR_CRITICAL] - weir_window_used(weir, window);
    double each = (double)weir_amount(cost, window->type) + bounds->drag;
    return ((double)left - bounds->owed) * LEFT_OF_TOLLS > each * (bounds->expected * PATIENCE + 1);
}

/** When enough of the window has passed for an entry with `above` better ones among those that are
 *  expected. */
static int64_t falls_ns(const struct weir *weir, struct weir_offer offer, double above) {
    double share = offer.entries > 1 ? (offer.entries - 1) / (offer.expected * above) : 0;
    int64_t wait_ns = (int64_t)((double)offer.span_ns * (1 - share));
    wait_ns = weir_earlier(weir_later(wait_ns, LOOK_MIN_NS), LOOK_MAX_NS);
    return weir->now_ns + wait_ns;
}

static enum weir_reason reason_of(const struct weir_window *window, struct weir_offer offer) {
    if (offer.entries >= 1) {
        return WEIR_REASON_OUTBID;
    }
    return window->type == WEIR_LIMIT_WEIGHT ? WEIR_REASON_WEIGHT : WEIR_REASON_ORDERS;
}

struct weir_wait weir_value_wait(struct weir *weir, double value, struct weir_cost cost) {
    struct weir_wait wait = {.reason = WEIR_REASON_NONE, .until_ns = weir->now_ns};
    double above = -1; // looked up when it is needed
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        if (is_ample(weir, window, cost)) {
            continue;
        }
        above = above < 0 ? share_above(weir, value) : above;
        struct weir_offer offer = weir_demand_offer(weir, window, cost);
        if (offer.expected * PATIENCE * above + 1 <= offer.entries) {
            continue;
        }
        int64_t until_ns = falls_ns(weir, offer, above);
        if (until_ns > wait.until_ns) {
            wait = (struct weir_wait){reason_of(window, offer), until_ns};
        }
    }
    return wait;
}

bool weir_value_is_hopeless(const struct weir *weir, double value, struct weir_cost cost,
                            int64_t deadline_ns) {
    if (deadline_ns == WEIR_NEVER) {
        return false;
    }
    double above = share_above(weir, value);
    for (size_t i = 0; i < weir->window_count; i++) {
        const struct weir_window *window = &weir->windows[i];
        struct weir_offer offer = weir_demand_offer(weir, window, cost);
        int64_t then_ns = offer.span_ns - (deadline_ns - weir->now_ns);
        if (!window->phased || then_ns <= 0) {
            continue;
        }
        double left = (double)then_ns / (double)offer.span_ns;
        if (offer.expected * left * above * HOPELESS + 1 > offer.entries) {
            return true;
        }
    }
    return false;
}
