#include "symbols.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 256

uint64_t weir_symbol_hash(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    }
    return hash;
}

/** The slot that holds the name, or the free one where it belongs. */
static size_t find_slot(const struct weir_symbols *symbols, const char *name) {
    size_t i = (size_t)weir_symbol_hash(name) & (symbols->slot_count - 1);
    while (symbols->slots[i] != 0 && strcmp(symbols->names[symbols->slots[i] - 1], name) != 0) {
        i = (i + 1) & (symbols->slot_count - 1);
    }
    return i;
}

/** Keeps the table at most half full. */
static bool grow_slots(struct weir_symbols *symbols) {
    if (symbols->count * 2 < symbols->slot_count) {
        return true;
    }
    const size_t slot_count = symbols->slot_count == 0 ? SLOTS_FIRST : symbols->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(symbols->slots);
    symbols->slots = slots;
    symbols->slot_count = slot_count;
    for (size_t i = 0; i < symbols->count; i++) {
        slots[find_slot(symbols, symbols->names[i])] = (uint32_t)i + 1;
    }
    return true;
}

static bool grow_names(struct weir_symbols *symbols) {
    if (symbols->count < symbols->capacity) {
        return true;
    }
    const size_t capacity = symbols->capacity == 0 ? SLOTS_FIRST : symbols->capacity * 2;
    char **names = realloc(symbols->names, capacity * sizeof *names);
    if (names == NULL) {
        return false;
    }
    symbols->names = names;
    symbols->capacity = capacity;
    return true;
}

bool weir_symbols_number(struct weir_symbols *symbols, const char *name, uint32_t *number) {
    if (!grow_slots(symbols) || !grow_names(symbols)) {
        return false;
    }
    const size_t slot = find_slot(symbols, name);
    if (symbols->slots[slot] == 0) {
        char *copy = strdup(name);
        if (copy == NULL) {
            return false;
        }
        symbols->names[symbols->count++] = copy;
        symbols->slots[slot] = (uint32_t)symbols->count;
    }
    *number = symbols->slots[slot] - 1;
    return true;
}

void weir_symbols_clear(struct weir_symbols *symbols) {
    for (size_t i = 0; i < symbols->count; i++) {
        free(symbols->names[i]);
    }
    free(symbols->names);
    free(symbols->slots);
    *symbols = (struct weir_symbols){NULL, 0, 0, NULL, 0};
}
