#ifndef WEIR_PLOTS_FOLDER_H
#define WEIR_PLOTS_FOLDER_H

#include <stdio.h>

#include "error.h"

/**
 * The result folder, as an open directory: no path is put together anywhere, and nothing changes
 * when the process changes its working directory.
 */

/** Ends the name of a file that is not finished. */
#define PLOTS_PART ".part"

/** Opens the folder. Returns its descriptor, which the caller closes, or -1 with an error. */
int plots_folder_open(const char *path, struct plots_error *error);

/** Opens a file to read. Returns NULL with an error if it is not there. */
FILE *plots_folder_read(int folder, const char *name, struct plots_error *error);

/** Starts `name`.part. Returns NULL with an error if it cannot be written. */
FILE *plots_folder_create(int folder, const char *name, struct plots_error *error);

/** Closes what plots_folder_create opened and puts it in place, flushed to the disk. A file with a
 *  write error is removed instead: false, with an error. */
bool plots_folder_commit(int folder, const char *name, FILE *file, struct plots_error *error);

/** Flushes `name`.part to the disk and gives it its name. */
bool plots_folder_rename(int folder, const char *name, struct plots_error *error);

/** Flushes the list of files to the disk. */
bool plots_folder_sync(int folder, struct plots_error *error);

/** Removes `name` and `name`.part, if they are there. */
void plots_folder_remove(int folder, const char *name);

#endif
