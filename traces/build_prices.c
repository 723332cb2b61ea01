#include "build.h"

#include <stdlib.h>

#include "symbols.h"
#include "trace_error.h"

#define NOISE_SDS_MAX 3.0
#define DEPTH_MAX 0.9

/** How far the move has come at each row, and how far the way back. */
struct progress {
    double *move; /**< 0 to 1: with the running share of the liquidations between from and turn */
    double *back; /**< 0 to 1: with time from the turn to the end */
};

/** Start and extent of one symbol's path: start * (1 + sign * (depth * move - taken * back)). */
struct symbol_path {
    double start;
    double depth;
    double taken; /**< share of the start that is taken back by the end */
};

/** Means over the rows of a symbol. */
struct means {
    double move;
    double back;
    double first_move; /**< at the symbol's first row */
    double first_back;
    uint32_t count;
};

static void fill_progress(const struct weir_build *build, struct progress progress) {
    const struct weir_profile_path *path = &build->path;
    const double from_ms = path->from_s * 1000.0;
    const double turn_ms = path->turn_s * 1000.0;
    const double end_ms = (double)build->profile->duration_s * 1000.0;
    uint32_t before = 0;
    uint32_t until_turn = 0;
    for (uint32_t row = 0; row < build->count; row++) {
        before += (double)build->row_ms[row] < from_ms ? 1 : 0;
        until_turn += (double)build->row_ms[row] < turn_ms ? 1 : 0;
    }
    const double moving = until_turn > before ? (double)(until_turn - before) : 1.0;
    for (uint32_t row = 0; row < build->count; row++) {
        const double ms = (double)build->row_ms[row];
        const double done = ((double)row + 0.5 - (double)before) / moving;
        progress.move[row] = row < before ? 0.0 : row >= until_turn ? 1.0 : done;
        progress.back[row] = ms > turn_ms ? (ms - turn_ms) / (end_ms - turn_ms) : 0.0;
    }
}

static void fill_means(const struct weir_build *build, struct progress progress,
                       struct means *means) {
    for (uint32_t row = 0; row < build->count; row++) {
        struct means *of = &means[build->slot_symbol[build->row_slot[row]]];
        if (of->count++ == 0) {
            of->first_move = progress.move[row];
            of->first_back = progress.back[row];
        }
        of->move += progress.move[row];
        of->back += progress.back[row];
    }
    for (size_t s = 0; s < build->profile->symbol_count; s++) {
        means[s].move /= (double)means[s].count;
        means[s].back /= (double)means[s].count;
    }
}

/** Depth and way back so that start, average and end all come out; false when they cannot. */
static bool solve_anchored(const struct weir_profile_symbol *symbol, double sign,
                           const struct means *means, struct symbol_path *path) {
    const double average = sign * (symbol->average_price / symbol->start_price - 1.0);
    const double end = sign * (symbol->end_price / symbol->start_price - 1.0);
    const double weight = means->move - means->back;
    path->start = symbol->start_price;
    path->depth = weight > 0.01 ? (average - means->back * end) / weight : -1.0;
    path->taken = path->depth - end;
    return path->depth >= 0.0 && path->depth <= DEPTH_MAX && path->taken >= -DEPTH_MAX &&
           path->taken <= DEPTH_MAX;
}

/** A price level that belongs to the name, the same in every replication. */
static double level_by_name(const struct weir_profile *profile, const char *name) {
    const double u = (double)(weir_symbol_hash(name) >> 11) * 0x1p-53;
    return profile->drawn_price_low *
           weir_exp(u * weir_log(profile->drawn_price_high / profile->drawn_price_low));
}

/** Depth as drawn; the start so that the average, or the first price, comes out. */
static struct symbol_path draw_path(const struct weir_build *build, uint32_t s,
                                    const struct means *means) {
    const struct weir_profile_symbol *symbol = &build->profile->symbols[s];
    const struct weir_profile_path *kind = &build->path;
    const double u = weir_build_draw(build, WEIR_STREAM_TRACE_PATH, s, 0).u[0];
    struct symbol_path path = {.depth = kind->depth_low + (kind->depth_high - kind->depth_low) * u};
    path.taken = path.depth * kind->recovered;
    const double at_average =
        1.0 + kind->sign * (path.depth * means->move - path.taken * means->back);
    const double at_first =
        1.0 + kind->sign * (path.depth * means->first_move - path.taken * means->first_back);
    if (symbol->average_price > 0.0) {
        path.start = symbol->average_price / at_average;
    } else if (symbol->first_price > 0.0) {
        path.start = symbol->first_price / at_first;
    } else {
        path.start = level_by_name(build->profile, symbol->name);
    }
    return path;
}

static bool find_paths(const struct weir_build *build, const struct means *means,
                       struct symbol_path *paths, struct weir_trace_error *error) {
    for (uint32_t s = 0; s < build->profile->symbol_count; s++) {
        const struct weir_profile_symbol *symbol = &build->profile->symbols[s];
        if (symbol->start_price <= 0.0 || build->path_replaced) {
            paths[s] = draw_path(build, s, &means[s]);
        } else if (!solve_anchored(symbol, build->path.sign, &means[s], &paths[s])) {
            return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT,
                                   "%s: key 'path.anchors': start and end of %s and its average "
                                   "do not lie on one path; change them or leave them out",
                                   build->profile->name, symbol->name);
        }
    }
    return true;
}

/** A standard normal number, cut at three deviations so that no single price strays. */
static double bounded_normal(double u) {
    const double z = weir_normal_quantile(u);
    if (z > NOISE_SDS_MAX) {
        return NOISE_SDS_MAX;
    }
    return z < -NOISE_SDS_MAX ? -NOISE_SDS_MAX : z;
}

static void fill_prices(struct weir_build *build, struct progress progress,
                        const struct symbol_path *paths) {
    const double sign = build->path.sign;
    struct weir_build_uniforms noise = weir_build_uniforms(build, WEIR_STREAM_TRACE_PATH, 1);
    for (uint32_t row = 0; row < build->count; row++) {
        const struct symbol_path *path = &paths[build->slot_symbol[build->row_slot[row]]];
        const double z = bounded_normal(weir_build_uniform(&noise, row));
        const double level =
            1.0 + sign * (path->depth * progress.move[row] - path->taken * progress.back[row]);
        build->row_price[row] = path->start * level * (1.0 + build->path.noise_sd * z);
    }
}

bool weir_build_prices(struct weir_build *build, struct weir_trace_error *error) {
    const size_t symbols = build->profile->symbol_count;
    struct progress progress = {malloc(build->count * sizeof(double)),
                                malloc(build->count * sizeof(double))};
    struct means *means = calloc(symbols, sizeof *means);
    struct symbol_path *paths = calloc(symbols, sizeof *paths);
    bool ok = progress.move != NULL && progress.back != NULL && means != NULL && paths != NULL;
    if (!ok) {
        weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    } else {
        fill_progress(build, progress);
        fill_means(build, progress, means);
        ok = find_paths(build, means, paths, error);
        if (ok) {
            fill_prices(build, progress, paths);
        }
    }
    free(progress.move);
    free(progress.back);
    free(means);
    free(paths);
    return ok;
}
