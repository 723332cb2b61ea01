#ifndef WEIR_TRACES_READER_CSV_H
#define WEIR_TRACES_READER_CSV_H

#include "fields.h"

/** Columns of a CSV recording and the parser's state. Opaque. */
struct weir_csv;

enum weir_csv_result {
    WEIR_CSV_ROW,
    WEIR_CSV_REPEATED, /**< a row that was written twice: pass it over */
    WEIR_CSV_BAD
};

/**
 * Recognises the form by its first line. `*header` says whether that line was a header (else it is
 * the first row). NULL and `fault` when columns are missing or memory is.
 */
struct weir_csv *weir_csv_open(const char *line, size_t length, bool *header,
                               struct weir_row_fault *fault);

/** Reads one line that is not blank. */
enum weir_csv_result weir_csv_read(struct weir_csv *csv, const char *line, size_t length,
                                   struct weir_row *row, struct weir_row_fault *fault);

void weir_csv_close(struct weir_csv *csv);

#endif
