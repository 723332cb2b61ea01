#ifndef WEIR_CORE_EVENT_RING_H
#define WEIR_CORE_EVENT_RING_H

#include "weir/policy.h"

#define WEIR_EVENT_RING_SIZE 64u

/** Unread changes of a policy's state. If nobody reads, the oldest are lost and counted. */
struct weir_event_ring {
    struct weir_event events[WEIR_EVENT_RING_SIZE];
    uint32_t first;
    uint32_t count;
    uint64_t lost; /**< since one was last taken */
    uint64_t lost_ever;
};

/** Adds an event; the oldest gives way if the ring is full. */
void weir_event_ring_add(struct weir_event_ring *ring, struct weir_event event);

/** Takes the oldest event; false if there is none. If some were lost, first comes an event
 *  "events_lost" with their number. */
bool weir_event_ring_take(struct weir_event_ring *ring, struct weir_event *event);

#endif
