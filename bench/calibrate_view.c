#include "calibrate_view.h"

#include <stdlib.h>

int64_t weir_log_end_ns(const struct weir_logged_request *q) {
    return q->answered_ns == INT64_MAX ? q->sent_ns + WEIR_MINUTE_NS : q->answered_ns;
}

/** What qsort compares is too little for it: the ends are handed over in an array of pairs. */
struct end {
    int64_t end_ns;
    uint32_t number;
};

static int by_end(const void *left, const void *right) {
    const struct end *a = left;
    const struct end *b = right;
    if (a->end_ns != b->end_ns) {
        return a->end_ns < b->end_ns ? -1 : 1;
    }
    return (a->number > b->number) - (a->number < b->number);
}

static bool sort_ends(struct weir_log_view *view) {
    struct end *ends = calloc(view->count + 1, sizeof *ends);
    if (!ends) {
        return false;
    }
    for (size_t i = 0; i < view->count; i++) {
        ends[i] = (struct end){weir_log_end_ns(&view->q[i]), (uint32_t)i};
    }
    qsort(ends, view->count, sizeof *ends, by_end);
    for (size_t i = 0; i < view->count; i++) {
        view->by_end[i] = ends[i].number;
    }
    free(ends);
    return true;
}

static int64_t accepted_weight(const struct weir_logged_request *q) {
    return q->status == 200 ? q->cost.weight : 0;
}

int64_t weir_log_most_orders(const struct weir_logged_request *q) {
    return q->params.count > 0 && q->cost.orders < 5 ? 5 : q->cost.orders;
}

static int64_t limited(const struct weir_logged_request *q) {
    return q->status == 429;
}

static void add_up(const struct weir_log_view *view, int64_t *sent, int64_t *end,
                   int64_t (*of)(const struct weir_logged_request *)) {
    for (size_t i = 0; i < view->count; i++) {
        sent[i + 1] = sent[i] + of(&view->q[i]);
        end[i + 1] = end[i] + of(&view->q[view->by_end[i]]);
    }
}

bool weir_log_view_open(struct weir_log_view *view, const struct weir_request_log *log) {
    const size_t n = log->count + 1;
    *view = (struct weir_log_view){.q = log->requests, .count = log->count};
    view->by_end = calloc(n, sizeof *view->by_end);
    int64_t **const arrays[] = {&view->busy_until,  &view->weight_sent, &view->weight_end,
                                &view->orders_sent, &view->orders_end,  &view->limited_sent,
                                &view->limited_end};
    bool ok = view->by_end != NULL;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        *arrays[i] = calloc(n, sizeof **arrays[i]);
        ok = ok && *arrays[i];
    }
    if (!ok || !sort_ends(view)) {
        return false;
    }
    int64_t latest_ns = 0;
    for (size_t i = 0; i < view->count; i++) {
        const int64_t end_ns = weir_log_end_ns(&view->q[i]);
        latest_ns = end_ns > latest_ns ? end_ns : latest_ns;
        view->busy_until[i] = latest_ns;
    }
    add_up(view, view->weight_sent, view->weight_end, accepted_weight);
    add_up(view, view->orders_sent, view->orders_end, weir_log_most_orders);
    add_up(view, view->limited_sent, view->limited_end, limited);
    return true;
}

void weir_log_view_close(struct weir_log_view *view) {
    free(view->by_end);
    free(view->busy_until);
    free(view->weight_sent);
    free(view->weight_end);
    free(view->orders_sent);
    free(view->orders_end);
    free(view->limited_sent);
    free(view->limited_end);
}

int64_t weir_log_sent_before(const struct weir_log_view *view, const int64_t *sums,
                             int64_t before_ns) {
    size_t low = 0;
    size_t high = view->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (view->q[middle].sent_ns < before_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return sums[low];
}

int64_t weir_log_ended_by(const struct weir_log_view *view, const int64_t *sums, int64_t by_ns) {
    size_t low = 0;
    size_t high = view->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (weir_log_end_ns(&view->q[view->by_end[middle]]) <= by_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return sums[low];
}

bool weir_log_is_lone_pair(const struct weir_log_view *view, size_t i) {
    const struct weir_logged_request *p = &view->q[i];
    const struct weir_logged_request *b = p + 1;
    return i + 1 < view->count && p->answered_ns <= b->sent_ns && b->answered_ns != INT64_MAX &&
           (i == 0 || view->busy_until[i - 1] <= p->sent_ns) &&
           (i + 2 == view->count || view->q[i + 2].sent_ns >= b->answered_ns);
}
