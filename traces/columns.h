#ifndef WEIR_TRACES_COLUMNS_H
#define WEIR_TRACES_COLUMNS_H

#include "fields.h"

/** The five things that a row needs. */
enum weir_part {
    WEIR_PART_TIME,
    WEIR_PART_SYMBOL,
    WEIR_PART_SIDE,
    WEIR_PART_PRICE,
    WEIR_PART_QUANTITY,
    WEIR_PART_COUNT
};

/**
 * Which column of a CSV file is what, as the user says:
 * "time=…,symbol=…,side=…,price=…,quantity=…,unit=ns|us|ms|s|iso,symbol-suffix=…,sell=…,buy=…".
 * A column is given by its name in the header or by its number from 1; if any is given by number,
 * the file has no header unless "header=yes" says so. What is not given is found by its usual name.
 */
struct weir_columns {
    char part[WEIR_PART_COUNT][64]; /**< name, or digits; "" where not given */
    bool has_unit;
    enum weir_time_unit unit;
    bool has_header;
    char suffix[16];        /**< appended to symbols that do not end with it */
    char side_words[2][24]; /**< by enum weir_side; "" where not given */
};

/** Reads such a description. False and `fault`, which names the key that is wrong. */
bool weir_columns_read(const char *text, struct weir_columns *columns,
                       struct weir_row_fault *fault);

/** The number of a column given by number, from 0; SIZE_MAX if it was given by name. */
size_t weir_columns_number(const struct weir_columns *columns, enum weir_part part);

#endif
