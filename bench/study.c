#include "study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "strict_json.h"
#include "study_parts.h"

static const char *const search_names[] = {"grid", "random", "race", NULL};
static const char *const rule_sets[WEIR_WORLDS_MAX] = {"aster", "lenient", "strict"};

const char *weir_search_name(enum weir_search search) {
    return search_names[search];
}

uint64_t weir_study_fresh_seed(const struct weir_study *study) {
    return study->seed + 1;
}

size_t weir_study_level(const struct weir_study *study, uint64_t point, size_t axis) {
    for (size_t a = study->axis_count; a-- > axis + 1;) {
        point /= study->axes[a].level_count;
    }
    return (size_t)(point % study->axes[axis].level_count);
}

const char *weir_study_value(const struct weir_study *study, uint64_t point, size_t axis,
                             size_t key) {
    const struct weir_axis *a = &study->axes[axis];
    return a->values[weir_study_level(study, point, axis) * a->key_count + key];
}

void weir_study_describe(const struct weir_study *study, uint64_t point, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    if (point == WEIR_NO_POINT) {
        snprintf(text, size, "defaults");
        return;
    }
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count && used < size; k++) {
            const char *key = study->axes[a].keys[k];
            const bool limiter = strncmp(key, "limiter.", 8) == 0;
            used += (size_t)snprintf(text + used, size - used, "%s%s=%s", used ? " " : "",
                                     key + (limiter ? 8 : 0), weir_study_value(study, point, a, k));
        }
    }
}

/** A list of texts that may be missing; false if it is anything else. */
static bool read_texts(json_t *document, const char *key, json_t **list,
                       struct weir_replay_error *error) {
    size_t index = 0;
    json_t *entry = NULL;
    *list = json_object_get(document, key);
    bool ok = !*list || json_is_array(*list);
    json_array_foreach(*list, index, entry) {
        ok = ok && json_is_string(entry);
    }
    return ok || weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                   "study: key '%s': expected a list of texts", key);
}

static bool read_paths(struct weir_study *study, json_t *list, struct weir_replay_error *error) {
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(list, index, entry) {
        const char *path = json_string_value(entry);
        if (strcmp(path, "-") == 0) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                     "a study reads its traces more than once: standard input "
                                     "cannot be one");
        }
        if (study->path_count == WEIR_STUDY_TRACES_MAX) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "more than %d traces",
                                     WEIR_STUDY_TRACES_MAX);
        }
        study->paths[study->path_count] = strdup(path);
        if (!study->paths[study->path_count++]) {
            return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        }
    }
    return true;
}

static bool read_traces(struct weir_study *study, struct weir_replay_error *error) {
    json_t *tuned = NULL;
    json_t *test = NULL;
    if (!read_texts(study->document, "traces", &tuned, error) ||
        !read_texts(study->document, "test", &test, error) || !read_paths(study, tuned, error)) {
        return false;
    }
    study->tuned_count = study->path_count;
    if (study->tuned_count == 0) {
        return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                 "expected a trace, as in: weir tune traces/generated/*.json "
                                 "--param limiter.normal.buffer=0:0.2:0.01");
    }
    return read_paths(study, test, error);
}

static bool read_policies(struct weir_study *study, struct weir_replay_error *error) {
    json_t *list = NULL;
    size_t index = 0;
    json_t *entry = NULL;
    if (!read_texts(study->document, "policies", &list, error)) {
        return false;
    }
    json_array_foreach(list, index, entry) {
        struct weir_source_error why;
        const enum weir_source_status status =
            weir_policy_set_add_one(&study->policies, json_string_value(entry), &why);
        if (status) {
            return weir_replay_fails(error,
                                     status == WEIR_SOURCE_WRONG_USE   ? WEIR_REPLAY_WRONG_USE
                                     : status == WEIR_SOURCE_BAD_INPUT ? WEIR_REPLAY_BAD_INPUT
                                                                       : WEIR_REPLAY_FAILED,
                                     "policies: %s", why.text);
        }
    }
    return study->policies.count > 0 ||
           weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "policies: expected at least one");
}

static bool read_rules(struct weir_study *study, struct weir_replay_error *error) {
    json_t *list = NULL;
    size_t index = 0;
    json_t *entry = NULL;
    char why[400];
    if (!read_texts(study->document, "constraints", &list, error)) {
        return false;
    }
    json_array_foreach(list, index, entry) {
        struct weir_linear_rule *rule = &study->rules[study->rule_count];
        if (study->rule_count == WEIR_STUDY_TERMS_MAX ||
            !weir_linear_rule_read(rule, json_string_value(entry), why, sizeof why)) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "constraints: %s",
                                     study->rule_count == WEIR_STUDY_TERMS_MAX ? "too many" : why);
        }
        study->rule_count++;
    }
    return true;
}

/** The keys of the rules must be parameters. */
static bool check_rules(const struct weir_study *study, struct weir_replay_error *error) {
    for (size_t r = 0; r < study->rule_count; r++) {
        for (size_t t = 0; t < study->rules[r].term_count; t++) {
            bool found = false;
            for (size_t a = 0; a < study->axis_count; a++) {
                for (size_t k = 0; k < study->axes[a].key_count; k++) {
                    found = found || strcmp(study->axes[a].keys[k], study->rules[r].keys[t]) == 0;
                }
            }
            if (!found) {
                return weir_replay_fails(
                    error, WEIR_REPLAY_WRONG_USE,
                    "constraints: '%s': '%s' is no parameter of this study; the first is '%s'",
                    study->rules[r].text, study->rules[r].keys[t], study->axes[0].keys[0]);
            }
        }
    }
    return true;
}

static bool read_outcomes(struct weir_study *study, struct weir_replay_error *error) {
    json_t *list = NULL;
    size_t index = 0;
    json_t *entry = NULL;
    char why[400];
    if (!read_texts(study->document, "outcomes", &list, error)) {
        return false;
    }
    json_array_foreach(list, index, entry) {
        struct weir_outcome_rule *rule = &study->outcomes[study->outcome_count];
        if (study->outcome_count == WEIR_STUDY_TERMS_MAX ||
            !weir_outcome_rule_read(rule, json_string_value(entry), why, sizeof why)) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "outcomes: %s",
                                     study->outcome_count == WEIR_STUDY_TERMS_MAX ? "too many"
                                                                                  : why);
        }
        study->outcome_count++;
    }
    return true;
}

static bool read_objective(struct weir_study *study, struct weir_replay_error *error) {
    const char *name = json_string_value(json_object_get(study->document, "objective"));
    study->objective = weir_metric_find(name ? name : "");
    if (study->objective == WEIR_METRIC_COUNT) {
        return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                 "objective: unknown metric '%s'; did you mean '%s'?",
                                 name ? name : "", weir_metric_nearest(name ? name : ""));
    }
    return weir_metric_direction(study->objective) != WEIR_DIRECTION_NONE ||
           weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                             "objective: neither way is better for '%s'; take one that has a "
                             "direction, as protected_value_of_bound",
                             name);
}

/** Writes every default into the document, so that two ways to say the same are the same. */
static void fill_defaults(json_t *document) {
    static const char *const lists[] = {"traces", "test", "parameters", "constraints", NULL};
    for (size_t i = 0; lists[i]; i++) {
        if (!json_object_get(document, lists[i])) {
            json_object_set_new(document, lists[i], json_array());
        }
    }
    json_t *defaults =
        json_pack("{s:[s], s:{}, s:s, s:[s, s], s:s, s:i, s:i, s:i, s:i, s:b}", "policies", "weir",
                  "scenario", "objective", weir_metric_name(weir_primary_metric()), "outcomes",
                  "http_418 == 0", "unprotected_p99_s <= 10", "search", "grid", "points", 200,
                  "replications", 5, "fresh", 20, "seed", 1, "robust", 0);
    json_object_update_missing(document, defaults);
    json_decref(defaults);
}

/** Brings the keys into order, so that a study reads the same from wherever it came. */
static bool sort_keys(json_t **document, struct weir_replay_error *error) {
    char *text = json_dumps(*document, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    json_t *sorted = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (!sorted) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    json_decref(*document);
    *document = sorted;
    return true;
}

static bool read_numbers(struct weir_study *study, uint64_t *points, const char *origin,
                         struct weir_replay_error *error) {
    static const char *const known[] = {"schema",    "traces",       "test",        "policies",
                                        "scenario",  "parameters",   "constraints", "points",
                                        "objective", "replications", "fresh",       "seed",
                                        "outcomes",  "search",       "robust",      NULL};
    struct weir_trace_error why = {.text = "out of memory"};
    struct weir_json_reading reading = {.path = origin, .error = &why};
    const struct weir_json_part part = {&reading, "", study->document};
    weir_json_check_keys(part, known);
    if (strcmp(weir_json_text(part, "schema"), WEIR_STUDY_SCHEMA) != 0 && !reading.failed) {
        weir_json_fails(part, "schema", "expected \"" WEIR_STUDY_SCHEMA "\"");
    }
    study->search = (enum weir_search)weir_json_choice(part, "search", search_names);
    *points = (uint64_t)weir_json_integer(part, "points", 1, WEIR_POINTS_MAX);
    study->replications = (uint32_t)weir_json_integer(part, "replications", 2, 10000);
    study->fresh = (uint32_t)weir_json_integer(part, "fresh", 2, 10000);
    study->seed = (uint64_t)weir_json_integer(part, "seed", 0, INT64_MAX - 1);
    const bool robust = weir_json_flag_or(part, "robust", false);
    study->world_count = robust ? WEIR_WORLDS_MAX : 1;
    for (size_t w = 0; robust && w < WEIR_WORLDS_MAX; w++) {
        snprintf(study->worlds[w], sizeof study->worlds[w], "%s", rule_sets[w]);
    }
    return !reading.failed || weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "%s", why.text);
}

/** A robust study sets the rule set itself: nothing else may. */
static bool check_robust(const struct weir_study *study, struct weir_replay_error *error) {
    static const char rules[] = "exchange.rules";
    json_t *scenario = json_object_get(study->document, "scenario");
    const json_t *exchange = json_object_get(scenario, "exchange");
    bool set = json_object_get(scenario, rules) || json_object_get(exchange, "rules");
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            set = set || strcmp(study->axes[a].keys[k], rules) == 0;
        }
    }
    return study->world_count == 1 || !set ||
           weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                             "robust: tries every rule set; leave exchange.rules out of scenario "
                             "and parameters, or tune without robust");
}

/** The base scenario alone must be valid before anything is set on top of it. */
static bool check_defaults(struct weir_study *study, struct weir_replay_error *error) {
    struct weir_arm arm;
    for (size_t p = 0; p < study->policies.count; p++) {
        if (!weir_study_arm(study, p, WEIR_NO_POINT, 0, &arm, error)) {
            return false;
        }
    }
    return true;
}

struct weir_study *weir_study_create(json_t *object, const char *origin,
                                     struct weir_replay_error *error) {
    struct weir_study *study = calloc(1, sizeof *study);
    uint64_t points = 0;
    if (!study || !(study->document = json_deep_copy(object))) {
        free(study);
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    fill_defaults(study->document);
    if (!sort_keys(&study->document, error) || !read_numbers(study, &points, origin, error) ||
        !read_traces(study, error) || !read_policies(study, error) ||
        !check_defaults(study, error) ||
        !weir_study_read_axes(study, json_object_get(study->document, "parameters"), error) ||
        !check_robust(study, error) || !read_objective(study, error) ||
        !read_outcomes(study, error) || !read_rules(study, error) || !check_rules(study, error) ||
        !weir_study_find_points(study, points, error)) {
        weir_study_free(study);
        return NULL;
    }
    return study;
}

json_t *weir_study_load(const char *path, struct weir_replay_error *error) {
    static const char family[] = "weir.study/";
    const char *ending = strrchr(path, '.');
    struct weir_trace_error why = {.text = "out of memory"};
    json_t *root = ending && strcmp(ending, ".json") == 0 ? weir_json_load(path, &why) : NULL;
    const char *schema = json_string_value(json_object_get(root, "schema"));
    error->status = WEIR_REPLAY_OK;
    if (!schema || strncmp(schema, family, sizeof family - 1) != 0) {
        json_decref(root);
        return NULL;
    }
    if (strcmp(schema, WEIR_STUDY_SCHEMA) != 0) {
        weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                          "%.200s: a study of another version, '%.40s'; this program reads "
                          "'" WEIR_STUDY_SCHEMA "'",
                          path, schema);
        json_decref(root);
        return NULL;
    }
    return root;
}

void weir_study_free(struct weir_study *study) {
    if (!study) {
        return;
    }
    for (size_t i = 0; i < study->path_count; i++) {
        free(study->paths[i]);
    }
    weir_study_free_axes(study);
    weir_policy_set_close(&study->policies);
    free(study->points);
    json_decref(study->document);
    free(study);
}

static enum weir_scenario_status add_point(const struct weir_study *study, uint64_t point,
                                           struct weir_settings *settings,
                                           struct weir_scenario_error *why) {
    for (size_t a = 0; point != WEIR_NO_POINT && a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            char assignment[160];
            snprintf(assignment, sizeof assignment, "%s=%s", study->axes[a].keys[k],
                     weir_study_value(study, point, a, k));
            const enum weir_scenario_status status = weir_settings_add(settings, assignment, why);
            if (status) {
                return status;
            }
        }
    }
    return WEIR_SCENARIO_OK;
}

/** Settings of the base scenario for a policy. NULL if they cannot be had: then `why` says so. */
static struct weir_settings *base_settings(const struct weir_study *study, size_t policy,
                                           struct weir_arm *arm, struct weir_scenario_error *why) {
    struct weir_settings *settings = weir_settings_create();
    *why = (struct weir_scenario_error){WEIR_SCENARIO_BAD_FILE, "out of memory"};
    arm->policy = study->policies.choices[policy].policy;
    if (settings) {
        weir_settings_know_policy(settings, arm->policy);
        if (weir_settings_add_json(settings, "scenario",
                                   json_object_get(study->document, "scenario"), why)) {
            weir_settings_destroy(settings);
            settings = NULL;
        }
    }
    return settings;
}

/** Resolves settings that were added with `status`, and ends them. */
static bool settle(struct weir_settings *settings, enum weir_scenario_status status,
                   struct weir_arm *arm, struct weir_scenario_error *why,
                   struct weir_replay_error *error) {
    if (settings) {
        status = status ? status : weir_settings_resolve(settings, &arm->scenario, why);
        weir_settings_destroy(settings);
    }
    return (settings && !status) ||
           weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "%s", why->text);
}

bool weir_study_arm(const struct weir_study *study, size_t policy, uint64_t point, size_t world,
                    struct weir_arm *arm, struct weir_replay_error *error) {
    struct weir_scenario_error why;
    struct weir_settings *settings = base_settings(study, policy, arm, &why);
    enum weir_scenario_status status = WEIR_SCENARIO_OK;
    if (settings && study->worlds[world][0]) {
        char rules[64];
        snprintf(rules, sizeof rules, "exchange.rules=%s", study->worlds[world]);
        status = weir_settings_add(settings, rules, &why);
    }
    if (settings && !status) {
        status = add_point(study, point, settings, &why);
    }
    return settle(settings, status, arm, &why, error);
}

bool weir_study_arm_of(const struct weir_study *study, size_t policy, json_t *parameters,
                       struct weir_arm *arm, struct weir_replay_error *error) {
    struct weir_scenario_error why;
    struct weir_settings *settings = base_settings(study, policy, arm, &why);
    const enum weir_scenario_status status =
        settings ? weir_settings_add_json(settings, "parameters", parameters, &why)
                 : WEIR_SCENARIO_OK;
    return settle(settings, status, arm, &why, error);
}

/** The bits of a number below WEIR_STUDY_PHASES in reverse order: any first few of the sequence lie
 *  evenly. */
static uint32_t reverse_bits(uint32_t number) {
    uint32_t reversed = 0;
    for (uint32_t bit = 1; bit < WEIR_STUDY_PHASES; bit *= 2) {
        reversed = 2 * reversed + ((number & bit) != 0);
    }
    return reversed;
}

struct weir_place weir_study_place(uint64_t seed, uint32_t replication) {
    const struct weir_uniforms u = weir_draw(
        (struct weir_draw_key){.seed = seed, .stream = WEIR_STREAM_STUDY, .a = UINT32_MAX});
    const uint32_t turn = (uint32_t)(u.u[0] * WEIR_STUDY_PHASES);
    return (struct weir_place){.draw = replication,
                               .phase = (reverse_bits(replication) + turn) % WEIR_STUDY_PHASES,
                               .network = replication};
}
