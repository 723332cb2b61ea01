#ifndef WEIR_BENCH_STUDY_H
#define WEIR_BENCH_STUDY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "experiment.h"
#include "metric_facts.h"
#include "policy_source.h"
#include "study_terms.h"

/**
 * A study: which settings of which policies are tried on which traces, what makes one better than
 * another, and how they are searched. Read from a JSON object of schema weir.study/1
 * (docs/tuning.md), whether a user wrote it or the command line made it.
 */

#define WEIR_STUDY_SCHEMA "weir.study/1"
#define WEIR_AXES_MAX 16
#define WEIR_LEVELS_MAX 1000
#define WEIR_STUDY_TRACES_MAX 64
#define WEIR_STUDY_TERMS_MAX 16
#define WEIR_WORLDS_MAX 3

/** Most points of a grid, and most that a random search draws. */
#define WEIR_POINTS_MAX 1000000

/** Keys that take their values in lockstep: one dimension of the search. */
struct weir_axis {
    char (*keys)[96];
    size_t key_count;
    char (*values)[48]; /**< level × key */
    size_t level_count;
    char lockstep[48]; /**< name of the group; "" for none */
};

enum weir_search {
    WEIR_SEARCH_GRID,
    WEIR_SEARCH_RANDOM,
    WEIR_SEARCH_RACE
};

struct weir_study {
    json_t *document;                   /**< as it was read, every default written out */
    char *paths[WEIR_STUDY_TRACES_MAX]; /**< traces that are tuned on, then those that are not */
    size_t tuned_count, path_count;
    struct weir_policy_set policies;
    struct weir_axis axes[WEIR_AXES_MAX];
    size_t axis_count;
    struct weir_linear_rule rules[WEIR_STUDY_TERMS_MAX]; /**< between parameters */
    size_t rule_count;
    enum weir_metric objective;
    struct weir_outcome_rule outcomes[WEIR_STUDY_TERMS_MAX];
    size_t outcome_count;
    enum weir_search search;
    uint32_t replications; /**< that choose */
    uint32_t fresh;        /**< that report */
    uint64_t seed;
    uint64_t *points; /**< numbers of the points that are tried, ascending */
    size_t point_count;
    char worlds[WEIR_WORLDS_MAX][16]; /**< rule sets; one "" without `robust` */
    size_t world_count;
};

/** Reads a study. The object is not kept. NULL and an error that names the key on failure: wrong
 *  use for what the user asked, bad input for policies that cannot be had. */
struct weir_study *weir_study_create(json_t *object, const char *origin,
                                     struct weir_replay_error *error);

void weir_study_free(struct weir_study *study);

/** The study of a JSON file; NULL with an error of WEIR_REPLAY_OK if the file is no study (a
 * profile, say), of another status if it is a damaged one. The caller owns the reference. */
json_t *weir_study_load(const char *path, struct weir_replay_error *error);

/** A parameter as the command line writes it, KEY[+KEY…]=FROM:TO:STEP, =FROM:TO:log:COUNT or
 *  =A,B,C, as an entry of "parameters"; `limiter.*.X` stands for X in all three modes. NULL and an
 *  error on failure. The caller owns the reference. */
json_t *weir_study_parameter(const char *text, struct weir_replay_error *error);

/** Level of a point on an axis. */
size_t weir_study_level(const struct weir_study *study, uint64_t point, size_t axis);

/** Value of key `key` of an axis at a point. Borrowed. */
const char *weir_study_value(const struct weir_study *study, uint64_t point, size_t axis,
                             size_t key);

/** "normal.buffer=0.05 normal.reserve=0.1", keys without "limiter.". */
void weir_study_describe(const struct weir_study *study, uint64_t point, char *text, size_t size);

/** The arm of a policy at a point in a world; WEIR_NO_POINT for the policy's defaults. False and
 * an error if a setting is refused. */
#define WEIR_NO_POINT UINT64_MAX
bool weir_study_arm(const struct weir_study *study, size_t policy, uint64_t point, size_t world,
                    struct weir_arm *arm, struct weir_replay_error *error);

/** The arm of a policy with parameters by their keys, without a rule set of its own. */
bool weir_study_arm_of(const struct weir_study *study, size_t policy, json_t *parameters,
                       struct weir_arm *arm, struct weir_replay_error *error);

/** Draws, phase and network of a replication: the phases fill the minute evenly however many
 *  replications there are, so that more can be added later. */
#define WEIR_STUDY_PHASES 65536U
struct weir_place weir_study_place(uint64_t seed, uint32_t replication);

/** The seed that reports: another than the one that chose. */
uint64_t weir_study_fresh_seed(const struct weir_study *study);

/** "grid", "random" or "race". */
const char *weir_search_name(enum weir_search search);

#endif
