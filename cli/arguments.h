#ifndef WEIR_CLI_ARGUMENTS_H
#define WEIR_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy_source.h"

/** Prints "weir: …" to standard error and returns the exit code given. */
int weir_complain(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Complains of a policy that could not be had; returns the exit code. */
int weir_complain_of_policy(const struct weir_source_error *error);

/** Reads a whole number from `min` to `max`; complains about option `name` and returns false if it
 * is not one. */
bool weir_read_integer(const char *name, const char *text, uint64_t min, uint64_t max,
                       uint64_t *value);

/** Ends standard output: whatever could not be written is an error. Returns `exit_code`, or
 *  WEIR_EXIT_FAILED after complaining. */
int weir_end_output(int exit_code);

/** Whether --help or -h is among the arguments. */
bool weir_asks_for_help(int argc, char **argv);

/** Prints the help of a command and returns its exit code. */
int weir_give_help(const char *help);

/** Prints a document and a line feed, frees it, and returns the exit code; NULL: memory is short.
 */
int weir_print_document(char *text);

/** For commands without options: true if there were arguments, after --help was printed or anything
 *  else was refused; then `*exit_code` is the command's. */
bool weir_only_help(int argc, char **argv, const char *help, int *exit_code);

#endif
