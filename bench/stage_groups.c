#include "stage_groups.h"

#include <stdlib.h>
#include <string.h>

/** Whether an option is the same in both scenarios. */
static bool same_option(const struct weir_scenario *a, const struct weir_scenario *b,
                        size_t option) {
    char one[WEIR_TEXT_MAX];
    char other[WEIR_TEXT_MAX];
    weir_scenario_value(a, option, one, sizeof one);
    weir_scenario_value(b, option, other, sizeof other);
    return strcmp(one, other) == 0;
}

bool weir_same_world(const struct weir_scenario *a, const struct weir_scenario *b) {
    for (size_t i = 0; weir_scenario_option_at(i); i++) {
        if (!same_option(a, b, i)) {
            return false;
        }
    }
    return true;
}

/** Options that only runs depend on: how requests leave the bot. */
static bool only_runs_depend_on(const char *key) {
    return strcmp(key, "bot.connections") == 0 || strcmp(key, "bot.call_path") == 0;
}

static bool same_stage(const struct weir_scenario *a, const struct weir_scenario *b) {
    for (size_t i = 0; weir_scenario_option_at(i); i++) {
        if (!only_runs_depend_on(weir_scenario_option_at(i)->key) && !same_option(a, b, i)) {
            return false;
        }
    }
    return true;
}

/** Whether two scenarios build a profile alike. */
static bool builds_alike(const struct weir_scenario *a, const struct weir_scenario *b) {
    return strcmp(a->trace.shape, b->trace.shape) == 0 && strcmp(a->trace.path, b->trace.path) == 0;
}

static bool open_group(struct weir_stage_group *group, struct weir_replay_error *error) {
    struct weir_scenario_error why = {.text = ""};
    const bool second = group->scenario->foreign.second_bot;
    group->strategy = weir_strategy_open(group->scenario->bot.strategy, &why);
    group->second = group->strategy && second ? weir_strategy_open("shipped", &why) : NULL;
    return (group->strategy && (group->second || !second)) ||
           weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT, "%s", why.text);
}

/** The variant of the groups before that build a profile like the last one, or a new one. */
static void find_variant(struct weir_stage_groups *groups) {
    struct weir_stage_group *last = &groups->items[groups->count - 1];
    last->variant = groups->variants;
    for (size_t g = 0; g + 1 < groups->count; g++) {
        if (builds_alike(groups->items[g].scenario, last->scenario)) {
            last->variant = groups->items[g].variant;
            return;
        }
    }
    groups->variants++;
}

bool weir_stage_groups_add(struct weir_stage_groups *groups, size_t arm,
                           const struct weir_scenario *scenario, struct weir_replay_error *error) {
    size_t g = 0;
    while (g < groups->count && !same_stage(scenario, groups->items[g].scenario)) {
        g++;
    }
    groups->of_arm[arm] = g;
    if (g < groups->count) {
        return true;
    }
    groups->items[groups->count++] = (struct weir_stage_group){.scenario = scenario};
    find_variant(groups);
    return open_group(&groups->items[g], error);
}

bool weir_stage_groups_open(struct weir_stage_groups *groups, size_t arms) {
    *groups = (struct weir_stage_groups){.items = calloc(arms, sizeof *groups->items),
                                         .of_arm = calloc(arms, sizeof *groups->of_arm)};
    return groups->items && groups->of_arm;
}

void weir_stage_groups_close(struct weir_stage_groups *groups) {
    for (size_t g = 0; g < groups->count; g++) {
        weir_strategy_free(groups->items[g].strategy);
        weir_strategy_free(groups->items[g].second);
    }
    free(groups->items);
    free(groups->of_arm);
    *groups = (struct weir_stage_groups){0};
}
