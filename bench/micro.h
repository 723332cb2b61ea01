#ifndef WEIR_BENCH_MICRO_H
#define WEIR_BENCH_MICRO_H

#include <stdbool.h>
#include <stddef.h>

#include "stopwatch.h"

#include "weir/limiter.h"

/**
 * What a decision costs: the same calls many times, in a window that is filled to a given part
 * before the clock is started. Figures of this machine, at this moment: compare two builds by
 * interleaved runs only.
 */

/** One kind of operation. */
struct weir_micro_case {
    const char *name;
    const char *what; /**< one line for people */
};

/** Case number `index`; NULL past the last. */
const struct weir_micro_case *weir_micro_at(size_t index);

/** What an operation of that case costs, the least over `rounds` rounds (at least 1) of some
 *  thousand operations each. False if the limiter cannot be made or does not answer as the case
 *  expects, which holds for policy weir. */
bool weir_micro_measure(size_t index, const struct weir_policy *policy, unsigned rounds,
                        struct weir_cost_of_work *cost);

#endif
