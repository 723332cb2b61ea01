#ifndef WEIR_CORE_ID_TABLE_H
#define WEIR_CORE_ID_TABLE_H

#include <stdbool.h>
#include <stdint.h>

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

/** Adds an id that is not in the table. False if the table is full. */
bool weir_id_table_add(struct weir_id_table *table, uint64_t id, uint64_t value);

/** The word of an id, or NULL. Valid until the next addition or removal. */
uint64_t *weir_id_table_find(const struct weir_id_table *table, uint64_t id);

/** Removes an id; false if it was not there. */
bool weir_id_table_remove(struct weir_id_table *table, uint64_t id);

#endif
