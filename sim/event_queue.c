#include "event_queue.h"

#include <assert.h>
#include <stdlib.h>

#define CHILDREN 4
#define KIND_SHIFT 56

__extension__ typedef unsigned __int128 weir_key;

static weir_key key(const struct weir_sim_event *event) {
    return ((weir_key)(uint64_t)event->time_ns << 64) | event->order;
}

bool weir_event_queue_open(struct weir_event_queue *queue, size_t capacity) {
    *queue = (struct weir_event_queue){.heap = calloc(capacity + 1, sizeof *queue->heap),
                                       .capacity = capacity + 1};
    return queue->heap != NULL;
}

void weir_event_queue_close(struct weir_event_queue *queue) {
    free(queue->heap);
    *queue = (struct weir_event_queue){0};
}

static bool make_room(struct weir_event_queue *queue) {
    if (queue->count < queue->capacity) {
        return true;
    }
    struct weir_sim_event *heap = realloc(queue->heap, 2 * queue->capacity * sizeof *heap);
    if (!heap) {
        queue->out_of_memory = true;
        return false;
    }
    queue->heap = heap;
    queue->capacity *= 2;
    return true;
}

void weir_event_queue_push(struct weir_event_queue *queue, int64_t time_ns, uint8_t kind,
                           uint64_t data) {
    assert(time_ns >= 0);
    if (!make_room(queue)) {
        return;
    }
    const struct weir_sim_event event = {
        time_ns, ((uint64_t)kind << KIND_SHIFT) | queue->next_sequence++, data};
    const weir_key k = key(&event);
    size_t hole = queue->count++;
    while (hole > 0) {
        const size_t parent = (hole - 1) / CHILDREN;
        if (key(&queue->heap[parent]) < k) {
            break;
        }
        queue->heap[hole] = queue->heap[parent];
        hole = parent;
    }
    queue->heap[hole] = event;
}

/** Position of the smallest child of `hole`; at least one exists. */
static size_t smallest_child(const struct weir_event_queue *queue, size_t hole) {
    const size_t first = CHILDREN * hole + 1;
    const size_t end = first + CHILDREN < queue->count ? first + CHILDREN : queue->count;
    size_t best = first;
    weir_key best_key = key(&queue->heap[first]);
    for (size_t i = first + 1; i < end; i++) {
        const weir_key k = key(&queue->heap[i]);
        best = k < best_key ? i : best;
        best_key = k < best_key ? k : best_key;
    }
    return best;
}

struct weir_sim_event weir_event_queue_pop(struct weir_event_queue *queue) {
    assert(queue->count > 0);
    const struct weir_sim_event first = queue->heap[0];
    const struct weir_sim_event last = queue->heap[--queue->count];
    const weir_key k = key(&last);
    size_t hole = 0;
    while (CHILDREN * hole + 1 < queue->count) {
        const size_t child = smallest_child(queue, hole);
        if (k < key(&queue->heap[child])) {
            break;
        }
        queue->heap[hole] = queue->heap[child];
        hole = child;
    }
    queue->heap[hole] = last;
    return first;
}

int64_t weir_event_queue_next_ns(const struct weir_event_queue *queue) {
    return queue->count ? queue->heap[0].time_ns : INT64_MAX;
}

uint8_t weir_event_kind(const struct weir_sim_event *event) {
    return (uint8_t)(event->order >> KIND_SHIFT);
}
