#ifndef WEIR_TESTS_CLI_REFUSAL_H
#define WEIR_TESTS_CLI_REFUSAL_H

#include <stdbool.h>

#include "run_command.h"

/** Exit codes of the command. */
enum {
    EXIT_FAILED = 1,
    EXIT_WRONG_USE = 2,
    EXIT_BAD_INPUT = 3
};

/**
 * Whether a run was refused as it should be: this exit code, nothing on standard output, and one
 * line on standard error that begins with "weir: " and holds each of the parts (separated by '|',
 * case does not matter). Says what is wrong if not. Frees the run.
 */
bool is_refused(struct run run, int exit_code, const char *parts, const char *what);

#endif
