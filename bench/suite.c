#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate_expression.h"
#include "paired_ratio.h"
#include "strict_json.h"

/** A path of the suite as it can be opened from here; the caller frees it. */
static char *beside(const struct weir_suite *suite, const char *path) {
    const char *slash = path[0] == '/' ? NULL : strrchr(suite->path, '/');
    const size_t folder = slash ? (size_t)(slash - suite->path) + 1 : 0;
    char *whole = malloc(folder + strlen(path) + 1);
    if (whole) {
        memcpy(whole, suite->path, folder);
        memcpy(whole + folder, path, strlen(path) + 1);
    }
    return whole;
}

static const char *text_at(struct weir_json_part part, const char *key, json_t *list, size_t i) {
    const char *text = json_string_value(json_array_get(list, i));
    if (!text || !text[0]) {
        weir_json_fails(part, key, "entry %zu must be text that is not empty", i + 1);
        return NULL;
    }
    for (size_t before = 0; before < i; before++) {
        if (strcmp(text, json_string_value(json_array_get(list, before))) == 0) {
            weir_json_fails(part, key, "entry %zu is there twice", i + 1);
            return NULL;
        }
    }
    return text;
}

static void read_traces(struct weir_json_part top, struct weir_suite *suite) {
    json_t *list = weir_json_list(top, "traces");
    const char *path = NULL;
    suite->traces = calloc(json_array_size(list) + 1, sizeof *suite->traces);
    for (size_t i = 0; suite->traces && i < json_array_size(list) &&
                       (path = text_at(top, "traces", list, i)) != NULL;
         i++) {
        suite->traces[suite->trace_count++] = beside(suite, path);
    }
}

static void read_policies(struct weir_json_part top, struct weir_suite *suite) {
    json_t *list = weir_json_list(top, "policies");
    const char *policy = NULL;
    suite->policies = calloc(json_array_size(list) + 1, sizeof *suite->policies);
    for (size_t i = 0; suite->policies && i < json_array_size(list) &&
                       (policy = text_at(top, "policies", list, i)) != NULL;
         i++) {
        suite->policies[suite->policy_count++] = policy;
    }
    if (suite->policy_count > WEIR_REPLAY_POLICIES_MAX) {
        weir_json_fails(top, "policies", "at most %d can take part", WEIR_REPLAY_POLICIES_MAX);
    }
}

/** The policies of a scenario: texts, none of them twice. NULL: not said. */
static json_t *read_names(struct weir_json_part entry) {
    json_t *list = weir_json_has(entry, "policies") ? weir_json_list(entry, "policies") : NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!text_at(entry, "policies", list, i)) {
            return NULL;
        }
    }
    return list;
}

static void read_scenarios(struct weir_json_part top, struct weir_suite *suite) {
    static const char *const known[] = {"name", "set", "policies", NULL};
    json_t *list = weir_json_list_if_any(top, "scenarios");
    suite->scenarios = calloc(json_array_size(list) + 1, sizeof *suite->scenarios);
    if (!suite->scenarios) {
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const struct weir_json_part entry = weir_json_entry(top, "scenarios", list, i, "scenarios");
        weir_json_check_keys(entry, known);
        suite->scenarios[i].name = weir_json_text(entry, "name");
        suite->scenarios[i].settings = weir_json_inner(entry, "set", "set", false).object;
        suite->scenarios[i].policies = read_names(entry);
        for (size_t before = 0; before < i; before++) {
            if (strcmp(suite->scenarios[before].name, suite->scenarios[i].name) == 0) {
                weir_json_fails(entry, "name", "is there twice");
            }
        }
    }
    suite->scenario_count = json_array_size(list);
    if (suite->scenario_count == 0) {
        suite->scenarios[suite->scenario_count++].name = "default";
    }
}

static void read_gates(struct weir_json_part top, struct weir_suite *suite) {
    json_t *list = weir_json_list_if_any(top, "gates");
    suite->gates = calloc(json_array_size(list) + 1, sizeof *suite->gates);
    for (size_t i = 0; suite->gates && i < json_array_size(list); i++) {
        struct weir_gate gate;
        char why[256];
        const char *text = text_at(top, "gates", list, i);
        if (!text) {
            return;
        }
        if (!weir_gate_parse(text, &gate, why, sizeof why)) {
            weir_json_fails(top, "gates", "entry %zu: %s", i + 1, why);
            return;
        }
        suite->gates[suite->gate_count++] = text;
    }
}

static void read_measures(struct weir_json_part time, struct weir_suite *suite) {
    static const char *const known[] = {"name", "trace", "policies", "replications", NULL};
    json_t *list = weir_json_list(time, "measures");
    suite->measures = calloc(json_array_size(list) + 1, sizeof *suite->measures);
    suite->measure_traces = calloc(json_array_size(list) + 1, sizeof *suite->measure_traces);
    for (size_t i = 0; suite->measures && suite->measure_traces && i < json_array_size(list); i++) {
        const struct weir_json_part entry =
            weir_json_entry(time, "measures", list, i, "time.measures");
        struct weir_suite_measure *m = &suite->measures[suite->measure_count];
        weir_json_check_keys(entry, known);
        m->name = weir_json_text(entry, "name");
        suite->measure_traces[suite->measure_count++] =
            beside(suite, weir_json_text(entry, "trace"));
        m->trace = suite->measure_traces[i];
        m->policies = weir_json_text(entry, "policies");
        m->replications = (uint32_t)weir_json_integer(entry, "replications", 1, 10000);
        for (size_t before = 0; before < i; before++) {
            if (strcmp(suite->measures[before].name, m->name) == 0) {
                weir_json_fails(entry, "name", "is there twice");
            }
        }
    }
}

static void read_time(struct weir_json_part top, struct weir_suite *suite) {
    static const char *const known[] = {"pairs", "measures", NULL};
    if (!weir_json_has(top, "time")) {
        return;
    }
    const struct weir_json_part time = weir_json_inner(top, "time", "time", true);
    weir_json_check_keys(time, known);
    suite->pairs =
        (uint32_t)weir_json_integer(time, "pairs", WEIR_RATIO_PAIRS_MIN, WEIR_RATIO_PAIRS_MAX);
    read_measures(time, suite);
}

static void read_suite(struct weir_json_part top, struct weir_suite *suite) {
    static const char *const known[] = {"schema",       "name",   "about",    "seed",
                                        "replications", "traces", "policies", "scenarios",
                                        "gates",        "time",   NULL};
    if (strcmp(weir_json_text(top, "schema"), "weir.suite/1") != 0) {
        weir_json_fails(top, "schema", "must be \"weir.suite/1\"");
        return;
    }
    weir_json_check_keys(top, known);
    suite->name = weir_json_text(top, "name");
    suite->seed = (uint64_t)weir_json_integer_or(top, "seed", 0, INT64_MAX, 1);
    suite->replications = (uint32_t)weir_json_integer(top, "replications", 1, 1000000);
    read_traces(top, suite);
    read_policies(top, suite);
    read_scenarios(top, suite);
    read_gates(top, suite);
    read_time(top, suite);
}

/** Whether every array and path could be had. */
static bool is_whole(const struct weir_suite *suite) {
    bool whole = suite->traces && suite->policies && suite->scenarios && suite->gates;
    for (size_t i = 0; whole && i < suite->trace_count; i++) {
        whole = suite->traces[i] != NULL;
    }
    for (size_t i = 0; whole && i < suite->measure_count; i++) {
        whole = suite->measure_traces[i] != NULL;
    }
    return whole;
}

struct weir_suite *weir_suite_open(const char *path, struct weir_replay_error *error) {
    struct weir_trace_error why = {.text = "out of memory"};
    struct weir_suite *suite = calloc(1, sizeof *suite);
    struct weir_json_reading reading = {path, &why, false};
    if (suite) {
        suite->path = strdup(path);
        suite->document = suite->path ? weir_json_load(path, &why) : NULL;
    }
    if (suite && suite->document) {
        read_suite((struct weir_json_part){&reading, "", suite->document}, suite);
    }
    if (!suite || !suite->document || reading.failed || !is_whole(suite)) {
        error->status = why.status ? WEIR_REPLAY_BAD_INPUT : WEIR_REPLAY_FAILED;
        snprintf(error->text, sizeof error->text, "%s", why.text);
        weir_suite_close(suite);
        return NULL;
    }
    return suite;
}

static void free_texts(char **texts, size_t count) {
    for (size_t i = 0; texts && i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

void weir_suite_close(struct weir_suite *suite) {
    if (!suite) {
        return;
    }
    free_texts(suite->traces, suite->trace_count);
    free_texts(suite->measure_traces, suite->measure_count);
    free(suite->policies);
    free(suite->scenarios);
    free(suite->gates);
    free(suite->measures);
    free(suite->path);
    json_decref(suite->document);
    free(suite);
}
