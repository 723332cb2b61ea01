#include <assert.h>

#include "options.h"
#include "weir_state.h"

/** Entries over which it is learned what one drags along. */
#define DRAG_MEMORY 50.0
/** With fewer entries than that it is not known. */
#define DRAG_KNOWN 3.0
/** Normal requests that come later than that after an entry are not its own. */
#define DRAG_SPAN_NS WEIR_MINUTE_NS
/** Protection follows an entry within about that many round trips: the fill, two cancels. */
#define LAG_TRIPS 4
/** Share of a debt that is given up with every tick: it is forgotten within a few seconds. */
#define DEBT_FADES 0.1
/** Entries are expected to be this many times their mean, when room is kept for them. */
#define SPREAD 1.25
/** At most one part in that many is left to critical requests that are worth nothing. */
#define TOLL_PART 10
/** The load of others may be above what is expected by this many of the largest surprises. */
#define SURPRISES 2
/** After this part of a window without a count of others one request may go to have one. */
#define SILENCE_PART 6
/** A sliding window is looked at that far ahead, as a share of its interval. */
#define SLIDING_AHEAD 3

double weir_demand_drag(const struct weir *weir, enum weir_limit_type type) {
    const struct weir_demand *demand = &weir->demand;
    if (!weir->use.protect || demand->accepted < DRAG_KNOWN) {
        return 0;
    }
    return demand->dragged[type] / demand->accepted;
}

void weir_demand_advance(struct weir *weir) {
    struct weir_demand *demand = &weir->demand;
    if (weir->now_ns < demand->next_tick_ns) {
        return;
    }
    int64_t ticks = (weir->now_ns - demand->next_tick_ns) / WEIR_TICK_NS + 1;
    demand->change++;
    demand->next_tick_ns += ticks * WEIR_TICK_NS;
    weir_flow_pass(&demand->entries, ticks);
    double kept = weir_power(1 - DEBT_FADES, ticks);
    for (size_t type = 0; type < 2; type++) {
        weir_flow_pass(&demand->tolls[type], ticks);
        demand->debt[type] *= kept;
    }
}

/** A normal request: paid from what entries are expected to drag along. */
static void note_dragged(struct weir *weir, struct weir_cost cost) {
    struct weir_demand *demand = &weir->demand;
    if (demand->accepted <= 0) {
        return; // nothing is owed and nothing learned before the first entry
    }
    bool recent = weir->now_ns - demand->accepted_ns < DRAG_SPAN_NS;
    for (size_t type = 0; type < 2; type++) {
        double amount = (double)weir_amount(cost, (enum weir_limit_type)type);
        double left = demand->debt[type] - amount;
        demand->debt[type] = left > 0 ? left : 0;
        demand->dragged[type] += recent ? amount : 0;
    }
    demand->change++;
}

void weir_demand_note(struct weir *weir, const struct weir_request *request,
                      struct weir_cost cost) {
    if (request->holds > 0) {
        return;
    }
    if (weir_is_entry(weir, request->priority, request->value)) {
        weir_flow_add(&weir->demand.entries, 1);
        weir_sizes_add(&weir->demand.sizes, request->value);
    } else if (request->priority == WEIR_NORMAL) {
        note_dragged(weir, cost);
    } else if (request->priority == WEIR_CRITICAL) {
        weir_flow_add(&weir->demand.tolls[0], cost.weight);
        weir_flow_add(&weir->demand.tolls[1], cost.orders);
    }
}

void weir_demand_note_sent(struct weir *weir, const struct weir_slot *slot) {
    if (slot->entry) {
        weir->demand.debt[0] += weir_demand_drag(weir, WEIR_LIMIT_WEIGHT);
        weir->demand.debt[1] += weir_demand_drag(weir, WEIR_LIMIT_ORDERS);
        weir->demand.change += weir->demand.dragged[0] > 0 || weir->demand.dragged[1] > 0;
    }
}

void weir_demand_note_settled(struct weir *weir, const struct weir_slot *slot, bool accepted) {
    struct weir_demand *demand = &weir->demand;
    if (!slot->entry) {
        return;
    }
    if (accepted) {
        demand->accepted_ns = weir->now_ns;
        demand->accepted = demand->accepted * (1 - 1 / DRAG_MEMORY) + 1;
    }
    bool known = demand->accepted > DRAG_KNOWN + 1; // what was dragged along counts from then on
    demand->change += !known || demand->dragged[0] > 0 || demand->dragged[1] > 0;
    for (size_t type = 0; type < 2; type++) {
        if (accepted) {
            demand->dragged[type] *= 1 - 1 / DRAG_MEMORY;
        } else {
            double left = demand->debt[type] - weir_demand_drag(weir, (enum weir_limit_type)type);
            demand->debt[type] = left > 0 ? left : 0;
        }
    }
}

/** How long requests that are sent now still arrive in the window, on average; if negative, they
 *  arrive in the next one. */
static int64_t span_left(const struct weir *weir, const struct weir_window *window) {
    return window->next_opens_ns - weir->now_ns - weir->mean_trip_ns / 2;
}

int64_t weir_demand_others(const struct weir *weir, const struct weir_window *window) {
    const struct weir_others *others = &window->others;
    if (weir_demand_is_alone(weir, window)) {
        return 0;
    }
    int64_t end_ns = (window->number + 1) * window->interval_ns;
    int64_t silent_ns =
        end_ns - others->server_seen_ns - weir_later(window->next_opens_ns - weir->now_ns, 0);
    // Who waits for others to be done hears nothing of them: now and then one request may ask.
    bool asks =
        silent_ns > window->interval_ns / SILENCE_PART && weir->in_flight[window->type] == 0;
    // What they sent since they were last counted is not in the count either.
    int64_t span_ns = asks ? silent_ns : end_ns - others->server_seen_ns;
    return weir_others_flow(window, weir_later(span_ns, 0)) + SURPRISES * others->jump;
}

/** Part of what follows an entry by a lag that still comes within a span. */
static double share_within(const struct weir *weir, int64_t span_ns) {
    int64_t lag_ns = LAG_TRIPS * weir->mean_trip_ns;
    return span_ns >= lag_ns ? 1 : (double)span_ns / (double)lag_ns;
}

/** What entries that were sent will still take within a span, with their followers that wait. */
static double owed(const struct weir *weir, enum weir_limit_type type, int64_t span_ns) {
    if (!weir->use.protect || weir->demand.accepted < DRAG_KNOWN) {
        return 0;
    }
    return (double)weir->queue.dragged[type] +
           weir->demand.debt[type] * share_within(weir, span_ns);
}

/** What of `left` remains for entries that are offered now or later. Other critical requests take a
 *  small part of it: an entry that is here is worth no less than one that may follow from them. */
static double left_for_entries(const struct weir *weir, enum weir_limit_type type, double left,
                               int64_t span_ns) {
    left -= owed(weir, type, span_ns);
    double tolls = weir_flow_expected(&weir->demand.tolls[type], span_ns);
    double most = left / TOLL_PART;
    return left - (tolls < most ? tolls : most);
}

/** Entries of a cost that fit into `left`, each with what it drags along. */
static double fit(const struct weir *weir, const struct weir_window *window, double left,
                  struct weir_cost cost, int64_t span_ns) {
    double each = (double)weir_amount(cost, window->type) +
                  weir_demand_drag(weir, window->type) * share_within(weir, span_ns);
    return each > 0 ? left / each : 1e18;
}

static struct weir_offer sliding_offer(const struct weir *weir, const struct weir_window *window,
                                       struct weir_cost cost) {
    int64_t span_ns = window->interval_ns / SLIDING_AHEAD;
    int64_t used = weir_window_used(weir, window);
    double freed = (double)window->history.total / SLIDING_AHEAD;
    double left = (double)(window->caps[WEIR_CRITICAL] - used) + freed;
    left = left_for_entries(weir, window->type, left, span_ns);
    return (struct weir_offer){.entries = fit(weir, window, left, cost, span_ns),
                               .expected = weir_flow_expected(&weir->demand.entries, span_ns),
                               .span_ns = span_ns};
}

struct weir_offer weir_demand_offer(const struct weir *weir, const struct weir_window *window,
                                    struct weir_cost cost) {
    if (!window->phased) {
        return sliding_offer(weir, window, cost);
    }
    int64_t span_ns = span_left(weir, window);
    int64_t used = weir_window_used(weir, window) + weir_demand_others(weir, window);
    if (span_ns <= 0) {
        span_ns += window->interval_ns;
        used = weir_window_carried(weir, window) + window->others.booked;
    }
    double left = (double)(window->caps[WEIR_CRITICAL] - used);
    left = left_for_entries(weir, window->type, left, span_ns);
    return (struct weir_offer){.entries = fit(weir, window, left, cost, span_ns),
                               .expected = weir_flow_expected(&weir->demand.entries, span_ns),
                               .span_ns = span_ns};
}

/** How far ahead room is kept for entries: to the end of the window. */
static int64_t ahead_ns(const struct weir *weir, const struct weir_window *window) {
    if (!window->phased) {
        return window->interval_ns / SLIDING_AHEAD;
    }
    int64_t span_ns = weir_later(window->next_opens_ns - weir->now_ns, 0);
    return weir_earlier(span_ns, window->interval_ns);
}

/** What is looked ahead to when room is kept: a span, and what is still owed within it. */
struct outlook {
    int64_t span_ns;
    double owed;
};

static struct outlook outlook_now(const struct weir *weir, const struct weir_window *window) {
    int64_t span_ns = ahead_ns(weir, window);
    return (struct outlook){.span_ns = span_ns, .owed = owed(weir, window->type, span_ns)};
}

/** Amount that entries expected in the rest of the window will take, with a margin for the spread
 *  of their number, each with what it drags along, and what earlier ones will still take. */
static double needed(const struct weir *weir, const struct weir_window *window,
                     struct outlook outlook) {
    double freed = window->phased ? 0 : (double)window->history.total / SLIDING_AHEAD;
    double count = weir_flow_expected(&weir->demand.entries, outlook.span_ns) * SPREAD;
    double each = 1 + weir_demand_drag(weir, window->type); // an entry is 1 of either
    return count * each + outlook.owed - freed;
}

/** What a window lets through from now on, if evenly; all of a sliding one. */
static double even_share(const struct weir_window *window, struct outlook outlook) {
    double part = window->phased ? (double)outlook.span_ns / (double)window->interval_ns : 1;
    return part * (double)window->caps[WEIR_CRITICAL];
}

/** Kept from critical requests that are worth nothing of themselves: what entries need, but no more
 *  than an even use of the window would leave. */
static double kept_from_critical(const struct weir *weir, const struct weir_window *window,
                                 struct outlook outlook) {
    double need = needed(weir, window, outlook);
    double most = even_share(window, outlook);
    return need < most ? need : most;
}

/** Kept from the others: what entries need and up to half for other critical requests, and before
 *  any is seen a share of what is to come. */
static double kept_from_rest(const struct weir *weir, const struct weir_window *window,
                             struct outlook outlook, int64_t shares) {
    int64_t reserve = weir_earlier(shares * weir_modes_shares(weir).reserve, WEIR_BILLION);
    double even = even_share(window, outlook);
    double share = even * (double)reserve / (double)WEIR_BILLION;
    double tolls = weir_flow_expected(&weir->demand.tolls[window->type], outlook.span_ns);
    double need = needed(weir, window, outlook) + (tolls < even / 2 ? tolls : even / 2);
    return need > share ? need : share;
}

/** The same by lane. What entries drag along is kept for, not from. */
static double kept_for_better(const struct weir *weir, const struct weir_window *window,
                              enum weir_lane lane, struct outlook outlook) {
    switch (lane) {
    case WEIR_LANE_URGENT:
    case WEIR_LANE_ENTRIES:
    case WEIR_LANE_EVICTED:
        return 0;
    case WEIR_LANE_CRITICAL:
        return kept_from_critical(weir, window, outlook);
    case WEIR_LANE_NORMAL:
        return weir_demand_drag(weir, window->type) > 0 ? 0
                                                        : kept_from_rest(weir, window, outlook, 1);
    case WEIR_LANE_LOW:
        break;
    }
    return kept_from_rest(weir, window, outlook, 2);
}

/** Bounds from now until the next tick or window. In between, less and less is expected and kept:
 *  most at once, with all that is owed; least at the end, with what waits for sure. */
static void make_bounds(const struct weir *weir, struct weir_window *window) {
    const struct weir_demand *demand = &weir->demand;
    struct weir_bounds *bounds = &window->bounds;
    bounds->until_ns = weir_earlier(demand->next_tick_ns, window->next_opens_ns);
    bounds->change = demand->change;
    bool owes = weir->use.protect && demand->accepted >= DRAG_KNOWN;
    double waiting = owes ? (double)weir->queue.dragged[window->type] : 0;
    bounds->owed = owes ? waiting + demand->debt[window->type] : 0;
    bounds->drag = weir_demand_drag(weir, window->type);
    struct outlook first = {.span_ns = ahead_ns(weir, window), .owed = bounds->owed};
    int64_t end_ns = window->next_opens_ns - bounds->until_ns;
    struct outlook last = {.span_ns = weir_earlier(end_ns, window->interval_ns), .owed = waiting};
    bounds->expected = weir_flow_expected(&demand->entries, window->next_opens_ns - weir->now_ns);
    for (size_t i = 0; i < WEIR_PRIORITIES; i++) {
        enum weir_lane lane = (enum weir_lane)(WEIR_LANE_CRITICAL + i);
        int64_t cap = weir_window_cap(window, lane);
        double most = kept_for_better(weir, window, lane, first);
        double least = kept_for_better(weir, window, lane, last);
        // One more and one less than computed, for all that rounding may do.
        bounds->most[i] = most + 1 < (double)cap ? (int64_t)most + 1 : cap;
        bounds->least[i] = least < (double)cap ? weir_later((int64_t)least - 1, 0) : cap - 1;
    }
}

const struct weir_bounds *weir_demand_make_bounds(struct weir *weir, struct weir_window *window) {
    struct weir_bounds *bounds = &window->bounds;
    if (!window->phased || !weir_demand_is_alone(weir, window)) {
        return NULL;
    }
    if (bounds->asked != weir->demand.change) {
        bounds->asked = weir->demand.change;
        return NULL;
    }
    make_bounds(weir, window);
    return bounds;
}

int64_t weir_demand_kept(const struct weir *weir, const struct weir_window *window,
                         enum weir_lane lane, int64_t amount) {
    int64_t cap = weir_window_cap(window, lane);
    int64_t others = weir_demand_others(weir, window);
    if (!weir->use.demand_reserve) {
        return weir_earlier(others, weir_later(cap - amount, 0));
    }
    double better = kept_for_better(weir, window, lane, outlook_now(weir, window));
    if (better > 0) {
        return better + (double)others < (double)cap ? (int64_t)better + others : cap;
    }
    // What a request that is alone could take, no forecast takes from it.
    return weir_earlier(others, weir_later(cap - amount, 0));
}
