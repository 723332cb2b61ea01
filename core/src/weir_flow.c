#include "weir_flow.h"

#include <assert.h>

#define SECOND 1e9
#define TICK_S ((double)WEIR_TICK_NS / SECOND)
#define FAST_S 5.0
#define SLOW_S 20.0
#define RETURN_S 40.0 // time in which the fast rate returns to the slow one

double weir_power(double base, int64_t count) {
    double power = 1;
    for (; count > 0; count /= 2) {
        power *= count % 2 == 1 ? base : 1;
        base *= base;
    }
    return power;
}

/** A rate after one tick of `per_second` and `empty` ticks of nothing. */
static double passed(double rate, double scale_s, double per_second, int64_t empty) {
    double share = TICK_S / scale_s;
    rate += (per_second - rate) * share;
    return empty > 0 ? rate * weir_power(1 - share, empty) : rate;
}

void weir_flow_pass(struct weir_flow *flow, int64_t ticks) {
    assert(ticks >= 1);
    double per_second = flow->pending / TICK_S;
    flow->fast = passed(flow->fast, FAST_S, per_second, ticks - 1);
    flow->slow = passed(flow->slow, SLOW_S, per_second, ticks - 1);
    flow->pending = 0;
}

double weir_flow_expected(const struct weir_flow *flow, int64_t span_ns) {
    if (span_ns <= 0) {
        return 0;
    }
    // products with reciprocals: this is asked many times a decision, and divisions are slow
    double span_s = (double)span_ns * (1 / SECOND);
    double x = span_s * (1 / RETURN_S);
    // 1 - exp(-x), from the first terms of exp(x).
    double gone = 1 - 1 / (1 + x * (1 + x * 0.5 * (1 + x * (1.0 / 3.0))));
    return flow->slow * span_s + (flow->fast - flow->slow) * RETURN_S * gone;
}
