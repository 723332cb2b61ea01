#ifndef WEIR_TRACES_SOURCE_H
#define WEIR_TRACES_SOURCE_H

#include <stddef.h>

#include "trace.h"

/**
 * Bytes of a file or of standard input, decompressed. Compression (gzip, zstd) is recognised by the
 * first bytes, not by the name; several members or frames in a row read as one. Memory is constant.
 */
struct weir_source;

/** Opens a file, or standard input for "-". Returns NULL and fills `error` (WEIR_TRACE_NO_FILE,
 *  WEIR_TRACE_NO_MEMORY) on failure. */
struct weir_source *weir_source_open(const char *path, struct weir_trace_error *error);

/** Up to `size` (above 0) bytes into `buffer`. False and `error` on failure: the file cannot be
 *  read, or its compressed data are damaged or truncated. `*got` is 0 at the end only. */
bool weir_source_read(struct weir_source *source, char *buffer, size_t size, size_t *got,
                      struct weir_trace_error *error);

/** Whether reading failed because the compressed data end in mid-frame. */
bool weir_source_is_cut(const struct weir_source *source);

/** Whether it is a regular file that is not compressed. */
bool weir_source_is_plain_file(const struct weir_source *source);

/** The name for messages: the path, or "standard input". Belongs to the source. */
const char *weir_source_name(const struct weir_source *source);

/** Closes the file (not standard input) and frees the source; NULL is allowed. */
void weir_source_close(struct weir_source *source);

#endif
