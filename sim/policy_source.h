#ifndef WEIR_SIM_POLICY_SOURCE_H
#define WEIR_SIM_POLICY_SOURCE_H

#include <stddef.h>

#include "weir/policy.h"

/**
 * Policies by what the user wrote:
 *
 *     weir                    a built-in policy
 *     ./mine.so               a shared object: anything with a slash, or that ends in .so
 *     cmd:python3 mine.py     a program that speaks JSON lines; everything after the colon is a
 *                             command of the shell
 *
 * A list separates them by commas; a comma that belongs to a path or command is written `\,`.
 */

/** Most policies in one set. */
#define WEIR_POLICIES_MAX 16

/** Longest text of one policy, terminator included. */
#define WEIR_POLICY_SPEC_MAX 1024

/** Why a policy could not be had, as far as the exit code cares. */
enum weir_source_status {
    WEIR_SOURCE_OK = 0,
    WEIR_SOURCE_WRONG_USE, /**< no such policy, named twice, too many, an empty name */
    WEIR_SOURCE_BAD_INPUT, /**< a shared object or program that is not what it should be */
    WEIR_SOURCE_NO_MEMORY
};

struct weir_source_error {
    enum weir_source_status status;
    char text[1024];
};

/** One policy of a set. */
struct weir_policy_choice {
    /** Its table of functions. The `name` is for display: that of the built-in policy, else the
     *  file's name without its ending, made of letters, digits, `.`, `_` and `-` (so that it can
     *  name a folder) and different from all others of the set. */
    const struct weir_policy *policy;
    const char *spec; /**< what the user wrote, enough to find it again */
};

/**
 * Policies that were found and opened. Tables, names and every text that a policy hands out (as in
 * its events) live as long as the set: close it after the results that came of it.
 */
struct weir_policy_set {
    const struct weir_policy *const *also; /**< further policies that go by their names, as those
                                                that only the simulator has; NULL ends them; may be
                                                NULL. Set before anything is added */
    struct weir_policy_choice choices[WEIR_POLICIES_MAX];
    size_t count;
    struct weir_policy_source *sources[WEIR_POLICIES_MAX]; /**< the set's own */
};

/** Adds the policies of a list, in order. A program is started once to ask what it is. On failure
 *  `error` says what was wrong, and the set holds those before it. */
enum weir_source_status weir_policy_set_add(struct weir_policy_set *set, const char *list,
                                            struct weir_source_error *error);

/** Adds one policy, whose commas are its own. */
enum weir_source_status weir_policy_set_add_one(struct weir_policy_set *set, const char *spec,
                                                struct weir_source_error *error);

/** Closes everything; a set of zeros is allowed. */
void weir_policy_set_close(struct weir_policy_set *set);

#endif
