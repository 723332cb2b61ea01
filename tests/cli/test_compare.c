/** weir compare from end to end: the document, the same bytes whatever the threads, --from, forms
 * of output, and what it refuses. */
#include "cli_test.h"
#include "document.h"
#include "refusal.h"
#include "run_command.h"
#include "workspace.h"

#include <stdlib.h>
#include <string.h>

#define SLACK "binance-2025-01-27"

static char *compare(const char *threads, const char *extra) {
    return extra ? WEIR_OUT("compare", profile_path(SLACK).text, "--policies", "current,guide,weir",
                            "--replications", "2", "--threads", threads, "--format", "json", extra)
                 : WEIR_OUT("compare", profile_path(SLACK).text, "--policies", "current,guide,weir",
                            "--replications", "2", "--threads", threads, "--format", "json");
}

static const json_t *item(const json_t *list, size_t index) {
    const json_t *found = json_array_get(list, index);
    assert_non_null(found);
    return found;
}

static void the_document_has_what_is_promised(void **state) {
    (void)state;
    char *text = compare("2", NULL);
    json_t *document = parse_document(text, "compare");
    assert_string_equal(text_at(document, "schema"), "weir.compare/1");
    assert_string_equal(text_at(document, "against"), "current");
    const json_t *trace = item(at(document, "traces"), 0);
    assert_string_equal(text_at(trace, "trace class"), "slack");
    assert_int_equal(json_array_size(at(trace, "policies")), 3);
    const json_t *weir = item(at(trace, "policies"), 2);
    assert_string_equal(text_at(weir, "policy"), "weir");
    const double rate = number_at(weir, "metrics capture_rate mean");
    assert_true(number_at(weir, "metrics capture_rate low") <= rate);
    assert_true(number_at(weir, "metrics capture_rate high") >= rate);
    /* on a slack trace nobody is better, and the claim is that nobody is worse */
    assert_string_equal(text_at(item(at(trace, "verdicts"), 1), "verdict"), "equivalent");
    const json_t *pair = item(at(trace, "pairs"), 0);
    assert_non_null(json_object_get(pair, "difference"));
    assert_non_null(json_object_get(pair, "metric"));
    const json_t *claim = item(at(document, "claims"), 3);
    assert_string_equal(text_at(claim, "outcome"), "holds");
    assert_string_equal(text_at(item(at(document, "claims"), 0), "outcome"), "nothing to measure");
    json_decref(document);
    free(text);
}

static void threads_and_repetition_change_nothing(void **state) {
    (void)state;
    const struct path folder = workspace_path("compared");
    char *one = WEIR_OUT("compare", profile_path(SLACK).text, "--policies", "current,guide,weir",
                         "--replications", "2", "--threads", "1", "--no-claims", "--set",
                         "limiter.value=off", "--format", "json", "--out", folder.text);
    struct path result = workspace_path("compared/result.json");
    assert_true(file_exists(result.text));
    if (system("command -v gnuplot >/dev/null") == 0) { /* without it there are no pictures */
        char *names = list_folder(folder.text);
        assert_non_null(strstr(names, "captures.png"));
        assert_non_null(strstr(names, "curve.svg"));
        assert_non_null(strstr(names, "errors.gp"));
        assert_non_null(strstr(names, "latency.svg"));
        assert_non_null(strstr(names, "funnel.png"));
        assert_null(strstr(names, ".part"));
        free(names);
    }
    assert_same_result(read_text(result.text), one);
    assert_same_result(read_text(result.text),
                       WEIR_OUT("compare", "--from", result.text, "--format", "json"));
    assert_same_result(read_text(result.text),
                       WEIR_OUT("compare", profile_path(SLACK).text, "--policies",
                                "current,guide,weir", "--replications", "2", "--threads", "2",
                                "--no-claims", "--set=limiter.value=off", "--format", "json"));
}

static void a_result_remembers_how_to_read(void **state) {
    (void)state;
    const struct path bare = write_text("bare.csv", "1700000000000,A,SELL,10,9000\n"
                                                    "1700000000002,A,BUY,10,9000\n");
    const struct path folder = workspace_path("bare");
    const struct path result = workspace_path("bare/result.json");
    free(WEIR_OUT("compare", bare.text, "--columns", "time=1,symbol=2,side=3,price=4,quantity=5",
                  "--policies", "none,weir", "--replications", "1", "--out", folder.text));
    assert_same_result(read_text(result.text),
                       WEIR_OUT("compare", "--from", result.text, "--format", "json"));
}

static void a_figure_of_a_comparison_is_that_of_a_replay(void **state) {
    (void)state;
    char *text = compare("2", "--no-claims");
    json_t *document = parse_document(text, "compare");
    char *alone = WEIR_OUT("replay", profile_path(SLACK).text, "--policy", "guide",
                           "--replications", "2", "--format", "json");
    json_t *replay = parse_document(alone, "replay");
    const json_t *guide = item(at(item(at(document, "traces"), 0), "policies"), 1);
    assert_string_equal(text_at(guide, "digest"), text_at(replay, "digest"));
    assert_true(number_at(guide, "metrics captures mean") == metric(replay, "captures"));
    assert_int_equal(json_array_size(at(document, "claims")), 0);
    json_decref(document);
    json_decref(replay);
    free(text);
    free(alone);
}

static void tables_and_csv(void **state) {
    (void)state;
    const struct path trace = profile_path(SLACK);
    char *text = WEIR_OUT("compare", trace.text, "--policies", "none,weir", "--replications", "3");
    assert_non_null(strstr(text, "weir against none is equivalent on binance-2025-01-27."));
    assert_non_null(strstr(text, "points more than none"));
    free(text);
    text = WEIR_OUT("compare", trace.text, "--policies", "none,weir", "--replications", "1",
                    "--format", "csv");
    assert_memory_equal(text, "what,trace,policy,against,metric,mean,low,high,verdict\n", 55);
    assert_non_null(strstr(text, "difference,binance-2025-01-27,weir,none,capture_rate,"));
    free(text);
    text = WEIR_OUT("compare", trace.text, "--policies", "current,weir", "--replications", "1",
                    "--no-claims", "--sensitivity", "--ablation", "--format", "md");
    assert_non_null(strstr(text, "| raw feed |"));
    assert_non_null(strstr(text, "| forecast |"));
    assert_non_null(strstr(text, "0 (idle)"));
    free(text);
}

static void wrong_use_is_refused(void **state) {
    (void)state;
    const struct path trace = profile_path(SLACK);
    const struct path wrong = write_text("wrong.json", "{\"schema\": \"weir.replay/1\"}");
    assert_true(is_refused(WEIR("compare"), EXIT_WRONG_USE, "expected a trace", "no trace"));
    assert_true(is_refused(WEIR("compare", trace.text, "--policies", "weir"), EXIT_WRONG_USE,
                           "at least two", "one policy"));
    assert_true(is_refused(WEIR("compare", trace.text, "--against", "gcra"), EXIT_WRONG_USE,
                           "gcra|one of the policies", "against a stranger"));
    assert_true(is_refused(
        WEIR("compare", trace.text, "--policies", "none,current", "--set", "limiter.value=off"),
        EXIT_WRONG_USE, "limiter.value", "a setting without effect"));
    assert_true(is_refused(WEIR("compare", "--from", wrong.text), EXIT_BAD_INPUT,
                           "wrong.json|schema|weir.compare/1", "another document"));
    assert_true(is_refused(WEIR("compare", trace.text, "--polices", "none"), EXIT_WRONG_USE,
                           "--polices|compare --help", "a mistyped option"));
}

static void statistics_can_be_checked(void **state) {
    (void)state;
    char *text = WEIR_OUT("compare", profile_path(SLACK).text, "--policies", "none,weir",
                          "--check-statistics", "--trials", "2", "--format", "md");
    assert_non_null(strstr(text, "| A/A pairs with p < 0.05 |"));
    assert_non_null(strstr(text, "| weir - none |"));
    free(text);
}

/** When a limiter changes, put the new output of the command into the README. */
static void the_readme_shows_what_is_printed(void **state) {
    (void)state;
    char *readme = read_text(source_path("README.md").text);
    char *out = WEIR_OUT("compare", profile_path("hyperliquid-2025-10-10").text, "--replications",
                         "10", "--no-claims", "--format", "md");
    assert_non_null(strstr(readme, "weir compare traces/cascades/hyperliquid-2025-10-10.json"));
    assert_non_null(strstr(readme, out));
    free(readme);
    free(out);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_has_what_is_promised),
        cmocka_unit_test(threads_and_repetition_change_nothing),
        cmocka_unit_test(a_result_remembers_how_to_read),
        cmocka_unit_test(a_figure_of_a_comparison_is_that_of_a_replay),
        cmocka_unit_test(tables_and_csv),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(statistics_can_be_checked),
        cmocka_unit_test(the_readme_shows_what_is_printed),
    };
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
