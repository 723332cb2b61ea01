#ifndef WEIR_TRACES_FIELDS_H
#define WEIR_TRACES_FIELDS_H

#include <stddef.h>

#include "decimal.h"
#include "trace.h"

/** Most characters of a symbol. */
#define WEIR_SYMBOL_MAX 32

/** How a time is written. */
enum weir_time_unit {
    WEIR_TIME_NS,
    WEIR_TIME_US,
    WEIR_TIME_MS,
    WEIR_TIME_S,
    WEIR_TIME_ISO /**< 2025-10-16T10:59:57.387908+00:00; offset or Z needed */
};

/** One row of a recording. */
struct weir_row {
    int64_t time_ns;
    struct weir_decimal price;
    struct weir_decimal quantity;
    enum weir_side side;
    enum weir_time_unit unit; /**< in which the time was written; WEIR_TIME_NS at the finest */
    char symbol[WEIR_SYMBOL_MAX + 1];
};

/** What is wrong with one row: in words, with the column or key. */
struct weir_row_fault {
    char text[320];
};

/** A text of a row and where it comes from. */
struct weir_field {
    const char *column; /**< name for messages */
    const char *text;   /**< need not end with NUL */
    size_t length;
};

/**
 * Each reads one field into the row. False and `fault` when it is malformed or out of range:
 * times from 2010 to 2099, prices and quantities above 0 and at most 1e15, sides BUY or SELL in any
 * case, symbols of 1 to 32 characters A-Z a-z 0-9 _ . - : /
 */
bool weir_field_time(struct weir_field field, enum weir_time_unit unit, struct weir_row *row,
                     struct weir_row_fault *fault);
bool weir_field_symbol(struct weir_field field, struct weir_row *row, struct weir_row_fault *fault);
bool weir_field_side(struct weir_field field, struct weir_row *row, struct weir_row_fault *fault);
bool weir_field_price(struct weir_field field, struct weir_row *row, struct weir_row_fault *fault);
bool weir_field_quantity(struct weir_field field, struct weir_row *row,
                         struct weir_row_fault *fault);

/** Whether `length` characters at `text` make up a symbol. */
bool weir_is_symbol(const char *text, size_t length);

/** Reads an ISO 8601 time with offset or Z, at most nine digits after the second. Returns NULL, or
 *  what is wrong. */
const char *weir_parse_iso_time(const char *text, size_t length, int64_t *time_ns);

/** Enough for the text of any time and its final NUL. */
#define WEIR_TIME_TEXT_SIZE 40

/** Writes a time since 1970 as 2025-10-10T21:15:00.123Z: milliseconds, or nanoseconds if it has
 *  them. */
void weir_format_iso_time(int64_t time_ns, char text[WEIR_TIME_TEXT_SIZE]);

/** Words for a fault that belongs to no single field. Always returns false. */
__attribute__((format(printf, 2, 3))) bool weir_row_fails(struct weir_row_fault *fault,
                                                          const char *format, ...);

#endif
