#include <string.h>

#include "limiter_state.h"

#define DELIVERED_MAX 256u // in one call: a callback that causes an event each time comes to an end

enum weir_status weir_subscribe(struct weir_limiter *limiter, const char *what,
                                weir_event_callback *callback, void *context,
                                uint32_t *subscription) {
    if (!callback) {
        return WEIR_INVALID;
    }
    struct weir_subscribers *subscribers = &limiter->subscribers;
    for (uint32_t i = 0; i < WEIR_SUBSCRIPTIONS_MAX; i++) {
        if (!subscribers->list[i].callback) {
            subscribers->list[i] =
                (struct weir_subscription){.what = what, .callback = callback, .context = context};
            subscribers->count++;
            if (subscription) {
                *subscription = i;
            }
            return WEIR_OK;
        }
    }
    return WEIR_FULL;
}

enum weir_status weir_unsubscribe(struct weir_limiter *limiter, uint32_t subscription) {
    struct weir_subscribers *subscribers = &limiter->subscribers;
    if (subscription >= WEIR_SUBSCRIPTIONS_MAX || !subscribers->list[subscription].callback) {
        return WEIR_NO_SUCH;
    }
    subscribers->list[subscription].callback = NULL;
    subscribers->count--;
    return WEIR_OK;
}

static void notice(struct weir_limiter *limiter, const char *what, const char *value,
                   double number) {
    weir_event_ring_add(&limiter->subscribers.pending,
                        (struct weir_event){.time_ns = limiter->now_ns,
                                            .what = what,
                                            .value = value,
                                            .number = number,
                                            .until_ns = WEIR_NEVER});
}

/** Queues that grew past a threshold since they were last looked at: 10, 20, 40, … A queue that is
 *  half of what was told begins anew. */
static void notice_queues(struct weir_limiter *limiter) {
    struct weir_stats stats;
    if (weir_read_stats(limiter, limiter->now_ns, &stats, sizeof stats) != WEIR_OK) {
        return;
    }
    for (size_t i = 0; i < WEIR_PRIORITIES; i++) {
        int64_t *told = &limiter->subscribers.told_length[i];
        int64_t length = stats.queued[i];
        if (length <= *told / 2) {
            *told = length > WEIR_QUEUE_BUILDUP ? length : 0;
        }
        if (length > (*told > 0 ? 2 * *told - 1 : WEIR_QUEUE_BUILDUP)) {
            *told = length;
            notice(limiter, "queue-buildup", weir_priority_name((enum weir_priority)i),
                   (double)length);
        }
    }
}

void weir_notice_decision(struct weir_limiter *limiter, const struct weir_request *request,
                          const struct weir_decision *decision) {
    if (decision->answer != WEIR_SEND && decision->answer != WEIR_QUEUE) {
        return;
    }
    struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    if (cost.weight > WEIR_HEAVY_WEIGHT) {
        notice(limiter, "heavy", weir_endpoint_path(request->endpoint), cost.weight);
    }
    if (decision->answer == WEIR_QUEUE) {
        notice_queues(limiter);
    }
}

void weir_notice_reply(struct weir_limiter *limiter, const struct weir_reply *reply) {
    if (!reply->lost && (reply->status == 429 || reply->status == 418)) {
        notice(limiter, reply->status == 429 ? "429" : "418", NULL,
               (double)limiter->totals.consecutive_429);
    }
}

/** Moves what the policy tells to where it is delivered from and where it is polled from. */
static void collect(struct weir_limiter *limiter) {
    struct weir_event event;
    while (!limiter->broken && limiter->policy->poll_event &&
           limiter->policy->poll_event(limiter->self, &event)) {
        weir_event_ring_add(&limiter->subscribers.pending, event);
        weir_event_ring_add(&limiter->subscribers.unread, event);
    }
}

static void deliver(struct weir_limiter *limiter, const struct weir_event *event) {
    for (uint32_t i = 0; i < WEIR_SUBSCRIPTIONS_MAX; i++) {
        const struct weir_subscription subscription = limiter->subscribers.list[i];
        if (subscription.callback &&
            (!subscription.what || strcmp(subscription.what, event->what) == 0)) {
            subscription.callback(subscription.context, limiter, event);
        }
    }
}

void weir_deliver_events(struct weir_limiter *limiter) {
    collect(limiter);
    struct weir_subscribers *subscribers = &limiter->subscribers;
    if (subscribers->delivering) {
        return; // a callback's own call: the outer one goes on with what it caused
    }
    subscribers->delivering = true;
    struct weir_event event;
    for (uint32_t i = 0; i < DELIVERED_MAX && weir_event_ring_take(&subscribers->pending, &event);
         i++) {
        deliver(limiter, &event);
    }
    subscribers->delivering = false;
}

bool weir_poll_event(struct weir_limiter *limiter, struct weir_event *event) {
    if (!event) {
        return false;
    }
    if (weir_event_ring_take(&limiter->subscribers.unread, event)) {
        return true;
    }
    return !limiter->broken && limiter->policy->poll_event &&
           limiter->policy->poll_event(limiter->self, event);
}
