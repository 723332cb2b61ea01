/**
 * The ring behind a sliding window.
 */
#include "exchange_log.h"

#include <assert.h>
#include <stdlib.h>

bool exchange_log_make(struct exchange_log *log, size_t capacity) {
    size_t room = 1;
    while (room < capacity) {
        room *= 2;
    }
    *log = (struct exchange_log){.entries = calloc(room, sizeof *log->entries), .mask = room - 1};
    return log->entries != NULL;
}

void exchange_log_free(struct exchange_log *log) {
    free(log->entries);
    log->entries = NULL;
}

void exchange_log_clear(struct exchange_log *log) {
    log->first = 0;
    log->end = 0;
    log->total = 0;
    log->gone = 0;
}

void exchange_log_add(struct exchange_log *log, int64_t time_ns, int64_t amount) {
    assert(log->entries != NULL && amount > 0);
    log->total += amount;
    if (log->end > log->first) {
        struct exchange_log_entry *newest = &log->entries[(log->end - 1) & log->mask];
        assert(newest->time_ns <= time_ns);
        if (newest->time_ns == time_ns) {
            newest->sum = log->total;
            return;
        }
    }
    assert(log->end - log->first <= log->mask);
    log->entries[log->end & log->mask] =
        (struct exchange_log_entry){.time_ns = time_ns, .sum = log->total};
    log->end++;
}

void exchange_log_forget(struct exchange_log *log, int64_t until_ns) {
    while (log->first < log->end && log->entries[log->first & log->mask].time_ns <= until_ns) {
        log->gone = log->entries[log->first & log->mask].sum;
        log->first++;
    }
}

int64_t exchange_log_sum_after(const struct exchange_log *log, int64_t after_ns) {
    uint64_t low = log->first;
    uint64_t high = log->end;
    while (low < high) { /* the first entry later than after_ns is in [low, high] */
        const uint64_t middle = low + (high - low) / 2;
        if (log->entries[middle & log->mask].time_ns <= after_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return log->total - (low == log->first ? log->gone : log->entries[(low - 1) & log->mask].sum);
}
