#include "strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strategies.h"
#include "strict_json.h"

#define SCHEMA "weir.strategy/1"
#define NO_FALLBACK ((double)NAN)
#define NS_PER_MS 1e6
#define NS_PER_S 1e9
#define MS_MAX 8.64e7

static const char *const priorities[] = {"critical", "normal", "low", NULL};
static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", NULL};
static const char *const effects[] = {"none",        "entry", "protect", "cancel_take_profit",
                                      "cancel_stop", NULL};
static const char *const whens[] = {"always", "first_of_symbol", "tranche_protected", NULL};
static const char *const failures[] = {"continue", "abandon", "retry", NULL};
static const char *const chains[] = {"opportunity", "fill", "unfilled", "closed", NULL};
static const char *const cascades[] = {"original", "skip", "defer", NULL};

static struct weir_params read_params(struct weir_json_part part) {
    static const char *const known[] = {"symbol", "limit", "count", NULL};
    const struct weir_json_part inner = weir_json_inner(part, "params", part.name, false);
    weir_json_check_keys(inner, known);
    struct weir_params params = WEIR_PARAMS_NONE;
    params.has_symbol = weir_json_flag_or(inner, "symbol", false);
    params.limit = (int32_t)weir_json_integer_or(inner, "limit", 1, 1000000, WEIR_LIMIT_OMITTED);
    params.count = (int32_t)weir_json_integer_or(inner, "count", 1, 100, 0);
    return params;
}

static struct weir_call read_call(struct weir_json_part part) {
    struct weir_call call = {.params = read_params(part)};
    const int method = weir_json_choice_or_first(part, "method", methods);
    const char *path = weir_json_text(part, "path");
    call.endpoint = weir_endpoint_find((enum weir_method)method, path);
    if (call.endpoint == WEIR_ENDPOINT_UNKNOWN) {
        weir_json_fails(part, "path", "the exchange has no endpoint %s %.100s", methods[method],
                        path);
    } else if (!weir_endpoint_accepts(call.endpoint, call.params)) {
        weir_json_fails(part, "params", "%s %s does not take these", methods[method], path);
    }
    return call;
}

static int64_t read_time_ns(struct weir_json_part part, const char *key, double low_ms,
                            double fallback_ms) {
    return (int64_t)(weir_json_number_or(part, key, low_ms, MS_MAX, fallback_ms) * NS_PER_MS);
}

static void read_skips(struct weir_json_part part, struct weir_step *step) {
    json_t *list = weir_json_list_if_any(part, "skip_in");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int variant = 0;
        while (cascades[variant] && (!name || strcmp(name, cascades[variant]) != 0)) {
            variant++;
        }
        if (!cascades[variant]) {
            weir_json_fails(part, "skip_in", "entry %zu must be original, skip or defer", i + 1);
            return;
        }
        step->skip_in[variant] = true;
    }
}

static void read_id(struct weir_json_part part, char *id) {
    const char *text = weir_json_text(part, "id");
    if (strlen(text) >= WEIR_STEP_ID_MAX) {
        weir_json_fails(part, "id", "must have at most %d characters", WEIR_STEP_ID_MAX - 1);
        return;
    }
    snprintf(id, WEIR_STEP_ID_MAX, "%s", text);
}

static void read_step(struct weir_json_part part, struct weir_step *step) {
    static const char *const known[] = {
        "id",         "effect",  "method",   "path",        "params",   "priority", "when",
        "on_failure", "at_open", "delay_ms", "deadline_ms", "retry_ms", "skip_in",  NULL};
    weir_json_check_keys(part, known);
    read_id(part, step->id);
    step->call = read_call(part);
    step->effect = (enum weir_effect)weir_json_choice_or_first(part, "effect", effects);
    step->priority = (enum weir_priority)weir_json_choice_or_first(part, "priority", priorities);
    step->when = (enum weir_when)weir_json_choice_or_first(part, "when", whens);
    step->on_failure =
        (enum weir_on_failure)weir_json_choice_or_first(part, "on_failure", failures);
    step->at_open = weir_json_flag_or(part, "at_open", false);
    step->delay_ns = read_time_ns(part, "delay_ms", 0, 0);
    step->deadline_ns = read_time_ns(part, "deadline_ms", 0, 0);
    step->retry_ns = read_time_ns(part, "retry_ms", 1, 1000);
    read_skips(part, step);
}

static void read_chain(struct weir_json_part part, int chain, struct weir_strategy *strategy) {
    json_t *list = weir_json_list_if_any(part, chains[chain]);
    const size_t count = json_array_size(list);
    if (count > WEIR_STEPS_MAX) {
        weir_json_fails(part, chains[chain], "has more than %d steps", WEIR_STEPS_MAX);
        return;
    }
    size_t entries = 0;
    for (size_t i = 0; i < count && !part.reading->failed; i++) {
        char name[64];
        snprintf(name, sizeof name, "chains.%s[%zu]", chains[chain], i + 1);
        struct weir_step *step = &strategy->steps[chain][i];
        read_step(weir_json_entry(part, chains[chain], list, i, name), step);
        entries += step->effect == WEIR_EFFECT_ENTRY;
    }
    strategy->step_count[chain] = count;
    if (entries != (chain == WEIR_ON_OPPORTUNITY ? 1U : 0U)) {
        weir_json_fails(part, chains[chain],
                        "exactly one step has the effect 'entry', in chain 'opportunity'");
    }
}

static void read_loop(struct weir_json_part part, struct weir_loop *loop) {
    static const char *const known[] = {"id",       "period_ms", "first_ms", "spacing_ms",
                                        "priority", "requests",  NULL};
    static const char *const call_known[] = {"method", "path", "params", NULL};
    weir_json_check_keys(part, known);
    read_id(part, loop->id);
    loop->period_ns = (int64_t)(weir_json_number(part, "period_ms", 100, MS_MAX) * NS_PER_MS);
    loop->first_ns = read_time_ns(part, "first_ms", 0, 0);
    loop->spacing_ns = read_time_ns(part, "spacing_ms", 0, 0);
    loop->priority = (enum weir_priority)weir_json_choice_or_first(part, "priority", priorities);
    json_t *list = weir_json_list(part, "requests");
    loop->call_count = json_array_size(list);
    if (loop->call_count > WEIR_STEPS_MAX) {
        weir_json_fails(part, "requests", "are more than %d", WEIR_STEPS_MAX);
        return;
    }
    for (size_t i = 0; i < loop->call_count && !part.reading->failed; i++) {
        const struct weir_json_part call = weir_json_entry(part, "requests", list, i, part.name);
        weir_json_check_keys(call, call_known);
        loop->calls[i] = read_call(call);
    }
}

static void read_standing(struct weir_json_part top, struct weir_strategy *strategy) {
    json_t *list = weir_json_list_if_any(top, "standing");
    strategy->standing_count = json_array_size(list);
    if (strategy->standing_count > WEIR_LOOPS_MAX) {
        weir_json_fails(top, "standing", "has more than %d loops", WEIR_LOOPS_MAX);
        return;
    }
    for (size_t i = 0; i < strategy->standing_count && !top.reading->failed; i++) {
        char name[32];
        snprintf(name, sizeof name, "standing[%zu]", i + 1);
        read_loop(weir_json_entry(top, "standing", list, i, name), &strategy->standing[i]);
    }
    const struct weir_json_part dashboard = weir_json_inner(top, "dashboard", "dashboard", false);
    if (dashboard.object) {
        read_loop(dashboard, &strategy->dashboard);
    }
}

/** One block of start-up requests, written out as often as it is repeated. */
static void read_startup_block(struct weir_json_part part, struct weir_strategy *strategy) {
    static const char *const known[] = {"repeat", "requests", NULL};
    static const char *const call_known[] = {"method", "path", "params", "repeat", NULL};
    weir_json_check_keys(part, known);
    const size_t blocks = (size_t)weir_json_integer_or(part, "repeat", 1, 100, 1);
    json_t *list = weir_json_list(part, "requests");
    for (size_t n = 0; n < blocks * json_array_size(list) && !part.reading->failed; n++) {
        const size_t i = n % json_array_size(list);
        const struct weir_json_part item = weir_json_entry(part, "requests", list, i, part.name);
        weir_json_check_keys(item, call_known);
        const struct weir_call call = read_call(item);
        const size_t times = (size_t)weir_json_integer_or(item, "repeat", 1, 1000, 1);
        if (strategy->startup_count + times > WEIR_STARTUP_MAX) {
            weir_json_fails(part, "requests", "make more than %d in all", WEIR_STARTUP_MAX);
            return;
        }
        for (size_t t = 0; t < times; t++) {
            strategy->startup[strategy->startup_count++] = call;
        }
    }
}

static void read_startup(struct weir_json_part top, struct weir_strategy *strategy) {
    json_t *list = weir_json_list_if_any(top, "startup");
    for (size_t i = 0; i < json_array_size(list) && !top.reading->failed; i++) {
        char name[32];
        snprintf(name, sizeof name, "startup[%zu]", i + 1);
        read_startup_block(weir_json_entry(top, "startup", list, i, name), strategy);
    }
}

/** A number that is taken from the fallback if it is missing, and must be there if that has none.
 */
static double read_setting(struct weir_json_part part, const char *key, double low, double high,
                           double fallback) {
    return isnan(fallback) ? weir_json_number(part, key, low, high)
                           : weir_json_number_or(part, key, low, high, fallback);
}

/** Settings of a symbol (or the defaults), missing ones from the fallback. */
static void read_symbol(struct weir_json_part part, const struct weir_symbol_settings *fallback,
                        struct weir_symbol_settings *settings) {
    static const char *const known[] = {
        "threshold_long_usd", "threshold_short_usd", "stake_usd",        "leverage",
        "take_profit_pct",    "stop_loss_pct",       "price_offset_pct", NULL};
    weir_json_check_keys(part, known);
    settings->threshold_long_usd =
        read_setting(part, "threshold_long_usd", 0, 1e12, fallback->threshold_long_usd);
    settings->threshold_short_usd =
        read_setting(part, "threshold_short_usd", 0, 1e12, fallback->threshold_short_usd);
    settings->stake_usd = read_setting(part, "stake_usd", 1e-6, 1e9, fallback->stake_usd);
    settings->leverage = read_setting(part, "leverage", 1, 1000, fallback->leverage);
    settings->take_profit_pct =
        read_setting(part, "take_profit_pct", 0.001, 1000, fallback->take_profit_pct);
    settings->stop_loss_pct =
        read_setting(part, "stop_loss_pct", 0.001, 99.9, fallback->stop_loss_pct);
    settings->price_offset_pct =
        read_setting(part, "price_offset_pct", -50, 50, fallback->price_offset_pct);
}

static void read_symbols(struct weir_json_part top, struct weir_strategy *strategy) {
    const struct weir_json_part part = weir_json_inner(top, "symbols", "symbols", false);
    if (json_object_size(part.object) > WEIR_SYMBOLS_MAX) {
        weir_json_fails(top, "symbols", "are more than %d", WEIR_SYMBOLS_MAX);
        return;
    }
    const char *name = NULL;
    json_t *item = NULL;
    json_object_foreach(part.object, name, item) {
        struct weir_symbol_settings *settings = &strategy->symbols[strategy->symbol_count++];
        if (strlen(name) >= sizeof settings->symbol) {
            weir_json_fails(part, name, "is longer than a symbol can be");
            return;
        }
        snprintf(settings->symbol, sizeof settings->symbol, "%s", name);
        read_symbol(weir_json_inner(part, name, name, true), &strategy->defaults, settings);
    }
}

static int64_t read_seconds_ns(struct weir_json_part part, const char *key) {
    return (int64_t)(weir_json_number(part, key, 0.001, 86400) * NS_PER_S);
}

static void read_hunt(struct weir_json_part top, struct weir_strategy *strategy) {
    static const char *const condition_known[] = {"window_s", "threshold_usd", NULL};
    static const char *const cascade_known[] = {"volume_usd",    "volume_window_s", "move_pct",
                                                "move_window_s", "lasts_s",         NULL};
    const struct weir_json_part condition = weir_json_inner(top, "condition", "condition", true);
    weir_json_check_keys(condition, condition_known);
    strategy->condition_window_ns = read_seconds_ns(condition, "window_s");
    const double threshold = weir_json_number(condition, "threshold_usd", 0, 1e12);
    const struct weir_symbol_settings none = {.threshold_long_usd = threshold,
                                              .threshold_short_usd = threshold,
                                              .stake_usd = NO_FALLBACK,
                                              .leverage = NO_FALLBACK,
                                              .take_profit_pct = NO_FALLBACK,
                                              .stop_loss_pct = NO_FALLBACK,
                                              .price_offset_pct = NO_FALLBACK};
    read_symbol(weir_json_inner(top, "defaults", "defaults", true), &none, &strategy->defaults);
    read_symbols(top, strategy);

    const struct weir_json_part cascade = weir_json_inner(top, "cascade", "cascade", true);
    weir_json_check_keys(cascade, cascade_known);
    strategy->detector =
        (struct weir_detector){.volume_usd = weir_json_number(cascade, "volume_usd", 0, 1e15),
                               .volume_window_ns = read_seconds_ns(cascade, "volume_window_s"),
                               .move_pct = weir_json_number(cascade, "move_pct", 0, 100),
                               .move_window_ns = read_seconds_ns(cascade, "move_window_s"),
                               .lasts_ns = read_seconds_ns(cascade, "lasts_s")};
}

static void read_strategy(struct weir_json_part top, struct weir_strategy *strategy) {
    static const char *const known[] = {"schema",   "name",    "about",     "condition",
                                        "defaults", "symbols", "cascade",   "chains",
                                        "standing", "startup", "dashboard", NULL};
    if (strcmp(weir_json_text(top, "schema"), SCHEMA) != 0) {
        weir_json_fails(top, "schema", "must be \"%s\"", SCHEMA);
        return;
    }
    weir_json_check_keys(top, known);
    snprintf(strategy->name, sizeof strategy->name, "%s", weir_json_text(top, "name"));
    read_hunt(top, strategy);
    const struct weir_json_part part = weir_json_inner(top, "chains", "chains", true);
    weir_json_check_keys(part, chains);
    for (int chain = 0; chain < WEIR_CHAINS && !top.reading->failed; chain++) {
        read_chain(part, chain, strategy);
    }
    read_standing(top, strategy);
    read_startup(top, strategy);
}

/** The JSON of a bundled name, or of a file; NULL after an error. */
static json_t *load(const char *name_or_path, struct weir_trace_error *error) {
    static const struct {
        const char *name, *text;
    } bundled[] = {{"hunt-all", weir_strategy_hunt_all_json},
                   {"shipped", weir_strategy_shipped_json}};
    for (size_t i = 0; i < sizeof bundled / sizeof bundled[0]; i++) {
        if (strcmp(bundled[i].name, name_or_path) == 0) {
            return json_loads(bundled[i].text, JSON_REJECT_DUPLICATES, NULL);
        }
    }
    return weir_json_load(name_or_path, error);
}

struct weir_strategy *weir_strategy_open(const char *name_or_path,
                                         struct weir_scenario_error *error) {
    struct weir_trace_error why = {.text = "out of memory"};
    json_t *root = load(name_or_path, &why);
    struct weir_strategy *strategy = root ? calloc(1, sizeof *strategy) : NULL;
    struct weir_json_reading reading = {name_or_path, &why, strategy == NULL};
    if (strategy) {
        read_strategy((struct weir_json_part){&reading, "", root}, strategy);
    }
    json_decref(root);
    if (reading.failed) {
        const bool no_file = why.status == WEIR_TRACE_NO_FILE;
        error->status = no_file ? WEIR_SCENARIO_NO_FILE : WEIR_SCENARIO_BAD_FILE;
        snprintf(error->text, sizeof error->text, "%.400s%s", why.text,
                 no_file ? "; bundled strategies are hunt-all and shipped" : "");
        free(strategy);
        return NULL;
    }
    return strategy;
}

void weir_strategy_free(struct weir_strategy *strategy) {
    free(strategy);
}

const struct weir_symbol_settings *weir_strategy_symbol(const struct weir_strategy *strategy,
                                                        const char *symbol) {
    for (size_t i = 0; i < strategy->symbol_count; i++) {
        if (strcmp(strategy->symbols[i].symbol, symbol) == 0) {
            return &strategy->symbols[i];
        }
    }
    return strategy->symbol_count ? NULL : &strategy->defaults;
}

int64_t weir_loop_next(const struct weir_loop *loop, int64_t now_ns, uint32_t *index,
                       uint32_t *cycle) {
    const int64_t cycle_start_ns = now_ns - (int64_t)*index * loop->spacing_ns;
    if (++*index < loop->call_count) {
        return now_ns + loop->spacing_ns;
    }
    *index = 0;
    ++*cycle;
    return cycle_start_ns + loop->period_ns;
}

bool weir_step_applies(const struct weir_step *step, int cascade_variant, bool in_cascade) {
    return !(in_cascade && step->skip_in[cascade_variant]);
}

struct weir_cost weir_strategy_entry_cost(const struct weir_strategy *strategy) {
    for (size_t i = 0; i < strategy->step_count[WEIR_ON_OPPORTUNITY]; i++) {
        const struct weir_step *step = &strategy->steps[WEIR_ON_OPPORTUNITY][i];
        if (step->effect == WEIR_EFFECT_ENTRY) {
            return weir_endpoint_cost(step->call.endpoint, step->call.params);
        }
    }
    return (struct weir_cost){0, 0};
}

struct weir_cost weir_strategy_full_cost(const struct weir_strategy *strategy, int cascade_variant,
                                         bool in_cascade) {
    struct weir_cost sum = {0, 0};
    for (int chain = WEIR_ON_OPPORTUNITY; chain <= WEIR_ON_FILL; chain++) {
        for (size_t i = 0; i < strategy->step_count[chain]; i++) {
            const struct weir_step *step = &strategy->steps[chain][i];
            if (step->when == WEIR_WHEN_FIRST_OF_SYMBOL ||
                !weir_step_applies(step, cascade_variant, in_cascade)) {
                continue;
            }
            const struct weir_cost cost =
                weir_endpoint_cost(step->call.endpoint, step->call.params);
            sum.weight += cost.weight;
            sum.orders += cost.orders;
        }
    }
    return sum;
}
