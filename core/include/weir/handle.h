#ifndef WEIR_HANDLE_H
#define WEIR_HANDLE_H

#include "weir/limiter.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) // what follows is exported

/**
 * A limiter for bots with threads: a limiter and the lock around it. Any thread may call any of
 * these functions at any time, except that none may run during or after weir_handle_destroy.
 *
 * No function sleeps, waits for a reply or waits for its turn in a queue: the lock is held for as
 * long as one decision takes, and a caller that must wait is told so as by the limiter itself.
 *
 * Time: threads read the clock before they get the lock, so their times arrive out of order. A
 * time before that of an earlier call counts as the time of that call; the others are taken as they
 * are. All threads must read the same monotonic clock.
 *
 * What each function does, and its errors, are those of its namesake in weir/limiter.h, without
 * the error for a time that runs backwards.
 */
struct weir_handle;

/** Makes a limiter and its lock; see weir_limiter_create. Further error: WEIR_NO_MEMORY if the
 *  system has no lock to give. On failure `*handle` is NULL. The caller destroys the handle. */
enum weir_status weir_handle_create(const struct weir_policy *policy,
                                    const struct weir_config *config, struct weir_handle **handle,
                                    struct weir_error *error);

/** Frees the handle and its limiter; NULL is allowed. No other thread may use it any more. */
void weir_handle_destroy(struct weir_handle *handle);

/** The policy that the limiter runs. */
const struct weir_policy *weir_handle_policy(const struct weir_handle *handle);

/** See weir_submit. */
enum weir_status weir_handle_submit(struct weir_handle *handle, int64_t now_ns,
                                    const struct weir_request *request,
                                    struct weir_decision *decision);

/** See weir_try. */
enum weir_status weir_handle_try(struct weir_handle *handle, int64_t now_ns,
                                 const struct weir_request *request,
                                 struct weir_decision *decision);

/** See weir_next_request. Whichever thread gets a request's id is the one that sends it (or tells
 *  its owner to); no two threads get the same. */
enum weir_status weir_handle_next_request(struct weir_handle *handle, int64_t now_ns,
                                          uint32_t free_connections, struct weir_next *next);

/** See weir_settle. */
enum weir_status weir_handle_settle(struct weir_handle *handle, const struct weir_reply *reply,
                                    struct weir_settlement *settlement);

/** See weir_cancel. WEIR_NO_SUCH may also mean that another thread was faster and got the request
 *  from weir_handle_next_request. */
enum weir_status weir_handle_cancel(struct weir_handle *handle, int64_t now_ns, uint64_t id);

/** See weir_set_mode. */
enum weir_status weir_handle_set_mode(struct weir_handle *handle, int64_t now_ns,
                                      enum weir_mode mode, int64_t duration_ns);

/** See weir_observe. */
void weir_handle_observe(struct weir_handle *handle, const struct weir_observation *observation);

/** See weir_poll_event. Each event goes to one caller only. */
bool weir_handle_poll_event(struct weir_handle *handle, struct weir_event *event);

/**
 * Takes an event, as weir_event_callback, but outside the lock: it may take its time, and may call
 * anything of the handle but weir_handle_destroy. Events come one after the other, in their order,
 * from whichever thread's call found them due.
 */
typedef void weir_handle_callback(void *context, struct weir_handle *handle,
                                  const struct weir_event *event);

/**
 * Subscribes to events named `what`, or to all if that is NULL; see weir_subscribe for their names.
 * The string is not copied. Events that come faster than they are taken wait, 64 of them; beyond,
 * the oldest are lost, and an event "events_lost" with their number comes first. Errors:
 * WEIR_INVALID (no callback), WEIR_FULL (WEIR_SUBSCRIPTIONS_MAX are there).
 */
enum weir_status weir_handle_subscribe(struct weir_handle *handle, const char *what,
                                       weir_handle_callback *callback, void *context,
                                       uint32_t *subscription);

/** Ends a subscription. A callback that another thread is in the middle of may return after this
 *  does. Errors: WEIR_NO_SUCH. */
enum weir_status weir_handle_unsubscribe(struct weir_handle *handle, uint32_t subscription);

/** See weir_read_stats. */
enum weir_status weir_handle_read_stats(struct weir_handle *handle, int64_t now_ns,
                                        struct weir_stats *stats, size_t size);

/** See weir_open_requests. Other threads may change the number at any moment. */
uint32_t weir_handle_open_requests(struct weir_handle *handle);

/** See weir_save. */
size_t weir_handle_save(struct weir_handle *handle, int64_t now_ns, void *buffer, size_t capacity);

/** See weir_restore. */
enum weir_status weir_handle_restore(struct weir_handle *handle, int64_t now_ns, int64_t elapsed_ns,
                                     const void *buffer, size_t size, struct weir_error *error);

/** See weir_failure; copied into `error`, with status WEIR_BROKEN, or WEIR_OK and an empty text if
 *  nothing is broken. */
void weir_handle_failure(struct weir_handle *handle, struct weir_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
