#ifndef WEIR_TRACES_SYMBOLS_H
#define WEIR_TRACES_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Names and their numbers, in order of first appearance. Start with all zeros. */
struct weir_symbols {
    char **names; /**< each owned */
    size_t count;
    size_t capacity;
    uint32_t *slots; /**< open addressing; number + 1, 0 is free */
    size_t slot_count;
};

/** The number of a name, new or known. False when there is no memory. */
bool weir_symbols_number(struct weir_symbols *symbols, const char *name, uint32_t *number);

void weir_symbols_clear(struct weir_symbols *symbols);

/** 64-bit FNV-1a of a name. */
uint64_t weir_symbol_hash(const char *name);

#endif
