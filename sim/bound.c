#include "bound.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bound_threshold.h"
#include "slots.h"

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)

const char *weir_bound_why_name(int bit) {
    static const char *const names[WEIR_BOUND_WHYS] = {"sliding windows",  "full at the limit",
                                                       "tightened limits", "steps before the entry",
                                                       "second bot",       "caps of the account"};
    assert(bit >= 0 && bit < WEIR_BOUND_WHYS);
    return names[bit];
}

struct weir_bound_grid weir_bound_grid(const struct weir_bound_limits *limits, int64_t start_ns,
                                       int64_t end_ns) {
    const uint32_t per_minute = limits->orders_per_10s > 0 ? 6 : 1;
    const int64_t minutes = end_ns / MINUTE_NS - start_ns / MINUTE_NS + 1;
    assert(start_ns >= 0 && minutes > 0 && minutes < UINT32_MAX / 16);
    return (struct weir_bound_grid){.first_ns = start_ns / MINUTE_NS * MINUTE_NS,
                                    .slot_ns = MINUTE_NS / per_minute,
                                    .slots = (uint32_t)minutes * per_minute,
                                    .per_minute = per_minute};
}

uint32_t weir_bound_slot(const struct weir_bound_grid *grid, int64_t time_ns) {
    if (time_ns < grid->first_ns) {
        return UINT32_MAX;
    }
    const int64_t slot = (time_ns - grid->first_ns) / grid->slot_ns;
    return slot < grid->slots ? (uint32_t)slot : UINT32_MAX;
}

/* ---- capacities ---- */

/** What the windows of one kind let through, in entries or in units of a limiter. */
struct capacities {
    int64_t *of_slot; /* 10 s; unlimited without such a limit */
    int64_t *of_minute;
};

static bool open_capacities(const struct weir_bound_grid *grid, struct capacities *c) {
    c->of_slot = calloc(grid->slots, sizeof *c->of_slot);
    c->of_minute = calloc(grid->slots / grid->per_minute, sizeof *c->of_minute);
    return c->of_slot && c->of_minute;
}

static void close_capacities(struct capacities *c) {
    free(c->of_slot);
    free(c->of_minute);
}

static const struct weir_bound_limits *limits_at(const struct weir_bound_problem *p,
                                                 int64_t window_ns) {
    return window_ns > p->tightened_ns ? &p->tightened : &p->limits;
}

/** Units of a limiter that a window has left; `dearest`: the most that one request costs there. A
 *  window that is full at its limit only admits while something is left, and the last may exceed
 *  it. */
static int64_t units_left(const struct weir_bound_problem *p, int64_t limit, int64_t used,
                          int64_t dearest) {
    const int64_t left = limit - used + (p->at_limit ? dearest - 1 : 0);
    return left > 0 ? left : 0;
}

/** Entries of a cost that fit into what is left. */
static int64_t entries_in(int64_t left, int64_t cost) {
    return cost > 0 ? left / cost : WEIR_SLOTS_UNLIMITED;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static struct weir_usage load_of_minute(const struct weir_bound_problem *p, uint32_t minute) {
    struct weir_usage sum = {0, 0};
    for (uint32_t s = minute * p->grid.per_minute; s < (minute + 1) * p->grid.per_minute; s++) {
        sum.weight += p->load[s].weight;
        sum.orders += p->load[s].orders;
    }
    return sum;
}

/** How many bare entries each window lets through, beside the load or without it. */
static void count_entries(const struct weir_bound_problem *p, bool loaded, struct capacities *c) {
    const struct weir_cost dearest = loaded ? p->dearest : p->entry;
    for (uint32_t s = 0; s < p->grid.slots; s++) {
        const struct weir_bound_limits *l = limits_at(p, p->grid.first_ns + s * p->grid.slot_ns);
        c->of_slot[s] = l->orders_per_10s
                            ? entries_in(units_left(p, l->orders_per_10s,
                                                    loaded ? p->load[s].orders : 0, dearest.orders),
                                         p->entry.orders)
                            : WEIR_SLOTS_UNLIMITED;
    }
    for (uint32_t m = 0; m < p->grid.slots / p->grid.per_minute; m++) {
        const struct weir_bound_limits *l = limits_at(p, p->grid.first_ns + m * MINUTE_NS);
        const struct weir_usage load = loaded ? load_of_minute(p, m) : (struct weir_usage){0, 0};
        c->of_minute[m] =
            smaller(entries_in(units_left(p, l->weight_per_minute, load.weight, dearest.weight),
                               p->entry.weight),
                    entries_in(units_left(p, l->orders_per_minute, load.orders, dearest.orders),
                               p->entry.orders));
    }
}

/** What the load may exceed a limit by is no room for entries alone. */
static void at_most(const struct weir_bound_problem *p, struct capacities *c,
                    const struct capacities *most) {
    for (uint32_t s = 0; s < p->grid.slots; s++) {
        c->of_slot[s] = smaller(c->of_slot[s], most->of_slot[s]);
    }
    for (uint32_t m = 0; m < p->grid.slots / p->grid.per_minute; m++) {
        c->of_minute[m] = smaller(c->of_minute[m], most->of_minute[m]);
    }
}

/** How many units of one limiter each window has left beside the load. */
static void count_units(const struct weir_bound_problem *p, bool by_weight, struct capacities *c) {
    for (uint32_t s = 0; s < p->grid.slots; s++) {
        const struct weir_bound_limits *l = limits_at(p, p->grid.first_ns + s * p->grid.slot_ns);
        c->of_slot[s] = !by_weight && l->orders_per_10s
                            ? units_left(p, l->orders_per_10s, p->load[s].orders, p->dearest.orders)
                            : WEIR_SLOTS_UNLIMITED;
    }
    for (uint32_t m = 0; m < p->grid.slots / p->grid.per_minute; m++) {
        const struct weir_bound_limits *l = limits_at(p, p->grid.first_ns + m * MINUTE_NS);
        const struct weir_usage load = load_of_minute(p, m);
        c->of_minute[m] = by_weight
                              ? units_left(p, l->weight_per_minute, load.weight, p->dearest.weight)
                              : units_left(p, l->orders_per_minute, load.orders, p->dearest.orders);
    }
}

/* ---- the most valuable set of bare entries ---- */

/** An opportunity by size. */
struct sized {
    double notional_usd;
    uint32_t item;
};

/** An opportunity in order of size, and its number. */
struct ranked {
    struct weir_bound_item item;
    uint32_t number;
};

/** The larger first; of equals the earlier. */
static int compare_size(const void *left, const void *right) {
    const struct sized *a = left;
    const struct sized *b = right;
    if (a->notional_usd != b->notional_usd) {
        return a->notional_usd > b->notional_usd ? -1 : 1;
    }
    return (a->item > b->item) - (a->item < b->item);
}

/** All opportunities, the largest first: copied, so that whoever goes through them in this order
 *  reads memory in order. */
static struct ranked *by_size(const struct weir_bound_problem *p) {
    struct sized *order = calloc(p->count + 1, sizeof *order);
    struct ranked *ranked = calloc(p->count + 1, sizeof *ranked);
    for (uint32_t i = 0; order && i < p->count; i++) {
        order[i] = (struct sized){p->items[i].notional_usd, i};
    }
    if (order && ranked) {
        qsort(order, p->count, sizeof *order, compare_size);
        for (size_t k = 0; k < p->count; k++) {
            ranked[k] = (struct ranked){p->items[order[k].item], order[k].item};
        }
    } else {
        free(ranked);
        ranked = NULL;
    }
    free(order);
    return ranked;
}

static void add(struct weir_bound_sums *sums, const struct weir_bound_item *item, double share) {
    sums->count += share;
    sums->value += share * item->value;
    sums->notional += share * item->notional_usd;
}

/** Slots first .. last in which an interval lies; false if it is empty or outside the run. */
static bool slots_of(const struct weir_bound_grid *grid, int64_t from_ns, int64_t until_ns,
                     uint32_t *first, uint32_t *last) {
    *first = weir_bound_slot(grid, from_ns);
    *last = weir_bound_slot(grid, until_ns);
    return from_ns <= until_ns && *first != UINT32_MAX && *last != UINT32_MAX;
}

/** Where each chosen entry goes: of those that may use the same slots, the earlier goes earlier. */
static void place(const struct weir_bound_problem *p, struct weir_slots *slots, uint32_t *choice) {
    for (size_t i = 0; i < p->count; i++) {
        const struct weir_bound_item *item = &p->items[i];
        uint32_t first = 0;
        uint32_t last = 0;
        if (choice[i] != WEIR_BOUND_NOT_CHOSEN &&
            slots_of(&p->grid, item->from_ns, item->until_ns, &first, &last)) {
            choice[i] = weir_slots_place(slots, first, last);
            assert(choice[i] != UINT32_MAX);
        }
    }
}

/** Greedy by size. With `choice`, also says who was chosen and where they go; with
 *  `protectable_only`, leaves the others out. */
static bool choose(const struct weir_bound_problem *p, const struct ranked *order,
                   const struct capacities *c, bool protectable_only, struct weir_bound_sums *sums,
                   uint32_t *choice) {
    struct weir_slots *slots =
        weir_slots_create(p->grid.slots, p->grid.per_minute, c->of_slot, c->of_minute);
    if (!slots) {
        return false;
    }
    for (size_t k = 0; k < p->count; k++) {
        const struct weir_bound_item *item = &order[k].item;
        uint32_t first = 0;
        uint32_t last = 0;
        const bool fits = (item->protectable || !protectable_only) &&
                          slots_of(&p->grid, item->from_ns, item->until_ns, &first, &last) &&
                          weir_slots_take(slots, first, last, 1) == 1;
        if (fits) {
            add(sums, item, 1.0);
        }
        if (choice) {
            choice[order[k].number] = fits ? 0 : WEIR_BOUND_NOT_CHOSEN;
        }
    }
    const bool ok = !weir_slots_failed(slots);
    if (ok && choice) {
        place(p, slots, choice);
    }
    weir_slots_destroy(slots);
    return ok;
}

/* ---- protected captures ---- */

/** Which of the three measures is maximised. */
enum measure {
    MEASURE_COUNT,
    MEASURE_VALUE,
    MEASURE_NOTIONAL
};

static double measured(const struct weir_bound_item *item, enum measure measure) {
    return measure == MEASURE_COUNT   ? 1.0
           : measure == MEASURE_VALUE ? item->value
                                      : item->notional_usd;
}

static int64_t need(const struct weir_bound_item *item, bool by_weight) {
    return by_weight ? item->needs.weight : item->needs.orders;
}

/** Opportunities that need the same number of units, the next of which is the densest of them: the
 *  order by size, seen through a filter. */
struct stream {
    int64_t units;
    size_t next; /* position in the order */
};

/** Different needs that there can be: with and without protection, each in a cascade or not. */
#define STREAMS_MAX 16

static bool is_of(const struct weir_bound_item *item, bool by_weight, int64_t units) {
    return item->protectable && item->from_ns <= item->until_ns && need(item, by_weight) == units;
}

/** Moves a stream on to its next opportunity, from `position` on. */
static void move_on(const struct weir_bound_problem *p, const struct ranked *order, bool by_weight,
                    struct stream *stream, size_t position) {
    while (position < p->count && !is_of(&order[position].item, by_weight, stream->units)) {
        position++;
    }
    stream->next = position;
}

static size_t open_streams(const struct weir_bound_problem *p, const struct ranked *order,
                           bool by_weight, struct stream *streams) {
    size_t count = 0;
    for (size_t k = 0; k < p->count; k++) {
        const int64_t units = need(&order[k].item, by_weight);
        size_t s = 0;
        while (s < count && streams[s].units != units) {
            s++;
        }
        if (s == count) {
            assert(count < STREAMS_MAX);
            streams[count++].units = units;
        }
    }
    for (size_t s = 0; s < count; s++) {
        move_on(p, order, by_weight, &streams[s], 0);
    }
    return count;
}

/** What the next of a stream brings for each unit; negative at its end. */
static double density(const struct weir_bound_problem *p, const struct ranked *order,
                      enum measure measure, const struct stream *stream) {
    if (stream->next == p->count) {
        return -1.0;
    }
    const double brings = measured(&order[stream->next].item, measure);
    return stream->units > 0 ? brings / (double)stream->units : (double)INFINITY;
}

/** The densest of all that are left, or NULL: of each need the largest comes first, for no measure
 *  falls when the notional rises. */
static const struct weir_bound_item *next_dense(const struct weir_bound_problem *p,
                                                const struct ranked *order, bool by_weight,
                                                enum measure measure, struct stream *streams,
                                                size_t count) {
    size_t best = 0;
    for (size_t s = 1; s < count; s++) {
        best = density(p, order, measure, &streams[s]) > density(p, order, measure, &streams[best])
                   ? s
                   : best;
    }
    if (count == 0 || streams[best].next == p->count) {
        return NULL;
    }
    const struct weir_bound_item *item = &order[streams[best].next].item;
    move_on(p, order, by_weight, &streams[best], streams[best].next + 1);
    return item;
}

/** The most of a measure that fits into one limiter if opportunities may be taken in part and may
 *  spread what they cost over all the time that it can be charged in. */
static bool fill(const struct weir_bound_problem *p, const struct ranked *order,
                 const struct capacities *c, bool by_weight, enum measure measure, double *most) {
    struct stream streams[STREAMS_MAX];
    const size_t count = open_streams(p, order, by_weight, streams);
    struct weir_slots *slots =
        weir_slots_create(p->grid.slots, p->grid.per_minute, c->of_slot, c->of_minute);
    const struct weir_bound_item *item = NULL;
    *most = 0.0;
    while (slots && (item = next_dense(p, order, by_weight, measure, streams, count))) {
        const int64_t units = need(item, by_weight);
        uint32_t first = 0;
        uint32_t last = 0;
        if (!slots_of(&p->grid, item->all_from_ns, item->all_until_ns, &first, &last)) {
            continue;
        }
        const int64_t taken = units > 0 ? weir_slots_take(slots, first, last, units) : 0;
        *most += measured(item, measure) * (units > 0 ? (double)taken / (double)units : 1.0);
    }
    const bool ok = slots && !weir_slots_failed(slots);
    weir_slots_destroy(slots);
    return ok;
}

static double *sum_of(struct weir_bound_sums *sums, enum measure measure) {
    return measure == MEASURE_COUNT   ? &sums->count
           : measure == MEASURE_VALUE ? &sums->value
                                      : &sums->notional;
}

/** The least of three upper bounds: bare entries of those that can be protected, and each limiter
 *  with everything that a protected capture costs. */
static bool bound_protected(const struct weir_bound_problem *p, const struct ranked *order,
                            const struct capacities *bare, struct capacities *units,
                            struct weir_bound_sums *sums) {
    bool ok = choose(p, order, bare, true, sums, NULL);
    for (int by_weight = 0; ok && by_weight < 2; by_weight++) {
        count_units(p, by_weight, units);
        for (int m = MEASURE_COUNT; ok && m <= MEASURE_NOTIONAL; m++) {
            double most = 0.0;
            ok = fill(p, order, units, by_weight, (enum measure)m, &most);
            double *sum = sum_of(sums, (enum measure)m);
            *sum = most < *sum ? most : *sum;
        }
    }
    return ok;
}

/* ---- all of it ---- */

static bool take_memory(const struct weir_bound_problem *p, struct weir_bound *bound) {
    bound->choice = calloc(p->count + 1, sizeof *bound->choice);
    bound->load = calloc(p->grid.slots, sizeof *bound->load);
    struct capacities ceiling = {NULL, NULL};
    const bool ok = open_capacities(&p->grid, &ceiling) && bound->choice && bound->load;
    bound->ceiling_of_slot = ceiling.of_slot;
    bound->ceiling_of_minute = ceiling.of_minute;
    return ok;
}

static bool solve(const struct weir_bound_problem *p, struct weir_bound *bound) {
    struct capacities ceiling = {bound->ceiling_of_slot, bound->ceiling_of_minute};
    struct capacities bare = {NULL, NULL};
    struct capacities units = {NULL, NULL};
    struct ranked *order = by_size(p);
    bool ok = order && open_capacities(&p->grid, &bare) && open_capacities(&p->grid, &units);
    if (ok) {
        count_entries(p, false, &ceiling);
        count_entries(p, true, &bare);
        at_most(p, &bare, &ceiling);
        const struct weir_threshold_problem t = {.items = p->items,
                                                 .count = p->count,
                                                 .grid = p->grid,
                                                 .slot_capacity = bare.of_slot,
                                                 .minute_capacity = bare.of_minute};
        ok = choose(p, order, &ceiling, false, &bound->ceiling, NULL) &&
             choose(p, order, &bare, false, &bound->bound, bound->choice) &&
             bound_protected(p, order, &bare, &units, &bound->protected) &&
             weir_threshold_find(&t, &bound->threshold_usd, &bound->threshold);
    }
    free(order);
    close_capacities(&bare);
    close_capacities(&units);
    return ok;
}

struct weir_bound *weir_bound_solve(const struct weir_bound_problem *problem) {
    assert(problem->grid.slots > 0 && problem->entry.weight >= 0 && problem->entry.orders >= 0);
    struct weir_bound *bound = calloc(1, sizeof *bound);
    if (!bound) {
        return NULL;
    }
    bound->why = problem->why;
    bound->entry = problem->entry;
    bound->grid = problem->grid;
    if (!take_memory(problem, bound) || !solve(problem, bound)) {
        weir_bound_free(bound);
        return NULL;
    }
    memcpy(bound->load, problem->load, problem->grid.slots * sizeof *bound->load);
    for (size_t i = 0; i < problem->count; i++) {
        add(&bound->all, &problem->items[i], 1.0);
    }
    return bound;
}

void weir_bound_free(struct weir_bound *bound) {
    if (bound) {
        free(bound->choice);
        free(bound->load);
        free(bound->ceiling_of_slot);
        free(bound->ceiling_of_minute);
        free(bound);
    }
}
