#include <assert.h>

#include "weir_state.h"

void weir_history_init(struct weir_history *history, int64_t interval_ns, int64_t now_ns) {
    *history = (struct weir_history){
        .base_ns = now_ns,
        .interval_ns = interval_ns,
        // Two buckets are spare: an item leaves up to one bucket after its interval.
        .width_ns = interval_ns / (WEIR_HISTORY_BUCKETS - 2) + 1,
        .head = -1,
        .tail = 0,
    };
}

static int64_t *bucket(struct weir_history *history, int64_t number) {
    return &history->buckets[(uint64_t)number % WEIR_HISTORY_BUCKETS];
}

static int64_t leaves_ns(const struct weir_history *history, int64_t number) {
    return history->base_ns + (number + 1) * history->width_ns + history->interval_ns;
}

void weir_history_advance(struct weir_history *history, int64_t now_ns) {
    while (history->tail <= history->head && leaves_ns(history, history->tail) <= now_ns) {
        int64_t *oldest = bucket(history, history->tail);
        history->total -= *oldest;
        *oldest = 0;
        history->tail++;
    }
}

int64_t weir_history_next_ns(const struct weir_history *history) {
    return history->tail <= history->head ? leaves_ns(history, history->tail) : WEIR_NEVER;
}

void weir_history_add_later(struct weir_history *history, int64_t now_ns, int64_t amount) {
    weir_history_advance(history, now_ns);
    bool in_newest = history->tail <= history->head &&
                     now_ns < history->base_ns + (history->head + 1) * history->width_ns;
    if (!in_newest) {
        int64_t number = (now_ns - history->base_ns) / history->width_ns;
        if (history->tail > history->head) {
            history->tail = number;
        }
        history->head = number;
    }
    assert(history->head - history->tail < (int64_t)WEIR_HISTORY_BUCKETS);
    *bucket(history, history->head) += amount;
    history->total += amount;
    history->quiet_until_ns = weir_earlier(
        history->base_ns + (history->head + 1) * history->width_ns, weir_history_next_ns(history));
}

int64_t weir_history_since(const struct weir_history *history, int64_t from_ns) {
    int64_t sum = 0;
    for (int64_t number = history->head; number >= history->tail; number--) {
        if (history->base_ns + (number + 1) * history->width_ns <= from_ns) {
            break;
        }
        sum += history->buckets[(uint64_t)number % WEIR_HISTORY_BUCKETS];
    }
    return sum;
}

int64_t weir_history_gone_ns(const struct weir_history *history, int64_t amount) {
    int64_t sum = 0;
    for (int64_t number = history->tail; number <= history->head; number++) {
        sum += history->buckets[(uint64_t)number % WEIR_HISTORY_BUCKETS];
        if (sum >= amount) {
            return leaves_ns(history, number);
        }
    }
    return WEIR_NEVER;
}

int64_t weir_history_left(const struct weir_history *history, int64_t now_ns) {
    int64_t left = history->total;
    for (int64_t number = history->tail;
         number <= history->head && leaves_ns(history, number) <= now_ns; number++) {
        left -= history->buckets[(uint64_t)number % WEIR_HISTORY_BUCKETS];
    }
    return left;
}
