#include "generator.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "fields.h"
#include "symbols.h"
#include "trace_error.h"

#define SYMBOLS_MAX 100000
#define RATE_MAX 1e5 /* liquidations a second */
#define COUNT_MAX 50000000.0
#define USD_MAX 1e12
#define DURATION_MAX_S (INT64_C(366) * 86400)

/** The part of a name; its note says where the parameters come from. Whatever it holds is drawn
 *  from. */
static struct weir_json_part open_part(struct weir_json_part top, const char *name,
                                       struct weir_profile *profile) {
    struct weir_json_part part = weir_json_inner(top, name, name, true);
    if (part.object == NULL) {
        return part;
    }
    assert(profile->field_count < WEIR_MARKED_FIELDS_MAX);
    struct weir_marked_field *field = &profile->fields[profile->field_count++];
    snprintf(field->name, sizeof field->name, "%s", name);
    field->mark = WEIR_MARK_DRAWN;
    const char *note = weir_json_text(part, "note");
    if (strlen(note) >= sizeof field->note) {
        weir_json_fails(part, "note", "is longer than %zu bytes", sizeof field->note - 1);
    }
    snprintf(field->note, sizeof field->note, "%s", note);
    return part;
}

static char *copy_text(struct weir_json_part part, const char *text) {
    char *copy = part.reading->failed ? NULL : strdup(text);
    if (copy == NULL && !part.reading->failed) {
        part.reading->failed = true;
        weir_trace_fail(part.reading->error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    return copy;
}

static void read_top(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"schema",     "name",     "what",    "start_utc",
                                       "duration_s", "arrivals", "symbols", "sizes",
                                       "sides",      "prices",   NULL};
    weir_json_check_keys(top, keys);
    profile->name = copy_text(top, weir_json_text(top, "name"));
    weir_json_text(top, "what");
    const char *start = weir_json_text(top, "start_utc");
    const char *wrong = weir_parse_iso_time(start, strlen(start), &profile->start_ns);
    if (wrong != NULL) {
        weir_json_fails(top, "start_utc", "'%s' %s", weir_show(start, strlen(start)).text, wrong);
    }
    profile->duration_s = weir_json_integer(top, "duration_s", 1, DURATION_MAX_S);
}

static void read_kernels(struct weir_json_part part, struct weir_generator *generator) {
    json_t *list = weir_json_list(part, "kernel");
    if (json_array_size(list) > WEIR_GENERATOR_KERNELS_MAX) {
        weir_json_fails(part, "kernel", "has more than %d entries", WEIR_GENERATOR_KERNELS_MAX);
    }
    double sum = 0.0;
    for (size_t i = 0; i < json_array_size(list) && !part.reading->failed; i++) {
        json_t *row = weir_json_row(part, "kernel", list, i, 2);
        struct weir_generator_kernel *kernel = &generator->kernels[generator->kernel_count++];
        kernel->memory_s = weir_json_row_number(part, "kernel", i, row, 0, 1e-3, 1e6);
        kernel->share = weir_json_row_number(part, "kernel", i, row, 1, 0.0, 1.0);
        sum += kernel->share;
    }
    if (sum < 0.999 || sum > 1.001) {
        weir_json_fails(part, "kernel", "has shares that sum to %g; 1 is needed", sum);
    }
}

static void read_shocks(struct weir_json_part part, const struct weir_profile *profile,
                        struct weir_generator *generator) {
    json_t *list = weir_json_list_if_any(part, "shocks");
    if (json_array_size(list) > WEIR_GENERATOR_SHOCKS_MAX) {
        weir_json_fails(part, "shocks", "has more than %d entries", WEIR_GENERATOR_SHOCKS_MAX);
    }
    for (size_t i = 0; i < json_array_size(list) && !part.reading->failed; i++) {
        json_t *row = weir_json_row(part, "shocks", list, i, 3);
        struct weir_generator_shock *shock = &generator->shocks[generator->shock_count++];
        shock->at_s =
            weir_json_row_number(part, "shocks", i, row, 0, 0.0, (double)profile->duration_s);
        shock->peak_per_s = weir_json_row_number(part, "shocks", i, row, 1, 0.0, RATE_MAX);
        shock->decay_s = weir_json_row_number(part, "shocks", i, row, 2, 0.01, 1e6);
    }
}

/** Mean number of liquidations, those after the end included. */
static double expected_count(const struct weir_profile *profile,
                             const struct weir_generator *generator) {
    double count = generator->base_per_s * (double)profile->duration_s;
    for (size_t i = 0; i < generator->shock_count; i++) {
        count += generator->shocks[i].peak_per_s * generator->shocks[i].decay_s;
    }
    return count / (1.0 - generator->branching_ratio);
}

static void read_arrivals(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"note",   "base_per_s", "branching_ratio",
                                       "kernel", "shocks",     NULL};
    struct weir_generator *generator = profile->generator;
    struct weir_json_part part = open_part(top, "arrivals", profile);
    weir_json_check_keys(part, keys);
    generator->base_per_s = weir_json_number(part, "base_per_s", 0.0, RATE_MAX);
    generator->branching_ratio = weir_json_number(part, "branching_ratio", 0.0, 0.99);
    read_kernels(part, generator);
    read_shocks(part, profile, generator);
    const double expected = part.reading->failed ? 1.0 : expected_count(profile, generator);
    if (expected > COUNT_MAX || expected <= 0.0) {
        weir_json_fails(
            part, "base_per_s",
            "and shocks give %.3g liquidations; more than 0 and at most %.0f are needed", expected,
            COUNT_MAX);
    }
}

static bool allocate_symbols(struct weir_json_part part, struct weir_generator *generator,
                             size_t count) {
    generator->symbols =
        part.reading->failed ? NULL : calloc(count + 1, sizeof *generator->symbols);
    if (generator->symbols == NULL && !part.reading->failed) {
        part.reading->failed = true;
        weir_trace_fail(part.reading->error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    return !part.reading->failed;
}

/** Adds a symbol whose name must be new; names are looked up in `known`. */
static void add_symbol(struct weir_json_part part, const char *key, const char *name,
                       struct weir_symbols *known, struct weir_generator *generator) {
    uint32_t number = 0;
    if (!weir_is_symbol(name, strlen(name))) {
        weir_json_fails(part, key, "'%s' is not a symbol", weir_show(name, strlen(name)).text);
        return;
    }
    if (!weir_symbols_number(known, name, &number)) {
        part.reading->failed = true;
        weir_trace_fail(part.reading->error, WEIR_TRACE_NO_MEMORY, "out of memory");
        return;
    }
    if (number < generator->symbol_count) {
        weir_json_fails(part, key, "'%s' is there twice", name);
        return;
    }
    generator->symbols[generator->symbol_count++].name = copy_text(part, name);
}

/** [[symbol, share, median USD, price], …] */
static void read_rows(struct weir_json_part part, struct weir_generator *generator) {
    json_t *list = weir_json_list(part, "rows");
    struct weir_symbols known = {NULL, 0, 0, NULL, 0};
    if (!allocate_symbols(part, generator, json_array_size(list))) {
        return;
    }
    for (size_t i = 0; i < json_array_size(list) && !part.reading->failed; i++) {
        json_t *row = weir_json_row(part, "rows", list, i, 4);
        struct weir_generator_symbol *symbol = &generator->symbols[i];
        const char *name = weir_json_row_text(part, "rows", i, row, 0);
        symbol->share = weir_json_row_number(part, "rows", i, row, 1, 1e-9, 1.0);
        symbol->median_usd = weir_json_row_number(part, "rows", i, row, 2, 0.01, USD_MAX);
        symbol->price = weir_json_row_number(part, "rows", i, row, 3, 1e-8, 1e8);
        if (!part.reading->failed) {
            add_symbol(part, "rows", name, &known, generator);
        }
    }
    weir_symbols_clear(&known);
}

/** Coins that do not exist, but for the names that are given: shares by rank, prices by name. */
static void read_invented(struct weir_json_part part, struct weir_generator *generator) {
    const size_t count = (size_t)weir_json_integer(part, "count", 1, SYMBOLS_MAX);
    const double exponent = weir_json_number(part, "share_exponent", 0.0, 5.0);
    const double median_usd = weir_json_number(part, "median_usd", 0.01, USD_MAX);
    const double low = weir_json_number(part, "price_low", 1e-8, 1e8);
    const double high = weir_json_number(part, "price_high", low, 1e8);
    json_t *names = weir_json_list_if_any(part, "names");
    struct weir_symbols known = {NULL, 0, 0, NULL, 0};
    if (!allocate_symbols(part, generator, count)) {
        return;
    }
    for (size_t i = 0; i < count && !part.reading->failed; i++) {
        char name[WEIR_SYMBOL_MAX + 1];
        snprintf(name, sizeof name, "COIN%05zuUSDT", i + 1);
        const json_t *given = json_array_get(names, i);
        if (given != NULL && !json_is_string(given)) {
            weir_json_fails(part, "names", "entry %zu is not text", i + 1);
            break;
        }
        add_symbol(part, "names", given != NULL ? json_string_value(given) : name, &known,
                   generator);
        if (part.reading->failed) {
            break;
        }
        struct weir_generator_symbol *symbol = &generator->symbols[i];
        const double u = (double)(weir_symbol_hash(symbol->name) >> 11) * 0x1p-53;
        symbol->share = weir_exp(-exponent * weir_log((double)(i + 1)));
        symbol->median_usd = median_usd;
        symbol->price = low * weir_exp(u * weir_log(high / low));
    }
    weir_symbols_clear(&known);
}

static void read_symbols(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const listed[] = {"note", "own_share", "rows", NULL};
    static const char *const invented[] = {"note",           "own_share",  "count",
                                           "share_exponent", "median_usd", "price_low",
                                           "price_high",     "names",      NULL};
    struct weir_generator *generator = profile->generator;
    struct weir_json_part part = open_part(top, "symbols", profile);
    const bool has_rows = part.object != NULL && weir_json_has(part, "rows");
    weir_json_check_keys(part, has_rows ? listed : invented);
    generator->own_share = weir_json_number(part, "own_share", 0.0, 1.0);
    if (has_rows) {
        read_rows(part, generator);
    } else {
        read_invented(part, generator);
    }
    if (part.reading->failed) {
        return;
    }
    double sum = 0.0;
    for (size_t i = 0; i < generator->symbol_count; i++) {
        sum += generator->symbols[i].share;
    }
    for (size_t i = 0; i < generator->symbol_count; i++) {
        generator->symbols[i].share /= sum;
    }
}

static void read_sizes(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"note",       "symbol_sd",     "second_sd", "own_sd",
                                       "tail_share", "tail_exponent", "usd_max",   NULL};
    struct weir_generator *generator = profile->generator;
    struct weir_json_part part = open_part(top, "sizes", profile);
    weir_json_check_keys(part, keys);
    generator->symbol_sd = weir_json_number(part, "symbol_sd", 0.0, 5.0);
    generator->second_sd = weir_json_number(part, "second_sd", 0.0, 5.0);
    generator->own_sd = weir_json_number(part, "own_sd", 0.0, 5.0);
    generator->tail_share = weir_json_number(part, "tail_share", 0.0, 1.0);
    generator->tail_exponent = weir_json_number(part, "tail_exponent", 0.5, 100.0);
    generator->usd_max = weir_json_number(part, "usd_max", 1.0, USD_MAX);
}

static void read_sides(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"note", "sell_share", "inherited", NULL};
    struct weir_json_part part = open_part(top, "sides", profile);
    weir_json_check_keys(part, keys);
    profile->generator->sell_share = weir_json_number(part, "sell_share", 0.0, 1.0);
    profile->generator->inherited = weir_json_number(part, "inherited", 0.0, 1.0);
}

static void read_prices(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {
        "note",      "depth",      "half_usd",          "market_share",
        "permanent", "recovery_s", "volatility_sqrt_s", NULL};
    struct weir_generator *generator = profile->generator;
    struct weir_json_part part = open_part(top, "prices", profile);
    weir_json_check_keys(part, keys);
    generator->depth = weir_json_number(part, "depth", 0.0, 0.8);
    generator->half_usd = weir_json_number(part, "half_usd", 1.0, 1e15);
    generator->market_share = weir_json_number(part, "market_share", 0.0, 1.0);
    generator->permanent = weir_json_number(part, "permanent", 0.0, 1.0);
    generator->recovery_s = weir_json_number(part, "recovery_s", 0.01, 1e9);
    generator->volatility_sqrt_s = weir_json_number(part, "volatility_sqrt_s", 0.0, 0.01);
}

void weir_generator_read(struct weir_json_part top, struct weir_profile *profile) {
    static void (*const readers[])(struct weir_json_part, struct weir_profile *) = {
        read_top, read_arrivals, read_symbols, read_sizes, read_sides, read_prices};
    profile->generator = calloc(1, sizeof *profile->generator);
    if (profile->generator == NULL) {
        top.reading->failed = true;
        weir_trace_fail(top.reading->error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && !top.reading->failed; i++) {
        readers[i](top, profile);
    }
}

void weir_generator_free(struct weir_generator *generator) {
    if (generator == NULL) {
        return;
    }
    for (size_t i = 0; i < generator->symbol_count; i++) {
        free(generator->symbols[i].name);
    }
    free(generator->symbols);
    free(generator);
}
