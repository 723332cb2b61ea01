#include <assert.h>

#include "baseline.h"
#include "options.h"
#include "policies.h"

/** Tokens times nanoseconds: 10^9 tokens times 400 days need more than 64 bits. */
__extension__ typedef unsigned __int128 token_time;

/**
 * A bucket of the whole limit, full at first, refilled evenly at the limit an interval. The level
 * is kept in tokens times the interval, in which the refill of every nanosecond is a whole number:
 * nothing is lost to rounding, and a request that was told to wait fits when the wait is over.
 */
struct bucket {
    int64_t interval_ns;
    int64_t usable;
    token_time level; /**< tokens times interval_ns */
    int64_t filled_ns;
};

static bool bucket_init(void *counter, int64_t interval_ns, int64_t usable, int64_t now_ns) {
    struct bucket *bucket = counter;
    *bucket = (struct bucket){.interval_ns = interval_ns,
                              .usable = usable,
                              .level = (token_time)usable * (token_time)interval_ns,
                              .filled_ns = now_ns};
    return true;
}

static void refill(struct bucket *bucket, int64_t now_ns) {
    const token_time full = (token_time)bucket->usable * (token_time)bucket->interval_ns;
    const token_time gained = (token_time)(now_ns - bucket->filled_ns) * (token_time)bucket->usable;
    bucket->level = gained < full - bucket->level ? bucket->level + gained : full;
    bucket->filled_ns = now_ns;
}

static int64_t bucket_fits_at(void *counter, int64_t now_ns, int64_t share) {
    struct bucket *bucket = counter;
    if (share > bucket->usable) {
        return WEIR_NEVER;
    }
    refill(bucket, now_ns);
    const token_time needed = (token_time)share * (token_time)bucket->interval_ns;
    if (needed <= bucket->level) {
        return now_ns;
    }
    const token_time usable = (token_time)bucket->usable;
    return now_ns + (int64_t)((needed - bucket->level + usable - 1) / usable);
}

static void bucket_take(void *counter, int64_t now_ns, int64_t share) {
    struct bucket *bucket = counter;
    const token_time needed = (token_time)share * (token_time)bucket->interval_ns;
    assert(bucket->filled_ns == now_ns && needed <= bucket->level);
    bucket->level -= needed;
}

static const struct weir_counter_kind bucket_counter = {
    .size = sizeof(struct bucket),
    .init = bucket_init,
    .fits_at = bucket_fits_at,
    .take = bucket_take,
};

static const struct weir_option token_bucket_options[] = {
    WEIR_BASELINE_BUFFER_OPTION,
    {.key = NULL},
};

static enum weir_status token_bucket_create(const struct weir_config *config, void **self,
                                            struct weir_error *error) {
    const struct weir_baseline_plan plan = {.name = "token-bucket",
                                            .options = token_bucket_options,
                                            .kind = &bucket_counter,
                                            .largest_limit = WEIR_BILLION};
    return weir_baseline_create(&plan, config, self, error);
}

const struct weir_policy weir_policy_token_bucket = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "token-bucket",
    .summary = "token bucket of the limit, refilled evenly, exact weights, no priorities",
    .options = token_bucket_options,
    .create = token_bucket_create,
    .destroy = weir_baseline_destroy,
    .submit = weir_baseline_submit,
    .settle = weir_baseline_settle,
};
