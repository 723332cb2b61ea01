#ifndef WEIR_PLOTS_ROWS_H
#define WEIR_PLOTS_ROWS_H

#include <stdio.h>

#include "error.h"

/** Most columns of a table in a result folder. */
#define PLOTS_COLUMNS_MAX 16

/** A table of a result folder: tab-separated, its first line names the columns. */
struct plots_rows {
    FILE *file;
    const char *name;
    size_t columns;
    size_t line_number;
    char *line;
    size_t capacity;
    char *fields[PLOTS_COLUMNS_MAX]; /**< of the current row; live until the next is read */
    struct plots_error *error;
};

/** Opens a table whose first line must be `heading`; its tabs say how many columns there are. On
 *  false nothing is open. */
bool plots_rows_open(struct plots_rows *rows, int folder, const char *name, const char *heading,
                     struct plots_error *error);

/** Reads the next row; blank lines are passed over. False at the end of the file and on error. */
bool plots_rows_next(struct plots_rows *rows);

/** The number in a column of the current row, which must be within [min, max]; else `min`, with an
 *  error that names file, line and column. */
double plots_rows_number(struct plots_rows *rows, size_t column, double min, double max);

/** Notes an error in the current row. Returns false. */
bool plots_rows_fail(struct plots_rows *rows, const char *why);

/** Closes the table. */
void plots_rows_close(struct plots_rows *rows);

#endif
