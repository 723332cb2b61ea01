#ifndef WEIR_SIM_STRATEGY_H
#define WEIR_SIM_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/policy.h"

#include "scenario.h"

/**
 * A strategy: what the bot hunts, which requests one opportunity drags along, and what it sends
 * anyway. Read from a JSON file (docs/strategies.md); two are bundled.
 */

/** What sets a chain of steps going. */
enum weir_chain {
    WEIR_ON_OPPORTUNITY,
    WEIR_ON_FILL,
    WEIR_ON_UNFILLED,
    WEIR_ON_CLOSED
};
#define WEIR_CHAINS 4

/** What an accepted step does to orders and positions. */
enum weir_effect {
    WEIR_EFFECT_NONE,
    WEIR_EFFECT_ENTRY,
    WEIR_EFFECT_PROTECT,
    WEIR_EFFECT_CANCEL_TAKE_PROFIT,
    WEIR_EFFECT_CANCEL_STOP
};

/** When a step is taken at all. */
enum weir_when {
    WEIR_WHEN_ALWAYS,
    WEIR_WHEN_FIRST_OF_SYMBOL,
    WEIR_WHEN_TRANCHE_PROTECTED
};

/** What follows when a step does not succeed. */
enum weir_on_failure {
    WEIR_FAILURE_CONTINUES,
    WEIR_FAILURE_ABANDONS,
    WEIR_FAILURE_RETRIES
};

#define WEIR_STEP_ID_MAX 24

/** One call of the exchange: what it is and what it costs. */
struct weir_call {
    weir_endpoint endpoint;
    struct weir_params params;
};

/** One request of a chain. */
struct weir_step {
    char id[WEIR_STEP_ID_MAX];
    struct weir_call call;
    enum weir_effect effect;
    enum weir_priority priority;
    enum weir_when when;
    enum weir_on_failure on_failure;
    bool at_open;        /**< may go when the opportunity opens, not only when it has closed */
    int64_t delay_ns;    /**< after the step before it, or after what set the chain going */
    int64_t deadline_ns; /**< after it was submitted; 0: none of its own */
    int64_t retry_ns; /**< to the second attempt, if failure retries; doubles up to 16 times that */
    bool skip_in[3];  /**< by enum weir_cascade, while a cascade lasts */
};

#define WEIR_STEPS_MAX 16

/** Requests that are sent on a fixed grid. */
struct weir_loop {
    char id[WEIR_STEP_ID_MAX];
    int64_t period_ns;
    int64_t first_ns;   /**< after the start */
    int64_t spacing_ns; /**< between the requests of one cycle */
    enum weir_priority priority;
    struct weir_call calls[WEIR_STEPS_MAX];
    size_t call_count;
};

#define WEIR_LOOPS_MAX 8
#define WEIR_STARTUP_MAX 256

/** Settings of one symbol. */
struct weir_symbol_settings {
    char symbol[34];            /**< "" for the defaults */
    double threshold_long_usd;  /**< to buy after longs were liquidated */
    double threshold_short_usd; /**< to sell after shorts were liquidated */
    double stake_usd;           /**< margin of one entry */
    double leverage;
    double take_profit_pct;
    double stop_loss_pct;
    double price_offset_pct;
};

#define WEIR_SYMBOLS_MAX 512

/** When the bot takes it for a cascade. */
struct weir_detector {
    double volume_usd;
    int64_t volume_window_ns;
    double move_pct;
    int64_t move_window_ns;
    int64_t lasts_ns;
};

struct weir_strategy {
    char name[64];
    int64_t condition_window_ns;
    struct weir_symbol_settings defaults;
    struct weir_symbol_settings symbols[WEIR_SYMBOLS_MAX];
    size_t symbol_count; /**< 0: every symbol, with the defaults */
    struct weir_detector detector;
    struct weir_step steps[WEIR_CHAINS][WEIR_STEPS_MAX];
    size_t step_count[WEIR_CHAINS];
    struct weir_loop standing[WEIR_LOOPS_MAX];
    size_t standing_count;
    struct weir_call startup[WEIR_STARTUP_MAX];
    size_t startup_count;
    struct weir_loop dashboard;
};

/** Reads a strategy: a bundled name ("hunt-all", "shipped") or a path. The caller frees it with
 *  weir_strategy_free. NULL and an error that names file and key on failure. */
struct weir_strategy *weir_strategy_open(const char *name_or_path,
                                         struct weir_scenario_error *error);

void weir_strategy_free(struct weir_strategy *strategy);

/** Settings for a symbol, or NULL if the strategy does not hunt it. O(symbols): do it once a run.
 */
const struct weir_symbol_settings *weir_strategy_symbol(const struct weir_strategy *strategy,
                                                        const char *symbol);

/** Moves on along a loop's grid: from the request `*index` of cycle `*cycle`, due at `now_ns`, to
 * the one after it. Returns when that is due. */
int64_t weir_loop_next(const struct weir_loop *loop, int64_t now_ns, uint32_t *index,
                       uint32_t *cycle);

/** Whether a step is taken at all, by the variant of the bot in a cascade and out of it. */
bool weir_step_applies(const struct weir_step *step, int cascade_variant, bool in_cascade);

/** Cheapest cost, in weight and orders, of an entry alone. */
struct weir_cost weir_strategy_entry_cost(const struct weir_strategy *strategy);

/** Cost of an opportunity with everything it drags along when it fills (a tranche being there). */
struct weir_cost weir_strategy_full_cost(const struct weir_strategy *strategy, int cascade_variant,
                                         bool in_cascade);

#endif
