/**
 * Experiments: the same as replays, whatever the threads and whatever other arms run beside; draw,
 * phase and network can be held apart; common random numbers.
 */
#include "check.h"

#include <string.h>

#include "replay.h"

#define PROFILE WEIR_SOURCE "/traces/cascades/binance-2025-01-27.json"

static const char *const path[] = {PROFILE};
static const struct weir_trace_source source = {path, 1};

static struct weir_arm arm(const char *policy, const char *assignment) {
    struct weir_arm a = {.policy = weir_policy_find(policy)};
    struct weir_scenario_error error;
    struct weir_settings *settings = weir_settings_create();
    assert_non_null(a.policy);
    if (assignment) {
        assert_int_equal(weir_settings_add(settings, assignment, &error), WEIR_SCENARIO_OK);
    }
    assert_int_equal(weir_settings_resolve(settings, &a.scenario, &error), WEIR_SCENARIO_OK);
    weir_settings_destroy(settings);
    return a;
}

static struct weir_experiment *run(const struct weir_experiment_plan *plan) {
    struct weir_replay_error error = {.text = ""};
    struct weir_experiment *e = weir_experiment_run(plan, NULL, NULL, &error);
    if (!e) {
        fail_msg("%s", error.text);
    }
    return e;
}

static void test_an_arm_is_a_replay(void **state) {
    const struct weir_arm arms[] = {
        arm("weir", "bot.call_path=loop"), arm("weir", "bot.connections=2"),
        arm("weir", "limiter.value=off"),  arm("weir", "trace.path=late"),
        arm("weir", "feed.keep=largest"),  arm("weir", "exchange.rules=strict")};
    (void)state;
    const struct weir_experiment_plan plan = {.sources = &source,
                                              .source_count = 1,
                                              .arms = arms,
                                              .arm_count = 6,
                                              .seed = 7,
                                              .replications = 3,
                                              .threads = 2};
    struct weir_experiment *e = run(&plan);
    for (size_t a = 0; a < 6; a++) {
        const struct weir_replay_plan alone = {.paths = path,
                                               .path_count = 1,
                                               .policies = {arms[a].policy},
                                               .policy_count = 1,
                                               .scenario = arms[a].scenario,
                                               .seed = 7,
                                               .replications = 3,
                                               .threads = 1};
        struct weir_replay_error error;
        struct weir_replay *replay = weir_replay_run(&alone, NULL, NULL, &error);
        assert_non_null(replay);
        assert_true(weir_experiment_digest(e, 0, a) == replay->policies[0].digest);
        assert_true(e->traces[0].digest == replay->trace->digest || a == 3);
        const struct weir_arm_result *result = weir_experiment_result(e, 0, a);
        for (size_t r = 0; r < 3; r++) {
            assert_memory_equal(result->runs[r].values, replay->policies[0].runs[r].values,
                                sizeof result->runs[r].values);
        }
        weir_replay_free(replay);
    }
    weir_experiment_free(e);
}

static void test_draw_phase_and_network_are_apart(void **state) {
    static const struct weir_place places[] = {
        {0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 0}};
    const struct weir_arm arms[] = {arm("weir", NULL)};
    (void)state;
    const struct weir_experiment_plan plan = {.sources = &source,
                                              .source_count = 1,
                                              .arms = arms,
                                              .arm_count = 1,
                                              .seed = 3,
                                              .replications = 5,
                                              .threads = 1,
                                              .places = places,
                                              .phases = 2};
    struct weir_experiment *e = run(&plan);
    const struct weir_arm_result *result = weir_experiment_result(e, 0, 0);
    assert_true(result->digests[4] == result->digests[0]);
    for (size_t r = 1; r < 4; r++) {
        assert_true(result->digests[r] != result->digests[0]);
    }
    /* another network or phase leaves the trace alone */
    const double usd = result->runs[0].values[WEIR_METRIC_trace_usd];
    assert_true(result->runs[2].values[WEIR_METRIC_trace_usd] == usd);
    assert_true(result->runs[3].values[WEIR_METRIC_trace_usd] == usd);
    assert_true(result->runs[1].values[WEIR_METRIC_trace_usd] != usd);
    weir_experiment_free(e);
}

/** More workers than units, so that they must share scenes; traces of different lengths. */
static void test_threads_do_not_matter(void **state) {
    static const char *const short_path[] = {WEIR_SOURCE "/traces/generated/g02-restless.json"};
    static const struct weir_trace_source sources[] = {{short_path, 1}, {path, 1}};
    static const uint32_t threads[] = {1, 2, 3, 16};
    const struct weir_arm arms[] = {arm("none", NULL), arm("weir", NULL), arm("guide", NULL),
                                    arm("weir", "bot.connections=2"),
                                    arm("weir", "feed.keep=largest")};
    struct weir_experiment *e[4];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct weir_experiment_plan plan = {.sources = sources,
                                                  .source_count = 2,
                                                  .arms = arms,
                                                  .arm_count = 5,
                                                  .seed = 11,
                                                  .replications = 3,
                                                  .threads = threads[i]};
        e[i] = run(&plan);
        assert_true(e[i]->events == e[0]->events && e[i]->events > 0);
        for (size_t c = 0; c < 10; c++) {
            const struct weir_arm_result *one = weir_experiment_result(e[0], c / 5, c % 5);
            const struct weir_arm_result *other = weir_experiment_result(e[i], c / 5, c % 5);
            assert_memory_equal(one->digests, other->digests, 3 * sizeof *one->digests);
            assert_memory_equal(one->runs, other->runs, 3 * sizeof *one->runs);
            assert_true(one->ties == other->ties && one->class == other->class);
            assert_true(one->digests[0] != 0);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        weir_experiment_free(e[i]);
    }
}

static void test_what_is_wrong_is_said(void **state) {
    static const char *const nowhere[] = {"/nowhere/at/all.csv"};
    static const struct weir_trace_source missing = {nowhere, 1};
    const struct weir_arm arms[] = {arm("weir", "bot.strategy=/nowhere.json")};
    const struct weir_arm good[] = {arm("weir", NULL)};
    struct weir_replay_error error;
    (void)state;
    struct weir_experiment_plan plan = {.sources = &source,
                                        .source_count = 1,
                                        .arms = arms,
                                        .arm_count = 1,
                                        .replications = 1,
                                        .threads = 1};
    assert_null(weir_experiment_run(&plan, NULL, NULL, &error));
    assert_int_equal(error.status, WEIR_REPLAY_BAD_INPUT);
    assert_non_null(strstr(error.text, "/nowhere.json"));
    plan.arms = good;
    plan.sources = &missing;
    assert_null(weir_experiment_run(&plan, NULL, NULL, &error));
    assert_int_equal(error.status, WEIR_REPLAY_BAD_INPUT);
    assert_non_null(strstr(error.text, "/nowhere/at/all.csv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_arm_is_a_replay),
        cmocka_unit_test(test_draw_phase_and_network_are_apart),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
