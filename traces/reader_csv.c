#include "reader_csv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <csv.h>

#include "trace_error.h"

#define COLUMNS_MAX 256
#define RAW_COLUMNS 12
#define RAW_MEMORY 64 /* rows; repeats lie up to 28 apart in the recording known */

enum part {
    PART_TIME,
    PART_SYMBOL,
    PART_SIDE,
    PART_PRICE,
    PART_QUANTITY,
    PART_COUNT
};

/** A row that may be written again. */
struct remembered {
    uint64_t hash; /**< of the first eleven fields */
    struct weir_row row;
};

struct weir_csv {
    struct csv_parser parser;
    bool raw; /**< the headerless form */
    size_t column_count;
    size_t column[PART_COUNT];
    char name[PART_COUNT][WEIR_SHOWN_MAX + 4];
    enum weir_time_unit unit;
    /* the row being parsed: its fields, one after the other, in `text` */
    size_t field_count;
    size_t row_count;
    bool no_memory;
    size_t begin[COLUMNS_MAX + 1];
    char *text;
    size_t text_size;
    size_t text_capacity;
    size_t remembered_next;
    struct remembered remembered[RAW_MEMORY];
};

/** A name that a column may have, and what it then holds. Earlier ones win. */
struct known_column {
    const char *name;
    enum part part;
    enum weir_time_unit unit;
};

static const struct known_column known_columns[] = {
    {"time_ns", PART_TIME, WEIR_TIME_NS},      {"ts_ns", PART_TIME, WEIR_TIME_NS},
    {"time_us", PART_TIME, WEIR_TIME_US},      {"ts_us", PART_TIME, WEIR_TIME_US},
    {"time_ms", PART_TIME, WEIR_TIME_MS},      {"ts_ms", PART_TIME, WEIR_TIME_MS},
    {"time_s", PART_TIME, WEIR_TIME_S},        {"ts_s", PART_TIME, WEIR_TIME_S},
    {"timestamp", PART_TIME, WEIR_TIME_ISO},   {"symbol", PART_SYMBOL, WEIR_TIME_NS},
    {"side", PART_SIDE, WEIR_TIME_NS},         {"price", PART_PRICE, WEIR_TIME_NS},
    {"quantity", PART_QUANTITY, WEIR_TIME_NS}, {"qty", PART_QUANTITY, WEIR_TIME_NS},
    {"amount", PART_QUANTITY, WEIR_TIME_NS},
};
#define KNOWN_COUNT (sizeof known_columns / sizeof known_columns[0])

static void on_field(void *text, size_t length, void *context) {
    struct weir_csv *csv = context;
    const size_t wanted = csv->text_size + length + 1;
    if (wanted > csv->text_capacity) {
        char *larger = realloc(csv->text, wanted * 2);
        if (larger == NULL) {
            csv->no_memory = true;
            return;
        }
        csv->text = larger;
        csv->text_capacity = wanted * 2;
    }
    if (csv->field_count < COLUMNS_MAX) {
        if (length > 0) {
            memcpy(csv->text + csv->text_size, text, length);
        }
        csv->begin[csv->field_count] = csv->text_size;
        csv->text_size += length;
        csv->begin[csv->field_count + 1] = csv->text_size;
    }
    csv->field_count++;
}

static void on_row(int end, void *context) {
    (void)end;
    struct weir_csv *csv = context;
    csv->row_count++;
}

static struct weir_field field_at(const struct weir_csv *csv, size_t index, const char *column) {
    assert(index < csv->field_count && index < COLUMNS_MAX);
    return (struct weir_field){column, csv->text + csv->begin[index],
                               csv->begin[index + 1] - csv->begin[index]};
}

/** Splits one line. A quoted field must end on its line. */
static bool split(struct weir_csv *csv, const char *line, size_t length,
                  struct weir_row_fault *fault) {
    csv->field_count = 0;
    csv->row_count = 0;
    csv->text_size = 0;
    csv->begin[0] = 0;
    csv->no_memory = false;
    bool whole = csv_parse(&csv->parser, line, length, on_field, on_row, csv) == length;
    whole = whole && csv_parse(&csv->parser, "\n", 1, on_field, on_row, csv) == 1;
    if (whole && csv->row_count == 1 && !csv->no_memory) {
        return csv->field_count <= COLUMNS_MAX ||
               weir_row_fails(fault, "has %zu columns; at most %d are read", csv->field_count,
                              COLUMNS_MAX);
    }
    /* forget the half-read row, so that the next line starts afresh */
    csv_free(&csv->parser);
    if (csv_init(&csv->parser, CSV_STRICT) != 0 || csv->no_memory) {
        return weir_row_fails(fault, "out of memory");
    }
    return weir_row_fails(fault, "quotation marks do not match; each quoted field must end on its "
                                 "line, with \"\" for a quotation mark inside");
}

static bool same_name(struct weir_field field, const char *name) {
    return field.length == strlen(name) && strncasecmp(field.text, name, field.length) == 0;
}

/** Index of a column, or SIZE_MAX; false when there are two of that name. */
static bool find_column(const struct weir_csv *csv, const char *name, size_t *index,
                        struct weir_row_fault *fault) {
    *index = SIZE_MAX;
    for (size_t i = 0; i < csv->field_count; i++) {
        if (!same_name(field_at(csv, i, name), name)) {
            continue;
        }
        if (*index != SIZE_MAX) {
            return weir_row_fails(fault, "the header names column '%s' twice", name);
        }
        *index = i;
    }
    return true;
}

/** "found: a, b, c; needed: …" */
static bool missing_columns(const struct weir_csv *csv, struct weir_row_fault *fault) {
    char found[160] = "";
    size_t used = 0;
    for (size_t i = 0; i < csv->field_count && used + 40 < sizeof found; i++) {
        const struct weir_field field = field_at(csv, i, "");
        const struct weir_shown shown = weir_show(field.text, field.length);
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.30s", i > 0 ? ", " : "",
                                 shown.text);
    }
    return weir_row_fails(fault,
                          "the header lacks columns; found: %s; needed: time_ns, time_us, time_ms, "
                          "ts_ms or timestamp; symbol; side; price; quantity or qty",
                          found);
}

/** Finds what each column of the header is. */
static bool read_header(struct weir_csv *csv, struct weir_row_fault *fault) {
    bool found[PART_COUNT] = {false};
    for (size_t k = 0; k < KNOWN_COUNT; k++) {
        const struct known_column *known = &known_columns[k];
        size_t index = 0;
        if (!find_column(csv, known->name, &index, fault)) {
            return false;
        }
        if (index == SIZE_MAX || found[known->part]) {
            continue;
        }
        found[known->part] = true;
        csv->column[known->part] = index;
        if (known->part == PART_TIME) {
            csv->unit = known->unit;
        }
        snprintf(csv->name[known->part], sizeof csv->name[0], "%s", known->name);
    }
    for (int part = 0; part < PART_COUNT; part++) {
        if (!found[part]) {
            return missing_columns(csv, fault);
        }
    }
    size_t local = SIZE_MAX;
    if (!find_column(csv, "local_timestamp", &local, fault)) {
        return false;
    }
    if (csv->unit == WEIR_TIME_ISO && local != SIZE_MAX) {
        csv->unit = WEIR_TIME_US;
    }
    return true;
}

/** Whether the fields just split have the shape of the headerless form. */
static bool is_raw(const struct weir_csv *csv) {
    if (csv->field_count != RAW_COLUMNS) {
        return false;
    }
    struct weir_row row;
    struct weir_row_fault fault = {""};
    return weir_field_side(field_at(csv, 1, "side"), &row, &fault) &&
           weir_field_time(field_at(csv, 10, "time_ms"), WEIR_TIME_MS, &row, &fault);
}

static void set_raw_columns(struct weir_csv *csv) {
    static const size_t columns[PART_COUNT] = {10, 0, 1, 6, 4};
    static const char *const names[PART_COUNT] = {"time_ms (11th)", "symbol (1st)", "side (2nd)",
                                                  "average_price (7th)", "quantity (5th)"};
    csv->raw = true;
    csv->unit = WEIR_TIME_MS;
    for (int part = 0; part < PART_COUNT; part++) {
        csv->column[part] = columns[part];
        snprintf(csv->name[part], sizeof csv->name[part], "%s", names[part]);
    }
}

struct weir_csv *weir_csv_open(const char *line, size_t length, bool *header,
                               struct weir_row_fault *fault) {
    struct weir_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL || csv_init(&csv->parser, CSV_STRICT) != 0) {
        free(csv);
        weir_row_fails(fault, "out of memory");
        return NULL;
    }
    if (!split(csv, line, length, fault)) {
        weir_csv_close(csv);
        return NULL;
    }
    *header = !is_raw(csv);
    if (!*header) {
        set_raw_columns(csv);
    } else if (!read_header(csv, fault)) {
        weir_csv_close(csv);
        return NULL;
    }
    csv->column_count = csv->field_count;
    return csv;
}

/** The fields of the split line into the row. */
static bool read_fields(const struct weir_csv *csv, struct weir_row *row,
                        struct weir_row_fault *fault) {
    struct weir_field field[PART_COUNT];
    for (int part = 0; part < PART_COUNT; part++) {
        field[part] = field_at(csv, csv->column[part], csv->name[part]);
    }
    return weir_field_time(field[PART_TIME], csv->unit, row, fault) &&
           weir_field_symbol(field[PART_SYMBOL], row, fault) &&
           weir_field_side(field[PART_SIDE], row, fault) &&
           weir_field_price(field[PART_PRICE], row, fault) &&
           weir_field_quantity(field[PART_QUANTITY], row, fault);
}

/** Appends USDT unless the symbol ends with a quote currency. */
static bool complete_symbol(struct weir_row *row, struct weir_row_fault *fault) {
    static const char *const quotes[] = {"USDT", "USDC", "BUSD", "FDUSD"};
    const size_t length = strlen(row->symbol);
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        const size_t quote = strlen(quotes[i]);
        if (length > quote && strcmp(row->symbol + length - quote, quotes[i]) == 0) {
            return true;
        }
    }
    if (length + strlen(quotes[0]) > WEIR_SYMBOL_MAX) {
        return weir_row_fails(fault, "column 'symbol (1st)': '%s' is too long to append USDT",
                              row->symbol);
    }
    memcpy(row->symbol + length, quotes[0], strlen(quotes[0]) + 1);
    return true;
}

/** FNV-1a over the first eleven fields; the twelfth is computed by the recorder and may differ. */
static uint64_t hash_fields(const struct weir_csv *csv) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i + 1 < RAW_COLUMNS; i++) {
        for (size_t k = csv->begin[i]; k < csv->begin[i + 1]; k++) {
            hash = (hash ^ (unsigned char)csv->text[k]) * 0x100000001b3u;
        }
        hash = (hash ^ ',') * 0x100000001b3u;
    }
    return hash;
}

static bool same_row(const struct weir_row *a, const struct weir_row *b) {
    return a->time_ns == b->time_ns && a->side == b->side &&
           a->price.mantissa == b->price.mantissa && a->quantity.mantissa == b->quantity.mantissa &&
           strcmp(a->symbol, b->symbol) == 0;
}

/** Whether one of the rows before was the same; remembers the row. */
static bool is_repeated(struct weir_csv *csv, const struct weir_row *row) {
    const uint64_t hash = hash_fields(csv);
    for (size_t i = 0; i < RAW_MEMORY; i++) {
        if (csv->remembered[i].hash == hash && same_row(&csv->remembered[i].row, row)) {
            return true;
        }
    }
    csv->remembered[csv->remembered_next] = (struct remembered){hash, *row};
    csv->remembered_next = (csv->remembered_next + 1) % RAW_MEMORY;
    return false;
}

enum weir_csv_result weir_csv_read(struct weir_csv *csv, const char *line, size_t length,
                                   struct weir_row *row, struct weir_row_fault *fault) {
    if (!split(csv, line, length, fault)) {
        return WEIR_CSV_BAD;
    }
    if (csv->field_count != csv->column_count) {
        weir_row_fails(fault, "has %zu columns; the first line has %zu", csv->field_count,
                       csv->column_count);
        return WEIR_CSV_BAD;
    }
    if (!read_fields(csv, row, fault) || (csv->raw && !complete_symbol(row, fault))) {
        return WEIR_CSV_BAD;
    }
    return csv->raw && is_repeated(csv, row) ? WEIR_CSV_REPEATED : WEIR_CSV_ROW;
}

void weir_csv_close(struct weir_csv *csv) {
    if (csv != NULL) {
        csv_free(&csv->parser);
        free(csv->text);
        free(csv);
    }
}
