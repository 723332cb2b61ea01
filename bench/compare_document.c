#include "compare_document.h"

#include <inttypes.h>
#include <string.h>

#include "read_document.h"
#include "scenario_document.h"
#include "summary_document.h"

#define PRECISION 12

static json_t *policy_metrics(const struct weir_compare *c, const struct weir_arm_result *result) {
    json_t *object = json_object();
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        const struct weir_estimate e =
            weir_estimate_of(result->runs, c->plan.replications, (enum weir_metric)m);
        if (e.count > 0) {
            json_object_set_new(object, weir_metric_name((enum weir_metric)m),
                                weir_estimate_document(&e));
        }
    }
    return object;
}

static json_t *policy(const struct weir_compare *c, size_t trace, size_t p) {
    const struct weir_arm_result *result = weir_compare_result(c, trace, p);
    const char *spec = c->plan.specs[p];
    const char *name = c->plan.policies[p]->name;
    json_t *object = json_pack("{s:s, s:s}", "policy", name, "policy_spec", spec ? spec : name);
    if (result->failed) {
        json_object_set_new(object, "failed", json_string(result->failure));
        return object;
    }
    struct weir_summary summary;
    weir_summarise(result->runs, c->plan.replications, &summary);
    json_object_set_new(object, "metrics", policy_metrics(c, result));
    json_object_set_new(object, "bound_by", weir_bound_by_document(&summary));
    json_object_set_new(object, "capture_curve", weir_curve_document(&summary));
    json_object_set_new(
        object, "digest",
        weir_digest_document(weir_experiment_digest(c->experiment, trace, c->policy_arms[p])));
    return object;
}

/** What both kinds of pairs have in common: difference, ratio, chances, verdict. */
static void add_pair(json_t *object, const struct weir_pair *pair) {
    json_object_set_new(object, "metric", json_string(weir_metric_name(pair->metric)));
    json_object_set_new(object, "difference", weir_estimate_document(&pair->difference));
    if (pair->ratio.count > 0) {
        json_object_set_new(object, "ratio", weir_estimate_document(&pair->ratio));
    }
    if (pair->missing > 0) {
        json_object_set_new(object, "missing", json_integer((json_int_t)pair->missing));
    }
    if (pair->statistic != WEIR_STATISTIC_NONE) {
        json_object_set_new(object, "statistic", json_string(weir_statistic_name(pair->statistic)));
        json_object_set_new(object, "p", json_real(pair->p));
        json_object_set_new(object, "p_holm", json_real(pair->p_holm));
    }
    if (pair->verdict != WEIR_VERDICT_NONE) {
        json_object_set_new(object, "verdict", json_string(weir_verdict_name(pair->verdict)));
    }
}

static json_t *pairs(const struct weir_compare *c, size_t trace) {
    json_t *list = json_array();
    for (size_t p = 0; p < c->plan.policy_count; p++) {
        for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
            const struct weir_pair *pair = weir_compare_pair(c, trace, p, (enum weir_metric)m);
            if (pair->difference.count > 0) {
                json_t *object = json_pack("{s:s, s:s}", "policy", c->plan.policies[p]->name,
                                           "against", c->plan.policies[c->plan.against]->name);
                add_pair(object, pair);
                json_array_append_new(list, object);
            }
        }
    }
    return list;
}

/** Over all three values. */
static json_t *verdicts(const struct weir_compare *c, size_t trace) {
    json_t *list = json_array();
    for (size_t p = 0; p < c->plan.policy_count; p++) {
        if (weir_compare_pair(c, trace, p, weir_value_metrics[0])->difference.count == 0) {
            continue;
        }
        json_t *object = json_pack("{s:s, s:s, s:s}", "policy", c->plan.policies[p]->name,
                                   "against", c->plan.policies[c->plan.against]->name, "verdict",
                                   weir_verdict_name(weir_compare_verdict(c, trace, p)));
        for (size_t v = 0; v < WEIR_VALUES; v++) {
            json_object_set_new(
                object, weir_metric_name(weir_value_metrics[v]),
                json_string(weir_verdict_name(
                    weir_compare_pair(c, trace, p, weir_value_metrics[v])->verdict)));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *trace_facts(const struct weir_compare *c, size_t t) {
    const struct weir_experiment_trace *trace = &c->experiment->traces[t];
    json_t *paths = json_array();
    for (size_t i = 0; i < c->plan.sources[t].path_count; i++) {
        json_array_append_new(paths, json_string(c->plan.sources[t].paths[i]));
    }
    json_t *object = json_pack("{s:s, s:o, s:o, s:I, s:f, s:s}", "name", trace->name, "paths",
                               paths, "digest", weir_digest_document(trace->digest), "liquidations",
                               (json_int_t)trace->liquidations, "span_s", trace->span_s, "class",
                               weir_class_name(weir_compare_result(c, t, 0)->class));
    if (trace->bad_rows) {
        json_object_set_new(object, "bad_rows", json_integer((json_int_t)trace->bad_rows));
    }
    if (trace->gap_count) {
        json_object_set_new(object, "gaps", json_integer((json_int_t)trace->gap_count));
        json_object_set_new(object, "gaps_s", json_real(trace->gaps_s));
    }
    if (trace->field_count > 0) {
        json_t *fields = json_object();
        for (size_t i = 0; i < trace->field_count; i++) {
            json_object_set_new(fields, trace->fields[i].name,
                                json_string(weir_mark_name(trace->fields[i].mark)));
        }
        json_object_set_new(object, "fields", fields);
    }
    return object;
}

/** Whether the bound is exact here, and if not, why. */
static json_t *bound(const struct weir_compare *c, size_t t) {
    const unsigned reasons = weir_compare_result(c, t, 0)->bound_why;
    json_t *why = json_array();
    for (int bit = 0; bit < WEIR_BOUND_WHYS; bit++) {
        if (reasons & 1U << bit) {
            json_array_append_new(why, json_string(weir_bound_why_name(bit)));
        }
    }
    return json_pack("{s:b, s:o, s:b}", "exact", reasons == 0, "why", why, "protected_exact", 0);
}

static json_t *traces(const struct weir_compare *c) {
    json_t *list = json_array();
    for (size_t t = 0; t < c->plan.source_count; t++) {
        json_t *policies = json_array();
        for (size_t p = 0; p < c->plan.policy_count; p++) {
            json_array_append_new(policies, policy(c, t, p));
        }
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o, s:o}", "trace", trace_facts(c, t),
                                        "bound", bound(c, t), "policies", policies, "verdicts",
                                        verdicts(c, t), "pairs", pairs(c, t)));
    }
    return list;
}

static json_t *across(const struct weir_compare *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->across_count; i++) {
        const struct weir_across *a = &c->across[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "class", weir_class_name(a->class),
                            "policy", c->plan.policies[a->policy]->name, "against",
                            c->plan.policies[c->plan.against]->name, "metric",
                            weir_metric_name(a->metric), "traces", (json_int_t)a->traces,
                            "difference", weir_estimate_document(&a->difference)));
    }
    return list;
}

static json_t *claim_cells(const struct weir_compare *c, const struct weir_claim *claim) {
    json_t *list = json_array();
    for (size_t i = 0; i < claim->cell_count; i++) {
        const struct weir_claim_cell *cell = &claim->cells[i];
        if (cell->outcome == WEIR_CLAIM_EMPTY) {
            continue;
        }
        json_t *object =
            json_pack("{s:s, s:s, s:i, s:s}", "trace", c->experiment->traces[cell->trace].name,
                      "rules", cell->rules, "connections", cell->connections, "outcome",
                      weir_claim_outcome_name(cell->outcome));
        if (cell->value.count > 0) {
            json_object_set_new(object, "value", weir_estimate_document(&cell->value));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *claims(const struct weir_compare *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < weir_claims_count(c->claims); i++) {
        const struct weir_claim *claim = weir_claims_at(c->claims, i);
        json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "claim",
                                   weir_claim_name(claim->kind), "policy", claim->policy, "against",
                                   "current", "variant", claim->shipped ? "as shipped" : "same",
                                   "outcome", weir_claim_outcome_name(claim->outcome), "held",
                                   (json_int_t)claim->held, "of", (json_int_t)claim->counted);
        if (claim->depends_on[0]) {
            json_object_set_new(object, "depends_on", json_string(claim->depends_on));
        }
        json_object_set_new(object, "cells", claim_cells(c, claim));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *ablation_row(const struct weir_compare *c, const struct weir_ablation_row *row) {
    json_t *worth = json_array();
    for (size_t m = 0; m < WEIR_ABLATION_METRICS; m++) {
        if (row->pairs[m].difference.count > 0) {
            json_t *pair = json_object();
            add_pair(pair, &row->pairs[m]);
            json_array_append_new(worth, pair);
        }
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "trace",
                     c->experiment->traces[row->trace].name, "world",
                     weir_ablation_world(row->world)->name, "world_settings",
                     weir_ablation_world(row->world)->settings, "mechanism",
                     weir_mechanism_at(row->mechanism)->name, "off",
                     weir_mechanism_at(row->mechanism)->off, "idle", row->idle, "worth", worth);
}

static json_t *ablation(const struct weir_compare *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->ablation->row_count; i++) {
        if (!c->ablation->rows[i].failed) {
            json_array_append_new(list, ablation_row(c, &c->ablation->rows[i]));
        }
    }
    return list;
}

static json_t *sensitivity(const struct weir_compare *c) {
    json_t *list = json_array();
    for (size_t i = 0; i < c->sensitivity->row_count; i++) {
        const struct weir_sensitivity_row *row = &c->sensitivity->rows[i];
        if (row->failed) {
            continue;
        }
        const struct weir_world *world = weir_sensitivity_world(row->world);
        json_t *object =
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "trace", c->experiment->traces[row->trace].name,
                      "world", world->name, "world_settings", world->settings, "policy",
                      c->plan.policies[c->sensitivity->leaders[row->trace]]->name, "against",
                      c->plan.policies[row->rival]->name);
        add_pair(object, &row->lead);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *names(const struct weir_compare *c) {
    json_t *list = json_array();
    for (size_t p = 0; p < c->plan.policy_count; p++) {
        const char *spec = c->plan.specs[p];
        json_array_append_new(list, json_string(spec ? spec : c->plan.policies[p]->name));
    }
    return list;
}

char *weir_compare_document(const struct weir_compare *c) {
    const struct weir_scenario *scenario = &c->arms.items[c->policy_arms[0]].scenario;
    const size_t runs = c->arms.count * c->plan.source_count * c->plan.replications;
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("weir.compare/1"));
    json_object_set_new(root, "version", json_string(WEIR_VERSION));
    json_object_set_new(root, "policies", names(c));
    json_object_set_new(root, "against", json_string(c->plan.policies[c->plan.against]->name));
    json_object_set_new(root, "seed", json_integer((json_int_t)c->plan.seed));
    json_object_set_new(root, "replications", json_integer(c->plan.replications));
    json_object_set_new(root, "primary_metric",
                        json_string(weir_metric_name(weir_primary_metric())));
    json_object_set_new(root, "parts",
                        json_pack("{s:b, s:b, s:b}", "claims", c->plan.claims, "ablation",
                                  c->plan.ablation, "sensitivity", c->plan.sensitivity));
    weir_read_document_add(root, &c->plan.read);
    json_object_set_new(root, "traces", traces(c));
    json_object_set_new(root, "across", across(c));
    json_object_set_new(root, "claims", claims(c));
    if (c->ablation) {
        json_object_set_new(root, "ablation", ablation(c));
    }
    if (c->sensitivity) {
        json_object_set_new(root, "sensitivity", sensitivity(c));
    }
    json_object_set_new(root, "scenario", weir_scenario_document(scenario, NULL));
    json_object_set_new(root, "cost",
                        json_pack("{s:I, s:I, s:f}", "runs", (json_int_t)runs, "events",
                                  (json_int_t)c->experiment->events, "cpu_s",
                                  c->experiment->cpu_s));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(PRECISION));
    json_decref(root);
    return text;
}
