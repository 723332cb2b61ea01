#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "draw.h"
#include "fields.h"
#include "moments.h"
#include "profile_write.h"
#include "trace_error.h"

#define SECOND_NS INT64_C(1000000000)
#define MEMORIES 12 /* time constants tried */
#define STEPS 60    /* of the estimation, for each */
#define BRANCHING_MAX 0.99
#define PRECISION 8
#define COMPONENTS 4

/** What the rate of liquidations is the sum of. Each has a feature (its rate at each row, for a
 *  weight of 1) and a total (its integral). */
enum component {
    COMPONENT_BASE,
    COMPONENT_SHOCK,
    COMPONENT_FAST,
    COMPONENT_SLOW
};

struct fit {
    const struct weir_trace *trace;
    double *time_s;
    double *feature[COMPONENTS]; /**< NULL: not in use */
    double total[COMPONENTS];
    double weight[COMPONENTS];
    double memory_s[COMPONENTS]; /**< of the two kernels; decay of the shock */
    double shock_at_s;
    double end_s;
    double likelihood;
};

static double decay(double x) {
    return x > 700.0 ? 0.0 : weir_exp(-x);
}

/** Rate at each row of what the rows before it set off, with mean 1 each. */
static void fill_kernel(struct fit *f, enum component c, double memory_s) {
    double rate = 0.0;
    f->memory_s[c] = memory_s;
    f->total[c] = 0.0;
    for (size_t i = 0; i < f->trace->row_count; i++) {
        if (i > 0) {
            rate = (rate + 1.0 / memory_s) * decay((f->time_s[i] - f->time_s[i - 1]) / memory_s);
        }
        f->feature[c][i] = rate;
        f->total[c] += 1.0 - decay((f->end_s - f->time_s[i]) / memory_s);
    }
}

static void fill_shock(struct fit *f, double decay_s) {
    f->memory_s[COMPONENT_SHOCK] = decay_s;
    f->total[COMPONENT_SHOCK] = decay_s * (1.0 - decay((f->end_s - f->shock_at_s) / decay_s));
    for (size_t i = 0; i < f->trace->row_count; i++) {
        const double since_s = f->time_s[i] - f->shock_at_s;
        f->feature[COMPONENT_SHOCK][i] = since_s < 0.0 ? 0.0 : decay(since_s / decay_s);
    }
}

/** Expectation and maximisation: each weight becomes the share of the rows that its component
 *  explains, over its total. */
static void estimate(struct fit *f, const bool in_use[COMPONENTS]) {
    for (int c = 0; c < COMPONENTS; c++) {
        f->weight[c] = in_use[c] ? 0.3 * (double)f->trace->row_count / f->total[c] : 0.0;
    }
    for (int step = 0; step < STEPS; step++) {
        double explained[COMPONENTS] = {0.0};
        f->likelihood = 0.0;
        for (size_t i = 0; i < f->trace->row_count; i++) {
            double rate = 1e-12;
            for (int c = 0; c < COMPONENTS; c++) {
                rate += in_use[c] ? f->weight[c] * f->feature[c][i] : 0.0;
            }
            for (int c = 0; c < COMPONENTS; c++) {
                explained[c] += in_use[c] ? f->weight[c] * f->feature[c][i] / rate : 0.0;
            }
            f->likelihood += step + 1 == STEPS ? weir_log(rate) : 0.0;
        }
        for (int c = 0; c < COMPONENTS; c++) {
            f->weight[c] = in_use[c] ? explained[c] / f->total[c] : 0.0;
        }
    }
    for (int c = 0; c < COMPONENTS; c++) {
        f->likelihood -= in_use[c] ? f->weight[c] * f->total[c] : 0.0;
    }
}

/** Where the densest minute begins, less what led up to it: the shock is put there. */
static double find_shock(const struct fit *f) {
    size_t first = 0;
    size_t most = 0;
    double at_s = 0.0;
    for (size_t i = 0; i < f->trace->row_count; i++) {
        while (f->time_s[first] < f->time_s[i] - 60.0) {
            first++;
        }
        if (i - first + 1 > most) {
            most = i - first + 1;
            at_s = f->time_s[first];
        }
    }
    return at_s;
}

/** Tries every time constant for one component and keeps the likeliest. */
static void choose(struct fit *f, enum component c, bool in_use[COMPONENTS]) {
    static const double shock_s[] = {20.0, 60.0, 180.0};
    const int tries = c == COMPONENT_SHOCK ? 3 : MEMORIES;
    double best = -HUGE_VAL;
    double best_s = 1.0;
    in_use[c] = true;
    for (int i = 0; i < tries; i++) {
        /* 0.1 s to 205 s, each twice the one before */
        const double memory_s = c == COMPONENT_SHOCK ? shock_s[i] : 0.1 * (double)(1 << i);
        if (c == COMPONENT_SHOCK) {
            fill_shock(f, memory_s);
        } else {
            fill_kernel(f, c, memory_s);
        }
        estimate(f, in_use);
        if (f->likelihood > best) {
            best = f->likelihood;
            best_s = memory_s;
        }
    }
    if (c == COMPONENT_SHOCK) {
        fill_shock(f, best_s);
    } else {
        fill_kernel(f, c, best_s);
    }
    estimate(f, in_use);
}

static bool begin(struct fit *f, const struct weir_trace *trace, const struct weir_moments *m) {
    *f = (struct fit){.trace = trace, .end_s = (double)m->duration_s};
    f->time_s = calloc(trace->row_count, sizeof(double));
    bool ok = f->time_s != NULL;
    for (int c = 0; c < COMPONENTS; c++) {
        f->feature[c] = calloc(trace->row_count, sizeof(double));
        ok = ok && f->feature[c] != NULL;
    }
    for (size_t i = 0; ok && i < trace->row_count; i++) {
        f->time_s[i] = (double)(trace->rows[i].time_ns - m->start_ns) / 1e9;
        f->feature[COMPONENT_BASE][i] = 1.0;
    }
    f->total[COMPONENT_BASE] = f->end_s;
    return ok;
}

static void end(struct fit *f) {
    free(f->time_s);
    for (int c = 0; c < COMPONENTS; c++) {
        free(f->feature[c]);
    }
}

static json_t *arrivals_part(const struct fit *f) {
    const double fast = f->weight[COMPONENT_FAST];
    const double slow = f->weight[COMPONENT_SLOW];
    const double ratio = fast + slow;
    const double fast_share = ratio > 0.0 ? fast / ratio : 1.0;
    json_t *shocks = json_array();
    if (f->weight[COMPONENT_SHOCK] > 1e-6) {
        json_array_append_new(shocks,
                              json_pack("[f, f, f]", f->shock_at_s, f->weight[COMPONENT_SHOCK],
                                        f->memory_s[COMPONENT_SHOCK]));
    }
    return json_pack("{s:s, s:f, s:f, s:[[f, f], [f, f]], s:o}", "note",
                     "fitted by maximum likelihood: base, one shock before the densest minute, two "
                     "kernels",
                     "base_per_s", f->weight[COMPONENT_BASE], "branching_ratio",
                     ratio < BRANCHING_MAX ? ratio : BRANCHING_MAX, "kernel",
                     f->memory_s[COMPONENT_FAST], fast_share, f->memory_s[COMPONENT_SLOW],
                     1.0 - fast_share, "shocks", shocks);
}

/** Chance by which neighbours are alike beyond what shares alone give: of symbols and sides. */
static void alike(const struct weir_trace *trace, const struct weir_moments *m, double *symbols,
                  double *sides) {
    const double n = (double)trace->row_count;
    const double sell = (double)m->sells / n;
    double same_symbol = 0.0;
    double same_side = 0.0;
    double by_chance = 0.0;
    for (size_t i = 1; i < trace->row_count; i++) {
        same_symbol += trace->rows[i].symbol == trace->rows[i - 1].symbol ? 1.0 / n : 0.0;
        same_side += trace->rows[i].side == trace->rows[i - 1].side ? 1.0 / n : 0.0;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        const double share = (double)m->symbols[s].count / n;
        by_chance += share * share;
    }
    const double sides_by_chance = sell * sell + (1.0 - sell) * (1.0 - sell);
    *symbols = by_chance < 1.0 ? (same_symbol - by_chance) / (1.0 - by_chance) : 0.0;
    *sides = sides_by_chance < 1.0 ? (same_side - sides_by_chance) / (1.0 - sides_by_chance) : 0.0;
    *symbols = *symbols < 0.0 ? 0.0 : *symbols;
    *sides = *sides < 0.0 ? 0.0 : *sides;
}

static json_t *symbols_part(const struct weir_trace *trace, const struct weir_moments *m,
                            double own_share) {
    json_t *rows = json_array();
    for (size_t s = 0; s < trace->symbol_count; s++) {
        const struct weir_moments_symbol *symbol = &m->symbols[s];
        const double n = (double)symbol->count;
        json_array_append_new(rows, json_pack("[s, f, f, f]", trace->symbols[s],
                                              n / (double)trace->row_count,
                                              weir_exp(symbol->log_usd / n), symbol->first_price));
    }
    return json_pack("{s:s, s:f, s:o}", "note",
                     "shares, medians and first prices as measured; own_share from neighbours",
                     "own_share", own_share, "rows", rows);
}

/** Everything but the arrivals. */
static void set_parts(json_t *generator, const struct weir_trace *trace,
                      const struct weir_moments *m) {
    double own_share = 0.0;
    double inherited = 0.0;
    alike(trace, m, &own_share, &inherited);
    const double depth = m->move_high < 0.01 ? 0.02 : m->move_high < 0.4 ? 2.0 * m->move_high : 0.8;
    json_object_set_new(generator, "symbols", symbols_part(trace, m, own_share));
    json_object_set_new(
        generator, "sizes",
        json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "note",
                  "spreads as measured within and between seconds; log-normal, without a further "
                  "tail",
                  "symbol_sd", 0.0, "second_sd", m->second_sd, "own_sd", m->own_sd, "tail_share",
                  0.0, "tail_exponent", 1.5, "usd_max",
                  3.0 * (m->usd_max > 1.0 ? m->usd_max : 1.0)));
    json_object_set_new(generator, "sides",
                        json_pack("{s:s, s:f, s:f}", "note",
                                  "share as measured; inherited from how alike neighbours are",
                                  "sell_share", (double)m->sells / (double)trace->row_count,
                                  "inherited", inherited));
    json_object_set_new(
        generator, "prices",
        json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "note",
                  "depth twice the upper quartile of the changes from first to last price, half of "
                  "it at half the notional; the rest is assumed",
                  "depth", depth, "half_usd", m->usd > 2.0 ? 0.5 * m->usd : 1.0, "market_share",
                  0.7, "permanent", 0.5, "recovery_s", 300.0, "volatility_sqrt_s", 0.0001));
}

static json_t *to_json(const struct fit *f, const struct weir_moments *m) {
    char start[WEIR_TIME_TEXT_SIZE];
    weir_format_iso_time(m->start_ns, start);
    json_t *generator = json_pack(
        "{s:s, s:s+, s:s, s:s, s:I, s:o}", "schema", "weir.generator/1", "name", f->trace->name,
        "-fitted", "what", "Parameters fitted to a trace by weir trace generate --fit.",
        "start_utc", start, "duration_s", (json_int_t)m->duration_s, "arrivals", arrivals_part(f));
    if (generator != NULL) {
        set_parts(generator, f->trace, m);
    }
    return generator;
}

char *weir_generator_fit(const struct weir_trace *trace, struct weir_trace_error *error) {
    struct weir_moments m;
    struct fit f;
    char *text = NULL;
    if (!weir_moments_measure(trace, &m)) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (begin(&f, trace, &m)) {
        bool in_use[COMPONENTS] = {true, false, false, false};
        f.shock_at_s = find_shock(&f);
        choose(&f, COMPONENT_FAST, in_use);
        choose(&f, COMPONENT_SHOCK, in_use);
        choose(&f, COMPONENT_SLOW, in_use);
        choose(&f, COMPONENT_FAST, in_use);
        json_t *generator = to_json(&f, &m);
        text = generator != NULL
                   ? json_dumps(generator, JSON_INDENT(1) | JSON_REAL_PRECISION(PRECISION))
                   : NULL;
        json_decref(generator);
    }
    end(&f);
    weir_moments_free(&m);
    if (text == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    return text;
}
