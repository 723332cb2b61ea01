#include "stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "drawn_load.h"
#include "stage_bound.h"

#define SECOND_NS 1000000000LL
#define MINUTE_NS (60 * SECOND_NS)
#define SECOND_BOT_NS (300 * SECOND_NS) /* the second bot started that long before the first */

const char *weir_class_name(enum weir_class class) {
    static const char *const names[] = {"slack", "tight", "binding"};
    return names[class];
}

struct weir_draw_key weir_stage_standing_key(const struct weir_stage *stage, uint8_t client,
                                             uint32_t loop, uint32_t cycle, uint32_t index) {
    return (struct weir_draw_key){.seed = stage->seed,
                                  .replication = stage->replication,
                                  .stream = WEIR_STREAM_STANDING,
                                  .a = loop,
                                  .b = cycle,
                                  .c = ((uint32_t)client << 24) | index};
}

int64_t weir_stage_dashboard_ns(const struct weir_stage *stage, uint32_t tab) {
    const struct weir_uniforms u =
        weir_draw((struct weir_draw_key){.seed = stage->seed,
                                         .replication = stage->replication,
                                         .stream = WEIR_STREAM_FOREIGN,
                                         .a = tab,
                                         .b = UINT32_MAX});
    const struct weir_loop *loop = &stage->hunts[0].strategy->dashboard;
    return stage->start_ns + (int64_t)(u.u[0] * (double)loop->period_ns);
}

/** The true phase for a single run; else one phase in each of `phases` parts of a minute. */
static int64_t draw_phase_ns(uint64_t seed, uint32_t phase, uint32_t phases) {
    if (phases <= 1) {
        return 0;
    }
    const struct weir_uniforms u = weir_draw(
        (struct weir_draw_key){.seed = seed, .replication = phase, .stream = WEIR_STREAM_PHASE});
    return (int64_t)(((double)phase + u.u[0]) / (double)phases * (double)MINUTE_NS);
}

/** The smallest shift that brings the first liquidation to a second of the minute. */
static int64_t shift_to_phase_ns(int64_t first_ns, double phase_s) {
    const int64_t shift_ns = ((int64_t)(phase_s * 1e9 + 0.5) - first_ns) % MINUTE_NS;
    return shift_ns < 0 ? shift_ns + MINUTE_NS : shift_ns;
}

static void set_times(struct weir_stage *stage, const struct weir_stage_draws *draws) {
    const struct weir_trace *trace = stage->trace;
    const double phase_s = stage->scenario->trace.phase_s;
    if (draws->onset_ns) {
        stage->shift_ns = draws->onset_ns - trace->rows[0].time_ns;
    } else if (phase_s >= 0.0) {
        stage->shift_ns = shift_to_phase_ns(trace->rows[0].time_ns, phase_s);
    } else {
        stage->shift_ns = draw_phase_ns(stage->seed, draws->phase, draws->phases);
    }
    stage->onset_ns = trace->rows[0].time_ns + stage->shift_ns;
    stage->start_ns = stage->onset_ns - (int64_t)(stage->scenario->bot.lead_s * 1e9);
    stage->second_start_ns = stage->start_ns - SECOND_BOT_NS;
    stage->end_ns = trace->rows[trace->row_count - 1].time_ns + stage->shift_ns +
                    (int64_t)(stage->scenario->bot.tail_s * 1e9);
}

/** Sends what the throttle lets through on its way. The feed is one connection: nothing overtakes.
 */
static void deliver(struct weir_stage *stage) {
    const int64_t publication_ns = (int64_t)(stage->scenario->feed.delay_ms * 1e6);
    int64_t last_ns = 0;
    size_t kept = 0;
    for (size_t i = 0; i < stage->push_count; i++) {
        struct weir_push push = stage->pushes[i];
        if (weir_network_feed_dead(stage->network, push.pushed_ns)) {
            stage->unheard++;
            continue;
        }
        const struct weir_uniforms u =
            weir_draw((struct weir_draw_key){.seed = stage->seed,
                                             .replication = stage->replication,
                                             .stream = WEIR_STREAM_FEED,
                                             .a = push.row});
        push.delivered_ns = push.pushed_ns + publication_ns +
                            weir_network_feed_delay_ns(stage->network, push.pushed_ns, u.u[0]);
        push.delivered_ns = push.delivered_ns < last_ns ? last_ns : push.delivered_ns;
        last_ns = push.delivered_ns;
        stage->feed_usd += weir_liquidation_notional_usd(&stage->trace->rows[push.row]);
        stage->pushes[kept++] = push;
    }
    stage->push_count = kept;
}

static bool find_hunt(struct weir_stage *stage, struct weir_hunt *hunt,
                      const struct weir_strategy *strategy) {
    const struct weir_trace *trace = stage->trace;
    hunt->strategy = strategy;
    hunt->symbols = calloc(trace->symbol_count + 1, sizeof(const struct weir_symbol_settings *));
    if (!hunt->symbols) {
        return false;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        hunt->symbols[s] = weir_strategy_symbol(strategy, trace->symbols[s]);
    }
    hunt->opportunities =
        weir_opportunities_find(trace, stage->shift_ns, stage->pushes, stage->push_count, strategy,
                                hunt->symbols, &stage->scenario->bot, &hunt->opportunity_count);
    return hunt->opportunities != NULL;
}

/** Allowance of one window; 0: no such limit. */
struct allowance {
    int64_t interval_ns, weight, orders;
};

/** Compares the opportunities of each window, bare and with everything they drag along, with what
 *  the window lets through. */
static enum weir_class classify_by(const struct weir_stage *stage, const struct allowance *a) {
    const struct weir_hunt *hunt = &stage->hunts[0];
    const struct weir_cost bare = weir_strategy_entry_cost(hunt->strategy);
    const int cascade = stage->scenario->bot.cascade;
    enum weir_class class = WEIR_CLASS_SLACK;
    size_t i = 0;
    while (i < hunt->opportunity_count) {
        const int64_t window = hunt->opportunities[i].closes_ns / a->interval_ns;
        int64_t count = 0;
        int64_t weight = 0;
        int64_t orders = 0;
        for (; i < hunt->opportunity_count &&
               hunt->opportunities[i].closes_ns / a->interval_ns == window;
             i++) {
            const struct weir_cost full =
                weir_strategy_full_cost(hunt->strategy, cascade, hunt->opportunities[i].in_cascade);
            count++;
            weight += full.weight;
            orders += full.orders;
        }
        if ((a->weight && count * bare.weight > a->weight) ||
            (a->orders && count * bare.orders > a->orders)) {
            return WEIR_CLASS_BINDING;
        }
        if ((a->weight && 2 * weight >= a->weight) || (a->orders && 2 * orders >= a->orders)) {
            class = WEIR_CLASS_TIGHT;
        }
    }
    return class;
}

static enum weir_class classify(const struct weir_stage *stage) {
    const struct weir_exchange_rules *rules = &stage->scenario->exchange.rules;
    const struct allowance minute = {MINUTE_NS, rules->weight_per_minute, rules->orders_per_minute};
    const struct allowance ten_seconds = {10 * SECOND_NS, 0, rules->orders_per_10s};
    const enum weir_class a = classify_by(stage, &minute);
    const enum weir_class b = classify_by(stage, &ten_seconds);
    return a > b ? a : b;
}

static bool build(struct weir_stage *stage, const struct weir_strategy *strategy,
                  const struct weir_strategy *second) {
    const struct weir_trace *trace = stage->trace;
    stage->network =
        weir_network_create(&stage->scenario->network, trace, stage->shift_ns,
                            stage->second_start_ns, stage->end_ns, stage->seed, stage->replication);
    stage->market = weir_market_create(trace, stage->shift_ns);
    stage->pushes = calloc(trace->row_count + 1, sizeof *stage->pushes);
    if (!stage->network || !stage->market || !stage->pushes) {
        return false;
    }
    stage->push_count =
        weir_feed_throttle(&stage->scenario->feed, trace, stage->shift_ns, stage->pushes);
    if (stage->push_count == SIZE_MAX) {
        return false;
    }
    stage->throttled = trace->row_count - stage->push_count;
    deliver(stage);
    if (!find_hunt(stage, &stage->hunts[0], strategy) ||
        (second && !find_hunt(stage, &stage->hunts[1], second))) {
        return false;
    }
    for (size_t i = 0; i < trace->row_count; i++) {
        stage->trace_usd += weir_liquidation_notional_usd(&trace->rows[i]);
    }
    stage->class = classify(stage);
    stage->load = weir_drawn_load(stage, &stage->load_count);
    stage->bound = stage->load ? weir_stage_bound(stage) : NULL;
    return stage->bound != NULL;
}

struct weir_stage *weir_stage_create(const struct weir_trace *trace,
                                     const struct weir_scenario *scenario,
                                     const struct weir_strategy *strategy,
                                     const struct weir_strategy *second, uint64_t seed,
                                     uint32_t replication, uint32_t replications) {
    const struct weir_stage_draws draws = {
        .network = replication, .phase = replication, .phases = replications};
    return weir_stage_create_with(trace, scenario, strategy, second, seed, &draws);
}

struct weir_stage *weir_stage_create_with(const struct weir_trace *trace,
                                          const struct weir_scenario *scenario,
                                          const struct weir_strategy *strategy,
                                          const struct weir_strategy *second, uint64_t seed,
                                          const struct weir_stage_draws *draws) {
    assert(trace->row_count > 0 && draws->phase < draws->phases);
    struct weir_stage *stage = calloc(1, sizeof *stage);
    if (!stage) {
        return NULL;
    }
    stage->trace = trace;
    stage->scenario = scenario;
    stage->seed = seed;
    stage->replication = draws->network;
    set_times(stage, draws);
    if (!build(stage, strategy, second)) {
        weir_stage_destroy(stage);
        return NULL;
    }
    return stage;
}

void weir_stage_destroy(struct weir_stage *stage) {
    if (!stage) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        free(stage->hunts[i].symbols);
        free(stage->hunts[i].opportunities);
    }
    weir_network_destroy(stage->network);
    weir_market_destroy(stage->market);
    weir_bound_free(stage->bound);
    free(stage->load);
    free(stage->pushes);
    free(stage);
}
