#ifndef WEIR_TESTS_WORLD_H
#define WEIR_TESTS_WORLD_H

#include "draws.h"
#include "weir/limiter.h"

/**
 * A slow, obvious world around a limiter: a client with a few connections, a network with random
 * delays, and an exchange that keeps a list of all arrivals and counts them anew each time. It
 * checks what must hold for every limiter of requests, and records what a test wants to see.
 */

#define WORLD_ARRIVALS 65536
#define WORLD_REQUESTS 65536
#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)

/** How the world behaves; all drawn or chosen before it starts. */
struct world_plan {
    uint64_t seed;
    struct weir_limit limits[WEIR_LIMITS_MAX]; /**< what the limiter is told */
    int64_t true_limits[WEIR_LIMITS_MAX];      /**< what the exchange enforces */
    size_t limit_count;
    bool sliding;      /**< the exchange counts the last interval instead of aligned windows */
    bool enforced;     /**< over a limit: 429, then 418; else it is only noted */
    bool retry_after;  /**< with 429 and 418 */
    int64_t offset_ns; /**< exchange's clock minus the client's at the start */
    int64_t drift_ppm; /**< and how it moves */
    uint32_t connections;
    uint32_t max_open;
    int64_t start_ns; /**< client's clock at the start */
    int64_t length_ns;
    int64_t gap_ns;       /**< mean time between two new requests */
    int64_t slow_percent; /**< requests that take seconds */
    int64_t lost_percent;
    int64_t no_date_percent;
    int64_t garbled_percent;
    bool only_orders; /**< every request is one order without a deadline, critical */
    bool valued;      /**< half of the critical requests are entries, followed by normal ones */
    const struct weir_setting *settings;
    size_t setting_count;
};

/** What happened. */
struct world_result {
    uint32_t submitted;
    uint32_t sent;
    uint32_t refused;
    uint32_t dropped;
    uint32_t over_limit; /**< arrivals that broke a limit */
    uint32_t bans;
    int64_t arrivals_weight_min; /**< least weight in a whole one-minute window */
    int64_t arrivals_orders_min;
};

/** Runs the world to its end. Fails the test (and prints the seed) if the limiter breaks a rule:
 *  a request that ends twice or never, one sent after its deadline, more on the wire than there are
 *  connections, sending while a hold or ban that was told is not over, a busy loop. */
struct world_result world_run(const struct world_plan *plan);

#endif
