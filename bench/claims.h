#ifndef WEIR_BENCH_CLAIMS_H
#define WEIR_BENCH_CLAIMS_H

#include "arms.h"
#include "summary.h"

/**
 * The three claims that are made for limiters of this kind, measured against policy `current`:
 * captures up by 70 %, limit errors per 1,000 sent down by half, useful efficiency of 95 %. Each is
 * measured for the same strategy on both sides and for both sides as shipped, under the three rule
 * sets and for 1, 8 and 32 connections, on every tight and binding trace; on slack ones only "no
 * worse" can be claimed.
 */

enum weir_claim_kind {
    WEIR_CLAIM_CAPTURES,
    WEIR_CLAIM_ERRORS,
    WEIR_CLAIM_EFFICIENCY,
    WEIR_CLAIM_NO_WORSE, /**< on slack traces */
    WEIR_CLAIM_KINDS
};

enum weir_claim_outcome {
    WEIR_CLAIM_HOLDS,
    WEIR_CLAIM_FAILS,
    WEIR_CLAIM_OPEN,    /**< the interval reaches to both sides of the target */
    WEIR_CLAIM_DEPENDS, /**< of a whole claim: holds in some cells only */
    WEIR_CLAIM_EMPTY    /**< nothing to measure: no errors to halve, no saturated minute, … */
};

/** A claim in one world on one trace. */
struct weir_claim_cell {
    size_t trace;
    const char *rules;
    int connections;
    struct weir_estimate value; /**< ratio to `current`; the efficiency itself; the difference */
    enum weir_claim_outcome outcome;
};

#define WEIR_CLAIM_TEXT_MAX 400

/** A claim for one policy in one variant. */
struct weir_claim {
    enum weir_claim_kind kind;
    const char *policy;
    bool shipped; /**< both as shipped; else the same strategy and call path on both sides */
    enum weir_claim_outcome outcome;
    char depends_on[WEIR_CLAIM_TEXT_MAX]; /**< if it depends: factors and where it holds */
    struct weir_claim_cell *cells;
    size_t cell_count, held, counted; /**< cells in all; that hold; with something to measure */
};

struct weir_claims;

/** Plans the arms: for each policy of `policies` that is `guide` or `weir`, if `current` is there.
 *  NULL and error status OK if there is nothing to claim; NULL and an error on failure. */
struct weir_claims *weir_claims_plan(struct weir_arms *arms,
                                     const struct weir_policy *const *policies, size_t count,
                                     struct weir_replay_error *error);

/** Measures them. False if memory is short. */
bool weir_claims_measure(struct weir_claims *claims, const struct weir_experiment *experiment);

size_t weir_claims_count(const struct weir_claims *claims);
const struct weir_claim *weir_claims_at(const struct weir_claims *claims, size_t index);
void weir_claims_free(struct weir_claims *claims);

/** "captures +70 %", …; "holds", "fails", …; what a cell's value is. Static storage. */
const char *weir_claim_name(enum weir_claim_kind kind);
const char *weir_claim_outcome_name(enum weir_claim_outcome outcome);

#endif
