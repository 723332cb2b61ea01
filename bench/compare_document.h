#ifndef WEIR_BENCH_COMPARE_DOCUMENT_H
#define WEIR_BENCH_COMPARE_DOCUMENT_H

#include <stdbool.h>
#include <stdio.h>

#include "compare.h"
#include "replay_document.h"

/** The weir.compare/1 document as text with a final newline; the caller frees it. NULL if memory is
 *  short. The same bytes for the same inputs, but for `cost`. */
char *weir_compare_document(const struct weir_compare *compare);

/** Writes it for people or spreadsheets; CSV has one row per figure. */
void weir_compare_table(const struct weir_compare *compare, enum weir_table_form form, bool color,
                        FILE *out);

/** Writes result.json and the data of the pictures into a folder, which is made if needed. Each
 *  file is whole or not there. False and why in `error` on failure. */
bool weir_compare_folder(const struct weir_compare *compare, const char *folder, char *error,
                         size_t error_size);

#endif
