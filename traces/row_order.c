#include "row_order.h"

#include <assert.h>
#include <stdlib.h>

struct held {
    struct weir_row row;
    size_t line;
    uint64_t arrival;
};

struct weir_row_order {
    struct held *heap; /**< binary, the oldest first */
    size_t count, capacity;
    uint64_t arrivals;
    int64_t youngest_ns;
};

struct weir_row_order *weir_row_order_create(void) {
    return calloc(1, sizeof(struct weir_row_order));
}

void weir_row_order_free(struct weir_row_order *order) {
    if (order != NULL) {
        free(order->heap);
        free(order);
    }
}

static bool is_before(const struct held *a, const struct held *b) {
    return a->row.time_ns != b->row.time_ns ? a->row.time_ns < b->row.time_ns
                                            : a->arrival < b->arrival;
}

static void swap(struct held *a, struct held *b) {
    const struct held c = *a;
    *a = *b;
    *b = c;
}

static bool make_room(struct weir_row_order *order) {
    if (order->count < order->capacity) {
        return true;
    }
    const size_t capacity = order->capacity == 0 ? 256 : order->capacity * 2;
    struct held *heap = realloc(order->heap, capacity * sizeof *heap);
    if (heap == NULL) {
        return false;
    }
    order->heap = heap;
    order->capacity = capacity;
    return true;
}

bool weir_row_order_put(struct weir_row_order *order, const struct weir_row *row, size_t line) {
    assert(order->count < WEIR_ROW_ORDER_MAX);
    if (!make_room(order)) {
        return false;
    }
    size_t at = order->count++;
    order->heap[at] = (struct held){*row, line, order->arrivals++};
    while (at > 0 && is_before(&order->heap[at], &order->heap[(at - 1) / 2])) {
        swap(&order->heap[at], &order->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    if (order->arrivals == 1 || row->time_ns > order->youngest_ns) {
        order->youngest_ns = row->time_ns;
    }
    return true;
}

/** Puts the first of the heap where it belongs. */
static void sink(struct weir_row_order *order) {
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < order->count; child++) {
            if (is_before(&order->heap[child], &order->heap[least])) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        swap(&order->heap[at], &order->heap[least]);
        at = least;
    }
}

bool weir_row_order_take(struct weir_row_order *order, bool end, struct weir_row *row,
                         size_t *line) {
    if (order->count == 0) {
        return false;
    }
    const struct held *oldest = &order->heap[0];
    if (!end && order->count < WEIR_ROW_ORDER_MAX &&
        oldest->row.time_ns > order->youngest_ns - WEIR_ROW_ORDER_NS) {
        return false;
    }
    *row = oldest->row;
    *line = oldest->line;
    order->heap[0] = order->heap[--order->count];
    sink(order);
    return true;
}
