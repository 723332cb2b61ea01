#ifndef WEIR_CORE_WEIR_STATE_H
#define WEIR_CORE_WEIR_STATE_H

#include "event_ring.h"
#include "id_table.h"
#include "reply_parse.h"
#include "weir/stats.h"
#include "weir_detector.h"
#include "weir_flow.h"
#include "weir_sizes.h"

/**
 * The state of policy weir, and what its files offer each other:
 *
 *   weir_clock.c    the offset of the exchange's clock, as bounds
 *   weir_history.c  what was sent in the last interval, in buckets
 *   weir_windows.c  what each limit still has room for
 *   weir_queue.c    requests that wait: four queues, deadlines, escalation, value
 *   weir_gate.c     holds after a 429, bans after a 418, the probe
 *   weir_replies.c  what a reply teaches
 *   weir_flow.c     how much of something is expected
 *   weir_sizes.c    the distribution of recent values
 *   weir_demand.c   what entries drag along, what others take, what is kept for whom
 *   weir_value.c    which entries are worth the allowance
 *   weir_detector.c whether a cascade is on
 *   weir_modes.c    normal, burst, liquidation
 *   weir_options.c  the settings
 *   weir_save.c     what survives a restart
 *   weir_stats.c    the state in figures
 *   policy_weir.c   the policy's functions
 *
 * Times named _ns are the caller's clock; those named server_…_ns are the exchange's.
 */

/** Bounds of the exchange's clock minus the caller's. They were known at `since_ns` and widen by
 *  the drift of two quartz clocks from then on. */
struct weir_clock {
    bool known;
    bool drifts;
    int64_t low_ns;
    int64_t high_ns;
    int64_t since_ns;
};

#define WEIR_HISTORY_BUCKETS 256u

/** What was answered in the last interval, in buckets by time of the reply. An item leaves when the
 *  end of its bucket is one interval old. */
struct weir_history {
    int64_t base_ns;
    int64_t interval_ns;
    int64_t width_ns;
    int64_t quiet_until_ns; /**< before then the newest bucket takes more, and none leaves */
    int64_t head;           /**< number of the newest bucket */
    int64_t tail;           /**< number of the oldest; head + 1 if there is none */
    int64_t total;
    int64_t buckets[WEIR_HISTORY_BUCKETS];
};

/** Load of others, as the exchange's counts tell it, in one window (or interval, if sliding). */
struct weir_others {
    int64_t now;    /**< largest value that a reply of this window showed */
    int64_t before; /**< the same of the window before */
    int64_t proven; /**< number of the latest window in which there certainly were others */
    int64_t booked; /**< what is counted on top of one's own: `now` if proven lately, else 0 */
    int64_t jump;   /**< most that they took beyond their mean flow between two counts, forgotten
                       slowly */
    int64_t booked_before;  /**< the same for the window before, while that may still run */
    int64_t server_seen_ns; /**< since then nothing is known of them */
};

/**
 * Bounds of what a window keeps for better requests and of what it offers to entries, so that most
 * decisions need not compute either. They hold from when they were made until `until_ns`, within
 * which what is kept and expected only shrinks with time, as long as demand does not change and no
 * others are counted.
 */
struct weir_bounds {
    int64_t until_ns;              /**< INT64_MIN: none are made */
    uint64_t change;               /**< of the demand that they are made from */
    uint64_t asked;                /**< change at which they were last asked for */
    int64_t most[WEIR_PRIORITIES]; /**< kept from critical requests without value, normal, low */
    int64_t least[WEIR_PRIORITIES];
    double owed;     /**< at most owed to entries that were sent */
    double drag;     /**< what an entry drags along */
    double expected; /**< entries that are expected in the rest of the window, at most */
};

/** The most that was used at once; it halves every five minutes. Looked at once a second. */
struct weir_peak {
    int64_t amount; /**< as it was then */
    int64_t at_ns;
    int64_t faded; /**< what is left of it by now */
    int64_t look_ns;
};

/**
 * One limit of the exchange. While its windows' boundaries are known (`phased`), own requests are
 * counted in the window that may be open by now, and in the one before while that may still run.
 * Everything in flight is counted in the open one, since it may arrive there: a window opens with
 * what is in flight. Otherwise (sliding windows, or a clock not yet known) what counts is what is
 * in flight and what was answered in the last interval, which holds for windows of any phase.
 */
struct weir_window {
    struct weir_peak peak;
    enum weir_limit_type type;
    bool phased;
    int64_t interval_ns;
    int64_t given; /**< the limit as configured */
    int64_t limit; /**< the limit as known: lower once the exchange said so */
    int64_t
        shown; /**< a lower one that the exchange's count shows for this window only, or NEVER */
    int64_t caps[WEIR_PRIORITIES];
    int64_t number; /**< of the open window: server time divided by the interval */
    int64_t open;
    int64_t previous;
    int64_t next_opens_ns;    /**< from then on the next window may be open */
    int64_t previous_over_ns; /**< from then on the window before is certainly over */
    struct weir_others others;
    struct weir_bounds bounds;
    struct weir_history history;
};

/** Queues, in the order in which they are served. Entries wait apart from other critical requests,
 *  because they are chosen by value. */
enum weir_lane {
    WEIR_LANE_URGENT,  /**< what became critical by waiting */
    WEIR_LANE_ENTRIES, /**< what is critical and worth something */
    WEIR_LANE_CRITICAL,
    WEIR_LANE_NORMAL,
    WEIR_LANE_LOW,
    WEIR_LANE_EVICTED /**< entries that better ones took the place of: they go no more */
};
#define WEIR_LANES 6

/** Where a slot is. */
enum weir_place {
    WEIR_PLACE_FREE,
    WEIR_PLACE_QUEUED,
    WEIR_PLACE_IN_FLIGHT
};

#define WEIR_NO_SLOT UINT32_MAX

/** What a limit counted when a request was sent, that one included, in the window `number`. */
struct weir_count_then {
    int64_t counted;
    int64_t number;
};

/** One open request. */
struct weir_slot {
    uint64_t id;
    struct weir_cost cost;
    enum weir_place place;
    enum weir_priority priority;
    bool entry;   /**< a critical request that is worth something */
    bool dragged; /**< a normal one: counted as what entries drag along */
    bool evicted; /**< waits to be told that it is over */
    bool outbid;  /**< worth less than the allowance, when last asked */
    double value;
    uint64_t sequence; /**< order of arrival */
    int64_t queued_ns; /**< when it joined its queue */
    uint32_t next;     /**< in its queue, or in the list of free slots */
    uint32_t previous;
    int64_t deadline_ns;
    int64_t escalate_ns;
    int64_t charged[2]; /**< sum of all charges when it was sent, this one included */
    struct weir_count_then then[WEIR_LIMITS_MAX];
};

/** What a heap of slots has on top. */
enum weir_order {
    WEIR_BY_DEADLINE,   /**< the earliest */
    WEIR_BY_ESCALATION, /**< the earliest */
    WEIR_BY_VALUE,      /**< the highest; of equals the one that came first */
    WEIR_BY_LACK        /**< the lowest value; of equals the one that came last */
};

/** Slots in an order. */
struct weir_heap {
    uint32_t *slots;
    uint32_t *positions; /**< of each slot; WEIR_NO_SLOT if it is not in the heap */
    uint32_t count;
    enum weir_order order;
};

struct weir_list {
    uint32_t head;
    uint32_t tail;
    uint32_t count;
};

/** Requests that were given up: they may arrive until `until_ns`. */
struct weir_late {
    int64_t until_ns;
    int64_t amounts[2];
};
#define WEIR_LATE_MAX 64u

struct weir_queue {
    struct weir_list lanes[WEIR_LANES];
    struct weir_heap deadlines;
    struct weir_heap escalations;
    struct weir_heap values; /**< entries */
    struct weir_heap lacks;  /**< entries, the other way round */
    int64_t dragged[2];      /**< cost of the normal requests that wait */
    uint64_t arrivals;
    uint32_t capacity; /**< of each lane, requests that became urgent apart */
};

/** Silence after a 429 or 418. */
struct weir_gate {
    int64_t hold_until_ns;
    int64_t ban_until_ns;
    int64_t ban_learned_ns; /**< when the latest ban was learned of */
    int64_t bans;           /**< bans so far; one is forgotten per day after the last */
    bool probing;           /**< after a ban: one request at a time */
    uint64_t probe_id;      /**< the probe on the wire, or 0 */
    int64_t probe_sent_ns;
};

/** What a study can switch off. */
struct weir_switches {
    bool exact_cost;
    bool reservation;
    bool sliding;
    bool headers;
    bool priorities;
    bool deadlines;
    bool backoff;
    bool bans;
    bool value;
    bool protect;
    bool demand_reserve;
    bool forecast;
};

/** Shares of a mode, in billionths. */
struct weir_shares {
    int64_t buffer;
    int64_t reserve;
};

struct weir_mode_state {
    enum weir_mode mode;
    bool by_hand;
    struct weir_shares shares[WEIR_MODES];
    int64_t until_ns[WEIR_MODES]; /**< when a mode that was triggered ends */
    int64_t entered[WEIR_MODES];  /**< how often each was switched on */
    int64_t burst_requests;       /**< more than that in 30 s are high traffic */
    struct weir_history requests; /**< what was submitted in the last 30 s */
    struct weir_detector detector;
};

/** What is learned of the flow of requests, and what it will take. Amounts by enum
 *  weir_limit_type. */
struct weir_demand {
    uint64_t change; /**< counts everything that moves what is kept, but for time */
    int64_t next_tick_ns;
    struct weir_flow entries;  /**< entries that were offered */
    struct weir_flow tolls[2]; /**< cost of other critical requests */
    struct weir_sizes sizes;   /**< of entries that were offered */
    int64_t accepted_ns;       /**< when the exchange last took an entry */
    double accepted;           /**< entries that the exchange took, forgotten exponentially */
    double dragged[2];         /**< cost of normal requests since, likewise */
    double debt[2];            /**< what entries that were sent will still drag along */
};

struct weir {
    int64_t now_ns;
    struct weir_switches use;
    struct weir_mode_state modes;
    struct weir_demand demand;
    int64_t due_span_ns; /**< protection goes before entries this long before it escalates */

    struct weir_window windows[WEIR_LIMITS_MAX];
    size_t window_count;
    int64_t quiet_until_ns; /**< nothing at all changes by itself before then */
    int64_t next_change_ns; /**< no window does */
    int64_t in_flight[2];   /**< by enum weir_limit_type */
    int64_t charged[2];     /**< sum of all charges ever */
    int64_t late_total[2];
    struct weir_late late[WEIR_LATE_MAX];
    uint32_t late_count;

    struct weir_clock clock;
    bool clock_given;
    int64_t fastest_trip_ns; /**< decaying minimum of round trips; 0 before the first */
    int64_t slowest_trip_ns; /**< decaying maximum */
    int64_t mean_trip_ns;    /**< of recent round trips */

    struct weir_gate gate;
    struct weir_queue queue;
    struct weir_slot *slots;
    uint32_t slot_count;
    uint32_t free_slot;
    struct weir_id_table ids; /**< slot of each open request */
    struct weir_event_ring events;
    bool unknown_reported;
    weir_endpoint endpoint_count;
};

/** What a request waits for. */
struct weir_wait {
    enum weir_reason reason; /**< WEIR_REASON_NONE: nothing */
    int64_t until_ns;        /**< earliest time it could go; WEIR_NEVER if it never fits */
};

static inline int64_t weir_amount(struct weir_cost cost, enum weir_limit_type type) {
    return type == WEIR_LIMIT_WEIGHT ? cost.weight : cost.orders;
}

static inline int64_t weir_later(int64_t a_ns, int64_t b_ns) {
    return a_ns > b_ns ? a_ns : b_ns;
}

static inline int64_t weir_earlier(int64_t a_ns, int64_t b_ns) {
    return a_ns < b_ns ? a_ns : b_ns;
}

/** Quotient rounded down, whatever the sign; `divisor` above 0. */
static inline int64_t weir_floor_div(int64_t dividend, int64_t divisor) {
    int64_t quotient = dividend / divisor;
    return quotient - (dividend % divisor < 0);
}

/** Smallest and largest offset that the exchange's clock may have at `now_ns`. */
int64_t weir_clock_low(const struct weir_clock *clock, int64_t now_ns);
int64_t weir_clock_high(const struct weir_clock *clock, int64_t now_ns);

/** The caller's time at which the exchange's clock may first (certainly) show `server_ns`. */
int64_t weir_clock_earliest(const struct weir_clock *clock, int64_t server_ns);
int64_t weir_clock_latest(const struct weir_clock *clock, int64_t server_ns);

/** What an update did to the bounds. */
enum weir_clock_change {
    WEIR_CLOCK_SAME,
    WEIR_CLOCK_NARROWED,
    WEIR_CLOCK_RESTARTED /**< first known, or a contradiction: the clock was set */
};

/** A reply to a request sent at `sent_ns` and received at `received_ns` was written in the whole
 *  second `server_ns` of the exchange's clock. */
enum weir_clock_change weir_clock_update(struct weir_clock *clock, int64_t sent_ns,
                                         int64_t received_ns, int64_t server_ns);

void weir_history_init(struct weir_history *history, int64_t interval_ns, int64_t now_ns);
/** Forgets what is one interval old. */
void weir_history_advance(struct weir_history *history, int64_t now_ns);
/** weir_history_add when a bucket begins or leaves. */
void weir_history_add_later(struct weir_history *history, int64_t now_ns, int64_t amount);
/** Adds what was answered at `now_ns`, which is not before the latest earlier time. */
static inline void weir_history_add(struct weir_history *history, int64_t now_ns, int64_t amount) {
    if (now_ns >= history->quiet_until_ns) {
        weir_history_add_later(history, now_ns, amount);
        return;
    }
    history->buckets[(uint64_t)history->head % WEIR_HISTORY_BUCKETS] += amount;
    history->total += amount;
}
/** When the oldest bucket leaves; WEIR_NEVER if there is none. */
int64_t weir_history_next_ns(const struct weir_history *history);
/** At least what was answered at or after `from_ns`. */
int64_t weir_history_since(const struct weir_history *history, int64_t from_ns);
/** When `amount` will have left; WEIR_NEVER if there is less than that. */
int64_t weir_history_gone_ns(const struct weir_history *history, int64_t amount);

/** Windows of the configured limits. */
void weir_windows_init(struct weir *weir, const struct weir_config *config);
/** Lets time pass: windows open and end. */
void weir_windows_advance(struct weir *weir);
/** The clock's bounds changed. */
void weir_windows_clock_changed(struct weir *weir, enum weir_clock_change change);
/** Recomputes what each priority may use, after a limit was learned. */
void weir_windows_set_caps(const struct weir *weir, struct weir_window *window);
/** What of all limits stands in the way of a request, and how long at least. */
struct weir_wait weir_windows_wait(struct weir *weir, enum weir_lane lane, struct weir_cost cost);
/** What requests of a lane may fill a window to. */
int64_t weir_window_cap(const struct weir_window *window, enum weir_lane lane);
/** What a window counts: own requests and others. */
int64_t weir_window_used(const struct weir *weir, const struct weir_window *window);
/** What the next window begins with. */
int64_t weir_window_carried(const struct weir *weir, const struct weir_window *window);
/** Books a request that is sent now; all limits have room. */
void weir_windows_charge(struct weir *weir, struct weir_slot *slot);
/** A reply came (or, `lost`, none): the request leaves the flight. It arrived before
 *  `server_by_ns` on the exchange's clock (WEIR_NEVER if that is not known). */
void weir_windows_settle(struct weir *weir, const struct weir_slot *slot, bool lost,
                         int64_t server_by_ns);
/** The exchange's count for one of the windows. The request arrived in
 *  [server_from_ns, server_by_ns] on the exchange's clock. */
void weir_windows_usage(struct weir *weir, const struct weir_slot *slot,
                        const struct weir_usage *usage, int64_t server_from_ns,
                        int64_t server_by_ns);
/** What others take in a span of a phased window, at the rate of the busier of the last two. */
int64_t weir_others_flow(const struct weir_window *window, int64_t span_ns);
/** When the window is certainly over in which a request arrived that was answered now. */
int64_t weir_window_over_ns(const struct weir *weir, const struct weir_window *window,
                            int64_t server_by_ns);

bool weir_queue_init(struct weir *weir, const struct weir_config *config);
void weir_queue_free(struct weir *weir);
/** A free slot, of which there is one, for a request whose id goes to `entry` in the table. */
uint32_t weir_slot_take(struct weir *weir, const struct weir_request *request,
                        struct weir_cost cost, enum weir_priority priority,
                        struct weir_id_entry *entry);
void weir_slot_return(struct weir *weir, uint32_t index);
/** Appends a slot to its lane; false if that is full. An entry takes the place of one that is worth
 *  less. */
bool weir_queue_add(struct weir *weir, uint32_t index);
/** Takes a slot out of its queue, wherever it stands. */
void weir_queue_remove(struct weir *weir, uint32_t index);
/** Moves requests whose time of escalation has come to the end of the critical queue. */
void weir_queue_escalate(struct weir *weir);
/** First slot of the earliest deadline or escalation; WEIR_NO_SLOT if there is none. */
uint32_t weir_heap_first(const struct weir_heap *heap);

/** Whether a request is an entry: one that is chosen by its value. */
static inline bool weir_is_entry(const struct weir *weir, enum weir_priority priority,
                                 double value) {
    return priority == WEIR_CRITICAL && value > 0 && weir->use.priorities &&
           (weir->use.value || weir->use.protect);
}
/** Queue that a slot belongs to. */
enum weir_lane weir_lane_of(const struct weir_slot *slot);
/** The same for a request that is not evicted. */
static inline enum weir_lane weir_lane_for(enum weir_priority priority, bool dragged, bool entry) {
    if (priority != WEIR_CRITICAL) {
        return priority == WEIR_NORMAL ? WEIR_LANE_NORMAL : WEIR_LANE_LOW;
    }
    if (dragged) {
        return WEIR_LANE_URGENT;
    }
    return entry ? WEIR_LANE_ENTRIES : WEIR_LANE_CRITICAL;
}

/** Lets time pass: ticks end. */
void weir_demand_advance(struct weir *weir);
/** A request was submitted for the first time. */
void weir_demand_note(struct weir *weir, const struct weir_request *request, struct weir_cost cost);
/** An entry was sent; it was answered, and the exchange took it or did not. */
void weir_demand_note_sent(struct weir *weir, const struct weir_slot *slot);
void weir_demand_note_settled(struct weir *weir, const struct weir_slot *slot, bool accepted);
/** What an entry drags along on a limiter. */
double weir_demand_drag(const struct weir *weir, enum weir_limit_type type);
/** What others are expected to take in the rest of the window. */
int64_t weir_demand_others(const struct weir *weir, const struct weir_window *window);
/** What a window keeps from a request of a lane, for others and for what matters more. */
int64_t weir_demand_kept(const struct weir *weir, const struct weir_window *window,
                         enum weir_lane lane, int64_t amount);

/** Makes bounds that hold now; NULL if there are none, or demand changes too often for them to
 *  pay. */
const struct weir_bounds *weir_demand_make_bounds(struct weir *weir, struct weir_window *window);
/** Bounds that hold now, or NULL. */
static inline const struct weir_bounds *weir_demand_bounds(struct weir *weir,
                                                           struct weir_window *window) {
    const struct weir_bounds *bounds = &window->bounds;
    bool hold = weir->now_ns < bounds->until_ns && bounds->change == weir->demand.change;
    return hold ? bounds : weir_demand_make_bounds(weir, window);
}
/** Whether no room is kept for others: none are counted, or none are forecast. */
static inline bool weir_demand_is_alone(const struct weir *weir, const struct weir_window *window) {
    return !weir->use.forecast || !window->phased || window->others.proven < window->number - 1;
}

/** What a window offers to entries from now on. */
struct weir_offer {
    double entries;  /**< how many it can still take, with what they drag along */
    double expected; /**< how many are expected in the rest of it */
    int64_t span_ns; /**< how long that is */
};
struct weir_offer weir_demand_offer(const struct weir *weir, const struct weir_window *window,
                                    struct weir_cost cost);

/** Whether the allowance is expected not to suffice for all entries, waiting or to come. */
bool weir_value_is_scarce(struct weir *weir);
/** What of the bid price stands in the way of an entry that nothing better waits with. */
struct weir_wait weir_value_wait(struct weir *weir, double value, struct weir_cost cost);
/** Whether an entry will be outbid until its deadline, as far as one can tell. */
bool weir_value_is_hopeless(const struct weir *weir, double value, struct weir_cost cost,
                            int64_t deadline_ns);

/** Modes begin by hand, by high traffic or by a cascade, and end by themselves. */
void weir_modes_init(struct weir *weir, const struct weir_config *config);
void weir_modes_advance(struct weir *weir);
void weir_modes_note_request(struct weir *weir);
/** A mode by hand; see weir_set_mode. False if the settings fix the mode. */
bool weir_modes_set(struct weir *weir, enum weir_mode mode, int64_t duration_ns);
void weir_modes_observe(struct weir *weir, const struct weir_observation *observation);
struct weir_shares weir_modes_shares(const struct weir *weir);
/** The highest mode that a trigger keeps on at `now_ns`. */
enum weir_mode weir_modes_at(const struct weir_mode_state *modes, int64_t now_ns);
/** When the mode that is on ends by itself; WEIR_NEVER if it does not. */
int64_t weir_modes_end_ns(const struct weir_mode_state *modes);
const char *weir_mode_name(enum weir_mode mode);

/** The options of policy weir, and their values. */
extern const struct weir_option weir_options[];
void weir_options_read(struct weir *weir, const struct weir_config *config);

/** Whether a probe is out: nothing else goes until its reply comes, however long that takes. */
static inline bool weir_gate_awaits_probe(const struct weir *weir) {
    return weir->gate.probing && weir->gate.probe_id != 0;
}
/** Whether the gate holds nothing. */
static inline bool weir_gate_is_open(const struct weir *weir) {
    return weir->gate.hold_until_ns <= weir->now_ns && weir->gate.ban_until_ns <= weir->now_ns &&
           !weir_gate_awaits_probe(weir);
}
/** What the gate holds requests for, and the earliest that this may be over. */
struct weir_wait weir_gate_wait(const struct weir *weir);
/** A request goes out: after a ban it is the probe. */
void weir_gate_note_sent(struct weir *weir, uint64_t id);
/** What status and body of a reply mean for the gate. */
void weir_gate_note_reply(struct weir *weir, const struct weir_reply *reply, int64_t server_by_ns);

/** Learns from a reply: clock, delays, others on the IP, holds, bans, limits. */
void weir_replies_learn(struct weir *weir, const struct weir_slot *slot,
                        const struct weir_reply *reply);
/** The least and the most (so far) that a request takes one way. */
int64_t weir_fast_way_ns(const struct weir *weir);
/** How long after it was given up a request may still arrive. */
int64_t weir_late_span_ns(const struct weir *weir);

/** What is left of a peak at `now_ns`. */
int64_t weir_peak_faded(const struct weir_peak *peak, int64_t now_ns);
/** Takes over what is used now, if that is more than what is left of the peak. */
static inline void weir_peak_note(struct weir_peak *peak, int64_t now_ns, int64_t used) {
    if (now_ns >= peak->look_ns) {
        peak->faded = weir_peak_faded(peak, now_ns);
        peak->look_ns = now_ns + WEIR_SECOND_NS;
    }
    if (used > peak->faded) {
        *peak = (struct weir_peak){used, now_ns, used, peak->look_ns};
    }
}
/** What of a history's total will be left at `now_ns`. */
int64_t weir_history_left(const struct weir_history *history, int64_t now_ns);
/** See weir_policy.stats. */
void weir_tell_stats(const struct weir *weir, int64_t now_ns, struct weir_stats *stats);

/** See weir_policy.save and weir_policy.restore. */
size_t weir_save_state(const struct weir *weir, void *buffer, size_t capacity);
enum weir_status weir_restore_state(struct weir *weir, int64_t elapsed_ns, const void *buffer,
                                    size_t size, struct weir_error *error);

/** Adds an event at the present time. */
void weir_tell(struct weir *weir, const char *what, const char *value, const char *cause,
               double number, int64_t until_ns);

#endif
