#ifndef WEIR_CORE_WEIR_FLOW_H
#define WEIR_CORE_WEIR_FLOW_H

#include <stdint.h>

/**
 * How much of something is expected: a rate on two time scales, fed in ticks. What comes next is
 * the rate of the last seconds, which slowly returns to that of a longer time. No transcendental
 * functions, so that results are the same on every machine.
 */

/** Length of a tick, in nanoseconds. */
#define WEIR_TICK_NS INT64_C(250000000)

struct weir_flow {
    double pending; /**< amount in the present tick */
    double fast;    /**< amount per second, over about 5 s */
    double slow;    /**< the same over about 20 s */
};

/** base to the power of `count`, by repeated squaring; base from 0 to 1. */
double weir_power(double base, int64_t count);

/** Adds an amount to the present tick. */
static inline void weir_flow_add(struct weir_flow *flow, double amount) {
    flow->pending += amount;
}

/** Ends the present tick and `ticks` - 1 empty ones after it; at least 1. O(log ticks). */
void weir_flow_pass(struct weir_flow *flow, int64_t ticks);

/** Amount expected in the next `span_ns`; 0 for a negative span. */
double weir_flow_expected(const struct weir_flow *flow, int64_t span_ns);

#endif
