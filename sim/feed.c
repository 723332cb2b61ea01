#include "feed.h"

#include <stdlib.h>

/** What is waiting to be pushed, or was pushed last, for one symbol. */
struct stretch {
    int64_t start_ns;
    uint32_t row; /* the liquidation that will be pushed at the end */
    double notional_usd;
    int open;
};

/** Start of the stretch that a liquidation at `time_ns` opens. */
static int64_t stretch_start(const struct weir_feed_settings *settings, int64_t throttle_ns,
                             int64_t time_ns) {
    if (settings->align == WEIR_ALIGN_EVENT) {
        return time_ns;
    }
    int64_t rest = time_ns % throttle_ns;
    rest += rest < 0 ? throttle_ns : 0;
    return time_ns - rest;
}

static int compare_pushes(const void *left, const void *right) {
    const struct weir_push *a = left;
    const struct weir_push *b = right;
    if (a->pushed_ns != b->pushed_ns) {
        return a->pushed_ns < b->pushed_ns ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

/** `first`: a liquidation that opens a stretch is pushed at once, the rest of it is lost. */
static size_t keep_first(const struct weir_feed_settings *settings, const struct weir_trace *trace,
                         int64_t shift_ns, struct stretch *stretches, struct weir_push *pushes) {
    const int64_t throttle_ns = (int64_t)(settings->throttle_ms * 1e6);
    size_t count = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        const int64_t time_ns = trace->rows[i].time_ns + shift_ns;
        struct stretch *s = &stretches[trace->rows[i].symbol];
        if (s->open && time_ns < s->start_ns + throttle_ns) {
            continue;
        }
        s->open = 1;
        s->start_ns = throttle_ns > 0 ? stretch_start(settings, throttle_ns, time_ns) : time_ns;
        pushes[count++] = (struct weir_push){.pushed_ns = time_ns, .row = (uint32_t)i};
    }
    return count;
}

/** `latest` and `largest`: one of the stretch is pushed at its end. */
static size_t keep_one(const struct weir_feed_settings *settings, const struct weir_trace *trace,
                       int64_t shift_ns, struct stretch *stretches, struct weir_push *pushes) {
    const int64_t throttle_ns = (int64_t)(settings->throttle_ms * 1e6);
    size_t count = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        const int64_t time_ns = trace->rows[i].time_ns + shift_ns;
        const double notional_usd = weir_liquidation_notional_usd(&trace->rows[i]);
        struct stretch *s = &stretches[trace->rows[i].symbol];
        if (s->open && time_ns >= s->start_ns + throttle_ns) {
            pushes[count++] =
                (struct weir_push){.pushed_ns = s->start_ns + throttle_ns, .row = s->row};
            s->open = 0;
        }
        if (!s->open) {
            *s = (struct stretch){stretch_start(settings, throttle_ns, time_ns), (uint32_t)i,
                                  notional_usd, 1};
        } else if (settings->keep == WEIR_KEEP_LATEST || notional_usd > s->notional_usd) {
            s->row = (uint32_t)i;
            s->notional_usd = notional_usd;
        }
    }
    for (size_t symbol = 0; symbol < trace->symbol_count; symbol++) {
        const struct stretch *s = &stretches[symbol];
        if (s->open) {
            pushes[count++] =
                (struct weir_push){.pushed_ns = s->start_ns + throttle_ns, .row = s->row};
        }
    }
    qsort(pushes, count, sizeof *pushes, compare_pushes);
    return count;
}

size_t weir_feed_throttle(const struct weir_feed_settings *settings, const struct weir_trace *trace,
                          int64_t shift_ns, struct weir_push *pushes) {
    struct stretch *stretches = calloc(trace->symbol_count + 1, sizeof *stretches);
    if (!stretches) {
        return SIZE_MAX;
    }
    /* less than a nanosecond is no throttle */
    const int at_once = settings->keep == WEIR_KEEP_FIRST || settings->throttle_ms * 1e6 < 1.0;
    const size_t count =
        (at_once ? keep_first : keep_one)(settings, trace, shift_ns, stretches, pushes);
    free(stretches);
    return count;
}
