#include "reader_csv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <csv.h>

#include "coin_margined.h"
#include "columns.h"
#include "trace_error.h"

#define COLUMNS_MAX 256
#define RAW_COLUMNS 12
#define RAW_MEMORY 64 /* rows; repeats lie up to 28 apart in the recording known */

/** A row that may be written again. */
struct remembered {
    uint64_t hash; /**< of the first eleven fields */
    struct weir_row row;
};

struct weir_csv {
    struct csv_parser parser;
    enum weir_csv_kind kind;
    struct weir_columns columns;           /**< what the user said */
    char file_symbol[WEIR_SYMBOL_MAX + 1]; /**< of all rows; "" if a column holds it */
    size_t column_count;
    size_t column[WEIR_PART_COUNT];
    char name[WEIR_PART_COUNT][WEIR_SHOWN_MAX + 4];
    enum weir_time_unit unit;
    /* the row being parsed: its fields, one after the other, in `text` */
    size_t field_count;
    size_t row_count;
    bool no_memory;
    const char *base; /**< what the fields lie in: `text`, or the line itself */
    size_t begin[COLUMNS_MAX];
    size_t end[COLUMNS_MAX];
    char *text;
    size_t text_size;
    size_t text_capacity;
    size_t remembered_next;
    struct remembered remembered[RAW_MEMORY];
};

/** A name that a column may have, and what it then holds. Earlier ones win. */
struct known_column {
    const char *name;
    enum weir_part part;
    enum weir_time_unit unit;
};

static const struct known_column known_columns[] = {
    {"time_ns", WEIR_PART_TIME, WEIR_TIME_NS},      {"ts_ns", WEIR_PART_TIME, WEIR_TIME_NS},
    {"time_us", WEIR_PART_TIME, WEIR_TIME_US},      {"ts_us", WEIR_PART_TIME, WEIR_TIME_US},
    {"time_ms", WEIR_PART_TIME, WEIR_TIME_MS},      {"ts_ms", WEIR_PART_TIME, WEIR_TIME_MS},
    {"time_s", WEIR_PART_TIME, WEIR_TIME_S},        {"ts_s", WEIR_PART_TIME, WEIR_TIME_S},
    {"timestamp", WEIR_PART_TIME, WEIR_TIME_ISO},   {"symbol", WEIR_PART_SYMBOL, WEIR_TIME_NS},
    {"side", WEIR_PART_SIDE, WEIR_TIME_NS},         {"price", WEIR_PART_PRICE, WEIR_TIME_NS},
    {"quantity", WEIR_PART_QUANTITY, WEIR_TIME_NS}, {"qty", WEIR_PART_QUANTITY, WEIR_TIME_NS},
    {"amount", WEIR_PART_QUANTITY, WEIR_TIME_NS},
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
        csv->end[csv->field_count] = csv->text_size;
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
    return (struct weir_field){column, csv->base + csv->begin[index],
                               csv->end[index] - csv->begin[index]};
}

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

/** Splits a line without quotation marks where it lies: nearly all are. As libcsv does, blanks
 * around a field are dropped. */
static void split_plain(struct weir_csv *csv, const char *line, size_t length) {
    csv->base = line;
    csv->field_count = 0;
    size_t begin = 0;
    for (;;) {
        const char *comma = memchr(line + begin, ',', length - begin);
        const size_t next = comma != NULL ? (size_t)(comma - line) : length;
        size_t end = next;
        while (begin < end && is_space(line[begin])) {
            begin++;
        }
        while (end > begin && is_space(line[end - 1])) {
            end--;
        }
        if (csv->field_count < COLUMNS_MAX) {
            csv->begin[csv->field_count] = begin;
            csv->end[csv->field_count] = end;
        }
        csv->field_count++;
        if (comma == NULL) {
            return;
        }
        begin = next + 1;
    }
}

static bool check_field_count(const struct weir_csv *csv, struct weir_row_fault *fault) {
    return csv->field_count <= COLUMNS_MAX ||
           weir_row_fails(fault, "has %zu columns; at most %d are read", csv->field_count,
                          COLUMNS_MAX);
}

/** Splits one line. A quoted field must end on its line. */
static bool split(struct weir_csv *csv, const char *line, size_t length,
                  struct weir_row_fault *fault) {
    if (memchr(line, '"', length) == NULL) {
        split_plain(csv, line, length);
        return check_field_count(csv, fault);
    }
    csv->field_count = 0;
    csv->row_count = 0;
    csv->text_size = 0;
    csv->no_memory = false;
    bool whole = csv_parse(&csv->parser, line, length, on_field, on_row, csv) == length;
    whole = whole && csv_parse(&csv->parser, "\n", 1, on_field, on_row, csv) == 1;
    csv->base = csv->text;
    if (whole && csv->row_count == 1 && !csv->no_memory) {
        return check_field_count(csv, fault);
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
                          "time_s, ts_ms or timestamp; symbol; side; price; quantity, qty or "
                          "amount; or name them with --columns",
                          found);
}

static bool set_column(struct weir_csv *csv, enum weir_part part, size_t index, const char *name) {
    csv->column[part] = index;
    snprintf(csv->name[part], sizeof csv->name[part], "%s", name);
    return true;
}

/** Columns that the user named or numbered. */
static bool find_given_columns(struct weir_csv *csv, bool found[WEIR_PART_COUNT],
                               struct weir_row_fault *fault) {
    for (int part = 0; part < WEIR_PART_COUNT; part++) {
        const char *given = csv->columns.part[part];
        if (given[0] == '\0') {
            continue;
        }
        size_t index = weir_columns_number(&csv->columns, (enum weir_part)part);
        if (index == SIZE_MAX && !find_column(csv, given, &index, fault)) {
            return false;
        }
        if (index >= csv->field_count) {
            return weir_row_fails(fault,
                                  "there is no column '%s', which --columns names; the first "
                                  "line has %zu",
                                  given, csv->field_count);
        }
        found[part] = set_column(csv, (enum weir_part)part, index, given);
        csv->unit = part == WEIR_PART_TIME ? WEIR_TIME_MS : csv->unit;
    }
    return true;
}

/** Columns with a usual name. */
static bool find_known_columns(struct weir_csv *csv, bool found[WEIR_PART_COUNT],
                               struct weir_row_fault *fault) {
    for (size_t k = 0; k < KNOWN_COUNT; k++) {
        const struct known_column *known = &known_columns[k];
        size_t index = 0;
        if (!find_column(csv, known->name, &index, fault)) {
            return false;
        }
        if (index == SIZE_MAX || found[known->part]) {
            continue;
        }
        found[known->part] = set_column(csv, known->part, index, known->name);
        if (known->part == WEIR_PART_TIME) {
            csv->unit = known->unit;
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

/** Finds what each column is: by what the user said, then by the names of the header. */
static bool read_header(struct weir_csv *csv, struct weir_row_fault *fault) {
    bool found[WEIR_PART_COUNT] = {false};
    if (!find_given_columns(csv, found, fault) ||
        (csv->columns.has_header && !find_known_columns(csv, found, fault))) {
        return false;
    }
    for (int part = 0; part < WEIR_PART_COUNT; part++) {
        if (!found[part] && !csv->columns.has_header) {
            return weir_row_fails(fault, "without a header --columns must give time, symbol, side, "
                                         "price and quantity by number");
        }
        if (!found[part]) {
            return missing_columns(csv, fault);
        }
    }
    csv->unit = csv->columns.has_unit ? csv->columns.unit : csv->unit;
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
    static const size_t columns[WEIR_PART_COUNT] = {10, 0, 1, 6, 4};
    static const char *const names[WEIR_PART_COUNT] = {
        "time_ms (11th)", "symbol (1st)", "side (2nd)", "average_price (7th)", "quantity (5th)"};
    csv->kind = WEIR_CSV_RAW;
    csv->unit = WEIR_TIME_MS;
    for (int part = 0; part < WEIR_PART_COUNT; part++) {
        set_column(csv, (enum weir_part)part, columns[part], names[part]);
    }
}

/** Whether the header is that of Binance Vision's liquidationSnapshot. */
static bool is_vision(const struct weir_csv *csv) {
    static const char *const names[] = {"time", "side", "order_type", "time_in_force",
                                        "original_quantity"};
    if (csv->field_count < 7) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!same_name(field_at(csv, i, names[i]), names[i])) {
            return false;
        }
    }
    return true;
}

/** The symbol of "…/BTCUSD_PERP-liquidationSnapshot-2023-06-25.csv.gz". */
static bool read_file_symbol(struct weir_csv *csv, const char *path, struct weir_row_fault *fault) {
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *mark = strstr(base, "-liquidationSnapshot");
    const size_t length = mark != NULL ? (size_t)(mark - base) : 0;
    if (!weir_is_symbol(base, length)) {
        return weir_row_fails(fault, "has no column for the symbol; Binance Vision names it in the "
                                     "name of the file: SYMBOL-liquidationSnapshot-DATE.csv");
    }
    memcpy(csv->file_symbol, base, length);
    csv->file_symbol[length] = '\0';
    return true;
}

static bool set_vision_columns(struct weir_csv *csv, const char *path,
                               struct weir_row_fault *fault) {
    static const char *const names[WEIR_PART_COUNT] = {"time", "time", "side", "average_price",
                                                       "original_quantity"};
    csv->kind = WEIR_CSV_VISION;
    csv->unit = WEIR_TIME_MS;
    for (int part = 0; part < WEIR_PART_COUNT; part++) {
        size_t index = SIZE_MAX;
        if (!find_column(csv, names[part], &index, fault)) {
            return false;
        }
        if (index == SIZE_MAX) {
            return weir_row_fails(fault, "the header lacks column '%s' of a liquidationSnapshot",
                                  names[part]);
        }
        set_column(csv, (enum weir_part)part, index, names[part]);
    }
    return read_file_symbol(csv, path, fault);
}

/** Recognises the form by the fields just split, or takes the one that was asked for. */
static bool pick_columns(struct weir_csv *csv, const struct weir_csv_hints *hints, bool *header,
                         struct weir_row_fault *fault) {
    const enum weir_csv_kind kind = hints->kind;
    *header = true;
    if (hints->columns[0] != '\0') {
        if (!weir_columns_read(hints->columns, &csv->columns, fault)) {
            return false;
        }
        *header = csv->columns.has_header;
        return read_header(csv, fault);
    }
    csv->columns.has_header = true;
    if (kind == WEIR_CSV_VISION || (kind == WEIR_CSV_ANY && is_vision(csv))) {
        return set_vision_columns(csv, hints->path, fault);
    }
    if (kind == WEIR_CSV_RAW || (kind == WEIR_CSV_ANY && is_raw(csv))) {
        *header = false;
        set_raw_columns(csv);
        return csv->field_count == RAW_COLUMNS ||
               weir_row_fails(fault, "has %zu columns; a raw forceOrder recording has %d",
                              csv->field_count, RAW_COLUMNS);
    }
    if (!read_header(csv, fault)) {
        return false;
    }
    csv->unit = kind == WEIR_CSV_TARDIS ? WEIR_TIME_US : csv->unit;
    return true;
}

struct weir_csv *weir_csv_open(const char *line, size_t length, const struct weir_csv_hints *hints,
                               bool *header, struct weir_row_fault *fault) {
    struct weir_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL || csv_init(&csv->parser, CSV_STRICT) != 0) {
        free(csv);
        weir_row_fails(fault, "out of memory");
        return NULL;
    }
    csv->unit = WEIR_TIME_NS;
    if (!split(csv, line, length, fault) || !pick_columns(csv, hints, header, fault)) {
        weir_csv_close(csv);
        return NULL;
    }
    csv->column_count = csv->field_count;
    return csv;
}

enum weir_time_unit weir_csv_unit(const struct weir_csv *csv) {
    return csv->unit <= WEIR_TIME_MS ? csv->unit : WEIR_TIME_NS;
}

bool weir_csv_check_columns(const char *columns, struct weir_row_fault *fault) {
    struct weir_columns read;
    return weir_columns_read(columns, &read, fault);
}

/** The side, in the words that the user gave, if any. */
static bool read_side(const struct weir_csv *csv, struct weir_field field, struct weir_row *row,
                      struct weir_row_fault *fault) {
    if (csv->columns.side_words[0][0] == '\0') {
        return weir_field_side(field, row, fault);
    }
    for (int side = 0; side < 2; side++) {
        if (same_name(field, csv->columns.side_words[side])) {
            row->side = (enum weir_side)side;
            return true;
        }
    }
    return weir_row_fails(fault, "column '%s': '%s' is not a side; '%s' or '%s' is needed",
                          field.column, weir_show(field.text, field.length).text,
                          csv->columns.side_words[WEIR_SIDE_SELL],
                          csv->columns.side_words[WEIR_SIDE_BUY]);
}

/** Appends `suffix` to the symbol. */
static bool append_suffix(struct weir_row *row, const char *suffix, struct weir_row_fault *fault) {
    const size_t length = strlen(row->symbol);
    if (length + strlen(suffix) > WEIR_SYMBOL_MAX) {
        return weir_row_fails(fault, "symbol '%s' is too long to append %s", row->symbol, suffix);
    }
    memcpy(row->symbol + length, suffix, strlen(suffix) + 1);
    return true;
}

static bool ends_with(const char *text, const char *ending) {
    const size_t length = strlen(text);
    const size_t n = strlen(ending);
    return length > n && strcmp(text + length - n, ending) == 0;
}

static bool read_symbol(const struct weir_csv *csv, struct weir_field field, struct weir_row *row,
                        struct weir_row_fault *fault) {
    if (csv->file_symbol[0] != '\0') {
        memcpy(row->symbol, csv->file_symbol, sizeof row->symbol);
        return true;
    }
    if (!weir_field_symbol(field, row, fault)) {
        return false;
    }
    const char *suffix = csv->columns.suffix;
    return suffix[0] == '\0' || ends_with(row->symbol, suffix) || append_suffix(row, suffix, fault);
}

/** The fields of the split line into the row. */
static bool read_fields(const struct weir_csv *csv, struct weir_row *row,
                        struct weir_row_fault *fault) {
    struct weir_field field[WEIR_PART_COUNT];
    for (int part = 0; part < WEIR_PART_COUNT; part++) {
        field[part] = field_at(csv, csv->column[part], csv->name[part]);
    }
    return weir_field_time(field[WEIR_PART_TIME], csv->unit, row, fault) &&
           read_symbol(csv, field[WEIR_PART_SYMBOL], row, fault) &&
           read_side(csv, field[WEIR_PART_SIDE], row, fault) &&
           weir_field_price(field[WEIR_PART_PRICE], row, fault) &&
           weir_field_quantity(field[WEIR_PART_QUANTITY], row, fault);
}

/** Appends USDT unless the symbol ends with a quote currency. */
static bool complete_symbol(struct weir_row *row, struct weir_row_fault *fault) {
    static const char *const quotes[] = {"USDT", "USDC", "BUSD", "FDUSD"};
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        if (ends_with(row->symbol, quotes[i])) {
            return true;
        }
    }
    return append_suffix(row, quotes[0], fault);
}

/** FNV-1a over the fields, at most eleven: the twelfth of the raw form is computed by the recorder
 * and may differ. */
static uint64_t hash_fields(const struct weir_csv *csv) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < csv->field_count && i + 1 < RAW_COLUMNS; i++) {
        for (size_t k = csv->begin[i]; k < csv->end[i]; k++) {
            hash = (hash ^ (unsigned char)csv->base[k]) * 0x100000001b3u;
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
    if (!read_fields(csv, row, fault) ||
        (csv->kind == WEIR_CSV_RAW && !complete_symbol(row, fault))) {
        return WEIR_CSV_BAD;
    }
    const bool doubled = csv->kind == WEIR_CSV_RAW || csv->kind == WEIR_CSV_VISION;
    if (doubled && is_repeated(csv, row)) {
        return WEIR_CSV_REPEATED;
    }
    if (csv->kind == WEIR_CSV_VISION && !weir_coin_margined(row, fault)) {
        return WEIR_CSV_BAD;
    }
    return WEIR_CSV_ROW;
}

void weir_csv_close(struct weir_csv *csv) {
    if (csv != NULL) {
        csv_free(&csv->parser);
        free(csv->text);
        free(csv);
    }
}
