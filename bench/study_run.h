#ifndef WEIR_BENCH_STUDY_RUN_H
#define WEIR_BENCH_STUDY_RUN_H

#include "study.h"
#include "study_store.h"

/**
 * A study at work: its cells in their file, and the rounds in which they are run. A round is a
 * sorted list of tasks that follows from the study and the rounds before it alone; so what is in
 * the file at the end does not depend on threads, shards, or how often the work was cut off.
 */

/** What is known of a trace of a study. */
struct weir_study_trace {
    char name[128];
    char digest[2][20]; /**< under the seed that chooses, and the one that reports */
    enum weir_class class;
    size_t liquidations;
    double span_s;
    double stage_s, run_s; /**< CPU time that a replication and one run in it cost; 0: not known */
};

struct weir_session {
    const struct weir_study *study;
    struct weir_study_store *store;
    struct weir_study_trace *traces; /**< of all its traces */
    int64_t *arms; /**< numbers in the store: policy × world × (points, defaults) */
    char engine[64];
};

/** One setting on one trace, and up to which replication. */
struct weir_task {
    uint16_t policy, world, trace;
    bool fresh;
    uint32_t replications;
    uint64_t point;
};

struct weir_round {
    struct weir_task *tasks;
    size_t count;
    uint32_t before;  /**< replications of each task that the round before has run, in a race */
    const char *name; /**< "search" or "report" */
};

/** A part of the work: units whose number modulo `of` is `index`. */
struct weir_shard {
    uint32_t index, of;
};

/**
 * Begins work on a store, or goes on: runs each policy once on each trace to know the engine and
 * the traces. An engine is a version and a fingerprint of what it does with this study, so a
 * rebuilt program or another shared object is another engine. NULL and an error if a trace cannot
 * be read, or the file holds another study or comes from another engine. More replications of the
 * same study are welcome.
 */
struct weir_session *weir_session_begin(const struct weir_study *study,
                                        struct weir_study_store *store,
                                        struct weir_replay_error *error);

/** Opens what was begun, to look at it; runs nothing. */
struct weir_session *weir_session_open(const struct weir_study *study,
                                       struct weir_study_store *store,
                                       struct weir_replay_error *error);

void weir_session_close(struct weir_session *session);

/** The study that a store holds; NULL and an error if it holds none. The caller frees it. */
struct weir_study *weir_study_of_store(struct weir_study_store *store,
                                       struct weir_replay_error *error);

/** Number of a setting's arm in the store, 0 if it is not there. `point` WEIR_NO_POINT: the
 *  defaults. */
int64_t weir_session_arm(struct weir_session *session, size_t policy, size_t world, uint64_t point,
                         bool add);

/** Reads the figures of one cell; false if it is not there. */
bool weir_session_read(struct weir_session *session, const struct weir_task *task,
                       uint32_t replication, struct weir_metrics *metrics);

/** Round number `index`; all before it must be complete. `more` becomes false past the last one.
 *  False and an error on failure. The caller frees `round->tasks`. */
bool weir_session_round(struct weir_session *session, size_t index, struct weir_round *round,
                        bool *more, struct weir_replay_error *error);

/** Rounds of the search; the one after them reports. */
size_t weir_session_search_rounds(const struct weir_study *study);

/** Replications after a round of the search. */
uint32_t weir_session_replications(const struct weir_study *study, size_t round);

/** Cells of a round, and how many of them are there. */
void weir_session_count(struct weir_session *session, const struct weir_round *round,
                        uint64_t *cells, uint64_t *there);

/** CPU time in seconds that the missing cells of a round will take, by what a run cost before. */
double weir_session_estimate_s(struct weir_session *session, const struct weir_round *round);

/** Told after each unit: cells done and cells of the round, both without those that were there. */
typedef void (*weir_study_progress)(void *context, const char *round, uint64_t done, uint64_t of);

/** Runs what is missing of a round, or of a shard of it. */
bool weir_session_run(struct weir_session *session, const struct weir_round *round,
                      struct weir_shard shard, uint32_t threads, weir_study_progress progress,
                      void *context, struct weir_replay_error *error);

/** Runs rounds until none is left. A shard (of > 1) ends after the first round that has something
 *  missing: then `*complete` is false. */
bool weir_session_run_all(struct weir_session *session, struct weir_shard shard, uint32_t threads,
                          weir_study_progress progress, void *context, bool *complete,
                          struct weir_replay_error *error);

/**
 * Joins files of one study into one, whose bytes do not depend on how the work was split. Refuses
 * files of different studies or engines, cells that contradict each other, cells that belong to no
 * round, and a round that is neither complete nor untouched: nothing is written then, and the
 * error says how many are missing.
 */
bool weir_study_merge(const char *const *paths, size_t count, const char *out,
                      struct weir_replay_error *error);

#endif
