#include "hosted_replay.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "experiment_parts.h"
#include "workers.h"

static bool check_policy(const struct weir_replay_plan *plan, struct weir_replay_error *error) {
    struct weir_run_error why = {.text = ""};
    return weir_check_policy(&plan->scenario, plan->policies[0], &why) ||
           weir_replay_fails(error, why.policy_failed ? WEIR_REPLAY_FAILED : WEIR_REPLAY_WRONG_USE,
                             "%s", why.text);
}

static bool open_strategy(struct weir_hosted_replay *hosted, struct weir_replay_error *error) {
    struct weir_scenario_error why = {.text = ""};
    hosted->strategy = weir_strategy_open(hosted->replay.plan.scenario.bot.strategy, &why);
    hosted->replay.strategy = hosted->strategy;
    return hosted->strategy || weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT, "%s", why.text);
}

static bool open_trace(struct weir_hosted_replay *hosted, struct weir_replay_error *error) {
    const struct weir_replay_plan *plan = &hosted->replay.plan;
    const struct weir_build_options build = weir_build_options_of(&plan->scenario, plan->seed, 0);
    struct weir_trace_error why = {.text = ""};
    hosted->trace = weir_trace_open(plan->paths, plan->path_count, &plan->read, &build, &why);
    hosted->replay.trace = hosted->trace;
    return hosted->trace ||
           weir_replay_fails(error,
                             why.status == WEIR_TRACE_WRONG_USE ? WEIR_REPLAY_WRONG_USE
                                                                : WEIR_REPLAY_BAD_INPUT,
                             "%s", why.text);
}

struct weir_hosted_replay *weir_hosted_replay_open(const struct weir_replay_plan *plan,
                                                   struct weir_replay_error *error) {
    struct weir_hosted_replay *hosted = calloc(1, sizeof *hosted);
    if (!hosted) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    hosted->replay.plan = *plan;
    if (!check_policy(plan, error) || !open_strategy(hosted, error) || !open_trace(hosted, error)) {
        weir_hosted_replay_free(hosted);
        return NULL;
    }
    return hosted;
}

bool weir_hosted_replay_stage(struct weir_hosted_replay *hosted, int64_t onset_ns,
                              struct weir_replay_error *error) {
    const struct weir_replay_plan *plan = &hosted->replay.plan;
    const struct weir_stage_draws draws = {.phases = 1, .onset_ns = onset_ns};
    hosted->stage = weir_stage_create_with(hosted->trace, &plan->scenario, hosted->strategy, NULL,
                                           plan->seed, &draws);
    hosted->replay.stage = hosted->stage;
    return hosted->stage || weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
}

bool weir_hosted_replay_conclude(struct weir_hosted_replay *hosted,
                                 struct weir_replay_error *error) {
    struct weir_replay_policy *policy = &hosted->replay.policies[0];
    struct rusage usage;
    if (!weir_metrics_compute(&hosted->run.own, &hosted->run.foreign, &hosted->metrics)) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    getrusage(RUSAGE_SELF, &usage);
    *policy =
        (struct weir_replay_policy){.policy = hosted->replay.plan.policies[0],
                                    .runs = &hosted->metrics,
                                    .first = &hosted->run,
                                    .cost = {.events = hosted->run.events,
                                             .cpu_s = weir_thread_cpu_s(),
                                             .run_cpu_s = weir_thread_cpu_s(),
                                             .max_rss_mib = (double)usage.ru_maxrss / 1024.0}};
    weir_summarise(policy->runs, 1, &policy->summary);
    return true;
}

void weir_hosted_replay_free(struct weir_hosted_replay *hosted) {
    if (!hosted) {
        return;
    }
    weir_run_close(&hosted->run);
    json_decref(hosted->replay.live);
    weir_stage_destroy(hosted->stage);
    weir_strategy_free(hosted->strategy);
    weir_trace_free(hosted->trace);
    free(hosted);
}
