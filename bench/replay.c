#include "replay.h"

#include <stdlib.h>
#include <sys/resource.h>

static bool run(struct weir_replay *replay, weir_progress progress, void *context,
                struct weir_replay_error *error) {
    const struct weir_replay_plan *plan = &replay->plan;
    replay->source = (struct weir_trace_source){plan->paths, plan->path_count};
    for (size_t p = 0; p < plan->policy_count; p++) {
        replay->arms[p] = (struct weir_arm){plan->policies[p], plan->scenario};
    }
    const struct weir_experiment_plan experiment = {.sources = &replay->source,
                                                    .source_count = 1,
                                                    .arms = replay->arms,
                                                    .arm_count = plan->policy_count,
                                                    .seed = plan->seed,
                                                    .replications = plan->replications,
                                                    .threads = plan->threads,
                                                    .read = plan->read,
                                                    .keeps_first = true};
    replay->experiment = weir_experiment_run(&experiment, progress, context, error);
    return replay->experiment != NULL;
}

/** Some policy went through; else the failure of the first is that of the replay. */
static bool check_failures(const struct weir_replay *replay, struct weir_replay_error *error) {
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        if (!weir_experiment_result(replay->experiment, 0, p)->failed) {
            return true;
        }
    }
    return weir_replay_fails(error, WEIR_REPLAY_FAILED, "%s",
                             weir_experiment_result(replay->experiment, 0, 0)->failure);
}

/** Each policy is said to have cost what it would have cost alone, trace and stage included. */
static struct weir_replay_cost cost_of(const struct weir_experiment *e,
                                       const struct weir_arm_result *result) {
    double shared_cpu_s = e->open_cpu_s + e->cpu_s;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    for (size_t a = 0; a < e->plan.arm_count; a++) {
        shared_cpu_s -= weir_experiment_result(e, 0, a)->cpu_s;
    }
    return (struct weir_replay_cost){.events = result->events,
                                     .cpu_s = shared_cpu_s + result->cpu_s,
                                     .run_cpu_s = result->run_cpu_s,
                                     .max_rss_mib = (double)usage.ru_maxrss / 1024.0};
}

static void conclude_policy(struct weir_replay *replay, size_t policy) {
    const struct weir_experiment *e = replay->experiment;
    const struct weir_arm_result *result = weir_experiment_result(e, 0, policy);
    struct weir_replay_policy *p = &replay->policies[policy];
    *p = (struct weir_replay_policy){.policy = replay->plan.policies[policy],
                                     .runs = result->runs,
                                     .first = &result->first,
                                     .failed = result->failed,
                                     .failure = result->failure};
    if (!result->failed) {
        weir_summarise(result->runs, e->plan.replications, &p->summary);
        p->digest = weir_experiment_digest(e, 0, policy);
        p->ties = result->ties;
        p->cost = cost_of(e, result);
    }
}

static void conclude(struct weir_replay *replay) {
    const struct weir_experiment *e = replay->experiment;
    replay->trace = e->traces[0].trace;
    replay->stage = weir_experiment_result(e, 0, 0)->stage;
    replay->strategy = e->groups.items[0].strategy;
    replay->second = e->groups.items[0].second;
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        conclude_policy(replay, p);
    }
}

struct weir_replay *weir_replay_run(const struct weir_replay_plan *plan, weir_progress progress,
                                    void *context, struct weir_replay_error *error) {
    struct weir_replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    replay->plan = *plan;
    if (!run(replay, progress, context, error) || !check_failures(replay, error)) {
        weir_replay_free(replay);
        return NULL;
    }
    conclude(replay);
    return replay;
}

void weir_replay_free(struct weir_replay *replay) {
    if (replay) {
        weir_experiment_free(replay->experiment);
        free(replay);
    }
}
