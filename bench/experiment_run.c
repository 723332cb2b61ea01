#include <assert.h>
#include <stdlib.h>

#include "experiment_parts.h"
#include "workers.h"

/*
 * A unit is one replication of all arms that take the same trace. A worker builds the trace, then
 * one stage after the other, and runs the arms of each: that is a scene. When no unit is left, the
 * workers without one take arms from the scenes of the others.
 */

/** A trace in use: by the worker that has the unit, and by its scenes. */
struct unit {
    size_t number, source, variant;
    uint32_t replication;
    struct weir_trace *trace;
    bool is_built; /* for this unit alone */
    size_t users;
};

struct weir_scene {
    struct unit *unit;
    size_t group;
    struct weir_stage *stage;
    size_t next_arm; /* the first that nobody has taken */
    size_t users;
    struct weir_scene *following; /* in the list of those that are open */
};

/** Notes a failure; of several, that of the first unit is kept, whatever finished first. */
static bool fail(struct weir_job *job, size_t unit, const char *text) {
    pthread_mutex_lock(&job->lock);
    if (unit < job->failed_unit) {
        job->failed_unit = unit;
        weir_replay_fails(job->error, WEIR_REPLAY_FAILED, "%s", text);
    }
    pthread_mutex_unlock(&job->lock);
    return false;
}

static struct weir_place place_of(const struct weir_experiment_plan *plan, uint32_t replication) {
    return plan->places ? plan->places[replication]
                        : (struct weir_place){replication, replication, replication};
}

static bool keeps(const struct weir_job *job, const struct unit *unit) {
    return job->experiment->plan.keeps_first && unit->replication == 0;
}

/** Whether the arm broke in this replication or one before. A later one does not count: which of
 *  the two is run first depends on the threads, and the result must not. */
static bool has_failed(struct weir_job *job, const struct weir_arm_result *result,
                       uint32_t replication) {
    pthread_mutex_lock(&job->lock);
    const bool failed = result->failed && result->failed_replication <= replication;
    pthread_mutex_unlock(&job->lock);
    return failed;
}

static bool note_failed_run(struct weir_job *job, const struct unit *unit, size_t arm,
                            const struct weir_run_error *why) {
    if (!why->policy_failed) {
        return fail(job, unit->number, why->text);
    }
    pthread_mutex_lock(&job->lock);
    weir_arm_fails(weir_experiment_slot(job->experiment, unit->source, arm), unit->replication,
                   why->text);
    pthread_mutex_unlock(&job->lock);
    return true;
}

/** Notes the figures of a run that went through, and keeps or closes it. */
static bool note_run(struct weir_job *job, const struct weir_scene *scene, size_t arm,
                     struct weir_run *run, double start_s) {
    const struct unit *unit = scene->unit;
    struct weir_arm_result *result = weir_experiment_slot(job->experiment, unit->source, arm);
    const double run_s = weir_thread_cpu_s() - start_s;
    const bool computed =
        weir_metrics_compute(&run->own, &run->foreign, &result->runs[unit->replication]);
    result->digests[unit->replication] = run->digest;
    if (unit->replication == 0) {
        result->class = scene->stage->class;
        result->bound_why = scene->stage->bound->why;
    }
    pthread_mutex_lock(&job->lock);
    result->ties += run->ties;
    result->events += run->events;
    result->run_cpu_s += run_s;
    result->cpu_s += weir_thread_cpu_s() - start_s;
    pthread_mutex_unlock(&job->lock);
    if (keeps(job, unit)) {
        result->first = *run;
    } else {
        weir_run_close(run);
    }
    return computed || fail(job, unit->number, "out of memory");
}

static bool run_arm(struct weir_job *job, const struct weir_scene *scene, size_t arm) {
    const struct weir_arm *a = &job->experiment->plan.arms[arm];
    const struct weir_arm_result *result =
        weir_experiment_slot(job->experiment, scene->unit->source, arm);
    if (has_failed(job, result, scene->unit->replication)) {
        return true;
    }
    /* what the group shares does not depend on what its arms differ in */
    struct weir_stage stage = *scene->stage;
    stage.scenario = &a->scenario;
    struct weir_run run;
    struct weir_run_error why = {.text = ""};
    const double start_s = weir_thread_cpu_s();
    return weir_run_policy(&stage, a->policy, &run, &why)
               ? note_run(job, scene, arm, &run, start_s)
               : note_failed_run(job, scene->unit, arm, &why);
}

/** Gives up a use of a unit. With the lock held. */
static void leave_unit(struct unit *unit) {
    if (--unit->users == 0) {
        if (unit->is_built) {
            weir_trace_free(unit->trace);
        }
        free(unit);
    }
}

/** Leaves a stage to the arms of its group. With the lock held. */
static void keep_stage(const struct weir_job *job, const struct weir_scene *scene) {
    const struct weir_experiment *e = job->experiment;
    for (size_t arm = 0; arm < e->plan.arm_count; arm++) {
        if (e->groups.of_arm[arm] == scene->group) {
            weir_experiment_slot(e, scene->unit->source, arm)->stage = scene->stage;
        }
    }
}

/** Gives up a use of a scene. With the lock held. */
static void leave_scene(struct weir_job *job, struct weir_scene *scene) {
    if (--scene->users == 0) {
        if (keeps(job, scene->unit)) {
            keep_stage(job, scene);
        } else {
            weir_stage_destroy(scene->stage);
        }
        leave_unit(scene->unit);
        free(scene);
    }
}

/** Goes to the scene's next arm from `arm` on; past the last, the scene is open no more. With the
 *  lock held. */
static void go_to_arm(struct weir_job *job, struct weir_scene *scene, size_t arm) {
    const struct weir_experiment *e = job->experiment;
    while (arm < e->plan.arm_count && e->groups.of_arm[arm] != scene->group) {
        arm++;
    }
    scene->next_arm = arm;
    if (arm == e->plan.arm_count) {
        struct weir_scene **at = &job->open;
        while (*at != scene) {
            at = &(*at)->following;
        }
        *at = scene->following;
    }
}

/** Runs arms of a scene while there are any, and leaves it. With the lock held before and after. */
static void run_arms(struct weir_job *job, struct weir_scene *scene) {
    const size_t arms = job->experiment->plan.arm_count;
    while (scene->next_arm < arms) {
        const size_t arm = scene->next_arm;
        go_to_arm(job, scene, arm + 1);
        if (job->failed_unit == SIZE_MAX) {
            pthread_mutex_unlock(&job->lock);
            run_arm(job, scene, arm);
            pthread_mutex_lock(&job->lock);
        }
    }
    assert(scene != job->open); /* what has no arms left is open no more */
    leave_scene(job, scene);
}

/** Opens a scene to all workers. With the lock held. */
static void open_scene(struct weir_job *job, struct weir_scene *scene) {
    scene->users = 1;
    scene->unit->users++;
    scene->following = job->open;
    job->open = scene;
    go_to_arm(job, scene, 0);
    pthread_cond_broadcast(&job->changed);
}

/** Sets the stage of a group and runs its arms. */
static bool play(struct weir_job *job, struct unit *unit, size_t g) {
    const struct weir_experiment_plan *plan = &job->experiment->plan;
    const struct weir_stage_group *group = &job->experiment->groups.items[g];
    const struct weir_place place = place_of(plan, unit->replication);
    const struct weir_stage_draws draws = {.network = place.network,
                                           .phase = place.phase,
                                           .phases =
                                               plan->phases ? plan->phases : plan->replications};
    struct weir_scene *scene = calloc(1, sizeof *scene);
    struct weir_stage *stage =
        scene ? weir_stage_create_with(unit->trace, group->scenario, group->strategy, group->second,
                                       plan->seed, &draws)
              : NULL;
    if (!stage) {
        free(scene);
        return fail(job, unit->number, "out of memory");
    }
    scene->unit = unit;
    scene->group = g;
    scene->stage = stage;
    pthread_mutex_lock(&job->lock);
    open_scene(job, scene);
    run_arms(job, scene);
    const bool ok = job->failed_unit == SIZE_MAX;
    pthread_mutex_unlock(&job->lock);
    return ok;
}

/** The trace of a unit: what was opened, or built from the profile. */
static bool build_trace(struct weir_job *job, struct unit *unit) {
    const struct weir_experiment *e = job->experiment;
    const struct weir_opened *opened = &job->opened[unit->source];
    const uint32_t draw = place_of(&e->plan, unit->replication).draw;
    unit->is_built = opened->profile && (draw != 0 || unit->variant != 0);
    unit->trace = opened->trace;
    assert(!unit->is_built || !keeps(job, unit));
    if (unit->is_built) {
        size_t g = 0;
        while (e->groups.items[g].variant != unit->variant) {
            g++;
        }
        struct weir_trace_error why = {.text = "out of memory"};
        const struct weir_build_options options =
            weir_build_options_of(e->groups.items[g].scenario, e->plan.seed, draw);
        unit->trace = weir_profile_build(opened->profile, &options, &why);
        return unit->trace || fail(job, unit->number, why.text);
    }
    return true;
}

/** Unit number `number`: the sources in their order, of each all replications of each variant. */
static struct unit *make_unit(const struct weir_job *job, size_t number) {
    const size_t replications = job->experiment->plan.replications;
    const size_t variants = job->experiment->groups.variants;
    struct unit *unit = calloc(1, sizeof *unit);
    if (unit) {
        *unit = (struct unit){.number = number,
                              .source = job->order[number / (variants * replications)],
                              .variant = number / replications % variants,
                              .replication = (uint32_t)(number % replications),
                              .users = 1};
    }
    return unit;
}

static void run_unit(struct weir_job *job, size_t number) {
    struct unit *unit = make_unit(job, number);
    const struct weir_stage_groups *groups = &job->experiment->groups;
    bool ok = unit ? build_trace(job, unit) : fail(job, number, "out of memory");
    for (size_t g = 0; ok && g < groups->count; g++) {
        ok = groups->items[g].variant != unit->variant || play(job, unit, g);
    }
    pthread_mutex_lock(&job->lock);
    if (unit) {
        leave_unit(unit);
    }
    job->done++;
    if (job->progress) {
        job->progress(job->context, (uint32_t)job->done, (uint32_t)job->units);
    }
    pthread_mutex_unlock(&job->lock);
}

/** Takes arms of the others' scenes until nobody can open one any more. With the lock held. */
static void help(struct weir_job *job) {
    while (job->open || job->at_work > 0) {
        if (job->open) {
            job->open->users++;
            run_arms(job, job->open);
        } else {
            pthread_cond_wait(&job->changed, &job->lock);
        }
    }
}

static void work(void *context) {
    struct weir_job *job = context;
    const double start_s = weir_thread_cpu_s();
    pthread_mutex_lock(&job->lock);
    while (job->next < job->units && job->failed_unit == SIZE_MAX) {
        const size_t unit = job->next++;
        job->at_work++;
        pthread_mutex_unlock(&job->lock);
        run_unit(job, unit);
        pthread_mutex_lock(&job->lock);
        job->at_work--;
    }
    pthread_cond_broadcast(&job->changed);
    help(job);
    job->experiment->cpu_s += weir_thread_cpu_s() - start_s;
    pthread_mutex_unlock(&job->lock);
}

bool weir_experiment_work(struct weir_job *job) {
    const struct weir_experiment *e = job->experiment;
    job->units = e->plan.source_count * e->groups.variants * e->plan.replications;
    job->failed_unit = SIZE_MAX;
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->changed, NULL);
    const size_t most = job->units * e->plan.arm_count;
    weir_workers_run(e->plan.threads < most ? e->plan.threads : (uint32_t)most, work, job);
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->lock);
    return job->failed_unit == SIZE_MAX;
}
