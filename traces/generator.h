#ifndef WEIR_TRACES_GENERATOR_H
#define WEIR_TRACES_GENERATOR_H

#include "profile_data.h"
#include "strict_json.h"

/**
 * A generator: parameters from which cascades are drawn that no one has recorded. Liquidations set
 * off further ones (a Hawkes process), sizes have heavy tails, coins move together, and prices give
 * way to the flow. docs/generators.md says what each key means and how it is drawn.
 */

#define WEIR_GENERATOR_SCHEMA "weir.generator/1"
#define WEIR_GENERATOR_KERNELS_MAX 8
#define WEIR_GENERATOR_SHOCKS_MAX 64

/** One way in which a liquidation sets off others: after an exponential time. */
struct weir_generator_kernel {
    double memory_s; /**< mean of that time */
    double share;    /**< of the branching ratio; the shares sum to 1 */
};

/** News: from `at_s` on liquidations come from outside, at a rate that decays. */
struct weir_generator_shock {
    double at_s;
    double peak_per_s;
    double decay_s;
};

struct weir_generator_symbol {
    char *name; /**< owned */
    double share;
    double median_usd;
    double price; /**< at the start */
};

struct weir_generator {
    double base_per_s;
    double branching_ratio; /**< mean number that one liquidation sets off itself; below 1 */
    struct weir_generator_kernel kernels[WEIR_GENERATOR_KERNELS_MAX];
    size_t kernel_count;
    struct weir_generator_shock shocks[WEIR_GENERATOR_SHOCKS_MAX];
    size_t shock_count;

    struct weir_generator_symbol *symbols;
    size_t symbol_count;
    double own_share; /**< chance that what is set off is of the same symbol by descent */

    double symbol_sd; /**< of log size: between symbols, beyond their medians; drawn once */
    double second_sd; /**< shared by all of a second */
    double own_sd;
    double tail_share; /**< share of sizes that are multiplied by a Pareto number */
    double tail_exponent;
    double usd_max;

    double sell_share;
    double inherited; /**< chance that what is set off is of the same side by descent */

    double depth;             /**< most that flow moves a price, as a share */
    double half_usd;          /**< net flow of the whole market that moves it half of that */
    double market_share;      /**< share of the move that all symbols have in common */
    double permanent;         /**< share of the move that does not come back */
    double recovery_s;        /**< time constant with which the rest comes back */
    double volatility_sqrt_s; /**< sd of the walk of a log price over one second */
};

/** Reads the parts of a generator into `profile` (name, start, duration, generator, marks). After a
 *  failure the reading of `top` has failed. */
void weir_generator_read(struct weir_json_part top, struct weir_profile *profile);

/** NULL is allowed. */
void weir_generator_free(struct weir_generator *generator);

/**
 * Draws a trace: deterministic in (generator, seed, replication). O(n log n). NULL and `error` when
 * nothing or far too much is drawn, when options ask for a shape or a path, or without memory.
 */
struct weir_trace *weir_generator_build(const struct weir_profile *profile,
                                        const struct weir_build_options *options,
                                        struct weir_trace_error *error);

#endif
