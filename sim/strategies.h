#ifndef WEIR_SIM_STRATEGIES_H
#define WEIR_SIM_STRATEGIES_H

/** The strategies that come with the program; the texts are made from sim/strategies/ when it is
 * built. */
extern const char weir_strategy_hunt_all_json[];
extern const char weir_strategy_shipped_json[];

#endif
