#include "replay.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "profile.h"

/** What the threads share. */
struct job {
    struct weir_replay *replay;
    struct weir_profile *profile; /* or NULL: the trace is recorded */
    weir_progress progress;
    void *context;
    pthread_mutex_t lock;
    uint32_t next, done;
    uint32_t failed_replication;
    struct weir_replay_error *error;
    uint64_t *digests; /* policies × replications */
};

static double thread_cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void set_error(struct weir_replay_error *error, enum weir_replay_status status,
                      const char *text) {
    error->status = status;
    snprintf(error->text, sizeof error->text, "%s", text);
}

/** Notes a failure; of several, that of the lowest replication is kept, whatever finished first. */
static void fail(struct job *job, uint32_t replication, const char *text) {
    pthread_mutex_lock(&job->lock);
    if (replication < job->failed_replication) {
        job->failed_replication = replication;
        set_error(job->error, WEIR_REPLAY_FAILED, text);
    }
    pthread_mutex_unlock(&job->lock);
}

static bool policy_has_failed(struct job *job, const struct weir_replay_policy *result) {
    pthread_mutex_lock(&job->lock);
    const bool failed = result->failed;
    pthread_mutex_unlock(&job->lock);
    return failed;
}

/** Marks a policy as failed, by its lowest replication; its other replications are not run. */
static void fail_policy(struct job *job, struct weir_replay_policy *result, uint32_t replication,
                        const char *text) {
    pthread_mutex_lock(&job->lock);
    if (!result->failed || replication < result->failed_replication) {
        result->failed = true;
        result->failed_replication = replication;
        snprintf(result->failure, sizeof result->failure, "%s", text);
    }
    pthread_mutex_unlock(&job->lock);
}

static struct weir_build_options build_options(const struct weir_replay_plan *plan,
                                               uint32_t replication) {
    const char *shape = plan->scenario.trace.shape;
    const char *path = plan->scenario.trace.path;
    return (struct weir_build_options){.seed = plan->seed,
                                       .replication = replication,
                                       .shape = strcmp(shape, "profile") == 0 ? NULL : shape,
                                       .path = strcmp(path, "profile") == 0 ? NULL : path};
}

/** The trace of a replication: built anew from a profile; a recording is always the same. */
static struct weir_trace *trace_of(struct job *job, uint32_t replication,
                                   struct weir_trace_error *error) {
    if (!job->profile || replication == 0) {
        return job->replay->trace;
    }
    const struct weir_build_options options = build_options(&job->replay->plan, replication);
    return weir_profile_build(job->profile, &options, error);
}

static struct weir_stage *stage_of(struct job *job, const struct weir_trace *trace,
                                   uint32_t replication) {
    const struct weir_replay *replay = job->replay;
    return weir_stage_create(trace, &replay->plan.scenario, replay->strategy, replay->second,
                             replay->plan.seed, replication, replay->plan.replications);
}

/** One policy on one stage. */
static bool run_one(struct job *job, const struct weir_stage *stage, size_t p,
                    uint32_t replication) {
    struct weir_replay_policy *result = &job->replay->policies[p];
    struct weir_run run;
    struct weir_run_error error = {.text = ""};
    if (policy_has_failed(job, result)) {
        return true;
    }
    const double start_s = thread_cpu_s();
    if (!weir_run_policy(stage, result->policy, &run, &error)) {
        if (error.policy_failed) {
            fail_policy(job, result, replication, error.text);
            return true;
        }
        fail(job, replication, error.text);
        return false;
    }
    const double run_s = thread_cpu_s() - start_s;
    const bool computed = weir_metrics_compute(&run.own, &run.foreign, &result->runs[replication]);
    job->digests[p * job->replay->plan.replications + replication] = run.digest;
    pthread_mutex_lock(&job->lock);
    result->cost.events += run.events;
    result->cost.run_cpu_s += run_s;
    result->cost.cpu_s += thread_cpu_s() - start_s;
    result->ties += run.ties;
    pthread_mutex_unlock(&job->lock);
    if (replication == 0) {
        result->first = run;
    } else {
        weir_run_close(&run);
    }
    if (!computed) {
        fail(job, replication, "out of memory");
    }
    return computed;
}

static void add_cpu(struct job *job, double cpu_s) {
    pthread_mutex_lock(&job->lock);
    for (size_t p = 0; p < job->replay->plan.policy_count; p++) {
        job->replay->policies[p].cost.cpu_s += cpu_s;
    }
    pthread_mutex_unlock(&job->lock);
}

static void run_replication(struct job *job, uint32_t replication) {
    struct weir_replay *replay = job->replay;
    struct weir_trace_error error = {.text = "out of memory"};
    const double start_s = thread_cpu_s();
    struct weir_trace *trace = trace_of(job, replication, &error);
    struct weir_stage *stage = trace ? stage_of(job, trace, replication) : NULL;
    if (!stage) {
        fail(job, replication, trace ? "out of memory" : error.text);
    } else {
        add_cpu(job, thread_cpu_s() - start_s);
        for (size_t p = 0; p < replay->plan.policy_count; p++) {
            if (!run_one(job, stage, p, replication)) {
                break;
            }
        }
    }
    if (replication == 0) {
        replay->stage = stage;
    } else {
        weir_stage_destroy(stage);
    }
    if (trace != replay->trace) {
        weir_trace_free(trace);
    }
}

static void *work(void *context) {
    struct job *job = context;
    for (;;) {
        pthread_mutex_lock(&job->lock);
        const bool over =
            job->next >= job->replay->plan.replications || job->failed_replication != UINT32_MAX;
        const uint32_t replication = job->next++;
        pthread_mutex_unlock(&job->lock);
        if (over) {
            return NULL;
        }
        run_replication(job, replication);
        pthread_mutex_lock(&job->lock);
        job->done++;
        if (job->progress) {
            job->progress(job->context, job->done, job->replay->plan.replications);
        }
        pthread_mutex_unlock(&job->lock);
    }
}

/** Starts the threads and waits for them; with one, the caller's own does the work. */
static void run_threads(struct job *job) {
    const uint32_t wanted = job->replay->plan.threads < job->replay->plan.replications
                                ? job->replay->plan.threads
                                : job->replay->plan.replications;
    pthread_t *threads = wanted > 1 ? calloc(wanted, sizeof *threads) : NULL;
    uint32_t started = 0;
    while (threads && started + 1 < wanted &&
           pthread_create(&threads[started], NULL, work, job) == 0) {
        started++;
    }
    work(job);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
}

static bool open_strategies(struct weir_replay *replay, struct weir_replay_error *error) {
    struct weir_scenario_error why = {.text = ""};
    replay->strategy = weir_strategy_open(replay->plan.scenario.bot.strategy, &why);
    if (replay->strategy && replay->plan.scenario.foreign.second_bot) {
        replay->second = weir_strategy_open("shipped", &why);
    }
    if (!replay->strategy || (replay->plan.scenario.foreign.second_bot && !replay->second)) {
        set_error(error, WEIR_REPLAY_BAD_INPUT, why.text);
        return false;
    }
    return true;
}

static bool open_trace(struct job *job, struct weir_replay_error *error) {
    struct weir_replay *replay = job->replay;
    const struct weir_replay_plan *plan = &replay->plan;
    struct weir_trace_error why = {.text = ""};
    const double start_s = thread_cpu_s();
    if (plan->path_count == 1 && weir_is_profile(plan->paths[0])) {
        job->profile = weir_profile_open(plan->paths[0], &why);
        const struct weir_build_options options = build_options(plan, 0);
        replay->trace = job->profile ? weir_profile_build(job->profile, &options, &why) : NULL;
    } else {
        const struct weir_build_options options = build_options(plan, 0);
        replay->trace = weir_trace_open(plan->paths, plan->path_count, &plan->read, &options, &why);
    }
    if (!replay->trace) {
        set_error(error,
                  why.status == WEIR_TRACE_WRONG_USE ? WEIR_REPLAY_WRONG_USE
                                                     : WEIR_REPLAY_BAD_INPUT,
                  why.text);
        return false;
    }
    add_cpu(job, thread_cpu_s() - start_s);
    return true;
}

static bool check_policies(struct job *job, struct weir_replay_error *error) {
    struct weir_replay *replay = job->replay;
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        struct weir_run_error why = {.text = ""};
        if (weir_check_policy(&replay->plan.scenario, replay->plan.policies[p], &why)) {
            continue;
        }
        if (!why.policy_failed) {
            set_error(error, WEIR_REPLAY_WRONG_USE, why.text);
            return false;
        }
        fail_policy(job, &replay->policies[p], 0, why.text);
    }
    return true;
}

static bool take_memory(struct job *job, struct weir_replay_error *error) {
    struct weir_replay *replay = job->replay;
    const size_t replications = replay->plan.replications;
    job->digests = calloc(replay->plan.policy_count * replications, sizeof *job->digests);
    bool ok = job->digests != NULL;
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        replay->policies[p].policy = replay->plan.policies[p];
        replay->policies[p].runs = calloc(replications, sizeof *replay->policies[p].runs);
        ok = ok && replay->policies[p].runs;
    }
    if (!ok) {
        set_error(error, WEIR_REPLAY_FAILED, "out of memory: fewer replications would fit");
    }
    return ok;
}

/** Some policy went through; else the failure of the first is that of the replay. */
static bool check_failures(const struct weir_replay *replay, struct weir_replay_error *error) {
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        if (!replay->policies[p].failed) {
            return true;
        }
    }
    set_error(error, WEIR_REPLAY_FAILED, replay->policies[0].failure);
    return false;
}

static void conclude(struct job *job) {
    struct weir_replay *replay = job->replay;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        struct weir_replay_policy *result = &replay->policies[p];
        if (result->failed) {
            continue;
        }
        weir_summarise(result->runs, replay->plan.replications, &result->summary);
        result->cost.max_rss_mib = (double)usage.ru_maxrss / 1024.0;
        const uint64_t *digests = &job->digests[p * replay->plan.replications];
        result->digest = digests[0];
        for (uint32_t r = 1; r < replay->plan.replications; r++) {
            result->digest = (result->digest ^ digests[r]) * 0x9e3779b97f4a7c15ULL;
            result->digest ^= result->digest >> 31;
        }
    }
}

struct weir_replay *weir_replay_run(const struct weir_replay_plan *plan, weir_progress progress,
                                    void *context, struct weir_replay_error *error) {
    struct weir_replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        set_error(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    replay->plan = *plan;
    struct job job = {.replay = replay,
                      .progress = progress,
                      .context = context,
                      .failed_replication = UINT32_MAX,
                      .error = error};
    pthread_mutex_init(&job.lock, NULL);
    bool ok = check_policies(&job, error) && open_strategies(replay, error) &&
              take_memory(&job, error) && open_trace(&job, error);
    if (ok) {
        run_threads(&job);
        ok = job.failed_replication == UINT32_MAX && check_failures(replay, error);
    }
    if (ok) {
        conclude(&job);
    }
    pthread_mutex_destroy(&job.lock);
    weir_profile_free(job.profile);
    free(job.digests);
    if (!ok) {
        weir_replay_free(replay);
        return NULL;
    }
    return replay;
}

void weir_replay_free(struct weir_replay *replay) {
    if (!replay) {
        return;
    }
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        free(replay->policies[p].runs);
        weir_run_close(&replay->policies[p].first);
    }
    weir_stage_destroy(replay->stage);
    weir_trace_free(replay->trace);
    weir_strategy_free(replay->strategy);
    weir_strategy_free(replay->second);
    free(replay);
}
