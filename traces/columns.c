#include "columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_error.h"

#define COLUMN_NUMBER_MAX 256

static bool is_number(const char *text) {
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

size_t weir_columns_number(const struct weir_columns *columns, enum weir_part part) {
    const char *text = columns->part[part];
    return is_number(text) ? strtoul(text, NULL, 10) - 1 : SIZE_MAX;
}

static bool copy(char *to, size_t size, const char *key, const char *value, size_t length,
                 struct weir_row_fault *fault) {
    if (length == 0 || length >= size) {
        return weir_row_fails(fault, "columns: '%s' must have 1 to %zu characters", key, size - 1);
    }
    memcpy(to, value, length);
    to[length] = '\0';
    return true;
}

/** The number of a word among others; -1 if it is none of them. */
static int find_word(const char *const *words, int count, const char *text, size_t length) {
    for (int i = 0; i < count; i++) {
        if (strlen(words[i]) == length && strncmp(words[i], text, length) == 0) {
            return i;
        }
    }
    return -1;
}

static bool read_unit(const char *value, size_t length, struct weir_columns *columns,
                      struct weir_row_fault *fault) {
    static const char *const units[] = {"ns", "us", "ms", "s", "iso"};
    const int unit = find_word(units, 5, value, length);
    if (unit < 0) {
        return weir_row_fails(fault,
                              "columns: unit '%s' is not known; ns, us, ms, s or iso is "
                              "needed",
                              weir_show(value, length).text);
    }
    columns->has_unit = true;
    columns->unit = (enum weir_time_unit)unit;
    return true;
}

/** One key and its value. */
static bool read_entry(const char *key, size_t key_length, const char *value, size_t length,
                       struct weir_columns *columns, struct weir_row_fault *fault) {
    static const char *const parts[] = {"time", "symbol", "side", "price", "quantity"};
    static const char *const others[] = {"unit", "symbol-suffix", "sell", "buy", "header"};
    static const char *const yes_no[] = {"no", "yes"};
    const int part = find_word(parts, WEIR_PART_COUNT, key, key_length);
    if (part >= 0) {
        return copy(columns->part[part], sizeof columns->part[0], parts[part], value, length,
                    fault);
    }
    switch (find_word(others, 5, key, key_length)) {
    case 0:
        return read_unit(value, length, columns, fault);
    case 1:
        return copy(columns->suffix, sizeof columns->suffix, others[1], value, length, fault);
    case 2:
        return copy(columns->side_words[WEIR_SIDE_SELL], sizeof columns->side_words[0], others[2],
                    value, length, fault);
    case 3:
        return copy(columns->side_words[WEIR_SIDE_BUY], sizeof columns->side_words[0], others[3],
                    value, length, fault);
    case 4:
        columns->has_header = find_word(yes_no, 2, value, length) == 1;
        return find_word(yes_no, 2, value, length) >= 0 ||
               weir_row_fails(fault, "columns: header must be yes or no");
    default:
        return weir_row_fails(fault,
                              "columns: key '%s' is not known; there are time, symbol, side, "
                              "price, quantity, unit, symbol-suffix, sell, buy and header",
                              weir_show(key, key_length).text);
    }
}

static bool check(const struct weir_columns *columns, struct weir_row_fault *fault) {
    for (int part = 0; part < WEIR_PART_COUNT; part++) {
        const size_t number = weir_columns_number(columns, (enum weir_part)part);
        if (is_number(columns->part[part]) && number >= COLUMN_NUMBER_MAX) {
            return weir_row_fails(fault,
                                  "columns: '%s' is no number of a column; 1 to %d is needed",
                                  columns->part[part], COLUMN_NUMBER_MAX);
        }
    }
    return (columns->side_words[0][0] == '\0') == (columns->side_words[1][0] == '\0') ||
           weir_row_fails(fault, "columns: sell and buy must be given together");
}

bool weir_columns_read(const char *text, struct weir_columns *columns,
                       struct weir_row_fault *fault) {
    *columns = (struct weir_columns){.has_header = true};
    bool header_given = false;
    while (*text != '\0') {
        const size_t length = strcspn(text, ",");
        const size_t key_length = strcspn(text, "=,");
        if (key_length == length) {
            return weir_row_fails(fault,
                                  "columns: '%s' has no '='; time=NAME is one of what is "
                                  "needed",
                                  weir_show(text, length).text);
        }
        header_given = header_given || strncmp(text, "header=", 7) == 0;
        if (!read_entry(text, key_length, text + key_length + 1, length - key_length - 1, columns,
                        fault)) {
            return false;
        }
        text += length + (text[length] == ',' ? 1 : 0);
    }
    for (int part = 0; part < WEIR_PART_COUNT && !header_given; part++) {
        columns->has_header = columns->has_header && !is_number(columns->part[part]);
    }
    return check(columns, fault);
}
