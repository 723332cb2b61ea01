#ifndef WEIR_BENCH_CHECKS_H
#define WEIR_BENCH_CHECKS_H

#include <jansson.h>

#include "replay.h"

/**
 * What is checked of a suite's result: each gate, each case against the accepted baseline (exactly:
 * whatever changed, changed), each ratio of time.
 */

enum weir_check_status {
    WEIR_CHECK_PASSED,
    WEIR_CHECK_ADVICE, /**< worth a look; breaks nothing */
    WEIR_CHECK_BROKEN,
    WEIR_CHECK_CRASHED /**< a policy broke: it has no results */
};

struct weir_check {
    const char *kind; /**< "gate", "baseline", "time" or "policy" */
    char *name;       /**< the expression, the case, the ratio */
    enum weir_check_status status;
    char *text; /**< why; lines, "" if there is nothing to say */
};

struct weir_checks {
    struct weir_check *items;
    size_t count, capacity;
};

/**
 * Checks a result. `accepted` may be NULL: then nothing is held against it. Without `time` gates on
 * ratios are left out. False and an error if a gate names what nobody knows or what was not
 * measured. The caller frees the checks in either case.
 */
bool weir_checks_make(const json_t *result, const json_t *accepted, bool time,
                      struct weir_checks *checks, struct weir_replay_error *error);

void weir_checks_free(struct weir_checks *checks);

/** How many are broken or crashed. */
size_t weir_checks_broken(const struct weir_checks *checks);

/** "passed", "advice", "BROKEN", "CRASHED". Static storage. */
const char *weir_check_status_name(enum weir_check_status status);

/** Prints, for people, everything that did not pass, and a last line that sums up. */
void weir_checks_print(const struct weir_checks *checks, FILE *out);

/** Adds a check, whose texts it takes over (and frees, on failure too). Both may be NULL, if memory
 *  was short. False if memory is short. */
bool weir_checks_add(struct weir_checks *checks, const char *kind, char *name,
                     enum weir_check_status status, char *text);

/** Adds one check for each case of either document, and for those that are in one alone. False if
 *  memory is short. */
bool weir_baseline_check(const json_t *result, const json_t *accepted, struct weir_checks *checks);

#endif
