#include "statistics_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intervals.h"
#include "workers.h"

#define SEEDS_APART                                                                                \
    1000003 /* trials must not share a seed with each other or with a user's next                  \
             */

/** The experiments of one number of replications. */
struct trials {
    const struct weir_compare_plan *plan;
    size_t count;
    uint32_t replications;
    struct weir_arms arms;
    size_t policy_arms[WEIR_REPLAY_POLICIES_MAX];
    struct weir_experiment **experiments;
    struct weir_replay_error *errors; /**< by trial */
};

static bool no_memory(struct weir_replay_error *error) {
    return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory: fewer trials would fit");
}

static bool plan_arms(const struct weir_compare_plan *plan, struct weir_arms *arms,
                      size_t *policy_arms, struct weir_replay_error *error) {
    static const char *const as_set[2] = {"", ""};
    arms->settings = plan->settings;
    for (size_t p = 0; p < plan->policy_count; p++) {
        if (!weir_arms_add(arms, plan->policies[p], as_set, &policy_arms[p], error)) {
            return false;
        }
    }
    return true;
}

static struct weir_experiment_plan experiment_plan(const struct weir_compare_plan *plan,
                                                   const struct weir_arms *arms) {
    return (struct weir_experiment_plan){.sources = plan->sources,
                                         .source_count = 1,
                                         .arms = arms->items,
                                         .arm_count = arms->count,
                                         .seed = plan->seed,
                                         .replications = plan->replications,
                                         .threads = plan->threads,
                                         .read = plan->read};
}

static bool any_failed(const struct weir_experiment *e, struct weir_replay_error *error) {
    for (size_t a = 0; a < e->plan.arm_count; a++) {
        if (e->results[a].failed) {
            return !weir_replay_fails(error, WEIR_REPLAY_FAILED, "%s", e->results[a].failure);
        }
    }
    return false;
}

/** Makes one comparison; trials share the threads, so each is made by one. */
static bool run_trial(void *context, size_t trial) {
    struct trials *t = context;
    struct weir_experiment_plan plan = experiment_plan(t->plan, &t->arms);
    plan.replications = t->replications;
    plan.threads = 1;
    plan.seed = t->plan->seed + (uint64_t)(trial + 1) * SEEDS_APART + t->replications;
    struct weir_replay_error *error = &t->errors[trial];
    t->experiments[trial] = weir_experiment_run(&plan, NULL, NULL, error);
    return t->experiments[trial] && !any_failed(t->experiments[trial], error);
}

static bool run_trials(struct trials *t, struct weir_replay_error *error) {
    t->experiments = calloc(t->count, sizeof(struct weir_experiment *));
    t->errors = calloc(t->count, sizeof *t->errors);
    if (!t->experiments || !t->errors) {
        return no_memory(error);
    }
    if (weir_workers_each(t->plan->threads, t->count, run_trial, t)) {
        return true;
    }
    size_t failed = 0;
    while (!t->errors[failed].status) {
        failed++;
    }
    *error = t->errors[failed];
    return false;
}

static void close_trials(struct trials *t) {
    for (size_t i = 0; t->experiments && i < t->count; i++) {
        weir_experiment_free(t->experiments[i]);
    }
    free(t->experiments);
    free(t->errors);
    weir_arms_free(&t->arms);
}

static const struct weir_metrics *runs_of(const struct trials *t, size_t trial, size_t policy) {
    return weir_experiment_result(t->experiments[trial], 0, t->policy_arms[policy])->runs;
}

/** Differences of one trial in replications where both have the metric. */
static size_t differences(const struct trials *t, size_t trial, size_t policy, size_t metric,
                          double *room) {
    const struct weir_metrics *own = runs_of(t, trial, policy);
    const struct weir_metrics *other = runs_of(t, trial, t->plan->against);
    size_t n = 0;
    for (uint32_t r = 0; r < t->replications; r++) {
        if (own[r].present[metric] && other[r].present[metric]) {
            room[n++] = own[r].values[metric] - other[r].values[metric];
        }
    }
    return n;
}

/** Mean over all trials; false if the metric is not in all replications, or does not vary. */
static bool truth_of(const struct trials *t, size_t policy, size_t metric, double *room,
                     double *truth) {
    bool varies = false;
    double first = 0.0;
    *truth = 0.0;
    for (size_t i = 0; i < t->count; i++) {
        if (differences(t, i, policy, metric, room) < t->replications) {
            return false;
        }
        first = i == 0 ? room[0] : first;
        for (uint32_t r = 0; r < t->replications; r++) {
            varies = varies || room[r] != first;
            *truth += room[r] / (double)t->replications / (double)t->count;
        }
    }
    return varies;
}

static double holds(double low, double high, double truth, size_t trials) {
    /* a truth of sums is not exact: what misses by a rounding error does not miss */
    const double slack = 1e-9 * (fabs(truth) + 1e-3);
    return low - slack <= truth && truth <= high + slack ? 1.0 / (double)trials : 0.0;
}

static bool cover(const struct trials *t, size_t policy, size_t metric, double *room,
                  struct weir_check_kind *kind) {
    double truth = 0.0;
    if (!truth_of(t, policy, metric, room, &truth)) {
        return true;
    }
    kind->metrics++;
    for (size_t i = 0; i < t->count; i++) {
        struct weir_pair pair;
        const size_t n = differences(t, i, policy, metric, room);
        const struct weir_interval student = weir_student_interval(room, n, 0.95);
        if (!weir_pair_compare(runs_of(t, i, policy), runs_of(t, i, t->plan->against), n,
                               (enum weir_metric)metric, &pair)) {
            return false;
        }
        kind->student += holds(student.low, student.high, truth, t->count);
        if (pair.difference.bounded) {
            kind->shown += 1.0 / (double)t->count;
            kind->used += holds(pair.difference.low, pair.difference.high, truth, t->count);
        }
    }
    return true;
}

static bool cover_all(const struct trials *t, struct weir_check_kind kinds[WEIR_KINDS]) {
    double *room = calloc(t->replications, sizeof *room);
    bool ok = room != NULL;
    for (size_t m = 0; ok && m < WEIR_METRIC_COUNT; m++) {
        for (size_t p = 0; ok && p < t->plan->policy_count; p++) {
            if (p != t->plan->against && weir_metric_direction((enum weir_metric)m)) {
                ok = cover(t, p, m, room, &kinds[weir_metric_kind((enum weir_metric)m)]);
            }
        }
    }
    for (size_t k = 0; k < WEIR_KINDS; k++) {
        const double n = kinds[k].metrics ? (double)kinds[k].metrics : 1.0;
        kinds[k].student /= n;
        kinds[k].used /= kinds[k].shown > 0.0 ? kinds[k].shown : 1.0;
        kinds[k].shown /= n;
    }
    free(room);
    return ok;
}

/** Later trials that each trial is held against in A/A: one alone would leave the shares of false
 *  verdicts uncertain by a point. */
#define OPPONENTS 20

static size_t opponents_of(const struct trials *t) {
    return t->count > OPPONENTS ? OPPONENTS : t->count - 1;
}

/** One A/A family: every policy against itself under another seed, in the primary metric. */
static bool compare_family(const struct trials *t, size_t trial, size_t other,
                           struct weir_false_verdicts *shares) {
    struct weir_pair pairs[WEIR_REPLAY_POLICIES_MAX];
    struct weir_pair *family[WEIR_REPLAY_POLICIES_MAX];
    const size_t count = t->plan->policy_count;
    const double families = (double)(t->count * opponents_of(t));
    bool any = false;
    for (size_t p = 0; p < count; p++) {
        family[p] = &pairs[p];
        if (!weir_pair_compare(runs_of(t, trial, p), runs_of(t, other, p), t->replications,
                               weir_primary_metric(), &pairs[p])) {
            return false;
        }
        shares->before += (pairs[p].p < 0.05) / ((double)count * families);
    }
    weir_pairs_judge(family, count);
    for (size_t p = 0; p < count; p++) {
        any = any || pairs[p].p_holm < 0.05;
        shares->verdicts +=
            (pairs[p].verdict == WEIR_VERDICT_BETTER || pairs[p].verdict == WEIR_VERDICT_WORSE) /
            ((double)count * families);
    }
    shares->after += any / families;
    return true;
}

static bool check_size(struct trials *t, struct weir_statistics_check *check, size_t size,
                       struct weir_replay_error *error) {
    if (!plan_arms(t->plan, &t->arms, t->policy_arms, error) || !run_trials(t, error)) {
        return false;
    }
    bool ok = cover_all(t, check->kinds[size]);
    const size_t opponents = opponents_of(t);
    for (size_t i = 0; ok && i < t->count * opponents; i++) {
        const size_t trial = i / opponents;
        ok = compare_family(t, trial, (trial + 1 + i % opponents) % t->count,
                            &check->false_verdicts[size]);
    }
    return ok || no_memory(error);
}

bool weir_statistics_check(const struct weir_compare_plan *plan, size_t trials,
                           weir_progress progress, void *context,
                           struct weir_statistics_check *check, struct weir_replay_error *error) {
    *check = (struct weir_statistics_check){.trials = trials, .sizes = {5, 20, 40}};
    bool ok = true;
    for (size_t s = 0; ok && s < WEIR_CHECK_SIZES; s++) {
        struct trials t = {.plan = plan, .count = trials, .replications = check->sizes[s]};
        ok = check_size(&t, check, s, error);
        close_trials(&t);
        if (ok && progress) {
            progress(context, (uint32_t)s + 1, WEIR_CHECK_SIZES);
        }
    }
    return ok;
}

/* levels, for places and for means */
#define L ((size_t)WEIR_VARIANCE_LEVELS)
#define N ((double)WEIR_VARIANCE_LEVELS)

/** Means over a design of L × L × L, by all subsets of the factors that are held. */
struct table {
    double cell[L][L][L], ab[L][L], ac[L][L], bc[L][L], a[L], b[L], c[L], all;
};

static void fill_means(struct table *t) {
    for (size_t i = 0; i < L * L * L; i++) {
        const size_t a = i / (L * L);
        const size_t b = i / L % L;
        const size_t c = i % L;
        const double y = t->cell[a][b][c];
        t->ab[a][b] += y / N;
        t->ac[a][c] += y / N;
        t->bc[b][c] += y / N;
        t->a[a] += y / (N * N);
        t->b[b] += y / (N * N);
        t->c[c] += y / (N * N);
        t->all += y / (N * N * N);
    }
}

static double square(double x) {
    return x * x;
}

/** Components of variance by the method of moments; what two or three factors do together, and
 *  what is below 0 by chance, counts as together. */
static struct weir_variance split(struct table *t) {
    double main[3] = {0}, pair[3] = {0}, rest = 0.0;
    fill_means(t);
    for (size_t i = 0; i < L; i++) {
        main[0] += square(t->a[i] - t->all) * N * N / (N - 1.0);
        main[1] += square(t->b[i] - t->all) * N * N / (N - 1.0);
        main[2] += square(t->c[i] - t->all) * N * N / (N - 1.0);
        for (size_t j = 0; j < L; j++) {
            const double n = N / ((N - 1.0) * (N - 1.0));
            pair[0] += square(t->ab[i][j] - t->a[i] - t->b[j] + t->all) * n;
            pair[1] += square(t->ac[i][j] - t->a[i] - t->c[j] + t->all) * n;
            pair[2] += square(t->bc[i][j] - t->b[i] - t->c[j] + t->all) * n;
            for (size_t k = 0; k < L; k++) {
                rest += square(t->cell[i][j][k] - t->ab[i][j] - t->ac[i][k] - t->bc[j][k] +
                               t->a[i] + t->b[j] + t->c[k] - t->all) /
                        ((N - 1.0) * (N - 1.0) * (N - 1.0));
            }
        }
    }
    const double a = (main[0] - pair[0] - pair[1] + rest) / (N * N);
    const double b = (main[1] - pair[0] - pair[2] + rest) / (N * N);
    const double c = (main[2] - pair[1] - pair[2] + rest) / (N * N);
    double together = rest;
    for (size_t i = 0; i < 3; i++) {
        together += pair[i] > rest ? (pair[i] - rest) / N : 0.0;
    }
    struct weir_variance v = {a > 0.0 ? a : 0.0, b > 0.0 ? b : 0.0, c > 0.0 ? c : 0.0, together,
                              0.0};
    const double sum = v.draw + v.phase + v.network + v.together;
    v.deviation = sqrt(sum);
    if (sum > 0.0) {
        v.draw /= sum;
        v.phase /= sum;
        v.network /= sum;
        v.together /= sum;
    }
    return v;
}

/** Variance of a policy's primary metric, or of its difference to another's. */
static struct weir_variance variance_of(const struct weir_metrics *runs,
                                        const struct weir_metrics *against) {
    struct table t;
    memset(&t, 0, sizeof t);
    for (size_t i = 0; i < L * L * L; i++) {
        const enum weir_metric m = weir_primary_metric();
        t.cell[i / (L * L)][i / L % L][i % L] =
            runs[i].values[m] - (against ? against[i].values[m] : 0.0);
    }
    return split(&t);
}

bool weir_variance_split(const struct weir_compare_plan *plan, weir_progress progress,
                         void *context, struct weir_variance metric[WEIR_REPLAY_POLICIES_MAX],
                         struct weir_variance difference[WEIR_REPLAY_POLICIES_MAX],
                         struct weir_replay_error *error) {
    struct weir_place places[L * L * L];
    struct weir_arms arms = {0};
    size_t policy_arms[WEIR_REPLAY_POLICIES_MAX];
    const uint32_t levels = WEIR_VARIANCE_LEVELS;
    for (uint32_t i = 0; i < levels * levels * levels; i++) {
        places[i] = (struct weir_place){i / (levels * levels), i / levels % levels, i % levels};
    }
    struct weir_experiment *e = NULL;
    if (plan_arms(plan, &arms, policy_arms, error)) {
        struct weir_experiment_plan p = experiment_plan(plan, &arms);
        p.replications = levels * levels * levels;
        p.places = places;
        p.phases = levels;
        e = weir_experiment_run(&p, progress, context, error);
    }
    const bool ok = e && !any_failed(e, error);
    for (size_t p = 0; ok && p < plan->policy_count; p++) {
        const struct weir_metrics *runs = weir_experiment_result(e, 0, policy_arms[p])->runs;
        metric[p] = variance_of(runs, NULL);
        difference[p] =
            variance_of(runs, weir_experiment_result(e, 0, policy_arms[plan->against])->runs);
    }
    weir_experiment_free(e);
    weir_arms_free(&arms);
    return ok;
}
