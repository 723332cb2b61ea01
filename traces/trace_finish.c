#include "trace_finish.h"

#include <assert.h>
#include <stdlib.h>

#include "decimal.h"
#include "symbols.h"

#define UNSEEN UINT32_MAX

/** Finaliser of splitmix64: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t absorb(uint64_t digest, uint64_t word) {
    return mix(digest + 0x9e3779b97f4a7c15u + word);
}

/** Equal values give equal digests, however many trailing zeros they are written with. */
static uint64_t absorb_decimal(uint64_t digest, int64_t mantissa, uint8_t decimals) {
    const struct weir_decimal value = weir_decimal_strip((struct weir_decimal){mantissa, decimals});
    return absorb(absorb(digest, (uint64_t)value.mantissa), value.decimals);
}

static uint64_t digest_rows(const struct weir_trace *trace, const uint64_t *name_hash) {
    uint64_t digest = absorb(0, trace->row_count);
    for (size_t i = 0; i < trace->row_count; i++) {
        const struct weir_liquidation *row = &trace->rows[i];
        assert(i == 0 || trace->rows[i - 1].time_ns <= row->time_ns);
        assert(row->price > 0 && row->quantity > 0);
        digest = absorb(digest, (uint64_t)row->time_ns);
        digest = absorb(digest, name_hash[row->symbol] + row->side);
        digest = absorb_decimal(digest, row->price, row->price_decimals);
        digest = absorb_decimal(digest, row->quantity, row->quantity_decimals);
    }
    return digest;
}

/** Renumbers the rows; `order` gets the old number of each new one. Returns how many there are. */
static size_t renumber(struct weir_trace *trace, uint32_t *new_number, uint32_t *order) {
    for (size_t s = 0; s < trace->symbol_count; s++) {
        new_number[s] = UNSEEN;
    }
    uint32_t count = 0;
    for (size_t i = 0; i < trace->row_count; i++) {
        uint32_t *number = &new_number[trace->rows[i].symbol];
        if (*number == UNSEEN) {
            order[count] = trace->rows[i].symbol;
            *number = count++;
        }
        trace->rows[i].symbol = *number;
    }
    return count;
}

/** Puts the names into their new places and frees those that no row has. */
static void reorder_names(struct weir_trace *trace, char **names, const uint32_t *order,
                          size_t count) {
    for (size_t s = 0; s < count; s++) {
        names[s] = trace->symbols[order[s]];
        trace->symbols[order[s]] = NULL;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        free(trace->symbols[s]);
    }
    free(trace->symbols);
    trace->symbols = names;
    trace->symbol_count = count;
}

bool weir_trace_finish(struct weir_trace *trace) {
    assert(trace->row_count > 0 && trace->symbol_count > 0);
    uint32_t *new_number = calloc(trace->symbol_count, sizeof *new_number);
    uint32_t *order = calloc(trace->symbol_count, sizeof *order);
    uint64_t *name_hash = calloc(trace->symbol_count, sizeof *name_hash);
    char **names = calloc(trace->symbol_count, sizeof *names);
    const bool ok = new_number != NULL && order != NULL && name_hash != NULL && names != NULL;
    if (ok) {
        reorder_names(trace, names, order, renumber(trace, new_number, order));
        for (size_t s = 0; s < trace->symbol_count; s++) {
            name_hash[s] = weir_symbol_hash(trace->symbols[s]);
        }
        trace->digest = digest_rows(trace, name_hash);
    } else {
        free(names);
    }
    free(new_number);
    free(order);
    free(name_hash);
    return ok;
}
