#include "staged.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static const char *const calm[] = {"feed.throttle_ms=0", "feed.delay_ms=5",   "network.preset=calm",
                                   "network.noise=0",    "bot.coalesce_ms=1", NULL};

static void add_all(struct weir_settings *settings, const char *const *assignments) {
    struct weir_scenario_error error;
    for (size_t i = 0; assignments[i]; i++) {
        assert_int_equal(weir_settings_add(settings, assignments[i], &error), WEIR_SCENARIO_OK);
    }
}

static struct weir_strategy *open_strategy(const char *name) {
    struct weir_scenario_error error = {0};
    struct weir_strategy *strategy = weir_strategy_open(name, &error);
    if (!strategy) {
        print_error("%s\n", error.text);
    }
    assert_non_null(strategy);
    return strategy;
}

struct staged *staged_new(struct weir_trace *trace, const char *const *assignments) {
    struct staged *staged = calloc(1, sizeof *staged);
    struct weir_settings *settings = weir_settings_create();
    struct weir_scenario_error error = {0};
    assert_true(staged && settings);
    add_all(settings, calm);
    add_all(settings, assignments);
    if (weir_settings_resolve(settings, &staged->scenario, &error)) {
        print_error("%s\n", error.text);
        fail();
    }
    weir_settings_destroy(settings);
    staged->trace = trace;
    staged->strategy = open_strategy(staged->scenario.bot.strategy);
    staged->second = staged->scenario.foreign.second_bot ? open_strategy("shipped") : NULL;
    return staged;
}

void staged_bare(struct staged *staged) {
    struct weir_strategy *s = staged->strategy;
    memset(s->step_count, 0, sizeof s->step_count);
    s->step_count[WEIR_ON_OPPORTUNITY] = 1;
    s->steps[WEIR_ON_OPPORTUNITY][0] = s->steps[WEIR_ON_OPPORTUNITY][1];
    assert_int_equal(s->steps[WEIR_ON_OPPORTUNITY][0].effect, WEIR_EFFECT_ENTRY);
    s->standing_count = 0;
    s->startup_count = 0;
}

void staged_set(struct staged *staged, uint64_t seed, uint32_t replication, uint32_t replications) {
    staged->stage = weir_stage_create(staged->trace, &staged->scenario, staged->strategy,
                                      staged->second, seed, replication, replications);
    assert_non_null(staged->stage);
}

void staged_free(struct staged *staged) {
    weir_stage_destroy(staged->stage);
    weir_strategy_free(staged->strategy);
    weir_strategy_free(staged->second);
    tape_free(staged->trace);
    free(staged);
}

struct weir_run staged_run(const struct staged *staged, const struct weir_policy *policy) {
    struct weir_run run;
    struct weir_run_error error = {.text = ""};
    if (!weir_run_policy(staged->stage, policy, &run, &error)) {
        print_error("%s: %s\n", policy->name, error.text);
        fail();
    }
    return run;
}

struct weir_run staged_run_named(const struct staged *staged, const char *policy) {
    const struct weir_policy *found = weir_policy_find(policy);
    assert_non_null(found);
    return staged_run(staged, found);
}

struct weir_trace *staged_burst(size_t symbols, int64_t count, int64_t gap_ms) {
    struct weir_trace *trace = tape_new(symbols);
    for (int64_t i = 0; i < count; i++) {
        const int64_t price_cents = 1000000 - 100 * i;
        tape_add(trace, BEGIN + MINUTE + i * gap_ms * MILLISECOND, (uint32_t)(i % (int64_t)symbols),
                 WEIR_SIDE_SELL, price_cents, 2000000000 / price_cents);
    }
    return trace;
}
