#ifndef WEIR_BENCH_TRACE_FOLDER_H
#define WEIR_BENCH_TRACE_FOLDER_H

#include "info.h"

/**
 * Writes what is in a trace into a folder, which is made if it is not there: result.json (the text
 * given, of schema weir.trace-info/1), rate.tsv (its course), cascades.tsv (its strongest minutes,
 * the strongest first) and sizes.tsv. All of them or none. False and why in `error` on failure.
 */
bool weir_trace_folder(const struct weir_info *info, const char *document, const char *folder,
                       char *error, size_t error_size);

#endif
