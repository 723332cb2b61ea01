#ifndef WEIR_BENCH_HOSTED_REPLAY_H
#define WEIR_BENCH_HOSTED_REPLAY_H

#include "replay.h"

/**
 * A replay whose one run another host carries out, in real time: trace and stage are opened here,
 * the run comes from elsewhere, and documents, tables and folders are those of any replay.
 */
struct weir_hosted_replay {
    struct weir_replay replay; /**< its plan's scenario may be changed until the stage is set */
    struct weir_trace *trace;
    struct weir_strategy *strategy;
    struct weir_stage *stage;
    struct weir_metrics metrics;
    struct weir_run run; /**< for the host to fill in */
};

/** Opens trace and strategy of a plan with one policy and one replication. NULL and an error if
 * that fails or the policy does not take its settings; else the caller frees it. */
struct weir_hosted_replay *weir_hosted_replay_open(const struct weir_replay_plan *plan,
                                                   struct weir_replay_error *error);

/** Sets the stage under the plan's scenario, the first liquidation at `onset_ns`. */
bool weir_hosted_replay_stage(struct weir_hosted_replay *hosted, int64_t onset_ns,
                              struct weir_replay_error *error);

/** Computes the metrics of the run, which is filled in. */
bool weir_hosted_replay_conclude(struct weir_hosted_replay *hosted,
                                 struct weir_replay_error *error);

/** NULL is allowed. */
void weir_hosted_replay_free(struct weir_hosted_replay *hosted);

#endif
