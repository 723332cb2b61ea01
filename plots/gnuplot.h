#ifndef WEIR_PLOTS_GNUPLOT_H
#define WEIR_PLOTS_GNUPLOT_H

#include "error.h"

/** Longest path of the program, NUL included. */
#define PLOTS_PROGRAM_SIZE 4096

/** Finds gnuplot in the absolute folders of PATH. False if it is not there. */
bool plots_gnuplot_find(char program[PLOTS_PROGRAM_SIZE]);

/**
 * Runs gnuplot on a script, with `folder` as its working directory, without a shell and without the
 * settings of the user; `definitions` are commands that come before the script. Waits for its end.
 * True if it left with 0; `warnings` (of `size` bytes, at least 1) gets what it said on standard
 * error, cut to that length. False with an error that holds the same.
 */
bool plots_gnuplot_run(const char *program, int folder, const char *definitions, const char *script,
                       char *warnings, size_t size, struct plots_error *error);

/** Most scripts of one run. */
#define PLOTS_SCRIPTS_MAX 256

/** The same with several scripts in one process, one after the other; each must set what it needs,
 *  for variables of the one before are still there. */
bool plots_gnuplot_run_all(const char *program, int folder, const char *definitions,
                           const char *const *scripts, size_t count, char *warnings, size_t size,
                           struct plots_error *error);

#endif
