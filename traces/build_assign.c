#include "build.h"
#include "pair_counts.h"

#include <assert.h>
#include <stdlib.h>

#define NONE UINT32_MAX

/** A bin that still has free places, in a heap: the one that lacks most notional is on top. */
struct open_bin {
    double lacking_usd;
    uint32_t bin;
};

struct sized_slot {
    double usd;
    uint32_t slot;
};

/** State of the assignment. */
struct assignment {
    struct weir_build *build;
    struct open_bin *heap;
    uint32_t heap_count;
    uint32_t *filled;              /**< places taken, by bin */
    uint32_t *bin_of;              /**< of a slot, or NONE */
    uint32_t per_bin_max;          /**< of one symbol */
    struct weir_pair_counts pairs; /**< slots by bin and symbol */
    struct open_bin *aside;        /**< bins that were taken off the heap for one slot */
    struct sized_slot *slots;      /**< by size, the largest first */
    uint32_t *row_of;              /**< of a slot */
};

/** Larger first; equal ones in the order of their slots. */
static int compare_slots(const void *a, const void *b) {
    const struct sized_slot *left = a;
    const struct sized_slot *right = b;
    if (left->usd != right->usd) {
        return left->usd > right->usd ? -1 : 1;
    }
    return left->slot < right->slot ? -1 : left->slot > right->slot;
}

static bool above(const struct open_bin *a, const struct open_bin *b) {
    return a->lacking_usd > b->lacking_usd || (a->lacking_usd >= b->lacking_usd && a->bin < b->bin);
}

static void push(struct assignment *a, struct open_bin bin) {
    uint32_t i = a->heap_count++;
    while (i > 0 && above(&bin, &a->heap[(i - 1) / 2])) {
        a->heap[i] = a->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    a->heap[i] = bin;
}

static struct open_bin pop(struct assignment *a) {
    assert(a->heap_count > 0);
    const struct open_bin top = a->heap[0];
    const struct open_bin last = a->heap[--a->heap_count];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= a->heap_count) {
            break;
        }
        if (child + 1 < a->heap_count && above(&a->heap[child + 1], &a->heap[child])) {
            child++;
        }
        if (!above(&a->heap[child], &last)) {
            break;
        }
        a->heap[i] = a->heap[child];
        i = child;
    }
    a->heap[i] = last;
    return top;
}

/** How many slots of this slot's symbol the bin has. */
static uint32_t count_in_bin(const struct assignment *a, uint32_t slot, uint32_t bin) {
    return weir_pair_count(&a->pairs, bin, a->build->slot_symbol[slot]);
}

/** Notes that the slot lies in the bin, and no longer in the one where it was. */
static void move_to(struct assignment *a, uint32_t slot, uint32_t bin) {
    const uint32_t symbol = a->build->slot_symbol[slot];
    if (a->bin_of[slot] != NONE) {
        (*weir_pair_counter(&a->pairs, a->bin_of[slot], symbol))--;
    }
    (*weir_pair_counter(&a->pairs, bin, symbol))++;
    a->bin_of[slot] = bin;
}

/** Whether the bin can take one more of the slot's symbol. */
static bool has_room(const struct assignment *a, uint32_t slot, uint32_t bin) {
    return count_in_bin(a, slot, bin) < a->per_bin_max;
}

/** Puts the slot into the bin that lacks most among those with room for its symbol; when none has,
 *  into the one that lacks most of all. */
static void place(struct assignment *a, const struct sized_slot *sized) {
    struct weir_build *build = a->build;
    uint32_t set_aside = 0;
    struct open_bin chosen = pop(a);
    while (a->heap_count > 0 && !has_room(a, sized->slot, chosen.bin)) {
        a->aside[set_aside++] = chosen;
        chosen = pop(a);
    }
    if (set_aside > 0 && !has_room(a, sized->slot, chosen.bin)) {
        a->aside[set_aside++] = chosen;
        chosen = a->aside[0];
        a->aside[0] = a->aside[--set_aside];
    }
    for (uint32_t i = 0; i < set_aside; i++) {
        push(a, a->aside[i]);
    }
    move_to(a, sized->slot, chosen.bin);
    const uint32_t row = build->bin_first[chosen.bin] + a->filled[chosen.bin]++;
    build->row_slot[row] = sized->slot;
    a->row_of[sized->slot] = row;
    if (row + 1 < build->bin_first[chosen.bin + 1]) {
        chosen.lacking_usd -= sized->usd;
        push(a, chosen);
    }
}

/** How many pushes of one symbol fit a bin. */
static uint32_t most_per_bin(const struct weir_profile *profile) {
    if (profile->throttle_ms <= 0.0) {
        return UINT32_MAX;
    }
    /* drawn times do not lie a throttle apart, so only half as many as could */
    const double most = (double)profile->bin_s * 1000.0 / profile->throttle_ms / 2.0;
    return most < 1.0 ? 1 : (uint32_t)most;
}

/** Whether the slots of two bins may change places without either having too many after it. */
static bool may_exchange(const struct assignment *a, uint32_t slot, uint32_t other) {
    return a->bin_of[slot] != a->bin_of[other] && has_room(a, slot, a->bin_of[other]) &&
           has_room(a, other, a->bin_of[slot]);
}

static void exchange(struct assignment *a, uint32_t slot, uint32_t other) {
    const uint32_t row = a->row_of[slot];
    const uint32_t other_row = a->row_of[other];
    const uint32_t bin = a->bin_of[slot];
    a->build->row_slot[row] = other;
    a->build->row_slot[other_row] = slot;
    a->row_of[slot] = other_row;
    a->row_of[other] = row;
    move_to(a, slot, a->bin_of[other]);
    move_to(a, other, bin);
}

/** Exchanges the slot of this rank, of which its bin has too many, for the one nearest in size that
 *  may come in its place. If there is none it stays. */
static void move_away(struct assignment *a, uint32_t rank) {
    const uint32_t count = a->build->count;
    const uint32_t slot = a->slots[rank].slot;
    for (uint32_t distance = 1; distance < count; distance++) {
        if (rank + distance < count && may_exchange(a, slot, a->slots[rank + distance].slot)) {
            exchange(a, slot, a->slots[rank + distance].slot);
            return;
        }
        if (distance <= rank && may_exchange(a, slot, a->slots[rank - distance].slot)) {
            exchange(a, slot, a->slots[rank - distance].slot);
            return;
        }
    }
}

/** Mends the bins that had to take more of a symbol than fit. */
static void mend(struct assignment *a) {
    for (uint32_t rank = 0; rank < a->build->count; rank++) {
        const uint32_t slot = a->slots[rank].slot;
        if (count_in_bin(a, slot, a->bin_of[slot]) > a->per_bin_max) {
            move_away(a, rank);
        }
    }
}

static void assign(struct assignment *a, const double *bin_usd) {
    struct weir_build *build = a->build;
    for (uint32_t slot = 0; slot < build->count; slot++) {
        a->slots[slot] = (struct sized_slot){build->slot_usd[slot], slot};
        a->bin_of[slot] = NONE;
    }
    qsort(a->slots, build->count, sizeof *a->slots, compare_slots);
    for (uint32_t bin = 0; bin < build->profile->bin_count; bin++) {
        push(a, (struct open_bin){bin_usd[bin], bin});
    }
    for (uint32_t i = 0; i < build->count; i++) {
        place(a, &a->slots[i]);
    }
    assert(a->heap_count == 0);
    mend(a);
}

bool weir_build_assign(struct weir_build *build, const double *bin_usd) {
    const size_t bins = build->profile->bin_count;
    struct assignment a = {.build = build,
                           .heap = malloc(bins * sizeof(struct open_bin)),
                           .aside = malloc(bins * sizeof(struct open_bin)),
                           .filled = calloc(bins, sizeof(uint32_t)),
                           .bin_of = malloc(build->count * sizeof(uint32_t)),
                           .slots = malloc(build->count * sizeof(struct sized_slot)),
                           .row_of = malloc(build->count * sizeof(uint32_t)),
                           .per_bin_max = most_per_bin(build->profile)};
    /* each slot adds one pair, and each exchange at most two, of which there are fewer than slots
     */
    const bool ok = weir_pair_counts_init(&a.pairs, 3 * (size_t)build->count) && a.heap != NULL &&
                    a.aside != NULL && a.filled != NULL && a.bin_of != NULL && a.slots != NULL &&
                    a.row_of != NULL;
    if (ok) {
        assign(&a, bin_usd);
    }
    weir_pair_counts_clear(&a.pairs);
    free(a.heap);
    free(a.aside);
    free(a.filled);
    free(a.bin_of);
    free(a.slots);
    free(a.row_of);
    return ok;
}
