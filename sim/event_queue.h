#ifndef WEIR_SIM_EVENT_QUEUE_H
#define WEIR_SIM_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Pending events in a total order: (time, kind, sequence). Two events never compare equal, so the
 * order does not depend on the heap. A 4-ary heap of 24-byte events; the key is compared as one
 * 128-bit integer.
 */

struct weir_sim_event {
    int64_t time_ns; /**< at least 0 */
    uint64_t order;  /**< kind in the upper 8 bits, sequence in the rest */
    uint64_t data;
};

struct weir_event_queue {
    struct weir_sim_event *heap;
    size_t count, capacity;
    uint64_t next_sequence;
    bool out_of_memory; /**< it could not grow: an event was lost, the run has failed */
};

/** Room for `capacity` events at first. False if memory is short. */
bool weir_event_queue_open(struct weir_event_queue *queue, size_t capacity);
void weir_event_queue_close(struct weir_event_queue *queue);

/** Adds an event; at equal times lower kinds come first, then those added first. O(log n). */
void weir_event_queue_push(struct weir_event_queue *queue, int64_t time_ns, uint8_t kind,
                           uint64_t data);

/** Takes the first event. The queue must not be empty. O(log n). */
struct weir_sim_event weir_event_queue_pop(struct weir_event_queue *queue);

/** Time of the first event, or INT64_MAX. */
int64_t weir_event_queue_next_ns(const struct weir_event_queue *queue);

/** Kind of an event. */
uint8_t weir_event_kind(const struct weir_sim_event *event);

#endif
