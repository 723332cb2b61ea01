#include "previous_result.h"

#include <stdlib.h>
#include <string.h>

#include "read_document.h"

static void read_result(struct weir_json_part top, void *into) {
    struct weir_previous_result *result = into;
    if (strcmp(weir_json_text(top, "schema"), "weir.replay/1") != 0) {
        weir_json_fails(top, "schema", "must be \"weir.replay/1\", as weir replay writes it");
        return;
    }
    const char *name = weir_json_text(top, "policy");
    result->policy = weir_json_has(top, "policy_spec") ? weir_json_text(top, "policy_spec") : name;
    result->seed = (uint64_t)weir_json_integer(top, "seed", INT64_MIN, INT64_MAX);
    result->replications = (uint32_t)weir_json_integer(top, "replications", 1, 1000000);
    const struct weir_json_part trace = weir_json_inner(top, "trace", "trace", true);
    result->paths = weir_read_document_texts(trace, "paths", &result->path_count);
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
    struct weir_previous_result *result = calloc(1, sizeof *result);
    if (!result) {
        *error = (struct weir_scenario_error){WEIR_SCENARIO_BAD_FILE, "out of memory"};
        return NULL;
    }
    result->document = weir_read_document(path, read_result, result, error);
    if (!result->document) {
        weir_previous_result_close(result);
        return NULL;
    }
    return result;
}

void weir_previous_result_close(struct weir_previous_result *result) {
    if (!result) {
        return;
    }
    free(result->paths);
    json_decref(result->document);
    free(result);
}

enum weir_scenario_status weir_previous_result_settings(const struct weir_previous_result *result,
                                                        struct weir_settings *settings,
                                                        struct weir_scenario_error *error) {
    return weir_settings_add_json(settings, "--from", json_object_get(result->document, "scenario"),
                                  error);
}
