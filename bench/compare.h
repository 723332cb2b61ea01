#ifndef WEIR_BENCH_COMPARE_H
#define WEIR_BENCH_COMPARE_H

#include "ablation.h"
#include "claims.h"
#include "pair.h"
#include "replay.h"
#include "sensitivity.h"

/**
 * A comparison: policies on traces under the same settings, each against one of them, in every
 * metric; and, if asked for, the claims, the ablation of policy `weir` and the sensitivity of the
 * ranking. All of it is one experiment.
 */

struct weir_compare_plan {
    const struct weir_trace_source *sources;
    size_t source_count;
    const struct weir_policy *policies[WEIR_REPLAY_POLICIES_MAX];
    const char
        *specs[WEIR_REPLAY_POLICIES_MAX]; /**< what the user wrote for each; NULL: its name */
    size_t policy_count;                  /**< at least 2 */
    size_t against;                       /**< number of the one that others are held against */
    const struct weir_settings *settings;
    uint64_t seed;
    uint32_t replications, threads; /**< at least 1 */
    struct weir_read_options read;  /**< how recordings are read */
    bool claims, ablation, sensitivity;
};

/** From how many binding traces on an interval over traces is shown. */
#define WEIR_TRACES_FOR_INTERVAL 8

/** One policy against the other over all traces of a class, each trace one observation. */
struct weir_across {
    enum weir_class class;
    size_t policy, traces;
    enum weir_metric metric;
    struct weir_estimate difference;
};

struct weir_compare {
    struct weir_compare_plan plan;
    struct weir_arms arms;
    size_t policy_arms[WEIR_REPLAY_POLICIES_MAX];
    struct weir_experiment *experiment;
    struct weir_pair *pairs; /**< traces × policies × metrics; those of `against` are empty */
    struct weir_across *across;
    size_t across_count;
    struct weir_claims *claims;           /**< or NULL */
    struct weir_ablation *ablation;       /**< or NULL */
    struct weir_sensitivity *sensitivity; /**< or NULL */
};

/** Runs a comparison. A policy that breaks is marked in its results and the others go on. NULL and
 *  an error on any other failure; else the caller frees it. */
struct weir_compare *weir_compare_run(const struct weir_compare_plan *plan, weir_progress progress,
                                      void *context, struct weir_replay_error *error);

void weir_compare_free(struct weir_compare *compare);

const struct weir_arm_result *weir_compare_result(const struct weir_compare *compare, size_t trace,
                                                  size_t policy);

/** The pair of a policy with the one it is held against. */
const struct weir_pair *weir_compare_pair(const struct weir_compare *compare, size_t trace,
                                          size_t policy, enum weir_metric metric);

/** The verdict over all three values (protected captures by impact, notional and count). */
enum weir_verdict weir_compare_verdict(const struct weir_compare *compare, size_t trace,
                                       size_t policy);

/** Whether any arm broke, and what it said. */
const char *weir_compare_failure(const struct weir_compare *compare);

#endif
