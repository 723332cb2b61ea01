#include "pair_counts.h"

#include <stdlib.h>

bool weir_pair_counts_init(struct weir_pair_counts *table, size_t pairs) {
    table->slot_count = 16;
    while (table->slot_count < 2 * pairs) {
        table->slot_count *= 2;
    }
    table->keys = calloc(table->slot_count, sizeof *table->keys);
    table->counts = calloc(table->slot_count, sizeof *table->counts);
    if (table->keys != NULL && table->counts != NULL) {
        return true;
    }
    weir_pair_counts_clear(table);
    return false;
}

static uint64_t key_of(uint32_t a, uint32_t b) {
    return (((uint64_t)a << 32) | b) + 1;
}

/** The slot of a key, or the free one where it belongs. */
static size_t find_slot(const struct weir_pair_counts *table, uint64_t key) {
    uint64_t hash = key * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
    size_t i = (size_t)hash & (table->slot_count - 1);
    while (table->keys[i] != 0 && table->keys[i] != key) {
        i = (i + 1) & (table->slot_count - 1);
    }
    return i;
}

uint32_t weir_pair_count(const struct weir_pair_counts *table, uint32_t a, uint32_t b) {
    return table->counts[find_slot(table, key_of(a, b))];
}

uint32_t *weir_pair_counter(struct weir_pair_counts *table, uint32_t a, uint32_t b) {
    const uint64_t key = key_of(a, b);
    const size_t i = find_slot(table, key);
    table->keys[i] = key;
    return &table->counts[i];
}

void weir_pair_counts_clear(struct weir_pair_counts *table) {
    free(table->keys);
    free(table->counts);
    *table = (struct weir_pair_counts){NULL, NULL, 0};
}
