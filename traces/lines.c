#include "lines.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "trace_error.h"

#define BUFFER_SIZE (WEIR_LINE_MAX + 65536)

struct weir_lines {
    struct weir_source *source;
    size_t number;
    size_t start; /**< of what was not handed out yet */
    size_t end;
    bool source_ended;
    char buffer[BUFFER_SIZE];
};

struct weir_lines *weir_lines_open(struct weir_source *source, const char *prefix,
                                   size_t prefix_size, struct weir_trace_error *error) {
    assert(prefix_size < BUFFER_SIZE);
    struct weir_lines *lines = malloc(sizeof *lines);
    if (lines == NULL) {
        weir_source_close(source);
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    lines->source = source;
    lines->number = 0;
    lines->start = 0;
    lines->end = prefix_size;
    memcpy(lines->buffer, prefix, prefix_size);
    lines->source_ended = false;
    return lines;
}

/** Reads more behind what is there; moves that to the front when there is no room. */
static bool read_more(struct weir_lines *lines, struct weir_trace_error *error) {
    if (lines->end == BUFFER_SIZE) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    assert(lines->end < BUFFER_SIZE);
    size_t got = 0;
    if (!weir_source_read(lines->source, lines->buffer + lines->end, BUFFER_SIZE - lines->end, &got,
                          error)) {
        return false;
    }
    lines->source_ended = got == 0;
    lines->end += got;
    return true;
}

/** Where the next line ends, or NULL when its end has not been read; `seen` bytes have no LF. */
static char *find_end(struct weir_lines *lines, size_t seen) {
    char *from = lines->buffer + lines->start + seen;
    return memchr(from, '\n', lines->end - lines->start - seen);
}

/** Drops the byte order mark and the CR of CRLF. */
static void trim(const struct weir_lines *lines, const char **line, size_t *length) {
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (lines->number == 1 && *length >= 3 && memcmp(*line, byte_order_mark, 3) == 0) {
        *line += 3;
        *length -= 3;
    }
    if (*length > 0 && (*line)[*length - 1] == '\r') {
        (*length)--;
    }
}

bool weir_lines_next(struct weir_lines *lines, const char **line, size_t *length,
                     struct weir_trace_error *error) {
    *line = NULL;
    *length = 0;
    char *line_end = find_end(lines, 0);
    while (line_end == NULL && !lines->source_ended && lines->end - lines->start <= WEIR_LINE_MAX) {
        const size_t seen = lines->end - lines->start;
        if (!read_more(lines, error)) {
            return false;
        }
        line_end = find_end(lines, seen);
    }
    const size_t left = lines->end - lines->start;
    if (line_end == NULL && left == 0) {
        return true;
    }
    lines->number++;
    const size_t size =
        line_end == NULL ? left : (size_t)(line_end - (lines->buffer + lines->start));
    if (size > WEIR_LINE_MAX) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                               "%s:%zu: line is longer than 1 MiB: not a trace",
                               weir_source_name(lines->source), lines->number);
    }
    *line = lines->buffer + lines->start;
    *length = size;
    lines->start += size + (line_end != NULL ? 1 : 0);
    trim(lines, line, length);
    return true;
}

size_t weir_lines_number(const struct weir_lines *lines) {
    return lines->number;
}

bool weir_lines_are_cut(const struct weir_lines *lines) {
    return weir_source_is_cut(lines->source);
}

const char *weir_lines_name(const struct weir_lines *lines) {
    return weir_source_name(lines->source);
}

void weir_lines_close(struct weir_lines *lines) {
    if (lines != NULL) {
        weir_source_close(lines->source);
        free(lines);
    }
}
