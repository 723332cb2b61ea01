#ifndef WEIR_CORE_WEIR_STATE_H
#define WEIR_CORE_WEIR_STATE_H

#include "event_ring.h"
#include "id_table.h"
#include "reply_parse.h"
#include "weir/policy.h"

/**
 * The state of policy weir, and what its files offer each other:
 *
 *   weir_clock.c    the offset of the exchange's clock, as bounds
 *   weir_history.c  what was sent in the last interval, in buckets
 *   weir_windows.c  what each limit still has room for
 *   weir_queue.c    requests that wait: three queues, deadlines, escalation
 *   weir_gate.c     holds after a 429, bans after a 418, the probe
 *   weir_replies.c  what a reply teaches
 *   weir_save.c     what survives a restart
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
    int64_t head; /**< number of the newest bucket */
    int64_t tail; /**< number of the oldest; head + 1 if there is none */
    int64_t total;
    int64_t buckets[WEIR_HISTORY_BUCKETS];
};

/** Load of others, as the exchange's counts tell it, in one window (or interval, if sliding). */
struct weir_others {
    int64_t now;    /**< largest value that a reply of this window showed */
    int64_t before; /**< the same of the window before */
    int64_t proven; /**< number of the latest window in which there certainly were others */
    int64_t booked; /**< what is counted on top of one's own: `now` if proven lately, else 0 */
    int64_t booked_before; /**< the same for the window before, while that may still run */
};

/**
 * One limit of the exchange. While its windows' boundaries are known (`phased`), own requests are
 * counted in the window that may be open by now, and in the one before while that may still run.
 * Everything in flight is counted in the open one, since it may arrive there: a window opens with
 * what is in flight. Otherwise (sliding windows, or a clock not yet known) what counts is what is
 * in flight and what was answered in the last interval, which holds for windows of any phase.
 */
struct weir_window {
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
    struct weir_history history;
};

/** Where a slot is. */
enum weir_place {
    WEIR_PLACE_FREE,
    WEIR_PLACE_QUEUED,
    WEIR_PLACE_IN_FLIGHT
};

#define WEIR_NO_SLOT UINT32_MAX

/** One open request. */
struct weir_slot {
    uint64_t id;
    struct weir_cost cost;
    enum weir_place place;
    enum weir_priority priority;
    uint32_t next; /**< in its queue, or in the list of free slots */
    uint32_t previous;
    int64_t deadline_ns;
    int64_t escalate_ns;
    int64_t counted[WEIR_LIMITS_MAX]; /**< own count with this request, when it was sent */
    int64_t number[WEIR_LIMITS_MAX];  /**< the window that `counted` is about */
    int64_t charged[2];               /**< sum of all charges then, this one included */
};

/** Slots in the order of a time, earliest first. */
struct weir_heap {
    uint32_t *slots;
    uint32_t *positions; /**< of each slot; WEIR_NO_SLOT if it is not in the heap */
    uint32_t count;
    bool by_deadline; /**< else by the time of escalation */
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
    struct weir_list classes[WEIR_PRIORITIES];
    struct weir_heap deadlines;
    struct weir_heap escalations;
    uint32_t capacity; /**< of each class, escalated requests apart */
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
};

struct weir {
    int64_t now_ns;
    struct weir_switches use;
    int64_t buffer;  /**< billionths */
    int64_t reserve; /**< billionths */

    struct weir_window windows[WEIR_LIMITS_MAX];
    size_t window_count;
    int64_t next_change_ns; /**< no window changes by itself before then */
    int64_t in_flight[2];   /**< by enum weir_limit_type */
    int64_t charged[2];     /**< sum of all charges ever */
    int64_t late_total[2];
    struct weir_late late[WEIR_LATE_MAX];
    uint32_t late_count;

    struct weir_clock clock;
    bool clock_given;
    int64_t fastest_trip_ns; /**< decaying minimum of round trips; 0 before the first */
    int64_t slowest_trip_ns; /**< decaying maximum */

    struct weir_gate gate;
    struct weir_queue queue;
    struct weir_slot *slots;
    uint32_t slot_count;
    uint32_t free_slot;
    struct weir_id_table ids; /**< slot of each open request */
    struct weir_event_ring events;
    bool unknown_reported;
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
/** Adds what was answered at `now_ns`, which is not before the latest earlier time. */
void weir_history_add(struct weir_history *history, int64_t now_ns, int64_t amount);
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
struct weir_wait weir_windows_wait(const struct weir *weir, enum weir_priority priority,
                                   struct weir_cost cost);
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
/** When the window is certainly over in which a request arrived that was answered now. */
int64_t weir_window_over_ns(const struct weir *weir, const struct weir_window *window,
                            int64_t server_by_ns);

bool weir_queue_init(struct weir *weir, const struct weir_config *config, uint32_t capacity);
void weir_queue_free(struct weir *weir);
/** A free slot, or WEIR_NO_SLOT. */
uint32_t weir_slot_take(struct weir *weir, const struct weir_request *request,
                        struct weir_cost cost);
void weir_slot_return(struct weir *weir, uint32_t index);
/** Appends a slot to the queue of its priority; false if that is full. */
bool weir_queue_add(struct weir *weir, uint32_t index);
/** Takes a slot out of its queue, wherever it stands. */
void weir_queue_remove(struct weir *weir, uint32_t index);
/** Moves requests whose time of escalation has come to the end of the critical queue. */
void weir_queue_escalate(struct weir *weir);
/** First slot of the earliest deadline or escalation; WEIR_NO_SLOT if there is none. */
uint32_t weir_heap_first(const struct weir_heap *heap);

/** Whether a probe is out: nothing else goes until its reply comes, however long that takes. */
bool weir_gate_awaits_probe(const struct weir *weir);
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

/** See weir_policy.save and weir_policy.restore. */
size_t weir_save_state(const struct weir *weir, void *buffer, size_t capacity);
enum weir_status weir_restore_state(struct weir *weir, int64_t elapsed_ns, const void *buffer,
                                    size_t size, struct weir_error *error);

/** Adds an event at the present time. */
void weir_tell(struct weir *weir, const char *what, const char *value, const char *cause,
               double number, int64_t until_ns);

#endif
