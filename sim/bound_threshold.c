#include "bound_threshold.h"

#include <stdlib.h>
#include <string.h>

struct weir_bound_sums weir_threshold_take(const struct weir_threshold_problem *p, double usd,
                                           int64_t *left_of_slot, int64_t *left_of_minute) {
    struct weir_bound_sums sums = {0};
    memcpy(left_of_slot, p->slot_capacity, p->grid.slots * sizeof *left_of_slot);
    memcpy(left_of_minute, p->minute_capacity,
           p->grid.slots / p->grid.per_minute * sizeof *left_of_minute);
    for (size_t i = 0; i < p->count; i++) {
        const struct weir_bound_item *item = &p->items[i];
        if (item->notional_usd < usd || item->from_ns > item->until_ns) {
            continue;
        }
        const uint32_t first = weir_bound_slot(&p->grid, item->from_ns);
        const uint32_t last = weir_bound_slot(&p->grid, item->until_ns);
        for (uint32_t s = first; s <= last && last != UINT32_MAX; s++) {
            int64_t *minute = &left_of_minute[s / p->grid.per_minute];
            if (left_of_slot[s] > 0 && *minute > 0) {
                left_of_slot[s]--;
                --*minute;
                sums.count += 1.0;
                sums.value += item->value;
                sums.notional += item->notional_usd;
                break;
            }
        }
    }
    return sums;
}

static int compare_usd(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/** What the search for the best threshold has so far. */
struct candidates {
    const struct weir_threshold_problem *problem;
    double *sizes; /* in rising order */
    int64_t *left_of_slot, *left_of_minute;
    size_t best_rank;
    double best_usd;
    struct weir_bound_sums best;
};

/** Tries WEIR_BOUND_THRESHOLDS ranks from `low` to `high`, both among them, evenly. */
static void try_ranks(struct candidates *c, size_t low, size_t high) {
    const size_t steps = high - low < WEIR_BOUND_THRESHOLDS ? high - low : WEIR_BOUND_THRESHOLDS;
    for (size_t k = 0; k <= steps; k++) {
        const size_t rank = low + (steps ? k * (high - low) / steps : 0);
        const double usd = rank ? c->sizes[rank] : 0.0;
        const struct weir_bound_sums sums =
            weir_threshold_take(c->problem, usd, c->left_of_slot, c->left_of_minute);
        if (sums.value > c->best.value || (sums.value == c->best.value && usd < c->best_usd)) {
            c->best = sums;
            c->best_usd = usd;
            c->best_rank = rank;
        }
    }
}

static void try_all(struct candidates *c) {
    const size_t count = c->problem->count;
    qsort(c->sizes, count, sizeof *c->sizes, compare_usd);
    try_ranks(c, 0, count - 1);
    const size_t step = count / WEIR_BOUND_THRESHOLDS + 1;
    const size_t low = c->best_rank > step ? c->best_rank - step : 0;
    const size_t high = c->best_rank + step < count ? c->best_rank + step : count - 1;
    try_ranks(c, low, high);
}

bool weir_threshold_find(const struct weir_threshold_problem *problem, double *usd,
                         struct weir_bound_sums *best) {
    struct candidates c = {.problem = problem};
    c.sizes = calloc(problem->count + 1, sizeof *c.sizes);
    c.left_of_slot = calloc(problem->grid.slots, sizeof *c.left_of_slot);
    c.left_of_minute =
        calloc(problem->grid.slots / problem->grid.per_minute, sizeof *c.left_of_minute);
    const bool ok = c.sizes && c.left_of_slot && c.left_of_minute;
    if (ok && problem->count > 0) {
        for (size_t i = 0; i < problem->count; i++) {
            c.sizes[i] = problem->items[i].notional_usd;
        }
        try_all(&c);
    }
    *usd = c.best_usd;
    *best = c.best;
    free(c.sizes);
    free(c.left_of_slot);
    free(c.left_of_minute);
    return ok;
}
