#include "bound_threshold.h"

#include <stdlib.h>
#include <string.h>

/** What a pass reads of an opportunity: little, for there are many passes. */
struct arrival {
    double usd;
    uint32_t first, last; /* slots; first > last: never */
};

static void note_arrivals(const struct weir_threshold_problem *p, struct arrival *arrivals) {
    for (size_t i = 0; i < p->count; i++) {
        const struct weir_bound_item *item = &p->items[i];
        const uint32_t last = weir_bound_slot(&p->grid, item->until_ns);
        const bool never = item->from_ns > item->until_ns || last == UINT32_MAX;
        arrivals[i] = (struct arrival){item->notional_usd,
                                       never ? 1 : weir_bound_slot(&p->grid, item->from_ns),
                                       never ? 0 : last};
    }
}

/** The first slot from first to last with room, or UINT32_MAX. */
static uint32_t find_room(const struct weir_threshold_problem *p, const struct arrival *a,
                          const int64_t *left_of_slot, const int64_t *left_of_minute) {
    uint32_t s = a->first;
    while (s <= a->last && (left_of_slot[s] <= 0 || left_of_minute[s / p->grid.per_minute] <= 0)) {
        s++;
    }
    return s <= a->last ? s : UINT32_MAX;
}

/** What the search for the best threshold has so far. */
struct candidates {
    const struct weir_threshold_problem *problem;
    struct arrival *arrivals;
    double *sizes; /* in rising order */
    int64_t *left_of_slot, *left_of_minute;
    size_t best_rank;
    double best_usd;
    struct weir_bound_sums best;
};

/** Captures of one threshold. O(n). */
static struct weir_bound_sums take(struct candidates *c, double usd) {
    const struct weir_threshold_problem *p = c->problem;
    struct weir_bound_sums sums = {0};
    memcpy(c->left_of_slot, p->slot_capacity, p->grid.slots * sizeof *c->left_of_slot);
    memcpy(c->left_of_minute, p->minute_capacity,
           p->grid.slots / p->grid.per_minute * sizeof *c->left_of_minute);
    for (size_t i = 0; i < p->count; i++) {
        const uint32_t s = c->arrivals[i].usd >= usd
                               ? find_room(p, &c->arrivals[i], c->left_of_slot, c->left_of_minute)
                               : UINT32_MAX;
        if (s != UINT32_MAX) {
            c->left_of_slot[s]--;
            c->left_of_minute[s / p->grid.per_minute]--;
            sums.count += 1.0;
            sums.value += p->items[i].value;
            sums.notional += p->items[i].notional_usd;
        }
    }
    return sums;
}

static int compare_usd(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/** Tries WEIR_BOUND_THRESHOLDS ranks from `low` to `high`, both among them, evenly. */
static void try_ranks(struct candidates *c, size_t low, size_t high) {
    const size_t steps = high - low < WEIR_BOUND_THRESHOLDS ? high - low : WEIR_BOUND_THRESHOLDS;
    for (size_t k = 0; k <= steps; k++) {
        const size_t rank = low + (steps ? k * (high - low) / steps : 0);
        const double usd = rank ? c->sizes[rank] : 0.0;
        const struct weir_bound_sums sums = take(c, usd);
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

static bool open_candidates(struct candidates *c, const struct weir_threshold_problem *p) {
    c->problem = p;
    c->arrivals = calloc(p->count + 1, sizeof *c->arrivals);
    c->sizes = calloc(p->count + 1, sizeof *c->sizes);
    c->left_of_slot = calloc(p->grid.slots, sizeof *c->left_of_slot);
    c->left_of_minute = calloc(p->grid.slots / p->grid.per_minute, sizeof *c->left_of_minute);
    const bool ok = c->arrivals && c->sizes && c->left_of_slot && c->left_of_minute;
    if (ok) {
        note_arrivals(p, c->arrivals);
    }
    return ok;
}

static void close_candidates(struct candidates *c) {
    free(c->arrivals);
    free(c->sizes);
    free(c->left_of_slot);
    free(c->left_of_minute);
}

bool weir_threshold_find(const struct weir_threshold_problem *problem, double *usd,
                         struct weir_bound_sums *best) {
    struct candidates c = {.problem = NULL};
    const bool ok = open_candidates(&c, problem);
    if (ok && problem->count > 0) {
        for (size_t i = 0; i < problem->count; i++) {
            c.sizes[i] = problem->items[i].notional_usd;
        }
        try_all(&c);
    }
    *usd = c.best_usd;
    *best = c.best;
    close_candidates(&c);
    return ok;
}

bool weir_threshold_take(const struct weir_threshold_problem *problem, double usd,
                         struct weir_bound_sums *sums) {
    struct candidates c = {.problem = NULL};
    const bool ok = open_candidates(&c, problem);
    *sums = ok ? take(&c, usd) : (struct weir_bound_sums){0};
    close_candidates(&c);
    return ok;
}
