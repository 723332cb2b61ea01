#include "generator.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "generate_arrivals.h"
#include "symbols.h"
#include "trace_error.h"
#include "trace_finish.h"

#define WALK_MAX 1.5 /* of a log price: a factor of 4.5 */
#define USD_MIN 0.01
#define QUANTITY_MAX 1e15 /* what readers take */

/** How far the flow has pushed a price. */
struct flow {
    double passing_usd; /**< net flow that decays; SELL counts as negative */
    double lasting_usd;
    int64_t last_ms;
};

/** A random walk of a log price. */
struct walk {
    double at;
    int64_t last_ms;
};

/** What is kept while prices are drawn, in order of time. */
struct drawing {
    const struct weir_profile *profile;
    const struct weir_generator *generator;
    const struct weir_build_options *options;
    struct flow market;
    struct walk market_walk;
    struct flow *flows; /**< per symbol */
    struct walk *walks;
    double *effect; /**< per symbol, on the log size */
    int64_t second;
    double second_effect;
};

static double normal(const struct drawing *d, enum weir_generator_draw purpose, uint32_t a) {
    return weir_normal_quantile(weir_generator_draw(d->options, purpose, a, 0).u[0]);
}

/** Size: effects of symbol and second, own draw, and for a share of them a Pareto factor. */
static double draw_usd(struct drawing *d, const struct weir_arrival *arrival, uint32_t i) {
    const struct weir_generator *g = d->generator;
    if (arrival->ms / 1000 != d->second) {
        d->second = arrival->ms / 1000;
        d->second_effect = g->second_sd * normal(d, WEIR_DRAW_SECOND, (uint32_t)d->second);
    }
    const double log_factor =
        d->effect[arrival->symbol] + d->second_effect + g->own_sd * normal(d, WEIR_DRAW_SIZE, i);
    const struct weir_uniforms tail = weir_generator_draw(d->options, WEIR_DRAW_TAIL, i, 0);
    const double log_tail =
        tail.u[0] < g->tail_share ? -weir_log(tail.u[1]) / g->tail_exponent : 0.0;
    const double usd = g->symbols[arrival->symbol].median_usd * weir_exp(log_factor + log_tail);
    return usd > g->usd_max ? g->usd_max : usd < USD_MIN ? USD_MIN : usd;
}

static void push(struct flow *flow, const struct weir_generator *g, int64_t ms, double usd) {
    const double passed = (double)(ms - flow->last_ms) / (g->recovery_s * 1000.0);
    flow->passing_usd = flow->passing_usd * weir_exp(passed < 700.0 ? -passed : -700.0) + usd;
    flow->lasting_usd += usd;
    flow->last_ms = ms;
}

/** Between -depth and depth: half of it at a net flow of `half_usd`. */
static double move_by(const struct flow *flow, const struct weir_generator *g, double half_usd) {
    const double passing = flow->passing_usd / (fabs(flow->passing_usd) + half_usd);
    const double lasting = flow->lasting_usd / (fabs(flow->lasting_usd) + half_usd);
    return g->depth * ((1.0 - g->permanent) * passing + g->permanent * lasting);
}

static void step_walk(struct walk *walk, double sd_sqrt_s, int64_t ms, double z) {
    const double at = walk->at + sd_sqrt_s * sqrt((double)(ms - walk->last_ms) / 1000.0) * z;
    walk->at = at > WALK_MAX ? WALK_MAX : at < -WALK_MAX ? -WALK_MAX : at;
    walk->last_ms = ms;
}

/** The price of the liquidation: walks and flows of the market and of its symbol. */
static double draw_price(struct drawing *d, const struct weir_arrival *arrival, uint32_t i,
                         double usd) {
    const struct weir_generator *g = d->generator;
    const struct weir_generator_symbol *symbol = &g->symbols[arrival->symbol];
    const double signed_usd = arrival->side == WEIR_SIDE_SELL ? -usd : usd;
    struct flow *own = &d->flows[arrival->symbol];
    struct walk *own_walk = &d->walks[arrival->symbol];
    push(&d->market, g, arrival->ms, signed_usd);
    push(own, g, arrival->ms, signed_usd);
    const struct weir_uniforms u = weir_generator_draw(d->options, WEIR_DRAW_WALK, i, 0);
    step_walk(&d->market_walk, g->volatility_sqrt_s * sqrt(g->market_share), arrival->ms,
              weir_normal_quantile(u.u[0]));
    step_walk(own_walk, g->volatility_sqrt_s * sqrt(1.0 - g->market_share), arrival->ms,
              weir_normal_quantile(u.u[1]));
    const double moved = g->market_share * move_by(&d->market, g, g->half_usd) +
                         (1.0 - g->market_share) * move_by(own, g, g->half_usd * symbol->share);
    return symbol->price * weir_exp(d->market_walk.at + own_walk->at) * (1.0 + moved);
}

static void fill_rows(struct drawing *d, const struct weir_arrivals *arrivals,
                      struct weir_liquidation *rows) {
    for (uint32_t i = 0; i < arrivals->count; i++) {
        const struct weir_arrival *arrival = &arrivals->list[i];
        const double usd = draw_usd(d, arrival, i);
        const double price = draw_price(d, arrival, i, usd);
        const double most_usd = price * QUANTITY_MAX;
        rows[i] = weir_liquidation_of(d->profile->start_ns + arrival->ms * 1000000, price,
                                      usd < most_usd ? usd : most_usd);
        rows[i].symbol = arrival->symbol;
        rows[i].side = (uint8_t)arrival->side;
    }
}

/** The names of all symbols, in the order of the generator; those without rows are dropped later.
 */
static bool copy_names(const struct weir_generator *g, struct weir_trace *trace) {
    trace->symbols = calloc(g->symbol_count, sizeof(char *));
    for (size_t s = 0; trace->symbols != NULL && s < g->symbol_count; s++) {
        trace->symbols[s] = strdup(g->symbols[s].name);
        if (trace->symbols[s] == NULL) {
            return false;
        }
        trace->symbol_count++;
    }
    return trace->symbols != NULL;
}

static bool fill_trace(struct drawing *d, const struct weir_arrivals *arrivals,
                       struct weir_trace *trace) {
    const struct weir_profile *profile = d->profile;
    const struct weir_generator *g = d->generator;
    trace->name = strdup(profile->name);
    trace->rows = malloc(arrivals->count * sizeof *trace->rows);
    d->flows = calloc(g->symbol_count, sizeof *d->flows);
    d->walks = calloc(g->symbol_count, sizeof *d->walks);
    d->effect = calloc(g->symbol_count, sizeof *d->effect);
    const bool ok = trace->name != NULL && trace->rows != NULL && d->flows != NULL &&
                    d->walks != NULL && d->effect != NULL && copy_names(g, trace);
    if (ok) {
        for (uint32_t s = 0; s < g->symbol_count; s++) {
            d->effect[s] = g->symbol_sd * normal(d, WEIR_DRAW_SYMBOL, s);
        }
        fill_rows(d, arrivals, trace->rows);
        trace->row_count = arrivals->count;
    }
    free(d->flows);
    free(d->walks);
    free(d->effect);
    return ok && weir_trace_finish(trace);
}

static bool is_given(const char *option) {
    return option != NULL && option[0] != '\0';
}

struct weir_trace *weir_generator_build(const struct weir_profile *profile,
                                        const struct weir_build_options *options,
                                        struct weir_trace_error *error) {
    static const struct weir_build_options none = {.seed = 0};
    options = options != NULL ? options : &none;
    if (is_given(options->shape) || is_given(options->path)) {
        weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                        "%s is a generator: it has no shape or path to replace", profile->name);
        return NULL;
    }
    struct weir_arrivals arrivals = {NULL, 0, 0};
    struct weir_trace *trace = calloc(1, sizeof *trace);
    struct drawing d = {
        .profile = profile, .generator = profile->generator, .options = options, .second = -1};
    if (trace == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    bool ok = weir_generate_arrivals(profile, options, &arrivals, error);
    if (ok && !fill_trace(&d, &arrivals, trace)) {
        ok = weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    free(arrivals.list);
    if (!ok) {
        weir_trace_free(trace);
        return NULL;
    }
    memcpy(trace->fields, profile->fields, sizeof trace->fields);
    trace->field_count = profile->field_count;
    trace->built = true;
    return trace;
}
