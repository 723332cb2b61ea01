#ifndef WEIR_BENCH_SUITE_H
#define WEIR_BENCH_SUITE_H

#include <jansson.h>
#include <stdint.h>

#include "experiment.h"
#include "replay.h"

/**
 * A suite: what a nightly benchmark runs, and what it must reach. A JSON file (docs/nightly.md);
 * paths in it are relative to its folder.
 */

/** A named set of settings under which everything is run. */
struct weir_suite_scenario {
    const char *name;
    json_t *settings; /**< an object, or NULL for the defaults */
    json_t *policies; /**< names of those that run under it; NULL: all */
};

/** A replay whose processor time is measured against that of another build. */
struct weir_suite_measure {
    const char *name; /**< its ratio is called `ratio.NAME_cpu` */
    const char *trace, *policies;
    uint32_t replications;
};

struct weir_suite {
    json_t *document; /**< what all texts belong to, but for the paths */
    char *path;       /**< of the file, as given */
    const char *name;
    uint64_t seed;
    uint32_t replications;
    char **traces; /**< paths that can be opened from here */
    size_t trace_count;
    const char **policies; /**< as `--policy` takes them */
    size_t policy_count;
    struct weir_suite_scenario *scenarios;
    size_t scenario_count; /**< at least 1 */
    const char **gates;    /**< expressions, all of the right form */
    size_t gate_count;
    uint32_t pairs; /**< of time measurements in a round */
    struct weir_suite_measure *measures;
    char **measure_traces; /**< what the measures' traces point to */
    size_t measure_count;
};

/** Reads a suite. NULL and an error that names file and key if it is not one; else the caller
 *  frees it. */
struct weir_suite *weir_suite_open(const char *path, struct weir_replay_error *error);

void weir_suite_close(struct weir_suite *suite);

#endif
