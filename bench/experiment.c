#include "experiment.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "strategy.h"
#include "trace.h"

/** Arms whose scenarios differ in the limiter's settings at most: they share one stage. */
struct group {
    const struct weir_scenario *scenario; /* of its first arm */
    struct weir_strategy *strategy, *second;
};

/** A trace as it was opened: what a recording is in every replication, a profile in the first. */
struct opened {
    struct weir_trace *trace;
};

/** What the threads share. */
struct job {
    struct weir_experiment *experiment;
    struct group *groups;
    size_t group_count;
    size_t *group_of; /* per arm */
    struct opened *opened;
    weir_progress progress;
    void *context;
    pthread_mutex_t lock;
    size_t next, done, units;
    size_t failed_unit;
    struct weir_replay_error *error;
};

static double thread_cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool set_error(struct weir_replay_error *error, enum weir_replay_status status,
                      const char *text) {
    error->status = status;
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

/** Notes a failure; of several, that of the first unit is kept, whatever finished first. */
static bool fail(struct job *job, size_t unit, const char *text) {
    pthread_mutex_lock(&job->lock);
    if (unit < job->failed_unit) {
        job->failed_unit = unit;
        set_error(job->error, WEIR_REPLAY_FAILED, text);
    }
    pthread_mutex_unlock(&job->lock);
    return false;
}

/** Marks an arm as failed, by its lowest replication; its other replications are not run. */
static void fail_arm(struct job *job, struct weir_arm_result *result, uint32_t replication,
                     const char *text) {
    pthread_mutex_lock(&job->lock);
    if (!result->failed || replication < result->failed_replication) {
        result->failed = true;
        result->failed_replication = replication;
        snprintf(result->failure, sizeof result->failure, "%s", text);
    }
    pthread_mutex_unlock(&job->lock);
}

static bool has_failed(struct job *job, const struct weir_arm_result *result) {
    pthread_mutex_lock(&job->lock);
    const bool failed = result->failed;
    pthread_mutex_unlock(&job->lock);
    return failed;
}

static struct weir_arm_result *result_of(const struct weir_experiment *e, size_t trace,
                                         size_t arm) {
    return &e->results[trace * e->plan.arm_count + arm];
}

static struct weir_place place_of(const struct weir_experiment_plan *plan, uint32_t replication) {
    return plan->places ? plan->places[replication]
                        : (struct weir_place){replication, replication, replication};
}

static struct weir_trace *open_source(const struct weir_experiment_plan *plan, size_t source,
                                      const struct weir_scenario *scenario, uint32_t draw,
                                      struct weir_trace_error *error) {
    const char *shape = scenario->trace.shape;
    const char *path = scenario->trace.path;
    const struct weir_build_options build = {.seed = plan->seed,
                                             .replication = draw,
                                             .shape = strcmp(shape, "profile") == 0 ? NULL : shape,
                                             .path = strcmp(path, "profile") == 0 ? NULL : path};
    return weir_trace_open(plan->sources[source].paths, plan->sources[source].path_count,
                           &plan->read, &build, error);
}

/** Whether two scenarios build a profile alike. */
static bool builds_alike(const struct weir_scenario *a, const struct weir_scenario *b) {
    return strcmp(a->trace.shape, b->trace.shape) == 0 && strcmp(a->trace.path, b->trace.path) == 0;
}

static bool run_cell(struct job *job, size_t unit, const struct weir_stage *group_stage,
                     size_t arm) {
    struct weir_experiment *e = job->experiment;
    const size_t source = unit / e->plan.replications;
    const uint32_t replication = (uint32_t)(unit % e->plan.replications);
    struct weir_arm_result *result = result_of(e, source, arm);
    /* what the group shares does not depend on the limiter's settings */
    struct weir_stage stage = *group_stage;
    stage.scenario = &e->plan.arms[arm].scenario;
    struct weir_run run;
    struct weir_run_error why = {.text = ""};
    if (has_failed(job, result)) {
        return true;
    }
    if (!weir_run_policy(&stage, e->plan.arms[arm].policy, &run, &why)) {
        if (why.policy_failed) {
            fail_arm(job, result, replication, why.text);
            return true;
        }
        return fail(job, unit, why.text);
    }
    const bool computed = weir_metrics_compute(&run.own, &run.foreign, &result->runs[replication]);
    result->digests[replication] = run.digest;
    if (replication == 0) {
        result->class = stage.class;
        result->bound_why = stage.bound->why;
    }
    pthread_mutex_lock(&job->lock);
    e->events += run.events;
    pthread_mutex_unlock(&job->lock);
    weir_run_close(&run);
    return computed || fail(job, unit, "out of memory");
}

static bool run_group(struct job *job, size_t unit, size_t group, const struct weir_trace *trace) {
    const struct weir_experiment_plan *plan = &job->experiment->plan;
    const struct group *g = &job->groups[group];
    const struct weir_place place = place_of(plan, (uint32_t)(unit % plan->replications));
    const struct weir_stage_draws draws = {.network = place.network,
                                           .phase = place.phase,
                                           .phases =
                                               plan->phases ? plan->phases : plan->replications};
    struct weir_stage *stage =
        weir_stage_create_with(trace, g->scenario, g->strategy, g->second, plan->seed, &draws);
    if (!stage) {
        return fail(job, unit, "out of memory");
    }
    bool ok = true;
    for (size_t arm = 0; ok && arm < plan->arm_count; arm++) {
        ok = job->group_of[arm] != group || run_cell(job, unit, stage, arm);
    }
    weir_stage_destroy(stage);
    return ok;
}

/** One replication of all arms on one trace. */
static void run_unit(struct job *job, size_t unit) {
    const struct weir_experiment_plan *plan = &job->experiment->plan;
    const size_t source = unit / plan->replications;
    const uint32_t draw = place_of(plan, (uint32_t)(unit % plan->replications)).draw;
    struct weir_trace *opened = job->opened[source].trace;
    struct weir_trace *built = NULL; /* as the scenario before wants it */
    const struct weir_scenario *built_for = NULL;
    bool ok = true;
    for (size_t g = 0; ok && g < job->group_count; g++) {
        const struct weir_scenario *scenario = job->groups[g].scenario;
        const bool as_opened =
            !opened->built || (draw == 0 && builds_alike(scenario, &plan->arms[0].scenario));
        if (!as_opened && (!built || !builds_alike(scenario, built_for))) {
            struct weir_trace_error why = {.text = "out of memory"};
            weir_trace_free(built);
            built = open_source(plan, source, scenario, draw, &why);
            built_for = scenario;
            ok = built || fail(job, unit, why.text);
        }
        ok = ok && run_group(job, unit, g, as_opened ? opened : built);
    }
    weir_trace_free(built);
}

static void *work(void *context) {
    struct job *job = context;
    const double start_s = thread_cpu_s();
    for (;;) {
        pthread_mutex_lock(&job->lock);
        const bool over = job->next >= job->units || job->failed_unit != SIZE_MAX;
        const size_t unit = job->next++;
        pthread_mutex_unlock(&job->lock);
        if (over) {
            break;
        }
        run_unit(job, unit);
        pthread_mutex_lock(&job->lock);
        job->done++;
        if (job->progress) {
            job->progress(job->context, (uint32_t)job->done, (uint32_t)job->units);
        }
        pthread_mutex_unlock(&job->lock);
    }
    pthread_mutex_lock(&job->lock);
    job->experiment->cpu_s += thread_cpu_s() - start_s;
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/** Starts the threads and waits for them; the caller's own works with them. */
static void run_threads(struct job *job) {
    const size_t wanted =
        job->experiment->plan.threads < job->units ? job->experiment->plan.threads : job->units;
    pthread_t *threads = wanted > 1 ? calloc(wanted, sizeof *threads) : NULL;
    size_t started = 0;
    while (threads && started + 1 < wanted &&
           pthread_create(&threads[started], NULL, work, job) == 0) {
        started++;
    }
    work(job);
    for (size_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
}

bool weir_same_stage(const struct weir_scenario *a, const struct weir_scenario *b) {
    for (size_t i = 0; weir_scenario_option_at(i); i++) {
        char one[WEIR_TEXT_MAX];
        char other[WEIR_TEXT_MAX];
        weir_scenario_value(a, i, one, sizeof one);
        weir_scenario_value(b, i, other, sizeof other);
        if (strcmp(one, other) != 0) {
            return false;
        }
    }
    return true;
}

static bool open_group(struct group *group, struct weir_replay_error *error) {
    struct weir_scenario_error why = {.text = ""};
    const bool second = group->scenario->foreign.second_bot;
    group->strategy = weir_strategy_open(group->scenario->bot.strategy, &why);
    group->second = group->strategy && second ? weir_strategy_open("shipped", &why) : NULL;
    return (group->strategy && (group->second || !second)) ||
           set_error(error, WEIR_REPLAY_BAD_INPUT, why.text);
}

/** Checks each arm's settings and finds the arms that share a stage. */
static bool group_arms(struct job *job, struct weir_replay_error *error) {
    const struct weir_experiment_plan *plan = &job->experiment->plan;
    for (size_t a = 0; a < plan->arm_count; a++) {
        struct weir_run_error why = {.text = ""};
        if (!weir_check_policy(&plan->arms[a].scenario, plan->arms[a].policy, &why)) {
            if (!why.policy_failed) {
                return set_error(error, WEIR_REPLAY_WRONG_USE, why.text);
            }
            for (size_t t = 0; t < plan->source_count; t++) {
                fail_arm(job, result_of(job->experiment, t, a), 0, why.text);
            }
        }
        size_t g = 0;
        while (g < job->group_count &&
               !weir_same_stage(&plan->arms[a].scenario, job->groups[g].scenario)) {
            g++;
        }
        job->group_of[a] = g;
        if (g == job->group_count) {
            job->groups[job->group_count++].scenario = &plan->arms[a].scenario;
            if (!open_group(&job->groups[g], error)) {
                return false;
            }
        }
    }
    return true;
}

static void describe(const struct weir_trace *trace, struct weir_experiment_trace *t) {
    snprintf(t->name, sizeof t->name, "%s", trace->name);
    t->digest = trace->digest;
    t->liquidations = trace->row_count;
    t->bad_rows = trace->bad_rows;
    t->span_s = (double)(trace->rows[trace->row_count - 1].time_ns - trace->rows[0].time_ns) / 1e9;
    memcpy(t->fields, trace->fields, sizeof t->fields);
    t->field_count = trace->built ? trace->field_count : 0;
}

static bool open_traces(struct job *job, struct weir_replay_error *error) {
    struct weir_experiment *e = job->experiment;
    for (size_t t = 0; t < e->plan.source_count; t++) {
        struct weir_trace_error why = {.text = ""};
        job->opened[t].trace = open_source(&e->plan, t, &e->plan.arms[0].scenario, 0, &why);
        if (!job->opened[t].trace) {
            return set_error(error,
                             why.status == WEIR_TRACE_WRONG_USE ? WEIR_REPLAY_WRONG_USE
                                                                : WEIR_REPLAY_BAD_INPUT,
                             why.text);
        }
        describe(job->opened[t].trace, &e->traces[t]);
    }
    return true;
}

static bool take_memory(struct job *job, struct weir_replay_error *error) {
    struct weir_experiment *e = job->experiment;
    const struct weir_experiment_plan *plan = &e->plan;
    const size_t cells = plan->source_count * plan->arm_count;
    e->traces = calloc(plan->source_count, sizeof *e->traces);
    e->results = calloc(cells, sizeof *e->results);
    job->opened = calloc(plan->source_count, sizeof *job->opened);
    job->groups = calloc(plan->arm_count, sizeof *job->groups);
    job->group_of = calloc(plan->arm_count, sizeof *job->group_of);
    bool ok = e->traces && e->results && job->opened && job->groups && job->group_of;
    for (size_t i = 0; ok && i < cells; i++) {
        e->results[i].runs = calloc(plan->replications, sizeof *e->results[i].runs);
        e->results[i].digests = calloc(plan->replications, sizeof *e->results[i].digests);
        ok = e->results[i].runs && e->results[i].digests;
    }
    return ok ||
           set_error(error, WEIR_REPLAY_FAILED, "out of memory: fewer replications would fit");
}

static void close_job(struct job *job) {
    const struct weir_experiment_plan *plan = &job->experiment->plan;
    for (size_t t = 0; job->opened && t < plan->source_count; t++) {
        weir_trace_free(job->opened[t].trace);
    }
    for (size_t g = 0; g < job->group_count; g++) {
        weir_strategy_free(job->groups[g].strategy);
        weir_strategy_free(job->groups[g].second);
    }
    free(job->opened);
    free(job->groups);
    free(job->group_of);
    pthread_mutex_destroy(&job->lock);
}

struct weir_experiment *weir_experiment_run(const struct weir_experiment_plan *plan,
                                            weir_progress progress, void *context,
                                            struct weir_replay_error *error) {
    struct weir_experiment *e = calloc(1, sizeof *e);
    if (!e) {
        set_error(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    e->plan = *plan;
    struct job job = {.experiment = e,
                      .progress = progress,
                      .context = context,
                      .units = plan->source_count * plan->replications,
                      .failed_unit = SIZE_MAX,
                      .error = error};
    pthread_mutex_init(&job.lock, NULL);
    bool ok = take_memory(&job, error) && group_arms(&job, error) && open_traces(&job, error);
    if (ok) {
        run_threads(&job);
        ok = job.failed_unit == SIZE_MAX;
    }
    close_job(&job);
    if (!ok) {
        weir_experiment_free(e);
        return NULL;
    }
    return e;
}

void weir_experiment_free(struct weir_experiment *experiment) {
    if (!experiment) {
        return;
    }
    const size_t cells = experiment->plan.source_count * experiment->plan.arm_count;
    for (size_t i = 0; experiment->results && i < cells; i++) {
        free(experiment->results[i].runs);
        free(experiment->results[i].digests);
    }
    free(experiment->results);
    free(experiment->traces);
    free(experiment);
}

const struct weir_arm_result *weir_experiment_result(const struct weir_experiment *experiment,
                                                     size_t trace, size_t arm) {
    return result_of(experiment, trace, arm);
}

uint64_t weir_experiment_digest(const struct weir_experiment *experiment, size_t trace,
                                size_t arm) {
    const uint64_t *digests = result_of(experiment, trace, arm)->digests;
    uint64_t digest = digests[0];
    for (uint32_t r = 1; r < experiment->plan.replications; r++) {
        digest = (digest ^ digests[r]) * 0x9e3779b97f4a7c15ULL;
        digest ^= digest >> 31;
    }
    return digest;
}
