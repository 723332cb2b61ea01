#ifndef WEIR_PLOTS_SOURCE_H
#define WEIR_PLOTS_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "error.h"

/** What a result is the result of. */
enum plots_kind {
    PLOTS_REPLAY,
    PLOTS_COMPARE,
    PLOTS_TUNE,
    PLOTS_NIGHT
};

/** A result that is to be reported. */
struct plots_source {
    const char *path; /**< as given */
    char document[4096];
    json_t *root;
    enum plots_kind kind;
    int folder;      /**< where the scripts go */
    bool has_tables; /**< `folder` is a result folder, with its tables */
    char prefix[24]; /**< of the scripts' names */
};

/** Opens a result folder or a document. `number` is its place among the results, from 1; scripts of
 *  a single file go to the folder `scripts`. On false nothing is open. */
bool plots_source_open(struct plots_source *source, const char *path, unsigned number,
                       const char *scripts, struct plots_error *error);

void plots_source_close(struct plots_source *source);

/** The value at the end of a dotted path, NULL if there is none. Borrowed. */
json_t *plots_find(const json_t *root, const char *path);

/** A text at the end of a path; `fallback` if there is none. */
const char *plots_text(const json_t *root, const char *path, const char *fallback);

/** A number at the end of a path; false if there is none. */
bool plots_number(const json_t *root, const char *path, double *number);

/** A mean at `metrics.NAME.mean`; false if it was not measured. */
bool plots_mean(const json_t *root, const char *metric, double *mean);

#endif
