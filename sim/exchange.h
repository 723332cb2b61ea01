#ifndef WEIR_SIM_EXCHANGE_H
#define WEIR_SIM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/endpoints.h"
#include "weir/policy.h"

/**
 * The exchange's limits: what is counted, what is refused, who is banned. It has no clock, no
 * network and draws nothing; the simulator and the server over sockets use the same code.
 *
 * Rules: Aster Finance Futures API documents, sections "LIMITS", "IP Limits", "Order Rate Limits",
 * "HTTP Return Codes", "Error Codes". What they leave open is a setting below.
 */

enum weir_window_kind {
    WEIR_WINDOW_FIXED,
    WEIR_WINDOW_SLIDING
};
enum weir_ban_requests {
    WEIR_BAN_IGNORES,
    WEIR_BAN_COUNTS,
    WEIR_BAN_EXTENDS
};
enum weir_batch_count {
    WEIR_BATCH_COUNTS_ORDERS,
    WEIR_BATCH_COUNTS_ONE,
    WEIR_BATCH_COUNTS_FIVE
};

#define WEIR_BAN_STEPS_MAX 8

/** Everything that the documents leave open, with the defaults of profile `aster` in brackets. */
struct weir_exchange_rules {
    int64_t weight_per_minute;    /**< [2400] */
    int64_t orders_per_minute;    /**< [1200] */
    int64_t orders_per_10s;       /**< [0: no such limiter] */
    enum weir_window_kind window; /**< [fixed: aligned to the server's UTC minute] */
    bool reject_at_limit;         /**< reject when used >= limit; [false: used + cost > limit] */
    bool charge_rejected;         /**< a request answered 429 is added to the counters [true]; an
                                       order count only if count_rejected_orders too */
    bool charge_invalid;          /**< a request answered 400 is charged its weight [true] */
    enum weir_ban_requests ban_requests; /**< requests during a ban [ignored] */
    int32_t ban_after_429s; /**< the n-th 429 within ban_window_ns is answered 418 [10] */
    int64_t ban_window_ns;  /**< [60 s] */
    int64_t ban_steps_ns[WEIR_BAN_STEPS_MAX]; /**< [2, 10, 40, 240, 4320 minutes] */
    int32_t ban_step_count;                   /**< [5] */
    int64_t ban_decay_ns;              /**< one step back per that long without a ban [24 h] */
    bool retry_after_weight;           /**< Retry-After on a weight 429 [true] */
    bool retry_after_orders;           /**< on an order 429 [false] */
    bool retry_after_ban;              /**< on a 418 [true] */
    enum weir_batch_count batch_count; /**< what a batch adds to the order counter [its orders] */
    bool count_rejected_orders;        /**< rejected placements count as orders [false] */
    bool count_cancels;                /**< cancels count as orders [false] */
    bool order_header_always; /**< order header on every order response [false: accepted placements]
                               */
    int32_t max_open_orders;  /**< per account and symbol, filter MAX_NUM_ORDERS; 0: none [200] */
    int32_t max_stop_orders;  /**< filter MAX_NUM_ALGO_ORDERS; 0: none [100] */
};

/** The three rule sets: "aster", "lenient", "strict". False for another name. */
bool weir_exchange_rules_find(const char *name, struct weir_exchange_rules *rules);

/** What a request asks for, as far as the exchange's rules care. */
struct weir_exchange_request {
    uint32_t ip;      /**< number of the IP address, below the count given at creation */
    uint32_t account; /**< number of the account */
    weir_endpoint endpoint;
    struct weir_params params;
    int32_t refused_code; /**< 0, or the code (-2019, -1021, …) with which the venue's own checks
                               refuse it once the limiters let it through; answered 400 */
    bool unavailable;     /**< it passes the limiters and is then answered 503 */
    int32_t unavailable_code; /**< code of that answer: 0 for "unknown error", -1008, … */
};

/** Most headers and longest text of an answer. */
#define WEIR_ANSWER_HEADERS_MAX 6
#define WEIR_ANSWER_TEXT_MAX 256

/** What the exchange answers. Header values and body point into `text` storage of this struct: do
 *  not copy it by assignment and use the copy's pointers after the original is gone. */
struct weir_exchange_answer {
    int status;                 /**< 200, 400, 418, 429, 503 */
    int32_t code;               /**< of the error body; 0 for none */
    enum weir_limit_type limit; /**< 429: which limiter was full */
    int32_t charged_weight;     /**< what was added to the counters for it */
    int32_t charged_orders;
    int64_t ban_until_ns; /**< 418: end of the ban, server's clock; else 0 */
    int64_t used_weight;  /**< after it, in its window, as the header says */
    int64_t used_orders;
    struct weir_header headers[WEIR_ANSWER_HEADERS_MAX];
    size_t header_count;
    const char *body; /**< error body, or NULL: the caller makes bodies of successes */
    size_t body_length;
    char text[WEIR_ANSWER_TEXT_MAX];      /**< storage of the header values */
    char body_text[WEIR_ANSWER_TEXT_MAX]; /**< storage of the body */
};

struct weir_exchange;

/** Makes an exchange for that many IPs and accounts (each at least 1). NULL if memory is short or
 *  a rule is out of range (a limit below 1 or above 10^9, 10^7 with sliding windows; no ban steps;
 *  a span below 1 ns or above ten years; …). All memory is taken here, that of sliding windows too:
 *  for each counter 16 bytes per unit of its limit and, if rejections are charged, 1 MiB. */
struct weir_exchange *weir_exchange_create(const struct weir_exchange_rules *rules,
                                           uint32_t ip_count, uint32_t account_count);
void weir_exchange_destroy(struct weir_exchange *exchange);

/** Forgets everything that was counted, every ban, and any tightening; the rules given at creation
 *  stay. For the next replication, whose clock may begin earlier. */
void weir_exchange_reset(struct weir_exchange *exchange);

/**
 * Decides on a request that arrives at `now_ns` (server's clock, Unix epoch; never backwards: a
 * time before the latest one counts as that one) and fills in the answer, headers and error body
 * included. O(1); a search in the window's log for the Retry-After of a sliding window.
 *
 * Order of checks: ban (418), weight (429, -1003), orders (429, -1015), then `refused_code` and
 * the parameters (400, -4021 and kin), then `unavailable` (503), else 200.
 */
void weir_exchange_handle(struct weir_exchange *exchange, int64_t now_ns,
                          const struct weir_exchange_request *request,
                          struct weir_exchange_answer *answer);

/** Multiplies the limits in force by `factor` (above 0, at most 1) from now on: a limit tightened
 * in mid-run. Each is rounded to the nearest whole number, at least 1; calls add up. */
void weir_exchange_tighten(struct weir_exchange *exchange, double factor);

/** Weight used by an IP in the window that holds `now_ns`. */
int64_t weir_exchange_used_weight(struct weir_exchange *exchange, uint32_t ip, int64_t now_ns);

/** Orders counted for an account in the minute that holds `now_ns`. */
int64_t weir_exchange_used_orders(struct weir_exchange *exchange, uint32_t account, int64_t now_ns);

/** End of the IP's ban, or 0 if it is not banned at `now_ns`. */
int64_t weir_exchange_banned_until(const struct weir_exchange *exchange, uint32_t ip,
                                   int64_t now_ns);

/** The limits in force, as exchangeInfo's `rateLimits` lists them; returns how many. */
size_t weir_exchange_limits(const struct weir_exchange *exchange,
                            struct weir_limit limits[WEIR_LIMITS_MAX]);

#endif
