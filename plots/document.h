#ifndef WEIR_PLOTS_DOCUMENT_H
#define WEIR_PLOTS_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "error.h"

/** The document of a result folder. */
#define PLOTS_DOCUMENT "result.json"

/** Parses a document and closes its file. NULL with an error that names it by `name` and says that
 *  `expected` would be right. The caller frees with json_decref. */
json_t *plots_document_parse(FILE *file, const char *name, const char *expected,
                             struct plots_error *error);

/** Reads result.json of a folder, which must be of that schema. NULL with an error. The caller
 *  frees with json_decref. */
json_t *plots_document_load(int folder, const char *schema, struct plots_error *error);

/** The value at the end of a dotted path, NULL if there is none. Borrowed. */
json_t *plots_find(const json_t *root, const char *path);

/** A text at the end of a path; `fallback` if there is none. */
const char *plots_text(const json_t *root, const char *path, const char *fallback);

/** A number at the end of a path; false if there is none. */
bool plots_number(const json_t *root, const char *path, double *number);

/** A mean at `metrics.NAME.mean`; false if it was not measured. */
bool plots_mean(const json_t *root, const char *metric, double *mean);

#endif
