/* What was found, for people, as a document, and as a scenario. */

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "calibrate.h"
#include "scenario_document.h"
#include "whole_file.h"

static void name_call(weir_endpoint endpoint, struct weir_params params, char *text, size_t size) {
    char limit[24] = "";
    if (params.limit != WEIR_LIMIT_OMITTED) {
        snprintf(limit, sizeof limit, " limit=%" PRId32, params.limit);
    }
    snprintf(text, size, "%s %s%s%s", weir_method_name(weir_endpoint_method(endpoint)),
             weir_endpoint_path(endpoint), params.has_symbol ? " symbol" : "", limit);
}

static void print_findings(const struct weir_calibration *c, FILE *out) {
    fprintf(out, "%-20s %-42s %-12s %s\n", "rule", "value", "the log", "because");
    for (size_t i = 0; i < c->finding_count; i++) {
        const struct weir_finding *f = &c->findings[i];
        fprintf(out, "%-20s %-42s %-12s %s\n", f->rule, f->value,
                f->verdict == WEIR_LOG_LEAVES_OPEN ? "leaves open"
                                                   : weir_log_verdict_name(f->verdict),
                f->evidence);
    }
}

static void print_delays(const struct weir_calibration *c, FILE *out) {
    fprintf(out, "\n%-10s %12s %9s %9s %9s %9s %9s\n", "delays", "requests/s", "requests", "p10 ms",
            "p50 ms", "p90 ms", "p99 ms");
    for (size_t i = 0; i < WEIR_DELAY_CLASSES && c->delays[i].count > 0; i++) {
        const struct weir_delay_class *d = &c->delays[i];
        fprintf(out, "%-10s %11.0f+ %9zu %9.1f %9.1f %9.1f %9.1f\n", d->name, d->requests_per_s,
                d->count, d->p10_ms, d->p50_ms, d->p90_ms, d->p99_ms);
    }
}

static void print_loads(const struct weir_calibration *c, FILE *out) {
    fprintf(out, "\n%-52s %9s %9s %9s %9s\n", "standing load", "requests", "period s", "a cycle",
            "regular");
    for (size_t i = 0; i < c->standing_count; i++) {
        const struct weir_standing_loop *l = &c->standing[i];
        char call[128];
        name_call(l->endpoint, l->params, call, sizeof call);
        fprintf(out, "%-52s %9zu %9.1f %9.1f %8.0f%%\n", call, l->count, l->period_s, l->calls,
                100.0 * l->regular);
    }
    if (c->foreign_weight_per_minute >= 0.0) {
        fprintf(out,
                "\nforeign load: %.1f weight a minute, where header and own load are both known "
                "(%.0f s)\n",
                c->foreign_weight_per_minute, c->foreign_seen_s);
    } else {
        fputs("\nforeign load: the log does not show it\n", out);
    }
}

void weir_calibration_print(const struct weir_calibration *c, FILE *out) {
    fprintf(out, "%zu requests in %.0f s\n", c->log->count,
            (double)(c->log->requests[c->log->count - 1].sent_ns - c->log->requests[0].sent_ns) /
                1e9);
    if (c->log->unknown_paths > 0) {
        fprintf(out, "left out, unknown to the table of endpoints: %zu\n", c->log->unknown_paths);
    }
    if (c->log->foreign > 0) {
        fprintf(out, "left out, of other clients: %zu\n", c->log->foreign);
    }
    fputc('\n', out);
    print_findings(c, out);
    print_delays(c, out);
    print_loads(c, out);
    fprintf(
        out,
        "\nthe log once more, against these rules: %.1f %% of the answers have the same status; "
        "429: %zu, logged %zu; 418: %zu, logged %zu\n",
        c->again_answered ? 100.0 * (double)c->again_same / (double)c->again_answered : 0.0,
        c->again_429, c->logged_429, c->again_418, c->logged_418);
    if (c->header_count > 0) {
        fprintf(out, "weight header, off by: median %.0f, 99 %% within %.0f (%zu answers)\n",
                c->header_p50, c->header_p99, c->header_count);
    }
}

static json_t *findings(const struct weir_calibration *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->finding_count; i++) {
        const struct weir_finding *f = &c->findings[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s}", "rule", f->rule, "value", f->value, "verdict",
                            weir_log_verdict_name(f->verdict), "evidence", f->evidence));
    }
    return list;
}

static json_t *delays(const struct weir_calibration *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < WEIR_DELAY_CLASSES && c->delays[i].count > 0; i++) {
        const struct weir_delay_class *d = &c->delays[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:f, s:I, s:f, s:f, s:f, s:f}", "load", d->name,
                                        "requests_per_s", d->requests_per_s, "requests",
                                        (json_int_t)d->count, "p10_ms", d->p10_ms, "p50_ms",
                                        d->p50_ms, "p90_ms", d->p90_ms, "p99_ms", d->p99_ms));
    }
    return list;
}

static json_t *standing(const struct weir_calibration *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->standing_count; i++) {
        const struct weir_standing_loop *l = &c->standing[i];
        char call[128];
        name_call(l->endpoint, l->params, call, sizeof call);
        json_array_append_new(list, json_pack("{s:s, s:I, s:f, s:f, s:f}", "call", call, "requests",
                                              (json_int_t)l->count, "period_s", l->period_s,
                                              "calls_a_cycle", l->calls, "regular", l->regular));
    }
    return list;
}

char *weir_calibration_document(const struct weir_calibration *c) {
    json_t *root = json_pack("{s:s, s:I, s:o, s:o, s:o}", "schema", "weir.calibrate/1", "requests",
                             (json_int_t)c->log->count, "rules", findings(c), "delays", delays(c),
                             "standing", standing(c));
    if (c->foreign_weight_per_minute >= 0.0) {
        json_object_set_new(root, "foreign_weight_per_minute",
                            json_real(c->foreign_weight_per_minute));
    }
    json_object_set_new(
        root, "again",
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "answered", (json_int_t)c->again_answered,
                  "same_status", (json_int_t)c->again_same, "http_429", (json_int_t)c->again_429,
                  "logged_429", (json_int_t)c->logged_429, "http_418", (json_int_t)c->again_418,
                  "logged_418", (json_int_t)c->logged_418));
    json_object_set_new(root, "scenario", weir_scenario_document(&c->scenario, NULL));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(root);
    return text;
}

bool weir_calibration_write(const struct weir_calibration *c, const char *path, char *error,
                            size_t size) {
    struct weir_whole_file file;
    json_t *document = weir_scenario_document(&c->scenario, NULL);
    snprintf(error, size, "out of memory");
    bool ok = document && weir_whole_file_open(&file, path, error, size);
    if (ok) {
        ok = json_dumpf(document, file.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0 ||
             ferror(file.stream);
        fputc('\n', file.stream);
        ok = weir_whole_file_end(&file, ok, error, size);
    }
    json_decref(document);
    return ok;
}
