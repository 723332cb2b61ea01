#include "bench_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strict_json.h"
#include "whole_file.h"

#define DIGITS 17 /* a double comes back the same */

static void check_metrics(struct weir_json_part entry) {
    const struct weir_json_part metrics = weir_json_inner(entry, "metrics", "metrics", true);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(metrics.object, name, value) {
        if (!json_is_number(value) && !json_is_number(json_object_get(value, "mean"))) {
            weir_json_fails(metrics, name, "must be a number, or have a mean");
        }
    }
}

static void check_case(struct weir_json_part top, json_t *cases, size_t i) {
    const struct weir_json_part entry = weir_json_entry(top, "cases", cases, i, "cases");
    if (!entry.object) {
        return;
    }
    const struct weir_json_part trace = weir_json_inner(entry, "trace", "cases.trace", true);
    if (trace.object) {
        weir_json_text(trace, "name");
        weir_json_text(trace, "digest");
    }
    weir_json_text(entry, "scenario");
    weir_json_text(entry, "policy");
    if (weir_json_has(entry, "failure")) {
        weir_json_text(entry, "failure");
    } else {
        weir_json_text(entry, "digest");
        check_metrics(entry);
    }
}

static void check_time(struct weir_json_part top) {
    const struct weir_json_part time = weir_json_inner(top, "time", "time", false);
    if (!time.object) {
        return;
    }
    const struct weir_json_part ratios = weir_json_inner(time, "ratios", "time.ratios", true);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(ratios.object, name, value) {
        const struct weir_json_part ratio = weir_json_inner(ratios, name, "time.ratios", true);
        json_t *rounds = weir_json_list(ratio, "rounds");
        for (size_t r = 0; r < json_array_size(rounds); r++) {
            const struct weir_json_part round =
                weir_json_entry(ratio, "rounds", rounds, r, "rounds");
            if (round.object) {
                weir_json_number(round, "low", 0.0, 1e9);
                weir_json_number(round, "mean", 0.0, 1e9);
                weir_json_number(round, "high", 0.0, 1e9);
                weir_json_integer(round, "pairs", 1, 1000000);
            }
        }
    }
}

static void check_document(struct weir_json_part top, bool accepted) {
    const char *schema = accepted ? "weir.accepted/1" : "weir.bench/1";
    if (strcmp(weir_json_text(top, "schema"), schema) != 0) {
        weir_json_fails(top, "schema", "must be \"%s\", as weir bench %s writes it", schema,
                        accepted ? "accept" : "run");
        return;
    }
    weir_json_text(top, "version");
    weir_json_text(top, "suite");
    weir_json_integer(top, "seed", 0, INT64_MAX);
    weir_json_integer(top, "replications", 1, 1000000);
    weir_json_inner(top, "scenarios", "scenarios", true);
    json_t *cases = weir_json_list(top, "cases");
    for (size_t i = 0; i < json_array_size(cases); i++) {
        check_case(top, cases, i);
    }
    if (!accepted) {
        weir_json_text(top, "path");
        json_t *gates = weir_json_list_if_any(top, "gates");
        for (size_t i = 0; i < json_array_size(gates); i++) {
            if (!json_is_string(json_array_get(gates, i))) {
                weir_json_fails(top, "gates", "entry %zu must be text", i + 1);
            }
        }
        check_time(top);
    }
}

json_t *weir_bench_result_open(const char *path, bool accepted, struct weir_replay_error *error) {
    struct weir_trace_error why = {.text = "out of memory"};
    json_t *top = weir_json_load(path, &why);
    struct weir_json_reading reading = {path, &why, top == NULL};
    if (top) {
        check_document((struct weir_json_part){&reading, "", top}, accepted);
    }
    if (reading.failed) {
        error->status = why.status ? WEIR_REPLAY_BAD_INPUT : WEIR_REPLAY_FAILED;
        snprintf(error->text, sizeof error->text, "%s", why.text);
        json_decref(top);
        return NULL;
    }
    return top;
}

static bool fail(struct weir_replay_error *error, const char *text) {
    error->status = WEIR_REPLAY_FAILED;
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

bool weir_bench_result_write(const json_t *document, const char *path,
                             struct weir_replay_error *error) {
    char why[512];
    struct weir_whole_file file;
    char *text = json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS));
    if (!text) {
        return fail(error, "out of memory");
    }
    if (!weir_whole_file_open(&file, path, why, sizeof why)) {
        free(text);
        return fail(error, why);
    }
    fprintf(file.stream, "%s\n", text);
    free(text);
    return weir_whole_file_end(&file, true, why, sizeof why) || fail(error, why);
}

char *weir_bench_accepted_path(const json_t *result) {
    static const char ending[] = ".json";
    const char *suite = json_string_value(json_object_get(result, "path"));
    size_t length = strlen(suite);
    if (length > strlen(ending) && strcmp(suite + length - strlen(ending), ending) == 0) {
        length -= strlen(ending);
    }
    const size_t size = length + sizeof ".accepted.json";
    char *path = malloc(size);
    if (path) {
        snprintf(path, size, "%.*s.accepted.json", (int)length, suite);
    }
    return path;
}

/** A case with means instead of intervals. */
static json_t *accept_case(const json_t *entry) {
    json_t *kept = json_deep_copy(entry);
    json_t *metrics = json_object();
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(entry, "metrics"), name, value) {
        json_object_set_new(metrics, name, json_real(weir_case_metric(entry, name).mean));
    }
    json_object_set_new(kept, "metrics", metrics);
    json_object_del(kept, "spec"); /* where a policy lies is no part of its results */
    return kept;
}

json_t *weir_bench_accept(const json_t *result) {
    static const char *const kept[] = {"version", "suite", "seed", "replications", "scenarios"};
    json_t *top = json_pack("{s:s}", "schema", "weir.accepted/1");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        json_object_set(top, kept[i], json_object_get(result, kept[i]));
    }
    json_t *cases = json_array();
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        json_array_append_new(cases, accept_case(entry));
    }
    json_object_set_new(top, "cases", cases);
    return top;
}

const char *weir_case_trace(const json_t *entry, const char *key) {
    return json_string_value(json_object_get(json_object_get(entry, "trace"), key));
}

const char *weir_case_text(const json_t *entry, const char *key) {
    return json_string_value(json_object_get(entry, key));
}

struct weir_case_name weir_case_name(const json_t *entry) {
    struct weir_case_name name;
    snprintf(name.text, sizeof name.text, "%.127s/%.127s/%.127s", weir_case_trace(entry, "name"),
             weir_case_text(entry, "scenario"), weir_case_text(entry, "policy"));
    return name;
}

struct weir_estimate weir_case_metric(const json_t *entry, const char *metric) {
    const json_t *value = json_object_get(json_object_get(entry, "metrics"), metric);
    if (!value) {
        return (struct weir_estimate){.count = 0};
    }
    const json_t *mean = json_is_number(value) ? value : json_object_get(value, "mean");
    const json_t *low = json_object_get(value, "low");
    const json_t *high = json_object_get(value, "high");
    const double m = json_number_value(mean);
    return low && high
               ? (struct weir_estimate){m, json_number_value(low), json_number_value(high), 2, true}
               : (struct weir_estimate){m, m, m, 1, false};
}

const json_t *weir_case_find(const json_t *document, const json_t *like) {
    const struct weir_case_name name = weir_case_name(like);
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(document, "cases"), i, entry) {
        if (strcmp(weir_case_name(entry).text, name.text) == 0) {
            return entry;
        }
    }
    return NULL;
}

size_t weir_bench_rounds(const json_t *result, const char *ratio, struct weir_estimate rounds[2]) {
    const json_t *ratios = json_object_get(json_object_get(result, "time"), "ratios");
    const json_t *list = json_object_get(json_object_get(ratios, ratio), "rounds");
    const size_t count = json_array_size(list) < 2 ? json_array_size(list) : 2;
    for (size_t r = 0; r < count; r++) {
        const json_t *round = json_array_get(list, r);
        rounds[r] = (struct weir_estimate){
            json_number_value(json_object_get(round, "mean")),
            json_number_value(json_object_get(round, "low")),
            json_number_value(json_object_get(round, "high")),
            (size_t)json_integer_value(json_object_get(round, "pairs")), true};
    }
    return count;
}
