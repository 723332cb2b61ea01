#ifndef WEIR_PLOTS_SOURCE_H
#define WEIR_PLOTS_SOURCE_H

#include "document.h"

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

#endif
