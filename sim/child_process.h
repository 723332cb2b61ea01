#ifndef WEIR_SIM_CHILD_PROCESS_H
#define WEIR_SIM_CHILD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * A program that is asked and answers, line by line, on its standard input and output; its standard
 * error is weir's. It runs in a process group of its own, which is killed as a whole: at the end,
 * and by a small guard process if weir itself is interrupted or killed.
 *
 * This is the only part of the simulator that looks at a wall clock: a program that does not answer
 * is not waited for for ever.
 */
struct weir_child {
    pid_t pid;   /**< its process group, too; 0: not running */
    pid_t guard; /**< process that kills the group when `guard_in` is closed without a word */
    int in, out, guard_in;
    char *buffer; /**< what was read and not yet taken */
    size_t start, end;
    bool closed; /**< its standard output is */
    bool quiet;  /**< nothing came in the last look */
    uint64_t asked;
    int exit_status;
    bool killed; /**< it did not go of itself */
};

/** Longest line that a program may answer. */
#define WEIR_CHILD_LINE_MAX (1 << 20)

/** What became of a question. */
enum weir_child_result {
    WEIR_CHILD_OK,
    WEIR_CHILD_TIMEOUT,  /**< no answer within the time */
    WEIR_CHILD_DEAF,     /**< it did not read its input within the time */
    WEIR_CHILD_ENDED,    /**< it ended, or closed its output */
    WEIR_CHILD_TOO_LONG, /**< no end of the line within WEIR_CHILD_LINE_MAX bytes */
    WEIR_CHILD_UNASKED   /**< it had written another line before it was asked */
};

/** Starts a command of the shell. False and `errno` if a process cannot be made. */
bool weir_child_start(struct weir_child *child, const char *command);

/**
 * Sends `size` bytes (with their newline) and waits for one line, at most `timeout_ms`. On
 * WEIR_CHILD_OK and WEIR_CHILD_UNASKED `*line` is the line without its newline, terminated, valid
 * until the next call. Lines that nobody asked for are looked for before each call, and now and
 * then waited for, so that a program that answers twice is found out soon.
 */
enum weir_child_result weir_child_ask(struct weir_child *child, const char *bytes, size_t size,
                                      int64_t timeout_ms, const char **line, size_t *length);

/** Ends it: closes its input, waits `grace_ms` for it to go, then kills its whole group. Sets
 *  `exit_status` as waitpid gives it, and `killed`. Harmless if it is not running. */
void weir_child_end(struct weir_child *child, int64_t grace_ms);

#endif
