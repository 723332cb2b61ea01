#include "previous_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_document.h"

static void read_paths(struct weir_json_part trace, struct weir_previous_result *result) {
    json_t *paths = weir_json_list(trace, "paths");
    result->paths = calloc(json_array_size(paths) + 1, sizeof *result->paths);
    for (size_t i = 0; result->paths && i < json_array_size(paths); i++) {
        const char *path = json_string_value(json_array_get(paths, i));
        if (!path) {
            weir_json_fails(trace, "paths", "entry %zu must be text", i + 1);
            return;
        }
        result->paths[result->path_count++] = strdup(path);
    }
}

static void read_result(struct weir_json_part top, struct weir_previous_result *result) {
    if (strcmp(weir_json_text(top, "schema"), "weir.replay/1") != 0) {
        weir_json_fails(top, "schema", "must be \"weir.replay/1\", as weir replay writes it");
        return;
    }
    const char *name = weir_json_text(top, "policy");
    result->policy =
        strdup(weir_json_has(top, "policy_spec") ? weir_json_text(top, "policy_spec") : name);
    result->seed = (uint64_t)weir_json_integer(top, "seed", INT64_MIN, INT64_MAX);
    result->replications = (uint32_t)weir_json_integer(top, "replications", 1, 1000000);
    const struct weir_json_part trace = weir_json_inner(top, "trace", "trace", true);
    read_paths(trace, result);
    result->read = weir_read_document_options(top);
    const char *digest = weir_json_text(trace, "digest");
    char *end = NULL;
    result->trace_digest = strtoull(digest, &end, 16);
    if (strlen(digest) != 16 || *end != '\0') {
        weir_json_fails(trace, "digest", "must be 16 hexadecimal digits");
    }
    weir_json_inner(top, "scenario", "scenario", true);
}

struct weir_previous_result *weir_previous_result_open(const char *path,
                                                       struct weir_scenario_error *error) {
    struct weir_trace_error why = {.text = "out of memory"};
    json_t *root = weir_json_load(path, &why);
    struct weir_previous_result *result = root ? calloc(1, sizeof *result) : NULL;
    struct weir_json_reading reading = {path, &why, result == NULL};
    if (result) {
        result->document = root;
        read_result((struct weir_json_part){&reading, "", root}, result);
    } else {
        json_decref(root);
    }
    if (reading.failed) {
        error->status =
            why.status == WEIR_TRACE_NO_FILE ? WEIR_SCENARIO_NO_FILE : WEIR_SCENARIO_BAD_FILE;
        snprintf(error->text, sizeof error->text, "%s", why.text);
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
    json_decref(result->document);
    free(result);
}

enum weir_scenario_status weir_previous_result_settings(const struct weir_previous_result *result,
                                                        struct weir_settings *settings,
                                                        struct weir_scenario_error *error) {
    return weir_settings_add_json(settings, "--from", json_object_get(result->document, "scenario"),
                                  error);
}
