#ifndef WEIR_BENCH_WHOLE_FILE_H
#define WEIR_BENCH_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/**
 * Files that are written whole or not at all: a temporary file beside the target, fsync, rename,
 * fsync of the folder. Until it is put in its place the old file, if any, stays as it was. What is
 * no regular file (a pipe, a terminal, /dev/null) is written to directly.
 *
 * A file that stands for itself: open, write, end. Several that belong together: open, write and
 * finish each, then place or discard all.
 */
struct weir_whole_file {
    FILE *stream;
    bool direct; /**< no temporary file: the target is no regular file */
    char path[4096];
    char temporary[4096];
};

/** Whether the file could be opened for writing, without leaving a trace. False and why in `error`
 *  if not. */
bool weir_whole_file_check(const char *path, char *error, size_t error_size);

/** Opens the file for writing. False and why in `error` if it cannot be. */
bool weir_whole_file_open(struct weir_whole_file *file, const char *path, char *error,
                          size_t error_size);

/** Ends the writing. False if anything could not be written; then `error` says why, and the file
 *  must be discarded. */
bool weir_whole_file_finish(struct weir_whole_file *file, char *error, size_t error_size);

/** Puts a finished file in its place. False and why in `error` on failure; the file is discarded.
 */
bool weir_whole_file_place(struct weir_whole_file *file, char *error, size_t error_size);

/** Removes what was written, finished or not. */
void weir_whole_file_discard(struct weir_whole_file *file);

/** For a file that stands for itself: finishes and places it if it is `whole`, else discards it and
 *  returns false, with `error` as the caller has left it. */
bool weir_whole_file_end(struct weir_whole_file *file, bool whole, char *error, size_t error_size);

/** Whether the folder is there or could be made, without making it. False and why in `error` if
 * not. */
bool weir_folder_check(const char *path, char *error, size_t error_size);

/** Makes a folder, and those above it, if they are not there. */
bool weir_make_folder(const char *path, char *error, size_t error_size);

/** Puts files in their places if all are ready, else discards them: only when all are written does
 *  the first replace an old one. False and an error if one cannot be placed, or if not all are
 *  ready; then the error is left as it is. */
bool weir_whole_files_place(struct weir_whole_file *files, size_t count, bool all_ready,
                            char *error, size_t error_size);

#endif
