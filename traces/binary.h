#ifndef WEIR_TRACES_BINARY_H
#define WEIR_TRACES_BINARY_H

#include <stdio.h>

#include "fields.h"
#include "source.h"
#include "symbols.h"
#include "trace.h"

/**
 * The binary form of a trace, `.weir`: a header of 64 bytes, 32 bytes a row, then the table of
 * symbols. Numbers are little-endian. docs/traces.md describes every byte. The rows are those of
 * struct weir_liquidation, so that a file is mapped and used as it lies.
 */

/** The first bytes of every binary trace. */
#define WEIR_BINARY_MAGIC "\x89WEIR\r\n\x1a"
#define WEIR_BINARY_MAGIC_SIZE 8

/** A binary trace, mapped into memory. Opaque. */
struct weir_binary;

/** Opens and maps a plain file; header and table of symbols are checked here, rows as they are
 *  read. NULL and `error` (which says what is damaged, and where) on failure. */
struct weir_binary *weir_binary_open(const char *path, struct weir_trace_error *error);

/** The same for a compressed source or a pipe, of which the magic was read already: its bytes go
 *  into a temporary file first. Takes the source over. */
struct weir_binary *weir_binary_unpack(struct weir_source *source, struct weir_trace_error *error);

/** NULL is allowed. */
void weir_binary_close(struct weir_binary *binary);

/** The next row, or NULL with `*failed` false at the end, or NULL with `*failed` true and `error`
 *  naming the row when it is damaged. The row is valid until the next call. */
const struct weir_liquidation *weir_binary_next(struct weir_binary *binary, bool *failed,
                                                struct weir_trace_error *error);

/** The next rows, as many as are checked at a time (some thousands); `*count` is 0 at the end.
 * False and `error` naming the row when one is damaged. They are valid until the next call. */
bool weir_binary_block(struct weir_binary *binary, const struct weir_liquidation **rows,
                       size_t *count, struct weir_trace_error *error);

/** Rows that were handed out. */
size_t weir_binary_position(const struct weir_binary *binary);

size_t weir_binary_row_count(const struct weir_binary *binary);

/** Name of a symbol of the table. Belongs to the map. */
const char *weir_binary_symbol(const struct weir_binary *binary, uint32_t symbol);

size_t weir_binary_symbol_count(const struct weir_binary *binary);

/** The unit in which times were recorded. */
enum weir_time_unit weir_binary_unit(const struct weir_binary *binary);

/** A checksum as far as it is computed: four lanes, each of every fourth eight bytes. */
struct weir_lanes {
    uint64_t a, b, c, d;
};

/** Writes a binary trace row by row into a stream that can be positioned. */
struct weir_binary_writer {
    FILE *stream;
    struct weir_symbols symbols;
    uint64_t row_count;
    struct weir_lanes lanes; /**< of the checksum of the rows */
    enum weir_time_unit unit;
};

/** Begins a file; the stream is borrowed. False when it cannot be written. */
bool weir_binary_begin(struct weir_binary_writer *writer, FILE *stream, enum weir_time_unit unit);

/** Adds a row. False when it cannot be written or memory is short. */
bool weir_binary_put(struct weir_binary_writer *writer, const struct weir_row *row);

/** Writes the table of symbols and the header, and frees what the writer holds. False when they
 *  cannot be written. */
bool weir_binary_end(struct weir_binary_writer *writer);

#endif
