#ifndef WEIR_TESTS_CLI_RUN_COMMAND_H
#define WEIR_TESTS_CLI_RUN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Runs the command `weir` as a shell would: own process, arguments as given, output captured. The
 * path of the command comes from the build (WEIR_COMMAND).
 */

/** What the command sees besides its arguments. All zero: standard input is empty, output captured.
 */
struct run_setting {
    const char *input; /**< bytes for standard input */
    size_t input_size;
    const char *folder;      /**< working folder, or NULL for the tests' own */
    const char *output_path; /**< standard output goes to this file instead of being captured */
    const char *search_path; /**< value of PATH instead of the tests' own */
    bool output_closed;      /**< standard output is closed */
    bool input_closed;       /**< standard input is closed */
    bool limit_file_size;    /**< writes beyond file_size_max fail; SIGXFSZ is ignored */
    unsigned long file_size_max;
    int drained; /**< descriptor that is read empty while the command runs; 0: none */
};

/** How it went. Freed with run_free. */
struct run {
    int exit_code; /**< 128 + signal if a signal ended it */
    char *out;     /**< standard output, NUL terminated */
    size_t out_size;
    char *err; /**< standard error, NUL terminated */
    size_t err_size;
    size_t drained_size; /**< bytes read from run_setting.drained */
};

/** Runs the command with `arguments` (ending in NULL, without the command's own name). Fails the
 *  test if it cannot be started. A command that hangs is killed by an alarm, with the test. */
struct run run_command(const struct run_setting *setting, const char *const *arguments);

void run_free(struct run *run);

/** run_command with the arguments written out. */
#define WEIR_WITH(setting, ...) run_command((setting), (const char *const[]){__VA_ARGS__, NULL})
#define WEIR(...) WEIR_WITH(&(struct run_setting){0}, __VA_ARGS__)

/** Runs it, checks that it exits with 0 and says nothing on standard error, and returns standard
 *  output, which the caller frees. */
char *run_quietly(const struct run_setting *setting, const char *const *arguments);
#define WEIR_OUT(...)                                                                              \
    run_quietly(&(struct run_setting){0}, (const char *const[]){__VA_ARGS__, NULL})

#endif
