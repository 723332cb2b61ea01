#ifndef WEIR_BENCH_GATE_EXPRESSION_H
#define WEIR_BENCH_GATE_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

/**
 * A gate: what must hold of a result, as text.
 *
 *     weir.http_418 == 0                                    on every trace, in every scenario
 *     weir@binance-2023-01-14.value_of_bound >= 0.85        on one trace
 *     weir@binance-2023-01-14/strict.value_of_bound > 0.8   on one trace in one scenario
 *     ratio.replay_cpu <= 1.05                              processor time against another build
 */

enum weir_relation {
    WEIR_AT_LEAST, /**< >= */
    WEIR_AT_MOST,  /**< <= */
    WEIR_EQUAL,    /**< == */
    WEIR_UNEQUAL,  /**< != */
    WEIR_ABOVE,    /**< > */
    WEIR_BELOW     /**< < */
};

struct weir_gate {
    char policy[128]; /**< "ratio" for ratios of time */
    char trace[128];  /**< "": every */
    char scenario[128];
    char metric[128];
    enum weir_relation relation;
    double limit;
    bool is_ratio;
};

/** Reads an expression. False and why in `error` if it is none, or if a ratio is not bounded from
 *  above by at least 1. */
bool weir_gate_parse(const char *text, struct weir_gate *gate, char *error, size_t error_size);

/** Whether a value is as the gate wants it. */
bool weir_gate_holds(const struct weir_gate *gate, double value);

#endif
