#include "rows.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "folder.h"

/** Reads a line without its end. False at the end of the file and on error. */
static bool read_line(struct plots_rows *rows) {
    errno = 0;
    const ssize_t length = getline(&rows->line, &rows->capacity, rows->file);
    if (length < 0) {
        if (ferror(rows->file)) {
            plots_fail(rows->error, "%s: cannot be read: %s", rows->name, strerror(errno));
        }
        return false;
    }
    rows->line_number++;
    rows->line[strcspn(rows->line, "\r\n")] = '\0';
    return true;
}

static size_t count_columns(const char *heading) {
    size_t columns = 1;
    for (const char *tab = strchr(heading, '\t'); tab; tab = strchr(tab + 1, '\t')) {
        columns++;
    }
    return columns;
}

bool plots_rows_open(struct plots_rows *rows, int folder, const char *name, const char *heading,
                     struct plots_error *error) {
    *rows = (struct plots_rows){.name = name, .columns = count_columns(heading), .error = error};
    assert(rows->columns <= PLOTS_COLUMNS_MAX);
    rows->file = plots_folder_read(folder, name, error);
    if (!rows->file) {
        return false;
    }
    if (!read_line(rows) || strcmp(rows->line, heading) != 0) {
        plots_fail(error, "%s, line 1: expected the names of the columns, '%s'", name, heading);
        plots_rows_close(rows);
        return false;
    }
    return true;
}

bool plots_rows_next(struct plots_rows *rows) {
    do { /* blank lines part the blocks of a table */
        if (rows->error->set || !read_line(rows)) {
            return false;
        }
    } while (!rows->line[0]);
    char *at = rows->line;
    for (size_t i = 0; i < rows->columns; i++) {
        if (!at) {
            return plots_fail(rows->error, "%s, line %zu: expected %zu columns, found %zu",
                              rows->name, rows->line_number, rows->columns, i);
        }
        rows->fields[i] = at;
        char *tab = strchr(at, '\t');
        if (tab && i + 1 < rows->columns) {
            *tab = '\0';
        }
        at = tab ? tab + 1 : NULL;
    }
    return true;
}

double plots_rows_number(struct plots_rows *rows, size_t column, double min, double max) {
    const char *text = rows->fields[column];
    char *end = NULL;
    const double number = strtod(text, &end);
    if (end != text && *end == '\0' && number >= min && number <= max) {
        return number;
    }
    plots_fail(rows->error, "%s, line %zu, column %zu: '%.40s', expected a number from %g to %g",
               rows->name, rows->line_number, column + 1, text, min, max);
    return min;
}

bool plots_rows_fail(struct plots_rows *rows, const char *why) {
    return plots_fail(rows->error, "%s, line %zu: %s", rows->name, rows->line_number, why);
}

void plots_rows_close(struct plots_rows *rows) {
    free(rows->line);
    fclose(rows->file);
    *rows = (struct plots_rows){0};
}
