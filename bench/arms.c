#include "arms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASSIGNMENT_MAX 256

/** Adds assignments that are separated by blanks. */
static enum weir_scenario_status add_all(struct weir_settings *settings, const char *assignments,
                                         struct weir_scenario_error *why) {
    enum weir_scenario_status status = WEIR_SCENARIO_OK;
    while (!status && *assignments) {
        char one[ASSIGNMENT_MAX];
        const size_t length = strcspn(assignments, " ");
        snprintf(one, sizeof one, "%.*s", (int)length, assignments);
        status = weir_settings_add(settings, one, why);
        assignments += length + strspn(assignments + length, " ");
    }
    return status;
}

static bool resolve(const struct weir_arms *arms, const char *const assignments[2],
                    struct weir_scenario *scenario, struct weir_replay_error *error) {
    struct weir_scenario_error why = {.text = ""};
    struct weir_settings *settings = weir_settings_copy(arms->settings);
    if (!settings) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    enum weir_scenario_status status = add_all(settings, assignments[0], &why);
    status = status ? status : add_all(settings, assignments[1], &why);
    status = status ? status : weir_settings_resolve(settings, scenario, &why);
    weir_settings_destroy(settings);
    return !status || weir_replay_fails(error,
                                        status == WEIR_SCENARIO_UNKNOWN ? WEIR_REPLAY_WRONG_USE
                                                                        : WEIR_REPLAY_BAD_INPUT,
                                        "%s", why.text);
}

static bool same_limiter(const struct weir_scenario *a, const struct weir_scenario *b) {
    bool same = a->limiter_count == b->limiter_count;
    for (size_t i = 0; same && i < a->limiter_count; i++) {
        same = strcmp(a->limiter[i].key, b->limiter[i].key) == 0 &&
               strcmp(a->limiter[i].value, b->limiter[i].value) == 0;
    }
    return same;
}

static bool make_room(struct weir_arms *arms) {
    if (arms->count < arms->capacity) {
        return true;
    }
    const size_t capacity = arms->capacity ? 2 * arms->capacity : 16;
    struct weir_arm *items = realloc(arms->items, capacity * sizeof *items);
    if (items) {
        arms->items = items;
        arms->capacity = capacity;
    }
    return items != NULL;
}

bool weir_arms_add(struct weir_arms *arms, const struct weir_policy *policy,
                   const char *const assignments[2], size_t *number,
                   struct weir_replay_error *error) {
    if (!make_room(arms)) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    struct weir_arm *arm = &arms->items[arms->count];
    arm->policy = policy;
    if (!resolve(arms, assignments, &arm->scenario, error)) {
        return false;
    }
    for (*number = 0; *number < arms->count; (*number)++) {
        const struct weir_arm *other = &arms->items[*number];
        if (other->policy == policy && same_limiter(&other->scenario, &arm->scenario) &&
            weir_same_world(&other->scenario, &arm->scenario)) {
            return true;
        }
    }
    arms->count++;
    return true;
}

void weir_arms_free(struct weir_arms *arms) {
    free(arms->items);
    *arms = (struct weir_arms){0};
}
