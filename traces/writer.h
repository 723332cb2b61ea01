#ifndef WEIR_TRACES_WRITER_H
#define WEIR_TRACES_WRITER_H

#include <stdio.h>

#include "fields.h"
#include "trace.h"

/** Writing a trace row by row, in constant memory. docs/traces.md describes the forms. */

enum weir_trace_form {
    WEIR_TRACE_FORM_CSV, /**< canonical: time_ms,symbol,side,price,quantity (or time_us, time_ns) */
    WEIR_TRACE_FORM_JSONL, /**< one object a line, the same names; price and quantity as text */
    WEIR_TRACE_FORM_BINARY
};

enum weir_packing {
    WEIR_PACKING_NONE,
    WEIR_PACKING_GZIP,
    WEIR_PACKING_ZSTD
};

struct weir_write_options {
    enum weir_trace_form form;
    enum weir_packing packing;
    enum weir_time_unit unit; /**< of times: ns, us or ms */
};

/** Form and packing by the ending of a file name: .csv, .jsonl (.ndjson), .weir; .gz or .zst after
 *  it. "-" is CSV. False when it is none of them. */
bool weir_form_of(const char *path, struct weir_write_options *options);

/** Opaque. */
struct weir_writer;

/** Begins to write into a stream, which is borrowed; for the plain binary form it must be one that
 *  can be positioned. `name` is for messages. NULL and `error` on failure. */
struct weir_writer *weir_writer_open(FILE *stream, const char *name,
                                     const struct weir_write_options *options,
                                     struct weir_trace_error *error);

/** Adds a row. False and `error` when the form cannot hold it (then the message names the row: a
 *  time finer than the unit) or the stream cannot be written. */
bool weir_writer_put(struct weir_writer *writer, const struct weir_row *row,
                     struct weir_trace_error *error);

/** Writes what is left and ends the packing. Frees the writer, also on failure. */
bool weir_writer_finish(struct weir_writer *writer, struct weir_trace_error *error);

/** Frees a writer that will not be finished; NULL is allowed. */
void weir_writer_drop(struct weir_writer *writer);

#endif
