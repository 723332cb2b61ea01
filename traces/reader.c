#include "reader.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binary.h"
#include "lines.h"
#include "reader_csv.h"
#include "reader_json.h"
#include "row_order.h"
#include "trace_error.h"

struct weir_reader {
    struct weir_lines *lines;
    struct weir_binary *binary; /**< one of these three */
    struct weir_csv *csv;
    struct weir_json *json;
    char *name; /**< for messages */
    struct weir_read_options options;
    const struct form *form; /**< that was asked for, or NULL */
    const char *line;        /**< read but not used yet, or NULL */
    size_t line_length;
    bool needs_line; /**< all of the last one is used up */
    bool ended;
    size_t rows;
    size_t bad_rows;
    size_t repeated_rows;
    int64_t last_ns;
    size_t last_line;
    struct weir_row_order *order; /**< of a recording of weir record; otherwise NULL */
    bool is_recording, order_ended, cut;
    struct weir_gaps gaps;
};

/** A form that can be asked for by name. */
struct form {
    const char *name;
    const char *what;
    enum weir_csv_kind csv; /**< one of the two, if not ANY */
    enum weir_json_kind json;
    bool binary;
};

static const struct form forms[] = {
    {"csv", "CSV with a header, of which the columns have usual names", WEIR_CSV_HEADER,
     WEIR_JSON_ANY, false},
    {"jsonl", "the JSON lines that weir writes", WEIR_CSV_ANY, WEIR_JSON_OWN, false},
    {"weir", "the binary form that weir writes", WEIR_CSV_ANY, WEIR_JSON_ANY, true},
    {"forceorder", "forceOrder events of Binance or Aster, JSON lines", WEIR_CSV_ANY,
     WEIR_JSON_FORCE_ORDER, false},
    {"forceorder-raw", "forceOrder events as CSV of twelve columns, without a header", WEIR_CSV_RAW,
     WEIR_JSON_ANY, false},
    {"binance-vision", "Binance Vision's liquidationSnapshot, CSV", WEIR_CSV_VISION, WEIR_JSON_ANY,
     false},
    {"tardis", "Tardis.dev's liquidations, CSV", WEIR_CSV_TARDIS, WEIR_JSON_ANY, false},
    {"bybit", "Bybit's allLiquidation and liquidation, JSON lines", WEIR_CSV_ANY, WEIR_JSON_BYBIT,
     false},
    {"hyperliquid", "Hyperliquid's fills by block, JSON lines", WEIR_CSV_ANY, WEIR_JSON_HYPERLIQUID,
     false},
};
#define FORM_COUNT (sizeof forms / sizeof forms[0])

const char *weir_reader_name(size_t i) {
    return i < FORM_COUNT ? forms[i].name : NULL;
}

const char *weir_reader_what(size_t i) {
    return i < FORM_COUNT ? forms[i].what : NULL;
}

enum step_result {
    STEP_ROW,
    STEP_NOTHING, /**< go on with the next line */
    STEP_BAD,
    STEP_NO_MEMORY
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
        if (weir_lines_next(reader->lines, &reader->line, &reader->line_length, error)) {
            continue;
        }
        if (!reader->is_recording || !weir_lines_are_cut(reader->lines)) {
            return false;
        }
        if (error != NULL) { /* no failure after all */
            *error = (struct weir_trace_error){WEIR_TRACE_OK, ""};
        }
        reader->cut = true;
        reader->line = NULL;
    } while (reader->line != NULL && is_blank(reader->line, reader->line_length));
    return true;
}

static bool fail_at_line(const struct weir_reader *reader, const struct weir_row_fault *fault,
                         struct weir_trace_error *error) {
    return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s:%zu: %s", reader->name,
                           weir_lines_number(reader->lines), fault->text);
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
                               reader->name);
    }
    struct weir_row_fault fault = {""};
    if (!check_no_nul(reader, &fault)) {
        return fail_at_line(reader, &fault, error);
    }
    const struct form *form = reader->form;
    const char *columns = reader->options.columns != NULL ? reader->options.columns : "";
    const size_t blanks = strspn(reader->line, " \t");
    const bool looks_like_json = reader->line[blanks] == '{' || reader->line[blanks] == '[';
    const bool is_csv = columns[0] != '\0' || (form != NULL && form->csv != WEIR_CSV_ANY);
    const bool is_json = form != NULL && form->json != WEIR_JSON_ANY;
    if (is_json || (looks_like_json && !is_csv)) {
        reader->json = weir_json_open(form != NULL ? form->json : WEIR_JSON_ANY);
        return reader->json != NULL ||
               weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    bool header = false;
    const struct weir_csv_hints hints = {reader->name, columns,
                                         form != NULL ? form->csv : WEIR_CSV_ANY};
    reader->csv = weir_csv_open(reader->line, reader->line_length, &hints, &header, &fault);
    if (reader->csv == NULL) {
        return fail_at_line(reader, &fault, error);
    }
    reader->needs_line = header;
    return true;
}

/** Finds the form and columns that were asked for. */
static bool take_options(struct weir_reader *reader, const struct weir_read_options *options,
                         struct weir_trace_error *error) {
    if (options == NULL) {
        return true;
    }
    reader->options = *options;
    const char *name = options->reader != NULL ? options->reader : "";
    for (size_t i = 0; i < FORM_COUNT && name[0] != '\0'; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            reader->form = &forms[i];
        }
    }
    if (name[0] != '\0' && reader->form == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                               "reader '%s' is not known; there are csv, jsonl, weir, forceorder, "
                               "forceorder-raw, binance-vision, tardis, bybit and hyperliquid",
                               name);
    }
    struct weir_row_fault fault = {""};
    if (options->columns != NULL && !weir_csv_check_columns(options->columns, &fault)) {
        return weir_trace_fail(error, WEIR_TRACE_WRONG_USE, "%s", fault.text);
    }
    return true;
}

/** Up to `size` bytes from the beginning of the source. */
static bool read_beginning(struct weir_source *source, char *bytes, size_t size, size_t *got,
                           struct weir_trace_error *error) {
    size_t more = 1;
    *got = 0;
    while (*got < size && more > 0) {
        if (!weir_source_read(source, bytes + *got, size - *got, &more, error)) {
            return false;
        }
        *got += more;
    }
    return true;
}

/** Text or binary, by the first bytes. Takes the source over. */
static bool open_content(struct weir_reader *reader, const char *path, struct weir_source *source,
                         struct weir_trace_error *error) {
    char first[WEIR_BINARY_MAGIC_SIZE];
    size_t got = 0;
    if (!read_beginning(source, first, sizeof first, &got, error)) {
        weir_source_close(source);
        return false;
    }
    const bool is_binary =
        got == sizeof first && memcmp(first, WEIR_BINARY_MAGIC, sizeof first) == 0;
    if (is_binary && weir_source_is_plain_file(source)) {
        weir_source_close(source);
        reader->binary = weir_binary_open(path, error);
        return reader->binary != NULL;
    }
    if (is_binary) {
        reader->binary = weir_binary_unpack(source, error);
        return reader->binary != NULL;
    }
    if (reader->form != NULL && reader->form->binary) {
        weir_source_close(source);
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: is not a binary trace",
                               reader->name);
    }
    reader->lines = weir_lines_open(source, first, got, error);
    return reader->lines != NULL && pick_form(reader, error);
}

struct weir_reader *weir_reader_open(const char *path, const struct weir_read_options *options,
                                     struct weir_trace_error *error) {
    struct weir_reader *reader = calloc(1, sizeof *reader);
    struct weir_source *source = NULL;
    if (reader == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (take_options(reader, options, error)) {
        source = weir_source_open(path, error);
        reader->name = source != NULL ? strdup(weir_source_name(source)) : NULL;
    }
    if (source != NULL && reader->name == NULL) {
        weir_source_close(source);
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    } else if (source != NULL && open_content(reader, path, source, error)) {
        return reader;
    }
    weir_reader_close(reader);
    return NULL;
}

static enum step_result step_csv(struct weir_reader *reader, struct weir_row *row,
                                 struct weir_row_fault *fault) {
    const char *line = reader->line;
    reader->line = NULL;
    switch (weir_csv_read(reader->csv, line, reader->line_length, row, fault)) {
    case WEIR_CSV_ROW:
        row->unit = weir_csv_unit(reader->csv);
        return STEP_ROW;
    case WEIR_CSV_REPEATED:
        reader->repeated_rows++;
        return STEP_NOTHING;
    case WEIR_CSV_BAD:
        break;
    }
    return STEP_BAD;
}

/** Passes over a note. The first one tells that the rows need to be put in order. */
static enum step_result step_note(struct weir_reader *reader, const struct weir_note *note) {
    if (note->kind == WEIR_NOTE_GAP) {
        weir_gaps_add(&reader->gaps, note);
    }
    reader->is_recording = true;
    if (reader->order == NULL && !reader->options.any_order) {
        reader->order = weir_row_order_create();
        return reader->order != NULL ? STEP_NOTHING : STEP_NO_MEMORY;
    }
    return STEP_NOTHING;
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
        const struct weir_note *note = weir_json_note(reader->json);
        if (note != NULL) {
            return step_note(reader, note);
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
    if (reader->rows > 0 && row->time_ns < reader->last_ns && !reader->options.any_order) {
        return weir_row_fails(fault,
                              "time goes back by %" PRId64 " ns against line %zu; rows must be in "
                              "order of time",
                              reader->last_ns - row->time_ns, reader->last_line);
    }
    reader->rows++;
    if (reader->order == NULL) {
        reader->last_ns = row->time_ns;
        reader->last_line = weir_lines_number(reader->lines);
    }
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
    if (reader->rows > 0 || (reader->is_recording && reader->bad_rows == 0)) {
        return WEIR_READER_END;
    }
    weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                    "%s: holds no rows (%zu bad ones left out); at least one liquidation is needed",
                    reader->name, reader->bad_rows);
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

/** A row of the binary form: it was written in order, so that only damage can be wrong with it. */
static enum weir_reader_result next_binary(struct weir_reader *reader, struct weir_row *row,
                                           struct weir_trace_error *error) {
    bool failed = false;
    const struct weir_liquidation *from = weir_binary_next(reader->binary, &failed, error);
    if (from == NULL) {
        reader->ended = true;
        return failed ? WEIR_READER_FAILED : WEIR_READER_END;
    }
    row->time_ns = from->time_ns;
    row->unit = weir_binary_unit(reader->binary);
    row->price = (struct weir_decimal){from->price, from->price_decimals};
    row->quantity = (struct weir_decimal){from->quantity, from->quantity_decimals};
    row->side = (enum weir_side)from->side;
    const char *symbol = weir_binary_symbol(reader->binary, from->symbol);
    memcpy(row->symbol, symbol, strlen(symbol) + 1);
    return WEIR_READER_ROW;
}

/** Counts a bad row that is left out. */
static void leave_out(struct weir_reader *reader, const struct weir_row_fault *fault) {
    reader->bad_rows++;
    if (reader->options.on_bad != NULL) {
        reader->options.on_bad(reader->options.context, reader->name,
                               weir_lines_number(reader->lines), fault->text);
    }
}

/** The next row of a text, as it stands there. */
static enum weir_reader_result next_text(struct weir_reader *reader, struct weir_row *row,
                                         struct weir_trace_error *error) {
    for (;;) {
        const enum weir_reader_result supplied = supply(reader, error);
        if (supplied != WEIR_READER_ROW) {
            return supplied;
        }
        struct weir_row_fault fault; /* large: only its first byte is cleared, for every row */
        fault.text[0] = '\0';
        const enum step_result result = step(reader, row, &fault);
        /* a line of JSON may hold more events; it says itself when it has none left */
        reader->needs_line = reader->csv != NULL || result == STEP_NOTHING;
        if (result == STEP_ROW) {
            return WEIR_READER_ROW;
        }
        if (result == STEP_NO_MEMORY) {
            weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
            return WEIR_READER_FAILED;
        }
        if (result == STEP_BAD && !reader->options.skip_bad) {
            fail_at_line(reader, &fault, error);
            return WEIR_READER_FAILED;
        }
        if (result == STEP_BAD) {
            leave_out(reader, &fault);
        }
    }
}

/** Holds what was read from a recording of weir record, until it is its turn. */
static bool hold(struct weir_reader *reader, enum weir_reader_result result,
                 const struct weir_row *row, struct weir_trace_error *error) {
    reader->order_ended = result == WEIR_READER_END;
    return result != WEIR_READER_FAILED &&
           (result == WEIR_READER_END ||
            weir_row_order_put(reader->order, row, weir_lines_number(reader->lines)) ||
            weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory"));
}

/** The next row of a text, in order of time. Which kind it is shows with its first line. */
static enum weir_reader_result next_in_order(struct weir_reader *reader, struct weir_row *row,
                                             struct weir_trace_error *error) {
    if (reader->order == NULL) {
        const enum weir_reader_result result = next_text(reader, row, error);
        if (reader->order == NULL) {
            return result;
        }
        if (!hold(reader, result, row, error)) {
            return WEIR_READER_FAILED;
        }
    }
    while (!weir_row_order_take(reader->order, reader->order_ended, row, &reader->last_line)) {
        if (reader->order_ended) {
            return WEIR_READER_END;
        }
        if (!hold(reader, next_text(reader, row, error), row, error)) {
            return WEIR_READER_FAILED;
        }
    }
    assert(row->time_ns >= reader->last_ns);
    reader->last_ns = row->time_ns;
    return WEIR_READER_ROW;
}

enum weir_reader_result weir_reader_next(struct weir_reader *reader, struct weir_row *row,
                                         struct weir_trace_error *error) {
    assert(!reader->ended);
    const enum weir_reader_result result = reader->binary != NULL
                                               ? next_binary(reader, row, error)
                                               : next_in_order(reader, row, error);
    reader->ended = result != WEIR_READER_ROW;
    return result;
}

size_t weir_reader_bad_rows(const struct weir_reader *reader) {
    return reader->bad_rows;
}

size_t weir_reader_repeated_rows(const struct weir_reader *reader) {
    return reader->repeated_rows;
}

size_t weir_reader_line(const struct weir_reader *reader) {
    return reader->binary != NULL  ? weir_binary_position(reader->binary)
           : reader->order != NULL ? reader->last_line
                                   : weir_lines_number(reader->lines);
}

const struct weir_gaps *weir_reader_gaps(const struct weir_reader *reader) {
    return &reader->gaps;
}

bool weir_reader_is_cut(const struct weir_reader *reader) {
    return reader->cut;
}

const char *weir_reader_path(const struct weir_reader *reader) {
    return reader->name;
}

void weir_reader_close(struct weir_reader *reader) {
    if (reader != NULL) {
        weir_binary_close(reader->binary);
        weir_lines_close(reader->lines);
        weir_csv_close(reader->csv);
        weir_json_close(reader->json);
        weir_row_order_free(reader->order);
        free(reader->name);
        free(reader);
    }
}
