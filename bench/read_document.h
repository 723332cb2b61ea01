#ifndef WEIR_BENCH_READ_DOCUMENT_H
#define WEIR_BENCH_READ_DOCUMENT_H

#include "strict_json.h"

/** How recordings were to be read, in result documents: {"reader", "columns", "skip_bad"}. */

/** Sets the key "read" of a document, unless nothing was asked for. */
void weir_read_document_add(json_t *root, const struct weir_read_options *read);

/** Reads it back; nothing is asked for where it is missing. The texts belong to the document. */
struct weir_read_options weir_read_document_options(struct weir_json_part top);

#endif
