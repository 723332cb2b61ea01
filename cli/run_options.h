#ifndef WEIR_CLI_RUN_OPTIONS_H
#define WEIR_CLI_RUN_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "replay.h"
#include "scenario.h"

/** What the commands that run policies have in common. Functions that return an exit code have
 *  complained if it is not WEIR_EXIT_DONE. */

enum weir_form {
    WEIR_FORM_TABLE,
    WEIR_FORM_JSON,
    WEIR_FORM_CSV,
    WEIR_FORM_MARKDOWN
};

enum weir_color {
    WEIR_COLOR_AUTO,
    WEIR_COLOR_ALWAYS,
    WEIR_COLOR_NEVER
};

int weir_read_form(const char *text, enum weir_form *form);
int weir_read_color(const char *text, enum weir_color *color);

/** Reads a whole number for the option `name`. */
int weir_read_number(const char *name, const char *text, uint64_t min, uint64_t max,
                     uint32_t *value);

/** Whether standard output is to be coloured. NO_COLOR: see no-color.org; any value but the empty
 *  one counts. */
bool weir_is_colored(enum weir_color color);

/** The next option, as getopt_long gives it; what is none is complained about once and ends as '?'.
 */
int weir_next_option(const char *command, int argc, char **argv, const struct option *options);

/** Complain and return the exit code of a failure: of settings, of a run. */
int weir_scenario_exit(const struct weir_scenario_error *error);
int weir_replay_exit(const struct weir_replay_error *error);

/** Progress on a terminal: how many, and how long still. `context` is the struct timespec of the
 *  start by CLOCK_MONOTONIC. */
void weir_show_progress(void *context, uint32_t done, uint32_t of);

#endif
