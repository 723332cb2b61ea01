#include "histogram.h"

#include <assert.h>

#define SUB_BITS 6
#define SUB_BUCKETS (1U << SUB_BITS)

static uint32_t bucket_of(int64_t value) {
    uint64_t v = (uint64_t)value;
    uint32_t shift = 0;
    while (v >= 2ULL * SUB_BUCKETS) {
        v >>= 1;
        shift++;
    }
    /* v < 64: exact; else 64 .. 127, one of 64 parts of its power of two */
    return shift * SUB_BUCKETS + (uint32_t)v;
}

int64_t weir_histogram_bucket_start(uint32_t bucket) {
    if (bucket < 2 * SUB_BUCKETS) {
        return bucket;
    }
    if (bucket >= WEIR_HISTOGRAM_BUCKETS - SUB_BUCKETS) {
        return INT64_MAX; /* beyond what a time can be */
    }
    const uint32_t shift = bucket / SUB_BUCKETS - 1;
    return (int64_t)(bucket - shift * SUB_BUCKETS) << shift;
}

void weir_histogram_add(struct weir_histogram *histogram, int64_t value_ns) {
    assert(value_ns >= 0);
    const uint32_t bucket = bucket_of(value_ns);
    assert(bucket < WEIR_HISTOGRAM_BUCKETS);
    histogram->buckets[bucket]++;
    histogram->count++;
    histogram->max_ns = value_ns > histogram->max_ns ? value_ns : histogram->max_ns;
}

void weir_histogram_add_infinite(struct weir_histogram *histogram) {
    histogram->infinite++;
}

/** End of the bucket that holds the value of that rank (1 for the smallest). */
static int64_t value_of_rank(const struct weir_histogram *histogram, uint64_t rank) {
    uint64_t seen = 0;
    for (uint32_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank) {
            const int64_t next = weir_histogram_bucket_start(i + 1);
            const int64_t end = next == INT64_MAX ? next : next - 1;
            return end < histogram->max_ns ? end : histogram->max_ns;
        }
    }
    return histogram->max_ns;
}

static uint64_t rank_of(uint64_t count, double q) {
    const double exact = q * (double)count;
    uint64_t rank = (uint64_t)exact;
    rank += (double)rank < exact ? 1 : 0;
    return rank < 1 ? 1 : rank;
}

int64_t weir_histogram_quantile(const struct weir_histogram *histogram, double q) {
    return histogram->count ? value_of_rank(histogram, rank_of(histogram->count, q)) : -1;
}

int64_t weir_histogram_quantile_all(const struct weir_histogram *histogram, double q) {
    const uint64_t all = histogram->count + histogram->infinite;
    if (all == 0) {
        return -1;
    }
    const uint64_t rank = rank_of(all, q);
    return rank > histogram->count ? INT64_MAX : value_of_rank(histogram, rank);
}
