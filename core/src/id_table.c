#include "id_table.h"

#include <assert.h>
#include <stdlib.h>

static uint32_t home_of(const struct weir_id_table *table, uint64_t id) {
    return (uint32_t)((id * UINT64_C(0x9E3779B97F4A7C15)) >> table->shift);
}

bool weir_id_table_init(struct weir_id_table *table, uint32_t capacity) {
    assert(capacity >= 1 && capacity <= UINT32_C(1) << 24);
    uint32_t bits = 1;
    while ((UINT32_C(1) << bits) < 2 * capacity) {
        bits++;
    }
    *table = (struct weir_id_table){
        .mask = (UINT32_C(1) << bits) - 1, .shift = 64 - bits, .capacity = capacity};
    table->entries = calloc((size_t)1 << bits, sizeof *table->entries);
    return table->entries != NULL;
}

void weir_id_table_free(struct weir_id_table *table) {
    free(table->entries);
    table->entries = NULL;
}

bool weir_id_table_add(struct weir_id_table *table, uint64_t id, uint64_t value) {
    assert(id != 0);
    if (table->count == table->capacity) {
        return false;
    }
    struct weir_id_entry *entry = weir_id_table_seek(table, id);
    assert(entry->id == 0);
    weir_id_table_put(table, entry, id, value);
    return true;
}

uint64_t *weir_id_table_find(const struct weir_id_table *table, uint64_t id) {
    struct weir_id_entry *entry = weir_id_table_seek(table, id);
    return id != 0 && entry->id == id ? &entry->value : NULL;
}

bool weir_id_table_remove(struct weir_id_table *table, uint64_t id) {
    uint32_t hole = (uint32_t)(weir_id_table_seek(table, id) - table->entries);
    if (id == 0 || table->entries[hole].id != id) {
        return false;
    }
    // Close the gap: an entry moves back if its home is not between the hole and itself.
    for (uint32_t next = (hole + 1) & table->mask; table->entries[next].id != 0;
         next = (next + 1) & table->mask) {
        uint32_t home = home_of(table, table->entries[next].id);
        if (((next - home) & table->mask) >= ((next - hole) & table->mask)) {
            table->entries[hole] = table->entries[next];
            hole = next;
        }
    }
    table->entries[hole].id = 0;
    assert(table->count > 0);
    table->count--;
    return true;
}
