#include <assert.h>
#include <stdlib.h>

#include "weir_state.h"

static int64_t key_of(const struct weir *weir, const struct weir_heap *heap, uint32_t position) {
    const struct weir_slot *slot = &weir->slots[heap->slots[position]];
    return heap->by_deadline ? slot->deadline_ns : slot->escalate_ns;
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
        if (key_of(weir, heap, parent) <= key_of(weir, heap, position)) {
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
        if (child + 1 < heap->count && key_of(weir, heap, child + 1) < key_of(weir, heap, child)) {
            child++;
        }
        if (key_of(weir, heap, position) <= key_of(weir, heap, child)) {
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

static bool heap_init(struct weir_heap *heap, uint32_t capacity, bool by_deadline) {
    heap->slots = malloc(capacity * sizeof *heap->slots);
    heap->positions = malloc(capacity * sizeof *heap->positions);
    heap->by_deadline = by_deadline;
    if (!heap->slots || !heap->positions) {
        return false;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        heap->positions[i] = WEIR_NO_SLOT;
    }
    return true;
}

bool weir_queue_init(struct weir *weir, const struct weir_config *config, uint32_t capacity) {
    uint32_t count = config->max_open;
    weir->queue.capacity = capacity;
    weir->slot_count = count;
    weir->slots = calloc(count, sizeof *weir->slots);
    bool made = weir_id_table_init(&weir->ids, count);
    made = heap_init(&weir->queue.deadlines, count, true) && made;
    made = heap_init(&weir->queue.escalations, count, false) && made;
    if (!made || !weir->slots) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        weir->slots[i].next = i + 1 < count ? i + 1 : WEIR_NO_SLOT;
    }
    weir->free_slot = 0;
    for (size_t i = 0; i < WEIR_PRIORITIES; i++) {
        weir->queue.classes[i] = (struct weir_list){.head = WEIR_NO_SLOT, .tail = WEIR_NO_SLOT};
    }
    return true;
}

void weir_queue_free(struct weir *weir) {
    free(weir->slots);
    free(weir->queue.deadlines.slots);
    free(weir->queue.deadlines.positions);
    free(weir->queue.escalations.slots);
    free(weir->queue.escalations.positions);
    weir_id_table_free(&weir->ids);
}

uint32_t weir_slot_take(struct weir *weir, const struct weir_request *request,
                        struct weir_cost cost) {
    uint32_t index = weir->free_slot;
    if (index == WEIR_NO_SLOT || weir_id_table_find(&weir->ids, request->id)) {
        return WEIR_NO_SLOT;
    }
    struct weir_slot *slot = &weir->slots[index];
    assert(slot->place == WEIR_PLACE_FREE);
    weir->free_slot = slot->next;
    slot->id = request->id;
    slot->cost = cost;
    slot->priority = request->priority;
    slot->deadline_ns = request->deadline_ns;
    slot->escalate_ns = request->escalate_ns;
    slot->next = WEIR_NO_SLOT;
    slot->previous = WEIR_NO_SLOT;
    (void)weir_id_table_add(&weir->ids, request->id, index);
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

bool weir_queue_add(struct weir *weir, uint32_t index) {
    struct weir_slot *slot = &weir->slots[index];
    struct weir_list *list = &weir->queue.classes[slot->priority];
    if (list->count >= weir->queue.capacity) {
        return false;
    }
    slot->place = WEIR_PLACE_QUEUED;
    append(weir, list, index);
    if (weir->use.deadlines && slot->deadline_ns != WEIR_NEVER) {
        heap_add(weir, &weir->queue.deadlines, index);
    }
    if (slot->priority != WEIR_CRITICAL && slot->escalate_ns != WEIR_NEVER) {
        heap_add(weir, &weir->queue.escalations, index);
    }
    return true;
}

void weir_queue_remove(struct weir *weir, uint32_t index) {
    const struct weir_slot *slot = &weir->slots[index];
    assert(slot->place == WEIR_PLACE_QUEUED);
    unlink_slot(weir, &weir->queue.classes[slot->priority], index);
    heap_remove(weir, &weir->queue.deadlines, index);
    heap_remove(weir, &weir->queue.escalations, index);
}

void weir_queue_escalate(struct weir *weir) {
    for (;;) {
        uint32_t index = weir_heap_first(&weir->queue.escalations);
        if (index == WEIR_NO_SLOT || weir->slots[index].escalate_ns > weir->now_ns) {
            return;
        }
        struct weir_slot *slot = &weir->slots[index];
        heap_remove(weir, &weir->queue.escalations, index);
        unlink_slot(weir, &weir->queue.classes[slot->priority], index);
        slot->priority = WEIR_CRITICAL;
        append(weir, &weir->queue.classes[WEIR_CRITICAL], index);
    }
}
