#ifndef WEIR_LIMITER_H
#define WEIR_LIMITER_H

#include "weir/policy.h"

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

/** Tells the policy of a liquidation on the feed; ignored by policies without a detector. */
void weir_observe(struct weir_limiter *limiter, const struct weir_observation *observation);

/** The oldest unread change of state; false if there is none. */
bool weir_poll_event(struct weir_limiter *limiter, struct weir_event *event);

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

#endif
