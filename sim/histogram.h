#ifndef WEIR_SIM_HISTOGRAM_H
#define WEIR_SIM_HISTOGRAM_H

#include <stdint.h>

/**
 * A log-linear histogram of times: 64 equal buckets in each power of two, so that a quantile is
 * too high by at most 1/64 of itself (the upper end of its bucket is reported) and never too low.
 * Values that never came (a miss has an infinite latency) are counted apart. No memory is taken.
 */
#define WEIR_HISTOGRAM_BUCKETS (64 * 59)

struct weir_histogram {
    uint64_t buckets[WEIR_HISTOGRAM_BUCKETS];
    uint64_t count; /**< finite values */
    uint64_t infinite;
    int64_t max_ns;
};

/** Counts a value of at least 0. */
void weir_histogram_add(struct weir_histogram *histogram, int64_t value_ns);

/** Counts a value that never came. */
void weir_histogram_add_infinite(struct weir_histogram *histogram);

/** Smallest bucket end that at least the share `q` of the finite values lies under, at most the
 *  largest value; -1 if there are none. */
int64_t weir_histogram_quantile(const struct weir_histogram *histogram, double q);

/** The same with infinite values included; INT64_MAX where the quantile is one of them. */
int64_t weir_histogram_quantile_all(const struct weir_histogram *histogram, double q);

/** Smallest value of a bucket and the first beyond it. */
int64_t weir_histogram_bucket_start(uint32_t bucket);

#endif
