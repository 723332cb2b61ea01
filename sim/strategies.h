#ifndef WEIR_SIM_STRATEGIES_H
#define WEIR_SIM_STRATEGIES_H

#include <stddef.h>

/** A strategy that comes with the program; the text is made from sim/strategies/ when it is built.
 */
struct weir_bundled_strategy {
    const char *name;
    const char *text;
};

extern const struct weir_bundled_strategy weir_bundled_strategies[];
extern const size_t weir_bundled_strategy_count;

#endif
