#include "study_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "engine.h"

#define LIMITER_PREFIX "limiter."
#define WILDCARD "limiter.*."

static const char *const modes[] = {"normal", "burst", "liquidation"};

static bool wrong(struct weir_replay_error *error, const char *key, const char *what) {
    return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "parameter '%.120s': %s", key, what);
}

/** Makes room for the keys and levels of an axis. */
static bool take_axis(struct weir_axis *axis, size_t keys, size_t levels) {
    axis->keys = calloc(keys, sizeof *axis->keys);
    axis->values = calloc(keys * levels, sizeof *axis->values);
    axis->key_count = keys;
    axis->level_count = levels;
    return axis->keys && axis->values;
}

static void set_level(struct weir_axis *axis, size_t level, const char *text) {
    for (size_t k = 0; k < axis->key_count; k++) {
        snprintf(axis->values[level * axis->key_count + k], sizeof axis->values[0], "%s", text);
    }
}

/** A decimal as short as it can be: 0.15, not 0.15000000000000002. */
static void set_number(struct weir_axis *axis, size_t level, double value) {
    char text[48];
    snprintf(text, sizeof text, "%.10g", fabs(value) < 1e-12 ? 0.0 : value);
    set_level(axis, level, text);
}

static bool read_numbers(json_t *entry, const char *key, double *from, double *to,
                         struct weir_replay_error *error) {
    const json_t *f = json_object_get(entry, "from");
    const json_t *t = json_object_get(entry, "to");
    if (!json_is_number(f) || !json_is_number(t)) {
        return wrong(error, key, "expected from and to (numbers) with step or log, or values");
    }
    *from = json_number_value(f);
    *to = json_number_value(t);
    if (*from > *to) {
        return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                 "parameter '%s': the range is reversed: from %g to %g", key, *from,
                                 *to);
    }
    return true;
}

static bool read_steps(struct weir_axis *axis, json_t *entry, const char *key, size_t keys,
                       struct weir_replay_error *error) {
    double from = 0.0;
    double to = 0.0;
    const double step = json_number_value(json_object_get(entry, "step"));
    if (!read_numbers(entry, key, &from, &to, error)) {
        return false;
    }
    if (!(step > 0.0)) {
        return wrong(error, key, "the step must be above 0");
    }
    const double count = floor((to - from) / step + 1e-6) + 1.0;
    if (count > WEIR_LEVELS_MAX) {
        return wrong(error, key, "more than 1000 values");
    }
    if (!take_axis(axis, keys, (size_t)count)) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (size_t i = 0; i < axis->level_count; i++) {
        set_number(axis, i, from + (double)i * step);
    }
    return true;
}

static bool read_log(struct weir_axis *axis, json_t *entry, const char *key, size_t keys,
                     struct weir_replay_error *error) {
    double from = 0.0;
    double to = 0.0;
    const json_int_t count = json_integer_value(json_object_get(entry, "log"));
    if (!read_numbers(entry, key, &from, &to, error)) {
        return false;
    }
    if (count < 2 || count > WEIR_LEVELS_MAX || from <= 0.0) {
        return wrong(error, key, "a log range takes 2 to 1000 values, from above 0");
    }
    if (!take_axis(axis, keys, (size_t)count)) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    const double ratio = weir_log(to / from) / (double)(count - 1);
    for (size_t i = 0; i < axis->level_count; i++) {
        set_number(axis, i, i + 1 == axis->level_count ? to : from * weir_exp(ratio * (double)i));
    }
    return true;
}

static bool read_values(struct weir_axis *axis, json_t *list, const char *key, size_t keys,
                        struct weir_replay_error *error) {
    const size_t count = json_array_size(list);
    if (count == 0 || count > WEIR_LEVELS_MAX) {
        return wrong(error, key, "the range is empty: expected 1 to 1000 values");
    }
    if (!take_axis(axis, keys, count)) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        if (json_is_number(value)) {
            set_number(axis, i, json_number_value(value));
        } else if (json_is_string(value) && strlen(json_string_value(value)) < 48) {
            set_level(axis, i, json_string_value(value));
        } else if (json_is_boolean(value)) {
            set_level(axis, i, json_is_true(value) ? "true" : "false");
        } else {
            return wrong(error, key, "expected numbers, texts or flags as values");
        }
    }
    return true;
}

static bool is_known_entry(json_t *entry, struct weir_replay_error *error) {
    static const char *const known[] = {"keys", "from", "to", "step", "log", "values", "lockstep"};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(entry, name, value) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            found = found || strcmp(known[i], name) == 0;
        }
        if (!found) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                     "parameters: unknown key '%.60s'; expected keys, from, to, "
                                     "step, log, values or lockstep",
                                     name);
        }
    }
    return true;
}

/** One entry of "parameters" as an axis of its own. */
static bool read_axis(struct weir_axis *axis, json_t *entry, struct weir_replay_error *error) {
    json_t *keys = json_object_get(entry, "keys");
    const size_t count = json_array_size(keys);
    const char *first = json_string_value(json_array_get(keys, 0));
    json_t *values = json_object_get(entry, "values");
    if (!json_is_object(entry) || !first) {
        return wrong(error, "?", "expected an object with keys, a list of settings");
    }
    if (!is_known_entry(entry, error) ||
        !(values                          ? read_values(axis, values, first, count, error)
          : json_object_get(entry, "log") ? read_log(axis, entry, first, count, error)
                                          : read_steps(axis, entry, first, count, error))) {
        return false;
    }
    for (size_t k = 0; k < count; k++) {
        const char *key = json_string_value(json_array_get(keys, k));
        if (!key || strlen(key) >= sizeof axis->keys[0]) {
            return wrong(error, first, "expected a list of settings as keys");
        }
        snprintf(axis->keys[k], sizeof axis->keys[k], "%s", key);
    }
    const json_t *lockstep = json_object_get(entry, "lockstep");
    const char *group = json_string_value(lockstep);
    if (lockstep && (!group || !group[0] || strlen(group) >= sizeof axis->lockstep)) {
        return wrong(error, first, "expected the name of a group as lockstep, up to 47 characters");
    }
    snprintf(axis->lockstep, sizeof axis->lockstep, "%s", group ? group : "");
    return true;
}

static void free_axis(struct weir_axis *axis) {
    free(axis->keys);
    free(axis->values);
    *axis = (struct weir_axis){.keys = NULL};
}

/** Joins the keys of `added` to a group that was begun before; takes over its memory. */
static bool join(struct weir_axis *axis, struct weir_axis *added, struct weir_replay_error *error) {
    struct weir_axis both = {.keys = NULL};
    if (axis->level_count != added->level_count) {
        weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                          "parameter '%s': lockstep group '%s' has %zu values, this one %zu",
                          added->keys[0], axis->lockstep, axis->level_count, added->level_count);
        free_axis(added);
        return false;
    }
    if (!take_axis(&both, axis->key_count + added->key_count, axis->level_count)) {
        free_axis(&both);
        free_axis(added);
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    memcpy(both.lockstep, axis->lockstep, sizeof both.lockstep);
    for (size_t k = 0; k < both.key_count; k++) {
        const bool old = k < axis->key_count;
        const struct weir_axis *from = old ? axis : added;
        const size_t key = old ? k : k - axis->key_count;
        memcpy(both.keys[k], from->keys[key], sizeof both.keys[k]);
        for (size_t level = 0; level < both.level_count; level++) {
            memcpy(both.values[level * both.key_count + k],
                   from->values[level * from->key_count + key], sizeof both.values[0]);
        }
    }
    free_axis(axis);
    free_axis(added);
    *axis = both;
    return true;
}

static bool add_axis(struct weir_study *study, struct weir_axis *axis,
                     struct weir_replay_error *error) {
    for (size_t a = 0; axis->lockstep[0] && a < study->axis_count; a++) {
        if (strcmp(study->axes[a].lockstep, axis->lockstep) == 0) {
            return join(&study->axes[a], axis, error);
        }
    }
    if (study->axis_count == WEIR_AXES_MAX) {
        free_axis(axis);
        return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "more than %d parameters",
                                 WEIR_AXES_MAX);
    }
    study->axes[study->axis_count++] = *axis;
    return true;
}

static bool is_repeated(const struct weir_study *study, size_t axis, size_t key) {
    for (size_t a = 0; a <= axis; a++) {
        for (size_t k = 0; k < (a == axis ? key : study->axes[a].key_count); k++) {
            if (strcmp(study->axes[a].keys[k], study->axes[axis].keys[key]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/** Whether a key is a setting, of every policy if it is a limiter's, and takes its values. */
static bool check_key(const struct weir_study *study, const struct weir_axis *axis, size_t key,
                      struct weir_replay_error *error) {
    const char *name = axis->keys[key];
    struct weir_scenario scenario;
    struct weir_scenario_error why = {.text = "out of memory"};
    for (size_t level = 0; level < axis->level_count; level++) {
        char assignment[160];
        snprintf(assignment, sizeof assignment, "%s=%s", name,
                 axis->values[level * axis->key_count + key]);
        struct weir_settings *settings = weir_settings_create();
        for (size_t p = 0; settings && p < study->policies.count; p++) {
            weir_settings_know_policy(settings, study->policies.choices[p].policy);
        }
        const bool ok = settings && weir_settings_add(settings, assignment, &why) == 0 &&
                        weir_settings_resolve(settings, &scenario, &why) == 0;
        weir_settings_destroy(settings);
        if (!ok) {
            const bool from_set = strncmp(why.text, "--set: ", 7) == 0;
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "parameters: %s",
                                     why.text + (from_set ? 7 : 0));
        }
    }
    const size_t prefix = strlen(LIMITER_PREFIX);
    for (size_t p = 0; strncmp(name, LIMITER_PREFIX, prefix) == 0 && p < study->policies.count;
         p++) {
        const struct weir_policy *policy = study->policies.choices[p].policy;
        if (!weir_policy_has_option(policy, name + prefix)) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                     "parameter '%s': policy '%s' has no such setting; weir "
                                     "policies lists what each has",
                                     name, policy->name);
        }
    }
    return true;
}

bool weir_study_read_axes(struct weir_study *study, json_t *parameters,
                          struct weir_replay_error *error) {
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(parameters, index, entry) {
        struct weir_axis axis = {.keys = NULL};
        if (!read_axis(&axis, entry, error)) {
            free_axis(&axis);
            return false;
        }
        if (!add_axis(study, &axis, error)) {
            return false;
        }
    }
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            if (is_repeated(study, a, k)) {
                return wrong(error, study->axes[a].keys[k], "named twice");
            }
            if (!check_key(study, &study->axes[a], k, error)) {
                return false;
            }
        }
    }
    return study->axis_count > 0 ||
           weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                             "nothing to tune: expected at least one parameter, as in --param "
                             "limiter.normal.buffer=0:0.2:0.01");
}

void weir_study_free_axes(struct weir_study *study) {
    for (size_t a = 0; a < study->axis_count; a++) {
        free_axis(&study->axes[a]);
    }
    study->axis_count = 0;
}

/** Adds the keys before the equals sign, parted by plus signs. */
static bool add_keys(json_t *keys, const char *text, size_t length) {
    while (length > 0) {
        const char *plus = memchr(text, '+', length);
        const size_t n = plus ? (size_t)(plus - text) : length;
        if (n == 0) {
            return false;
        }
        if (n > strlen(WILDCARD) && strncmp(text, WILDCARD, strlen(WILDCARD)) == 0) {
            for (size_t m = 0; m < 3; m++) {
                json_array_append_new(keys, json_sprintf(LIMITER_PREFIX "%s.%.*s", modes[m],
                                                         (int)(n - strlen(WILDCARD)),
                                                         text + strlen(WILDCARD)));
            }
        } else {
            json_array_append_new(keys, json_stringn(text, n));
        }
        text += n + (plus ? 1 : 0);
        length -= n + (plus ? 1 : 0);
    }
    return json_array_size(keys) > 0;
}

/** A number if the text is one, else a text. */
static json_t *scalar(const char *text, size_t length) {
    char copy[48];
    char *end = NULL;
    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    const double number = strtod(copy, &end);
    return end != copy && *end == '\0' && isfinite(number) ? json_real(number)
                                                           : json_stringn(text, length);
}

static void add_values(json_t *entry, const char *text) {
    json_t *values = json_array();
    while (*text) {
        const size_t n = strcspn(text, ",");
        json_array_append_new(values, scalar(text, n));
        text += n + (text[n] == ',');
    }
    json_object_set_new(entry, "values", values);
}

/** Reads a number and the mark that must follow it; returns what comes after, NULL if either is not
 *  there. */
static const char *read_part(const char *text, const char *mark, double *value) {
    char *end = NULL;
    *value = strtod(text, &end);
    const size_t length = strlen(mark);
    const bool follows = length ? strncmp(end, mark, length) == 0 : *end == '\0';
    return end != text && isfinite(*value) && follows ? end + length : NULL;
}

/** Reads FROM:TO:STEP or FROM:TO:log:COUNT. */
static bool add_range(json_t *entry, const char *text) {
    static const char log_mark[] = "log:";
    double from = 0.0;
    double to = 0.0;
    double last = 0.0;
    const char *rest = read_part(text, ":", &from);
    rest = rest ? read_part(rest, ":", &to) : NULL;
    const bool is_log = rest && strncmp(rest, log_mark, sizeof log_mark - 1) == 0;
    if (!rest || !read_part(rest + (is_log ? sizeof log_mark - 1 : 0), "", &last)) {
        return false;
    }
    json_object_set_new(entry, "from", json_real(from));
    json_object_set_new(entry, "to", json_real(to));
    json_object_set_new(entry, is_log ? "log" : "step",
                        is_log ? json_integer(last > 0.0 && last < 1e6 ? (json_int_t)last : 0)
                               : json_real(last));
    return true;
}

json_t *weir_study_parameter(const char *text, struct weir_replay_error *error) {
    const char *equals = strchr(text, '=');
    json_t *entry = json_object();
    json_t *keys = json_array();
    bool ok = equals && add_keys(keys, text, (size_t)(equals - text));
    json_object_set_new(entry, "keys", keys);
    if (ok && strchr(equals + 1, ':')) {
        ok = add_range(entry, equals + 1);
    } else if (ok) {
        add_values(entry, equals + 1);
    }
    if (!ok) {
        json_decref(entry);
        weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                          "--param '%.100s': expected KEY=FROM:TO:STEP, KEY=FROM:TO:log:COUNT or "
                          "KEY=A,B,C, as in limiter.normal.buffer=0:0.2:0.01",
                          text);
        return NULL;
    }
    return entry;
}
