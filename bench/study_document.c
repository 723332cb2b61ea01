#include "study_document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_document.h"
#include "study_choice.h"
#include "study_parts.h"
#include "study_planes.h"

#define CONFIDENCE 0.95
#define PRECISION 12

/** Metrics that the document tells of a setting beside its objective. */
static const enum weir_metric told[] = {WEIR_METRIC_protected_value_of_bound,
                                        WEIR_METRIC_protected_impact_capture,
                                        WEIR_METRIC_protected_notional_capture,
                                        WEIR_METRIC_protected_capture_rate,
                                        WEIR_METRIC_limit_errors,
                                        WEIR_METRIC_http_429,
                                        WEIR_METRIC_http_418,
                                        WEIR_METRIC_banned_s,
                                        WEIR_METRIC_unprotected_p99_s};

/** One policy's answer in the making. */
struct answer {
    struct weir_session *session;
    const struct weir_study *study;
    size_t policy;
    struct weir_results *results;
    struct weir_choice choice;
    size_t list[WEIR_STUDY_TRACES_MAX]; /* 0, 1, 2, … */
    struct weir_replay_error *error;
};

static double sign_of(const struct weir_study *study) {
    return weir_metric_direction(study->objective) == WEIR_LOWER_IS_BETTER ? -1.0 : 1.0;
}

/** A figure with its interval; values that were made negative are turned back. */
static json_t *figure(const double *values, size_t traces, size_t replications, double sign) {
    const struct weir_interval i = weir_sample_interval(values, traces, replications, CONFIDENCE);
    return json_pack("{s:f, s:f, s:f}", "mean",
                     sign * weir_sample_mean(values, traces, replications), "low",
                     sign > 0.0 ? i.low : -i.high, "high", sign > 0.0 ? i.high : -i.low);
}

static json_t *typed(const char *text) {
    char *end = NULL;
    const double number = strtod(text, &end);
    return end != text && *end == '\0' ? json_real(number) : json_string(text);
}

/** Value of a setting in a nested document. Borrowed. */
static json_t *setting_in(json_t *document, const char *key) {
    char name[96];
    const char *dot = NULL;
    while (document && (dot = strchr(key, '.'))) {
        json_t *rest = NULL;
        snprintf(name, sizeof name, "%.*s", (int)(dot - key), key);
        rest = json_object_get(document, name);
        document = rest;
        key = dot + 1;
    }
    return json_object_get(document, key);
}

json_t *weir_study_parameters(const struct weir_study *study, size_t policy, uint64_t point) {
    json_t *parameters = json_object();
    json_t *document = NULL;
    struct weir_arm *arm = calloc(1, sizeof *arm);
    struct weir_replay_error why;
    if (point == WEIR_NO_POINT && arm && weir_study_arm(study, policy, point, 0, arm, &why)) {
        document = weir_scenario_document(&arm->scenario, arm->policy);
    }
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            const char *key = study->axes[a].keys[k];
            json_t *there = document ? setting_in(document, key) : NULL;
            json_object_set_new(
                parameters, key,
                there ? json_incref(there)
                      : typed(point == WEIR_NO_POINT ? "?" : weir_study_value(study, point, a, k)));
        }
    }
    json_decref(document);
    free(arm);
    return parameters;
}

static json_t *metrics_of(const struct weir_tried *tried, const size_t *list, size_t traces) {
    json_t *metrics = json_object();
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const double mean = weir_tried_metric(tried, list, traces, told[i]);
        if (!isnan(mean)) {
            json_object_set_new(metrics, weir_metric_name(told[i]), json_real(mean));
        }
    }
    return metrics;
}

/** The figures of the replications that report; false and an error if they are not there. */
static bool read_fresh(struct answer *a, uint64_t point, const size_t *list, size_t traces,
                       struct weir_tried *tried) {
    return weir_tried_read(a->session, a->policy, point, list, traces, true, a->study->fresh, tried,
                           a->error);
}

/** Each trace by itself, under the rule set that is worst on it. NULL and an error on failure. */
static json_t *by_trace(struct answer *a, uint64_t point) {
    json_t *rows = json_array();
    for (size_t t = 0; t < a->study->path_count; t++) {
        struct weir_tried tried;
        if (!read_fresh(a, point, &t, 1, &tried)) {
            json_decref(rows);
            return NULL;
        }
        json_array_append_new(rows,
                              json_pack("{s:s, s:b, s:o, s:o}", "trace", a->session->traces[t].name,
                                        "tuned", t < a->study->tuned_count, "fresh",
                                        figure(tried.values, 1, a->study->fresh, sign_of(a->study)),
                                        "metrics", metrics_of(&tried, a->list, 1)));
        weir_tried_free(&tried);
    }
    return rows;
}

/** One setting: what it was when it was chosen, and on fresh seeds. `result` NULL: the defaults. */
static json_t *setting(struct answer *a, const struct weir_tried *result, uint64_t point) {
    struct weir_tried fresh;
    const size_t tuned = a->study->tuned_count;
    const double sign = sign_of(a->study);
    json_t *traces = by_trace(a, point);
    if (!traces || !read_fresh(a, point, a->list, tuned, &fresh)) {
        json_decref(traces);
        return NULL;
    }
    json_t *row = json_pack("{s:o, s:o, s:o, s:o}", "parameters",
                            weir_study_parameters(a->study, a->policy, point), "fresh",
                            figure(fresh.values, tuned, a->study->fresh, sign), "metrics",
                            metrics_of(&fresh, a->list, tuned), "by_trace", traces);
    if (result) {
        const size_t n = a->results->replications;
        const double optimism = weir_sample_mean(result->values, tuned, n) -
                                weir_sample_mean(fresh.values, tuned, a->study->fresh);
        json_object_set_new(row, "selected", figure(result->values, tuned, n, sign));
        json_object_set_new(row, "optimism", json_real(optimism));
    }
    if (a->study->worlds[0][0]) {
        json_object_set_new(row, "worst_rules", json_string(a->study->worlds[fresh.world]));
    }
    weir_tried_free(&fresh);
    return row;
}

/** What a setting is better by than another, paired, on fresh seeds. */
static json_t *advantage(struct answer *a, uint64_t point, uint64_t against, const size_t *list,
                         size_t traces) {
    struct weir_tried one;
    struct weir_tried other;
    json_t *difference = NULL;
    if (!read_fresh(a, point, list, traces, &one)) {
        return NULL;
    }
    if (read_fresh(a, against, list, traces, &other)) {
        for (size_t i = 0; i < traces * a->study->fresh; i++) {
            one.values[i] -= other.values[i];
        }
        difference = figure(one.values, traces, a->study->fresh, 1.0);
        weir_tried_free(&other);
    }
    weir_tried_free(&one);
    return difference;
}

static json_t *set_of(const struct answer *a) {
    json_t *set = json_array();
    for (size_t i = 0; i < a->results->count; i++) {
        const struct weir_tried *r = &a->results->tried[i];
        if (a->choice.in_set[i]) {
            json_array_append_new(
                set, json_pack("{s:o, s:o, s:o}", "parameters",
                               weir_study_parameters(a->study, a->policy, r->point), "selected",
                               figure(r->values, a->results->traces, a->results->replications,
                                      sign_of(a->study)),
                               "metrics", metrics_of(r, a->list, a->results->traces)));
        }
    }
    return set;
}

/** Range of each parameter over the set. */
static json_t *ranges_of(const struct answer *a) {
    json_t *ranges = json_object();
    for (size_t x = 0; x < a->study->axis_count; x++) {
        size_t low = SIZE_MAX;
        size_t high = 0;
        for (size_t i = 0; i < a->results->count; i++) {
            const size_t level = weir_study_level(a->study, a->results->tried[i].point, x);
            if (a->choice.in_set[i]) {
                low = level < low ? level : low;
                high = level > high ? level : high;
            }
        }
        const struct weir_axis *axis = &a->study->axes[x];
        for (size_t k = 0; low != SIZE_MAX && k < axis->key_count; k++) {
            json_object_set_new(ranges, axis->keys[k],
                                json_pack("[o, o]", typed(axis->values[low * axis->key_count + k]),
                                          typed(axis->values[high * axis->key_count + k])));
        }
    }
    return ranges;
}

static json_t *pareto_of(const struct answer *a) {
    json_t *front = json_array();
    const size_t n = a->results->replications;
    for (size_t i = 0; i < a->results->count; i++) {
        const struct weir_tried *r = &a->results->tried[i];
        if (weir_is_on_front(a->results, a->list, i)) {
            const double errors =
                weir_tried_metric(r, a->list, a->results->traces, WEIR_METRIC_limit_errors);
            json_array_append_new(
                front,
                json_pack("{s:o, s:f, s:f, s:b, s:b}", "parameters",
                          weir_study_parameters(a->study, a->policy, r->point), "objective",
                          sign_of(a->study) * weir_sample_mean(r->values, a->results->traces, n),
                          "limit_errors", isnan(errors) ? 0.0 : errors, "admissible",
                          a->choice.admissible[i], "in_set", a->choice.in_set[i]));
        }
    }
    return front;
}

static json_t *closest_of(const struct answer *a) {
    json_t *list = json_array();
    for (size_t o = 0; o < a->study->outcome_count; o++) {
        const uint64_t point = a->results->tried[a->choice.closest[o]].point;
        json_array_append_new(list,
                              json_pack("{s:s, s:f, s:o}", "outcome", a->study->outcomes[o].text,
                                        "misses_by", a->choice.closest_miss[o], "parameters",
                                        weir_study_parameters(a->study, a->policy, point)));
    }
    return list;
}

/** One trace that was left out: the setting chosen by the others on it, and the one chosen by it.
 */
static json_t *left_out(struct answer *a, size_t trace) {
    uint64_t points[2];
    for (int alone = 0; alone <= 1; alone++) {
        size_t list[WEIR_STUDY_TRACES_MAX] = {0};
        struct weir_choice choice;
        const size_t count = weir_leave_out(a->study, trace, alone, list);
        if (!weir_choose(a->study, a->results, list, count, weir_choice_alpha(a->study), &choice)) {
            weir_replay_fails(a->error, WEIR_REPLAY_FAILED, "out of memory");
            return NULL;
        }
        points[alone] = a->results->tried[choice.recommended].point;
        weir_choice_free(&choice);
    }
    struct weir_tried unseen;
    json_t *drop = advantage(a, points[1], points[0], &trace, 1);
    json_t *row = NULL;
    if (drop && read_fresh(a, points[0], &trace, 1, &unseen)) {
        row = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "trace", a->session->traces[trace].name,
                        "parameters", weir_study_parameters(a->study, a->policy, points[0]),
                        "own_parameters", weir_study_parameters(a->study, a->policy, points[1]),
                        "fresh", figure(unseen.values, 1, a->study->fresh, sign_of(a->study)),
                        "drop", json_incref(drop), "metrics", metrics_of(&unseen, a->list, 1));
        weir_tried_free(&unseen);
    }
    json_decref(drop);
    return row;
}

/** A trace that was kept for the test: the recommended setting against the defaults on it. */
static json_t *tested(struct answer *a, size_t trace, uint64_t point) {
    struct weir_tried unseen;
    json_t *gain = advantage(a, point, WEIR_NO_POINT, &trace, 1);
    json_t *row = NULL;
    if (gain && read_fresh(a, point, &trace, 1, &unseen)) {
        row = json_pack("{s:s, s:o, s:o, s:o}", "trace", a->session->traces[trace].name, "fresh",
                        figure(unseen.values, 1, a->study->fresh, sign_of(a->study)),
                        "gain_over_defaults", json_incref(gain), "metrics",
                        metrics_of(&unseen, a->list, 1));
        weir_tried_free(&unseen);
    }
    json_decref(gain);
    return row;
}

static bool add_unseen(struct answer *a, json_t *answer, uint64_t recommended) {
    json_t *out = json_array();
    json_t *test = json_array();
    bool ok = true;
    double drop = 0.0;
    for (size_t t = 0; ok && a->study->tuned_count > 1 && t < a->study->tuned_count; t++) {
        json_t *row = left_out(a, t);
        ok = row != NULL;
        drop += json_number_value(json_object_get(json_object_get(row, "drop"), "mean"));
        json_array_append_new(out, row);
    }
    for (size_t t = a->study->tuned_count; ok && t < a->study->path_count; t++) {
        json_t *row = tested(a, t, recommended);
        ok = row != NULL;
        json_array_append_new(test, row);
    }
    if (json_array_size(out)) {
        json_object_set_new(answer, "drop_on_unseen",
                            json_real(drop / (double)json_array_size(out)));
    }
    json_object_set_new(answer, "left_out", out);
    json_object_set_new(answer, "tested", test);
    return ok;
}

static bool is_slack(const struct weir_session *session) {
    for (size_t t = 0; t < session->study->tuned_count; t++) {
        if (session->traces[t].class != WEIR_CLASS_SLACK) {
            return false;
        }
    }
    return true;
}

/** Whether every setting of the set has the first level of an axis, or every one the last. */
static bool is_at_an_end(const struct answer *a, size_t axis) {
    bool first = true;
    bool last = true;
    for (size_t i = 0; i < a->results->count; i++) {
        if (a->choice.in_set[i]) {
            const size_t level = weir_study_level(a->study, a->results->tried[i].point, axis);
            first = first && level == 0;
            last = last && level + 1 == a->study->axes[axis].level_count;
        }
    }
    return first || last;
}

/** What a reader must know before trusting the rest. */
static json_t *notes_of(const struct answer *a) {
    json_t *notes = json_array();
    const struct weir_choice *c = &a->choice;
    const size_t left = c->admissible_count ? c->admissible_count : a->results->count;
    /* what a race dropped was told from the best */
    const size_t rivals = left + a->study->point_count - a->results->count;
    if (is_slack(a->session)) {
        json_array_append_new(
            notes, json_string("The limits never bind on these traces (class slack): tuning a "
                               "limiter cannot matter here."));
    }
    if (a->study->outcome_count && c->admissible_count == 0) {
        char text[640];
        size_t used = (size_t)snprintf(text, sizeof text, "No setting meets all outcomes");
        for (size_t o = 0; o < a->study->outcome_count && used < sizeof text; o++) {
            char point[160];
            weir_study_describe(a->study, a->results->tried[c->closest[o]].point, point,
                                sizeof point);
            used += (size_t)snprintf(text + used, sizeof text - used, "; %s is %s",
                                     a->study->outcomes[o].text,
                                     c->closest_miss[o] > 0.0 ? "missed by at least " : "met");
            if (c->closest_miss[o] > 0.0 && used < sizeof text) {
                used += (size_t)snprintf(text + used, sizeof text - used, "%.4g (%s)",
                                         c->closest_miss[o], point);
            }
        }
        json_array_append_new(notes,
                              json_sprintf("%s. The rest of this answer ignores them.", text));
    }
    if (rivals > 1 && c->set_count == rivals) {
        json_array_append_new(notes,
                              json_string("No setting can be told from the best: either it does "
                                          "not matter, or more replications are needed."));
    }
    for (size_t x = 0; x < a->study->axis_count; x++) {
        const struct weir_axis *axis = &a->study->axes[x];
        if (axis->level_count > 2 && c->set_count < rivals && is_at_an_end(a, x)) {
            json_array_append_new(
                notes,
                json_sprintf("The whole set lies at one end of %s: beyond it, if that is allowed, "
                             "it may be better.",
                             axis->keys[0]));
        }
    }
    return notes;
}

static json_t *describe(struct answer *a) {
    const struct weir_tried *best = &a->results->tried[a->choice.best];
    const struct weir_tried *recommended = &a->results->tried[a->choice.recommended];
    json_t *answer = json_pack(
        "{s:s, s:I, s:I, s:i, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "policy",
        a->study->policies.choices[a->policy].policy->name, "points",
        (json_int_t)a->study->point_count, "compared", (json_int_t)a->results->count,
        "replications", (int)a->results->replications, "fresh_replications", (int)a->study->fresh,
        "admissible", (json_int_t)a->choice.admissible_count, "set_size",
        (json_int_t)a->choice.set_count, "notes", notes_of(a), "set", set_of(a), "set_ranges",
        ranges_of(a), "pareto", pareto_of(a), "closest", closest_of(a));
    json_t *rows[] = {
        setting(a, best, best->point), setting(a, recommended, recommended->point),
        setting(a, NULL, WEIR_NO_POINT),
        advantage(a, best->point, WEIR_NO_POINT, a->list, a->study->tuned_count),
        advantage(a, recommended->point, WEIR_NO_POINT, a->list, a->study->tuned_count)};
    static const char *const names[] = {"best", "recommended", "defaults", "loss_of_defaults",
                                        "gain_over_defaults"};
    bool ok = true;
    for (size_t i = 0; i < 5; i++) {
        ok = ok && rows[i];
        json_object_set_new(answer, names[i], rows[i]);
    }
    if (!ok || !add_unseen(a, answer, recommended->point)) {
        json_decref(answer);
        return NULL;
    }
    return answer;
}

static json_t *answer_of(struct weir_session *session, size_t policy,
                         struct weir_replay_error *error) {
    struct answer a = {
        .session = session, .study = session->study, .policy = policy, .error = error};
    for (size_t t = 0; t < WEIR_STUDY_TRACES_MAX; t++) {
        a.list[t] = t;
    }
    a.results =
        weir_results_read(session, policy, weir_session_search_rounds(session->study) - 1, error);
    if (!a.results) {
        return NULL;
    }
    json_t *answer = NULL;
    if (weir_choose(a.study, a.results, a.list, a.results->traces, weir_choice_alpha(a.study),
                    &a.choice)) {
        answer = describe(&a);
        weir_choice_free(&a.choice);
    } else {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    weir_results_free(a.results);
    return answer;
}

static json_t *traces_of(const struct weir_session *session) {
    static const char *const classes[] = {"slack", "tight", "binding"};
    json_t *list = json_array();
    for (size_t t = 0; t < session->study->path_count; t++) {
        const struct weir_study_trace *trace = &session->traces[t];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:f, s:b}", "name", trace->name, "digest",
                            trace->digest[0], "fresh_digest", trace->digest[1], "class",
                            classes[trace->class], "liquidations", (json_int_t)trace->liquidations,
                            "span_s", trace->span_s, "tuned", t < session->study->tuned_count));
    }
    return list;
}

json_t *weir_study_document(struct weir_session *session, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    const enum weir_direction direction = weir_metric_direction(study->objective);
    json_t *answers = json_array();
    for (size_t p = 0; p < study->policies.count; p++) {
        json_t *answer = answer_of(session, p, error);
        if (!answer) {
            json_decref(answers);
            return NULL;
        }
        json_array_append_new(answers, answer);
    }
    return json_pack("{s:s, s:s, s:s, s:O, s:s, s:s, s:I, s:I, s:o, s:o}", "schema", "weir.tune/1",
                     "version", WEIR_VERSION, "engine", session->engine, "study", study->document,
                     "objective", weir_metric_name(study->objective), "direction",
                     weir_direction_name(direction), "seed", (json_int_t)study->seed, "fresh_seed",
                     (json_int_t)weir_study_fresh_seed(study), "traces", traces_of(session),
                     "policies", answers);
}

char *weir_study_text(const json_t *document) {
    return json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(PRECISION));
}

char *weir_study_scenario(struct weir_session *session, const json_t *document, const char *policy,
                          struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    const json_t *answer = NULL;
    size_t index = 0;
    for (size_t p = 0; p < study->policies.count; p++) {
        if (!policy || strcmp(policy, study->policies.choices[p].policy->name) == 0) {
            index = p;
            answer = json_array_get(json_object_get(document, "policies"), p);
            break;
        }
    }
    if (!answer || (!policy && study->policies.count > 1)) {
        weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                          "--policy: name one of the study's policies, as in --policy %s",
                          study->policies.choices[0].policy->name);
        return NULL;
    }
    if (study->outcome_count && json_integer_value(json_object_get(answer, "admissible")) == 0) {
        const json_t *notes = json_object_get(answer, "notes");
        const size_t slack = json_array_size(notes) > 1 && is_slack(session) ? 1 : 0;
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "nothing to recommend: %.560s",
                          json_string_value(json_array_get(notes, slack)));
        return NULL;
    }
    struct weir_arm *arm = calloc(1, sizeof *arm);
    json_t *parameters = json_object_get(json_object_get(answer, "recommended"), "parameters");
    char *text = NULL;
    if (arm && weir_study_arm_of(study, index, parameters, arm, error)) {
        json_t *scenario = weir_scenario_document(&arm->scenario, arm->policy);
        text = json_dumps(scenario, JSON_INDENT(2) | JSON_REAL_PRECISION(PRECISION));
        json_decref(scenario);
    }
    free(arm);
    return text;
}
