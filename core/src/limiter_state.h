#ifndef WEIR_CORE_LIMITER_STATE_H
#define WEIR_CORE_LIMITER_STATE_H

#include "event_ring.h"
#include "id_table.h"
#include "weir/limiter.h"

/** Inner parts of the wrapper around a policy: limiter.c runs it, limiter_events.c delivers events,
 *  limiter_stats.c counts. */

#define WEIR_TIME_MAX_NS INT64_C(4000000000000000000) // the year 2096 as nanoseconds since 1970
#define WEIR_RECENT_STEPS 61u // whole seconds of the last minute, and the present one

struct weir_subscription {
    const char *what;              /**< NULL: all events */
    weir_event_callback *callback; /**< NULL: free */
    void *context;
};

struct weir_subscribers {
    struct weir_subscription list[WEIR_SUBSCRIPTIONS_MAX];
    uint32_t count;
    bool delivering;
    int64_t told_length[WEIR_PRIORITIES]; /**< queue length that was last told of */
    struct weir_event_ring pending;       /**< not delivered yet */
    struct weir_event_ring unread;        /**< delivered, and kept for weir_poll_event */
};

/** Requests sent, by second. */
struct weir_recent {
    int64_t second_ends_ns; /**< end of the second of `newest` */
    uint32_t newest;
    uint32_t steps[WEIR_RECENT_STEPS];
};

struct weir_limiter {
    const struct weir_policy *policy;
    void *self;
    int64_t now_ns; /**< latest time of any call */
    uint32_t open_count;
    uint32_t max_open;
    bool keeps_ids; /**< WEIR_POLICY_KEEPS_IDS: `places` is empty */
    bool broken;
    struct weir_id_table places; /**< enum place of each open request */
    struct weir_totals totals;
    struct weir_recent recent;
    struct weir_subscribers subscribers;
    char failure[160]; /**< what the wrapper itself found wrong with the policy, or "" */
};

/** Begins the second of `now_ns` among the recent ones. */
void weir_recent_roll(struct weir_recent *recent, int64_t now_ns);

/** Counts a request that is sent, with what was booked for it. */
static inline void weir_count_sent(struct weir_limiter *limiter, int32_t weight, int32_t orders) {
    struct weir_totals *totals = &limiter->totals;
    totals->sent++;
    totals->sent_weight += (uint64_t)weight;
    totals->sent_orders += (uint64_t)orders;
    if (limiter->now_ns >= limiter->recent.second_ends_ns) {
        weir_recent_roll(&limiter->recent, limiter->now_ns);
    }
    limiter->recent.steps[limiter->recent.newest]++;
}

/** Counts a reply or a loss. */
void weir_count_reply(struct weir_limiter *limiter, const struct weir_reply *reply);

/** Notes what subscribers are told of a decision. */
void weir_notice_decision(struct weir_limiter *limiter, const struct weir_request *request,
                          const struct weir_decision *decision);

/** Notes what subscribers are told of a reply. */
void weir_notice_reply(struct weir_limiter *limiter, const struct weir_reply *reply);

/** Delivers what happened in a call that is done. */
void weir_deliver_events(struct weir_limiter *limiter);

static inline bool weir_has_subscribers(const struct weir_limiter *limiter) {
    return limiter->subscribers.count > 0;
}

#endif
