#ifndef WEIR_SIM_PROGRAM_LINE_H
#define WEIR_SIM_PROGRAM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * A line of JSON that is written piece by piece into memory taken once. What does not fit is left
 * out and noted.
 */
struct weir_line {
    char *bytes;
    size_t used, capacity;
    bool overflow;
};

/** Adds text as it is: keys, brackets, commas. */
void weir_line_raw(struct weir_line *line, const char *text);

/** Adds bytes as they are. */
void weir_line_bytes(struct weir_line *line, const char *bytes, size_t count);

/** Adds a text in quotes, with its quotes, backslashes and control characters escaped. Bytes that
 *  are not UTF-8 become '?', so that any program can read the line. */
void weir_line_text(struct weir_line *line, const char *text, size_t length);

/** Adds ,"key":number. */
void weir_line_integer(struct weir_line *line, const char *key, int64_t value);
void weir_line_number(struct weir_line *line, const char *key, double value);

/** Adds ,"key":"text" or ,"key":true. */
void weir_line_word(struct weir_line *line, const char *key, const char *text);
void weir_line_flag(struct weir_line *line, const char *key, bool value);

#endif
