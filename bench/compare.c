#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intervals.h"

static bool no_memory(struct weir_replay_error *error) {
    return weir_replay_fails(error, WEIR_REPLAY_FAILED,
                             "out of memory: fewer replications would fit");
}

/** A limiter setting that none of the policies has would have no effect: say so. */
static bool check_settings(const struct weir_compare *c, struct weir_replay_error *error) {
    const struct weir_scenario *scenario = &c->arms.items[c->policy_arms[0]].scenario;
    for (size_t i = 0; i < scenario->limiter_count; i++) {
        bool used = false;
        for (size_t p = 0; p < c->plan.policy_count; p++) {
            used = used || weir_policy_has_option(c->plan.policies[p], scenario->limiter[i].key);
        }
        if (!used) {
            error->status = WEIR_REPLAY_WRONG_USE;
            snprintf(error->text, sizeof error->text,
                     "no policy of this comparison has the setting 'limiter.%s'; weir policies "
                     "lists what each has",
                     scenario->limiter[i].key);
            return false;
        }
    }
    return true;
}

static bool plan_arms(struct weir_compare *c, struct weir_replay_error *error) {
    static const char *const as_set[2] = {"", ""};
    const struct weir_compare_plan *plan = &c->plan;
    c->arms.settings = plan->settings;
    for (size_t p = 0; p < plan->policy_count; p++) {
        if (!weir_arms_add(&c->arms, plan->policies[p], as_set, &c->policy_arms[p], error)) {
            return false;
        }
    }
    if (!check_settings(c, error)) {
        return false;
    }
    error->status = WEIR_REPLAY_OK;
    if (plan->claims) {
        c->claims = weir_claims_plan(&c->arms, plan->policies, plan->policy_count, error);
    }
    if (!error->status && plan->ablation) {
        c->ablation = weir_ablation_plan(&c->arms, error);
    }
    if (!error->status && plan->sensitivity) {
        c->sensitivity = weir_sensitivity_plan(&c->arms, plan->policies, plan->policy_count, error);
    }
    return !error->status;
}

static size_t pair_index(const struct weir_compare *c, size_t trace, size_t policy, size_t metric) {
    return (trace * c->plan.policy_count + policy) * WEIR_METRIC_COUNT + metric;
}

static bool is_pair(const struct weir_compare *c, size_t trace, size_t policy) {
    return policy != c->plan.against && !weir_compare_result(c, trace, policy)->failed &&
           !weir_compare_result(c, trace, c->plan.against)->failed;
}

static bool compare_pairs(struct weir_compare *c) {
    const size_t cells = c->plan.source_count * c->plan.policy_count;
    c->pairs = calloc(cells * WEIR_METRIC_COUNT + 1, sizeof *c->pairs);
    bool ok = c->pairs != NULL;
    for (size_t i = 0; ok && i < cells; i++) {
        const size_t trace = i / c->plan.policy_count;
        const size_t policy = i % c->plan.policy_count;
        for (size_t m = 0; ok && is_pair(c, trace, policy) && m < WEIR_METRIC_COUNT; m++) {
            ok = weir_pair_compare(weir_compare_result(c, trace, policy)->runs,
                                   weir_compare_result(c, trace, c->plan.against)->runs,
                                   c->plan.replications, (enum weir_metric)m,
                                   &c->pairs[pair_index(c, trace, policy, m)]);
        }
    }
    return ok;
}

/** Holm over all pairs shown of each metric. */
static bool judge_pairs(const struct weir_compare *c) {
    const size_t cells = c->plan.source_count * c->plan.policy_count;
    struct weir_pair **family = calloc(cells + 1, sizeof(struct weir_pair *));
    for (size_t m = 0; family && m < WEIR_METRIC_COUNT; m++) {
        size_t count = 0;
        for (size_t i = 0; i < cells; i++) {
            if (is_pair(c, i / c->plan.policy_count, i % c->plan.policy_count)) {
                family[count++] = &c->pairs[i * WEIR_METRIC_COUNT + m];
            }
        }
        weir_pairs_judge(family, count);
    }
    free(family);
    return family != NULL;
}

static enum weir_class class_of(const struct weir_compare *c, size_t trace) {
    return weir_compare_result(c, trace, 0)->class;
}

/** One policy and metric over the binding traces, each trace one observation. */
static struct weir_estimate over_traces(const struct weir_compare *c, size_t policy,
                                        enum weir_metric metric, double *room) {
    struct weir_estimate e = {0};
    for (size_t t = 0; t < c->plan.source_count; t++) {
        const struct weir_pair *pair = weir_compare_pair(c, t, policy, metric);
        if (class_of(c, t) == WEIR_CLASS_BINDING && pair->difference.count > 0) {
            room[e.count++] = pair->difference.mean;
        }
    }
    if (e.count >= WEIR_TRACES_FOR_INTERVAL) {
        const struct weir_interval i = weir_student_interval(room, e.count, 0.95);
        e.mean = weir_mean_of(room, e.count);
        e.low = i.low;
        e.high = i.high;
        e.bounded = true;
    }
    return e;
}

/** Intervals over traces, of the primary metric and the three values; none for too few traces. */
static bool compare_across(struct weir_compare *c) {
    const size_t metrics = 1 + WEIR_VALUES;
    double *room = calloc(c->plan.source_count, sizeof *room);
    c->across = calloc(c->plan.policy_count * metrics, sizeof *c->across);
    bool ok = room && c->across;
    for (size_t i = 0; ok && i < c->plan.policy_count * metrics; i++) {
        const size_t m = i % metrics;
        const enum weir_metric metric = m == 0 ? weir_primary_metric() : weir_value_metrics[m - 1];
        const struct weir_estimate e = over_traces(c, i / metrics, metric, room);
        if (e.count >= WEIR_TRACES_FOR_INTERVAL) {
            c->across[c->across_count++] = (struct weir_across){.class = WEIR_CLASS_BINDING,
                                                                .policy = i / metrics,
                                                                .traces = e.count,
                                                                .metric = metric,
                                                                .difference = e};
        }
    }
    free(room);
    return ok;
}

static bool measure(struct weir_compare *c, struct weir_replay_error *error) {
    const bool ok = compare_pairs(c) && judge_pairs(c) && compare_across(c) &&
                    (!c->claims || weir_claims_measure(c->claims, c->experiment)) &&
                    (!c->ablation || weir_ablation_measure(c->ablation, c->experiment)) &&
                    (!c->sensitivity || weir_sensitivity_measure(c->sensitivity, c->experiment));
    return ok || no_memory(error);
}

/** Some policy went through on some trace; else the first failure is that of the comparison. */
static bool check_failures(const struct weir_compare *c, struct weir_replay_error *error) {
    for (size_t i = 0; i < c->plan.source_count * c->plan.policy_count; i++) {
        if (!weir_compare_result(c, i / c->plan.policy_count, i % c->plan.policy_count)->failed) {
            return true;
        }
    }
    return weir_replay_fails(error, WEIR_REPLAY_FAILED, "%s", weir_compare_failure(c));
}

static bool run(struct weir_compare *c, weir_progress progress, void *context,
                struct weir_replay_error *error) {
    if (!plan_arms(c, error)) {
        return false;
    }
    const struct weir_experiment_plan plan = {.sources = c->plan.sources,
                                              .source_count = c->plan.source_count,
                                              .arms = c->arms.items,
                                              .arm_count = c->arms.count,
                                              .seed = c->plan.seed,
                                              .replications = c->plan.replications,
                                              .threads = c->plan.threads,
                                              .read = c->plan.read};
    c->experiment = weir_experiment_run(&plan, progress, context, error);
    return c->experiment && check_failures(c, error) && measure(c, error);
}

struct weir_compare *weir_compare_run(const struct weir_compare_plan *plan, weir_progress progress,
                                      void *context, struct weir_replay_error *error) {
    struct weir_compare *c = calloc(1, sizeof *c);
    if (!c) {
        no_memory(error);
        return NULL;
    }
    c->plan = *plan;
    if (!run(c, progress, context, error)) {
        weir_compare_free(c);
        return NULL;
    }
    return c;
}

void weir_compare_free(struct weir_compare *compare) {
    if (!compare) {
        return;
    }
    weir_claims_free(compare->claims);
    weir_ablation_free(compare->ablation);
    weir_sensitivity_free(compare->sensitivity);
    weir_experiment_free(compare->experiment);
    weir_arms_free(&compare->arms);
    free(compare->pairs);
    free(compare->across);
    free(compare);
}

const struct weir_arm_result *weir_compare_result(const struct weir_compare *compare, size_t trace,
                                                  size_t policy) {
    return weir_experiment_result(compare->experiment, trace, compare->policy_arms[policy]);
}

const struct weir_pair *weir_compare_pair(const struct weir_compare *compare, size_t trace,
                                          size_t policy, enum weir_metric metric) {
    return &compare->pairs[pair_index(compare, trace, policy, (size_t)metric)];
}

enum weir_verdict weir_compare_verdict(const struct weir_compare *compare, size_t trace,
                                       size_t policy) {
    enum weir_verdict verdicts[WEIR_VALUES];
    for (size_t v = 0; v < WEIR_VALUES; v++) {
        verdicts[v] = weir_compare_pair(compare, trace, policy, weir_value_metrics[v])->verdict;
    }
    return weir_verdict_of_all(verdicts, WEIR_VALUES);
}

const char *weir_compare_failure(const struct weir_compare *compare) {
    const struct weir_experiment *e = compare->experiment;
    for (size_t i = 0; i < e->plan.source_count * e->plan.arm_count; i++) {
        if (e->results[i].failed) {
            return e->results[i].failure;
        }
    }
    return NULL;
}
