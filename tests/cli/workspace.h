#ifndef WEIR_TESTS_CLI_WORKSPACE_H
#define WEIR_TESTS_CLI_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A temporary folder of a test program, and files in it. */

/** A path; by value, so that it can be used in a call. */
struct path {
    char text[512];
};

/** Group setup and teardown: make the folder; remove it with everything in it. */
int workspace_setup(void **state);
int workspace_teardown(void **state);

/** Path of a name in the folder; nothing is made. */
struct path workspace_path(const char *name);

/** Path of a file of the project's source. */
struct path source_path(const char *name);

/** Path of a bundled profile, without its ending: "binance-2025-01-27". */
struct path profile_path(const char *name);

/** Write a file into the folder: as it is, as text, compressed by gzip or zstd. */
struct path write_bytes(const char *name, const void *bytes, size_t size);
struct path write_text(const char *name, const char *text);
struct path write_gzip(const char *name, const char *text);
struct path write_zstd(const char *name, const char *text);

/** Makes a folder in it. */
struct path make_folder(const char *name);

/** Cuts bytes off a file's end. */
void cut_off(const char *path, size_t bytes);

/** Whole text of a file, which the caller frees; fails the test if it cannot be read. */
char *read_text(const char *path);

bool file_exists(const char *path);

/** Names in a folder, sorted, separated by blanks; the caller frees them. */
char *list_folder(const char *path);

/**
 * A synthetic recording as canonical CSV, made by a generator with a fixed seed: `rows`
 * liquidations of six symbols, each at its own millisecond, 20 ms apart on average, sizes from a
 * few hundred to some hundred thousand USD. The caller frees it.
 */
char *synthetic_recording(uint64_t seed, size_t rows);

/** SplitMix64, for drawn inputs. */
uint64_t draw(uint64_t *state);

#endif
