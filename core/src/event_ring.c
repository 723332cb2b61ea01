#include "event_ring.h"

void weir_event_ring_add(struct weir_event_ring *ring, struct weir_event event) {
    if (ring->count == WEIR_EVENT_RING_SIZE) {
        ring->first = (ring->first + 1) % WEIR_EVENT_RING_SIZE;
        ring->count--;
        ring->lost++;
        ring->lost_ever++;
    }
    ring->events[(ring->first + ring->count) % WEIR_EVENT_RING_SIZE] = event;
    ring->count++;
}

bool weir_event_ring_take(struct weir_event_ring *ring, struct weir_event *event) {
    if (ring->lost > 0) {
        *event = (struct weir_event){.time_ns = ring->events[ring->first].time_ns,
                                     .what = "events_lost",
                                     .number = (double)ring->lost,
                                     .until_ns = WEIR_NEVER};
        ring->lost = 0;
        return true;
    }
    if (ring->count == 0) {
        return false;
    }
    *event = ring->events[ring->first];
    ring->first = (ring->first + 1) % WEIR_EVENT_RING_SIZE;
    ring->count--;
    return true;
}
