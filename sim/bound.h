#ifndef WEIR_SIM_BOUND_H
#define WEIR_SIM_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/endpoints.h"

/**
 * The most that any policy could have captured, computed from the stage alone, before any policy
 * runs. Definitions and proofs: docs/method.md, section 16.
 *
 * `ceiling`: what fits when each entry costs the least that it may and nothing else is sent.
 * `bound`: what fits beside the load that is sent anyway, as drawn.
 * Both are the most valuable sets of entries that fit the windows: by count, value and notional at
 * once, since the value of an opportunity never falls with its notional.
 */

/** Why `bound` is more than a policy could reach: bits of weir_bound.why. Without any it is exact:
 *  a policy that sends each chosen entry so that it arrives in its window gets it. */
enum weir_bound_why {
    WEIR_BOUND_SLIDING = 1,     /**< windows slide; they are taken as aligned */
    WEIR_BOUND_AT_LIMIT = 2,    /**< a limiter is full at its limit, whatever the last one costs */
    WEIR_BOUND_TIGHTENED = 4,   /**< limits are tightened within a window */
    WEIR_BOUND_STEPS = 8,       /**< an entry needs requests before it, whose cost is left out */
    WEIR_BOUND_SECOND_BOT = 16, /**< what the second bot sends for its opportunities is left out */
    WEIR_BOUND_VENUE = 32       /**< margin or caps of the account may refuse entries */
};
#define WEIR_BOUND_WHYS 6

/** Name of a bit of weir_bound.why, 0 .. WEIR_BOUND_WHYS-1, as it appears in results. */
const char *weir_bound_why_name(int bit);

/** One opportunity, as the bound sees it. */
struct weir_bound_item {
    int64_t from_ns, until_ns;         /**< when its entry may arrive; from > until: never */
    int64_t all_from_ns, all_until_ns; /**< when anything that a protected capture forces may
                                          arrive; holds the interval of the entry */
    double value;                      /**< at least 0; never falls when the notional rises */
    double notional_usd;
    struct weir_cost needs; /**< least cost of a protected capture: entry and what it forces */
    bool protectable;       /**< false: can be captured, but never as a protected one */
};

/** What one window of the exchange was used for, or lets through. */
struct weir_usage {
    int64_t weight, orders;
};

/** Limits of the exchange. */
struct weir_bound_limits {
    int64_t weight_per_minute, orders_per_minute;
    int64_t orders_per_10s; /**< 0: no such limit */
};

/** The windows of a run: slots of 10 s if there is such a limit, else of a minute, from the minute
 *  that holds the run's start to the one that holds its end. */
struct weir_bound_grid {
    int64_t first_ns;    /**< start of slot 0, the beginning of a minute */
    int64_t slot_ns;     /**< 10 s or 60 s */
    uint32_t slots;      /**< a whole number of minutes */
    uint32_t per_minute; /**< 6 or 1 */
};

/** The grid of a run. */
struct weir_bound_grid weir_bound_grid(const struct weir_bound_limits *limits, int64_t start_ns,
                                       int64_t end_ns);

/** Slot that holds a time; UINT32_MAX outside. */
uint32_t weir_bound_slot(const struct weir_bound_grid *grid, int64_t time_ns);

struct weir_bound_problem {
    const struct weir_bound_item *items; /**< in the order in which they open */
    size_t count;
    struct weir_bound_grid grid;
    const struct weir_usage *load; /**< per slot: what is sent anyway, as drawn */
    struct weir_bound_limits limits;
    struct weir_bound_limits tightened; /**< in windows that begin after `tightened_ns` */
    int64_t tightened_ns;               /**< INT64_MAX: never */
    struct weir_cost entry;             /**< what an entry alone costs */
    bool at_limit;                      /**< a window is full at its limit: the last request may
                                             exceed it */
    struct weir_cost dearest;           /**< at_limit: the most that a request costs */
    unsigned why;                       /**< enum weir_bound_why */
};

/** A set of opportunities, by its three measures. */
struct weir_bound_sums {
    double count, value, notional;
};

#define WEIR_BOUND_NOT_CHOSEN UINT32_MAX

struct weir_bound {
    struct weir_bound_sums all; /**< every opportunity */
    struct weir_bound_sums ceiling;
    struct weir_bound_sums bound;
    struct weir_bound_sums protected; /**< upper bounds of protected captures, each its own */
    struct weir_bound_sums threshold; /**< the best fixed size threshold, by value */
    double threshold_usd;             /**< 0: takes every size */
    unsigned why;
    struct weir_cost entry; /**< what an entry alone costs */
    struct weir_bound_grid grid;
    uint32_t *choice;           /**< per opportunity: slot of its entry, or WEIR_BOUND_NOT_CHOSEN */
    struct weir_usage *load;    /**< per slot */
    int64_t *ceiling_of_slot;   /**< entries that a slot lets through at most */
    int64_t *ceiling_of_minute; /**< entries that a minute lets through at most */
};

/** Solves a problem, in O(n log n) but for searches of the windows that can be reached by moving
 *  entries. NULL if memory is short. The caller frees it with weir_bound_free. */
struct weir_bound *weir_bound_solve(const struct weir_bound_problem *problem);

void weir_bound_free(struct weir_bound *bound);

/** The threshold's candidates: that many ranks of size over all opportunities, then that many
 *  between the neighbours of the best of these. Exact for at most that many opportunities. */
#define WEIR_BOUND_THRESHOLDS 64

#endif
