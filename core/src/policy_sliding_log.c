#include <assert.h>
#include <stdlib.h>

#include "baseline.h"
#include "policies.h"

/** Largest limit that is counted: a log needs a place for every unit of it. */
#define LARGEST_LIMIT (INT64_C(1) << 24)

/** One request that was let through. */
struct entry {
    int64_t leaves_ns; /**< when it no longer counts: exactly one interval after it was sent */
    int64_t taken;     /**< all that was ever taken, this request included */
};

/** What was let through in exactly the last interval, oldest first. Every entry took at least 1 of
 *  what is usable, so there are never more of them than that. */
struct sliding_log {
    struct entry *entries;
    int64_t interval_ns;
    int64_t usable;
    int64_t first;
    int64_t count;
    int64_t taken; /**< all that was ever taken */
    int64_t gone;  /**< of that, what no longer counts */
};

static bool log_init(void *counter, int64_t interval_ns, int64_t usable, int64_t now_ns) {
    (void)now_ns;
    struct sliding_log *log = counter;
    *log = (struct sliding_log){.interval_ns = interval_ns, .usable = usable};
    log->entries = calloc((size_t)usable + 1, sizeof *log->entries);
    return log->entries != NULL;
}

static void log_free(void *counter) {
    struct sliding_log *log = counter;
    free(log->entries);
}

static struct entry *entry_at(const struct sliding_log *log, int64_t index) {
    return &log->entries[(log->first + index) % (log->usable + 1)];
}

static void forget(struct sliding_log *log, int64_t now_ns) {
    while (log->count > 0 && entry_at(log, 0)->leaves_ns <= now_ns) {
        log->gone = entry_at(log, 0)->taken;
        log->first = (log->first + 1) % (log->usable + 1);
        log->count--;
    }
}

/** When so much of what was taken is gone. */
static int64_t gone_at(const struct sliding_log *log, int64_t amount) {
    int64_t low = 0;
    int64_t high = log->count - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (entry_at(log, middle)->taken >= amount) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    assert(entry_at(log, low)->taken >= amount);
    return entry_at(log, low)->leaves_ns;
}

static int64_t log_fits_at(void *counter, int64_t now_ns, int64_t share) {
    struct sliding_log *log = counter;
    if (share > log->usable) {
        return WEIR_NEVER;
    }
    forget(log, now_ns);
    const int64_t must_go = log->taken + share - log->usable;
    return must_go <= log->gone ? now_ns : gone_at(log, must_go);
}

static void log_take(void *counter, int64_t now_ns, int64_t share) {
    struct sliding_log *log = counter;
    assert(log->count < log->usable);
    log->taken += share;
    *entry_at(log, log->count) =
        (struct entry){.leaves_ns = now_ns + log->interval_ns, .taken = log->taken};
    log->count++;
}

static const struct weir_counter_kind log_counter = {
    .size = sizeof(struct sliding_log),
    .init = log_init,
    .free = log_free,
    .fits_at = log_fits_at,
    .take = log_take,
};

static const struct weir_option sliding_log_options[] = {
    WEIR_BASELINE_BUFFER_OPTION,
    {.key = NULL},
};

static enum weir_status sliding_log_create(const struct weir_config *config, void **self,
                                           struct weir_error *error) {
    const struct weir_baseline_plan plan = {.name = "sliding-log",
                                            .options = sliding_log_options,
                                            .kind = &log_counter,
                                            .largest_limit = LARGEST_LIMIT};
    return weir_baseline_create(&plan, config, self, error);
}

const struct weir_policy weir_policy_sliding_log = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "sliding-log",
    .summary = "log of exactly the last interval, exact weights, no priorities",
    .options = sliding_log_options,
    .create = sliding_log_create,
    .destroy = weir_baseline_destroy,
    .submit = weir_baseline_submit,
    .settle = weir_baseline_settle,
};
