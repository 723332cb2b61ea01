#ifndef WEIR_TRACES_GENERATE_ARRIVALS_H
#define WEIR_TRACES_GENERATE_ARRIVALS_H

#include "draw.h"
#include "generator.h"

/** One drawn liquidation: when, of which symbol, on which side. */
struct weir_arrival {
    int64_t ms; /**< since the start */
    uint32_t symbol;
    uint32_t side;   /**< enum weir_side */
    uint32_t number; /**< in the order in which they were drawn: settles ties */
};

struct weir_arrivals {
    struct weir_arrival *list; /**< in order of time; owned */
    size_t count;
    size_t capacity;
};

/** What a generator's random numbers are for: the second part of a draw's key. */
enum weir_generator_draw {
    WEIR_DRAW_BASE,     /**< gaps between liquidations that nothing in the trace set off */
    WEIR_DRAW_CHILDREN, /**< how many a liquidation sets off */
    WEIR_DRAW_CHILD,    /**< when */
    WEIR_DRAW_MARK,     /**< symbol and side */
    WEIR_DRAW_SYMBOL,   /**< effect of a symbol on size */
    WEIR_DRAW_SECOND,
    WEIR_DRAW_SIZE,
    WEIR_DRAW_TAIL,
    WEIR_DRAW_WALK,
    WEIR_DRAW_SHOCK /**< and one more for each further shock */
};

/** The uniforms for (purpose, a, c) of one replication. */
struct weir_uniforms weir_generator_draw(const struct weir_build_options *options,
                                         enum weir_generator_draw purpose, uint32_t a, uint32_t c);

/** Draws all liquidations within the duration. False and `error` when there are none, more than
 *  50 million, or no memory. The caller frees `list`. */
bool weir_generate_arrivals(const struct weir_profile *profile,
                            const struct weir_build_options *options,
                            struct weir_arrivals *arrivals, struct weir_trace_error *error);

#endif
