#ifndef WEIR_BENCH_NIGHTLY_H
#define WEIR_BENCH_NIGHTLY_H

#include <jansson.h>

#include "replay.h"
#include "suite.h"

/** What is to be run. */
struct weir_nightly_plan {
    const struct weir_suite *suite;
    const struct weir_policy *policies[WEIR_REPLAY_POLICIES_MAX]; /**< the suite's, and more */
    const char *specs[WEIR_REPLAY_POLICIES_MAX];                  /**< as the user wrote them */
    size_t policy_count;
    uint32_t threads;
    const char *own, *versus; /**< builds whose time is compared; `versus` NULL: none */
    const char *label;        /**< what this build is called in the history; NULL: none */
    const char *when;         /**< when it was run; NULL: not said */
};

/**
 * Runs a suite and returns its result, a weir.bench/1 document (docs/nightly.md): one case for each
 * trace, scenario and policy, and the ratios of time. All of it but `time`, `label` and `when` is a
 * function of the plan. NULL and an error on failure; a policy that breaks is a case with a
 * `failure`. The caller owns the reference.
 */
json_t *weir_nightly_run(const struct weir_nightly_plan *plan, weir_progress progress,
                         void *context, struct weir_replay_error *error);

#endif
