#ifndef WEIR_TRACES_DRAW_H
#define WEIR_TRACES_DRAW_H

#include <stdint.h>

/**
 * Counter-based random numbers (Philox 4x32-10) and the functions that turn them into delays and
 * sizes. A number is named by what it is for, not by when it is asked for, so that the same request
 * meets the same fate whatever else was drawn before it.
 *
 * exp, log and the normal quantile are written here, from operations that IEEE 754 rounds exactly,
 * because libm's differ in the last bit between processors and results must not.
 */

/** One numbered stream per consumer. Append only: a number once given keeps its meaning. */
enum weir_stream {
    WEIR_STREAM_TRACE_TIME = 1,
    WEIR_STREAM_TRACE_SIZE = 2,
    WEIR_STREAM_TRACE_MIX = 3,
    WEIR_STREAM_TRACE_SECOND = 4,
    WEIR_STREAM_TRACE_PATH = 5,
    WEIR_STREAM_LOAD = 6,     /**< shared load of orders and feed, per step of its grid */
    WEIR_STREAM_FEED = 7,     /**< delay of one pushed liquidation */
    WEIR_STREAM_REQUEST = 8,  /**< delays and faults of a request, by opportunity, step, attempt */
    WEIR_STREAM_STANDING = 9, /**< the same for standing load, by loop, cycle, index */
    WEIR_STREAM_FOREIGN = 10, /**< the same for foreign load */
    WEIR_STREAM_PHASE = 11,   /**< phase of the trace against the server's minute */
    WEIR_STREAM_FILL = 12,
    WEIR_STREAM_GENERATOR = 32, /**< everything that a generator draws, by purpose */
    WEIR_STREAM_BOOTSTRAP = 40, /**< resamples of an interval */
    WEIR_STREAM_STUDY = 48      /**< points of a random search, weights of the set of the best */
};

/** What a random number is for. Fields that do not apply are 0. */
struct weir_draw_key {
    uint64_t seed;
    uint32_t replication; /**< below 2^24 */
    enum weir_stream stream;
    uint32_t a; /**< opportunity, row, loop, … */
    uint32_t b; /**< step and attempt, cycle, … */
    uint32_t c; /**< index */
};

/** Two independent uniforms in (0, 1), 53 bits each. */
struct weir_uniforms {
    double u[2];
};

/** The uniforms of a key. A pure function; about 20 ns. */
struct weir_uniforms weir_draw(struct weir_draw_key key);

/** e to the x, for |x| <= 700; relative error below 4e-16. Same bits on every machine. */
double weir_exp(double x);

/** Natural logarithm, for finite x > 0; error below 1e-15 relative or absolute. */
double weir_log(double x);

/** Standard normal quantile, for p in (0, 1); relative error below 1.2e-9. */
double weir_normal_quantile(double p);

#endif
