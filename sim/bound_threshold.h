#ifndef WEIR_SIM_BOUND_THRESHOLD_H
#define WEIR_SIM_BOUND_THRESHOLD_H

#include "bound.h"

/**
 * The best fixed size threshold in hindsight: take every opportunity of at least X, in order of
 * arrival, while there is room; each goes into the first of its windows that has some.
 */
struct weir_threshold_problem {
    const struct weir_bound_item *items; /**< in the order in which they open */
    size_t count;
    struct weir_bound_grid grid;
    const int64_t *slot_capacity;   /**< in entries */
    const int64_t *minute_capacity; /**< in entries */
};

/** Captures of one threshold. False if memory is short. O(n). */
bool weir_threshold_take(const struct weir_threshold_problem *problem, double usd,
                         struct weir_bound_sums *sums);

/** The threshold of the largest value among the candidates (see WEIR_BOUND_THRESHOLDS), the
 *  smallest of equals. 0 takes every size. False if memory is short. */
bool weir_threshold_find(const struct weir_threshold_problem *problem, double *usd,
                         struct weir_bound_sums *best);

#endif
