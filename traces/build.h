#ifndef WEIR_TRACES_BUILD_H
#define WEIR_TRACES_BUILD_H

#include "draw.h"
#include "profile_data.h"

/**
 * The steps of building a trace, each in a file of its own. A row is a place in time (in order of
 * time, so that the rows of a bin are neighbours); a slot is one liquidation of a symbol (so that
 * the slots of a symbol are neighbours). Counts fix how many there are of each; the steps decide
 * which slot goes to which row.
 */

struct weir_build {
    const struct weir_profile *profile;
    uint64_t seed;
    uint32_t replication;
    enum weir_profile_shape shape;
    struct weir_profile_path path;
    bool path_replaced; /**< then the recorded anchors do not hold */
    uint32_t count;     /**< of rows, and of slots */

    uint32_t *bin_first; /**< first row of each bin, and `count` at the end */
    int64_t *row_ms;     /**< time of each row since the start of the profile */
    uint32_t *row_slot;

    uint32_t *symbol_first; /**< first slot of each symbol, and `count` at the end */
    uint32_t *slot_symbol;
    uint8_t *slot_side;
    double *slot_usd;

    double *row_price;
};

/** The uniforms that belong to (stream, a, b) in this replication. */
struct weir_uniforms weir_build_draw(const struct weir_build *build, enum weir_stream stream,
                                     uint32_t a, uint32_t b);

/** Uniforms for numbers that are asked for in order: one draw serves two neighbours. */
struct weir_build_uniforms {
    const struct weir_build *build;
    enum weir_stream stream;
    uint32_t b;
    bool drawn;
    uint32_t pair;
    struct weir_uniforms uniforms;
};

/** Uniforms of (stream, b), none drawn yet. */
struct weir_build_uniforms weir_build_uniforms(const struct weir_build *build,
                                               enum weir_stream stream, uint32_t b);

/** The uniform that belongs to number i. */
double weir_build_uniform(struct weir_build_uniforms *uniforms, uint32_t i);

/** Times: fills row_ms, in order. False when there is no memory. */
bool weir_build_times(struct weir_build *build);

/** Sides and sizes, and which slot goes to which row: fills slot_side, slot_usd, row_slot. May move
 *  rows within their bin, to keep the throttle. False when there is no memory. */
bool weir_build_slots(struct weir_build *build);

/** Prices: fills row_price. False and `error` when the anchors lie on no path, or when there is no
 *  memory. */
bool weir_build_prices(struct weir_build *build, struct weir_trace_error *error);

/** Assigns slots to the bins so that each bin's notional comes close to `bin_usd`: fills row_slot
 *  (in no order within a bin). False when there is no memory. */
bool weir_build_assign(struct weir_build *build, const double *bin_usd);

/** Orders the slots of each bin so that those of one symbol lie at least the throttle apart, as far
 *  as their number allows; later rows may move within their bin. False when there is no memory. */
bool weir_build_throttle(struct weir_build *build);

#endif
