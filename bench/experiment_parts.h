#ifndef WEIR_BENCH_EXPERIMENT_PARTS_H
#define WEIR_BENCH_EXPERIMENT_PARTS_H

#include <pthread.h>

#include "experiment.h"
#include "profile.h"

/* Private to the files of experiments. */

/** A source as it was opened. */
struct weir_opened {
    struct weir_profile *profile; /**< or NULL: a recording, the same in every replication */
    struct weir_trace *trace;     /**< of replication 0, as the first arm builds it */
};

/** An experiment at work. */
struct weir_job {
    struct weir_experiment *experiment;
    struct weir_opened *opened; /**< per source */
    size_t *order;              /**< sources, the longest first */
    weir_progress progress;
    void *context;

    pthread_mutex_t lock;    /**< of everything below, and of results that several threads share */
    pthread_cond_t changed;  /**< a scene was opened, or a unit has no more of them */
    struct weir_scene *open; /**< scenes with arms that nobody has taken */
    size_t next, done, units;
    size_t at_work; /**< workers that may yet open scenes */
    size_t failed_unit;
    struct weir_replay_error *error;
};

/** How a replication builds its trace under a scenario. */
struct weir_build_options weir_build_options_of(const struct weir_scenario *scenario, uint64_t seed,
                                                uint32_t draw);

/** Results of an arm on a trace, to be filled in. */
struct weir_arm_result *weir_experiment_slot(const struct weir_experiment *experiment, size_t trace,
                                             size_t arm);

/** Marks an arm as failed, by its lowest replication. With the lock held, or by one thread. */
void weir_arm_fails(struct weir_arm_result *result, uint32_t replication, const char *text);

/** Runs all units on the plan's threads. False and job->error on failure. */
bool weir_experiment_work(struct weir_job *job);

#endif
