#ifndef WEIR_BENCH_REPLAY_H
#define WEIR_BENCH_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "experiment.h"
#include "summary.h"

/**
 * A replay: an experiment with policies on one trace under one scenario, of which the ledgers of
 * replication 0 are kept, to say what happened and why.
 */

#define WEIR_REPLAY_POLICIES_MAX 16

struct weir_replay_plan {
    const char *const *paths; /**< of the trace; see weir_trace_open */
    size_t path_count;
    const struct weir_policy *policies[WEIR_REPLAY_POLICIES_MAX];
    const char *specs[WEIR_REPLAY_POLICIES_MAX]; /**< what the user wrote for each, so that the
                                                      result can be repeated; NULL: its name */
    size_t policy_count;
    struct weir_scenario scenario;
    uint64_t seed;
    uint32_t replications;         /**< at least 1 */
    uint32_t threads;              /**< at least 1 */
    struct weir_read_options read; /**< how recordings are read */
};

/** What a replay cost the machine. The only figures that differ from run to run. */
struct weir_replay_cost {
    uint64_t events;
    double cpu_s;     /**< of the threads, trace and stage included */
    double run_cpu_s; /**< of the runs alone */
    double max_rss_mib;
};

/** One policy's results. */
struct weir_replay_policy {
    const struct weir_policy *policy;
    const struct weir_metrics *runs; /**< per replication */
    struct weir_summary summary;
    uint64_t digest; /**< of all replications' digests */
    uint64_t ties;
    struct weir_replay_cost cost;
    const struct weir_run *first; /**< ledgers of replication 0 */
    bool failed;                  /**< the policy broke: nothing above but its name holds */
    const char *failure;          /**< what happened, in the first replication in which it did */
};

struct weir_replay {
    struct weir_replay_plan plan;
    struct weir_trace_source source;
    struct weir_arm arms[WEIR_REPLAY_POLICIES_MAX];
    struct weir_experiment *experiment;
    /* of the experiment, to be read: */
    const struct weir_trace *trace;                /**< of replication 0 */
    const struct weir_strategy *strategy, *second; /**< `second` NULL without a second bot */
    const struct weir_stage *stage;                /**< of replication 0 */
    struct weir_replay_policy policies[WEIR_REPLAY_POLICIES_MAX];
    json_t *live; /**< what a live run adds to the document; NULL: it is simulated */
};

/** Runs a plan. A policy that breaks (an external program dies, say) is marked as failed, and the
 *  others go on. NULL and an error if that leaves none, or on any other failure; else the caller
 *  frees it. */
struct weir_replay *weir_replay_run(const struct weir_replay_plan *plan, weir_progress progress,
                                    void *context, struct weir_replay_error *error);

void weir_replay_free(struct weir_replay *replay);

#endif
