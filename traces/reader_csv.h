#ifndef WEIR_TRACES_READER_CSV_H
#define WEIR_TRACES_READER_CSV_H

#include "fields.h"

/** Columns of a CSV recording and the parser's state. Opaque. */
struct weir_csv;

/** Forms of CSV. */
enum weir_csv_kind {
    WEIR_CSV_ANY,
    WEIR_CSV_HEADER, /**< known names of columns */
    WEIR_CSV_RAW,    /**< forceOrder, twelve columns, no header */
    WEIR_CSV_VISION, /**< Binance Vision's liquidationSnapshot */
    WEIR_CSV_TARDIS
};

enum weir_csv_result {
    WEIR_CSV_ROW,
    WEIR_CSV_REPEATED, /**< a row that was written twice: pass it over */
    WEIR_CSV_BAD
};

/** What is known of a CSV recording besides its first line. */
struct weir_csv_hints {
    const char *path;        /**< some venues name the symbol in the file name */
    const char *columns;     /**< which column is what, or "" */
    enum weir_csv_kind kind; /**< WEIR_CSV_ANY: recognised */
};

/**
 * Recognises the form by its first line. `*header` says whether that line was a header (else it is
 * the first row). NULL and `fault` when columns are missing or memory is.
 */
struct weir_csv *weir_csv_open(const char *line, size_t length, const struct weir_csv_hints *hints,
                               bool *header, struct weir_row_fault *fault);

/** The unit of its times; WEIR_TIME_NS where it is not fixed. */
enum weir_time_unit weir_csv_unit(const struct weir_csv *csv);

/** "time=…,symbol=…": whether the description of columns can be read. */
bool weir_csv_check_columns(const char *columns, struct weir_row_fault *fault);

/** Reads one line that is not blank. */
enum weir_csv_result weir_csv_read(struct weir_csv *csv, const char *line, size_t length,
                                   struct weir_row *row, struct weir_row_fault *fault);

void weir_csv_close(struct weir_csv *csv);

#endif
