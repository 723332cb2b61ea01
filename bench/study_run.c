#include "study_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "study_parts.h"
#include "workers.h"

/** Arms and replications of a unit: enough that what they share is made once, few enough that
 * little is lost when the work is cut off. */
#define UNIT_ARMS 16
#define UNIT_REPLICATIONS 5U

/** Tasks that share a trace, in one block of replications. */
struct unit {
    size_t first, count;
    uint32_t from, to;
};

struct job {
    struct weir_session *session;
    const struct weir_round *round;
    struct unit *units;
    size_t unit_count;
    struct weir_shard shard;
    weir_study_progress progress;
    void *context;
    pthread_mutex_t lock; /* of everything below, and of the store */
    size_t next;
    uint64_t done, cells;
    bool failed;
    struct weir_replay_error *error;
};

/** What a thread works with. */
struct bench {
    struct weir_arm arms[UNIT_ARMS];
    const struct weir_task *tasks[UNIT_ARMS]; /* of each arm */
    struct weir_cell cells[UNIT_ARMS * UNIT_REPLICATIONS];
};

static bool share_trace(const struct weir_task *a, const struct weir_task *b) {
    return a->trace == b->trace && a->fresh == b->fresh && a->replications == b->replications;
}

/** Parts a round into units; what they are does not depend on what is there already. */
static struct unit *part(const struct weir_round *round, size_t *count) {
    size_t capacity = 0;
    struct unit *units = NULL;
    *count = 0;
    for (size_t first = 0; first < round->count;) {
        const struct weir_task *task = &round->tasks[first];
        size_t n = 1;
        while (n < UNIT_ARMS && first + n < round->count && share_trace(task, task + n)) {
            n++;
        }
        for (uint32_t from = round->before; from < task->replications; from += UNIT_REPLICATIONS) {
            if (*count == capacity) {
                capacity = capacity ? 2 * capacity : 256;
                struct unit *more = realloc(units, capacity * sizeof *units);
                if (!more) {
                    free(units);
                    return NULL;
                }
                units = more;
            }
            const uint32_t to = from + UNIT_REPLICATIONS;
            units[(*count)++] =
                (struct unit){first, n, from, to < task->replications ? to : task->replications};
        }
        first += n;
    }
    return units;
}

static bool is_missing(struct weir_session *session, const struct weir_task *task, uint32_t from,
                       uint32_t to) {
    for (uint32_t r = from; r < to; r++) {
        if (!weir_session_read(session, task, r, NULL)) {
            return true;
        }
    }
    return false;
}

void weir_session_count(struct weir_session *session, const struct weir_round *round,
                        uint64_t *cells, uint64_t *there) {
    *cells = *there = 0;
    for (size_t i = 0; i < round->count; i++) {
        for (uint32_t r = 0; r < round->tasks[i].replications; r++) {
            *there += weir_session_read(session, &round->tasks[i], r, NULL);
        }
        *cells += round->tasks[i].replications;
    }
}

/** Fills in the arms of a unit that have something missing; returns how many. */
static size_t missing_arms(struct job *job, const struct unit *unit, struct bench *bench,
                           bool *ok) {
    size_t count = 0;
    for (size_t i = 0; *ok && i < unit->count; i++) {
        const struct weir_task *task = &job->round->tasks[unit->first + i];
        if (is_missing(job->session, task, unit->from, unit->to)) {
            bench->tasks[count] = task;
            *ok = weir_study_arm(job->session->study, task->policy, task->point, task->world,
                                 &bench->arms[count], job->error) &&
                  weir_session_arm(job->session, task->policy, task->world, task->point, true) > 0;
            count++;
        }
    }
    return count;
}

/** Cells that the missing units of a shard hold, as they will be run: whole blocks. */
static uint64_t cells_to_run(struct job *job) {
    uint64_t cells = 0;
    for (size_t u = job->shard.index; u < job->unit_count; u += job->shard.of) {
        const struct unit *unit = &job->units[u];
        for (size_t i = 0; i < unit->count; i++) {
            const struct weir_task *task = &job->round->tasks[unit->first + i];
            if (is_missing(job->session, task, unit->from, unit->to)) {
                cells += unit->to - unit->from;
            }
        }
    }
    return cells;
}

double weir_session_estimate_s(struct weir_session *session, const struct weir_round *round) {
    struct job job = {.session = session, .round = round, .shard = {0, 1}};
    double seconds = 0.0;
    job.units = part(round, &job.unit_count);
    for (size_t u = 0; u < job.unit_count; u++) {
        const struct unit *unit = &job.units[u];
        size_t arms = 0;
        for (size_t i = 0; i < unit->count; i++) {
            arms += is_missing(session, &round->tasks[unit->first + i], unit->from, unit->to);
        }
        const struct weir_study_trace *trace = &session->traces[round->tasks[unit->first].trace];
        seconds +=
            arms ? (unit->to - unit->from) * (trace->stage_s + (double)arms * trace->run_s) : 0.0;
    }
    free(job.units);
    return seconds;
}

static struct weir_experiment *run_experiment(const struct job *job, const struct unit *unit,
                                              const struct bench *bench, size_t arms,
                                              struct weir_replay_error *error) {
    const struct weir_study *study = job->session->study;
    const struct weir_task *task = bench->tasks[0];
    const uint64_t seed = task->fresh ? weir_study_fresh_seed(study) : study->seed;
    const char *const paths[] = {study->paths[task->trace]};
    const struct weir_trace_source source = {paths, 1};
    struct weir_place places[UNIT_REPLICATIONS];
    for (uint32_t r = unit->from; r < unit->to; r++) {
        places[r - unit->from] = weir_study_place(seed, r);
    }
    const struct weir_experiment_plan plan = {.sources = &source,
                                              .source_count = 1,
                                              .arms = bench->arms,
                                              .arm_count = arms,
                                              .seed = seed,
                                              .replications = unit->to - unit->from,
                                              .threads = 1,
                                              .places = places,
                                              .phases = WEIR_STUDY_PHASES};
    return weir_experiment_run(&plan, NULL, NULL, error);
}

/** Gathers the cells of an experiment; returns how many, 0 and an error if a policy broke. */
static size_t gather(struct job *job, const struct unit *unit, struct bench *bench, size_t arms,
                     const struct weir_experiment *e, struct weir_replay_error *error) {
    size_t count = 0;
    for (size_t a = 0; a < arms; a++) {
        const struct weir_arm_result *result = weir_experiment_result(e, 0, a);
        const struct weir_task *task = bench->tasks[a];
        if (result->failed) {
            weir_replay_fails(error, WEIR_REPLAY_FAILED, "%s", result->failure);
            return 0;
        }
        for (uint32_t r = unit->from; r < unit->to; r++) {
            struct weir_cell *cell = &bench->cells[count++];
            const struct weir_study *study = job->session->study;
            cell->key = (struct weir_cell_key){
                .arm = weir_session_arm(job->session, task->policy, task->world, task->point, true),
                .seed = task->fresh ? weir_study_fresh_seed(study) : study->seed,
                .replication = r};
            memcpy(cell->key.trace, job->session->traces[task->trace].digest[task->fresh],
                   sizeof cell->key.trace);
            cell->digest = result->digests[r - unit->from];
            cell->metrics = result->runs[r - unit->from];
        }
    }
    return count;
}

/** Keeps the first failure. */
static void fail(struct job *job, const struct weir_replay_error *why) {
    if (!job->failed) {
        job->failed = true;
        *job->error = *why;
    }
}

/** Runs what is missing of a unit. Called, and returns, with the lock held. */
static void run_unit(struct job *job, const struct unit *unit, struct bench *bench) {
    bool ok = true;
    struct weir_replay_error why = {.text = "out of memory"};
    const size_t arms = missing_arms(job, unit, bench, &ok);
    if (!ok || arms == 0) {
        job->failed = job->failed || !ok;
        return;
    }
    pthread_mutex_unlock(&job->lock);
    struct weir_experiment *e = run_experiment(job, unit, bench, arms, &why);
    pthread_mutex_lock(&job->lock);
    const size_t cells = e ? gather(job, unit, bench, arms, e, &why) : 0;
    if (cells == 0 || !weir_store_write(job->session->store, bench->cells, cells, &why)) {
        fail(job, &why);
    }
    job->done += cells;
    if (job->progress && cells) {
        job->progress(job->context, job->round->name, job->done, job->cells);
    }
    weir_experiment_free(e);
}

static void work(void *context) {
    struct job *job = context;
    struct bench *bench = malloc(sizeof *bench);
    pthread_mutex_lock(&job->lock);
    if (!bench) {
        fail(job, &(struct weir_replay_error){WEIR_REPLAY_FAILED, "out of memory"});
    }
    while (!job->failed && job->next < job->unit_count) {
        const struct unit *unit = &job->units[job->next];
        job->next += job->shard.of;
        run_unit(job, unit, bench);
    }
    pthread_mutex_unlock(&job->lock);
    free(bench);
}

bool weir_session_run(struct weir_session *session, const struct weir_round *round,
                      struct weir_shard shard, uint32_t threads, weir_study_progress progress,
                      void *context, struct weir_replay_error *error) {
    struct job job = {.session = session,
                      .round = round,
                      .shard = shard,
                      .progress = progress,
                      .context = context,
                      .next = shard.index,
                      .error = error};
    job.units = part(round, &job.unit_count);
    if (!job.units) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    job.cells = cells_to_run(&job);
    pthread_mutex_init(&job.lock, NULL);
    weir_workers_run(threads, work, &job);
    pthread_mutex_destroy(&job.lock);
    free(job.units);
    return !job.failed;
}

bool weir_session_run_all(struct weir_session *session, struct weir_shard shard, uint32_t threads,
                          weir_study_progress progress, void *context, bool *complete,
                          struct weir_replay_error *error) {
    bool more = true;
    *complete = true;
    for (size_t k = 0; more && *complete; k++) {
        struct weir_round round;
        uint64_t cells = 0;
        uint64_t there = 0;
        if (!weir_session_round(session, k, &round, &more, error)) {
            return false;
        }
        weir_session_count(session, &round, &cells, &there);
        bool ok = true;
        if (there < cells) {
            ok = weir_session_run(session, &round, shard, threads, progress, context, error);
            weir_session_count(session, &round, &cells, &there);
            *complete = there == cells;
        }
        free(round.tasks);
        if (!ok) {
            return false;
        }
    }
    return true;
}
