#include "profile.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "fields.h"
#include "generator.h"
#include "profile_data.h"
#include "source.h"
#include "strict_json.h"
#include "trace_error.h"

#define SCHEMA "weir.profile/1"
#define COUNT_MAX 50000000 /* liquidations; some gigabytes of memory */
#define DURATION_MAX_S (INT64_C(366) * 86400)
#define USD_MAX 1e15
#define PRICE_MIN 1e-9
#define PRICE_MAX 1e9

const char *const weir_shape_names[] = {"block", "spread", NULL};
const char *const weir_path_names[] = {"v", "slide", "late", NULL};

int weir_name_index(const char *const *names, const char *name) {
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

struct weir_profile_path weir_default_path(const struct weir_profile *profile,
                                           enum weir_path_kind kind) {
    struct weir_profile_path path = profile->path;
    const double duration_s = (double)profile->duration_s;
    path.kind = kind;
    path.from_s = kind == WEIR_PATH_LATE ? 0.6 * duration_s : 0.0;
    path.turn_s = kind == WEIR_PATH_V ? 0.42 * duration_s : duration_s;
    path.recovered = kind == WEIR_PATH_V ? 0.6 : 0.0;
    return path;
}

/** The part of a name, which must be an object; notes its mark. */
static struct weir_json_part open_part(struct weir_json_part top, const char *name,
                                       struct weir_profile *profile) {
    static const char *const marks[] = {"recorded", "derived", "drawn", NULL};
    struct weir_json_part part = weir_json_inner(top, name, name, true);
    if (part.object == NULL) {
        return part;
    }
    assert(profile->field_count < WEIR_MARKED_FIELDS_MAX);
    struct weir_marked_field *field = &profile->fields[profile->field_count++];
    snprintf(field->name, sizeof field->name, "%s", name);
    field->mark = (enum weir_mark)weir_json_choice(part, "mark", marks);
    const char *note = weir_json_text(part, "note");
    if (strlen(note) >= sizeof field->note) {
        weir_json_fails(part, "note", "is longer than %zu bytes", sizeof field->note - 1);
    }
    snprintf(field->note, sizeof field->note, "%s", note);
    return part;
}

/** An array of `count` zeroed elements; a failure when there is no memory. */
static void *allocate(struct weir_json_part part, size_t count, size_t size) {
    void *memory = part.reading->failed ? NULL : calloc(count, size);
    if (memory == NULL && !part.reading->failed) {
        part.reading->failed = true;
        weir_trace_fail(part.reading->error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    return memory;
}

static void read_top(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {
        "schema", "name",   "venue",    "start_utc", "duration_s",    "source",
        "what",   "counts", "shape",    "symbols",   "notional",      "sizes",
        "sides",  "prices", "throttle", "path",      "within_second", NULL};
    weir_json_check_keys(top, keys);
    const char *schema = weir_json_text(top, "schema");
    if (!top.reading->failed && strcmp(schema, SCHEMA) != 0) {
        weir_json_fails(top, "schema", "'%s' cannot be read; %s is needed",
                        weir_show(schema, strlen(schema)).text, SCHEMA);
    }
    const char *name = weir_json_text(top, "name");
    profile->name = allocate(top, strlen(name) + 1, 1);
    if (profile->name != NULL) {
        memcpy(profile->name, name, strlen(name) + 1);
    }
    weir_json_text(top, "venue");
    weir_json_text(top, "source");
    weir_json_text(top, "what");
    const char *start = weir_json_text(top, "start_utc");
    const char *wrong = weir_parse_iso_time(start, strlen(start), &profile->start_ns);
    if (wrong != NULL) {
        weir_json_fails(top, "start_utc", "'%s' %s", weir_show(start, strlen(start)).text, wrong);
    }
    profile->duration_s = weir_json_integer(top, "duration_s", 1, DURATION_MAX_S);
}

/** Bins in order, none beyond the duration, none that overlap. */
static void read_bin(struct weir_json_part part, json_t *list, size_t i,
                     struct weir_profile *profile) {
    json_t *row = weir_json_row(part, "bins", list, i, 2);
    struct weir_profile_bin *bin = &profile->bins[i];
    bin->start_s =
        weir_json_row_integer(part, "bins", i, row, 0, 0, profile->duration_s - profile->bin_s);
    bin->count = (uint32_t)weir_json_row_integer(part, "bins", i, row, 1, 1, COUNT_MAX);
    if (i > 0 && bin->start_s < profile->bins[i - 1].start_s + profile->bin_s) {
        weir_json_fails(part, "bins", "entry %zu starts before the one before it ends", i + 1);
    }
    profile->count += bin->count;
}

static void read_counts(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "bin_s", "bins", NULL};
    struct weir_json_part part = open_part(top, "counts", profile);
    weir_json_check_keys(part, keys);
    profile->bin_s = weir_json_integer(part, "bin_s", 1, profile->duration_s);
    json_t *list = weir_json_list(part, "bins");
    profile->bins = allocate(part, json_array_size(list), sizeof *profile->bins);
    profile->bin_count = profile->bins != NULL ? json_array_size(list) : 0;
    for (size_t i = 0; i < profile->bin_count && !part.reading->failed; i++) {
        read_bin(part, list, i, profile);
    }
    if (profile->count > COUNT_MAX) {
        weir_json_fails(part, "bins", "hold more than %d liquidations", COUNT_MAX);
    }
}

static struct weir_profile_symbol *find_symbol(const struct weir_profile *profile,
                                               const char *name) {
    assert(profile->symbol_count == 0 || profile->symbols != NULL);
    for (size_t i = 0; i < profile->symbol_count; i++) {
        if (profile->symbols[i].name != NULL && strcmp(profile->symbols[i].name, name) == 0) {
            return &profile->symbols[i];
        }
    }
    return NULL;
}

/** Adds symbol `i`: its name and count. */
static void read_symbol(struct weir_json_part part, json_t *list, size_t i,
                        struct weir_profile *profile) {
    json_t *row = weir_json_row(part, "rows", list, i, 2);
    const char *name = weir_json_row_text(part, "rows", i, row, 0);
    profile->symbols[i].count =
        (uint32_t)weir_json_row_integer(part, "rows", i, row, 1, 1, COUNT_MAX);
    if (part.reading->failed) {
        return;
    }
    /* 7: what mapping may add */
    if (!weir_is_symbol(name, strlen(name)) || strlen(name) + 7 > WEIR_SYMBOL_MAX) {
        weir_json_fails(part, "rows", "entry %zu: '%s' is not a symbol", i + 1,
                        weir_show(name, strlen(name)).text);
    } else if (find_symbol(profile, name) != NULL) {
        weir_json_fails(part, "rows", "entry %zu: '%s' is there twice", i + 1, name);
    } else {
        profile->symbols[i].name = allocate(part, strlen(name) + 1, 1);
        if (profile->symbols[i].name != NULL) {
            memcpy(profile->symbols[i].name, name, strlen(name) + 1);
        }
    }
}

static void read_symbols(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "mapping", "rows", NULL};
    static const char *const mappings[] = {"none", "hyperliquid", NULL};
    struct weir_json_part part = open_part(top, "symbols", profile);
    weir_json_check_keys(part, keys);
    profile->mapping = (enum weir_profile_mapping)weir_json_choice(part, "mapping", mappings);
    json_t *list = weir_json_list(part, "rows");
    profile->symbols = allocate(part, json_array_size(list), sizeof *profile->symbols);
    profile->symbol_count = profile->symbols != NULL ? json_array_size(list) : 0;
    uint64_t count = 0;
    for (size_t i = 0; i < profile->symbol_count && !part.reading->failed; i++) {
        read_symbol(part, list, i, profile);
        count += profile->symbols[i].count;
    }
    if (count != profile->count) {
        weir_json_fails(part, "rows", "count %llu liquidations, the bins of 'counts' %llu",
                        (unsigned long long)count, (unsigned long long)profile->count);
    }
}

/** The symbol that row `i` of a list begins with; NULL after a failure. */
static struct weir_profile_symbol *symbol_of_row(struct weir_json_part part, const char *key,
                                                 size_t i, json_t *row,
                                                 const struct weir_profile *profile) {
    const char *name = weir_json_row_text(part, key, i, row, 0);
    if (part.reading->failed) {
        return NULL;
    }
    /* lists are usually in the order of the symbols */
    struct weir_profile_symbol *symbol = i < profile->symbol_count ? &profile->symbols[i] : NULL;
    if (symbol == NULL || strcmp(symbol->name, name) != 0) {
        symbol = find_symbol(profile, name);
    }
    if (symbol == NULL) {
        weir_json_fails(part, key, "entry %zu: '%s' is not in 'symbols'", i + 1,
                        weir_show(name, strlen(name)).text);
    }
    return symbol;
}

/** What a list by symbol gives to each: one or two of the symbol's members. */
struct symbol_columns {
    const char *key;
    double low;
    double high;
    size_t count;
    size_t offset[2]; /**< of the members, doubles, in struct weir_profile_symbol */
};

/** Reads a list [[symbol, value, …], …]; values go into the symbols. Returns its length. */
static size_t read_by_symbol(struct weir_json_part part, struct symbol_columns columns,
                             struct weir_profile *profile) {
    json_t *list = weir_json_list(part, columns.key);
    const size_t length = json_array_size(list);
    for (size_t i = 0; i < length && !part.reading->failed; i++) {
        json_t *row = weir_json_row(part, columns.key, list, i, 1 + columns.count);
        struct weir_profile_symbol *symbol = symbol_of_row(part, columns.key, i, row, profile);
        for (size_t c = 0; c < columns.count && symbol != NULL; c++) {
            double *member = (double *)(void *)((char *)symbol + columns.offset[c]);
            if (*member != 0.0) {
                weir_json_fails(part, columns.key, "entry %zu: '%s' is there twice", i + 1,
                                symbol->name);
            }
            *member =
                weir_json_row_number(part, columns.key, i, row, 1 + c, columns.low, columns.high);
        }
    }
    return length;
}

/** Notional of each bin, in the order of the bins; sums must agree within a thousandth. */
static void read_notional_by_bin(struct weir_json_part part, struct weir_profile *profile) {
    json_t *list = weir_json_list(part, "by_bin");
    if (json_array_size(list) != profile->bin_count) {
        weir_json_fails(part, "by_bin", "has %zu entries, 'counts.bins' has %zu",
                        json_array_size(list), profile->bin_count);
    }
    double usd = 0.0;
    for (size_t i = 0; i < profile->bin_count && !part.reading->failed; i++) {
        json_t *row = weir_json_row(part, "by_bin", list, i, 2);
        struct weir_profile_bin *bin = &profile->bins[i];
        if (weir_json_row_integer(part, "by_bin", i, row, 0, 0, profile->duration_s) !=
            bin->start_s) {
            weir_json_fails(part, "by_bin", "entry %zu is not the bin at %lld s", i + 1,
                            (long long)bin->start_s);
        }
        bin->usd = weir_json_row_number(part, "by_bin", i, row, 1, 1e-6, USD_MAX);
        usd += bin->usd;
    }
    if (usd < 0.999 * profile->usd || usd > 1.001 * profile->usd) {
        weir_json_fails(part, "by_bin", "sums to %.2f USD, 'by_symbol' to %.2f", usd, profile->usd);
    }
    profile->bins_have_usd = true;
}

static void read_notional(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "by_symbol", "by_bin", NULL};
    struct weir_json_part part = open_part(top, "notional", profile);
    weir_json_check_keys(part, keys);
    const struct symbol_columns columns = {
        "by_symbol", 1e-6, USD_MAX, 1, {offsetof(struct weir_profile_symbol, usd), 0}};
    const size_t length = read_by_symbol(part, columns, profile);
    if (length != profile->symbol_count) {
        weir_json_fails(part, "by_symbol", "has %zu entries, 'symbols.rows' has %zu", length,
                        profile->symbol_count);
    }
    for (size_t i = 0; i < profile->symbol_count; i++) {
        profile->usd += profile->symbols[i].usd;
    }
    if (weir_json_has(part, "by_bin")) {
        read_notional_by_bin(part, profile);
    }
}

static void read_sizes(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {
        "mark", "note", "second_sd_low", "second_sd_high", "own_sd_low", "own_sd_high", NULL};
    struct weir_json_part part = open_part(top, "sizes", profile);
    weir_json_check_keys(part, keys);
    struct weir_profile_sizes *sizes = &profile->sizes;
    sizes->second_sd_low = weir_json_number(part, "second_sd_low", 0.0, 5.0);
    sizes->second_sd_high = weir_json_number(part, "second_sd_high", sizes->second_sd_low, 5.0);
    sizes->own_sd_low = weir_json_number(part, "own_sd_low", 0.0, 5.0);
    sizes->own_sd_high = weir_json_number(part, "own_sd_high", sizes->own_sd_low, 5.0);
}

/** [[symbol, sells, buys], …]; each pair must sum to the symbol's count. */
static void read_sides_by_symbol(struct weir_json_part part, struct weir_profile *profile) {
    json_t *list = weir_json_list(part, "by_symbol");
    if (json_array_size(list) != profile->symbol_count) {
        weir_json_fails(part, "by_symbol", "has %zu entries, 'symbols.rows' has %zu",
                        json_array_size(list), profile->symbol_count);
    }
    for (size_t i = 0; i < profile->symbol_count && !part.reading->failed; i++) {
        json_t *row = weir_json_row(part, "by_symbol", list, i, 3);
        const char *name = weir_json_row_text(part, "by_symbol", i, row, 0);
        struct weir_profile_symbol *symbol = &profile->symbols[i];
        const int64_t sells = weir_json_row_integer(part, "by_symbol", i, row, 1, 0, COUNT_MAX);
        const int64_t buys = weir_json_row_integer(part, "by_symbol", i, row, 2, 0, COUNT_MAX);
        if (strcmp(name, symbol->name) != 0) {
            weir_json_fails(part, "by_symbol",
                            "entry %zu is '%s'; the order of 'symbols.rows' is "
                            "needed: '%s'",
                            i + 1, weir_show(name, strlen(name)).text, symbol->name);
        }
        const int64_t sides = sells + buys;
        if (sides != (int64_t)symbol->count) {
            weir_json_fails(part, "by_symbol",
                            "entry %zu: %s has %lld liquidations here, %u in "
                            "'symbols.rows'",
                            i + 1, symbol->name, (long long)sides, (unsigned)symbol->count);
        }
        symbol->sells = (uint32_t)sells;
    }
}

static void read_sides(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "sell_share", "by_symbol", NULL};
    struct weir_json_part part = open_part(top, "sides", profile);
    weir_json_check_keys(part, keys);
    profile->sides_by_symbol = weir_json_has(part, "by_symbol");
    if (profile->sides_by_symbol && weir_json_has(part, "sell_share")) {
        weir_json_fails(part, "sell_share", "cannot stand beside by_symbol");
    } else if (profile->sides_by_symbol) {
        read_sides_by_symbol(part, profile);
    } else {
        profile->sell_share = weir_json_number(part, "sell_share", 0.0, 1.0);
    }
}

/** Range of the prices that are drawn; needed when some are not known. */
static void read_drawn_prices(struct weir_json_part part, struct weir_profile *profile) {
    size_t unknown = 0;
    for (size_t i = 0; i < profile->symbol_count; i++) {
        const struct weir_profile_symbol *symbol = &profile->symbols[i];
        unknown += symbol->average_price == 0.0 && symbol->first_price == 0.0 ? 1 : 0;
    }
    if (weir_json_has(part, "drawn_low") || weir_json_has(part, "drawn_high") || unknown > 0) {
        profile->drawn_price_low = weir_json_number(part, "drawn_low", PRICE_MIN, PRICE_MAX);
        profile->drawn_price_high =
            weir_json_number(part, "drawn_high", profile->drawn_price_low, PRICE_MAX);
    }
}

static void read_prices(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark",      "note",       "average", "first",
                                       "drawn_low", "drawn_high", NULL};
    struct weir_json_part part = open_part(top, "prices", profile);
    weir_json_check_keys(part, keys);
    if (weir_json_has(part, "average")) {
        const struct symbol_columns columns = {
            "average",
            PRICE_MIN,
            PRICE_MAX,
            1,
            {offsetof(struct weir_profile_symbol, average_price), 0}};
        read_by_symbol(part, columns, profile);
    }
    if (weir_json_has(part, "first")) {
        const struct symbol_columns columns = {
            "first",
            PRICE_MIN,
            PRICE_MAX,
            1,
            {offsetof(struct weir_profile_symbol, first_price), 0}};
        read_by_symbol(part, columns, profile);
    }
    for (size_t i = 0; i < profile->symbol_count; i++) {
        const struct weir_profile_symbol *symbol = &profile->symbols[i];
        if (symbol->average_price > 0.0 && symbol->first_price > 0.0) {
            weir_json_fails(part, "first", "%s has an average as well; give one", symbol->name);
        }
    }
    read_drawn_prices(part, profile);
}

static void read_throttle(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "ms", NULL};
    struct weir_json_part part = open_part(top, "throttle", profile);
    weir_json_check_keys(part, keys);
    profile->throttle_ms = weir_json_number(part, "ms", 0.0, 60000.0);
}

/** [[symbol, start, end], …] of symbols whose average is known as well. */
static void read_anchors(struct weir_json_part part, struct weir_profile *profile) {
    const struct symbol_columns columns = {"anchors",
                                           PRICE_MIN,
                                           PRICE_MAX,
                                           2,
                                           {offsetof(struct weir_profile_symbol, start_price),
                                            offsetof(struct weir_profile_symbol, end_price)}};
    read_by_symbol(part, columns, profile);
    for (size_t i = 0; i < profile->symbol_count; i++) {
        const struct weir_profile_symbol *symbol = &profile->symbols[i];
        if (symbol->start_price > 0.0 && symbol->average_price == 0.0) {
            weir_json_fails(part, "anchors", "'%s' needs an entry in 'prices.average'",
                            symbol->name);
        }
    }
}

static void read_path(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark",       "note",     "kind",      "direction",
                                       "from_s",     "turn_s",   "recovered", "depth_low",
                                       "depth_high", "noise_sd", "anchors",   NULL};
    static const char *const directions[] = {"down", "up", NULL};
    struct weir_json_part part = open_part(top, "path", profile);
    weir_json_check_keys(part, keys);
    struct weir_profile_path *path = &profile->path;
    const double duration_s = (double)profile->duration_s;
    path->kind = (enum weir_path_kind)weir_json_choice(part, "kind", weir_path_names);
    path->sign = weir_json_choice(part, "direction", directions) == 0 ? -1.0 : 1.0;
    path->from_s = weir_json_number(part, "from_s", 0.0, duration_s - 1.0);
    path->turn_s = weir_json_number(part, "turn_s", path->from_s + 1.0, duration_s);
    path->recovered = weir_json_number(part, "recovered", 0.0, 1.0);
    path->depth_low = weir_json_number(part, "depth_low", 0.0, 0.8);
    path->depth_high = weir_json_number(part, "depth_high", path->depth_low, 0.8);
    path->noise_sd = weir_json_number(part, "noise_sd", 0.0, 0.05);
    if (weir_json_has(part, "anchors")) {
        read_anchors(part, profile);
    }
}

static void read_shape(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "kind", "unevenness_sd", NULL};
    struct weir_json_part part = open_part(top, "shape", profile);
    weir_json_check_keys(part, keys);
    profile->shape = (enum weir_profile_shape)weir_json_choice(part, "kind", weir_shape_names);
    if (profile->bin_s > 1 || weir_json_has(part, "unevenness_sd")) {
        profile->unevenness_sd = weir_json_number(part, "unevenness_sd", 0.0, 5.0);
    }
}

/** Shares of the tenths of a second, in per cent; they must sum to 100. */
static void read_within_second(struct weir_json_part top, struct weir_profile *profile) {
    static const char *const keys[] = {"mark", "note", "tenths_pct", NULL};
    if (!weir_json_has(top, "within_second")) {
        return;
    }
    struct weir_json_part part = open_part(top, "within_second", profile);
    weir_json_check_keys(part, keys);
    json_t *list = weir_json_list(part, "tenths_pct");
    double sum = 0.0;
    for (size_t i = 0; i < WEIR_DENSITY_STEPS && !part.reading->failed; i++) {
        const json_t *value = json_array_get(list, i);
        profile->density[i] = json_number_value(value) / 100.0;
        sum += profile->density[i];
        if (!json_is_number(value) || profile->density[i] < 0.0) {
            weir_json_fails(part, "tenths_pct", "must be %d numbers from 0", WEIR_DENSITY_STEPS);
        }
    }
    if (json_array_size(list) != WEIR_DENSITY_STEPS || sum < 0.9999 || sum > 1.0001) {
        weir_json_fails(part, "tenths_pct", "must be %d numbers that sum to 100",
                        WEIR_DENSITY_STEPS);
    }
    profile->has_density = true;
}

/** All of a profile, each part after those it refers to. */
static void read_profile(struct weir_json_part top, struct weir_profile *profile) {
    static void (*const readers[])(struct weir_json_part, struct weir_profile *) = {
        read_top,   read_counts, read_shape,    read_within_second, read_symbols, read_notional,
        read_sizes, read_sides,  read_throttle, read_prices,        read_path};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0] && !top.reading->failed; i++) {
        readers[i](top, profile);
    }
}

static bool is_generator(const json_t *json) {
    const char *schema = json_string_value(json_object_get(json, "schema"));
    return schema != NULL && strcmp(schema, WEIR_GENERATOR_SCHEMA) == 0;
}

struct weir_profile *weir_profile_open(const char *path, struct weir_trace_error *error) {
    json_t *json = weir_json_load(path, error);
    if (json == NULL) {
        return NULL;
    }
    struct weir_profile *profile = calloc(1, sizeof *profile);
    struct weir_json_reading reading = {path, error, profile == NULL};
    if (profile == NULL) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    } else {
        const struct weir_json_part top = {&reading, "", json};
        (is_generator(json) ? weir_generator_read : read_profile)(top, profile);
    }
    json_decref(json);
    if (reading.failed) {
        weir_profile_free(profile);
        return NULL;
    }
    return profile;
}

void weir_profile_free(struct weir_profile *profile) {
    if (profile == NULL) {
        return;
    }
    for (size_t i = 0; i < profile->symbol_count; i++) {
        free(profile->symbols[i].name);
    }
    weir_generator_free(profile->generator);
    free(profile->symbols);
    free(profile->bins);
    free(profile->name);
    free(profile);
}
