#include <inttypes.h>
#include <string.h>

#include "diagnosis.h"
#include "replay_document.h"

/** How a figure is shown to people. */
enum unit {
    UNIT_COUNT,
    UNIT_SHARE,
    UNIT_USD,
    UNIT_MS,
    UNIT_S,
    UNIT_RATE
};

struct row {
    const char *label;
    enum weir_metric metric;
    enum unit unit;
};

/* What people look at first; the documents have everything. */
static const struct row rows[] = {
    {"opportunities", WEIR_METRIC_opportunities, UNIT_COUNT},
    {"captures", WEIR_METRIC_captures, UNIT_COUNT},
    {"  by count", WEIR_METRIC_capture_rate, UNIT_SHARE},
    {"  by impact", WEIR_METRIC_impact_capture, UNIT_SHARE},
    {"  by notional", WEIR_METRIC_notional_capture, UNIT_SHARE},
    {"protected captures", WEIR_METRIC_protected_captures, UNIT_COUNT},
    {"  by impact", WEIR_METRIC_protected_impact_capture, UNIT_SHARE},
    {"value of bound", WEIR_METRIC_value_of_bound, UNIT_SHARE},
    {"  protected (upper bound)", WEIR_METRIC_protected_value_of_bound, UNIT_SHARE},
    {"displaced weight", WEIR_METRIC_displaced_weight, UNIT_COUNT},
    {"late", WEIR_METRIC_state_late, UNIT_COUNT},
    {"refused", WEIR_METRIC_state_refused, UNIT_COUNT},
    {"expired", WEIR_METRIC_state_expired, UNIT_COUNT},
    {"rejected", WEIR_METRIC_state_rejected, UNIT_COUNT},
    {"lost", WEIR_METRIC_state_lost, UNIT_COUNT},
    {"requests sent", WEIR_METRIC_requests_sent, UNIT_COUNT},
    {"answered 429", WEIR_METRIC_http_429, UNIT_COUNT},
    {"answered 418", WEIR_METRIC_http_418, UNIT_COUNT},
    {"limit errors per 1000 sent", WEIR_METRIC_limit_errors_per_1000_sent, UNIT_RATE},
    {"provocations", WEIR_METRIC_provocations, UNIT_COUNT},
    {"time banned", WEIR_METRIC_banned_s, UNIT_S},
    {"useful efficiency", WEIR_METRIC_useful_efficiency, UNIT_SHARE},
    {"unprotected stakes, most", WEIR_METRIC_unprotected_usd_max, UNIT_USD},
    {"time unprotected, p99", WEIR_METRIC_unprotected_p99_s, UNIT_S},
    {"latency of captures, p50", WEIR_METRIC_latency_p50_ms, UNIT_MS},
    {"latency of captures, p99", WEIR_METRIC_latency_p99_ms, UNIT_MS},
    {"blind, longest", WEIR_METRIC_blind_max_s, UNIT_S},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

/** What a row says; a bound that is not exact is called an upper one. */
static const char *label(const struct weir_replay *replay, const struct row *row) {
    return row->metric == WEIR_METRIC_value_of_bound && replay->stage->bound->why
               ? "value of upper bound"
               : row->label;
}

static void show(const struct weir_estimate *e, enum unit unit, bool whole, char *text,
                 size_t size) {
    if (e->count == 0) {
        snprintf(text, size, "-");
        return;
    }
    switch (unit) {
    case UNIT_SHARE:
        snprintf(text, size, "%.1f %%", 100.0 * e->mean);
        break;
    case UNIT_USD:
        snprintf(text, size, "%.0f USD", e->mean);
        break;
    case UNIT_MS:
        snprintf(text, size, "%.0f ms", e->mean);
        break;
    case UNIT_S:
        snprintf(text, size, "%.1f s", e->mean);
        break;
    case UNIT_RATE:
        snprintf(text, size, "%.2f", e->mean);
        break;
    case UNIT_COUNT:
        snprintf(text, size, whole ? "%.0f" : "%.1f", e->mean);
        break;
    }
}

static void show_cell(const struct weir_replay *replay, size_t policy, const struct row *row,
                      char *text, size_t size) {
    const struct weir_replay_policy *result = &replay->policies[policy];
    if (result->failed) {
        snprintf(text, size, "failed");
    } else {
        show(&result->summary.metrics[row->metric], row->unit, replay->plan.replications == 1, text,
             size);
    }
}

/** One policy: its whole diagnosis. Several: the first sentence of each, and what was drawn once.
 */
static void print_diagnosis(const struct weir_replay *replay, const char *lead, FILE *out) {
    struct weir_diagnosis d;
    char origin[WEIR_SENTENCE_MAX];
    const size_t policies = replay->plan.policy_count;
    for (size_t p = 0; p < policies; p++) {
        if (replay->policies[p].failed) {
            fprintf(out, "%sFailed: %s\n", lead, replay->policies[p].failure);
            continue;
        }
        weir_diagnose(replay, &replay->policies[p], &d);
        for (size_t i = 0; i < (policies == 1 ? d.count : 1); i++) {
            fprintf(out, "%s%s\n", lead, d.sentences[i]);
        }
    }
    if (policies > 1) {
        fprintf(out, "%s%s\n", lead, weir_say_origin(replay, origin, sizeof origin));
        fprintf(out, "%sOne --policy alone also says where the time went and what to change.\n",
                lead);
    }
    fputc('\n', out);
}

static void print_text(const struct weir_replay *replay, bool color, FILE *out) {
    const struct weir_replay_plan *plan = &replay->plan;
    fprintf(out, "%s%-28s", color ? "\033[1m" : "", "");
    for (size_t p = 0; p < plan->policy_count; p++) {
        fprintf(out, " %14s", replay->policies[p].policy->name);
    }
    fputs(color ? "\033[0m\n" : "\n", out);
    for (size_t r = 0; r < ROW_COUNT; r++) {
        fprintf(out, "%-28s", label(replay, &rows[r]));
        for (size_t p = 0; p < plan->policy_count; p++) {
            char text[40];
            show_cell(replay, p, &rows[r], text, sizeof text);
            fprintf(out, " %14s", text);
        }
        fputc('\n', out);
    }
}

static void print_markdown(const struct weir_replay *replay, FILE *out) {
    const struct weir_replay_plan *plan = &replay->plan;
    fputs("| |", out);
    for (size_t p = 0; p < plan->policy_count; p++) {
        fprintf(out, " %s |", replay->policies[p].policy->name);
    }
    fputs("\n|---|", out);
    for (size_t p = 0; p < plan->policy_count; p++) {
        fputs("---:|", out);
    }
    fputc('\n', out);
    for (size_t r = 0; r < ROW_COUNT; r++) {
        const char *text_of_row = label(replay, &rows[r]);
        const bool inner = text_of_row[0] == ' ';
        fprintf(out, "| %s%s |", inner ? "… " : "", text_of_row + (inner ? 2 : 0));
        for (size_t p = 0; p < plan->policy_count; p++) {
            char text[40];
            show_cell(replay, p, &rows[r], text, sizeof text);
            fprintf(out, " %s |", text);
        }
        fputc('\n', out);
    }
}

static void print_csv(const struct weir_replay *replay, FILE *out) {
    fputs("policy,metric,mean,low,high\n", out);
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        if (replay->policies[p].failed) {
            fprintf(out, "%s,failed,1,,\n", replay->policies[p].policy->name);
            continue;
        }
        for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
            const struct weir_estimate *e = &replay->policies[p].summary.metrics[m];
            if (e->count == 0) {
                continue;
            }
            fprintf(out, "%s,%s,%.12g,", replay->policies[p].policy->name,
                    weir_metric_name((enum weir_metric)m), e->mean);
            if (e->bounded) {
                fprintf(out, "%.12g,%.12g\n", e->low, e->high);
            } else {
                fputs(",\n", out);
            }
        }
    }
}

static void print_origin(const struct weir_replay *replay, FILE *out) {
    const struct weir_replay_plan *plan = &replay->plan;
    const struct weir_trace *t = replay->trace;
    fprintf(out,
            "\n%s: %zu liquidations in %.0f s, %s; seed %" PRIu64 ", %" PRIu32
            " replication%s; rules %s\n",
            t->name, t->row_count,
            (double)(t->rows[t->row_count - 1].time_ns - t->rows[0].time_ns) / 1e9,
            weir_class_name(replay->stage->class), plan->seed, plan->replications,
            plan->replications == 1 ? "" : "s", plan->scenario.exchange.rules_name);
    if (t->bad_rows) {
        fprintf(out, "bad rows left out: %zu\n", t->bad_rows);
    }
    if (t->gap_count) {
        fprintf(out, "gaps that the recording tells of: %zu, %.3f s in all\n", t->gap_count,
                t->gaps_s);
    }
    for (size_t p = 0; p < plan->policy_count; p++) {
        if (replay->policies[p].failed || replay->live) { /* no two live runs are the same */
            continue;
        }
        fprintf(out, "digest of %s: %016" PRIx64 "\n", replay->policies[p].policy->name,
                replay->policies[p].digest);
    }
}

void weir_replay_table(const struct weir_replay *replay, enum weir_table_form form, bool color,
                       FILE *out) {
    if (form == WEIR_TABLE_CSV) {
        print_csv(replay, out);
        return;
    }
    print_diagnosis(replay, form == WEIR_TABLE_MARKDOWN ? "- " : "", out);
    if (form == WEIR_TABLE_MARKDOWN) {
        print_markdown(replay, out);
    } else {
        print_text(replay, color, out);
    }
    print_origin(replay, out);
}
