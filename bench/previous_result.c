#include "previous_result.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void read_paths(struct weir_json *json, json_t *trace, struct weir_previous_result *result) {
    json_t *paths = weir_object_array(json, trace, "trace", "paths", true);
    result->paths = calloc(json_array_size(paths) + 1, sizeof *result->paths);
    for (size_t i = 0; result->paths && i < json_array_size(paths); i++) {
        const char *path = json_string_value(json_array_get(paths, i));
        result->paths[i] = path ? strdup(path) : NULL;
        result->path_count++;
        if (!path) {
            weir_object_fail(json, "trace: key 'paths': expected texts");
            return;
        }
    }
    if (result->path_count == 0) {
        weir_object_fail(json, "trace: key 'paths': expected at least one");
    }
}

static void read_result(struct weir_json *json, json_t *root, struct weir_previous_result *result) {
    if (!json_is_object(root) ||
        strcmp(weir_object_text(json, root, "result", "schema", ""), "weir.replay/1") != 0) {
        weir_object_fail(json, "expected a result of weir replay (\"schema\": \"weir.replay/1\")");
        return;
    }
    result->policy = strdup(weir_object_text(json, root, "result", "policy", NULL));
    const json_t *seed = json_object_get(root, "seed");
    result->seed = (uint64_t)json_integer_value(seed);
    result->replications =
        (uint32_t)weir_object_number(json, root, "result", "replications", 1, 1e6, NAN);
    json_t *trace = weir_object_object(json, root, "result", "trace", true);
    read_paths(json, trace, result);
    const char *digest = weir_object_text(json, trace, "trace", "digest", NULL);
    char *end = NULL;
    result->trace_digest = strtoull(digest, &end, 16);
    if (!json_is_integer(seed) || strlen(digest) != 16 || *end != '\0') {
        weir_object_fail(json,
                         "keys 'seed' and 'trace.digest': expected as weir replay writes them");
    }
    result->scenario = json_incref(weir_object_object(json, root, "result", "scenario", true));
}

struct weir_previous_result *weir_previous_result_open(const char *path,
                                                       struct weir_scenario_error *error) {
    struct weir_json json = {.file = path, .error = error};
    FILE *file = fopen(path, "rb");
    if (!file) {
        weir_object_fail(&json, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    json_error_t where;
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &where);
    fclose(file);
    struct weir_previous_result *result = calloc(1, sizeof *result);
    if (!root) {
        weir_object_fail(&json, "line %d: invalid JSON: %s", where.line, where.text);
    } else if (result) {
        read_result(&json, root, result);
    }
    json_decref(root);
    if (json.failed) {
        weir_previous_result_close(result);
        return NULL;
    }
    return result;
}

void weir_previous_result_close(struct weir_previous_result *result) {
    if (!result) {
        return;
    }
    for (size_t i = 0; i < result->path_count; i++) {
        free(result->paths[i]);
    }
    free(result->paths);
    free(result->policy);
    json_decref(result->scenario);
    free(result);
}

enum weir_scenario_status weir_previous_result_settings(const struct weir_previous_result *result,
                                                        struct weir_settings *settings,
                                                        struct weir_scenario_error *error) {
    return weir_settings_add_json(settings, "--from", result->scenario, error);
}
