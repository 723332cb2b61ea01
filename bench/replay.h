#ifndef WEIR_BENCH_REPLAY_H
#define WEIR_BENCH_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "metrics.h"
#include "scenario.h"
#include "summary.h"
#include "trace.h"

/**
 * A replay: policies on a trace, any number of replications, on any number of threads. Results do
 * not depend on the threads: each replication is a function of its number.
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
    struct weir_metrics *runs; /**< per replication */
    struct weir_summary summary;
    uint64_t digest; /**< of all replications' digests */
    uint64_t ties;
    struct weir_replay_cost cost;
    struct weir_run first; /**< ledgers of replication 0 */
    bool failed;           /**< the policy broke: nothing above but its name holds */
    uint32_t failed_replication;
    char failure[640]; /**< what happened, in the first replication in which it did */
};

struct weir_replay {
    struct weir_replay_plan plan;
    struct weir_trace *trace; /**< of replication 0 */
    struct weir_strategy *strategy, *second;
    struct weir_stage *stage; /**< of replication 0 */
    struct weir_replay_policy policies[WEIR_REPLAY_POLICIES_MAX];
};

/** Why a replay failed, as far as the exit code cares. */
enum weir_replay_status {
    WEIR_REPLAY_OK = 0,
    WEIR_REPLAY_FAILED,    /**< out of memory, a policy broke, the ledger does not add up */
    WEIR_REPLAY_WRONG_USE, /**< a setting */
    WEIR_REPLAY_BAD_INPUT, /**< a trace or strategy */
    WEIR_REPLAY_INCOMPLETE /**< a study of which cells are missing */
};

struct weir_replay_error {
    enum weir_replay_status status;
    char text[640];
};

/** Told after each replication; may be NULL. Called from one thread at a time. */
typedef void (*weir_progress)(void *context, uint32_t done, uint32_t of);

/** Runs a plan. A policy that breaks (an external program dies, say) is marked as failed, and the
 *  others go on. NULL and an error if that leaves none, or on any other failure; else the caller
 *  frees it. */
struct weir_replay *weir_replay_run(const struct weir_replay_plan *plan, weir_progress progress,
                                    void *context, struct weir_replay_error *error);

void weir_replay_free(struct weir_replay *replay);

#endif
