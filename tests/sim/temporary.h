#ifndef WEIR_TESTS_SIM_TEMPORARY_H
#define WEIR_TESTS_SIM_TEMPORARY_H

/** A file of a test's own. */
struct temporary {
    char path[128];
};

/** Writes a text to a new file in TMPDIR (or /tmp). */
struct temporary temporary_write(const char *text);

void temporary_remove(const struct temporary *file);

#endif
