/**
 * Counters of one limiter, in fixed or sliding windows.
 */
#include "exchange_limiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define MILLISECOND_NS INT64_C(1000000)

static bool make_slides(struct exchange_limiter *limiter, bool charges_rejected) {
    /* Each admitted entry costs at least 1, so the limit bounds their number. */
    const size_t admitted = (size_t)limiter->original;
    const size_t rejected = (size_t)(limiter->limit.interval_ns / MILLISECOND_NS) + 1;
    limiter->slides = calloc(limiter->subjects, sizeof *limiter->slides);
    if (limiter->slides == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < limiter->subjects; i++) {
        if (!exchange_log_make(&limiter->slides[i].admitted, admitted) ||
            (charges_rejected && !exchange_log_make(&limiter->slides[i].rejected, rejected))) {
            return false;
        }
    }
    return true;
}

bool exchange_limiter_make(struct exchange_limiter *limiter, struct weir_limit limit,
                           const struct weir_exchange_rules *rules, uint32_t subjects,
                           bool charges_rejected) {
    *limiter = (struct exchange_limiter){.limit = limit,
                                         .original = limit.limit,
                                         .at_limit = rules->reject_at_limit,
                                         .subjects = subjects};
    if (rules->window == WEIR_WINDOW_SLIDING) {
        return make_slides(limiter, charges_rejected);
    }
    limiter->counts = calloc(subjects, sizeof *limiter->counts);
    return limiter->counts != NULL;
}

void exchange_limiter_free(struct exchange_limiter *limiter) {
    for (uint32_t i = 0; limiter->slides != NULL && i < limiter->subjects; i++) {
        exchange_log_free(&limiter->slides[i].admitted);
        exchange_log_free(&limiter->slides[i].rejected);
    }
    free(limiter->slides);
    free(limiter->counts);
}

void exchange_limiter_reset(struct exchange_limiter *limiter) {
    limiter->limit.limit = limiter->original;
    limiter->start_ns = 0;
    limiter->end_ns = 0;
    if (limiter->counts != NULL) {
        memset(limiter->counts, 0, limiter->subjects * sizeof *limiter->counts);
    }
    for (uint32_t i = 0; limiter->slides != NULL && i < limiter->subjects; i++) {
        exchange_log_clear(&limiter->slides[i].admitted);
        exchange_log_clear(&limiter->slides[i].rejected);
    }
}

void exchange_limiter_tighten(struct exchange_limiter *limiter, double factor) {
    const int64_t tightened = (int64_t)((double)limiter->limit.limit * factor + 0.5);
    limiter->limit.limit = tightened < 1 ? 1 : tightened;
}

void exchange_limiter_open_window(struct exchange_limiter *limiter, int64_t now_ns) {
    limiter->start_ns = now_ns - now_ns % limiter->limit.interval_ns;
    limiter->end_ns = limiter->start_ns + limiter->limit.interval_ns;
}

int64_t exchange_limiter_slide(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns) {
    struct exchange_slide *slide = &limiter->slides[subject];
    exchange_log_forget(&slide->admitted, now_ns - limiter->limit.interval_ns);
    exchange_log_forget(&slide->rejected, now_ns - limiter->limit.interval_ns);
    return exchange_log_sum(&slide->admitted) + exchange_log_sum(&slide->rejected);
}

static void add_to_slide(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns,
                         int64_t amount, bool rejected) {
    struct exchange_slide *slide = &limiter->slides[subject];
    exchange_limiter_slide(limiter, subject, now_ns);
    if (rejected) {
        exchange_log_add(&slide->rejected, now_ns - now_ns % MILLISECOND_NS, amount);
    } else {
        exchange_log_add(&slide->admitted, now_ns, amount);
    }
}

void exchange_limiter_add(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns,
                          int64_t amount, bool rejected) {
    assert(amount >= 0);
    if (amount == 0) {
        return;
    }
    if (limiter->slides != NULL) {
        add_to_slide(limiter, subject, now_ns, amount, rejected);
        return;
    }
    struct exchange_count *count = &limiter->counts[subject];
    if (count->start_ns != limiter->start_ns) {
        *count = (struct exchange_count){.start_ns = limiter->start_ns, .used = 0};
    }
    count->used += amount;
}

/* Whether a sliding window will still be in the way of `cost` at a later time. */
static bool blocks_at(const struct exchange_limiter *limiter, uint32_t subject, int64_t later_ns,
                      int64_t cost) {
    const struct exchange_slide *slide = &limiter->slides[subject];
    const int64_t after_ns = later_ns - limiter->limit.interval_ns;
    return exchange_limiter_blocks(limiter,
                                   exchange_log_sum_after(&slide->admitted, after_ns) +
                                       exchange_log_sum_after(&slide->rejected, after_ns),
                                   cost);
}

int64_t exchange_limiter_wait_s(struct exchange_limiter *limiter, uint32_t subject, int64_t now_ns,
                                int64_t cost) {
    if (!exchange_limiter_blocks(limiter, exchange_limiter_used(limiter, subject, now_ns), cost)) {
        return 0;
    }
    if (limiter->slides == NULL) {
        return (limiter->end_ns - now_ns + SECOND_NS - 1) / SECOND_NS;
    }
    int64_t low = 1;
    int64_t high = limiter->limit.interval_ns / SECOND_NS; /* everything has left by then */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (blocks_at(limiter, subject, now_ns + middle * SECOND_NS, cost)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
