#include "previous_compare.h"

#include <stdlib.h>
#include <string.h>

#include "read_document.h"

static void read_trace(struct weir_json_part top, json_t *entry,
                       struct weir_previous_compare *previous) {
    const struct weir_json_part part = {top.reading, "traces", entry};
    const struct weir_json_part trace = weir_json_inner(part, "trace", "trace", true);
    const size_t t = previous->source_count++;
    previous->paths[t] = weir_read_document_texts(trace, "paths", &previous->sources[t].path_count);
    previous->sources[t].paths = previous->paths[t];
    previous->digests[t] = strtoull(weir_json_text(trace, "digest"), NULL, 16);
}

static void read_result(struct weir_json_part top, void *into) {
    struct weir_previous_compare *previous = into;
    if (strcmp(weir_json_text(top, "schema"), "weir.compare/1") != 0) {
        weir_json_fails(top, "schema", "must be \"weir.compare/1\", as weir compare writes it");
        return;
    }
    json_t *traces = weir_json_list(top, "traces");
    previous->seed = (uint64_t)weir_json_integer(top, "seed", 0, INT64_MAX);
    previous->replications = (uint32_t)weir_json_integer(top, "replications", 1, 1000000);
    previous->against = weir_json_text(top, "against");
    previous->policies = weir_read_document_texts(top, "policies", &previous->policy_count);
    previous->read = weir_read_document_options(top);
    const struct weir_json_part parts = weir_json_inner(top, "parts", "parts", true);
    previous->claims = weir_json_flag_or(parts, "claims", false);
    previous->ablation = weir_json_flag_or(parts, "ablation", false);
    previous->sensitivity = weir_json_flag_or(parts, "sensitivity", false);
    weir_json_inner(top, "scenario", "scenario", true);
    previous->sources = calloc(json_array_size(traces) + 1, sizeof *previous->sources);
    previous->digests = calloc(json_array_size(traces) + 1, sizeof *previous->digests);
    previous->paths = calloc(json_array_size(traces) + 1, sizeof *previous->paths);
    for (size_t i = 0;
         previous->sources && previous->digests && previous->paths && i < json_array_size(traces);
         i++) {
        read_trace(top, json_array_get(traces, i), previous);
    }
}

struct weir_previous_compare *weir_previous_compare_open(const char *path,
                                                         struct weir_scenario_error *error) {
    struct weir_previous_compare *previous = calloc(1, sizeof *previous);
    if (!previous) {
        *error = (struct weir_scenario_error){WEIR_SCENARIO_BAD_FILE, "out of memory"};
        return NULL;
    }
    previous->document = weir_read_document(path, read_result, previous, error);
    if (!previous->document) {
        weir_previous_compare_close(previous);
        return NULL;
    }
    return previous;
}

void weir_previous_compare_close(struct weir_previous_compare *previous) {
    if (!previous) {
        return;
    }
    for (size_t i = 0; i < previous->source_count; i++) {
        free(previous->paths[i]);
    }
    free(previous->paths);
    free(previous->sources);
    free(previous->digests);
    free(previous->policies);
    json_decref(previous->document);
    free(previous);
}

enum weir_scenario_status weir_previous_compare_settings(const struct weir_previous_compare *p,
                                                         struct weir_settings *settings,
                                                         struct weir_scenario_error *error) {
    return weir_settings_add_json(settings, "--from", json_object_get(p->document, "scenario"),
                                  error);
}
