#include "exports.h"

#include <stdlib.h>
#include <string.h>

#include "bench_result.h"
#include "gate_expression.h"
#include "metric_facts.h"

#define DIGITS 12

static const char *text_of(const json_t *result, const char *key) {
    const char *text = json_string_value(json_object_get(result, key));
    return text ? text : "";
}

/** What a case and a ratio have in common: a name for each figure, and where it goes. */
struct figure {
    struct weir_case_name name;
    const char *metric, *unit;
    enum weir_direction direction;
    struct weir_estimate estimate;
};

typedef void (*visit_figure)(const struct figure *figure, void *context);

bool weir_export_is_main(const json_t *result, const char *policy, enum weir_metric metric) {
    for (size_t i = 0; i < WEIR_EXPORT_SHOWN; i++) {
        if (weir_export_shown[i] == metric) {
            return true;
        }
    }
    size_t i = 0;
    const json_t *expression = NULL;
    json_array_foreach(json_object_get(result, "gates"), i, expression) {
        struct weir_gate gate;
        char why[256];
        if (weir_gate_parse(json_string_value(expression), &gate, why, sizeof why) &&
            strcmp(gate.policy, policy) == 0 &&
            strcmp(gate.metric, weir_metric_name(metric)) == 0) {
            return true;
        }
    }
    return false;
}

static const char *unit_of(enum weir_metric metric) {
    static const char *const units[WEIR_KINDS] = {"count", "share", "share", "ratio",
                                                  "USD",   "s",     "ms"};
    return units[weir_metric_kind(metric)];
}

static void visit_case(const json_t *result, const json_t *entry, bool all, visit_figure visit,
                       void *context) {
    const char *policy = weir_case_text(entry, "policy");
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        const enum weir_metric metric = (enum weir_metric)m;
        const struct figure figure = {weir_case_name(entry), weir_metric_name(metric),
                                      unit_of(metric), weir_metric_direction(metric),
                                      weir_case_metric(entry, weir_metric_name(metric))};
        if (figure.estimate.count > 0 && (all || weir_export_is_main(result, policy, metric))) {
            visit(&figure, context);
        }
    }
}

/** Every figure that was measured, or the main ones: of the cases, then the ratios of time. */
static void visit_each(const json_t *result, bool all, visit_figure visit, void *context) {
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        visit_case(result, entry, all, visit, context);
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(json_object_get(result, "time"), "ratios"), name, value) {
        struct weir_estimate rounds[2];
        const size_t count = weir_bench_rounds(result, name, rounds);
        if (count > 0) {
            const struct figure figure = {
                {"time"}, name, "ratio", WEIR_LOWER_IS_BETTER, rounds[count - 1]};
            visit(&figure, context);
        }
    }
}

/* github-action-benchmark */

struct action {
    json_t *list;
    enum weir_direction direction;
};

static void add_action(const struct figure *f, void *context) {
    const struct action *action = context;
    if (f->direction != action->direction) {
        return;
    }
    json_t *entry =
        json_pack("{s:o, s:s, s:f}", "name", json_sprintf("%s %s", f->name.text, f->metric), "unit",
                  f->unit, "value", f->estimate.mean);
    if (f->estimate.count > 1) {
        json_object_set_new(entry, "range",
                            json_sprintf("%.6g", (f->estimate.high - f->estimate.low) / 2.0));
    }
    json_array_append_new(action->list, entry);
}

/** Writes a document and frees it. */
static bool write_json(json_t *document, FILE *out) {
    char *text =
        document ? json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS)) : NULL;
    if (text) {
        fprintf(out, "%s\n", text);
    }
    json_decref(document);
    free(text);
    return text != NULL;
}

bool weir_export_action(const json_t *result, bool bigger, FILE *out) {
    struct action action = {json_array(), bigger ? WEIR_HIGHER_IS_BETTER : WEIR_LOWER_IS_BETTER};
    visit_each(result, false, add_action, &action);
    return write_json(action.list, out);
}

/* Bencher */

static void add_bencher(const struct figure *f, void *context) {
    json_t *top = context;
    json_t *benchmark = json_object_get(top, f->name.text);
    if (!benchmark) {
        benchmark = json_object();
        json_object_set_new(top, f->name.text, benchmark);
        benchmark = json_object_get(top, f->name.text);
    }
    json_t *measure = json_pack("{s:f}", "value", f->estimate.mean);
    if (f->estimate.count > 1) {
        json_object_set_new(measure, "lower_value", json_real(f->estimate.low));
        json_object_set_new(measure, "upper_value", json_real(f->estimate.high));
    }
    json_object_set_new(benchmark, f->metric, measure);
}

bool weir_export_bencher(const json_t *result, FILE *out) {
    json_t *top = json_object();
    if (top) {
        visit_each(result, false, add_bencher, top);
    }
    return write_json(top, out);
}

/* CSV */

/** A field as RFC 4180 has it. */
static void write_field(const char *text, FILE *out) {
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, out);
    }
    fputc('"', out);
}

struct csv {
    const json_t *result;
    FILE *out;
};

static void write_row(const struct figure *f, void *context) {
    const struct csv *csv = context;
    const char *const about[] = {text_of(csv->result, "suite"),
                                 text_of(csv->result, "version"),
                                 text_of(csv->result, "label"),
                                 f->name.text,
                                 f->metric,
                                 f->unit};
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
        write_field(about[i], csv->out);
        fputc(',', csv->out);
    }
    fprintf(csv->out, "%.*g", DIGITS, f->estimate.mean);
    if (f->estimate.count > 1) {
        fprintf(csv->out, ",%.*g,%.*g\n", DIGITS, f->estimate.low, DIGITS, f->estimate.high);
    } else {
        fputs(",,\n", csv->out);
    }
}

void weir_export_csv(const json_t *result, FILE *out) {
    struct csv csv = {result, out};
    fputs("suite,version,label,case,metric,unit,mean,low,high\n", out);
    visit_each(result, true, write_row, &csv);
}
