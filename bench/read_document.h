#ifndef WEIR_BENCH_READ_DOCUMENT_H
#define WEIR_BENCH_READ_DOCUMENT_H

#include "scenario.h"
#include "strict_json.h"

/* What documents of different schemas have in common, for those that read them. */

/** Loads a document and has it read into `into`. NULL and an error that names file and key if that
 *  fails; else the document, which owns the texts that were read, and which the caller decrefs. */
json_t *weir_read_document(const char *path, void (*read)(struct weir_json_part top, void *into),
                           void *into, struct weir_scenario_error *error);

/** The texts of a list; they belong to the document, the list to the caller. After an error it has
 *  those before. NULL if memory is short: then the reading has failed. */
const char **weir_read_document_texts(struct weir_json_part part, const char *key, size_t *count);

/** How recordings were to be read, in result documents: {"reader", "columns", "skip_bad"}. */

/** Sets the key "read" of a document, unless nothing was asked for. */
void weir_read_document_add(json_t *root, const struct weir_read_options *read);

/** Reads it back; nothing is asked for where it is missing. The texts belong to the document. */
struct weir_read_options weir_read_document_options(struct weir_json_part top);

#endif
