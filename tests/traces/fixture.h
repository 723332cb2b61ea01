#ifndef WEIR_TESTS_TRACES_FIXTURE_H
#define WEIR_TESTS_TRACES_FIXTURE_H

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace.h"

/** A path in the test's own temporary folder. */
struct fixture_path {
    char text[256];
};

/** Group setup and teardown: make the temporary folder, remove it with what is in it. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** Writes a file there; plain, gzip, zstd. Members or frames are appended when `append`. */
struct fixture_path fixture_write(const char *name, const void *bytes, size_t size);
struct fixture_path fixture_text(const char *name, const char *text);
struct fixture_path fixture_gzip(const char *name, const char *text, bool append);
struct fixture_path fixture_zstd(const char *name, const char *text, bool append);

/** Cuts the last bytes off a file, or changes one byte. */
void fixture_truncate(const char *path, size_t bytes);
void fixture_damage(const char *path, size_t offset);

/** Opens one file as a trace and fails the test with the message when it cannot. */
struct weir_trace *fixture_open(const char *path);

/** Opens files that must fail with this status and a message that holds each of the parts. */
void fixture_fails(const char *const *paths, size_t count, enum weir_trace_status status,
                   const char *const *parts);

/** The same for one file and up to three parts (NULL for none). */
void fixture_one_fails(const char *path, const char *part1, const char *part2, const char *part3);

#endif
