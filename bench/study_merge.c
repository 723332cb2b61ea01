#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "study_parts.h"
#include "study_run.h"

/** What belongs to a study: its arms, and up to which replication. */
struct belongings {
    struct weir_session *session;
    bool *arms; /* by number */
    int64_t arm_count;
};

static bool belongs(void *context, const struct weir_cell_key *key) {
    const struct belongings *b = context;
    const struct weir_study *study = b->session->study;
    const bool fresh = key->seed == weir_study_fresh_seed(study);
    bool trace = false;
    for (size_t t = 0; t < study->path_count; t++) {
        trace = trace || strcmp(b->session->traces[t].digest[fresh], key->trace) == 0;
    }
    return key->arm <= b->arm_count && b->arms[key->arm] && trace &&
           (fresh || key->seed == study->seed) &&
           key->replication < (fresh ? study->fresh : study->replications);
}

/** Whether every cell of the store is one that the study could ask for. */
static bool all_belong(struct weir_session *session) {
    const struct weir_study *study = session->study;
    const size_t most = study->policies.count * study->world_count * (study->point_count + 1);
    struct belongings b = {.session = session, .arms = calloc(most + 1, sizeof *b.arms)};
    b.arm_count = (int64_t)most;
    for (size_t p = 0; b.arms && p < study->policies.count; p++) {
        for (size_t w = 0; w < study->world_count; w++) {
            for (size_t i = 0; i <= study->point_count; i++) {
                const uint64_t point = i < study->point_count ? study->points[i] : WEIR_NO_POINT;
                const int64_t arm = weir_session_arm(session, p, w, point, false);
                if (arm > 0 && arm <= b.arm_count) {
                    b.arms[arm] = true;
                }
            }
        }
    }
    const bool ok = b.arms && weir_store_each(session->store, belongs, &b);
    free(b.arms);
    return ok;
}

/** Whether every round is complete or, from some round on, untouched. */
static bool check_rounds(struct weir_session *session, struct weir_replay_error *error) {
    bool more = true;
    for (size_t k = 0; more; k++) {
        struct weir_round round;
        uint64_t cells = 0;
        uint64_t there = 0;
        if (!weir_session_round(session, k, &round, &more, error)) {
            return false;
        }
        weir_session_count(session, &round, &cells, &there);
        const bool touched = k == 0 || there > (uint64_t)round.count * round.before;
        free(round.tasks);
        if (there < cells && touched && strcmp(round.name, "search") == 0) {
            return weir_replay_fails(
                error, WEIR_REPLAY_INCOMPLETE,
                "%" PRIu64 " of %" PRIu64
                " cells are missing: is a shard's file missing, or was one cut "
                "off? weir tune run with the same --shard goes on with it",
                cells - there, cells);
        }
        if (there < cells) {
            return true;
        }
    }
    return true;
}

/** Whether two files hold the same study of the same engine. */
static bool same_study(struct weir_study_store *one, struct weir_study_store *other,
                       const char *path, const char *first, struct weir_replay_error *error) {
    static const char *const facts[] = {"study", "engine", "traces"};
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        char *a = weir_store_fact(one, facts[i]);
        char *b = weir_store_fact(other, facts[i]);
        const bool same = a && b && strcmp(a, b) == 0;
        free(a);
        free(b);
        if (!same) {
            return weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                     "%.200s: a foreign file: its %s is not that of %.200s", path,
                                     facts[i], first);
        }
    }
    return true;
}

/** Copies everything into `all`; the facts are those of the first file. */
static bool gather(struct weir_study_store *all, const char *const *paths, size_t count,
                   struct weir_replay_error *error) {
    static const char *const facts[] = {"study", "engine", "traces"};
    for (size_t i = 0; i < count; i++) {
        struct weir_study_store *from = weir_store_open(paths[i], WEIR_STORE_READ, error);
        bool ok = from != NULL;
        for (size_t f = 0; ok && i == 0 && f < 3; f++) {
            char *value = weir_store_fact(from, facts[f]);
            ok = value ? weir_store_set_fact(all, facts[f], value, error)
                       : weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                           "%.300s: the study has not been begun", paths[i]);
            free(value);
        }
        ok = ok && same_study(all, from, paths[i], paths[0], error) &&
             weir_store_copy(all, from, error);
        weir_store_close(from);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool check(struct weir_study_store *all, struct weir_replay_error *error) {
    struct weir_study *study = weir_study_of_store(all, error);
    struct weir_session *session = study ? weir_session_open(study, all, error) : NULL;
    bool ok = session != NULL;
    if (ok && !all_belong(session)) {
        ok = weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                               "a file holds foreign cells: a setting, trace, seed or replication "
                               "that this study does not ask for");
    }
    ok = ok && check_rounds(session, error);
    weir_session_close(session);
    weir_study_free(study);
    return ok;
}

bool weir_study_merge(const char *const *paths, size_t count, const char *out,
                      struct weir_replay_error *error) {
    struct weir_study_store *all = weir_store_open(NULL, WEIR_STORE_WRITE, error);
    const bool ok = all && gather(all, paths, count, error) && check(all, error) &&
                    weir_store_export(all, out, error);
    weir_store_close(all);
    return ok;
}
