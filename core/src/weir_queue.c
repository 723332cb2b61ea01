#include <assert.h>
#include <stdlib.h>

#include "weir_state.h"

/** Whether slot `a` comes before slot `b` in a heap's order. */
static bool before(const struct weir *weir, const struct weir_heap *heap, uint32_t a, uint32_t b) {
    const struct weir_slot *left = &weir->slots[a];
    const struct weir_slot *right = &weir->slots[b];
    switch (heap->order) {
    case WEIR_BY_DEADLINE:
        return left->deadline_ns < right->deadline_ns;
    case WEIR_BY_ESCALATION:
        return left->escalate_ns < right->escalate_ns;
    case WEIR_BY_LACK:
        return left->value < right->value ||
               (left->value <= right->value && left->sequence > right->sequence);
    case WEIR_BY_VALUE:
        break;
    }
    return left->value > right->value ||
           (left->value >= right->value && left->sequence < right->sequence);
}

static bool in_order(const struct weir *weir, const struct weir_heap *heap, uint32_t upper,
                     uint32_t lower) {
    return !before(weir, heap, heap->slots[lower], heap->slots[upper]);
}

static void place(struct weir_heap *heap, uint32_t position, uint32_t index) {
    heap->slots[position] = index;
    heap->positions[index] = position;
}

static void swap(struct weir_heap *heap, uint32_t a, uint32_t b) {
    uint32_t index = heap->slots[a];
    place(heap, a, heap->slots[b]);
    place(heap, b, index);
}

static void rise(const struct weir *weir, struct weir_heap *heap, uint32_t position) {
    while (position > 0) {
        uint32_t parent = (position - 1) / 2;
        if (in_order(weir, heap, parent, position)) {
            return;
        }
        swap(heap, parent, position);
        position = parent;
    }
}

static void sink(const struct weir *weir, struct weir_heap *heap, uint32_t position) {
    for (;;) {
        uint32_t child = 2 * position + 1;
        if (child >= heap->count) {
            return;
        }
        if (child + 1 < heap->count && !in_order(weir, heap, child, child + 1)) {
            child++;
        }
        if (in_order(weir, heap, position, child)) {
            return;
        }
        swap(heap, position, child);
        position = child;
    }
}

static void heap_add(const struct weir *weir, struct weir_heap *heap, uint32_t index) {
    place(heap, heap->count, index);
    heap->count++;
    rise(weir, heap, heap->count - 1);
}

/** Takes a slot out, if it is in. */
static void heap_remove(const struct weir *weir, struct weir_heap *heap, uint32_t index) {
    uint32_t position = heap->positions[index];
    if (position == WEIR_NO_SLOT) {
        return;
    }
    assert(position < heap->count && heap->slots[position] == index);
    heap->count--;
    heap->positions[index] = WEIR_NO_SLOT;
    if (position < heap->count) {
        place(heap, position, heap->slots[heap->count]);
        rise(weir, heap, position);
        sink(weir, heap, position);
    }
}

uint32_t weir_heap_first(const struct weir_heap *heap) {
    return heap->count > 0 ? heap->slots[0] : WEIR_NO_SLOT;
}

static bool heap_init(struct weir_heap *heap, uint32_t capacity, enum weir_order order) {
    heap->slots = malloc(capacity * sizeof *heap->slots);
    heap->positions = malloc(capacity * sizeof *heap->positions);
    heap->order = order;
    if (!heap->slots || !heap->positions) {
        return false;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        heap->positions[i] = WEIR_NO_SLOT;
    }
    return true;
}

bool weir_queue_init(struct weir *weir, const struct weir_config *config) {
    uint32_t count = config->max_open;
    weir->slot_count = count;
    weir->slots = calloc(count, sizeof *weir->slots);
    bool made = weir_id_table_init(&weir->ids, count);
    made = heap_init(&weir->queue.deadlines, count, WEIR_BY_DEADLINE) && made;
    made = heap_init(&weir->queue.escalations, count, WEIR_BY_ESCALATION) && made;
    made = heap_init(&weir->queue.values, count, WEIR_BY_VALUE) && made;
    made = heap_init(&weir->queue.lacks, count, WEIR_BY_LACK) && made;
    if (!made || !weir->slots) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        weir->slots[i].next = i + 1 < count ? i + 1 : WEIR_NO_SLOT;
    }
    weir->free_slot = 0;
    for (size_t i = 0; i < WEIR_LANES; i++) {
        weir->queue.lanes[i] = (struct weir_list){.head = WEIR_NO_SLOT, .tail = WEIR_NO_SLOT};
    }
    return true;
}

void weir_queue_free(struct weir *weir) {
    free(weir->slots);
    free(weir->queue.deadlines.slots);
    free(weir->queue.deadlines.positions);
    free(weir->queue.escalations.slots);
    free(weir->queue.escalations.positions);
    free(weir->queue.values.slots);
    free(weir->queue.values.positions);
    free(weir->queue.lacks.slots);
    free(weir->queue.lacks.positions);
    weir_id_table_free(&weir->ids);
}

uint32_t weir_slot_take(struct weir *weir, const struct weir_request *request,
                        struct weir_cost cost, enum weir_priority priority,
                        struct weir_id_entry *entry) {
    uint32_t index = weir->free_slot;
    assert(index != WEIR_NO_SLOT && entry->id == 0);
    struct weir_slot *slot = &weir->slots[index];
    assert(slot->place == WEIR_PLACE_FREE);
    weir->free_slot = slot->next;
    slot->id = request->id;
    slot->cost = cost;
    slot->priority = priority;
    slot->entry = weir_is_entry(weir, request->priority, request->value);
    slot->dragged = weir->use.priorities && request->priority == WEIR_NORMAL;
    slot->evicted = false;
    slot->outbid = false;
    slot->value = request->value;
    slot->sequence = weir->queue.arrivals++;
    slot->deadline_ns = request->deadline_ns;
    slot->escalate_ns = request->escalate_ns;
    slot->next = WEIR_NO_SLOT;
    slot->previous = WEIR_NO_SLOT;
    weir_id_table_put(&weir->ids, entry, request->id, index);
    return index;
}

void weir_slot_return(struct weir *weir, uint32_t index) {
    struct weir_slot *slot = &weir->slots[index];
    (void)weir_id_table_remove(&weir->ids, slot->id);
    slot->id = 0;
    slot->place = WEIR_PLACE_FREE;
    slot->next = weir->free_slot;
    weir->free_slot = index;
}

static void append(struct weir *weir, struct weir_list *list, uint32_t index) {
    struct weir_slot *slot = &weir->slots[index];
    slot->next = WEIR_NO_SLOT;
    slot->previous = list->tail;
    if (list->tail == WEIR_NO_SLOT) {
        list->head = index;
    } else {
        weir->slots[list->tail].next = index;
    }
    list->tail = index;
    list->count++;
}

static void unlink_slot(struct weir *weir, struct weir_list *list, uint32_t index) {
    const struct weir_slot *slot = &weir->slots[index];
    if (slot->previous == WEIR_NO_SLOT) {
        list->head = slot->next;
    } else {
        weir->slots[slot->previous].next = slot->next;
    }
    if (slot->next == WEIR_NO_SLOT) {
        list->tail = slot->previous;
    } else {
        weir->slots[slot->next].previous = slot->previous;
    }
    assert(list->count > 0);
    list->count--;
}

enum weir_lane weir_lane_of(const struct weir_slot *slot) {
    if (slot->evicted && slot->priority == WEIR_CRITICAL && !slot->dragged) {
        return WEIR_LANE_EVICTED;
    }
    return weir_lane_for(slot->priority, slot->dragged, slot->entry);
}

/** Keeps the sum of what waits of entries' followers. */
static void count_dragged(struct weir *weir, const struct weir_slot *slot, int64_t sign) {
    if (slot->dragged) {
        weir->demand.change += weir->demand.accepted > 0;
        weir->queue.dragged[WEIR_LIMIT_WEIGHT] += sign * slot->cost.weight;
        weir->queue.dragged[WEIR_LIMIT_ORDERS] += sign * slot->cost.orders;
    }
}

/** Makes room for an entry if one that waits is worth less; that one is over. */
static bool evict(struct weir *weir, double value) {
    uint32_t worst = weir_heap_first(&weir->queue.lacks);
    if (worst == WEIR_NO_SLOT || weir->slots[worst].value >= value) {
        return false;
    }
    weir_queue_remove(weir, worst);
    weir->slots[worst].evicted = true;
    append(weir, &weir->queue.lanes[WEIR_LANE_EVICTED], worst);
    return true;
}

bool weir_queue_add(struct weir *weir, uint32_t index) {
    struct weir_slot *slot = &weir->slots[index];
    struct weir_list *list = &weir->queue.lanes[weir_lane_of(slot)];
    if (list->count >= weir->queue.capacity && !(slot->entry && evict(weir, slot->value))) {
        return false;
    }
    slot->place = WEIR_PLACE_QUEUED;
    slot->queued_ns = weir->now_ns;
    append(weir, list, index);
    if (weir->use.deadlines && slot->deadline_ns != WEIR_NEVER) {
        heap_add(weir, &weir->queue.deadlines, index);
    }
    if (slot->priority != WEIR_CRITICAL && slot->escalate_ns != WEIR_NEVER) {
        heap_add(weir, &weir->queue.escalations, index);
        weir->quiet_until_ns = weir_earlier(weir->quiet_until_ns, slot->escalate_ns);
    }
    if (slot->entry) {
        heap_add(weir, &weir->queue.values, index);
        heap_add(weir, &weir->queue.lacks, index);
    }
    count_dragged(weir, slot, 1);
    return true;
}

void weir_queue_remove(struct weir *weir, uint32_t index) {
    const struct weir_slot *slot = &weir->slots[index];
    assert(slot->place == WEIR_PLACE_QUEUED);
    unlink_slot(weir, &weir->queue.lanes[weir_lane_of(slot)], index);
    heap_remove(weir, &weir->queue.deadlines, index);
    heap_remove(weir, &weir->queue.escalations, index);
    heap_remove(weir, &weir->queue.values, index);
    heap_remove(weir, &weir->queue.lacks, index);
    count_dragged(weir, slot, -1);
}

void weir_queue_escalate(struct weir *weir) {
    for (;;) {
        uint32_t index = weir_heap_first(&weir->queue.escalations);
        if (index == WEIR_NO_SLOT || weir->slots[index].escalate_ns > weir->now_ns) {
            return;
        }
        struct weir_slot *slot = &weir->slots[index];
        heap_remove(weir, &weir->queue.escalations, index);
        unlink_slot(weir, &weir->queue.lanes[weir_lane_of(slot)], index);
        slot->priority = WEIR_CRITICAL;
        append(weir, &weir->queue.lanes[weir_lane_of(slot)], index);
    }
}
