#include "generate_arrivals.h"

#include <stdlib.h>

#include "trace_error.h"

#define COUNT_MAX 50000000u
#define CHILDREN_MAX 1000u
#define MS_PER_S 1000.0

/** A run of drawing. */
struct drawing {
    const struct weir_generator *generator;
    const struct weir_build_options *options;
    struct weir_arrivals *arrivals;
    struct weir_trace_error *error;
    double *reached; /**< running sums of the symbols' shares */
    double end_s;
};

struct weir_uniforms weir_generator_draw(const struct weir_build_options *options,
                                         enum weir_generator_draw purpose, uint32_t a, uint32_t c) {
    return weir_draw((struct weir_draw_key){.seed = options->seed,
                                            .replication = options->replication,
                                            .stream = WEIR_STREAM_GENERATOR,
                                            .a = a,
                                            .b = (uint32_t)purpose,
                                            .c = c});
}

/** The symbol at which the share `u` of all is reached. */
static uint32_t pick_symbol(const struct drawing *d, double u) {
    size_t low = 0;
    size_t high = d->generator->symbol_count - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (u < d->reached[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return (uint32_t)low;
}

/** With chance `share` the parent's value (then `*u` is used up), else `*u` becomes a new uniform.
 */
static bool inherits(double share, double *u) {
    if (*u < share) {
        return true;
    }
    *u = (*u - share) / (1.0 - share);
    return false;
}

/** Adds a liquidation; symbol and side by descent or anew. `parent` may be NULL. */
static bool add(struct drawing *d, double time_s, const struct weir_arrival *parent) {
    struct weir_arrivals *arrivals = d->arrivals;
    if (arrivals->count == COUNT_MAX) {
        return weir_trace_fail(d->error, WEIR_TRACE_BAD_INPUT,
                               "replication %u draws more than %u liquidations; lower base_per_s, "
                               "the shocks or branching_ratio",
                               (unsigned)d->options->replication, COUNT_MAX);
    }
    const uint32_t number = (uint32_t)arrivals->count;
    struct weir_uniforms mark = weir_generator_draw(d->options, WEIR_DRAW_MARK, number, 0);
    const struct weir_generator *g = d->generator;
    struct weir_arrival arrival = {.ms = (int64_t)(time_s * MS_PER_S), .number = number};
    arrival.symbol = parent != NULL && inherits(g->own_share, &mark.u[0])
                         ? parent->symbol
                         : pick_symbol(d, mark.u[0]);
    const bool inherited = parent != NULL && inherits(g->inherited, &mark.u[1]);
    const uint32_t drawn = mark.u[1] < g->sell_share ? WEIR_SIDE_SELL : WEIR_SIDE_BUY;
    arrival.side = inherited ? parent->side : drawn;
    if (arrivals->count == arrivals->capacity) {
        const size_t capacity = arrivals->capacity == 0 ? 4096 : arrivals->capacity * 2;
        struct weir_arrival *list = realloc(arrivals->list, capacity * sizeof *list);
        if (list == NULL) {
            return weir_trace_fail(d->error, WEIR_TRACE_NO_MEMORY, "out of memory");
        }
        arrivals->list = list;
        arrivals->capacity = capacity;
    }
    arrivals->list[arrivals->count++] = arrival;
    return true;
}

/** Exponential with mean 1. */
static double draw_gap(const struct drawing *d, enum weir_generator_draw purpose, uint32_t i) {
    return -weir_log(weir_generator_draw(d->options, purpose, i, 0).u[0]);
}

static bool add_base(struct drawing *d) {
    const double rate = d->generator->base_per_s;
    double time_s = 0.0;
    for (uint32_t i = 0; rate > 0.0; i++) {
        time_s += draw_gap(d, WEIR_DRAW_BASE, i) / rate;
        if (time_s >= d->end_s) {
            break;
        }
        if (!add(d, time_s, NULL)) {
            return false;
        }
    }
    return true;
}

/** A rate of peak × exp(-t/decay) reaches the integral peak × decay × (1 - exp(-t/decay)): times
 * are where that integral passes the sums of exponential gaps. */
static bool add_shock(struct drawing *d, size_t k) {
    const struct weir_generator_shock *shock = &d->generator->shocks[k];
    const enum weir_generator_draw purpose =
        (enum weir_generator_draw)((size_t)WEIR_DRAW_SHOCK + k);
    const double total = shock->peak_per_s * shock->decay_s;
    double passed = 0.0;
    for (uint32_t i = 0;; i++) {
        passed += draw_gap(d, purpose, i);
        if (passed >= total) {
            return true;
        }
        const double time_s = shock->at_s - shock->decay_s * weir_log(1.0 - passed / total);
        if (time_s >= d->end_s) {
            return true;
        }
        if (!add(d, time_s, NULL)) {
            return false;
        }
    }
}

/** Poisson number with this mean, below 1, by inversion. */
static uint32_t poisson(double mean, double u) {
    double chance = weir_exp(-mean);
    double reached = chance;
    uint32_t n = 0;
    while (u >= reached && n < CHILDREN_MAX && chance > 0.0) {
        n++;
        chance *= mean / (double)n;
        reached += chance;
    }
    return n;
}

/** The kernel at which the share `u` is reached. */
static const struct weir_generator_kernel *pick_kernel(const struct weir_generator *g, double u) {
    size_t k = 0;
    while (k + 1 < g->kernel_count && u >= g->kernels[k].share) {
        u -= g->kernels[k].share;
        k++;
    }
    return &g->kernels[k];
}

/** What liquidation `i` sets off within the duration. */
static bool add_children(struct drawing *d, uint32_t i) {
    const struct weir_generator *g = d->generator;
    const double u = weir_generator_draw(d->options, WEIR_DRAW_CHILDREN, i, 0).u[0];
    const uint32_t count = poisson(g->branching_ratio, u);
    for (uint32_t c = 0; c < count; c++) {
        const struct weir_arrival parent = d->arrivals->list[i];
        const struct weir_uniforms when = weir_generator_draw(d->options, WEIR_DRAW_CHILD, i, c);
        const double delay_s = -pick_kernel(g, when.u[0])->memory_s * weir_log(when.u[1]);
        const double time_s = (double)parent.ms / MS_PER_S + delay_s;
        if (time_s < d->end_s && !add(d, time_s, &parent)) {
            return false;
        }
    }
    return true;
}

static int compare_arrivals(const void *a, const void *b) {
    const struct weir_arrival *left = a;
    const struct weir_arrival *right = b;
    if (left->ms != right->ms) {
        return left->ms < right->ms ? -1 : 1;
    }
    return left->number < right->number ? -1 : left->number > right->number;
}

static bool draw_all(struct drawing *d) {
    const struct weir_generator *g = d->generator;
    double sum = 0.0;
    for (size_t s = 0; s < g->symbol_count; s++) {
        sum += g->symbols[s].share;
        d->reached[s] = sum;
    }
    bool ok = add_base(d);
    for (size_t k = 0; ok && k < g->shock_count; k++) {
        ok = add_shock(d, k);
    }
    for (uint32_t i = 0; ok && i < d->arrivals->count; i++) {
        ok = add_children(d, i);
    }
    if (ok && d->arrivals->count == 0) {
        ok = weir_trace_fail(d->error, WEIR_TRACE_BAD_INPUT,
                             "replication %u draws no liquidation; raise base_per_s or duration_s",
                             (unsigned)d->options->replication);
    }
    if (ok) {
        qsort(d->arrivals->list, d->arrivals->count, sizeof *d->arrivals->list, compare_arrivals);
    }
    return ok;
}

bool weir_generate_arrivals(const struct weir_profile *profile,
                            const struct weir_build_options *options,
                            struct weir_arrivals *arrivals, struct weir_trace_error *error) {
    const struct weir_generator *g = profile->generator;
    *arrivals = (struct weir_arrivals){NULL, 0, 0};
    struct drawing d = {.generator = g,
                        .options = options,
                        .arrivals = arrivals,
                        .error = error,
                        .reached = malloc(g->symbol_count * sizeof(double)),
                        .end_s = (double)profile->duration_s};
    if (d.reached == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    const bool ok = draw_all(&d);
    free(d.reached);
    return ok;
}
