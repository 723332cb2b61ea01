#include "profile_write.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "fields.h"
#include "moments.h"
#include "trace_error.h"

#define SECOND_NS INT64_C(1000000000)
#define DURATION_MAX_S (INT64_C(366) * 86400)
#define NAME_MAX_LENGTH 25 /* of a symbol in a profile */
#define PRECISION 12

static double at_most(double value, double limit) {
    return value < limit ? value : limit;
}

/** A part with its mark and note. */
static json_t *part(const char *mark, const char *note) {
    return json_pack("{s:s, s:s}", "mark", mark, "note", note);
}

/** The marks that the figures of a trace deserve: those of a built trace were drawn once. */
static const char *figure_mark(const struct weir_trace *trace) {
    return trace->built ? "derived" : "recorded";
}

/** Bins of a second: counts, and their notional. */
static void add_bins(const struct weir_trace *trace, const struct weir_moments *m, json_t *counts,
                     json_t *usd_list) {
    size_t i = 0;
    while (i < trace->row_count) {
        const int64_t second = (trace->rows[i].time_ns - m->start_ns) / SECOND_NS;
        json_int_t count = 0;
        double usd = 0.0;
        for (; i < trace->row_count && (trace->rows[i].time_ns - m->start_ns) / SECOND_NS == second;
             i++) {
            count++;
            usd += weir_liquidation_notional_usd(&trace->rows[i]);
        }
        json_array_append_new(counts, json_pack("[I, I]", (json_int_t)second, count));
        json_array_append_new(usd_list, json_pack("[I, f]", (json_int_t)second, usd));
    }
}

/** Lists by symbol: counts, notional, sides, average prices. */
static void add_symbols(const struct weir_trace *trace, const struct weir_moments *m, json_t *rows,
                        json_t *usd, json_t *sides, json_t *prices) {
    for (size_t s = 0; s < trace->symbol_count; s++) {
        const struct weir_moments_symbol *symbol = &m->symbols[s];
        const char *name = trace->symbols[s];
        json_array_append_new(rows, json_pack("[s, I]", name, (json_int_t)symbol->count));
        json_array_append_new(usd, json_pack("[s, f]", name, symbol->usd));
        json_array_append_new(sides, json_pack("[s, I, I]", name, (json_int_t)symbol->sells,
                                               (json_int_t)(symbol->count - symbol->sells)));
        json_array_append_new(prices,
                              json_pack("[s, f]", name, symbol->price / (double)symbol->count));
    }
}

static json_t *tenths(const struct weir_moments *m) {
    json_t *list = json_array();
    for (size_t i = 0; i < 10; i++) {
        json_array_append_new(list, json_real(m->tenths_pct[i]));
    }
    return list;
}

/** Parts that are lists of figures. */
static void set_figures(json_t *profile, const struct weir_trace *trace,
                        const struct weir_moments *m) {
    const char *mark = figure_mark(trace);
    json_t *counts = part(mark, "liquidations by second");
    json_t *symbols = part(mark, "liquidations by symbol; which of a second belongs to which is "
                                 "drawn");
    json_t *notional = part(mark, "by symbol, which is kept exactly, and by second, which comes "
                                  "back nearly");
    json_t *sides = part(mark, "SELL and BUY by symbol; which of a symbol they are is drawn");
    json_t *prices = part(mark, "average price of each symbol");
    json_object_set_new(counts, "bin_s", json_integer(1));
    json_object_set_new(counts, "bins", json_array());
    json_object_set_new(symbols, "mapping", json_string("none"));
    json_object_set_new(symbols, "rows", json_array());
    json_object_set_new(notional, "by_symbol", json_array());
    json_object_set_new(notional, "by_bin", json_array());
    json_object_set_new(sides, "by_symbol", json_array());
    json_object_set_new(prices, "average", json_array());
    add_bins(trace, m, json_object_get(counts, "bins"), json_object_get(notional, "by_bin"));
    add_symbols(trace, m, json_object_get(symbols, "rows"), json_object_get(notional, "by_symbol"),
                json_object_get(sides, "by_symbol"), json_object_get(prices, "average"));
    json_object_set_new(profile, "counts", counts);
    json_object_set_new(profile, "symbols", symbols);
    json_object_set_new(profile, "notional", notional);
    json_object_set_new(profile, "sides", sides);
    json_object_set_new(profile, "prices", prices);
}

/** Parts with a few estimated numbers. */
static void set_estimates(json_t *profile, const struct weir_trace *trace,
                          const struct weir_moments *m) {
    json_t *shape = part(figure_mark(trace), "each lies in the second in which it was recorded");
    json_t *within =
        part(figure_mark(trace), "share of the liquidations in each tenth of a second");
    json_t *sizes = part("drawn", "single sizes are drawn, log-normal with the spreads measured "
                                  "within and between seconds");
    json_t *throttle =
        part("derived", "from the shortest times between liquidations of one symbol");
    json_t *path = part("drawn", "a slide; depths drawn between the quartiles of the changes from "
                                 "first to last price");
    const double own_sd = at_most(m->own_sd, 5.0);
    const double second_sd = at_most(m->second_sd, 5.0);
    json_object_set_new(shape, "kind", json_string("block"));
    json_object_set_new(within, "tenths_pct", tenths(m));
    json_object_set_new(sizes, "second_sd_low", json_real(second_sd));
    json_object_set_new(sizes, "second_sd_high", json_real(second_sd));
    json_object_set_new(sizes, "own_sd_low", json_real(own_sd));
    json_object_set_new(sizes, "own_sd_high", json_real(own_sd));
    json_object_set_new(throttle, "ms", json_real(m->throttle_ms));
    json_object_update_new(path,
                           json_pack("{s:s, s:s, s:i, s:I, s:i, s:f, s:f, s:f}", "kind", "slide",
                                     "direction", m->fall > 0.0 ? "up" : "down", "from_s", 0,
                                     "turn_s", (json_int_t)m->duration_s, "recovered", 0,
                                     "depth_low", at_most(m->move_low, 0.8), "depth_high",
                                     at_most(m->move_high, 0.8), "noise_sd", 0.0005));
    json_object_set_new(profile, "shape", shape);
    json_object_set_new(profile, "within_second", within);
    json_object_set_new(profile, "sizes", sizes);
    json_object_set_new(profile, "throttle", throttle);
    json_object_set_new(profile, "path", path);
}

static bool check(const struct weir_trace *trace, const struct weir_moments *m,
                  struct weir_trace_error *error) {
    if (m->duration_s > DURATION_MAX_S) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                               "the trace spans %lld s; a profile at most 366 days: slice it first",
                               (long long)m->duration_s);
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        if (strlen(trace->symbols[s]) > NAME_MAX_LENGTH) {
            return weir_trace_fail(
                error, WEIR_TRACE_BAD_INPUT,
                "symbol %s is longer than the %d characters that a profile holds",
                trace->symbols[s], NAME_MAX_LENGTH);
        }
    }
    return true;
}

char *weir_profile_measure(const struct weir_trace *trace, struct weir_trace_error *error) {
    struct weir_moments m;
    if (!weir_moments_measure(trace, &m)) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return NULL;
    }
    char *text = NULL;
    if (check(trace, &m, error)) {
        char start[WEIR_TIME_TEXT_SIZE];
        weir_format_iso_time(m.start_ns, start);
        json_t *profile = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "schema",
                                    "weir.profile/1", "name", trace->name, "venue", "not stated",
                                    "start_utc", start, "duration_s", (json_int_t)m.duration_s,
                                    "source", "measured from a trace by weir trace profile", "what",
                                    "Figures of a trace, none of its rows.");
        if (profile != NULL) {
            set_figures(profile, trace, &m);
            set_estimates(profile, trace, &m);
            text = json_dumps(profile, JSON_INDENT(1) | JSON_REAL_PRECISION(PRECISION));
        }
        if (text == NULL) {
            weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
        }
        json_decref(profile);
    }
    weir_moments_free(&m);
    return text;
}
