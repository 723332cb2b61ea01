#ifndef WEIR_TESTS_SIM_STAGED_H
#define WEIR_TESTS_SIM_STAGED_H

#include "engine.h"
#include "tape.h"

/**
 * A stage for tests of the engine: a trace made by hand, a scenario from assignments, a strategy
 * that the test may change before the stage is set.
 */
struct staged {
    struct weir_trace *trace;
    struct weir_scenario scenario;
    struct weir_strategy *strategy;
    struct weir_strategy *second; /**< NULL: no second bot */
    struct weir_stage *stage;
};

/** Defaults of all tests: the raw feed, a calm network without noise or faults, one opportunity for
 *  each liquidation. Assignments (NULL ends them) come after these. Takes over the trace. */
struct staged *staged_new(struct weir_trace *trace, const char *const *assignments);

#define STAGED(trace, ...) staged_new(trace, (const char *const[]){__VA_ARGS__, NULL})

/** Leaves the strategy nothing but its entries: no order book, no protection, no standing load. */
void staged_bare(struct staged *staged);

/** Sets the stage; `replications` as for weir_stage_create. Afterwards nothing may be changed. */
void staged_set(struct staged *staged, uint64_t seed, uint32_t replication, uint32_t replications);

void staged_free(struct staged *staged);

/** Runs a policy and fails the test if the run does. The caller closes the run. */
struct weir_run staged_run(const struct staged *staged, const struct weir_policy *policy);
struct weir_run staged_run_named(const struct staged *staged, const char *policy);

/** Liquidations of 20,000 USD, `count` of them `gap_ms` apart, each of the next symbol, at prices
 *  that fall by a hundredth of a percent each: from one minute after BEGIN. */
struct weir_trace *staged_burst(size_t symbols, int64_t count, int64_t gap_ms);

#endif
