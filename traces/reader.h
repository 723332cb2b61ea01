#ifndef WEIR_TRACES_READER_H
#define WEIR_TRACES_READER_H

#include <stddef.h>

#include "fields.h"
#include "gaps.h"
#include "trace.h"

/**
 * A recording, row by row, in constant memory. The form is recognised by the first line that is
 * not blank:
 *
 * - CSV with a header. Columns may be in any order, others are passed over; case does not matter.
 *   time_ns, time_us, time_ms, time_s (or ts_…): the time since 1970 in that unit; timestamp:
 *   ISO 8601 with an offset, or microseconds when there is a column local_timestamp as well.
 *   symbol; side; price; quantity (or qty, amount). `price` is the price, whatever others there
 *   are.
 * - CSV of twelve columns without a header: a forceOrder stream as recorded (symbol, side, type,
 *   time in force, quantity, price, average price, status, last filled, filled, time in ms, USD).
 *   The average price is the price; USDT is appended to a symbol that names no quote currency; a
 *   row whose first eleven columns repeat those of one of the 64 rows before it counts once (the
 *   stream pushes a symbol at most once a second, so such a row was written twice).
 * - JSON, one value a line: forceOrder events {"e": "forceOrder", "o": {…}}, also wrapped in
 *   {"stream": …, "data": …} and also several in an array. The price is the average price `ap` when
 *   that is above 0, else `p`; time is o.T in ms.
 *
 * - the forms of other venues, and what this project writes: docs/traces.md lists all of them.
 *
 * - what `weir record` writes: forceOrder events and notes (recording_note.h). Rows of such a file
 *   may be up to ten seconds out of order, as they came, and are put in order; it may be without
 *   any; and it may be cut at its end, as a recorder that was killed leaves it.
 *
 * A byte order mark, CRLF, blank lines, gzip and zstd are accepted in all of them.
 */
struct weir_reader;

enum weir_reader_result {
    WEIR_READER_ROW,
    WEIR_READER_END,
    WEIR_READER_FAILED
};

/** Opens a file, or standard input for "-", and reads its header. NULL and `error` on failure. */
struct weir_reader *weir_reader_open(const char *path, const struct weir_read_options *options,
                                     struct weir_trace_error *error);

/**
 * The next row. Failures (`error`): a bad row (file, line, column, what would be right), time going
 * backwards, a file without rows, damaged compression. Under skip_bad, bad rows and rows that go
 * back in time are counted instead. After END or FAILED it must not be called again.
 */
enum weir_reader_result weir_reader_next(struct weir_reader *reader, struct weir_row *row,
                                         struct weir_trace_error *error);

/** Rows left out so far under skip_bad. */
size_t weir_reader_bad_rows(const struct weir_reader *reader);

/** Rows that a form is known to write twice, passed over so far. */
size_t weir_reader_repeated_rows(const struct weir_reader *reader);

/** Gaps that a recording tells of, so far. Belongs to the reader. */
const struct weir_gaps *weir_reader_gaps(const struct weir_reader *reader);

/** Whether a recording of `weir record` was cut at its end; known once the end was read. */
bool weir_reader_is_cut(const struct weir_reader *reader);

/** Line of the row that was read last, from 1 (of the binary form: its row). */
size_t weir_reader_line(const struct weir_reader *reader);

/** Name of what is read, for messages. Belongs to the reader. */
const char *weir_reader_path(const struct weir_reader *reader);

/** Names of the forms that can be asked for, and what they are; NULL after the last. */
const char *weir_reader_name(size_t i);
const char *weir_reader_what(size_t i);

/** NULL is allowed. */
void weir_reader_close(struct weir_reader *reader);

#endif
