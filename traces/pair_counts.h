#ifndef WEIR_TRACES_PAIR_COUNTS_H
#define WEIR_TRACES_PAIR_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Counts by pairs of numbers (bin, symbol), of which only few occur: a hash table. */
struct weir_pair_counts {
    uint64_t *keys; /**< pair + 1; 0 is free */
    uint32_t *counts;
    size_t slot_count; /**< a power of two, above twice the pairs */
};

/** Room for `pairs` different pairs. False when there is no memory. */
bool weir_pair_counts_init(struct weir_pair_counts *table, size_t pairs);

/** The count of a pair; 0 for one that was never counted. */
uint32_t weir_pair_count(const struct weir_pair_counts *table, uint32_t a, uint32_t b);

/** The count of a pair, to be changed; takes room for it. */
uint32_t *weir_pair_counter(struct weir_pair_counts *table, uint32_t a, uint32_t b);

void weir_pair_counts_clear(struct weir_pair_counts *table);

#endif
