#include "study_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

/** Most points of a grid that is drawn from: more could not be told apart by one draw. */
#define DRAWN_GRID_MAX ((uint64_t)1 << 52)

/** Draws that may fail to meet the rules, for each point that is wanted. */
#define DRAWS_PER_POINT 1000

/** What comes closest to the rules, if nothing meets them. */
struct closest {
    uint64_t point;
    double missed;
    size_t rule;
    bool any;
};

static double number_at(const struct weir_study *study, uint64_t point, const char *key) {
    for (size_t a = 0; a < study->axis_count; a++) {
        for (size_t k = 0; k < study->axes[a].key_count; k++) {
            if (strcmp(study->axes[a].keys[k], key) == 0) {
                return strtod(weir_study_value(study, point, a, k), NULL);
            }
        }
    }
    return 0.0;
}

/** Whether a point meets all rules; remembers it if it comes closest. */
static bool meets_rules(const struct weir_study *study, uint64_t point, struct closest *closest) {
    double missed = 0.0;
    double most = -1.0;
    size_t worst = 0;
    bool meets = true;
    for (size_t r = 0; r < study->rule_count; r++) {
        const struct weir_linear_rule *rule = &study->rules[r];
        double sum = 0.0;
        for (size_t t = 0; t < rule->term_count; t++) {
            sum += rule->factors[t] * number_at(study, point, rule->keys[t]);
        }
        const bool holds = weir_comparison_holds(rule->comparison, sum, rule->bound);
        const double by = weir_comparison_misses(rule->comparison, sum, rule->bound);
        meets = meets && holds;
        missed += by;
        if (!holds && by > most) {
            most = by;
            worst = r;
        }
    }
    if (!meets && (!closest->any || missed < closest->missed)) {
        *closest = (struct closest){point, missed, worst, true};
    }
    return meets;
}

/** Points of the grid, or some number above DRAWN_GRID_MAX if there are more than that. */
static uint64_t grid_size(const struct weir_study *study) {
    uint64_t size = 1;
    for (size_t a = 0; a < study->axis_count && size <= DRAWN_GRID_MAX; a++) {
        size *= study->axes[a].level_count;
    }
    return size;
}

static bool nothing_meets(const struct weir_study *study, const struct closest *closest,
                          struct weir_replay_error *error) {
    char text[400];
    weir_study_describe(study, closest->point, text, sizeof text);
    return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                             "constraints: no point meets them all; closest is %s, which misses "
                             "'%s' by %.6g",
                             text, study->rules[closest->rule].text, closest->missed);
}

static bool take_all(struct weir_study *study, uint64_t size, struct weir_replay_error *error) {
    struct closest closest = {.any = false};
    if (size > WEIR_POINTS_MAX) {
        return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                 "the grid has more than %d points; take wider steps, lockstep "
                                 "groups, or search 'random'",
                                 WEIR_POINTS_MAX);
    }
    assert(size > 0);
    study->points = calloc(size, sizeof *study->points);
    if (!study->points) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (uint64_t p = 0; p < size; p++) {
        if (meets_rules(study, p, &closest)) {
            study->points[study->point_count++] = p;
        }
    }
    return study->point_count > 0 || nothing_meets(study, &closest, error);
}

/** Inserts a point in its place; false if it is there. O(points). */
static bool insert(struct weir_study *study, uint64_t point) {
    size_t at = study->point_count;
    while (at > 0 && study->points[at - 1] > point) {
        at--;
    }
    if (at > 0 && study->points[at - 1] == point) {
        return false;
    }
    memmove(study->points + at + 1, study->points + at,
            (study->point_count - at) * sizeof *study->points);
    study->points[at] = point;
    study->point_count++;
    return true;
}

static bool draw_some(struct weir_study *study, uint64_t size, uint64_t wanted,
                      struct weir_replay_error *error) {
    struct closest closest = {.any = false};
    assert(wanted > 0);
    study->points = calloc(wanted, sizeof *study->points);
    if (!study->points) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (uint64_t i = 0; i < wanted * DRAWS_PER_POINT && study->point_count < wanted; i++) {
        const struct weir_uniforms u = weir_draw((struct weir_draw_key){.seed = study->seed,
                                                                        .stream = WEIR_STREAM_STUDY,
                                                                        .a = (uint32_t)(i >> 32),
                                                                        .b = (uint32_t)i});
        const uint64_t point = (uint64_t)(u.u[0] * (double)size);
        if (meets_rules(study, point, &closest)) {
            insert(study, point);
        }
    }
    return study->point_count > 0 || nothing_meets(study, &closest, error);
}

bool weir_study_find_points(struct weir_study *study, uint64_t wanted,
                            struct weir_replay_error *error) {
    const uint64_t size = grid_size(study);
    if (study->search == WEIR_SEARCH_RANDOM && size > DRAWN_GRID_MAX) {
        return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                 "the grid has more than 2^52 points, too many to draw from: take "
                                 "wider steps, fewer parameters or lockstep groups");
    }
    if (study->search == WEIR_SEARCH_RANDOM && wanted < size) {
        return draw_some(study, size, wanted, error);
    }
    return take_all(study, size, error);
}
