#ifndef WEIR_TRACES_LINES_H
#define WEIR_TRACES_LINES_H

#include <stddef.h>

#include "source.h"

/** Longest line that is read, without its end. */
#define WEIR_LINE_MAX ((size_t)1 << 20)

/** Lines of a source. Opaque; memory is bounded by WEIR_LINE_MAX. */
struct weir_lines;

/** Takes the source over, also when it fails (WEIR_TRACE_NO_MEMORY). `prefix` are bytes that were
 *  read from it already. */
struct weir_lines *weir_lines_open(struct weir_source *source, const char *prefix,
                                   size_t prefix_size, struct weir_trace_error *error);

/**
 * The next line, without LF or CRLF, and without a byte order mark on the first line. It stays
 * valid until the next call. `*line` is NULL at the end. False and `error` on failure: as
 * weir_source_read, or a line is too long.
 */
bool weir_lines_next(struct weir_lines *lines, const char **line, size_t *length,
                     struct weir_trace_error *error);

/** Number of the line that was read last, from 1. */
size_t weir_lines_number(const struct weir_lines *lines);

/** Whether reading failed because compressed data end in mid-frame; all whole lines before were
 *  handed out. */
bool weir_lines_are_cut(const struct weir_lines *lines);

/** The name of the source, for messages. */
const char *weir_lines_name(const struct weir_lines *lines);

/** Closes the source as well; NULL is allowed. */
void weir_lines_close(struct weir_lines *lines);

#endif
