#ifndef WEIR_STATS_H
#define WEIR_STATS_H

#include "weir/policy.h"

/**
 * The state of a limiter in figures, for dashboards and logs: weir_read_stats in weir/limiter.h.
 *
 * What the library counts itself (struct weir_totals) is there for every policy. The rest is told
 * by the policy: a number that it does not tell is WEIR_NOT_TOLD, a text is NULL.
 */

/** Value of a number that the policy does not tell. */
#define WEIR_NOT_TOLD (-1)

/** What happened since the limiter was made, as the library sees it from calls and answers. */
struct weir_totals {
    uint64_t
        submitted; /**< calls of weir_submit and weir_try that were decided, repeats included */
    uint64_t sent; /**< requests put on the wire: at once, or from the queue */
    uint64_t sent_weight; /**< what the policy booked for them when they were sent */
    uint64_t sent_orders;
    uint64_t queued;                /**< requests that were answered QUEUE */
    uint64_t held;                  /**< answers HOLD */
    uint64_t cancelled;             /**< requests that the caller took back from the queue */
    uint64_t refused[WEIR_REASONS]; /**< answers REFUSE, by enum weir_reason */
    uint64_t dropped[WEIR_REASONS]; /**< requests that left the queue unsent, by reason */
    uint64_t answered;              /**< replies */
    uint64_t lost;                  /**< requests given up without a reply */
    uint64_t http_429;              /**< replies with that status */
    uint64_t http_418;
    uint64_t consecutive_429; /**< since the last reply with a status below 400 */
    uint64_t recent_sent;     /**< requests sent in the last 60 to 61 s */
    int64_t last_429_ns;      /**< when the last 429 was received; 0 before the first */
    int64_t mean_trip_ns;     /**< round trip over about the last 16 replies; 0: none yet */
    int64_t slowest_trip_ns;  /**< the slowest, forgotten over a few hundred replies */
    uint64_t events_lost;     /**< events that were never told: newer ones took their place */
};

/** One of the exchange's limits, as the policy counts it. Amounts are weight or orders. */
struct weir_limit_stats {
    enum weir_limit_type type;
    bool aligned; /**< counted in the exchange's own windows; false: in the last interval */
    int64_t interval_ns;
    int64_t configured; /**< the limit that the limiter was made with */
    int64_t allowance;  /**< the limit as it is known now: lower once the exchange said so */
    int64_t usable[WEIR_PRIORITIES]; /**< what requests of each priority may fill it to at most, in
                                        the present mode; for critical ones, the allowance less the
                                        buffer */
    int64_t used;                    /**< everything that counts now: own requests and others */
    int64_t on_the_wire;     /**< the part of it that is not answered yet, or was given up lately */
    int64_t others;          /**< the part of it that is the load of others on the IP */
    int64_t others_expected; /**< what others are expected to take in the rest of the window */
    double used_pct;         /**< `used` in percent of the allowance */
    double usable_pct;       /**< `used` in percent of what critical requests may fill it to */
    double peak_pct; /**< the highest `used_pct`; what is past counts half after 5 minutes */
    int64_t ends_ns; /**< when the next window may open; WEIR_NEVER if it slides */
};

/** Counters of a policy that keeps its own, where they differ from what the library sees. */
struct weir_own_counts {
    int64_t requests_sent;
    int64_t requests_queued;
    int64_t requests_dropped;
    int64_t weight_used;
    int64_t received_429;
    int64_t consecutive_429;
    int64_t throttle_delays;
    int64_t recent_requests; /**< in the last minute */
    double peak_pct;         /**< highest use of what is usable, in percent, ever */
};

/** Everything. Times are the caller's clock. */
struct weir_stats {
    int64_t now_ns; /**< the time that this is about */
    uint32_t open;  /**< requests that are queued or on the wire */
    struct weir_totals totals;

    size_t limit_count; /**< 0 if the policy does not tell */
    struct weir_limit_stats limits[WEIR_LIMITS_MAX];

    int64_t queued[WEIR_PRIORITIES]; /**< requests that wait, by the priority they have now */
    int64_t escalated;               /**< those among the critical ones that became so by waiting */

    const char *mode;       /**< the mode that is on: "normal", "burst", "liquidation" */
    int64_t mode_until_ns;  /**< when it ends by itself; WEIR_NEVER if it does not */
    int64_t burst_until_ns; /**< both may be on, then liquidation wins; 0: not on */
    int64_t liquidation_until_ns;
    int64_t burst_count; /**< how often it was switched on */
    int64_t liquidation_count;

    int64_t hold_until_ns; /**< after a 429 nothing goes before then; 0: no hold */
    int64_t ban_until_ns;  /**< after a 418 likewise; 0: no ban */
    int64_t bans;          /**< bans that are remembered */
    int64_t probing;       /**< 1: after a ban, requests go one at a time until one is answered */
    double throttle;       /**< factor by which requests are slowed down; 0: not at all */

    int64_t clock_low_ns; /**< the exchange's clock less the caller's lies between these; both
                             WEIR_NOT_TOLD if it is not known */
    int64_t clock_high_ns;
    struct weir_own_counts own;
};

#endif
