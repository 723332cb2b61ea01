/**
 * The limiter with a lock around it. A plain mutex: free, it costs about 10 ns to lock and unlock;
 * a spin lock would cost 3 to 6 but burn a core, or a thread's whole time slice, whenever its
 * holder is interrupted, and a bot's threads often outnumber its cores.
 */
#include "weir/handle.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "event_ring.h"

#define DELIVERED_MAX 256u // in one call: a thread that others keep busy gets to its own work again

struct subscription {
    const char *what;               /**< NULL: all events */
    weir_handle_callback *callback; /**< NULL: free */
    void *context;
};

struct weir_handle {
    pthread_mutex_t lock;
    struct weir_limiter *limiter;
    struct weir_event_ring pending; /**< events that are not delivered yet */
    bool listens;                   /**< subscribed to the limiter, which fills `pending` */
    bool delivering; /**< a thread is at it; it takes what others' calls cause, too */
    struct subscription subscriptions[WEIR_SUBSCRIPTIONS_MAX];
};

/** An error here means that the handle's memory was overwritten or that it was freed. */
static void lock(struct weir_handle *handle) {
    int failed = pthread_mutex_lock(&handle->lock);
    assert(!failed);
    (void)failed;
}

static void unlock(struct weir_handle *handle) {
    int failed = pthread_mutex_unlock(&handle->lock);
    assert(!failed);
    (void)failed;
}

static void tell(struct weir_handle *handle, const struct subscription *subscriptions,
                 const struct weir_event *event) {
    for (uint32_t i = 0; i < WEIR_SUBSCRIPTIONS_MAX; i++) {
        const struct subscription *to = &subscriptions[i];
        if (to->callback && (!to->what || strcmp(to->what, event->what) == 0)) {
            to->callback(to->context, handle, event);
        }
    }
}

/** Delivers what is pending. The lock is held at the start and at the end, and not while a callback
 *  runs. One thread does it at a time, so that events stay in order. */
static void deliver(struct weir_handle *handle) {
    handle->delivering = true;
    struct weir_event event;
    for (uint32_t i = 0; i < DELIVERED_MAX && weir_event_ring_take(&handle->pending, &event); i++) {
        struct subscription now[WEIR_SUBSCRIPTIONS_MAX];
        memcpy(now, handle->subscriptions, sizeof now);
        unlock(handle);
        tell(handle, now, &event);
        lock(handle);
    }
    handle->delivering = false;
}

/** The end of every call that may cause events. */
static void finish(struct weir_handle *handle) {
    if (handle->pending.count > 0 && !handle->delivering) {
        deliver(handle);
    }
    unlock(handle);
}

/** The limiter's subscriber: called with the lock held. */
static void keep(void *context, struct weir_limiter *limiter, const struct weir_event *event) {
    (void)limiter;
    struct weir_handle *handle = context;
    weir_event_ring_add(&handle->pending, *event);
}

/** The time of a call: never before that of an earlier one. Called with the lock held. */
static int64_t in_order(const struct weir_handle *handle, int64_t now_ns) {
    int64_t latest_ns = weir_limiter_now(handle->limiter);
    return now_ns >= 0 && now_ns < latest_ns ? latest_ns : now_ns;
}

enum weir_status weir_handle_create(const struct weir_policy *policy,
                                    const struct weir_config *config, struct weir_handle **handle,
                                    struct weir_error *error) {
    if (!handle) {
        return weir_fail(error, WEIR_INVALID, "there is no place to return the handle in");
    }
    *handle = NULL;
    struct weir_limiter *limiter = NULL;
    enum weir_status status = weir_limiter_create(policy, config, &limiter, error);
    if (status != WEIR_OK) {
        return status;
    }
    struct weir_handle *made = calloc(1, sizeof *made);
    if (!made || pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        weir_limiter_destroy(limiter);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for the limiter's lock");
    }
    made->limiter = limiter;
    *handle = made;
    return WEIR_OK;
}

void weir_handle_destroy(struct weir_handle *handle) {
    if (handle) {
        int failed = pthread_mutex_destroy(&handle->lock);
        assert(!failed); // else a thread is still inside
        (void)failed;
        weir_limiter_destroy(handle->limiter);
        free(handle);
    }
}

const struct weir_policy *weir_handle_policy(const struct weir_handle *handle) {
    return weir_limiter_policy(handle->limiter); // never changes: needs no lock
}

enum weir_status weir_handle_submit(struct weir_handle *handle, int64_t now_ns,
                                    const struct weir_request *request,
                                    struct weir_decision *decision) {
    lock(handle);
    enum weir_status status =
        weir_submit(handle->limiter, in_order(handle, now_ns), request, decision);
    finish(handle);
    return status;
}

enum weir_status weir_handle_try(struct weir_handle *handle, int64_t now_ns,
                                 const struct weir_request *request,
                                 struct weir_decision *decision) {
    lock(handle);
    enum weir_status status =
        weir_try(handle->limiter, in_order(handle, now_ns), request, decision);
    finish(handle);
    return status;
}

enum weir_status weir_handle_next_request(struct weir_handle *handle, int64_t now_ns,
                                          uint32_t free_connections, struct weir_next *next) {
    lock(handle);
    enum weir_status status =
        weir_next_request(handle->limiter, in_order(handle, now_ns), free_connections, next);
    finish(handle);
    return status;
}

enum weir_status weir_handle_settle(struct weir_handle *handle, const struct weir_reply *reply,
                                    struct weir_settlement *settlement) {
    lock(handle);
    enum weir_status status = weir_settle(handle->limiter, reply, settlement);
    finish(handle);
    return status;
}

enum weir_status weir_handle_cancel(struct weir_handle *handle, int64_t now_ns, uint64_t id) {
    lock(handle);
    enum weir_status status = weir_cancel(handle->limiter, in_order(handle, now_ns), id);
    finish(handle);
    return status;
}

enum weir_status weir_handle_set_mode(struct weir_handle *handle, int64_t now_ns,
                                      enum weir_mode mode, int64_t duration_ns) {
    lock(handle);
    enum weir_status status =
        weir_set_mode(handle->limiter, in_order(handle, now_ns), mode, duration_ns);
    finish(handle);
    return status;
}

void weir_handle_observe(struct weir_handle *handle, const struct weir_observation *observation) {
    lock(handle);
    if (observation) {
        struct weir_observation seen = *observation;
        seen.now_ns = in_order(handle, seen.now_ns);
        weir_observe(handle->limiter, &seen);
    }
    finish(handle);
}

bool weir_handle_poll_event(struct weir_handle *handle, struct weir_event *event) {
    lock(handle);
    bool found = weir_poll_event(handle->limiter, event);
    unlock(handle);
    return found;
}

enum weir_status weir_handle_subscribe(struct weir_handle *handle, const char *what,
                                       weir_handle_callback *callback, void *context,
                                       uint32_t *subscription) {
    if (!callback) {
        return WEIR_INVALID;
    }
    lock(handle);
    uint32_t place = 0;
    while (place < WEIR_SUBSCRIPTIONS_MAX && handle->subscriptions[place].callback) {
        place++;
    }
    enum weir_status status = place < WEIR_SUBSCRIPTIONS_MAX ? WEIR_OK : WEIR_FULL;
    if (status == WEIR_OK && !handle->listens) {
        status = weir_subscribe(handle->limiter, NULL, keep, handle, NULL);
        handle->listens = status == WEIR_OK;
    }
    if (status == WEIR_OK) {
        handle->subscriptions[place] = (struct subscription){what, callback, context};
        if (subscription) {
            *subscription = place;
        }
    }
    unlock(handle);
    return status;
}

enum weir_status weir_handle_unsubscribe(struct weir_handle *handle, uint32_t subscription) {
    enum weir_status status = WEIR_NO_SUCH;
    lock(handle);
    if (subscription < WEIR_SUBSCRIPTIONS_MAX && handle->subscriptions[subscription].callback) {
        handle->subscriptions[subscription].callback = NULL;
        status = WEIR_OK;
    }
    unlock(handle);
    return status;
}

enum weir_status weir_handle_read_stats(struct weir_handle *handle, int64_t now_ns,
                                        struct weir_stats *stats, size_t size) {
    lock(handle);
    enum weir_status status = weir_read_stats(handle->limiter, now_ns, stats, size);
    unlock(handle);
    return status;
}

uint32_t weir_handle_open_requests(struct weir_handle *handle) {
    lock(handle);
    uint32_t count = weir_open_requests(handle->limiter);
    unlock(handle);
    return count;
}

size_t weir_handle_save(struct weir_handle *handle, int64_t now_ns, void *buffer, size_t capacity) {
    lock(handle);
    size_t size = weir_save(handle->limiter, in_order(handle, now_ns), buffer, capacity);
    finish(handle);
    return size;
}

enum weir_status weir_handle_restore(struct weir_handle *handle, int64_t now_ns, int64_t elapsed_ns,
                                     const void *buffer, size_t size, struct weir_error *error) {
    lock(handle);
    enum weir_status status =
        weir_restore(handle->limiter, in_order(handle, now_ns), elapsed_ns, buffer, size, error);
    finish(handle);
    return status;
}

void weir_handle_failure(struct weir_handle *handle, struct weir_error *error) {
    lock(handle);
    const char *text = weir_failure(handle->limiter);
    (void)weir_fail(error, text[0] != '\0' ? WEIR_BROKEN : WEIR_OK, "%s", text);
    unlock(handle);
}
