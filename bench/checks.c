#include "checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_result.h"
#include "gate_expression.h"
#include "metrics.h"
#include "timing.h"

bool weir_checks_add(struct weir_checks *checks, const char *kind, char *name,
                     enum weir_check_status status, char *text) {
    if (checks->count == checks->capacity) {
        const size_t capacity = checks->capacity ? 2 * checks->capacity : 32;
        struct weir_check *items = realloc(checks->items, capacity * sizeof *items);
        if (items) {
            checks->items = items;
            checks->capacity = capacity;
        }
    }
    if (!name || !text || checks->count == checks->capacity) {
        free(name);
        free(text);
        return false;
    }
    checks->items[checks->count++] = (struct weir_check){kind, name, status, text};
    return true;
}

void weir_checks_free(struct weir_checks *checks) {
    for (size_t i = 0; i < checks->count; i++) {
        free(checks->items[i].name);
        free(checks->items[i].text);
    }
    free(checks->items);
    *checks = (struct weir_checks){0};
}

size_t weir_checks_broken(const struct weir_checks *checks) {
    size_t broken = 0;
    for (size_t i = 0; i < checks->count; i++) {
        broken += checks->items[i].status >= WEIR_CHECK_BROKEN;
    }
    return broken;
}

const char *weir_check_status_name(enum weir_check_status status) {
    static const char *const names[] = {"passed", "advice", "BROKEN", "CRASHED"};
    return names[status];
}

/** A text of lines, each behind two blanks. */
static void print_lines(const char *text, FILE *out) {
    while (*text) {
        const size_t length = strcspn(text, "\n");
        fprintf(out, "    %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void weir_checks_print(const struct weir_checks *checks, FILE *out) {
    size_t advice = 0;
    for (size_t i = 0; i < checks->count; i++) {
        const struct weir_check *c = &checks->items[i];
        advice += c->status == WEIR_CHECK_ADVICE;
        if (c->status != WEIR_CHECK_PASSED) {
            fprintf(out, "%-7s %s: %s\n", weir_check_status_name(c->status), c->kind, c->name);
            print_lines(c->text, out);
        }
    }
    fprintf(out, "%zu checks: %zu broken, %zu advice\n", checks->count, weir_checks_broken(checks),
            advice);
}

/* gates */

static bool is_metric(const char *name) {
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        if (strcmp(weir_metric_name((enum weir_metric)m), name) == 0) {
            return true;
        }
    }
    return false;
}

static bool concerns(const struct weir_gate *gate, const json_t *entry) {
    return strcmp(weir_case_text(entry, "policy"), gate->policy) == 0 &&
           (!gate->trace[0] || strcmp(weir_case_trace(entry, "name"), gate->trace) == 0) &&
           (!gate->scenario[0] || strcmp(weir_case_text(entry, "scenario"), gate->scenario) == 0);
}

/** One case under a gate: a line into `text` if it breaks it. */
static bool try_case(const struct weir_gate *gate, const char *expression, const json_t *entry,
                     bool *broken, FILE *text, struct weir_replay_error *error) {
    const struct weir_case_name name = weir_case_name(entry);
    if (weir_case_text(entry, "failure")) {
        *broken = true;
        fprintf(text, "%s: the policy broke, so nothing was measured\n", name.text);
        return true;
    }
    const struct weir_estimate e = weir_case_metric(entry, gate->metric);
    if (e.count == 0) {
        error->status = WEIR_REPLAY_BAD_INPUT;
        snprintf(error->text, sizeof error->text, "gate '%s': %s was not measured in %s",
                 expression, gate->metric, name.text);
        return false;
    }
    if (!weir_gate_holds(gate, e.mean)) {
        *broken = true;
        fprintf(text, "%s: %s is %.6g", name.text, gate->metric, e.mean);
        if (e.count > 1) {
            fprintf(text, " [%.6g, %.6g]", e.low, e.high);
        }
        fputc('\n', text);
    }
    return true;
}

static bool try_cases(const struct weir_gate *gate, const char *expression, const json_t *result,
                      bool *broken, FILE *text, struct weir_replay_error *error) {
    size_t found = 0;
    size_t i = 0;
    const json_t *entry = NULL;
    if (!is_metric(gate->metric)) {
        error->status = WEIR_REPLAY_BAD_INPUT;
        snprintf(error->text, sizeof error->text,
                 "gate '%s': there is no metric '%s'; docs/method.md lists them", expression,
                 gate->metric);
        return false;
    }
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        if (concerns(gate, entry)) {
            found++;
            if (!try_case(gate, expression, entry, broken, text, error)) {
                return false;
            }
        }
    }
    if (found == 0) {
        error->status = WEIR_REPLAY_BAD_INPUT;
        snprintf(error->text, sizeof error->text, "gate '%s': the result has no case of %s%s%s%s%s",
                 expression, gate->policy, gate->trace[0] ? " on " : "", gate->trace,
                 gate->scenario[0] ? " under " : "", gate->scenario);
    }
    return found > 0;
}

static void write_rounds(const struct weir_estimate *rounds, size_t count, FILE *text) {
    for (size_t r = 0; r < count; r++) {
        fprintf(text,
                "round %zu: %.4f times the processor time, 95 %% interval [%.4f, %.4f], "
                "%zu pairs\n",
                r + 1, rounds[r].mean, rounds[r].low, rounds[r].high, rounds[r].count);
    }
}

static bool try_ratio(const struct weir_gate *gate, const char *expression, const json_t *result,
                      enum weir_check_status *status, FILE *text, struct weir_replay_error *error) {
    struct weir_estimate rounds[2];
    const size_t count = weir_bench_rounds(result, gate->metric, rounds);
    if (count == 0) {
        error->status = WEIR_REPLAY_BAD_INPUT;
        snprintf(error->text, sizeof error->text,
                 "gate '%s': %s was not measured; weir bench run --versus PATH measures it, "
                 "--no-time leaves it out",
                 expression, gate->metric);
        return false;
    }
    const enum weir_timing_verdict verdict = weir_timing_judge(rounds, count, gate->limit);
    if (verdict == WEIR_TIMING_REGRESSED) {
        *status = WEIR_CHECK_BROKEN;
    } else if (verdict == WEIR_TIMING_ADVICE) {
        *status = WEIR_CHECK_ADVICE;
    }
    fprintf(text, "%s\n", weir_timing_verdict_name(verdict));
    write_rounds(rounds, count, text);
    return true;
}

static bool check_gate(const json_t *result, const char *expression, bool time,
                       struct weir_checks *checks, struct weir_replay_error *error) {
    struct weir_gate gate;
    char why[256];
    if (!weir_gate_parse(expression, &gate, why, sizeof why)) {
        return weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT, "%s", why);
    }
    if (gate.is_ratio && !time) {
        return true;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    enum weir_check_status status = WEIR_CHECK_PASSED;
    bool broken = false;
    const bool ok = gate.is_ratio ? try_ratio(&gate, expression, result, &status, stream, error)
                                  : try_cases(&gate, expression, result, &broken, stream, error);
    fclose(stream);
    if (!ok) {
        free(text);
        return false;
    }
    status = broken ? WEIR_CHECK_BROKEN : status;
    return weir_checks_add(checks, gate.is_ratio ? "time" : "gate", strdup(expression), status,
                           text) ||
           weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
}

static bool is_gated(const json_t *result, const char *ratio) {
    size_t i = 0;
    const json_t *expression = NULL;
    json_array_foreach(json_object_get(result, "gates"), i, expression) {
        struct weir_gate gate;
        char why[256];
        if (weir_gate_parse(json_string_value(expression), &gate, why, sizeof why) &&
            gate.is_ratio && strcmp(gate.metric, ratio) == 0) {
            return true;
        }
    }
    return false;
}

/** Ratios without a gate only advise. */
static bool check_free_ratios(const json_t *result, struct weir_checks *checks) {
    json_t *ratios = json_object_get(json_object_get(result, "time"), "ratios");
    const char *name = NULL;
    json_t *unused = NULL;
    json_object_foreach(ratios, name, unused) {
        struct weir_estimate rounds[2];
        const size_t count = weir_bench_rounds(result, name, rounds);
        char *text = NULL;
        size_t size = 0;
        FILE *stream = is_gated(result, name) ? NULL : open_memstream(&text, &size);
        if (stream) {
            const bool slower = weir_timing_judge(rounds, count, 1.0) == WEIR_TIMING_REGRESSED;
            write_rounds(rounds, count, stream);
            fclose(stream);
            if (!weir_checks_add(checks, "time", strdup(name),
                                 slower ? WEIR_CHECK_ADVICE : WEIR_CHECK_PASSED, text)) {
                return false;
            }
        }
    }
    return true;
}

static bool check_failures(const json_t *result, struct weir_checks *checks) {
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        const char *failure = weir_case_text(entry, "failure");
        if (failure && !weir_checks_add(checks, "policy", strdup(weir_case_name(entry).text),
                                        WEIR_CHECK_CRASHED, strdup(failure))) {
            return false;
        }
    }
    return true;
}

bool weir_checks_make(const json_t *result, const json_t *accepted, bool time,
                      struct weir_checks *checks, struct weir_replay_error *error) {
    size_t i = 0;
    const json_t *expression = NULL;
    if (!check_failures(result, checks)) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    json_array_foreach(json_object_get(result, "gates"), i, expression) {
        if (!check_gate(result, json_string_value(expression), time, checks, error)) {
            return false;
        }
    }
    return (check_free_ratios(result, checks) &&
            (!accepted || weir_baseline_check(result, accepted, checks))) ||
           weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
}
