#include <assert.h>

#include "options.h"
#include "weir_state.h"

/** A count above this many times the limit is not a count. */
#define ABSURD 100

/** A request that waits for room that is kept for others is looked at again after that long. */
#define JUMP_FADES 64 // share of the largest step that is forgotten with every step
#define KEPT_LOOK_NS (WEIR_SECOND_NS / 4)

void weir_windows_set_caps(const struct weir *weir, struct weir_window *window) {
    int64_t limit = weir_earlier(window->limit, window->shown);
    struct weir_shares shares = weir_modes_shares(weir);
    int64_t usable = weir_without_share(limit, shares.buffer);
    int64_t reserve = weir->use.demand_reserve ? 0 : shares.reserve;
    int64_t twice = weir_earlier(2 * reserve, WEIR_BILLION);
    window->caps[WEIR_CRITICAL] = usable;
    window->caps[WEIR_NORMAL] = weir_without_share(usable, reserve);
    window->caps[WEIR_LOW] = weir_without_share(usable, twice);
    window->bounds.until_ns = INT64_MIN;
}

static int64_t floating(const struct weir *weir, const struct weir_window *window) {
    return weir->in_flight[window->type] + weir->late_total[window->type];
}

/** Own count where boundaries are not known: right for windows of any phase. */
static int64_t sliding_count(const struct weir *weir, const struct weir_window *window) {
    return floating(weir, window) + window->history.total;
}

int64_t weir_window_cap(const struct weir_window *window, enum weir_lane lane) {
    if (lane == WEIR_LANE_LOW) {
        return window->caps[WEIR_LOW];
    }
    return window->caps[lane == WEIR_LANE_NORMAL ? WEIR_NORMAL : WEIR_CRITICAL];
}

int64_t weir_window_carried(const struct weir *weir, const struct weir_window *window) {
    return floating(weir, window);
}

int64_t weir_window_used(const struct weir *weir, const struct weir_window *window) {
    return window->others.booked + (window->phased ? window->open : sliding_count(weir, window));
}

static void set_booked_others(struct weir_window *window) {
    struct weir_others *others = &window->others;
    bool proven = others->proven >= window->number - 1;
    int64_t now = window->phased ? others->now : weir_later(others->now, others->before);
    others->booked = proven ? now : 0;
    others->booked_before = proven && window->phased ? others->before : 0;
}

/** The window with this number begins; it is the one after the present one, or a later one. */
static void begin_others(struct weir_window *window, int64_t number) {
    window->others.before = number == window->number + 1 ? window->others.now : 0;
    window->others.now = 0;
    window->others.server_seen_ns = number * window->interval_ns;
    window->number = number;
    set_booked_others(window);
}

static void set_boundaries(const struct weir *weir, struct weir_window *window) {
    int64_t start = window->number * window->interval_ns;
    window->next_opens_ns = weir_clock_earliest(&weir->clock, start + window->interval_ns);
    window->previous_over_ns = weir_clock_latest(&weir->clock, start);
    window->bounds.until_ns = INT64_MIN;
}

/** Whether the clock is known well enough to tell which of two windows a moment lies in. */
static bool phase_is_known(const struct weir *weir, const struct weir_window *window) {
    if (weir->use.sliding || !weir->clock.known) {
        return false;
    }
    int64_t low = weir_clock_low(&weir->clock, weir->now_ns);
    int64_t high = weir_clock_high(&weir->clock, weir->now_ns);
    return high - low <= window->interval_ns / 2;
}

static int64_t possible_number(const struct weir *weir, const struct weir_window *window) {
    int64_t server = weir->now_ns + weir_clock_high(&weir->clock, weir->now_ns);
    return weir_floor_div(server, window->interval_ns);
}

/** Counts anew from what is in flight and the history, after boundaries became known or moved. */
static void recount(const struct weir *weir, struct weir_window *window) {
    bool had_others = window->others.proven >= window->number - 1;
    weir_history_advance(&window->history, weir->now_ns); // nobody did while it was phased
    window->phased = phase_is_known(weir, window);
    window->bounds.until_ns = INT64_MIN;
    window->others = (struct weir_others){.proven = INT64_MIN, .jump = window->others.jump};
    if (!window->phased) {
        window->number = weir_floor_div(weir->now_ns, window->interval_ns);
        window->next_opens_ns = (window->number + 1) * window->interval_ns;
        window->previous_over_ns = weir->now_ns;
    } else {
        window->number = possible_number(weir, window);
        window->others.server_seen_ns = window->number * window->interval_ns;
        int64_t start = window->number * window->interval_ns;
        int64_t from = start - weir_clock_high(&weir->clock, weir->now_ns);
        window->open = floating(weir, window) + weir_history_since(&window->history, from);
        window->previous = sliding_count(weir, window);
        set_boundaries(weir, window);
    }
    if (had_others) {
        window->others.proven = window->number - 1;
    }
}

/** The next window may be open: it begins with everything that is in flight. */
static void open_next(struct weir *weir, struct weir_window *window) {
    if (window->shown != WEIR_NEVER) {
        window->shown = WEIR_NEVER;
        weir_windows_set_caps(weir, window);
    }
    if (!window->phased) {
        begin_others(window, weir_floor_div(weir->now_ns, window->interval_ns));
        window->next_opens_ns = (window->number + 1) * window->interval_ns;
        return;
    }
    if (!phase_is_known(weir, window)) {
        recount(weir, window);
        return;
    }
    int64_t number = weir_later(possible_number(weir, window), window->number + 1);
    window->previous = number == window->number + 1 ? window->open : floating(weir, window);
    window->open = floating(weir, window);
    begin_others(window, number);
    set_boundaries(weir, window);
}

static void set_next_change(struct weir *weir) {
    weir->quiet_until_ns = 0;
    weir->next_change_ns = weir->late_count > 0 ? weir->late[0].until_ns : WEIR_NEVER;
    for (size_t i = 0; i < weir->window_count; i++) {
        const struct weir_window *window = &weir->windows[i];
        weir->next_change_ns = weir_earlier(weir->next_change_ns, window->next_opens_ns);
    }
}

/** Requests that were given up long enough ago have arrived or never will. */
static void end_late(struct weir *weir) {
    uint32_t ended = 0;
    while (ended < weir->late_count && weir->late[ended].until_ns <= weir->now_ns) {
        const struct weir_late *late = &weir->late[ended++];
        for (size_t i = 0; i < weir->window_count; i++) {
            struct weir_window *window = &weir->windows[i];
            weir_history_add(&window->history, late->until_ns, late->amounts[window->type]);
        }
        weir->late_total[0] -= late->amounts[0];
        weir->late_total[1] -= late->amounts[1];
    }
    for (uint32_t i = ended; i < weir->late_count; i++) {
        weir->late[i - ended] = weir->late[i];
    }
    weir->late_count -= ended;
}

/** Adds to the requests that may still arrive. Without room, they wait with the latest. */
static void add_late(struct weir *weir, int64_t until_ns, struct weir_cost cost) {
    if (weir->late_count > 0) {
        until_ns = weir_later(until_ns, weir->late[weir->late_count - 1].until_ns);
    }
    if (weir->late_count < WEIR_LATE_MAX) {
        weir->late[weir->late_count++] = (struct weir_late){0};
    }
    struct weir_late *late = &weir->late[weir->late_count - 1];
    late->until_ns = until_ns;
    late->amounts[WEIR_LIMIT_WEIGHT] += cost.weight;
    late->amounts[WEIR_LIMIT_ORDERS] += cost.orders;
    weir->late_total[WEIR_LIMIT_WEIGHT] += cost.weight;
    weir->late_total[WEIR_LIMIT_ORDERS] += cost.orders;
}

void weir_windows_init(struct weir *weir, const struct weir_config *config) {
    weir->window_count = config->limit_count;
    for (size_t i = 0; i < config->limit_count; i++) {
        struct weir_window *window = &weir->windows[i];
        window->type = config->limits[i].type;
        window->interval_ns = config->limits[i].interval_ns;
        window->given = config->limits[i].limit;
        window->limit = window->given;
        window->shown = WEIR_NEVER;
        window->others.proven = INT64_MIN;
        weir_windows_set_caps(weir, window);
        weir_history_init(&window->history, window->interval_ns, config->now_ns);
        recount(weir, window);
    }
    set_next_change(weir);
}

void weir_windows_advance(struct weir *weir) {
    bool changes = weir->now_ns >= weir->next_change_ns;
    if (changes) {
        end_late(weir); // before what is old is forgotten: it may be that old already
    }
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        if (!window->phased) {
            weir_history_advance(&window->history, weir->now_ns);
        }
    }
    if (!changes) {
        return;
    }
    for (size_t i = 0; i < weir->window_count; i++) {
        if (weir->now_ns >= weir->windows[i].next_opens_ns) {
            open_next(weir, &weir->windows[i]);
        }
    }
    set_next_change(weir);
}

void weir_windows_clock_changed(struct weir *weir, enum weir_clock_change change) {
    if (change == WEIR_CLOCK_SAME) {
        return;
    }
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        bool known = phase_is_known(weir, window);
        if (known && window->phased && change == WEIR_CLOCK_NARROWED) {
            set_boundaries(weir, window);
        } else if (known || window->phased) {
            recount(weir, window);
        }
    }
    set_next_change(weir);
}

/** Whether `amount` fits into the window, and into the one before while that may still run, if
 *  `kept` of it is kept for others. */
static bool fits(const struct weir *weir, const struct weir_window *window, int64_t cap,
                 int64_t kept, int64_t amount) {
    if (weir_window_used(weir, window) + kept + amount > cap) {
        return false;
    }
    return !window->phased || weir->now_ns >= window->previous_over_ns ||
           window->previous + window->others.booked_before + amount <= cap;
}

/** When a request could go that waits for this window only; WEIR_NEVER if never. */
static int64_t room_ns(const struct weir *weir, const struct weir_window *window,
                       enum weir_lane lane, int64_t amount) {
    int64_t cap = weir_window_cap(window, lane);
    if (amount > cap) {
        return window->shown == WEIR_NEVER ? WEIR_NEVER : window->next_opens_ns;
    }
    if (fits(weir, window, cap, 0, amount)) {
        return weir->now_ns + KEPT_LOOK_NS; // what is kept shrinks with time
    }
    if (window->phased) {
        if (weir_window_used(weir, window) + amount <= cap) {
            return window->previous_over_ns;
        }
        int64_t end = (window->number + 1) * window->interval_ns;
        return weir_later(weir_clock_latest(&weir->clock, end), weir->now_ns + 1);
    }
    int64_t excess = weir_window_used(weir, window) + amount - cap;
    int64_t gone = weir_history_gone_ns(&window->history, excess);
    return gone == WEIR_NEVER ? weir->now_ns + window->interval_ns : gone;
}

/** Whether `amount` of a lane fits beside what is kept for better requests. Bounds of that tell
 *  nearly always. */
static bool has_room(struct weir *weir, struct weir_window *window, enum weir_lane lane,
                     int64_t amount) {
    int64_t cap = weir_window_cap(window, lane);
    int64_t left = cap - weir_window_used(weir, window) - amount;
    bool both = window->phased && weir->now_ns < window->previous_over_ns;
    if (left < 0 || (both && !fits(weir, window, cap, 0, amount))) {
        return false;
    }
    bool keeps = weir->use.demand_reserve && lane >= WEIR_LANE_CRITICAL && lane <= WEIR_LANE_LOW;
    if (!keeps && weir_demand_is_alone(weir, window)) {
        return true;
    }
    const struct weir_bounds *bounds = keeps ? weir_demand_bounds(weir, window) : NULL;
    if (bounds) {
        size_t priority = (size_t)lane - WEIR_LANE_CRITICAL;
        if (bounds->most[priority] <= left || bounds->least[priority] > left) {
            return bounds->most[priority] <= left;
        }
    }
    return fits(weir, window, cap, weir_demand_kept(weir, window, lane, amount), amount);
}

struct weir_wait weir_windows_wait(struct weir *weir, enum weir_lane lane, struct weir_cost cost) {
    struct weir_wait wait = {.reason = WEIR_REASON_NONE, .until_ns = weir->now_ns};
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        int64_t amount = weir_amount(cost, window->type);
        if (amount == 0 || has_room(weir, window, lane, amount)) {
            continue;
        }
        int64_t until = room_ns(weir, window, lane, amount);
        assert(until > weir->now_ns);
        if (until > wait.until_ns) {
            wait.until_ns = until;
            wait.reason =
                window->type == WEIR_LIMIT_WEIGHT ? WEIR_REASON_WEIGHT : WEIR_REASON_ORDERS;
        }
    }
    return wait;
}

/** Counts in the windows that the request may arrive in. */
static void count_in_windows(struct weir *weir, struct weir_cost cost) {
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        int64_t amount = weir_amount(cost, window->type);
        window->open += amount;
        if (weir->now_ns < window->previous_over_ns) {
            window->previous += amount;
        }
    }
    weir->charged[WEIR_LIMIT_WEIGHT] += cost.weight;
    weir->charged[WEIR_LIMIT_ORDERS] += cost.orders;
}

void weir_windows_charge(struct weir *weir, struct weir_slot *slot) {
    if (weir->use.reservation) {
        weir->in_flight[WEIR_LIMIT_WEIGHT] += slot->cost.weight;
        weir->in_flight[WEIR_LIMIT_ORDERS] += slot->cost.orders;
        count_in_windows(weir, slot->cost);
    }
    slot->charged[0] = weir->charged[0];
    slot->charged[1] = weir->charged[1];
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        slot->then[i].number = window->number;
        slot->then[i].counted = window->phased ? window->open : sliding_count(weir, window);
        weir_peak_note(&window->peak, weir->now_ns, slot->then[i].counted + window->others.booked);
    }
}

/** A request that certainly arrived in an earlier window need not be counted in the open one. */
static void release(struct weir *weir, struct weir_cost cost, int64_t server_by_ns) {
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        if (window->phased && server_by_ns < window->number * window->interval_ns) {
            window->open -= weir_amount(cost, window->type);
            assert(window->open >= 0);
        }
    }
}

void weir_windows_settle(struct weir *weir, const struct weir_slot *slot, bool lost,
                         int64_t server_by_ns) {
    if (weir->use.reservation) {
        weir->in_flight[WEIR_LIMIT_WEIGHT] -= slot->cost.weight;
        weir->in_flight[WEIR_LIMIT_ORDERS] -= slot->cost.orders;
        assert(weir->in_flight[0] >= 0 && weir->in_flight[1] >= 0);
    } else {
        count_in_windows(weir, slot->cost);
    }
    if (lost) {
        add_late(weir, weir->now_ns + weir_late_span_ns(weir), slot->cost);
        set_next_change(weir);
        return;
    }
    release(weir, slot->cost, server_by_ns);
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        int64_t amount = weir_amount(slot->cost, window->type);
        if (amount > 0) {
            weir_history_add(&window->history, weir->now_ns, amount);
            weir->quiet_until_ns = window->phased ? weir->quiet_until_ns : 0;
        }
    }
}

int64_t weir_others_flow(const struct weir_window *window, int64_t span_ns) {
    int64_t most = weir_later(window->others.now, window->others.before);
    return most * (span_ns / 1000) / (window->interval_ns / 1000 + 1);
}

/** Books a count of the exchange: `least` and `most` are bounds of the others' part in it. */
static void book_others(struct weir_window *window, int64_t least, int64_t most, int64_t number) {
    struct weir_others *others = &window->others;
    if (least > 0) {
        window->bounds.until_ns = INT64_MIN;
        others->proven = weir_later(others->proven, number);
    }
    if (number == window->number && most > others->now) {
        others->now = most;
    }
    set_booked_others(window);
}

/** A count of a request that arrived no earlier than `server_from_ns`: how much more than their
 *  mean flow others took since the last one, and that nothing is known of what came after. */
static void note_surprise(struct weir_window *window, int64_t most, int64_t server_from_ns) {
    struct weir_others *others = &window->others;
    if (server_from_ns < others->server_seen_ns || most <= others->now) {
        return;
    }
    int64_t gap_ns = server_from_ns - others->server_seen_ns;
    int64_t expected = weir_others_flow(window, gap_ns);
    others->jump =
        weir_later(others->jump - others->jump / JUMP_FADES, most - others->now - expected);
}

static void phased_usage(struct weir_window *window, const struct weir_slot *slot, size_t i,
                         int64_t used, int64_t server_from_ns, int64_t server_by_ns) {
    int64_t start = window->number * window->interval_ns;
    int64_t end = start + window->interval_ns;
    if (server_from_ns >= start && server_by_ns < end) {
        int64_t least = used - window->open;
        // One that waited since before the window opened was perhaps overtaken: no upper bound.
        int64_t most =
            slot->then[i].number == window->number ? used - slot->then[i].counted : least;
        note_surprise(window, most, server_from_ns);
        book_others(window, least, most, window->number);
        window->others.server_seen_ns = weir_later(window->others.server_seen_ns, server_from_ns);
    } else if (server_from_ns >= start - window->interval_ns && server_by_ns < start) {
        book_others(window, used - window->previous, 0, window->number - 1);
    }
}

void weir_windows_usage(struct weir *weir, const struct weir_slot *slot,
                        const struct weir_usage *usage, int64_t server_from_ns,
                        int64_t server_by_ns) {
    for (size_t i = 0; i < weir->window_count; i++) {
        struct weir_window *window = &weir->windows[i];
        if (window->type != usage->type || window->interval_ns != usage->interval_ns ||
            usage->used > ABSURD * window->given) {
            continue;
        }
        if (window->phased) {
            phased_usage(window, slot, i, usage->used, server_from_ns, server_by_ns);
        } else {
            int64_t since = weir->charged[window->type] - slot->charged[window->type];
            book_others(window, usage->used - slot->then[i].counted - since,
                        usage->used - slot->then[i].counted, window->number);
        }
    }
}

int64_t weir_window_over_ns(const struct weir *weir, const struct weir_window *window,
                            int64_t server_by_ns) {
    if (!window->phased) {
        return weir->now_ns + window->interval_ns;
    }
    int64_t start = window->number * window->interval_ns;
    if (server_by_ns < start) {
        return window->previous_over_ns;
    }
    return weir_clock_latest(&weir->clock, start + window->interval_ns);
}
