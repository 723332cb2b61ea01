#ifndef WEIR_TESTS_SIM_BOUND_REFERENCE_H
#define WEIR_TESTS_SIM_BOUND_REFERENCE_H

#include "bound.h"

/**
 * Exhaustive search for the bound: time runs in steps of 10 s, and every way of sending the entries
 * (and what belongs to them) is tried against an exchange that counts as the real one does.
 */

#define REFERENCE_STEPS 18
#define REFERENCE_ITEMS 6
#define REFERENCE_PARTS 3
#define REFERENCE_LOADS 4

/** A request: what it costs and the steps, first to last, in which it may arrive. */
struct reference_part {
    struct weir_cost cost;
    int first, last;
};

/** An opportunity; part 0 is its entry, the others what a protected capture forces besides. */
struct reference_item {
    struct reference_part parts[REFERENCE_PARTS];
    int part_count;
    double value, notional_usd;
};

/** A request that is sent anyway, and must be let through. */
struct reference_load {
    struct weir_cost cost;
    int step;
};

struct reference_case {
    struct reference_item items[REFERENCE_ITEMS];
    int item_count;
    struct reference_load loads[REFERENCE_LOADS];
    int load_count;
    struct weir_bound_limits limits, tightened;
    int tightened_step; /**< in force after the beginning of this step; REFERENCE_STEPS: never */
    bool sliding, at_limit;
};

/** The best by each measure, each by itself: captures of entries alone, or protected ones. */
struct weir_bound_sums reference_best(const struct reference_case *c, bool protected);

#endif
