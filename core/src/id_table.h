#ifndef WEIR_CORE_ID_TABLE_H
#define WEIR_CORE_ID_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct weir_id_entry {
    uint64_t id; /**< 0: empty */
    uint64_t value;
};

/** A table from the ids of open requests (never 0) to one word each. Open addressing, twice as many
 *  places as ids, memory taken once. */
struct weir_id_table {
    struct weir_id_entry *entries;
    uint32_t mask;
    uint32_t shift;
    uint32_t count;
    uint32_t capacity;
};

/** Makes room for `capacity` ids (1 to 2^24); false if memory could not be had. */
bool weir_id_table_init(struct weir_id_table *table, uint32_t capacity);

void weir_id_table_free(struct weir_id_table *table);

/** Where the id is, or the empty place where it would go. Fibonacci hashing: spreads ids that are
 *  consecutive, as callers' ids are. */
static inline struct weir_id_entry *weir_id_table_seek(const struct weir_id_table *table,
                                                       uint64_t id) {
    uint32_t place = (uint32_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> table->shift);
    while (table->entries[place].id != 0 && table->entries[place].id != id) {
        place = (place + 1) & table->mask;
    }
    return &table->entries[place];
}

/** Adds an id at the place that was found for it, unless the table changed since. There is room. */
static inline void weir_id_table_put(struct weir_id_table *table, struct weir_id_entry *place,
                                     uint64_t id, uint64_t value) {
    *place = (struct weir_id_entry){.id = id, .value = value};
    table->count++;
}

/** Adds an id that is not in the table. False if the table is full. */
bool weir_id_table_add(struct weir_id_table *table, uint64_t id, uint64_t value);

/** The word of an id, or NULL. Valid until the next addition or removal. */
uint64_t *weir_id_table_find(const struct weir_id_table *table, uint64_t id);

/** Removes an id; false if it was not there. */
bool weir_id_table_remove(struct weir_id_table *table, uint64_t id);

#endif
