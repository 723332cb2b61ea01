#ifndef WEIR_SIM_EXCHANGE_LOG_H
#define WEIR_SIM_EXCHANGE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What was counted at one moment. */
struct exchange_log_entry {
    int64_t time_ns;
    int64_t sum; /**< of everything ever counted, up to and including this entry */
};

/**
 * Amounts in order of time, for one sliding window of one counter: a ring whose memory is taken
 * once. Running sums make "how much is younger than t" a binary search.
 */
struct exchange_log {
    struct exchange_log_entry *entries; /**< `mask + 1` of them, a power of two; NULL: unused */
    uint64_t mask;
    uint64_t first; /**< number of the oldest entry kept; its place is `first & mask` */
    uint64_t end;   /**< number after the newest */
    int64_t total;  /**< everything ever counted */
    int64_t gone;   /**< the part of it that was forgotten */
};

/** Makes room for at least `capacity` entries of different times. False if memory is short.
 *  Ended by exchange_log_free, which may also be called for a log that is all zeros. */
bool exchange_log_make(struct exchange_log *log, size_t capacity);
void exchange_log_free(struct exchange_log *log);

/** Empties the log. */
void exchange_log_clear(struct exchange_log *log);

/** Adds an amount above 0 at a time not before the newest entry's. The caller has forgotten what
 *  is too old, so that the room suffices. */
void exchange_log_add(struct exchange_log *log, int64_t time_ns, int64_t amount);

/** Drops every entry of `until_ns` or before. */
void exchange_log_forget(struct exchange_log *log, int64_t until_ns);

/** Sum of the entries that are kept. */
static inline int64_t exchange_log_sum(const struct exchange_log *log) {
    return log->total - log->gone;
}

/** Sum of the entries later than `after_ns`. O(log n). */
int64_t exchange_log_sum_after(const struct exchange_log *log, int64_t after_ns);

#endif
