#include "slots.h"

#include <assert.h>
#include <stdlib.h>

#define NOWHERE UINT32_MAX

/** Units in one slot that may use the same slots. */
struct parcel {
    uint32_t first, last;
    int64_t amount;
};

/** A slot or a group, as a place on an augmenting path. */
struct node {
    int64_t left;       /* of its capacity */
    int64_t used;       /* slots only */
    uint64_t seen;      /* number of the search that came here last */
    uint32_t from;      /* node that it came from, NOWHERE for where it began */
    uint32_t next_open; /* slots: itself, or a later one that may be open (union-find) */
    struct parcel *parcels;
    uint32_t parcel_count, parcel_capacity;
};

struct weir_slots {
    struct node *nodes; /* slots, then groups */
    uint32_t *queue;    /* of the search */
    uint32_t count, per_group;
    uint64_t searches;
    bool failed;
};

static uint32_t group_of(const struct weir_slots *slots, uint32_t slot) {
    return slots->count + slot / slots->per_group;
}

struct weir_slots *weir_slots_create(size_t count, size_t per_group, const int64_t *slot_capacity,
                                     const int64_t *group_capacity) {
    assert(count > 0 && per_group > 0 && count < UINT32_MAX / 2);
    const size_t groups = (count + per_group - 1) / per_group;
    struct weir_slots *slots = calloc(1, sizeof *slots);
    if (!slots) {
        return NULL;
    }
    slots->count = (uint32_t)count;
    slots->per_group = (uint32_t)per_group;
    slots->nodes = calloc(count + groups, sizeof *slots->nodes);
    slots->queue = calloc(count + groups, sizeof *slots->queue);
    if (!slots->nodes || !slots->queue) {
        slots->count = 0;
        weir_slots_destroy(slots);
        return NULL;
    }
    for (size_t i = 0; i < count + groups; i++) {
        const int64_t *capacity = i < count ? slot_capacity : group_capacity;
        const int64_t left = capacity ? capacity[i < count ? i : i - count] : WEIR_SLOTS_UNLIMITED;
        slots->nodes[i].left = left < 0 ? 0 : left;
        slots->nodes[i].next_open = (uint32_t)i;
    }
    return slots;
}

void weir_slots_destroy(struct weir_slots *slots) {
    if (slots) {
        for (size_t i = 0; i < slots->count; i++) {
            free(slots->nodes[i].parcels);
        }
        free(slots->nodes);
        free(slots->queue);
        free(slots);
    }
}

bool weir_slots_failed(const struct weir_slots *slots) {
    return slots->failed;
}

/** The first slot from `slot` on that may be open; `count` if none. */
static uint32_t open_from(struct weir_slots *slots, uint32_t slot) {
    uint32_t root = slot;
    while (root < slots->count && slots->nodes[root].next_open != root) {
        root = slots->nodes[root].next_open;
    }
    while (slot < root) {
        const uint32_t next = slots->nodes[slot].next_open;
        slots->nodes[slot].next_open = root;
        slot = next;
    }
    return root;
}

static bool is_open(const struct weir_slots *slots, uint32_t slot) {
    return slots->nodes[slot].next_open == slot;
}

/** Puts units that can move into a slot's list; those that cannot are only counted. */
static void add_parcel(struct weir_slots *slots, uint32_t slot, uint32_t first, uint32_t last,
                       int64_t amount) {
    struct node *node = &slots->nodes[slot];
    if (first == last) {
        return;
    }
    for (uint32_t i = 0; i < node->parcel_count; i++) {
        if (node->parcels[i].first == first && node->parcels[i].last == last) {
            node->parcels[i].amount += amount;
            return;
        }
    }
    if (node->parcel_count == node->parcel_capacity) {
        const uint32_t capacity = node->parcel_capacity ? 2 * node->parcel_capacity : 4;
        struct parcel *parcels = realloc(node->parcels, capacity * sizeof *parcels);
        if (!parcels) {
            slots->failed = true;
            return;
        }
        node->parcels = parcels;
        node->parcel_capacity = capacity;
    }
    node->parcels[node->parcel_count++] = (struct parcel){first, last, amount};
}

/** A parcel of slot `from` whose units may use slot `to`; NULL if there is none. */
static struct parcel *parcel_towards(const struct weir_slots *slots, uint32_t from, uint32_t to) {
    const struct node *node = &slots->nodes[from];
    for (uint32_t i = 0; i < node->parcel_count; i++) {
        struct parcel *p = &node->parcels[i];
        if (p->amount > 0 && p->first <= to && to <= p->last) {
            return p;
        }
    }
    return NULL;
}

/* ---- the search for an augmenting path ---- */

struct search {
    uint32_t head, tail; /* of the queue */
};

static void visit(struct weir_slots *slots, struct search *search, uint32_t node, uint32_t from) {
    if (slots->nodes[node].seen != slots->searches) {
        slots->nodes[node].seen = slots->searches;
        slots->nodes[node].from = from;
        slots->queue[search->tail++] = node;
    }
}

/** From a slot: to its group if it has room itself, and to wherever its units could move. */
static void leave_slot(struct weir_slots *slots, struct search *search, uint32_t slot) {
    const struct node *node = &slots->nodes[slot];
    if (node->left > 0) {
        visit(slots, search, group_of(slots, slot), slot);
    }
    for (uint32_t i = 0; i < node->parcel_count; i++) {
        const struct parcel *p = &node->parcels[i];
        for (uint32_t to = open_from(slots, p->first); p->amount > 0 && to <= p->last;
             to = open_from(slots, to + 1)) {
            visit(slots, search, to, slot);
        }
    }
}

/** From a full group: back to its slots, whose units would have to leave it. */
static void leave_group(struct weir_slots *slots, struct search *search, uint32_t group) {
    const uint32_t first = (group - slots->count) * slots->per_group;
    for (uint32_t slot = first; slot < first + slots->per_group && slot < slots->count; slot++) {
        if (slots->nodes[slot].used > 0 && is_open(slots, slot)) {
            visit(slots, search, slot, group);
        }
    }
}

/** A group with room that can be reached from the slots first .. last, or NOWHERE: then every slot
 *  that was reached is closed, for no unit will ever find room through it again. */
static uint32_t find_room(struct weir_slots *slots, uint32_t first, uint32_t last) {
    struct search search = {0, 0};
    slots->searches++;
    for (uint32_t s = open_from(slots, first); s <= last; s = open_from(slots, s + 1)) {
        visit(slots, &search, s, NOWHERE);
    }
    while (search.head < search.tail) {
        const uint32_t node = slots->queue[search.head++];
        if (node < slots->count) {
            leave_slot(slots, &search, node);
        } else if (slots->nodes[node].left > 0) {
            return node;
        } else {
            leave_group(slots, &search, node);
        }
    }
    for (uint32_t i = 0; i < search.tail; i++) {
        const uint32_t node = slots->queue[i];
        if (node < slots->count) {
            slots->nodes[node].next_open = node + 1;
        }
    }
    return NOWHERE;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/** How many units the path that ends at `node` can carry, at most `amount`. */
static int64_t narrowest(const struct weir_slots *slots, uint32_t node, int64_t amount) {
    amount = smaller(amount, slots->nodes[node].left);
    for (uint32_t from = slots->nodes[node].from; from != NOWHERE;
         node = from, from = slots->nodes[node].from) {
        if (node >= slots->count) {
            amount = smaller(amount, slots->nodes[from].left);
        } else if (from >= slots->count) {
            amount = smaller(amount, slots->nodes[node].used);
        } else {
            amount = smaller(amount, parcel_towards(slots, from, node)->amount);
        }
    }
    return amount;
}

/** Moves units of slot `from` that may use slot `to` there: in the lists; counts are kept by who
 *  walks the path. */
static void move(struct weir_slots *slots, uint32_t from, uint32_t to, int64_t amount) {
    struct parcel *p = parcel_towards(slots, from, to);
    p->amount -= amount;
    const struct parcel moved = *p;
    if (p->amount == 0) {
        struct node *node = &slots->nodes[from];
        *p = node->parcels[--node->parcel_count];
    }
    add_parcel(slots, to, moved.first, moved.last, amount);
}

/** Sends units along the path that ends at a group with room; returns the slot where it began. */
static uint32_t walk(struct weir_slots *slots, uint32_t node, int64_t amount) {
    slots->nodes[node].left -= amount;
    uint32_t from = slots->nodes[node].from;
    for (; from != NOWHERE; node = from, from = slots->nodes[node].from) {
        if (node >= slots->count) {
            slots->nodes[from].left -= amount;
            slots->nodes[from].used += amount;
        } else if (from >= slots->count) {
            slots->nodes[node].left += amount;
            slots->nodes[node].used -= amount;
        } else {
            move(slots, from, node, amount);
        }
    }
    return node;
}

static void put(struct weir_slots *slots, uint32_t slot, int64_t amount) {
    slots->nodes[slot].left -= amount;
    slots->nodes[slot].used += amount;
    slots->nodes[group_of(slots, slot)].left -= amount;
}

int64_t weir_slots_take(struct weir_slots *slots, uint32_t first, uint32_t last, int64_t amount) {
    assert(first <= last && last < slots->count);
    int64_t taken = 0;
    for (uint32_t s = open_from(slots, first); s <= last && taken < amount;
         s = open_from(slots, s + 1)) {
        const int64_t room = smaller(slots->nodes[s].left, slots->nodes[group_of(slots, s)].left);
        const int64_t more = smaller(room, amount - taken);
        if (more > 0) {
            put(slots, s, more);
            add_parcel(slots, s, first, last, more);
            taken += more;
        }
    }
    while (taken < amount && !slots->failed) {
        const uint32_t group = find_room(slots, first, last);
        if (group == NOWHERE) {
            break;
        }
        const int64_t more = narrowest(slots, group, amount - taken);
        assert(more > 0);
        add_parcel(slots, walk(slots, group, more), first, last, more);
        taken += more;
    }
    return taken;
}

uint32_t weir_slots_place(struct weir_slots *slots, uint32_t first, uint32_t last) {
    if (first == last) {
        return first;
    }
    for (uint32_t s = first; s <= last; s++) {
        struct node *node = &slots->nodes[s];
        for (uint32_t i = 0; i < node->parcel_count; i++) {
            struct parcel *p = &node->parcels[i];
            if (p->first == first && p->last == last && p->amount > 0) {
                p->amount--;
                return s;
            }
        }
    }
    return NOWHERE;
}
