#include "study_choice.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study_parts.h"

static bool no_memory(struct weir_replay_error *error) {
    return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
}

/** Figures of a point in one rule set. */
static bool read_world(struct weir_session *session, struct weir_task task, const size_t *list,
                       size_t traces, struct weir_tried *tried, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    const double sign =
        weir_metric_direction(study->objective) == WEIR_LOWER_IS_BETTER ? -1.0 : 1.0;
    size_t *counts = calloc(WEIR_METRIC_COUNT, sizeof *counts);
    struct weir_metrics *metrics = calloc(1, sizeof *metrics);
    if (!counts || !metrics) {
        free(counts);
        free(metrics);
        return no_memory(error);
    }
    bool ok = true;
    for (size_t t = 0; ok && t < traces; t++) {
        double *means = tried->means + t * WEIR_METRIC_COUNT;
        memset(means, 0, WEIR_METRIC_COUNT * sizeof *means);
        memset(counts, 0, WEIR_METRIC_COUNT * sizeof *counts);
        task.trace = (uint16_t)list[t];
        for (uint32_t r = 0; ok && r < task.replications; r++) {
            ok = weir_session_read(session, &task, r, metrics) ||
                 weir_replay_fails(error, WEIR_REPLAY_INCOMPLETE,
                                   "the study is not complete: weir tune run goes on with it");
            if (ok && !metrics->present[study->objective]) {
                ok = weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                       "objective '%s' was not measured on trace %s (replication "
                                       "%u): leave the trace out, or take another objective",
                                       weir_metric_name(study->objective),
                                       session->traces[task.trace].name, r);
            }
            if (!ok) {
                break;
            }
            tried->values[t * task.replications + r] = sign * metrics->values[study->objective];
            for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
                means[m] += metrics->present[m] ? metrics->values[m] : 0.0;
                counts[m] += metrics->present[m];
            }
        }
        for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
            means[m] = counts[m] ? means[m] / (double)counts[m] : (double)NAN;
        }
    }
    free(counts);
    free(metrics);
    return ok;
}

static bool take_tried(struct weir_tried *tried, size_t traces, uint32_t replications,
                       size_t outcomes) {
    tried->values = calloc(traces * replications, sizeof *tried->values);
    tried->means = calloc(traces * WEIR_METRIC_COUNT, sizeof *tried->means);
    tried->misses = calloc(traces * outcomes + 1, sizeof *tried->misses);
    return tried->values && tried->means && tried->misses;
}

/** Adds what a rule set misses of the outcomes: the worst over the rule sets counts. An outcome
 * that was not measured holds. */
static void add_misses(const struct weir_study *study, size_t traces, const double *means,
                       double *misses) {
    for (size_t t = 0; t < traces; t++) {
        for (size_t o = 0; o < study->outcome_count; o++) {
            const struct weir_outcome_rule *rule = &study->outcomes[o];
            const double mean = means[t * WEIR_METRIC_COUNT + rule->metric];
            double *miss = &misses[t * study->outcome_count + o];
            if (!isnan(mean) && !weir_comparison_holds(rule->comparison, mean, rule->bound)) {
                const double by = weir_comparison_misses(rule->comparison, mean, rule->bound);
                *miss = by > *miss ? by : *miss;
                *miss = *miss > 0.0 ? *miss : 1e-300; /* < and > at the bound itself */
            }
        }
    }
}

bool weir_tried_read(struct weir_session *session, size_t policy, uint64_t point,
                     const size_t *list, size_t traces, bool fresh, uint32_t replications,
                     struct weir_tried *tried, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    double least = (double)INFINITY;
    *tried = (struct weir_tried){.point = point};
    struct weir_tried other = {.point = point};
    if (!take_tried(tried, traces, replications, study->outcome_count) ||
        !take_tried(&other, traces, replications, study->outcome_count)) {
        weir_tried_free(tried);
        weir_tried_free(&other);
        return no_memory(error);
    }
    bool ok = true;
    for (size_t w = 0; ok && w < study->world_count; w++) {
        const struct weir_task task = {.policy = (uint16_t)policy,
                                       .world = (uint16_t)w,
                                       .fresh = fresh,
                                       .replications = replications,
                                       .point = point};
        ok = read_world(session, task, list, traces, &other, error);
        if (!ok) {
            break;
        }
        add_misses(study, traces, other.means, tried->misses);
        const double mean = weir_sample_mean(other.values, traces, replications);
        if (mean < least) {
            least = mean;
            memcpy(tried->values, other.values, traces * replications * sizeof *other.values);
            memcpy(tried->means, other.means, traces * WEIR_METRIC_COUNT * sizeof *other.means);
            tried->world = w;
        }
    }
    weir_tried_free(&other);
    if (!ok) {
        weir_tried_free(tried);
    }
    return ok;
}

void weir_tried_free(struct weir_tried *tried) {
    free(tried->values);
    free(tried->means);
    free(tried->misses);
    *tried = (struct weir_tried){.point = 0};
}

static void all_traces(const struct weir_study *study, size_t list[WEIR_STUDY_TRACES_MAX]) {
    for (size_t t = 0; t < study->tuned_count; t++) {
        list[t] = t;
    }
}

/** Reads the given points. */
static struct weir_results *read_points(struct weir_session *session, size_t policy,
                                        const uint64_t *points, size_t count, uint32_t replications,
                                        struct weir_replay_error *error) {
    size_t list[WEIR_STUDY_TRACES_MAX] = {0};
    struct weir_results *results = calloc(1, sizeof *results);
    assert(count > 0);
    all_traces(session->study, list);
    bool ok = results && (results->tried = calloc(count, sizeof *results->tried));
    if (!ok) {
        no_memory(error);
    } else {
        results->traces = session->study->tuned_count;
        results->replications = replications;
    }
    for (size_t i = 0; ok && i < count; i++) {
        ok = weir_tried_read(session, policy, points[i], list, results->traces, false, replications,
                             &results->tried[i], error);
        results->count += ok;
    }
    if (!ok) {
        weir_results_free(results);
        return NULL;
    }
    return results;
}

struct weir_results *weir_results_read(struct weir_session *session, size_t policy, size_t round,
                                       struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    const double alpha = weir_choice_alpha(study);
    size_t list[WEIR_STUDY_TRACES_MAX] = {0};
    uint64_t *points = malloc(study->point_count * sizeof *points);
    size_t count = study->point_count;
    if (!points) {
        no_memory(error);
        return NULL;
    }
    memcpy(points, study->points, count * sizeof *points);
    all_traces(study, list);
    struct weir_results *results = NULL;
    for (size_t k = 0; k <= round; k++) {
        struct weir_choice choice;
        results =
            read_points(session, policy, points, count, weir_session_replications(study, k), error);
        if (!results || k == round) {
            break;
        }
        const bool ok = weir_choose(study, results, list, results->traces, alpha, &choice);
        count = 0;
        for (size_t i = 0; ok && i < results->count; i++) {
            if (choice.in_set[i]) {
                points[count++] = results->tried[i].point;
            }
        }
        weir_results_free(results);
        results = NULL;
        if (!ok) {
            no_memory(error);
            break;
        }
        weir_choice_free(&choice);
    }
    free(points);
    return results;
}

void weir_results_free(struct weir_results *results) {
    for (size_t i = 0; results && i < results->count; i++) {
        weir_tried_free(&results->tried[i]);
    }
    if (results) {
        free(results->tried);
        free(results);
    }
}

double weir_tried_metric(const struct weir_tried *tried, const size_t *list, size_t traces,
                         enum weir_metric metric) {
    double sum = 0.0;
    size_t count = 0;
    for (size_t t = 0; t < traces; t++) {
        const double mean = tried->means[list[t] * WEIR_METRIC_COUNT + metric];
        sum += isnan(mean) ? 0.0 : mean;
        count += isnan(mean) ? 0 : 1;
    }
    return count ? sum / (double)count : (double)NAN;
}

/** Marks what meets every outcome, and finds what comes closest to each. */
static void find_admissible(const struct weir_study *study, const struct weir_results *results,
                            const size_t *list, size_t traces, struct weir_choice *choice) {
    for (size_t i = 0; i < results->count; i++) {
        bool ok = true;
        assert(results->tried[i].misses && results->tried[i].values);
        for (size_t o = 0; o < study->outcome_count; o++) {
            double worst = 0.0;
            for (size_t t = 0; t < traces; t++) {
                const double miss = results->tried[i].misses[list[t] * study->outcome_count + o];
                worst = miss > worst ? miss : worst;
            }
            ok = ok && worst == 0.0;
            if (i == 0 || worst < choice->closest_miss[o]) {
                choice->closest_miss[o] = worst;
                choice->closest[o] = i;
            }
        }
        choice->admissible[i] = ok;
        choice->admissible_count += ok;
    }
}

static double buffers(const struct weir_study *study, uint64_t point) {
    double sum = 0.0;
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            const char *dot = strrchr(study->axes[a].keys[k], '.');
            if (dot && strcmp(dot, ".buffer") == 0) {
                sum += strtod(weir_study_value(study, point, a, k), NULL);
            }
        }
    }
    return sum;
}

/** What makes a setting safer than another, most important first; higher is safer. */
struct safety {
    double by[3];
};

static struct safety safety_of(const struct weir_study *study, const struct weir_tried *tried,
                               const size_t *list, size_t traces, double mean) {
    const double errors = weir_tried_metric(tried, list, traces, WEIR_METRIC_limit_errors);
    return (struct safety){{isnan(errors) ? 0.0 : -errors, buffers(study, tried->point), mean}};
}

static bool is_safer(const struct safety *a, const struct safety *b) {
    for (size_t i = 0; i < 3; i++) {
        if (fabs(a->by[i] - b->by[i]) > 1e-12) {
            return a->by[i] > b->by[i];
        }
    }
    return false;
}

/** Fills in best, recommended and the set, by the samples of the candidates. */
static bool choose_among(const struct weir_study *study, const struct weir_results *results,
                         const size_t *list, size_t traces, double alpha, double *values,
                         struct weir_sample *samples, size_t *candidates, bool *kept,
                         struct weir_choice *choice) {
    const size_t n = results->replications;
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++) {
        if (choice->admissible_count && !choice->admissible[i]) {
            continue;
        }
        double *mine = values + count * traces * n;
        assert(results->tried[i].values && n > 1);
        for (size_t t = 0; t < traces; t++) {
            memcpy(mine + t * n, results->tried[i].values + list[t] * n, n * sizeof *mine);
        }
        samples[count].values = mine;
        candidates[count++] = i;
    }
    if (!weir_best_set(samples, count, traces, n, alpha, kept)) {
        return false;
    }
    double highest = -(double)INFINITY;
    struct safety safest = {{-(double)INFINITY, 0.0, 0.0}};
    for (size_t c = 0; c < count; c++) {
        const double mean = weir_sample_mean(samples[c].values, traces, n);
        if (mean > highest) {
            highest = mean;
            choice->best = candidates[c];
        }
        if (kept[c]) {
            const struct safety s =
                safety_of(study, &results->tried[candidates[c]], list, traces, mean);
            choice->in_set[candidates[c]] = true;
            choice->set_count++;
            if (is_safer(&s, &safest)) {
                safest = s;
                choice->recommended = candidates[c];
            }
        }
    }
    return true;
}

bool weir_choose(const struct weir_study *study, const struct weir_results *results,
                 const size_t *list, size_t traces, double alpha, struct weir_choice *choice) {
    const size_t k = results->count;
    *choice = (struct weir_choice){.in_set = calloc(k, sizeof *choice->in_set),
                                   .admissible = calloc(k, sizeof *choice->admissible)};
    double *values = malloc(k * traces * results->replications * sizeof *values);
    struct weir_sample *samples = malloc(k * sizeof *samples);
    size_t *candidates = malloc(k * sizeof *candidates);
    bool *kept = malloc(k * sizeof *kept);
    bool ok = choice->in_set && choice->admissible && values && samples && candidates && kept;
    if (ok) {
        find_admissible(study, results, list, traces, choice);
        ok = choose_among(study, results, list, traces, alpha, values, samples, candidates, kept,
                          choice);
    }
    free(values);
    free(samples);
    free(candidates);
    free(kept);
    if (!ok) {
        weir_choice_free(choice);
    }
    return ok;
}

double weir_choice_alpha(const struct weir_study *study) {
    return WEIR_CHOICE_ALPHA / (double)weir_session_search_rounds(study);
}

void weir_choice_free(struct weir_choice *choice) {
    free(choice->in_set);
    free(choice->admissible);
    choice->in_set = choice->admissible = NULL;
}
