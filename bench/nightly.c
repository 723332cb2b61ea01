#include "nightly.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment.h"
#include "pair.h"
#include "scenario_document.h"
#include "summary_document.h"
#include "timing.h"

static bool resolve(const struct weir_nightly_plan *plan, size_t scenario,
                    struct weir_scenario *resolved, struct weir_replay_error *error) {
    const struct weir_suite_scenario *s = &plan->suite->scenarios[scenario];
    struct weir_scenario_error why = {.text = ""};
    struct weir_settings *settings = weir_settings_create();
    if (!settings) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (size_t i = 0; i < plan->policy_count; i++) {
        weir_settings_know_policy(settings, plan->policies[i]);
    }
    enum weir_scenario_status status = WEIR_SCENARIO_OK;
    if (s->settings) {
        status = weir_settings_add_json(settings, plan->suite->path, s->settings, &why);
    }
    status = status ? status : weir_settings_resolve(settings, resolved, &why);
    weir_settings_destroy(settings);
    return !status || weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT, "%s", why.text);
}

/** What runs: an arm for each scenario and each of its policies. */
struct lineup {
    struct weir_arm *arms;
    size_t *scenarios, *policies; /**< numbers, by arm */
    size_t count;
};

static bool is_among(const json_t *names, const char *name) {
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(names, i, entry) {
        if (strcmp(json_string_value(entry), name) == 0) {
            return true;
        }
    }
    return names == NULL;
}

/** Whether each policy that a scenario names takes part. */
static bool check_names(const struct weir_nightly_plan *plan, size_t scenario,
                        struct weir_replay_error *error) {
    const struct weir_suite_scenario *s = &plan->suite->scenarios[scenario];
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(s->policies, i, entry) {
        size_t p = 0;
        while (p < plan->policy_count &&
               strcmp(plan->policies[p]->name, json_string_value(entry)) != 0) {
            p++;
        }
        if (p == plan->policy_count) {
            error->status = WEIR_REPLAY_BAD_INPUT;
            snprintf(error->text, sizeof error->text,
                     "%.200s: scenario '%.100s': no policy '%.100s' takes part", plan->suite->path,
                     s->name, json_string_value(entry));
            return false;
        }
    }
    return true;
}

static bool fill_lineup(const struct weir_nightly_plan *plan, struct lineup *lineup,
                        struct weir_replay_error *error) {
    for (size_t s = 0; s < plan->suite->scenario_count; s++) {
        struct weir_scenario scenario;
        if (!check_names(plan, s, error) || !resolve(plan, s, &scenario, error)) {
            return false;
        }
        for (size_t p = 0; p < plan->policy_count; p++) {
            if (is_among(plan->suite->scenarios[s].policies, plan->policies[p]->name)) {
                lineup->arms[lineup->count] = (struct weir_arm){plan->policies[p], scenario};
                lineup->scenarios[lineup->count] = s;
                lineup->policies[lineup->count++] = p;
            }
        }
    }
    return true;
}

static bool make_lineup(const struct weir_nightly_plan *plan, struct lineup *lineup,
                        struct weir_replay_error *error) {
    const size_t most = plan->suite->scenario_count * plan->policy_count;
    lineup->arms = calloc(most, sizeof *lineup->arms);
    lineup->scenarios = calloc(most, sizeof *lineup->scenarios);
    lineup->policies = calloc(most, sizeof *lineup->policies);
    return lineup->arms && lineup->scenarios && lineup->policies &&
           fill_lineup(plan, lineup, error);
}

static void free_lineup(struct lineup *lineup) {
    free(lineup->arms);
    free(lineup->scenarios);
    free(lineup->policies);
}

static json_t *trace_of(const struct weir_experiment *e, size_t trace,
                        const struct weir_arm_result *result) {
    const struct weir_experiment_trace *t = &e->traces[trace];
    json_t *object =
        json_pack("{s:s, s:o, s:I}", "name", t->name, "digest", weir_digest_document(t->digest),
                  "liquidations", (json_int_t)t->liquidations);
    if (!result->failed) {
        json_object_set_new(object, "class", json_string(weir_class_name(result->class)));
    }
    return object;
}

static json_t *metrics_of(const struct weir_arm_result *result, uint32_t replications) {
    json_t *object = json_object();
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        const struct weir_estimate e =
            weir_estimate_of(result->runs, replications, (enum weir_metric)m);
        if (e.count > 0) {
            json_object_set_new(object, weir_metric_name((enum weir_metric)m),
                                weir_estimate_document(&e));
        }
    }
    return object;
}

static json_t *case_of(const struct weir_nightly_plan *plan, const struct lineup *lineup,
                       const struct weir_experiment *e, size_t trace, size_t arm) {
    const struct weir_arm_result *result = weir_experiment_result(e, trace, arm);
    const struct weir_arm *a = &e->plan.arms[arm];
    json_t *scenario = weir_scenario_document(&a->scenario, a->policy);
    json_t *limiter = json_object_get(scenario, "limiter");
    json_t *entry = json_pack("{s:o, s:s, s:s, s:s, s:O}", "trace", trace_of(e, trace, result),
                              "scenario", plan->suite->scenarios[lineup->scenarios[arm]].name,
                              "policy", a->policy->name, "spec", plan->specs[lineup->policies[arm]],
                              "limiter", limiter ? limiter : json_null());
    json_decref(scenario);
    if (!limiter) {
        json_object_del(entry, "limiter");
    }
    if (result->failed) {
        json_object_set_new(entry, "failure", json_string(result->failure));
    } else {
        json_object_set_new(entry, "digest",
                            weir_digest_document(weir_experiment_digest(e, trace, arm)));
        json_object_set_new(entry, "metrics", metrics_of(result, e->plan.replications));
    }
    return entry;
}

static json_t *cases_of(const struct weir_nightly_plan *plan, const struct lineup *lineup,
                        const struct weir_experiment *e) {
    json_t *cases = json_array();
    for (size_t t = 0; t < e->plan.source_count; t++) {
        for (size_t a = 0; a < e->plan.arm_count; a++) {
            json_array_append_new(cases, case_of(plan, lineup, e, t, a));
        }
    }
    return cases;
}

/** Each scenario's settings in full, but for the limiter's, which stand in the cases. */
static json_t *scenarios_of(const struct weir_nightly_plan *plan, const struct lineup *lineup) {
    json_t *object = json_object();
    for (size_t a = 0; a < lineup->count; a++) {
        json_t *scenario = weir_scenario_document(&lineup->arms[a].scenario, NULL);
        json_object_del(scenario, "limiter");
        json_object_set_new(object, plan->suite->scenarios[lineup->scenarios[a]].name, scenario);
    }
    return object;
}

static json_t *gates_of(const struct weir_suite *suite) {
    json_t *list = json_array();
    for (size_t i = 0; i < suite->gate_count; i++) {
        json_array_append_new(list, json_string(suite->gates[i]));
    }
    return list;
}

static json_t *document_of(const struct weir_nightly_plan *plan, const struct lineup *lineup,
                           const struct weir_experiment *e) {
    json_t *top =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:o, s:o}", "schema", "weir.bench/1",
                  "version", WEIR_VERSION, "suite", plan->suite->name, "path", plan->suite->path,
                  "gates", gates_of(plan->suite), "seed", (json_int_t)plan->suite->seed,
                  "replications", (json_int_t)plan->suite->replications, "scenarios",
                  scenarios_of(plan, lineup), "cases", cases_of(plan, lineup, e));
    if (plan->label) {
        json_object_set_new(top, "label", json_string(plan->label));
    }
    if (plan->when) {
        json_object_set_new(top, "when", json_string(plan->when));
    }
    return top;
}

/** Adds the ratios of time. */
static bool measure(const struct weir_nightly_plan *plan, json_t *ratios,
                    struct weir_replay_error *error) {
    const struct weir_build own = {plan->own, 0.0};
    const struct weir_build versus = {plan->versus, 0.0};
    for (size_t m = 0; m < plan->suite->measure_count; m++) {
        struct weir_timing timing;
        char name[128];
        if (!weir_timing_run(plan->suite, m, &own, &versus, &timing, error)) {
            return false;
        }
        json_t *rounds = json_array();
        for (size_t r = 0; r < timing.round_count; r++) {
            const struct weir_estimate *e = &timing.rounds[r];
            json_array_append_new(rounds,
                                  json_pack("{s:f, s:f, s:f, s:I}", "mean", e->mean, "low", e->low,
                                            "high", e->high, "pairs", (json_int_t)e->count));
        }
        snprintf(name, sizeof name, "%s_cpu", plan->suite->measures[m].name);
        json_object_set_new(ratios, name,
                            json_pack("{s:o, s:f, s:f}", "rounds", rounds, "own_s", timing.own_s,
                                      "versus_s", timing.versus_s));
    }
    return true;
}

static bool add_time(const struct weir_nightly_plan *plan, json_t *top,
                     struct weir_replay_error *error) {
    if (!plan->versus) {
        return true;
    }
    json_t *ratios = json_object();
    json_object_set_new(top, "time",
                        json_pack("{s:s, s:o}", "versus", plan->versus, "ratios", ratios));
    return measure(plan, ratios, error);
}

static struct weir_experiment *run_all(const struct weir_nightly_plan *plan,
                                       const struct lineup *lineup,
                                       struct weir_trace_source *sources, weir_progress progress,
                                       void *context, struct weir_replay_error *error) {
    for (size_t t = 0; t < plan->suite->trace_count; t++) {
        sources[t] = (struct weir_trace_source){(const char *const *)&plan->suite->traces[t], 1};
    }
    const struct weir_experiment_plan whole = {.sources = sources,
                                               .source_count = plan->suite->trace_count,
                                               .arms = lineup->arms,
                                               .arm_count = lineup->count,
                                               .seed = plan->suite->seed,
                                               .replications = plan->suite->replications,
                                               .threads = plan->threads};
    return weir_experiment_run(&whole, progress, context, error);
}

json_t *weir_nightly_run(const struct weir_nightly_plan *plan, weir_progress progress,
                         void *context, struct weir_replay_error *error) {
    struct lineup lineup = {.count = 0};
    struct weir_trace_source *sources = calloc(plan->suite->trace_count, sizeof *sources);
    json_t *top = NULL;
    weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    struct weir_experiment *e = sources && make_lineup(plan, &lineup, error)
                                    ? run_all(plan, &lineup, sources, progress, context, error)
                                    : NULL;
    if (e) {
        top = document_of(plan, &lineup, e);
        if (!top || !add_time(plan, top, error)) {
            json_decref(top);
            top = NULL;
        }
    }
    weir_experiment_free(e);
    free_lineup(&lineup);
    free(sources);
    return top;
}
