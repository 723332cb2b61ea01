#ifndef WEIR_SIM_POLICY_PROGRAM_H
#define WEIR_SIM_POLICY_PROGRAM_H

#include <stddef.h>

#include "weir/policy.h"

/**
 * A policy that is an external program: JSON lines on its standard input and output, one line out
 * for each line in, simulated time in every call (docs/your-own-limiter.md is the reference). Each
 * limiter that is made of it starts a process of its own, so it works with any number of threads
 * and replications, and is deterministic if the program is.
 */

/** Version of the protocol that is spoken. */
#define WEIR_PROGRAM_PROTOCOL 1

/** What is known of a program: its command and what it answered when it was first asked. */
struct weir_program;

/**
 * Starts the command once, says hello, and keeps what it declares: options, whether it queues and
 * wants to see liquidations. NULL on failure, with what was wrong in `text`.
 */
struct weir_program *weir_program_open(const char *command, char *text, size_t size);

/** Frees it; no limiter made of it may be left. */
void weir_program_close(struct weir_program *program);

/** The table of functions under that name, which must outlive the program's use. */
const struct weir_policy *weir_program_policy(struct weir_program *program, const char *name);

#endif
