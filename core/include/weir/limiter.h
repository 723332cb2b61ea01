#ifndef WEIR_LIMITER_H
#define WEIR_LIMITER_H

#include "weir/policy.h"
#include "weir/stats.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) // what follows is exported

/**
 * A limiter: a policy, made and checked. This is what a bot links. Every call checks its arguments
 * and the life of each request (see weir/policy.h): an id that is open twice, a reply to a request
 * that was never sent, or a second reply are refused with a status and change nothing.
 *
 * Not thread-safe: one limiter belongs to one thread. For several, there is weir/handle.h.
 *
 * Ranges: times from 0 to 4 * 10^18 ns, limits to 10^9, intervals to 400 days, max_open to 2^24.
 * What lies outside is refused as WEIR_INVALID, so that no sum of times can overflow.
 */
struct weir_limiter;

/**
 * Makes a limiter. Settings are checked against the policy's table of options first.
 * Errors: WEIR_INVALID (no limits, more than WEIR_LIMITS_MAX, a limit or interval below 1,
 * max_open of 0, another ABI), WEIR_UNKNOWN_KEY, WEIR_UNKNOWN_VALUE, WEIR_NO_MEMORY. On failure
 * `*limiter` is NULL. The caller destroys the limiter.
 */
enum weir_status weir_limiter_create(const struct weir_policy *policy,
                                     const struct weir_config *config,
                                     struct weir_limiter **limiter, struct weir_error *error);

/** Frees a limiter; NULL is allowed. */
void weir_limiter_destroy(struct weir_limiter *limiter);

/** The policy that the limiter runs. */
const struct weir_policy *weir_limiter_policy(const struct weir_limiter *limiter);

/**
 * Decides on a request. Errors: WEIR_INVALID (id 0, negative or not-a-number value, unknown
 * priority, time before that of an earlier call), WEIR_DUPLICATE (the id is queued or on the wire),
 * WEIR_FULL (max_open requests are open), WEIR_BROKEN. O(1) on average.
 */
enum weir_status weir_submit(struct weir_limiter *limiter, int64_t now_ns,
                             const struct weir_request *request, struct weir_decision *decision);

/**
 * Go now, or when, or never: as weir_submit for a caller without a queue. HOLD means "not before
 * until_ns"; nothing is kept, and the caller may ask again at any time.
 */
enum weir_status weir_try(struct weir_limiter *limiter, int64_t now_ns,
                          const struct weir_request *request, struct weir_decision *decision);

/** The next queued request that may go or never will; NONE for a policy that does not queue.
 *  Errors: WEIR_INVALID (time before that of an earlier call), WEIR_BROKEN. */
enum weir_status weir_next_request(struct weir_limiter *limiter, int64_t now_ns,
                                   uint32_t free_connections, struct weir_next *next);

/** Reply or loss of a request that was sent. Errors: WEIR_NO_SUCH (not on the wire: never sent, or
 *  settled before), WEIR_INVALID (received before sent), WEIR_BROKEN. O(1) on average. */
enum weir_status weir_settle(struct weir_limiter *limiter, const struct weir_reply *reply,
                             struct weir_settlement *settlement);

/** Takes back a queued request. Errors: WEIR_NO_SUCH, WEIR_BROKEN. */
enum weir_status weir_cancel(struct weir_limiter *limiter, int64_t now_ns, uint64_t id);

/**
 * Switches a mode on by hand: burst or liquidation for `duration_ns` (1 ns to 1 day, or WEIR_NEVER:
 * until it is reset), or back to normal, whatever had switched the others on; their triggers go on
 * working. Like a trigger it never shortens a mode that is on, and liquidation goes before burst.
 * Errors: WEIR_INVALID (unknown mode, duration out of range, time before that of an earlier call,
 * a policy without modes, or settings that fix the mode), WEIR_BROKEN.
 */
enum weir_status weir_set_mode(struct weir_limiter *limiter, int64_t now_ns, enum weir_mode mode,
                               int64_t duration_ns);

/** Tells the policy of a liquidation on the feed; ignored by policies without a detector. */
void weir_observe(struct weir_limiter *limiter, const struct weir_observation *observation);

/** The oldest unread change of the policy's state; false if there is none. 64 are kept; beyond, the
 *  oldest are lost, and an event "events_lost" with their number comes before the next. */
bool weir_poll_event(struct weir_limiter *limiter, struct weir_event *event);

/** A request of more weight than this is heavy: event "heavy". */
#define WEIR_HEAVY_WEIGHT 10

/** A queue longer than this builds up: event "queue-buildup". */
#define WEIR_QUEUE_BUILDUP 10

/** Most subscriptions of one limiter. */
#define WEIR_SUBSCRIPTIONS_MAX 16

/**
 * Takes an event. Called at the end of the call that caused it, when the limiter is consistent
 * again and the caller's answer is written. It may call anything of this limiter but
 * weir_limiter_destroy: read statistics, poll, subscribe and unsubscribe, and even submit, settle
 * or cancel, at the time of the outer call or later. Events that it causes so are delivered after
 * it returns, in their order, still within the outer call.
 */
typedef void weir_event_callback(void *context, struct weir_limiter *limiter,
                                 const struct weir_event *event);

/**
 * Subscribes to events named `what`, or to all if that is NULL. The string is not copied.
 *
 * Besides the changes of state that the policy tells (those that weir_poll_event returns; polling
 * goes on working beside subscriptions) there are notices of the library, for every policy, which
 * are only delivered here:
 *   "heavy"          a request of more than WEIR_HEAVY_WEIGHT is sent or queued; `number` its
 *                    weight, `value` its path ("" if unknown)
 *   "queue-buildup"  more than WEIR_QUEUE_BUILDUP requests of a priority wait, and again with each
 *                    doubling; `value` the priority, `number` the length. Only for policies that
 *                    tell their queues
 *   "429", "418"     a reply with that status; `number` how many since the last success
 *
 * Events are delivered in order, at most 256 within one call and the rest with the next; 64 wait.
 * Beyond, the oldest are lost and counted: an event "events_lost" comes first.
 *
 * `*subscription` becomes the handle for weir_unsubscribe; it may be NULL. Errors: WEIR_INVALID (no
 * callback), WEIR_FULL (WEIR_SUBSCRIPTIONS_MAX are there).
 */
enum weir_status weir_subscribe(struct weir_limiter *limiter, const char *what,
                                weir_event_callback *callback, void *context,
                                uint32_t *subscription);

/** Ends a subscription; from a callback too. Errors: WEIR_NO_SUCH. */
enum weir_status weir_unsubscribe(struct weir_limiter *limiter, uint32_t subscription);

/**
 * The limiter's state in figures at `now_ns`, or at the time of the latest call if that is later.
 * Asking changes nothing. `size` is sizeof *stats: a caller that was built with an older, smaller
 * version of the structure gets what it knows. Constant time, no memory; works on a limiter that is
 * broken too, then with the library's own counts alone. Errors: WEIR_INVALID (no structure, a time
 * out of range).
 */
enum weir_status weir_read_stats(const struct weir_limiter *limiter, int64_t now_ns,
                                 struct weir_stats *stats, size_t size);

/** Requests that are queued plus requests on the wire. */
uint32_t weir_open_requests(const struct weir_limiter *limiter);

/** The latest time of any call so far, or of the limiter's making: no call may have an earlier one.
 */
int64_t weir_limiter_now(const struct weir_limiter *limiter);

/** What must survive a restart; see weir_policy.save. Returns the bytes needed; 0: nothing. */
size_t weir_save(struct weir_limiter *limiter, int64_t now_ns, void *buffer, size_t capacity);

/** Takes back what weir_save wrote. Errors: WEIR_INVALID for damaged or foreign data. */
enum weir_status weir_restore(struct weir_limiter *limiter, int64_t now_ns, int64_t elapsed_ns,
                              const void *buffer, size_t size, struct weir_error *error);

/** After WEIR_BROKEN: what happened, in words. Static or limiter's storage; never NULL. */
const char *weir_failure(struct weir_limiter *limiter);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
