#include "strategy.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "strategies.h"

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

/** A list's object element, or NULL after an error. */
static json_t *element(struct weir_json *json, json_t *list, size_t index, const char *where) {
    json_t *item = json_array_get(list, index);
    if (!json_is_object(item)) {
        weir_object_fail(json, "%s[%zu]: expected an object", where, index);
        return NULL;
    }
    return item;
}

static struct weir_params read_params(struct weir_json *json, json_t *object, const char *where) {
    static const char *const known[] = {"symbol", "limit", "count", NULL};
    struct weir_params params = WEIR_PARAMS_NONE;
    json_t *list = weir_object_object(json, object, where, "params", false);
    if (!list) {
        return params;
    }
    weir_object_only(json, list, where, known);
    params.has_symbol = weir_object_flag(json, list, where, "symbol", false);
    params.limit =
        (int32_t)weir_object_number(json, list, where, "limit", 1, 1e6, WEIR_LIMIT_OMITTED);
    params.count = (int32_t)weir_object_number(json, list, where, "count", 1, 100, 0);
    return params;
}

static struct weir_call read_call(struct weir_json *json, json_t *object, const char *where) {
    struct weir_call call = {.params = read_params(json, object, where)};
    const int method = weir_object_choice(json, object, where, "method", methods);
    const char *path = weir_object_text(json, object, where, "path", NULL);
    call.endpoint = weir_endpoint_find((enum weir_method)method, path);
    if (call.endpoint == WEIR_ENDPOINT_UNKNOWN) {
        weir_object_fail(json, "%s: the exchange has no endpoint %s %.100s", where, methods[method],
                         path);
    } else if (!weir_endpoint_accepts(call.endpoint, call.params)) {
        weir_object_fail(json, "%s: %s %s does not take these params", where, methods[method],
                         path);
    }
    return call;
}

static void read_skips(struct weir_json *json, json_t *object, const char *where,
                       struct weir_step *step) {
    json_t *list = weir_object_array(json, object, where, "skip_in", false);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        int variant = 0;
        while (cascades[variant] && (!name || strcmp(name, cascades[variant]) != 0)) {
            variant++;
        }
        if (!cascades[variant]) {
            weir_object_fail(json, "%s: key 'skip_in': expected original, skip or defer", where);
            return;
        }
        step->skip_in[variant] = true;
    }
}

static void read_step(struct weir_json *json, json_t *object, const char *where,
                      struct weir_step *step) {
    static const char *const known[] = {
        "id",         "effect",  "method",   "path",        "params",   "priority", "when",
        "on_failure", "at_open", "delay_ms", "deadline_ms", "retry_ms", "skip_in",  NULL};
    weir_object_only(json, object, where, known);
    snprintf(step->id, sizeof step->id, "%s", weir_object_text(json, object, where, "id", NULL));
    step->call = read_call(json, object, where);
    step->effect = (enum weir_effect)weir_object_choice(json, object, where, "effect", effects);
    step->priority =
        (enum weir_priority)weir_object_choice(json, object, where, "priority", priorities);
    step->when = (enum weir_when)weir_object_choice(json, object, where, "when", whens);
    step->on_failure =
        (enum weir_on_failure)weir_object_choice(json, object, where, "on_failure", failures);
    step->at_open = weir_object_flag(json, object, where, "at_open", false);
    step->delay_ns =
        (int64_t)(weir_object_number(json, object, where, "delay_ms", 0, MS_MAX, 0) * NS_PER_MS);
    step->deadline_ns =
        (int64_t)(weir_object_number(json, object, where, "deadline_ms", 0, MS_MAX, 0) * NS_PER_MS);
    step->retry_ns =
        (int64_t)(weir_object_number(json, object, where, "retry_ms", 1, MS_MAX, 1000) * NS_PER_MS);
    read_skips(json, object, where, step);
}

static void read_chain(struct weir_json *json, json_t *object, int chain,
                       struct weir_strategy *strategy) {
    json_t *list =
        weir_object_array(json, object, "chains", chains[chain], chain == WEIR_ON_OPPORTUNITY);
    const size_t count = json_array_size(list);
    if (count > WEIR_STEPS_MAX) {
        weir_object_fail(json, "chains.%s: at most %d steps", chains[chain], WEIR_STEPS_MAX);
        return;
    }
    size_t entries = 0;
    for (size_t i = 0; i < count && !json->failed; i++) {
        char where[64];
        snprintf(where, sizeof where, "chains.%s[%zu]", chains[chain], i);
        json_t *item = element(json, list, i, where);
        if (item) {
            read_step(json, item, where, &strategy->steps[chain][i]);
            entries += strategy->steps[chain][i].effect == WEIR_EFFECT_ENTRY;
        }
    }
    strategy->step_count[chain] = count;
    if (!json->failed && entries != (chain == WEIR_ON_OPPORTUNITY ? 1U : 0U)) {
        weir_object_fail(json,
                         "chains: exactly one step has the effect 'entry', in chain 'opportunity'");
    }
}

static void read_loop(struct weir_json *json, json_t *object, const char *where,
                      struct weir_loop *loop) {
    static const char *const known[] = {"id",       "period_ms", "first_ms", "spacing_ms",
                                        "priority", "requests",  NULL};
    static const char *const call_known[] = {"method", "path", "params", NULL};
    weir_object_only(json, object, where, known);
    snprintf(loop->id, sizeof loop->id, "%s", weir_object_text(json, object, where, "id", NULL));
    loop->period_ns =
        (int64_t)(weir_object_number(json, object, where, "period_ms", 100, MS_MAX, NAN) *
                  NS_PER_MS);
    loop->first_ns =
        (int64_t)(weir_object_number(json, object, where, "first_ms", 0, MS_MAX, 0) * NS_PER_MS);
    loop->spacing_ns =
        (int64_t)(weir_object_number(json, object, where, "spacing_ms", 0, MS_MAX, 0) * NS_PER_MS);
    loop->priority =
        (enum weir_priority)weir_object_choice(json, object, where, "priority", priorities);
    json_t *list = weir_object_array(json, object, where, "requests", true);
    loop->call_count = json_array_size(list);
    if (loop->call_count == 0 || loop->call_count > WEIR_STEPS_MAX) {
        weir_object_fail(json, "%s: expected 1 to %d requests", where, WEIR_STEPS_MAX);
        return;
    }
    for (size_t i = 0; i < loop->call_count && !json->failed; i++) {
        json_t *item = element(json, list, i, where);
        if (item) {
            weir_object_only(json, item, where, call_known);
            loop->calls[i] = read_call(json, item, where);
        }
    }
}

static void read_standing(struct weir_json *json, json_t *root, struct weir_strategy *strategy) {
    json_t *list = weir_object_array(json, root, "strategy", "standing", false);
    strategy->standing_count = json_array_size(list);
    if (strategy->standing_count > WEIR_LOOPS_MAX) {
        weir_object_fail(json, "standing: at most %d loops", WEIR_LOOPS_MAX);
        return;
    }
    for (size_t i = 0; i < strategy->standing_count && !json->failed; i++) {
        char where[32];
        snprintf(where, sizeof where, "standing[%zu]", i);
        json_t *item = element(json, list, i, where);
        if (item) {
            read_loop(json, item, where, &strategy->standing[i]);
        }
    }
    json_t *dashboard = weir_object_object(json, root, "strategy", "dashboard", false);
    if (dashboard) {
        read_loop(json, dashboard, "dashboard", &strategy->dashboard);
    }
}

/** One block of start-up requests, written out as often as it is repeated. */
static void read_startup_block(struct weir_json *json, json_t *block, const char *where,
                               struct weir_strategy *strategy) {
    static const char *const known[] = {"repeat", "requests", NULL};
    static const char *const call_known[] = {"method", "path", "params", "repeat", NULL};
    weir_object_only(json, block, where, known);
    const int blocks = (int)weir_object_number(json, block, where, "repeat", 1, 100, 1);
    json_t *list = weir_object_array(json, block, where, "requests", true);
    for (int b = 0; b < blocks; b++) {
        for (size_t i = 0; i < json_array_size(list) && !json->failed; i++) {
            json_t *item = element(json, list, i, where);
            if (!item) {
                return;
            }
            weir_object_only(json, item, where, call_known);
            const struct weir_call call = read_call(json, item, where);
            const size_t times =
                (size_t)weir_object_number(json, item, where, "repeat", 1, 1000, 1);
            if (strategy->startup_count + times > WEIR_STARTUP_MAX) {
                weir_object_fail(json, "startup: at most %d requests", WEIR_STARTUP_MAX);
                return;
            }
            for (size_t t = 0; t < times; t++) {
                strategy->startup[strategy->startup_count++] = call;
            }
        }
    }
}

static void read_startup(struct weir_json *json, json_t *root, struct weir_strategy *strategy) {
    json_t *list = weir_object_array(json, root, "strategy", "startup", false);
    for (size_t i = 0; i < json_array_size(list) && !json->failed; i++) {
        char where[32];
        snprintf(where, sizeof where, "startup[%zu]", i);
        json_t *item = element(json, list, i, where);
        if (item) {
            read_startup_block(json, item, where, strategy);
        }
    }
}

/** Settings of a symbol (or the defaults, from which missing ones are taken). */
static void read_symbol(struct weir_json *json, json_t *object, const char *where,
                        const struct weir_symbol_settings *fallback,
                        struct weir_symbol_settings *settings) {
    static const char *const known[] = {
        "threshold_long_usd", "threshold_short_usd", "stake_usd",        "leverage",
        "take_profit_pct",    "stop_loss_pct",       "price_offset_pct", NULL};
    weir_object_only(json, object, where, known);
    settings->threshold_long_usd = weir_object_number(json, object, where, "threshold_long_usd", 0,
                                                      1e12, fallback->threshold_long_usd);
    settings->threshold_short_usd = weir_object_number(json, object, where, "threshold_short_usd",
                                                       0, 1e12, fallback->threshold_short_usd);
    settings->stake_usd =
        weir_object_number(json, object, where, "stake_usd", 1e-6, 1e9, fallback->stake_usd);
    settings->leverage =
        weir_object_number(json, object, where, "leverage", 1, 1000, fallback->leverage);
    settings->take_profit_pct = weir_object_number(json, object, where, "take_profit_pct", 0.001,
                                                   1000, fallback->take_profit_pct);
    settings->stop_loss_pct = weir_object_number(json, object, where, "stop_loss_pct", 0.001, 99.9,
                                                 fallback->stop_loss_pct);
    settings->price_offset_pct = weir_object_number(json, object, where, "price_offset_pct", -50,
                                                    50, fallback->price_offset_pct);
}

static void read_symbols(struct weir_json *json, json_t *root, struct weir_strategy *strategy) {
    json_t *list = weir_object_object(json, root, "strategy", "symbols", false);
    if (json_object_size(list) > WEIR_SYMBOLS_MAX) {
        weir_object_fail(json, "symbols: at most %d", WEIR_SYMBOLS_MAX);
        return;
    }
    const char *name = NULL;
    json_t *item = NULL;
    json_object_foreach(list, name, item) {
        char where[64];
        snprintf(where, sizeof where, "symbols.%.40s", name);
        struct weir_symbol_settings *settings = &strategy->symbols[strategy->symbol_count++];
        if (!json_is_object(item) || strlen(name) >= sizeof settings->symbol) {
            weir_object_fail(json, "%s: expected an object of settings", where);
            return;
        }
        snprintf(settings->symbol, sizeof settings->symbol, "%s", name);
        read_symbol(json, item, where, &strategy->defaults, settings);
    }
}

static void read_hunt(struct weir_json *json, json_t *root, struct weir_strategy *strategy) {
    static const char *const condition_known[] = {"window_s", "threshold_usd", NULL};
    static const char *const cascade_known[] = {"volume_usd",    "volume_window_s", "move_pct",
                                                "move_window_s", "lasts_s",         NULL};
    json_t *condition = weir_object_object(json, root, "strategy", "condition", true);
    weir_object_only(json, condition, "condition", condition_known);
    strategy->condition_window_ns =
        (int64_t)(weir_object_number(json, condition, "condition", "window_s", 0.001, 86400, NAN) *
                  NS_PER_S);
    const double threshold =
        weir_object_number(json, condition, "condition", "threshold_usd", 0, 1e12, NAN);
    struct weir_symbol_settings none = {.threshold_long_usd = threshold,
                                        .threshold_short_usd = threshold,
                                        .stake_usd = NAN,
                                        .leverage = NAN,
                                        .take_profit_pct = NAN,
                                        .stop_loss_pct = NAN,
                                        .price_offset_pct = NAN};
    json_t *defaults = weir_object_object(json, root, "strategy", "defaults", true);
    read_symbol(json, defaults, "defaults", &none, &strategy->defaults);
    read_symbols(json, root, strategy);

    json_t *cascade = weir_object_object(json, root, "strategy", "cascade", true);
    weir_object_only(json, cascade, "cascade", cascade_known);
    struct weir_detector *d = &strategy->detector;
    d->volume_usd = weir_object_number(json, cascade, "cascade", "volume_usd", 0, 1e15, NAN);
    d->volume_window_ns = (int64_t)(weir_object_number(json, cascade, "cascade", "volume_window_s",
                                                       0.001, 86400, NAN) *
                                    NS_PER_S);
    d->move_pct = weir_object_number(json, cascade, "cascade", "move_pct", 0, 100, NAN);
    d->move_window_ns =
        (int64_t)(weir_object_number(json, cascade, "cascade", "move_window_s", 0.001, 86400, NAN) *
                  NS_PER_S);
    d->lasts_ns =
        (int64_t)(weir_object_number(json, cascade, "cascade", "lasts_s", 0.001, 86400, NAN) *
                  NS_PER_S);
}

static void read_strategy(struct weir_json *json, json_t *root, struct weir_strategy *strategy) {
    static const char *const known[] = {"schema",   "name",    "about",     "condition",
                                        "defaults", "symbols", "cascade",   "chains",
                                        "standing", "startup", "dashboard", NULL};
    if (!json_is_object(root) ||
        strcmp(weir_object_text(json, root, "strategy", "schema", ""), "weir.strategy/1") != 0) {
        weir_object_fail(json, "expected a JSON object with \"schema\": \"weir.strategy/1\"");
        return;
    }
    weir_object_only(json, root, "strategy", known);
    snprintf(strategy->name, sizeof strategy->name, "%s",
             weir_object_text(json, root, "strategy", "name", NULL));
    read_hunt(json, root, strategy);
    json_t *object = weir_object_object(json, root, "strategy", "chains", true);
    weir_object_only(json, object, "chains", chains);
    for (int chain = 0; chain < WEIR_CHAINS && !json->failed; chain++) {
        read_chain(json, object, chain, strategy);
    }
    read_standing(json, root, strategy);
    read_startup(json, root, strategy);
}

/** The JSON of a bundled name, or of a file; NULL after an error. */
static json_t *load(const char *name_or_path, struct weir_scenario_error *error) {
    json_error_t where;
    json_t *root = NULL;
    for (size_t i = 0; i < weir_bundled_strategy_count; i++) {
        if (strcmp(weir_bundled_strategies[i].name, name_or_path) == 0) {
            root = json_loads(weir_bundled_strategies[i].text, JSON_REJECT_DUPLICATES, &where);
            break;
        }
    }
    if (!root) {
        FILE *file = fopen(name_or_path, "rb");
        if (!file) {
            error->status = WEIR_SCENARIO_NO_FILE;
            snprintf(
                error->text, sizeof error->text,
                "bot.strategy '%.200s': cannot be opened: %s; bundled are hunt-all and shipped",
                name_or_path, strerror(errno));
            return NULL;
        }
        root = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
        fclose(file);
    }
    if (!root) {
        error->status = WEIR_SCENARIO_BAD_FILE;
        snprintf(error->text, sizeof error->text, "%.200s:%d: invalid JSON: %s", name_or_path,
                 where.line, where.text);
    }
    return root;
}

struct weir_strategy *weir_strategy_open(const char *name_or_path,
                                         struct weir_scenario_error *error) {
    json_t *root = load(name_or_path, error);
    if (!root) {
        return NULL;
    }
    struct weir_strategy *strategy = calloc(1, sizeof *strategy);
    struct weir_json json = {.file = name_or_path, .error = error};
    if (strategy) {
        read_strategy(&json, root, strategy);
    } else {
        weir_object_fail(&json, "out of memory");
    }
    json_decref(root);
    if (json.failed) {
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
