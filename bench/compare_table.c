#include <inttypes.h>
#include <string.h>

#include "compare_document.h"

struct row {
    const char *label;
    enum weir_metric metric;
};

/* What people look at first; the document has everything. */
static const struct row rows[] = {
    {"protected value of bound", WEIR_METRIC_protected_value_of_bound},
    {"protected, by impact", WEIR_METRIC_protected_impact_capture},
    {"protected, by notional", WEIR_METRIC_protected_notional_capture},
    {"protected, by count", WEIR_METRIC_protected_capture_rate},
    {"captured, by impact", WEIR_METRIC_impact_capture},
    {"captured, by notional", WEIR_METRIC_notional_capture},
    {"captured, by count", WEIR_METRIC_capture_rate},
    {"regret", WEIR_METRIC_regret},
    {"useful efficiency", WEIR_METRIC_useful_efficiency},
    {"limit errors per 1000 sent", WEIR_METRIC_limit_errors_per_1000_sent},
    {"answered 429", WEIR_METRIC_http_429},
    {"answered 418", WEIR_METRIC_http_418},
    {"chance of a ban", WEIR_METRIC_ban_probability},
    {"time banned", WEIR_METRIC_banned_s},
    {"provocations", WEIR_METRIC_provocations},
    {"time unprotected, p99", WEIR_METRIC_unprotected_p99_s},
    {"latency of captures, p99", WEIR_METRIC_latency_p99_ms},
    {"blind, longest", WEIR_METRIC_blind_max_s},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

/** A text table or Markdown. */
struct printer {
    FILE *out;
    bool markdown, color;
};

static void heading(const struct printer *p, const char *text) {
    fprintf(p->out,
            p->markdown ? "\n### %s\n\n"
            : p->color  ? "\n\033[1m%s\033[0m\n"
                        : "\n%s\n",
            text);
}

static void begin_row(const struct printer *p, const char *label, int width) {
    if (p->markdown) {
        fprintf(p->out, "| %s |", label);
    } else {
        fprintf(p->out, "%-*s", width, label);
    }
}

static void cell(const struct printer *p, const char *text, int width) {
    if (p->markdown) {
        fprintf(p->out, " %s |", text);
    } else {
        fprintf(p->out, " %*s", width, text);
    }
}

static void rule(const struct printer *p, size_t columns) {
    for (size_t i = 0; p->markdown && i <= columns; i++) {
        fputs(i == 0 ? "\n|---|" : "---:|", p->out);
    }
    fputc('\n', p->out);
}

static const char *unit_of(enum weir_kind kind) {
    switch (kind) {
    case WEIR_KIND_SHARE:
    case WEIR_KIND_EVENT:
        return " %";
    case WEIR_KIND_USD:
        return " USD";
    case WEIR_KIND_S:
        return " s";
    case WEIR_KIND_MS:
        return " ms";
    case WEIR_KIND_COUNT:
    case WEIR_KIND_RATE:
    case WEIR_KINDS:
        break;
    }
    return "";
}

static double scaled(double value, enum weir_kind kind) {
    return kind == WEIR_KIND_SHARE || kind == WEIR_KIND_EVENT ? 100.0 * value : value;
}

static int decimals_of(enum weir_kind kind) {
    return kind == WEIR_KIND_USD || kind == WEIR_KIND_MS ? 0 : 1;
}

/** "69.3 ±0.7 %": the wider half of the interval; an event's, which is lopsided, as it is. */
static void show(const struct weir_estimate *e, enum weir_kind kind, char *text, size_t size) {
    const int decimals = decimals_of(kind);
    const double below = e->mean - e->low;
    const double above = e->high - e->mean;
    if (e->count == 0) {
        snprintf(text, size, "-");
    } else if (!e->bounded) {
        snprintf(text, size, "%.*f%s", decimals, scaled(e->mean, kind), unit_of(kind));
    } else if (kind == WEIR_KIND_EVENT) {
        snprintf(text, size, "%.0f to %.0f %%", 100.0 * e->low, 100.0 * e->high);
    } else {
        snprintf(text, size, "%.*f ±%.*f%s", decimals, scaled(e->mean, kind), decimals,
                 scaled(above > below ? above : below, kind), unit_of(kind));
    }
}

/** "+12.3 [11.8, 12.9]" */
static void show_difference(const struct weir_estimate *e, enum weir_kind kind, char *text,
                            size_t size) {
    const int decimals = decimals_of(kind);
    if (!e->bounded) {
        snprintf(text, size, e->count ? "%+.*f" : "-", decimals, scaled(e->mean, kind));
    } else {
        snprintf(text, size, "%+.*f [%.*f, %.*f]", decimals, scaled(e->mean, kind), decimals,
                 scaled(e->low, kind), decimals, scaled(e->high, kind));
    }
}

static const char *name_of(const struct weir_compare *c, size_t policy) {
    return c->plan.policies[policy]->name;
}

static void print_metrics(const struct printer *p, const struct weir_compare *c, size_t t) {
    begin_row(p, "", 27);
    for (size_t i = 0; i < c->plan.policy_count; i++) {
        cell(p, name_of(c, i), 17);
    }
    rule(p, c->plan.policy_count);
    for (size_t r = 0; r < ROW_COUNT; r++) {
        begin_row(p, rows[r].label, 27);
        for (size_t i = 0; i < c->plan.policy_count; i++) {
            const struct weir_arm_result *result = weir_compare_result(c, t, i);
            char text[64] = "failed";
            if (!result->failed) {
                const struct weir_estimate e =
                    weir_estimate_of(result->runs, c->plan.replications, rows[r].metric);
                show(&e, weir_metric_kind(rows[r].metric), text, sizeof text);
            }
            /* a plus-minus sign is two bytes and one column */
            cell(p, text, strstr(text, "±") ? 18 : 17);
        }
        fputc('\n', p->out);
    }
}

static void print_pairs(const struct printer *p, const struct weir_compare *c, size_t t) {
    char head[96];
    snprintf(head, sizeof head, "points more than %s", name_of(c, c->plan.against));
    fputc('\n', p->out);
    begin_row(p, head, 27);
    cell(p, "by impact", 21);
    cell(p, "by notional", 21);
    cell(p, "by count", 21);
    cell(p, "verdict", 12);
    rule(p, WEIR_VALUES + 1);
    for (size_t i = 0; i < c->plan.policy_count; i++) {
        if (weir_compare_pair(c, t, i, weir_value_metrics[0])->difference.count == 0) {
            continue;
        }
        begin_row(p, name_of(c, i), 27);
        for (size_t v = 0; v < WEIR_VALUES; v++) {
            const struct weir_pair *pair = weir_compare_pair(c, t, i, weir_value_metrics[v]);
            char text[64];
            show_difference(&pair->difference, WEIR_KIND_SHARE, text, sizeof text);
            cell(p, text, 21);
        }
        cell(p, weir_verdict_name(weir_compare_verdict(c, t, i)), 12);
        fputc('\n', p->out);
    }
}

static void print_trace(const struct printer *p, const struct weir_compare *c, size_t t) {
    const struct weir_experiment_trace *trace = &c->experiment->traces[t];
    const struct weir_arm_result *first = weir_compare_result(c, t, 0);
    char text[384];
    snprintf(text, sizeof text, "%s: %s, %zu liquidations in %.0f s%s", trace->name,
             weir_class_name(first->class), trace->liquidations, trace->span_s,
             trace->bad_rows ? ", bad rows left out" : "");
    heading(p, text);
    print_metrics(p, c, t);
    if (c->plan.replications > 1) {
        print_pairs(p, c, t);
    }
}

/** Where a policy is better, worse and neither: "better on a, b; undecided on c". */
static void print_summary(const struct printer *p, const struct weir_compare *c) {
    static const enum weir_verdict order[] = {WEIR_VERDICT_BETTER, WEIR_VERDICT_WORSE,
                                              WEIR_VERDICT_EQUIVALENT, WEIR_VERDICT_UNDECIDED};
    for (size_t i = 0; i < c->plan.policy_count && c->plan.replications > 1; i++) {
        const char *between = " is ";
        if (i == c->plan.against) {
            continue;
        }
        fprintf(p->out, "%s%s against %s", p->markdown ? "- " : "", name_of(c, i),
                name_of(c, c->plan.against));
        for (size_t v = 0; v < sizeof order / sizeof order[0]; v++) {
            const char *lead = between;
            for (size_t t = 0; t < c->plan.source_count; t++) {
                if (weir_compare_verdict(c, t, i) == order[v]) {
                    fprintf(p->out, "%s%s%s", lead,
                            lead == between ? weir_verdict_name(order[v]) : "",
                            lead == between ? " on " : "");
                    fputs(c->experiment->traces[t].name, p->out);
                    lead = ", ";
                    between = "; ";
                }
            }
        }
        fputs(".\n", p->out);
    }
}

static void print_across(const struct printer *p, const struct weir_compare *c) {
    if (c->across_count == 0) {
        return;
    }
    heading(p, "Over the binding traces, each one observation, in points");
    begin_row(p, "", 27);
    cell(p, "metric", 28);
    cell(p, "difference", 21);
    cell(p, "traces", 7);
    rule(p, 3);
    for (size_t i = 0; i < c->across_count; i++) {
        const struct weir_across *a = &c->across[i];
        char text[64];
        begin_row(p, name_of(c, a->policy), 27);
        cell(p, weir_metric_name(a->metric), 28);
        show_difference(&a->difference, WEIR_KIND_SHARE, text, sizeof text);
        cell(p, text, 21);
        snprintf(text, sizeof text, "%zu", a->traces);
        cell(p, text, 7);
        fputc('\n', p->out);
    }
}

static void print_claims(const struct printer *p, const struct weir_compare *c) {
    if (weir_claims_count(c->claims) == 0) {
        return;
    }
    heading(p, "Claims against current, under 3 rule sets and with 1, 8, 32 connections");
    begin_row(p, "claim", 34);
    cell(p, "policy", 6);
    cell(p, "variant", 10);
    cell(p, "outcome", 18);
    cell(p, "held", 9);
    cell(p, "depends on", 0);
    rule(p, 5);
    for (size_t i = 0; i < weir_claims_count(c->claims); i++) {
        const struct weir_claim *claim = weir_claims_at(c->claims, i);
        char held[32];
        snprintf(held, sizeof held, "%zu of %zu", claim->held, claim->counted);
        begin_row(p, weir_claim_name(claim->kind), 34);
        cell(p, claim->policy, 6);
        cell(p, claim->shipped ? "as shipped" : "same", 10);
        cell(p, weir_claim_outcome_name(claim->outcome), 18);
        cell(p, held, 9);
        cell(p, claim->depends_on, 0);
        fputc('\n', p->out);
    }
}

/** One trace of the ablation: mechanisms down, worlds across, in points of the primary metric. */
static void print_ablation_trace(const struct printer *p, const struct weir_compare *c, size_t t) {
    const struct weir_ablation *a = c->ablation;
    char text[256];
    snprintf(text, sizeof text,
             "What each mechanism of weir is worth on %s, in points of protected value of bound",
             c->experiment->traces[t].name);
    heading(p, text);
    begin_row(p, "", 20);
    for (size_t w = 0; w < a->world_count; w++) {
        cell(p, weir_ablation_world(w)->name, 31);
    }
    rule(p, a->world_count);
    for (size_t m = 0; m < a->mechanism_count; m++) {
        begin_row(p, weir_mechanism_at(m)->name, 20);
        for (size_t w = 0; w < a->world_count; w++) {
            const struct weir_ablation_row *row =
                &a->rows[(t * a->world_count + w) * a->mechanism_count + m];
            if (row->failed || row->idle) {
                snprintf(text, sizeof text, "%s", row->failed ? "failed" : "0 (idle)");
            } else {
                show_difference(&row->pairs[0].difference, WEIR_KIND_SHARE, text, sizeof text);
            }
            cell(p, text, 31);
        }
        fputc('\n', p->out);
    }
}

static void print_sensitivity_trace(const struct printer *p, const struct weir_compare *c,
                                    size_t t) {
    const struct weir_sensitivity *s = c->sensitivity;
    char text[256];
    if (s->leaders[t] == SIZE_MAX) {
        return;
    }
    snprintf(text, sizeof text,
             "What would turn the result round on %s: lead of %s over the best other",
             c->experiment->traces[t].name, name_of(c, s->leaders[t]));
    heading(p, text);
    begin_row(p, "world", 27);
    cell(p, "best other", 15);
    cell(p, "lead, points of bound", 22);
    cell(p, "verdict", 12);
    rule(p, 3);
    for (size_t w = 0; weir_sensitivity_world(w); w++) {
        const struct weir_sensitivity_row *row =
            &s->rows[t * (s->row_count / c->plan.source_count) + w];
        begin_row(p, weir_sensitivity_world(w)->name, 27);
        if (row->failed) {
            cell(p, "failed", 15);
        } else {
            cell(p, name_of(c, row->rival), 15);
            show_difference(&row->lead.difference, WEIR_KIND_SHARE, text, sizeof text);
            cell(p, text, 22);
            cell(p, weir_verdict_name(row->lead.verdict), 12);
        }
        fputc('\n', p->out);
    }
}

static void print_csv_pair(const char *trace, const char *policy, const char *against,
                           const struct weir_pair *pair, FILE *out) {
    fprintf(out, "difference,%s,%s,%s,%s,%.12g,", trace, policy, against,
            weir_metric_name(pair->metric), pair->difference.mean);
    if (pair->difference.bounded) {
        fprintf(out, "%.12g,%.12g", pair->difference.low, pair->difference.high);
    } else {
        fputc(',', out);
    }
    fprintf(out, ",%s\n",
            pair->verdict == WEIR_VERDICT_NONE ? "" : weir_verdict_name(pair->verdict));
}

static void print_csv_metric(const char *trace, const char *policy, enum weir_metric metric,
                             const struct weir_estimate *e, FILE *out) {
    fprintf(out, "metric,%s,%s,,%s,%.12g,", trace, policy, weir_metric_name(metric), e->mean);
    if (e->bounded) {
        fprintf(out, "%.12g,%.12g,\n", e->low, e->high);
    } else {
        fputs(",,\n", out);
    }
}

static void print_csv(const struct weir_compare *c, FILE *out) {
    fputs("what,trace,policy,against,metric,mean,low,high,verdict\n", out);
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        const size_t t = i / c->plan.policy_count;
        const size_t p = i % c->plan.policy_count;
        const struct weir_arm_result *result = weir_compare_result(c, t, p);
        const char *trace = c->experiment->traces[t].name;
        if (result->failed) {
            fprintf(out, "failed,%s,%s,,,,,,\n", trace, name_of(c, p));
            continue;
        }
        for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
            const struct weir_estimate e =
                weir_estimate_of(result->runs, c->plan.replications, (enum weir_metric)m);
            const struct weir_pair *pair = weir_compare_pair(c, t, p, (enum weir_metric)m);
            if (e.count > 0) {
                print_csv_metric(trace, name_of(c, p), (enum weir_metric)m, &e, out);
            }
            if (pair->difference.count > 0) {
                print_csv_pair(trace, name_of(c, p), name_of(c, c->plan.against), pair, out);
            }
        }
    }
}

static void print_by_class(const struct printer *p, const struct weir_compare *c) {
    static const enum weir_class order[] = {WEIR_CLASS_BINDING, WEIR_CLASS_TIGHT, WEIR_CLASS_SLACK};
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (size_t t = 0; t < c->plan.source_count; t++) {
            if (weir_compare_result(c, t, 0)->class == order[k]) {
                print_trace(p, c, t);
            }
        }
    }
}

void weir_compare_table(const struct weir_compare *compare, enum weir_table_form form, bool color,
                        FILE *out) {
    const struct printer p = {out, form == WEIR_TABLE_MARKDOWN, color};
    if (form == WEIR_TABLE_CSV) {
        print_csv(compare, out);
        return;
    }
    print_summary(&p, compare);
    print_by_class(&p, compare);
    print_across(&p, compare);
    print_claims(&p, compare);
    for (size_t t = 0; t < compare->plan.source_count; t++) {
        if (compare->ablation) {
            print_ablation_trace(&p, compare, t);
        }
        if (compare->sensitivity) {
            print_sensitivity_trace(&p, compare, t);
        }
    }
    fprintf(out,
            "\nmeans over %" PRIu32 " replications, seed %" PRIu64
            ", rules %s; ± is the wider half of the 95 %% interval, left out where these "
            "replications cannot give one; a verdict needs all three "
            "values and p < 0.05 after Holm\n",
            compare->plan.replications, compare->plan.seed,
            compare->arms.items[compare->policy_arms[0]].scenario.exchange.rules_name);
}
