#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "scenario_options.h"
#include "strict_json.h"

#define KEY_MAX 96
#define KNOWN_MAX 16
#define VALUE_MAX WEIR_TEXT_MAX
#define LIMITER_PREFIX "limiter."

struct setting {
    char key[KEY_MAX];
    char value[VALUE_MAX];
    char origin[WEIR_TEXT_MAX]; /* "--set" or the file's path */
};

struct weir_settings {
    struct setting *items;
    size_t count;
    size_t capacity;
    const struct weir_policy *known[KNOWN_MAX]; /* policies beside the built-in ones */
    size_t known_count;
};

static enum weir_scenario_status fail(struct weir_scenario_error *error,
                                      enum weir_scenario_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum weir_scenario_status fail(struct weir_scenario_error *error,
                                      enum weir_scenario_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    error->status = status;
    return status;
}

struct weir_settings *weir_settings_create(void) {
    return calloc(1, sizeof(struct weir_settings));
}

void weir_settings_destroy(struct weir_settings *settings) {
    if (settings) {
        free(settings->items);
        free(settings);
    }
}

struct weir_settings *weir_settings_copy(const struct weir_settings *settings) {
    struct weir_settings *copy = weir_settings_create();
    if (!copy) {
        return NULL;
    }
    *copy = *settings;
    copy->capacity = settings->count;
    copy->items = calloc(settings->count + 1, sizeof *copy->items);
    if (!copy->items) {
        free(copy);
        return NULL;
    }
    if (settings->count > 0) {
        memcpy(copy->items, settings->items, settings->count * sizeof *copy->items);
    }
    return copy;
}

static enum weir_scenario_status append(struct weir_settings *settings, const char *origin,
                                        const char *key, const char *value,
                                        struct weir_scenario_error *error) {
    if (strlen(key) >= KEY_MAX || strlen(value) >= VALUE_MAX) {
        return fail(error, WEIR_SCENARIO_UNKNOWN, "%s: '%.60s…': key or value is too long", origin,
                    key);
    }
    if (settings->count == settings->capacity) {
        const size_t capacity = settings->capacity ? 2 * settings->capacity : 16;
        struct setting *items = realloc(settings->items, capacity * sizeof *items);
        if (!items) {
            return fail(error, WEIR_SCENARIO_BAD_FILE, "out of memory");
        }
        settings->items = items;
        settings->capacity = capacity;
    }
    struct setting *item = &settings->items[settings->count++];
    snprintf(item->key, sizeof item->key, "%s", key);
    snprintf(item->value, sizeof item->value, "%s", value);
    snprintf(item->origin, sizeof item->origin, "%s", origin);
    return WEIR_SCENARIO_OK;
}

enum weir_scenario_status weir_settings_add(struct weir_settings *settings, const char *assignment,
                                            struct weir_scenario_error *error) {
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment) {
        return fail(error, WEIR_SCENARIO_UNKNOWN,
                    "--set '%.100s': expected key=value, as in feed.throttle_ms=0", assignment);
    }
    char key[KEY_MAX];
    if ((size_t)(equals - assignment) >= sizeof key) {
        return fail(error, WEIR_SCENARIO_UNKNOWN, "--set '%.60s…': the key is too long",
                    assignment);
    }
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    return append(settings, "--set", key, equals + 1, error);
}

/** A JSON scalar, or an array of numbers, as the text that --set would take. */
static bool json_text(const json_t *value, bool is_list, char *text, size_t size) {
    if (is_list && json_is_array(value)) {
        size_t used = 0;
        size_t index = 0;
        const json_t *item = NULL;
        text[0] = '\0';
        json_array_foreach(value, index, item) {
            if (!json_is_number(item) || used + 32 > size) {
                return false;
            }
            used += (size_t)snprintf(text + used, size - used, "%s%.17g", index ? "," : "",
                                     json_number_value(item));
        }
        return true;
    }
    if (json_is_string(value)) {
        return snprintf(text, size, "%s", json_string_value(value)) < (int)size;
    }
    if (json_is_boolean(value)) {
        snprintf(text, size, "%s", json_is_true(value) ? "true" : "false");
    } else if (json_is_integer(value)) {
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(text, size, "%.17g", json_real_value(value));
    } else {
        return false;
    }
    return true;
}

static enum weir_scenario_status add_object(struct weir_settings *settings, const char *path,
                                            const char *prefix, json_t *object,
                                            struct weir_scenario_error *error) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value) {
        char key[KEY_MAX];
        if (snprintf(key, sizeof key, "%s%s%s", prefix, prefix[0] ? "." : "", name) >=
            (int)sizeof key) {
            return fail(error, WEIR_SCENARIO_UNKNOWN, "%s: key '%.60s…' is too long", path, key);
        }
        char text[VALUE_MAX];
        enum weir_scenario_status status = WEIR_SCENARIO_OK;
        const struct weir_scenario_row *row = weir_scenario_row_find(key);
        if (json_is_object(value)) {
            status = add_object(settings, path, key, value, error);
        } else if (json_text(value, row && row->option.kind == 'l', text, sizeof text)) {
            status = append(settings, path, key, text, error);
        } else {
            status = fail(error, WEIR_SCENARIO_UNKNOWN,
                          "%s: key '%s': expected a number, a text, true or false", path, key);
        }
        if (status) {
            return status;
        }
    }
    return WEIR_SCENARIO_OK;
}

enum weir_scenario_status weir_settings_add_file(struct weir_settings *settings, const char *path,
                                                 struct weir_scenario_error *error) {
    struct weir_trace_error why = {.text = "out of memory"};
    json_t *root = weir_json_load(path, &why);
    if (!root) {
        return fail(error,
                    why.status == WEIR_TRACE_NO_FILE ? WEIR_SCENARIO_NO_FILE
                                                     : WEIR_SCENARIO_BAD_FILE,
                    "%s", why.text);
    }
    const enum weir_scenario_status status = add_object(settings, path, "", root, error);
    json_decref(root);
    return status;
}

enum weir_scenario_status weir_settings_add_json(struct weir_settings *settings, const char *origin,
                                                 void *object, struct weir_scenario_error *error) {
    return add_object(settings, origin, "", object, error);
}

void weir_settings_know_policy(struct weir_settings *settings, const struct weir_policy *policy) {
    if (settings->known_count < KNOWN_MAX) {
        settings->known[settings->known_count++] = policy;
    }
}

/** Policy number `index`: the built-in ones, then those made known; NULL past the last. */
static const struct weir_policy *policy_at(const struct weir_settings *settings, size_t index) {
    size_t built_in = 0;
    while (built_in <= index && weir_policy_at(built_in)) {
        built_in++;
    }
    if (index < built_in) {
        return weir_policy_at(index);
    }
    return index - built_in < settings->known_count ? settings->known[index - built_in] : NULL;
}

/** Whether a policy has an option of that key (without the prefix), and whether one of those that
 *  have it takes the value; if none does, `why` says what the last takes. */
static bool known_limiter_key(const struct weir_settings *settings, const char *key,
                              const char *value, bool *takes, char *why, size_t size) {
    const struct weir_policy *policy = NULL;
    bool known = false;
    *takes = false;
    for (size_t p = 0; (policy = policy_at(settings, p)) && !*takes; p++) {
        for (const struct weir_option *o = policy->options; o && o->key; o++) {
            if (strcmp(o->key, key) == 0) {
                known = true;
                *takes = *takes || weir_option_takes(o, value, why, size);
            }
        }
    }
    return known;
}

static enum weir_scenario_status invalid_value(const struct setting *item, const char *why,
                                               struct weir_scenario_error *error) {
    return fail(error, WEIR_SCENARIO_UNKNOWN, "%s: key '%s': '%.80s' is not a valid value; %s",
                item->origin, item->key, item->value, why);
}

/** How far a key is from a known one: as texts, but a key whose first and last part are right lacks
 *  or has too much between them, and is near. */
static size_t key_distance(const char *key, const char *known) {
    const char *last = strrchr(key, '.');
    const char *known_last = strrchr(known, '.');
    const size_t first = strcspn(key, ".");
    return last && known_last && strcmp(last, known_last) == 0 &&
                   strncmp(key, known, first + 1) == 0
               ? 1
               : weir_name_distance(key, known);
}

static const char *nearest(const struct weir_settings *settings, const char *key) {
    static _Thread_local char limiter_key[KEY_MAX];
    const char *best = weir_scenario_rows[0].option.key;
    size_t best_distance = key_distance(key, best);
    for (size_t i = 1; i < weir_scenario_row_count; i++) {
        const size_t d = key_distance(key, weir_scenario_rows[i].option.key);
        if (d < best_distance) {
            best_distance = d;
            best = weir_scenario_rows[i].option.key;
        }
    }
    const struct weir_policy *policy = NULL;
    for (size_t p = 0; (policy = policy_at(settings, p)); p++) {
        for (const struct weir_option *o = policy->options; o && o->key; o++) {
            char candidate[KEY_MAX];
            snprintf(candidate, sizeof candidate, LIMITER_PREFIX "%s", o->key);
            const size_t d = key_distance(key, candidate);
            if (d < best_distance) {
                best_distance = d;
                snprintf(limiter_key, sizeof limiter_key, "%s", candidate);
                best = limiter_key;
            }
        }
    }
    return best;
}

const char *weir_scenario_nearest(const char *key) {
    const struct weir_settings none = {0};
    return nearest(&none, key);
}

/** Sets `key` among the limiter's settings; a later value replaces an earlier one. */
static enum weir_scenario_status set_limiter(const struct weir_settings *settings,
                                             struct weir_scenario *scenario,
                                             const struct setting *item,
                                             struct weir_scenario_error *error) {
    const char *key = item->key + strlen(LIMITER_PREFIX);
    char why[160] = "";
    bool takes = false;
    if (!known_limiter_key(settings, key, item->value, &takes, why, sizeof why)) {
        return fail(error, WEIR_SCENARIO_UNKNOWN, "%s: unknown key '%s'; did you mean '%s'?",
                    item->origin, item->key, nearest(settings, item->key));
    }
    if (!takes) {
        return invalid_value(item, why, error);
    }
    struct weir_limiter_setting *place = NULL;
    for (size_t i = 0; i < scenario->limiter_count && !place; i++) {
        place = strcmp(scenario->limiter[i].key, key) == 0 ? &scenario->limiter[i] : NULL;
    }
    if (!place && scenario->limiter_count < WEIR_LIMITER_SETTINGS_MAX) {
        place = &scenario->limiter[scenario->limiter_count++];
    }
    if (!place || strlen(key) >= sizeof place->key || strlen(item->value) >= sizeof place->value) {
        return fail(error, WEIR_SCENARIO_UNKNOWN,
                    "%s: key '%s': too many limiter settings, or too long", item->origin,
                    item->key);
    }
    snprintf(place->key, sizeof place->key, "%s", key);
    snprintf(place->value, sizeof place->value, "%s", item->value);
    return WEIR_SCENARIO_OK;
}

static bool is_preset(const char *key) {
    return strcmp(key, "exchange.profile") == 0 || strcmp(key, "exchange.rules") == 0 ||
           strcmp(key, "network.preset") == 0;
}

static enum weir_scenario_status store(const struct weir_settings *settings,
                                       struct weir_scenario *scenario, const struct setting *item,
                                       struct weir_scenario_error *error) {
    if (strncmp(item->key, LIMITER_PREFIX, strlen(LIMITER_PREFIX)) == 0) {
        return set_limiter(settings, scenario, item, error);
    }
    const struct weir_scenario_row *row = weir_scenario_row_find(item->key);
    if (!row) {
        return fail(error, WEIR_SCENARIO_UNKNOWN, "%s: unknown key '%s'; did you mean '%s'?",
                    item->origin, item->key, nearest(settings, item->key));
    }
    char why[160];
    if (!weir_scenario_store(scenario, row, item->value, why, sizeof why)) {
        return invalid_value(item, why, error);
    }
    return WEIR_SCENARIO_OK;
}

/** Defaults of the network by preset. `stressed` is ten times slower at the peak. */
static void apply_network_preset(struct weir_network_settings *network) {
    network->base_ms = 15.0;
    network->draw_ms = 5.0;
    network->memory_s = 10.0;
    network->processing_ms = 2.0;
    network->reconnect_s = 5.0;
    const bool calm = strcmp(network->preset, "calm") == 0;
    network->peak = calm ? 1.0 : 10.0;
    network->noise = calm ? 0.1 : 0.3;
    network->lost_rate = calm ? 0.0 : 0.0005;
    network->unavailable_rate = calm ? 0.0 : 0.0005;
    network->outage_s = strcmp(network->preset, "outage") == 0 ? 20.0 : 0.0;
}

static void apply_rules_preset(struct weir_exchange_settings *exchange) {
    struct weir_exchange_rules *rules = &exchange->rules;
    weir_exchange_rules_find(exchange->rules_name, rules);
    exchange->ban_window_s = (double)rules->ban_window_ns / 1e9;
    exchange->ban_decay_h = (double)rules->ban_decay_ns / 3.6e12;
    memset(exchange->ban_steps_min, 0, sizeof exchange->ban_steps_min);
    for (int32_t i = 0; i < rules->ban_step_count; i++) {
        exchange->ban_steps_min[i] = (double)rules->ban_steps_ns[i] / 6e10;
    }
}

/** What is given in seconds, minutes and hours, in the rules' nanoseconds. */
static void derive_rules(struct weir_exchange_settings *exchange) {
    struct weir_exchange_rules *rules = &exchange->rules;
    rules->ban_window_ns = (int64_t)(exchange->ban_window_s * 1e9);
    rules->ban_decay_ns = (int64_t)(exchange->ban_decay_h * 3.6e12);
    rules->ban_step_count = 0;
    for (size_t i = 0; i < WEIR_BAN_STEPS_MAX && exchange->ban_steps_min[i] > 0.0; i++) {
        rules->ban_steps_ns[rules->ban_step_count++] = (int64_t)(exchange->ban_steps_min[i] * 6e10);
    }
}

static void apply_defaults(struct weir_scenario *scenario) {
    memset(scenario, 0, sizeof *scenario);
    for (size_t i = 0; i < weir_scenario_row_count; i++) {
        char why[160];
        if (weir_scenario_rows[i].default_value) {
            weir_scenario_store(scenario, &weir_scenario_rows[i],
                                weir_scenario_rows[i].default_value, why, sizeof why);
        }
    }
}

enum weir_scenario_status weir_settings_resolve(const struct weir_settings *settings,
                                                struct weir_scenario *scenario,
                                                struct weir_scenario_error *error) {
    apply_defaults(scenario);
    for (int presets = 1; presets >= 0; presets--) {
        if (!presets) {
            apply_rules_preset(&scenario->exchange);
            apply_network_preset(&scenario->network);
        }
        for (size_t i = 0; i < settings->count; i++) {
            const struct setting *item = &settings->items[i];
            if (is_preset(item->key) != (presets == 1)) {
                continue;
            }
            const enum weir_scenario_status status = store(settings, scenario, item, error);
            if (status) {
                return status;
            }
        }
    }
    derive_rules(&scenario->exchange);
    return WEIR_SCENARIO_OK;
}

void weir_scenario_defaults(struct weir_scenario *scenario) {
    const struct weir_settings none = {0};
    struct weir_scenario_error error;
    weir_settings_resolve(&none, scenario, &error);
}
