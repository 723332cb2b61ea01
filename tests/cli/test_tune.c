/* weir tune: wrong use, what is printed, and its file. */

#include "cli_test.h"
#include "document.h"
#include "refusal.h"
#include "workspace.h"

#include <stdlib.h>
#include <string.h>

#include "study_store.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PARAM "limiter.normal.buffer=0:0.2:0.1"

static struct path trace(void) {
    return profile_path("binance-2025-01-27");
}

static void what_is_wrong_is_said(void **state) {
    static const char *const wrong[][3] = {
        {"--param", "limiter.normal.bufer=0:0.2:0.1", "limiter.normal.bufer|limiter.normal.buffer"},
        {"--param", "limiter.normal.buffer=0.2:0:0.1", "limiter.normal.buffer|reversed"},
        {"--param", "limiter.normal.buffer=0:0.2:0", "step"},
        {"--param", "limiter.normal.buffer=", "empty"},
        {"--param", "limiter.normal.buffer=0:7:1", "limiter.normal.buffer|0 to"},
        {"--param", "limiter.normal.buffer", "KEY=FROM:TO:STEP"},
        {"--param", "limiter.normal.reserve=0:1:log:5", "log"},
        {"--objective", "protected_value_of_bond",
         "protected_value_of_bond|protected_value_of_bound"},
        {"--objective", "opportunities", "neither way is better"},
        {"--outcome", "http_41 == 0", "http_41|http_418"},
        {"--outcome", "http_418", "metric and a bound"},
        {"--constraint", "limiter.normal.buffer >= 0.5",
         "closest|normal.buffer=0.2|limiter.normal.buffer >= 0.5|0.3"},
        {"--constraint", "limiter.burst.buffer <= 0.5", "limiter.burst.buffer|no parameter"},
        {"--constraint", "nonsense", "condition"},
        {"--search", "greedy", "grid|random|race"},
        {"--shard", "9/8", "--shard|I/N"},
        {"--shard", "1/8", "--study"},
        {"--replications", "1", "--replications|from 2"},
    };
    const struct path t = trace();
    size_t failures = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct run run = strcmp(wrong[i][0], "--param") == 0
                             ? WEIR("tune", t.text, wrong[i][0], wrong[i][1])
                             : WEIR("tune", t.text, "--param", PARAM, wrong[i][0], wrong[i][1]);
        failures += !is_refused(run, EXIT_WRONG_USE, wrong[i][2], wrong[i][1]);
    }
    assert_int_equal(failures, 0);
}

static void a_policy_without_the_setting_is_refused(void **state) {
    (void)state;
    assert_true(is_refused(WEIR("tune", trace().text, "--policy", "none", "--param", PARAM),
                           EXIT_WRONG_USE, "none|limiter.normal.buffer|no such setting", "none"));
    assert_true(is_refused(WEIR("tune", trace().text), EXIT_WRONG_USE, "nothing to tune", ""));
    assert_true(is_refused(WEIR("tune"), EXIT_WRONG_USE, "expected a trace", ""));
}

static void what_is_no_study_is_refused(void **state) {
    (void)state;
    const struct path no_database = write_text("text.db", "this is a text, not a database at all");
    const struct path empty = write_text("empty.db", "");
    const struct path old =
        write_text("old.json", "{\"schema\": \"weir.study/9\", \"traces\": []}");
    assert_true(is_refused(WEIR("tune", "show", "--study", no_database.text), EXIT_BAD_INPUT,
                           "text.db|not the file of a study", "text"));
    assert_true(is_refused(WEIR("tune", "show", "--study", empty.text), EXIT_BAD_INPUT,
                           "empty.db|not the file of a study", "empty"));
    assert_true(is_refused(WEIR("tune", "show", "--study", "/nowhere.db"), EXIT_BAD_INPUT,
                           "/nowhere.db|cannot be opened", "nowhere"));
    assert_true(is_refused(WEIR("tune", old.text), EXIT_BAD_INPUT,
                           "old.json|another version|weir.study/9|weir.study/1", "version"));
}

/** Runs a small study into a file; the answer as JSON. */
static char *small_study(const char *file, const char *replications) {
    return WEIR_OUT("tune", trace().text, "--param", PARAM, "--param",
                    "limiter.normal.reserve=0:0.4:0.2", "--fresh", "3", "--replications",
                    replications, "--study", file, "--format", "json");
}

static void an_answer_says_what_it_should(void **state) {
    (void)state;
    const struct path file = workspace_path("answer.db");
    char *text = small_study(file.text, "2");
    json_t *document = parse_document(text, "answer");
    assert_string_equal(text_at(document, "schema"), "weir.tune/1");
    const json_t *answer = json_array_get(at(document, "policies"), 0);
    assert_true(number_at(answer, "points") == 9);
    assert_true(number_at(answer, "admissible") == 9);
    /* the limits do not bind here: nothing can be told apart, and the largest buffer is safest */
    assert_true(number_at(answer, "set_size") == 9);
    assert_true(number_at(answer, "recommended parameters limiter.normal.buffer") == 0.2);
    assert_non_null(
        strstr(json_string_value(json_array_get(at(answer, "notes"), 0)), "cannot matter"));
    const double optimism = number_at(answer, "recommended selected mean") -
                            number_at(answer, "recommended fresh mean");
    const double error = number_at(answer, "recommended optimism") - optimism;
    assert_true(error > -1e-9 && error < 1e-9);
    json_decref(document);
    char *again = WEIR_OUT("tune", "show", "--study", file.text, "--format", "json");
    assert_string_equal(text, again);
    free(text);
    free(again);
}

static void more_replications_keep_what_is_there(void **state) {
    (void)state;
    const struct path grown = workspace_path("grown.db");
    const struct path whole = workspace_path("whole.db");
    free(small_study(grown.text, "2"));
    char *one = small_study(grown.text, "6");
    char *other = small_study(whole.text, "6");
    assert_string_equal(one, other);
    free(one);
    free(other);
    assert_true(
        is_refused(WEIR("tune", "run", trace().text, "--param", PARAM, "--param",
                        "limiter.normal.reserve=0:0.4:0.2", "--fresh", "3", "--study", grown.text),
                   EXIT_WRONG_USE, "6 replications|more, not fewer", "fewer"));
    assert_true(
        is_refused(WEIR("tune", "run", trace().text, "--param", PARAM, "--study", grown.text),
                   EXIT_WRONG_USE, "another study|parameters", "other"));
}

static void a_recommendation_is_a_scenario(void **state) {
    (void)state;
    const struct path file = workspace_path("scenario.db");
    free(small_study(file.text, "2"));
    char *text = WEIR_OUT("tune", "show", "--study", file.text, "--as-scenario");
    json_t *scenario = parse_document(text, "scenario");
    assert_true(number_at(scenario, "limiter normal buffer") == 0.2);
    json_decref(scenario);
    const struct path path = write_text("scenario.json", text);
    char *replay = WEIR_OUT("replay", trace().text, "--scenario", path.text, "--format", "json");
    json_t *document = parse_document(replay, "replay");
    assert_true(number_at(document, "scenario limiter normal buffer") == 0.2);
    json_decref(document);
    free(replay);
    free(text);
}

static void no_setting_that_is_good_enough_is_recommended(void **state) {
    (void)state;
    const struct path file = workspace_path("strict.db");
    char *text = WEIR_OUT("tune", trace().text, "--param", PARAM, "--fresh", "2", "--replications",
                          "2", "--outcome", "captures >= 1000000", "--study", file.text);
    assert_non_null(strstr(text, "No setting meets all outcomes; captures >= 1000000 is missed"));
    free(text);
    assert_true(is_refused(WEIR("tune", "show", "--study", file.text, "--as-scenario"), EXIT_FAILED,
                           "nothing to recommend|captures >= 1000000", "strict"));
}

static void two_processes_are_kept_apart(void **state) {
    (void)state;
    const struct path file = workspace_path("held.db");
    free(small_study(file.text, "2"));
    struct weir_replay_error error;
    struct weir_study_store *held = weir_store_open(file.text, WEIR_STORE_WRITE, &error);
    assert_non_null(held);
    assert_true(is_refused(WEIR("tune", "show", "--study", file.text), EXIT_FAILED,
                           "held.db|another process", "show"));
    assert_true(is_refused(WEIR("tune", "run", "--study", file.text), EXIT_FAILED,
                           "held.db|another process", "run"));
    weir_store_close(held);
}

static void a_folder_has_data_and_plots(void **state) {
    (void)state;
    const struct path folder = workspace_path("folder");
    free(WEIR_OUT("tune", trace().text, "--param", "limiter.*.buffer=0:0.2:0.1", "--param",
                  "limiter.*.reserve=0,0.4", "--fresh", "2", "--replications", "2", "--out",
                  folder.text));
    char *names = list_folder(folder.text);
    assert_string_equal(names,
                        "heatmap-weir-together.gp heatmap-weir-together.png "
                        "heatmap-weir-together.svg heatmap-weir-together.tsv pareto-weir.gp "
                        "pareto-weir.png pareto-weir.svg pareto-weir.tsv points.csv result.json "
                        "slices-weir.gp slices-weir.png slices-weir.svg slices-weir.tsv");
    free(names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_policy_without_the_setting_is_refused),
        cmocka_unit_test(what_is_no_study_is_refused),
        cmocka_unit_test(an_answer_says_what_it_should),
        cmocka_unit_test(more_replications_keep_what_is_there),
        cmocka_unit_test(a_recommendation_is_a_scenario),
        cmocka_unit_test(no_setting_that_is_good_enough_is_recommended),
        cmocka_unit_test(two_processes_are_kept_apart),
        cmocka_unit_test(a_folder_has_data_and_plots),
    };
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
