#ifndef WEIR_BENCH_WHOLE_FILE_H
#define WEIR_BENCH_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * Files that are written whole or not at all: a temporary file beside the target, fsync, rename,
 * fsync of the folder. Until it is committed the old file, if any, stays as it was.
 */
struct weir_whole_file {
    FILE *stream;
    char path[4096];
    char temporary[4096];
};

/** Opens the temporary file. False and why in `error` if it cannot be. */
bool weir_whole_file_open(struct weir_whole_file *file, const char *path, char *error,
                          size_t error_size);

/** Puts the file in its place, or removes it if `ok` is false or a write failed. Returns whether
 * the file is in place; if not because a write failed, `error` says why. */
bool weir_whole_file_close(struct weir_whole_file *file, bool ok, char *error, size_t error_size);

/** Makes a folder, and those above it, if they are not there. */
bool weir_make_folder(const char *path, char *error, size_t error_size);

#endif
