#ifndef WEIR_BENCH_EXPERIMENT_H
#define WEIR_BENCH_EXPERIMENT_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "metrics.h"
#include "replay_error.h"
#include "scenario.h"
#include "stage.h"
#include "stage_groups.h"
#include "trace.h"

/**
 * An experiment: arms on traces, any number of replications, on any number of threads. An arm is a
 * policy with a scenario; a cell is one run of one arm on one trace in one replication. All arms
 * meet the same random numbers (common random numbers), whatever their settings, so that any two
 * may be compared replication by replication. Results are a function of the plan, not of the
 * threads.
 */

struct weir_arm {
    const struct weir_policy *policy;
    struct weir_scenario scenario;
};

/** A trace by its files; see weir_trace_open. */
struct weir_trace_source {
    const char *const *paths;
    size_t path_count;
};

/** Which draws a replication takes: numbers of the trace's, the phase's and the network's. */
struct weir_place {
    uint32_t draw, phase, network;
};

struct weir_experiment_plan {
    const struct weir_trace_source *sources;
    size_t source_count;
    const struct weir_arm *arms;
    size_t arm_count;
    uint64_t seed;
    uint32_t replications;         /**< at least 1 */
    uint32_t threads;              /**< at least 1 */
    struct weir_read_options read; /**< how recordings are read */
    const struct weir_place
        *places;      /**< of each replication; NULL: each has its own of everything */
    uint32_t phases;  /**< parts of the minute that the phases lie in; 0: one per replication */
    bool keeps_first; /**< keep traces, stages and runs of replication 0; for arms that build a
                           profile alike, without places */
};

/** What is known of a trace. */
struct weir_experiment_trace {
    char name[128];
    uint64_t digest; /**< of replication 0 */
    size_t liquidations, bad_rows;
    size_t gap_count; /**< that the recording tells of */
    double gaps_s;
    double span_s;
    struct weir_marked_field fields[WEIR_MARKED_FIELDS_MAX];
    size_t field_count;       /**< 0 for a recording */
    struct weir_trace *trace; /**< of replication 0, as the first arm builds it, if kept */
};

/** Results of one arm on one trace. */
struct weir_arm_result {
    struct weir_metrics *runs; /**< per replication */
    uint64_t *digests;         /**< per replication */
    enum weir_class class;     /**< of the trace under the arm's scenario, in replication 0 */
    unsigned bound_why;        /**< bits of enum weir_bound_why, in replication 0 */
    uint64_t ties, events;     /**< of all replications */
    double cpu_s;              /**< of all replications: runs and metrics; differs each time */
    double run_cpu_s;          /**< of the runs alone */
    struct weir_stage *stage;  /**< of replication 0, if kept; shared by the arms of a group */
    struct weir_run first;     /**< replication 0, if kept */
    bool failed;               /**< the policy broke: nothing above holds */
    uint32_t failed_replication;
    char failure[640]; /**< what happened, in the first replication in which it did */
};

struct weir_experiment {
    struct weir_experiment_plan plan; /**< borrows sources and arms */
    struct weir_experiment_trace *traces;
    struct weir_arm_result *results; /**< traces × arms */
    struct weir_stage_groups groups; /**< of the arms */
    uint64_t events;                 /**< of all runs */
    double cpu_s;                    /**< of all runs, with the traces built and stages set */
    double open_cpu_s;               /**< of reading the traces */
};

/** Runs a plan. An arm whose policy breaks is marked as failed on that trace, and the others go on.
 *  NULL and an error on any other failure; else the caller frees it. */
struct weir_experiment *weir_experiment_run(const struct weir_experiment_plan *plan,
                                            weir_progress progress, void *context,
                                            struct weir_replay_error *error);

void weir_experiment_free(struct weir_experiment *experiment);

/** Results of an arm on a trace. */
const struct weir_arm_result *weir_experiment_result(const struct weir_experiment *experiment,
                                                     size_t trace, size_t arm);

/** Digest over all replications of an arm on a trace. */
uint64_t weir_experiment_digest(const struct weir_experiment *experiment, size_t trace, size_t arm);

#endif
