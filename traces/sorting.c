#include "sorting.h"

#include <stdlib.h>
#include <string.h>

#include "symbols.h"
#include "trace_error.h"

/** A row, and where it stood. */
struct placed {
    struct weir_liquidation row;
    size_t place;
};

struct rows {
    struct placed *list;
    size_t count;
    size_t capacity;
    struct weir_symbols symbols;
};

static int compare(const void *a, const void *b) {
    const struct placed *left = a;
    const struct placed *right = b;
    if (left->row.time_ns != right->row.time_ns) {
        return left->row.time_ns < right->row.time_ns ? -1 : 1;
    }
    return left->place < right->place ? -1 : left->place > right->place;
}

static bool append(struct rows *rows, const struct weir_row *row) {
    if (rows->count == rows->capacity) {
        const size_t capacity = rows->capacity == 0 ? 4096 : rows->capacity * 2;
        struct placed *list = realloc(rows->list, capacity * sizeof *list);
        if (list == NULL) {
            return false;
        }
        rows->list = list;
        rows->capacity = capacity;
    }
    struct placed *to = &rows->list[rows->count];
    *to = (struct placed){.row = {.time_ns = row->time_ns,
                                  .price = row->price.mantissa,
                                  .quantity = row->quantity.mantissa,
                                  .side = (uint8_t)row->side,
                                  .price_decimals = row->price.decimals,
                                  .quantity_decimals = row->quantity.decimals},
                          .place = rows->count};
    rows->count++;
    return weir_symbols_number(&rows->symbols, row->symbol, &to->row.symbol);
}

static bool write_sorted(const struct rows *rows, struct weir_writer *writer,
                         struct weir_trace_error *error) {
    for (size_t i = 0; i < rows->count; i++) {
        const struct weir_liquidation *from = &rows->list[i].row;
        struct weir_row row = {.time_ns = from->time_ns,
                               .price = {from->price, from->price_decimals},
                               .quantity = {from->quantity, from->quantity_decimals},
                               .side = (enum weir_side)from->side};
        const char *symbol = rows->symbols.names[from->symbol];
        memcpy(row.symbol, symbol, strlen(symbol) + 1);
        if (!weir_writer_put(writer, &row, error)) {
            return false;
        }
    }
    return true;
}

bool weir_sort_rows(struct weir_inflow *inflow, struct weir_writer *writer, size_t *count,
                    struct weir_trace_error *error) {
    struct rows rows = {NULL, 0, 0, {NULL, 0, 0, NULL, 0}};
    const struct weir_row *row = NULL;
    bool ok = true;
    while ((ok = weir_inflow_next(inflow, &row, error)) && row != NULL) {
        if (!append(&rows, row)) {
            ok = weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory after %zu rows",
                                 rows.count);
            break;
        }
    }
    if (ok && rows.count > 0) {
        qsort(rows.list, rows.count, sizeof *rows.list, compare);
        ok = write_sorted(&rows, writer, error);
    }
    *count = rows.count;
    free(rows.list);
    weir_symbols_clear(&rows.symbols);
    return ok;
}
