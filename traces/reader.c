#include "reader.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "reader_csv.h"
#include "reader_json.h"
#include "trace_error.h"

struct weir_reader {
    struct weir_lines *lines;
    struct weir_csv *csv;   /**< either this … */
    struct weir_json *json; /**< … or this */
    const char *line;       /**< read but not used yet, or NULL */
    size_t line_length;
    bool needs_line; /**< all of the last one is used up */
    bool skip_bad;
    bool ended;
    size_t rows;
    size_t bad_rows;
    int64_t last_ns;
    size_t last_line;
};

enum step_result {
    STEP_ROW,
    STEP_NOTHING, /**< go on with the next line */
    STEP_BAD
};

static bool is_blank(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (line[i] != ' ' && line[i] != '\t') {
            return false;
        }
    }
    return true;
}

/** Reads lines until one is not blank; reader->line is NULL at the end. */
static bool read_line(struct weir_reader *reader, struct weir_trace_error *error) {
    do {
        if (!weir_lines_next(reader->lines, &reader->line, &reader->line_length, error)) {
            return false;
        }
    } while (reader->line != NULL && is_blank(reader->line, reader->line_length));
    return true;
}

static bool fail_at_line(const struct weir_reader *reader, const struct weir_row_fault *fault,
                         struct weir_trace_error *error) {
    return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s:%zu: %s",
                           weir_lines_name(reader->lines), weir_lines_number(reader->lines),
                           fault->text);
}

static bool check_no_nul(const struct weir_reader *reader, struct weir_row_fault *fault) {
    return memchr(reader->line, '\0', reader->line_length) == NULL ||
           weir_row_fails(fault, "holds a NUL byte: this is not text");
}

/** Recognises the form by the first line. */
static bool pick_form(struct weir_reader *reader, struct weir_trace_error *error) {
    if (!read_line(reader, error)) {
        return false;
    }
    if (reader->line == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                               "%s: is empty; a header line and rows, or forceOrder events, are "
                               "needed",
                               weir_lines_name(reader->lines));
    }
    struct weir_row_fault fault = {""};
    if (!check_no_nul(reader, &fault)) {
        return fail_at_line(reader, &fault, error);
    }
    const size_t blanks = strspn(reader->line, " \t");
    if (reader->line[blanks] == '{' || reader->line[blanks] == '[') {
        reader->json = weir_json_open();
        return reader->json != NULL ||
               weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    bool header = false;
    reader->csv = weir_csv_open(reader->line, reader->line_length, &header, &fault);
    if (reader->csv == NULL) {
        return fail_at_line(reader, &fault, error);
    }
    reader->needs_line = header;
    return true;
}

struct weir_reader *weir_reader_open(const char *path, const struct weir_read_options *options,
                                     struct weir_trace_error *error) {
    struct weir_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    reader->skip_bad = options != NULL && options->skip_bad;
    struct weir_source *source = weir_source_open(path, error);
    reader->lines = source != NULL ? weir_lines_open(source, error) : NULL;
    if (reader->lines == NULL || !pick_form(reader, error)) {
        weir_reader_close(reader);
        return NULL;
    }
    return reader;
}

static enum step_result step_csv(struct weir_reader *reader, struct weir_row *row,
                                 struct weir_row_fault *fault) {
    const char *line = reader->line;
    reader->line = NULL;
    switch (weir_csv_read(reader->csv, line, reader->line_length, row, fault)) {
    case WEIR_CSV_ROW:
        return STEP_ROW;
    case WEIR_CSV_REPEATED:
        return STEP_NOTHING;
    case WEIR_CSV_BAD:
        break;
    }
    return STEP_BAD;
}

/** Feeds a line once, then takes its events; the line is done when there are none left. */
static enum step_result step_json(struct weir_reader *reader, struct weir_row *row,
                                  struct weir_row_fault *fault) {
    if (reader->line != NULL) {
        const char *line = reader->line;
        reader->line = NULL;
        if (!weir_json_feed(reader->json, line, reader->line_length, fault)) {
            return STEP_BAD;
        }
    }
    switch (weir_json_take(reader->json, row, fault)) {
    case WEIR_JSON_ROW:
        return STEP_ROW;
    case WEIR_JSON_END:
        return STEP_NOTHING;
    case WEIR_JSON_BAD:
        break;
    }
    return STEP_BAD;
}

static bool check_order(struct weir_reader *reader, const struct weir_row *row,
                        struct weir_row_fault *fault) {
    if (reader->rows > 0 && row->time_ns < reader->last_ns) {
        return weir_row_fails(fault,
                              "time goes back by %" PRId64 " ns against line %zu; rows must be in "
                              "order of time",
                              reader->last_ns - row->time_ns, reader->last_line);
    }
    reader->rows++;
    reader->last_ns = row->time_ns;
    reader->last_line = weir_lines_number(reader->lines);
    return true;
}

/** What follows from the line at hand. */
static enum step_result step(struct weir_reader *reader, struct weir_row *row,
                             struct weir_row_fault *fault) {
    if (reader->line != NULL && !check_no_nul(reader, fault)) {
        reader->line = NULL;
        return STEP_BAD;
    }
    const enum step_result result =
        reader->csv != NULL ? step_csv(reader, row, fault) : step_json(reader, row, fault);
    return result == STEP_ROW && !check_order(reader, row, fault) ? STEP_BAD : result;
}

static enum weir_reader_result at_end(struct weir_reader *reader, struct weir_trace_error *error) {
    if (reader->rows > 0) {
        return WEIR_READER_END;
    }
    weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                    "%s: holds no rows (%zu bad ones left out); at least one liquidation is needed",
                    weir_lines_name(reader->lines), reader->bad_rows);
    return WEIR_READER_FAILED;
}

/** Makes sure that there is something to step on. */
static enum weir_reader_result supply(struct weir_reader *reader, struct weir_trace_error *error) {
    if (!reader->needs_line) {
        return WEIR_READER_ROW;
    }
    if (!read_line(reader, error)) {
        return WEIR_READER_FAILED;
    }
    reader->needs_line = false;
    return reader->line != NULL ? WEIR_READER_ROW : at_end(reader, error);
}

enum weir_reader_result weir_reader_next(struct weir_reader *reader, struct weir_row *row,
                                         struct weir_trace_error *error) {
    assert(!reader->ended);
    for (;;) {
        const enum weir_reader_result supplied = supply(reader, error);
        if (supplied != WEIR_READER_ROW) {
            reader->ended = true;
            return supplied;
        }
        struct weir_row_fault fault = {""};
        const enum step_result result = step(reader, row, &fault);
        /* a line of JSON may hold more events; it says itself when it has none left */
        reader->needs_line = reader->csv != NULL || result == STEP_NOTHING;
        if (result == STEP_ROW) {
            return WEIR_READER_ROW;
        }
        if (result == STEP_BAD && !reader->skip_bad) {
            reader->ended = true;
            fail_at_line(reader, &fault, error);
            return WEIR_READER_FAILED;
        }
        reader->bad_rows += result == STEP_BAD ? 1 : 0;
    }
}

size_t weir_reader_bad_rows(const struct weir_reader *reader) {
    return reader->bad_rows;
}

void weir_reader_close(struct weir_reader *reader) {
    if (reader != NULL) {
        weir_lines_close(reader->lines);
        weir_csv_close(reader->csv);
        weir_json_close(reader->json);
        free(reader);
    }
}
