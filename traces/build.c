#include "build.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "generator.h"
#include "symbols.h"
#include "trace_error.h"
#include "trace_finish.h"

#define REPLICATIONS_MAX (1u << 24)

struct weir_uniforms weir_build_draw(const struct weir_build *build, enum weir_stream stream,
                                     uint32_t a, uint32_t b) {
    return weir_draw((struct weir_draw_key){.seed = build->seed,
                                            .replication = build->replication,
                                            .stream = stream,
                                            .a = a,
                                            .b = b,
                                            .c = 0});
}

struct weir_build_uniforms weir_build_uniforms(const struct weir_build *build,
                                               enum weir_stream stream, uint32_t b) {
    return (struct weir_build_uniforms){.build = build, .stream = stream, .b = b};
}

double weir_build_uniform(struct weir_build_uniforms *uniforms, uint32_t i) {
    if (!uniforms->drawn || uniforms->pair != i / 2) {
        uniforms->drawn = true;
        uniforms->pair = i / 2;
        uniforms->uniforms = weir_build_draw(uniforms->build, uniforms->stream, i / 2, uniforms->b);
    }
    return uniforms->uniforms.u[i % 2];
}

static bool is_given(const char *option) {
    return option != NULL && option[0] != '\0';
}

/** Takes the settings over; those that are not given are the profile's. */
static bool take_options(struct weir_build *build, const struct weir_build_options *options,
                         struct weir_trace_error *error) {
    build->shape = build->profile->shape;
    build->path = build->profile->path;
    if (options == NULL) {
        return true;
    }
    build->seed = options->seed;
    build->replication = options->replication;
    if (is_given(options->shape)) {
        const int shape = weir_name_index(weir_shape_names, options->shape);
        if (shape < 0) {
            return weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                                   "shape '%s' is not known; spread or block is needed",
                                   options->shape);
        }
        build->shape = (enum weir_profile_shape)shape;
    }
    if (is_given(options->path)) {
        const int kind = weir_name_index(weir_path_names, options->path);
        if (kind < 0) {
            return weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                                   "path '%s' is not known; v, slide or late is needed",
                                   options->path);
        }
        if (kind != (int)build->path.kind) {
            build->path = weir_default_path(build->profile, (enum weir_path_kind)kind);
            build->path_replaced = true;
        }
    }
    return true;
}

static bool allocate(struct weir_build *build) {
    const struct weir_profile *profile = build->profile;
    const size_t count = build->count;
    build->bin_first = malloc((profile->bin_count + 1) * sizeof(uint32_t));
    build->symbol_first = malloc((profile->symbol_count + 1) * sizeof(uint32_t));
    build->row_ms = malloc(count * sizeof(int64_t));
    build->row_slot = malloc(count * sizeof(uint32_t));
    build->row_price = malloc(count * sizeof(double));
    build->slot_symbol = malloc(count * sizeof(uint32_t));
    build->slot_side = malloc(count);
    build->slot_usd = malloc(count * sizeof(double));
    return build->bin_first != NULL && build->symbol_first != NULL && build->row_ms != NULL &&
           build->row_slot != NULL && build->row_price != NULL && build->slot_symbol != NULL &&
           build->slot_side != NULL && build->slot_usd != NULL;
}

static void release(struct weir_build *build) {
    free(build->bin_first);
    free(build->symbol_first);
    free(build->row_ms);
    free(build->row_slot);
    free(build->row_price);
    free(build->slot_symbol);
    free(build->slot_side);
    free(build->slot_usd);
}

/** Where the rows of each bin and the slots of each symbol begin. */
static void lay_out(struct weir_build *build) {
    const struct weir_profile *profile = build->profile;
    uint32_t row = 0;
    for (size_t bin = 0; bin < profile->bin_count; bin++) {
        build->bin_first[bin] = row;
        row += profile->bins[bin].count;
    }
    build->bin_first[profile->bin_count] = row;
    uint32_t slot = 0;
    for (size_t s = 0; s < profile->symbol_count; s++) {
        build->symbol_first[s] = slot;
        for (uint32_t i = 0; i < profile->symbols[s].count; i++) {
            build->slot_symbol[slot++] = (uint32_t)s;
        }
    }
    build->symbol_first[profile->symbol_count] = slot;
    assert(row == build->count && slot == build->count);
}

/** The name under which the exchange trades the venue's symbol. */
static void map_symbol(enum weir_profile_mapping mapping, const char *name,
                       char mapped[WEIR_SYMBOL_MAX + 1]) {
    if (mapping == WEIR_MAPPING_NONE) {
        snprintf(mapped, WEIR_SYMBOL_MAX + 1, "%s", name);
        return;
    }
    /* the venue's k is a thousand of a coin: kBONK; no coin of its own has a small letter there */
    const bool thousand = name[0] == 'k' && name[1] >= 'A' && name[1] <= 'Z';
    snprintf(mapped, WEIR_SYMBOL_MAX + 1, "%s%sUSDT", thousand ? "1000" : "",
             thousand ? name + 1 : name);
}

static void fill_row(const struct weir_build *build, uint32_t i, struct weir_liquidation *row) {
    const uint32_t slot = build->row_slot[i];
    *row = weir_liquidation_of(build->profile->start_ns + build->row_ms[i] * 1000000,
                               build->row_price[i], build->slot_usd[slot]);
    row->side = build->slot_side[slot];
}

static bool fill_trace(const struct weir_build *build, struct weir_trace *trace) {
    const struct weir_profile *profile = build->profile;
    struct weir_symbols symbols = {NULL, 0, 0, NULL, 0};
    uint32_t *number = malloc(profile->symbol_count * sizeof *number);
    bool ok = number != NULL;
    for (size_t s = 0; ok && s < profile->symbol_count; s++) {
        char mapped[WEIR_SYMBOL_MAX + 1];
        map_symbol(profile->mapping, profile->symbols[s].name, mapped);
        ok = weir_symbols_number(&symbols, mapped, &number[s]);
    }
    trace->name = strdup(profile->name);
    trace->rows = malloc(build->count * sizeof *trace->rows);
    if (ok && trace->name != NULL && trace->rows != NULL) {
        trace->row_count = build->count;
        for (uint32_t i = 0; i < build->count; i++) {
            fill_row(build, i, &trace->rows[i]);
            trace->rows[i].symbol = number[build->slot_symbol[build->row_slot[i]]];
        }
        trace->symbols = symbols.names;
        trace->symbol_count = symbols.count;
        symbols.names = NULL;
        symbols.count = 0;
        ok = weir_trace_finish(trace);
    } else {
        ok = false;
    }
    weir_symbols_clear(&symbols);
    free(number);
    return ok;
}

static void replace_field(struct weir_trace *trace, const char *name, const char *value) {
    for (size_t i = 0; i < trace->field_count; i++) {
        struct weir_marked_field *field = &trace->fields[i];
        if (strcmp(field->name, name) == 0) {
            field->mark = WEIR_MARK_DRAWN;
            snprintf(field->note, sizeof field->note, "%s, by setting instead of the profile's",
                     value);
        }
    }
}

/** The marks of the profile; what a setting replaced is drawn. */
static void copy_fields(const struct weir_build *build, struct weir_trace *trace) {
    const struct weir_profile *profile = build->profile;
    memcpy(trace->fields, profile->fields, sizeof trace->fields);
    trace->field_count = profile->field_count;
    trace->built = true;
    trace->recorded_throttle_ms = profile->throttle_ms;
    if (build->shape != profile->shape) {
        replace_field(trace, "shape", weir_shape_names[build->shape]);
    }
    if (build->path_replaced) {
        replace_field(trace, "path", weir_path_names[build->path.kind]);
    }
}

static struct weir_trace *run_steps(struct weir_build *build, struct weir_trace_error *error) {
    struct weir_trace *trace = calloc(1, sizeof *trace);
    bool ok = trace != NULL && allocate(build);
    if (ok) {
        lay_out(build);
        ok = weir_build_times(build) && weir_build_slots(build);
    }
    if (!ok) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    ok = ok && weir_build_prices(build, error);
    if (ok && !fill_trace(build, trace)) {
        ok = weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    if (!ok) {
        weir_trace_free(trace);
        return NULL;
    }
    copy_fields(build, trace);
    return trace;
}

struct weir_trace *weir_profile_build(const struct weir_profile *profile,
                                      const struct weir_build_options *options,
                                      struct weir_trace_error *error) {
    if (options != NULL && options->replication >= REPLICATIONS_MAX) {
        weir_trace_fail(error, WEIR_TRACE_WRONG_USE,
                        "replication %u is too large; it must be below %u",
                        (unsigned)options->replication, REPLICATIONS_MAX);
        return NULL;
    }
    if (profile->generator != NULL) {
        return weir_generator_build(profile, options, error);
    }
    struct weir_build build = {.profile = profile, .count = (uint32_t)profile->count};
    if (!take_options(&build, options, error)) {
        return NULL;
    }
    struct weir_trace *trace = run_steps(&build, error);
    release(&build);
    return trace;
}
