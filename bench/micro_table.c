#include "micro_table.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "micro.h"
#include "policy_speed.h"
#include "trace_bench.h"

static bool fail(struct weir_replay_error *error, const char *what, const char *why) {
    error->status = WEIR_REPLAY_FAILED;
    snprintf(error->text, sizeof error->text, "%s: %s", what, why);
    return false;
}

bool weir_micro_wants(const struct weir_micro_plan *plan, const char *name) {
    return !plan->only || strncmp(name, plan->only, strlen(plan->only)) == 0;
}

bool weir_micro_add(struct weir_micro_rows *rows, const char *name, const char *what,
                    struct weir_cost_of_work cost) {
    if (rows->count == rows->capacity) {
        const size_t capacity = rows->capacity ? 2 * rows->capacity : 64;
        struct weir_micro_row *items = realloc(rows->items, capacity * sizeof *items);
        if (!items) {
            return false;
        }
        rows->items = items;
        rows->capacity = capacity;
    }
    struct weir_micro_row *row = &rows->items[rows->count++];
    *row = (struct weir_micro_row){.what = what, .cost = cost};
    snprintf(row->name, sizeof row->name, "%s", name);
    return true;
}

void weir_micro_free(struct weir_micro_rows *rows) {
    free(rows->items);
    *rows = (struct weir_micro_rows){0};
}

/** Every kind of call, as policy weir answers it. */
static bool measure_calls(const struct weir_micro_plan *plan, const struct weir_policy *policy,
                          struct weir_micro_rows *rows, struct weir_replay_error *error) {
    const struct weir_micro_case *shown = NULL;
    for (size_t i = 0; (shown = weir_micro_at(i)); i++) {
        char name[64];
        struct weir_cost_of_work cost;
        snprintf(name, sizeof name, "%.30s-%.30s", policy->name, shown->name);
        if (!weir_micro_wants(plan, name)) {
            continue;
        }
        if (!weir_micro_measure(i, policy, plan->smoke ? 1 : plan->rounds, &cost)) {
            return fail(error, name, "the policy does not answer as this operation expects");
        }
        if (!weir_micro_add(rows, name, shown->what, cost)) {
            return fail(error, name, "out of memory");
        }
    }
    return true;
}

/** A submit and its settlement by one policy, with headers to read. */
static bool measure_decision(const struct weir_micro_plan *plan, const struct weir_policy *policy,
                             struct weir_micro_rows *rows, struct weir_replay_error *error) {
    char name[64];
    struct weir_error why = {.text = ""};
    struct weir_cost_of_work least = {0.0, -1.0};
    struct weir_stopwatch watch = weir_stopwatch_open();
    const uint32_t decisions = plan->smoke ? 100 : 20000;
    bool ok = true;
    snprintf(name, sizeof name, "decide-%.50s", policy->name);
    for (unsigned round = 0; ok && round < (plan->smoke ? 1 : plan->rounds); round++) {
        weir_stopwatch_start(&watch);
        ok = weir_policy_speed(policy, decisions, &why) > 0.0;
        const struct weir_cost_of_work took = weir_stopwatch_read(&watch);
        least = round == 0 || took.ns < least.ns ? took : least;
    }
    weir_stopwatch_close(&watch);
    if (!ok) {
        return fail(error, name, why.text);
    }
    least.ns /= decisions;
    least.instructions = least.instructions < 0.0 ? -1.0 : least.instructions / decisions;
    return weir_micro_add(rows, name, "submit, send and settle with the exchange's headers",
                          least) ||
           fail(error, name, "out of memory");
}

static bool measure_policies(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                             struct weir_replay_error *error) {
    const struct weir_policy *policy = NULL;
    bool ok = true;
    for (size_t i = 0; ok && !plan->policy && (policy = weir_policy_at(i)); i++) {
        char name[64];
        snprintf(name, sizeof name, "decide-%.50s", policy->name);
        ok = !weir_micro_wants(plan, name) || measure_decision(plan, policy, rows, error);
    }
    if (plan->policy) {
        return measure_decision(plan, plan->policy, rows, error);
    }
    return ok && measure_calls(plan, weir_policy_find("weir"), rows, error);
}

static bool measure_readers(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                            struct weir_replay_error *error) {
    static const char *const names[WEIR_TRACE_COSTS][2] = {{"read-binary", "read-binary-base"},
                                                           {"read-csv", "read-csv-base"},
                                                           {"read-json", "read-json-base"}};
    struct weir_trace_cost costs[WEIR_TRACE_COSTS];
    struct weir_trace_error why = {.text = ""};
    if (!weir_micro_wants(plan, "read") && (!plan->only || strncmp(plan->only, "read", 4) != 0)) {
        return true;
    }
    if (!weir_trace_bench(plan->smoke ? 1000 : 1000000, costs, &why)) {
        return fail(error, "read", why.text);
    }
    bool ok = true;
    for (size_t i = 0; ok && i < WEIR_TRACE_COSTS; i++) {
        const struct weir_cost_of_work row = {costs[i].row_ns, -1.0};
        const struct weir_cost_of_work base = {costs[i].base_ns, -1.0};
        ok = (!weir_micro_wants(plan, names[i][0]) ||
              weir_micro_add(rows, names[i][0], costs[i].form, row)) &&
             (!weir_micro_wants(plan, names[i][1]) ||
              weir_micro_add(rows, names[i][1], costs[i].base, base));
    }
    return ok || fail(error, "read", "out of memory");
}

bool weir_micro_run(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                    struct weir_replay_error *error) {
    const bool rest = !plan->policy;
    const bool ok =
        measure_policies(plan, rows, error) &&
        (!rest || (weir_micro_simulator(plan, rows, error) &&
                   weir_micro_replays(plan, rows, error) && measure_readers(plan, rows, error)));
    if (ok && rows->count == 0) {
        error->status = WEIR_REPLAY_WRONG_USE;
        snprintf(error->text, sizeof error->text,
                 "--only '%.60s': no operation begins so; without it all are shown", plan->only);
        return false;
    }
    return ok;
}

static bool print_document(const struct weir_micro_rows *rows, FILE *out) {
    json_t *list = json_array();
    for (size_t i = 0; i < rows->count; i++) {
        const struct weir_micro_row *row = &rows->items[i];
        json_t *entry =
            json_pack("{s:s, s:s, s:f}", "name", row->name, "what", row->what, "ns", row->cost.ns);
        if (row->cost.instructions >= 0.0) {
            json_object_set_new(entry, "instructions", json_real(row->cost.instructions));
        }
        json_array_append_new(list, entry);
    }
    json_t *top = json_pack("{s:s, s:s, s:o}", "schema", "weir.micro/1", "version", WEIR_VERSION,
                            "operations", list);
    char *text = top ? json_dumps(top, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : NULL;
    if (text) {
        fprintf(out, "%s\n", text);
    }
    json_decref(top);
    free(text);
    return text != NULL;
}

bool weir_micro_print(const struct weir_micro_rows *rows, bool json, FILE *out) {
    if (json) {
        return print_document(rows, out);
    }
    fprintf(out, "%-24s %10s %13s  %s\n", "operation", "ns", "instructions", "what");
    for (size_t i = 0; i < rows->count; i++) {
        const struct weir_micro_row *row = &rows->items[i];
        fprintf(out, "%-24s %10.1f ", row->name, row->cost.ns);
        if (row->cost.instructions >= 0.0) {
            fprintf(out, "%13.1f", row->cost.instructions);
        } else {
            fprintf(out, "%13s", "not counted");
        }
        fprintf(out, "  %s\n", row->what);
    }
    return true;
}
