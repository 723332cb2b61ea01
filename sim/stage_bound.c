#include "stage_bound.h"

#include <stdlib.h>

#include "exchange_tariff.h"

/** What is looked up once. */
struct survey {
    const struct weir_stage *stage;
    struct exchange_tariff tariff;
    int64_t window_ns, protect_ns, delay_ns, processing_ns;
};

static struct weir_cost cost_of(const struct survey *survey, const struct weir_call *call) {
    const struct weir_exchange_request request = {.endpoint = call->endpoint,
                                                  .params = call->params};
    return exchange_tariff_cost(&survey->stage->scenario->exchange.rules,
                                exchange_tariff_kind(&survey->tariff, call->endpoint), &request);
}

static struct weir_cost sum(struct weir_cost a, struct weir_cost b) {
    return (struct weir_cost){a.weight + b.weight, a.orders + b.orders};
}

static struct weir_cost larger(struct weir_cost a, struct weir_cost b) {
    return (struct weir_cost){a.weight > b.weight ? a.weight : b.weight,
                              a.orders > b.orders ? a.orders : b.orders};
}

static bool applies(const struct survey *survey, const struct weir_step *step, bool in_cascade) {
    return weir_step_applies(step, survey->stage->scenario->bot.cascade, in_cascade);
}

/** What steps before number `index` of a chain cost that must succeed, or else the chain ends. */
static struct weir_cost forced_before(const struct survey *survey, int chain, size_t index,
                                      bool in_cascade) {
    const struct weir_strategy *strategy = survey->stage->hunts[0].strategy;
    struct weir_cost cost = {0, 0};
    for (size_t i = 0; i < index; i++) {
        const struct weir_step *step = &strategy->steps[chain][i];
        if (step->when == WEIR_WHEN_ALWAYS && step->on_failure != WEIR_FAILURE_CONTINUES &&
            applies(survey, step, in_cascade)) {
            cost = sum(cost, cost_of(survey, &step->call));
        }
    }
    return cost;
}

static size_t entry_index(const struct weir_strategy *strategy) {
    size_t i = 0;
    while (strategy->steps[WEIR_ON_OPPORTUNITY][i].effect != WEIR_EFFECT_ENTRY) {
        i++;
    }
    return i;
}

/** The least that protection of a filled entry costs; false if the strategy has none for it. */
static bool protection_cost(const struct survey *survey, bool in_cascade, struct weir_cost *least) {
    const struct weir_strategy *strategy = survey->stage->hunts[0].strategy;
    bool found = false;
    for (size_t i = 0; i < strategy->step_count[WEIR_ON_FILL]; i++) {
        const struct weir_step *step = &strategy->steps[WEIR_ON_FILL][i];
        if (step->effect != WEIR_EFFECT_PROTECT || !applies(survey, step, in_cascade)) {
            continue;
        }
        const struct weir_cost cost =
            sum(cost_of(survey, &step->call), forced_before(survey, WEIR_ON_FILL, i, in_cascade));
        if (!found || cost.weight < least->weight) {
            least->weight = cost.weight;
        }
        if (!found || cost.orders < least->orders) {
            least->orders = cost.orders;
        }
        found = true;
    }
    return found;
}

/** When an entry may be submitted first: the bot waits until the opportunity has closed, unless its
 *  strategy says that the entry may go when it opens. */
static int64_t submitted_ns(const struct survey *survey, const struct weir_opportunity *o) {
    const struct weir_strategy *strategy = survey->stage->hunts[0].strategy;
    const struct weir_step *first = &strategy->steps[WEIR_ON_OPPORTUNITY][0];
    const struct weir_step *entry = &strategy->steps[WEIR_ON_OPPORTUNITY][entry_index(strategy)];
    const bool begins_open = first->at_open && applies(survey, first, o->in_cascade);
    const int64_t at_ns = (begins_open ? o->opened_ns : o->closes_ns) + entry->delay_ns;
    return !entry->at_open && at_ns < o->closes_ns ? o->closes_ns : at_ns;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static struct weir_bound_item item_of(const struct survey *survey,
                                      const struct weir_opportunity *o) {
    const struct weir_stage *stage = survey->stage;
    const struct weir_strategy *strategy = stage->hunts[0].strategy;
    const size_t entry = entry_index(strategy);
    const struct weir_cost before =
        forced_before(survey, WEIR_ON_OPPORTUNITY, entry, o->in_cascade);
    const int64_t over_ns = o->time_ns + survey->window_ns;
    struct weir_bound_item item = {
        .from_ns = submitted_ns(survey, o) + survey->delay_ns,
        .until_ns = earlier(over_ns - survey->processing_ns, stage->end_ns),
        .value = o->value,
        .notional_usd = o->notional_usd,
        .needs = sum(cost_of(survey, &strategy->steps[WEIR_ON_OPPORTUNITY][entry].call), before),
        .protectable = true};
    item.all_from_ns = before.weight || before.orders
                           ? earlier(item.from_ns, o->opened_ns + survey->delay_ns)
                           : item.from_ns;
    item.all_until_ns = item.until_ns;
    /* a MARKET entry fills when it is accepted, and then needs protection; a LIMIT may never fill
     */
    if (o->in_cascade && stage->scenario->bot.cascade != WEIR_CASCADE_ORIGINAL &&
        over_ns <= stage->end_ns) {
        struct weir_cost protection = {0, 0};
        item.protectable = protection_cost(survey, o->in_cascade, &protection);
        item.needs = sum(item.needs, protection);
        item.all_until_ns =
            earlier(over_ns + survey->protect_ns - survey->processing_ns, stage->end_ns);
    }
    return item;
}

static struct weir_bound_item *survey_items(const struct survey *survey) {
    const struct weir_hunt *hunt = &survey->stage->hunts[0];
    struct weir_bound_item *items = calloc(hunt->opportunity_count + 1, sizeof *items);
    for (size_t i = 0; items && i < hunt->opportunity_count; i++) {
        items[i] = item_of(survey, &hunt->opportunities[i]);
    }
    return items;
}

/** What can be known of why the bound is no more than an upper one. */
static unsigned reasons(const struct survey *survey, const struct weir_bound_problem *p) {
    const struct weir_scenario *scenario = survey->stage->scenario;
    const struct weir_exchange_rules *rules = &scenario->exchange.rules;
    unsigned why = 0;
    why |= rules->window == WEIR_WINDOW_SLIDING ? (unsigned)WEIR_BOUND_SLIDING : 0U;
    why |= rules->reject_at_limit ? (unsigned)WEIR_BOUND_AT_LIMIT : 0U;
    why |= p->tightened_ns != INT64_MAX ? (unsigned)WEIR_BOUND_TIGHTENED : 0U;
    why |= survey->stage->hunts[1].strategy ? (unsigned)WEIR_BOUND_SECOND_BOT : 0U;
    why |= scenario->exchange.margin_usd > 0.0 ? (unsigned)WEIR_BOUND_VENUE : 0U;
    const size_t entry = entry_index(survey->stage->hunts[0].strategy);
    for (int in_cascade = 0; in_cascade < 2; in_cascade++) {
        const struct weir_cost before =
            forced_before(survey, WEIR_ON_OPPORTUNITY, entry, in_cascade);
        why |= before.weight || before.orders ? (unsigned)WEIR_BOUND_STEPS : 0U;
    }
    return why;
}

static int64_t tighten(int64_t limit, double factor) {
    const int64_t tightened = (int64_t)((double)limit * factor + 0.5);
    return limit > 0 && tightened < 1 ? 1 : tightened;
}

static void set_limits(const struct weir_stage *stage, struct weir_bound_problem *p) {
    const struct weir_exchange_settings *exchange = &stage->scenario->exchange;
    const double factor = exchange->tighten_factor;
    p->limits = (struct weir_bound_limits){exchange->rules.weight_per_minute,
                                           exchange->rules.orders_per_minute,
                                           exchange->rules.orders_per_10s};
    p->tightened = (struct weir_bound_limits){tighten(p->limits.weight_per_minute, factor),
                                              tighten(p->limits.orders_per_minute, factor),
                                              tighten(p->limits.orders_per_10s, factor)};
    p->tightened_ns = exchange->tighten_at_s >= 0.0 && factor < 1.0
                          ? stage->onset_ns + (int64_t)(exchange->tighten_at_s * 1e9)
                          : INT64_MAX;
    p->at_limit = exchange->rules.reject_at_limit;
}

/** What the load costs in each slot. */
static struct weir_usage *spread_load(const struct weir_stage *stage,
                                      const struct weir_bound_grid *grid) {
    struct weir_usage *load = calloc(grid->slots, sizeof *load);
    for (size_t i = 0; load && i < stage->load_count; i++) {
        const uint32_t slot = weir_bound_slot(grid, stage->load[i].arrived_ns);
        if (slot != UINT32_MAX) {
            load[slot].weight += stage->load[i].cost.weight;
            load[slot].orders += stage->load[i].cost.orders;
        }
    }
    return load;
}

static struct weir_cost dearest_of(const struct weir_stage *stage,
                                   const struct weir_bound_problem *p) {
    struct weir_cost dearest = p->entry;
    for (size_t i = 0; i < stage->load_count; i++) {
        dearest = larger(dearest, stage->load[i].cost);
    }
    for (size_t i = 0; i < p->count; i++) {
        dearest = larger(dearest, p->items[i].needs);
    }
    return dearest;
}

struct weir_bound *weir_stage_bound(const struct weir_stage *stage) {
    const struct weir_hunt *hunt = &stage->hunts[0];
    struct survey survey = {.stage = stage,
                            .window_ns =
                                (int64_t)(stage->scenario->bot.opportunity_window_ms * 1e6),
                            .protect_ns = (int64_t)(stage->scenario->bot.protect_within_ms * 1e6),
                            .delay_ns = weir_network_min_delay_ns(stage->network),
                            .processing_ns = weir_network_min_processing_ns(stage->network)};
    if (!exchange_tariff_make(&survey.tariff)) {
        return NULL;
    }
    struct weir_bound_problem p = {.count = hunt->opportunity_count};
    set_limits(stage, &p);
    p.grid = weir_bound_grid(&p.limits, stage->start_ns, stage->end_ns);
    const struct weir_strategy *strategy = hunt->strategy;
    p.entry = cost_of(&survey, &strategy->steps[WEIR_ON_OPPORTUNITY][entry_index(strategy)].call);
    p.why = reasons(&survey, &p);
    struct weir_bound_item *items = survey_items(&survey);
    struct weir_usage *load = spread_load(stage, &p.grid);
    p.items = items;
    p.load = load;
    struct weir_bound *bound = NULL;
    if (items && load) {
        p.dearest = dearest_of(stage, &p);
        bound = weir_bound_solve(&p);
    }
    free(items);
    free(load);
    exchange_tariff_free(&survey.tariff);
    return bound;
}
