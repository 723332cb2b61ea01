#ifndef WEIR_SIM_EXCHANGE_LIMITER_H
#define WEIR_SIM_EXCHANGE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange.h"
#include "exchange_log.h"

/** What one IP or account has used of a fixed window. */
struct exchange_count {
    int64_t start_ns; /**< the window that `used` belongs to */
    int64_t used;
};

/**
 * What one IP or account has used of a sliding window. What was admitted is at most the limit, so
 * it is kept to the nanosecond. Charged rejections have no such bound: they are kept by the
 * millisecond, which they are counted from the start of, so that they leave the window at most a
 * millisecond early and their log is bounded by the milliseconds of an interval.
 */
struct exchange_slide {
    struct exchange_log admitted;
    struct exchange_log rejected;
};

/**
 * One limiter of the exchange (weight by IP, or orders by account) with the counters of all its
 * subjects. Time must be brought in by exchange_limiter_advance before anything is asked.
 */
struct exchange_limiter {
    struct weir_limit limit; /**< in force */
    int64_t original;        /**< the rule's limit, before any tightening */
    bool at_limit;           /**< full as soon as used >= limit, whatever the cost */
    int64_t start_ns;        /**< fixed: the window that holds the present … */
    int64_t end_ns;          /**< … and its end; 0 before the first advance */
    uint32_t subjects;
    struct exchange_count *counts; /**< fixed windows; else NULL */
    struct exchange_slide *slides; /**< sliding windows; else NULL */
};

/** Makes a limiter. `charges_rejected`: rejected amounts will be added too. False if memory is
 *  short. Ended by exchange_limiter_free, which may also be called for one that is all zeros. */
bool exchange_limiter_make(struct exchange_limiter *limiter, struct weir_limit limit,
                           const struct weir_exchange_rules *rules, uint32_t subjects,
                           bool charges_rejected);
void exchange_limiter_free(struct exchange_limiter *limiter);

/** Forgets what was counted, and any tightening. */
void exchange_limiter_reset(struct exchange_limiter *limiter);

/** Multiplies the limit, rounded to the nearest whole number, at least 1. */
void exchange_limiter_tighten(struct exchange_limiter *limiter, double factor);

/** Slow part of exchange_limiter_advance: a new fixed window begins. */
void exchange_limiter_open_window(struct exchange_limiter *limiter, int64_t now_ns);

/** Slow part of exchange_limiter_used, for sliding windows. */
int64_t exchange_limiter_slide(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns);

/** Brings the limiter to the present. Never backwards. */
static inline void exchange_limiter_advance(struct exchange_limiter *limiter, int64_t now_ns) {
    if (now_ns >= limiter->end_ns) {
        exchange_limiter_open_window(limiter, now_ns);
    }
}

/** What a subject has used of the window that holds the present. */
static inline int64_t exchange_limiter_used(struct exchange_limiter *limiter, uint32_t subject,
                                            int64_t now_ns) {
    if (limiter->slides != NULL) {
        return exchange_limiter_slide(limiter, subject, now_ns);
    }
    const struct exchange_count *count = &limiter->counts[subject];
    return count->start_ns == limiter->start_ns ? count->used : 0;
}

/** Whether `used` leaves no room for a cost. A request that costs nothing is never in the way. */
static inline bool exchange_limiter_blocks(const struct exchange_limiter *limiter, int64_t used,
                                           int64_t cost) {
    if (cost == 0) {
        return false;
    }
    return limiter->at_limit ? used >= limiter->limit.limit : used + cost > limiter->limit.limit;
}

/** Adds an amount, at least 0; `rejected`: of a request that the limiters turned away. */
void exchange_limiter_add(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns,
                          int64_t amount, bool rejected);

/** Whole seconds, rounded up and at least 1, until the limiter lets a request of that cost
 *  through if nothing else is counted; 0 if it does now; the length of the window if the cost is
 *  above the limit (fixed: the rest of it). */
int64_t exchange_limiter_wait_s(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns,
                                int64_t cost);

#endif
