#include <stdlib.h>
#include <string.h>

#include "study_choice.h"
#include "study_parts.h"

/** Replications of the first round of a race. */
#define RACE_START 5U

size_t weir_session_search_rounds(const struct weir_study *study) {
    size_t rounds = 1;
    if (study->search == WEIR_SEARCH_RACE) {
        for (uint32_t n = RACE_START; n < study->replications; n *= 2) {
            rounds++;
        }
    }
    return rounds;
}

uint32_t weir_session_replications(const struct weir_study *study, size_t round) {
    uint64_t n = RACE_START;
    if (study->search != WEIR_SEARCH_RACE) {
        return study->replications;
    }
    for (size_t i = 0; i < round && n < study->replications; i++) {
        n *= 2;
    }
    return n < study->replications ? (uint32_t)n : study->replications;
}

/** Appends a task; false if memory is short. */
static bool add(struct weir_round *round, size_t *capacity, struct weir_task task) {
    if (round->count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 256;
        struct weir_task *tasks = realloc(round->tasks, *capacity * sizeof *tasks);
        if (!tasks) {
            return false;
        }
        round->tasks = tasks;
    }
    round->tasks[round->count++] = task;
    return true;
}

static int compare_tasks(const void *left, const void *right) {
    const struct weir_task *a = left;
    const struct weir_task *b = right;
    const int64_t keys[][2] = {{a->trace, b->trace},
                               {a->fresh, b->fresh},
                               {a->policy, b->policy},
                               {a->world, b->world},
                               {a->point > b->point, b->point > a->point}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

/** Sorts, and leaves each task once. */
static void settle(struct weir_round *round) {
    size_t kept = 0;
    qsort(round->tasks, round->count, sizeof *round->tasks, compare_tasks);
    for (size_t i = 0; i < round->count; i++) {
        if (kept == 0 || compare_tasks(&round->tasks[kept - 1], &round->tasks[i]) != 0) {
            round->tasks[kept++] = round->tasks[i];
        }
    }
    round->count = kept;
}

/** The points of a policy that are in a round of the search: all of them, or what is still in the
 *  race. */
static uint64_t *points_in(struct weir_session *session, size_t policy, size_t index, size_t *count,
                           struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    uint64_t *points = malloc(study->point_count * sizeof *points);
    size_t list[WEIR_STUDY_TRACES_MAX] = {0};
    *count = study->point_count;
    if (!points) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    memcpy(points, study->points, *count * sizeof *points);
    if (index == 0) {
        return points;
    }
    for (size_t t = 0; t < study->tuned_count; t++) {
        list[t] = t;
    }
    struct weir_choice choice;
    struct weir_results *results = weir_results_read(session, policy, index - 1, error);
    if (!results ||
        !weir_choose(study, results, list, results->traces, weir_choice_alpha(study), &choice)) {
        if (results) {
            weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        }
        weir_results_free(results);
        free(points);
        return NULL;
    }
    *count = 0;
    for (size_t i = 0; i < results->count; i++) {
        if (choice.in_set[i]) {
            points[(*count)++] = results->tried[i].point;
        }
    }
    weir_choice_free(&choice);
    weir_results_free(results);
    return points;
}

static bool add_search(struct weir_session *session, size_t index, size_t policy,
                       struct weir_round *round, size_t *capacity,
                       struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    size_t count = 0;
    uint64_t *points = points_in(session, policy, index, &count, error);
    bool ok = points != NULL;
    for (size_t t = 0; ok && t < study->tuned_count; t++) {
        for (size_t w = 0; ok && w < study->world_count; w++) {
            for (size_t i = 0; ok && i < count; i++) {
                ok = add(round, capacity,
                         (struct weir_task){.policy = (uint16_t)policy,
                                            .world = (uint16_t)w,
                                            .trace = (uint16_t)t,
                                            .replications = weir_session_replications(study, index),
                                            .point = points[i]}) ||
                     weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
            }
        }
    }
    free(points);
    return ok;
}

/** Adds one point on one trace to what is reported, in every rule set. */
static bool add_fresh(const struct weir_study *study, struct weir_round *round, size_t *capacity,
                      size_t policy, size_t trace, uint64_t point) {
    for (size_t w = 0; w < study->world_count; w++) {
        if (!add(round, capacity,
                 (struct weir_task){.policy = (uint16_t)policy,
                                    .world = (uint16_t)w,
                                    .trace = (uint16_t)trace,
                                    .fresh = true,
                                    .replications = study->fresh,
                                    .point = point})) {
            return false;
        }
    }
    return true;
}

/** What is chosen without a trace, and by it alone, both on that trace. */
static bool add_left_out(const struct weir_study *study, const struct weir_results *results,
                         struct weir_round *round, size_t *capacity, size_t policy) {
    for (size_t t = 0; study->tuned_count > 1 && t < study->tuned_count; t++) {
        for (int alone = 0; alone <= 1; alone++) {
            struct weir_choice choice;
            size_t list[WEIR_STUDY_TRACES_MAX];
            const size_t count = weir_leave_out(study, t, alone, list);
            if (!weir_choose(study, results, list, count, weir_choice_alpha(study), &choice)) {
                return false;
            }
            const uint64_t point = results->tried[choice.recommended].point;
            weir_choice_free(&choice);
            if (!add_fresh(study, round, capacity, policy, t, point)) {
                return false;
            }
        }
    }
    return true;
}

size_t weir_leave_out(const struct weir_study *study, size_t trace, bool alone, size_t *list) {
    size_t count = 0;
    for (size_t t = 0; t < study->tuned_count; t++) {
        if ((t == trace) == (alone != 0)) {
            list[count++] = t;
        }
    }
    return count;
}

static bool add_report(struct weir_session *session, size_t policy, struct weir_round *round,
                       size_t *capacity, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    struct weir_choice choice;
    size_t list[WEIR_STUDY_TRACES_MAX] = {0};
    struct weir_results *results =
        weir_results_read(session, policy, weir_session_search_rounds(study) - 1, error);
    if (!results) {
        return false;
    }
    for (size_t t = 0; t < study->tuned_count; t++) {
        list[t] = t;
    }
    bool ok = weir_choose(study, results, list, results->traces, weir_choice_alpha(study), &choice);
    if (ok) {
        const uint64_t points[] = {results->tried[choice.best].point,
                                   results->tried[choice.recommended].point, WEIR_NO_POINT};
        weir_choice_free(&choice);
        for (size_t t = 0; t < study->path_count; t++) {
            for (size_t i = 0; ok && i < 3; i++) {
                ok = add_fresh(study, round, capacity, policy, t, points[i]);
            }
        }
        ok = ok && add_left_out(study, results, round, capacity, policy);
    }
    weir_results_free(results);
    return ok || weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
}

bool weir_session_round(struct weir_session *session, size_t index, struct weir_round *round,
                        bool *more, struct weir_replay_error *error) {
    const size_t search = weir_session_search_rounds(session->study);
    size_t capacity = 0;
    bool ok = true;
    *round = (struct weir_round){.name = index < search ? "search" : "report"};
    if (index > 0 && index < search) {
        round->before = weir_session_replications(session->study, index - 1);
    }
    *more = index <= search;
    for (size_t p = 0; ok && *more && p < session->study->policies.count; p++) {
        ok = index < search ? add_search(session, index, p, round, &capacity, error)
                            : add_report(session, p, round, &capacity, error);
    }
    if (!ok) {
        free(round->tasks);
        return false;
    }
    if (round->count > 0) {
        settle(round);
    }
    return true;
}
