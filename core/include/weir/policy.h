#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/endpoints.h"
#include "weir/error.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) // what follows is exported

/**
 * The interface of a policy: a rate limiter together with what it does with a request that may not
 * go now. Built-in policies, shared objects and adapters to external programs all implement the
 * same table of functions, struct weir_policy.
 *
 * Rules for a policy:
 *  - it has no clock: time comes in as `now_ns`, the caller's monotonic clock in nanoseconds, and
 *    never runs backwards from one call to the next; the exchange's clock is known only from
 * replies;
 *  - it takes all its memory in `create`; no other function allocates, sleeps, prints or calls
 * back;
 *  - the same calls with the same arguments give the same answers.
 *
 * The life of a request, seen from the caller:
 *
 *      submit ──► SEND ───────────────────────────► (on the wire) ──► settle
 *         ▲  ├──► HOLD until t ──► submit again at t
 *         └──┘
 *            ├──► QUEUE ──► next: SEND ───────────► (on the wire) ──► settle
 *            │          └─► next: DROP (over), or cancel (over)
 *            └──► REFUSE (over)
 *
 * Every request that was answered SEND is settled exactly once, with its reply or its loss.
 */

/** Version of this interface. A policy of another version is refused when it is loaded. */
#define WEIR_POLICY_ABI 1u

/** No deadline, never, or unknown, depending on the field. */
#define WEIR_NEVER INT64_MAX

/** How much a request matters. Entries are critical, protection is normal, information is low. */
enum weir_priority {
    WEIR_CRITICAL,
    WEIR_NORMAL,
    WEIR_LOW
};
#define WEIR_PRIORITIES 3

/** Which of the exchange's counters a limit is on. */
enum weir_limit_type {
    WEIR_LIMIT_WEIGHT,
    WEIR_LIMIT_ORDERS
};

/** One limiter of the exchange: at most `limit` of `type` in each window of `interval_ns`. */
struct weir_limit {
    enum weir_limit_type type;
    int64_t interval_ns;
    int64_t limit;
};

/** Most limits that a policy is given (weight and orders, a minute and ten seconds, and spare). */
#define WEIR_LIMITS_MAX 8

/** A setting: key without the prefix `limiter.` ("normal.buffer") and its value as text. */
struct weir_setting {
    const char *key;
    const char *value;
};

/** What kind of value an option takes. */
enum weir_option_kind {
    WEIR_OPTION_FLAG,
    WEIR_OPTION_INTEGER,
    WEIR_OPTION_NUMBER,
    WEIR_OPTION_CHOICE
};

/** One setting that a policy understands. The tables of options are what settings are checked
 *  against and what the documentation is printed from. */
struct weir_option {
    const char *key;
    enum weir_option_kind kind;
    const char *default_value;
    double min;          /**< smallest number allowed (integers and numbers) */
    double max;          /**< largest number allowed */
    const char *choices; /**< "fixed|sliding" for WEIR_OPTION_CHOICE, else NULL */
    const char *help;    /**< one sentence, units included */
};

/** What a policy is made from. The policy copies what it keeps. */
struct weir_config {
    const struct weir_limit *limits;
    size_t limit_count;
    const struct weir_setting *settings;
    size_t setting_count;
    int64_t now_ns;      /**< the caller's clock at the time of creation */
    uint32_t max_open;   /**< most requests that are queued or on the wire at once, at least 1 */
    uint64_t seed;       /**< for policies that draw; 0 is as good as any */
    const void *context; /**< the policy's own, set by weir_limiter_create; callers leave it NULL */
};

/** A request that wants to go. */
struct weir_request {
    uint64_t id;               /**< the caller's; unique among its open requests; never 0 */
    weir_endpoint endpoint;    /**< from weir_endpoint_find */
    struct weir_params params; /**< what changes the cost */
    enum weir_priority priority;
    uint32_t holds;      /**< how often this request was held before: 0 at first */
    int64_t deadline_ns; /**< must have arrived at the exchange by then, or WEIR_NEVER */
    int64_t escalate_ns; /**< counts as critical from then on, or WEIR_NEVER */
    double value;        /**< what an entry is worth to the caller, at least 0; 0 if unknown */
    uint64_t memo;       /**< what the policy put into the hold before this one; 0 at first */
    bool can_send;       /**< a connection is free: the answer may be SEND or HOLD */
    bool may_queue;      /**< the answer may be QUEUE; false for a caller without a loop */
};

/** What is to be done with a request. */
enum weir_answer {
    WEIR_SEND,  /**< send it now; its cost is booked */
    WEIR_QUEUE, /**< the policy keeps it; ask `next` */
    WEIR_HOLD,  /**< the caller waits with it until `until_ns`, then submits it again */
    WEIR_REFUSE /**< it will not go; the caller forgets it */
};

/** What stood in the way. */
enum weir_reason {
    WEIR_REASON_NONE,
    WEIR_REASON_WEIGHT,  /**< the weight limiter is full (for this priority) */
    WEIR_REASON_ORDERS,  /**< the order limiter is full (for this priority) */
    WEIR_REASON_BACKOFF, /**< holding after a 429 */
    WEIR_REASON_BANNED,  /**< silent after a 418 */
    WEIR_REASON_OUTBID,  /**< worth less than what the allowance is expected to bring */
    WEIR_REASON_QUEUE_FULL,
    WEIR_REASON_DEADLINE,   /**< cannot arrive in time */
    WEIR_REASON_PACE,       /**< slowed down on purpose, before any limit */
    WEIR_REASON_CONNECTION, /**< no connection is free */
    WEIR_REASON_ORDERING    /**< others go first */
};
#define WEIR_REASONS 11

/** Answer to `submit`. */
struct weir_decision {
    enum weir_answer answer;
    enum weir_reason reason; /**< why not SEND; WEIR_REASON_NONE for SEND */
    int64_t until_ns;        /**< HOLD: when to submit again (after now); QUEUE and REFUSE: when it
                                  might have gone, or 0 if that is not known */
    uint64_t memo;           /**< HOLD: comes back in the request when it is submitted again */
    int32_t booked_weight;   /**< SEND: what the policy counted for it so far */
    int32_t booked_orders;
};

/** What `next` found. */
enum weir_next_kind {
    WEIR_NEXT_NONE, /**< nothing may go before `ask_again_ns`, unless something is settled or
                       submitted */
    WEIR_NEXT_SEND, /**< request `id` goes now; its cost is booked */
    WEIR_NEXT_DROP  /**< request `id` will never go, for `reason` */
};

struct weir_next {
    enum weir_next_kind kind;
    enum weir_reason reason; /**< DROP: why; NONE: what the head of the queue waits for */
    uint64_t id;
    int64_t ask_again_ns; /**< NONE: WEIR_NEVER if nothing is queued */
    int32_t booked_weight;
    int32_t booked_orders;
};

/** One header of a reply, as it came. */
struct weir_header {
    const char *name;
    const char *value;
};

/** What became of a request that was sent. Pointers are valid only during the call. */
struct weir_reply {
    uint64_t id;
    bool lost;           /**< no reply (timeout, connection dropped): it may have been counted */
    int status;          /**< HTTP status; 0 if lost */
    int64_t sent_ns;     /**< when it was put on the wire, caller's clock */
    int64_t received_ns; /**< when the reply was complete (or given up), caller's clock */
    const struct weir_header *headers;
    size_t header_count;
    const char *body; /**< may be NULL; the limiter reads error bodies only */
    size_t body_length;
};

/** What the policy makes of a reply. */
struct weir_settlement {
    int64_t
        hold_until_ns; /**< the caller's connection (its thread) sleeps until then; 0: not at all */
    int32_t booked_weight; /**< what the policy has counted for this request in the end */
    int32_t booked_orders;
};

/** A liquidation as the bot saw it on the feed, for policies with a detector. */
struct weir_observation {
    int64_t now_ns;
    uint32_t symbol; /**< the caller's number for the symbol */
    bool sell;       /**< a long was liquidated */
    double price;
    double notional_usd;
};

/** How urgent the times are: each mode has its own buffer and reserve. */
enum weir_mode {
    WEIR_MODE_NORMAL,
    WEIR_MODE_BURST,
    WEIR_MODE_LIQUIDATION
};
#define WEIR_MODES 3

/** A change of the policy's state, for logs and dashboards. Strings have static storage. */
struct weir_event {
    int64_t time_ns;
    const char *what;  /**< "mode", "hold", "ban", "probe", "limit", "throttle", … */
    const char *value; /**< "burst", "on", …; NULL if `number` says it */
    const char *cause; /**< "429", "volume", "manual", …; NULL if none */
    double number;     /**< 0 if it does not apply */
    int64_t until_ns;  /**< WEIR_NEVER if it has no end of its own */
};

/** Figures of a policy's state: weir/stats.h. */
struct weir_stats;

/** Flags of a policy. */
enum weir_policy_flags {
    /** It has a queue of its own: requests are handed to it even while no connection is free. */
    WEIR_POLICY_QUEUES = 1,
    /** Its call path signs a request when it is first submitted and sends it as signed, however
     *  long it was held: the exchange refuses what is older than its recvWindow (-1021). Without
     *  this flag the caller signs when it sends. */
    WEIR_POLICY_SIGNS_FIRST = 2,
    /** It looks after ids itself, and the library does not do it a second time: `submit` answers
     *  WEIR_DUPLICATE for an id that is open and WEIR_FULL beyond max_open, `settle` and `cancel`
     *  WEIR_NO_SUCH for one that is not on the wire or not queued, and then nothing changes. For
     *  policies that are trusted. */
    WEIR_POLICY_KEEPS_IDS = 4
};

/**
 * A policy. Functions that return enum weir_status may fail only for wrong arguments (the public
 * wrappers in weir/limiter.h check those first) or with WEIR_BROKEN, after which the policy is
 * not called again except by `destroy`.
 */
struct weir_policy {
    uint32_t abi;   /**< WEIR_POLICY_ABI */
    uint32_t size;  /**< sizeof(struct weir_policy): later versions may append */
    uint32_t flags; /**< enum weir_policy_flags */
    const char *name;
    const char *summary;               /**< one line for people */
    const struct weir_option *options; /**< ends with a NULL key */

    /** Makes a policy; `*self` is the caller's until `destroy`. */
    enum weir_status (*create)(const struct weir_config *config, void **self,
                               struct weir_error *error);
    void (*destroy)(void *self);

    /** Decides on a request, new or held before. */
    enum weir_status (*submit)(void *self, int64_t now_ns, const struct weir_request *request,
                               struct weir_decision *decision);
    /** The next queued request that may go now, or one that never will; call until NONE. SEND only
     *  if free_connections > 0. NULL if the policy never queues. */
    enum weir_status (*next)(void *self, int64_t now_ns, uint32_t free_connections,
                             struct weir_next *next);
    /** The reply to a request that was sent, or its loss. */
    enum weir_status (*settle)(void *self, const struct weir_reply *reply,
                               struct weir_settlement *settlement);
    /** Takes a queued request back. NULL if the policy never queues. */
    enum weir_status (*cancel)(void *self, int64_t now_ns, uint64_t id);
    /** A liquidation was seen. May be NULL. */
    void (*observe)(void *self, const struct weir_observation *observation);
    /** Moves the oldest unread event into `*event`; false if there is none. May be NULL. */
    bool (*poll_event)(void *self, struct weir_event *event);
    /** The policy's description of its last failure, after WEIR_BROKEN. May be NULL. */
    const char *(*failure)(void *self);
    /** Writes what must survive a restart (a ban, the exchange's clock, a learned limit) as at most
     *  `capacity` bytes and returns how many it needs. Times are given as time left, so that
     *  another process with another clock can restore them. NULL if there is nothing to keep. */
    size_t (*save)(void *self, int64_t now_ns, void *buffer, size_t capacity);
    /** Takes back what `save` wrote, `elapsed_ns` later; refuses anything damaged. */
    enum weir_status (*restore)(void *self, int64_t now_ns, int64_t elapsed_ns, const void *buffer,
                                size_t size, struct weir_error *error);

    /** Tells the policy's state in figures at `now_ns`, in constant time. The library has filled in
     *  what it counts itself, and everything else as not told; a policy sets what it knows and
     *  nothing of `totals` but `events_lost`. Changes nothing, so that it may be asked at any time.
     * May be NULL. */
    void (*stats)(const void *self, int64_t now_ns, struct weir_stats *stats);

    /** Switches a mode on by hand, for `duration_ns`, or all off with WEIR_MODE_NORMAL. May fail
     *  with WEIR_INVALID where the settings fix the mode. NULL for policies without modes. */
    enum weir_status (*set_mode)(void *self, int64_t now_ns, enum weir_mode mode,
                                 int64_t duration_ns);

    /** Handed to `create` in the configuration: what tells apart policies that share their
     *  functions, as an adapter's many external programs. May be NULL. */
    const void *context;
};

/**
 * What a shared object exports to be used as `--policy ./mine.so`; its author defines it, the
 * library does not. A function rather than a variable, so that languages whose constants cannot
 * hold addresses can fill in the table when they are asked. The table stays valid while the object
 * is loaded, and its functions may be called for several policies from several threads at once.
 */
const struct weir_policy *weir_policy_export(void);

/** Built-in policy of that name, or NULL. */
const struct weir_policy *weir_policy_find(const char *name);

/** Name of the built-in policy that a wrong name was probably meant to be: the nearest by
 *  weir_name_distance. Static storage; never NULL. */
const char *weir_policy_nearest(const char *name);

/** How many characters must be inserted, deleted or replaced to make one name of the other: for
 *  messages that tell the nearest known name. Only the first 128 characters of each count. */
size_t weir_name_distance(const char *a, const char *b);

/** Built-in policy number `index`, in the order of the documentation; NULL past the last. */
const struct weir_policy *weir_policy_at(size_t index);

/** Short name of a reason ("weight", "banned", …). Static storage. */
const char *weir_reason_name(enum weir_reason reason);

/** "send", "queue", "hold", "refuse". Static storage. */
const char *weir_answer_name(enum weir_answer answer);

/** "critical", "normal", "low". Static storage. */
const char *weir_priority_name(enum weir_priority priority);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
