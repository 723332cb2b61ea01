#ifndef WEIR_BENCH_SELFTEST_H
#define WEIR_BENCH_SELFTEST_H

#include <stdio.h>

#include "suite.h"
#include "timing.h"

/** What a selftest found. */
struct weir_selftest {
    uint32_t nights;
    uint32_t alarms; /**< nights in which a regression was reported */
    uint32_t doubts; /**< nights in which a first round asked for a second */
};

/**
 * Measures the time measures of a suite as on that many nights, and counts the alarms: of a build
 * against itself they are false ones, of a build that is known to be slower than the other they
 * should be raised. Prints a line for each night and measure to `out` as they come, if it is not
 * NULL. False and an error on failure.
 */
bool weir_selftest_run(const struct weir_suite *suite, uint32_t nights,
                       const struct weir_build *own, const struct weir_build *versus, FILE *out,
                       struct weir_selftest *found, struct weir_replay_error *error);

/** Prints the rates with their exact 95 % intervals; `what`: what an alarm is. */
void weir_selftest_print(const struct weir_selftest *found, const char *what, FILE *out);

#endif
