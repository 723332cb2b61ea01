/* weir bench from end to end: a small suite is run, accepted, gated, exported, kept as history;
 * what changed is told with its cause; what is wrong is refused. */

#include "cli_test.h"
#include "document.h"
#include "refusal.h"
#include "run_command.h"
#include "workspace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define EXIT_GATE 4

static const char head[] = "{\"schema\": \"weir.suite/1\", \"name\": \"small\","
                           " \"replications\": 3, \"traces\": [\"small.csv\"],"
                           " \"policies\": [\"fixed-window\", \"weir\"]";
static const char time_part[] =
    ", \"time\": {\"pairs\": 6, \"measures\": [{\"name\": \"small\", \"trace\": \"small.csv\","
    " \"policies\": \"weir\", \"replications\": 3}]}";

static int setup(void **state) {
    const int failed = workspace_setup(state);
    char *text = synthetic_recording(3, 400);
    write_text("small.csv", text);
    free(text);
    return failed;
}

/** A suite with further keys behind the usual ones. */
static struct path suite(const char *name, const char *rest) {
    char text[4096];
    snprintf(text, sizeof text, "%s%s}", head, rest);
    return write_text(name, text);
}

static struct path run_suite(const struct path *from, const char *name) {
    const struct path result = workspace_path(name);
    free(WEIR_OUT("bench", "run", from->text, "-o", result.text, "--label", name));
    return result;
}

/** The output of a gate, which must end with this exit code; the caller frees it. */
static char *gate(const char *result, const char *baseline, int exit_code) {
    struct run run = baseline ? WEIR("bench", "gate", result, "--baseline", baseline)
                              : WEIR("bench", "gate", result, "--no-baseline");
    if (run.exit_code != exit_code) {
        fail_msg("exit code %d instead of %d: %s%s", run.exit_code, exit_code, run.out, run.err);
    }
    char *out = strdup(run.out);
    run_free(&run);
    return out;
}

static void expect_text(char *text, const char *part) {
    if (!strstr(text, part)) {
        fail_msg("no '%s' in:\n%s", part, text);
    }
    free(text);
}

static void results_do_not_depend_on_threads(void **state) {
    (void)state;
    const struct path from = suite("threads.json", "");
    const struct path one = workspace_path("one.json");
    const struct path two = workspace_path("two.json");
    free(WEIR_OUT("bench", "run", from.text, "-o", one.text, "--threads", "1", "--when", "now"));
    free(WEIR_OUT("bench", "run", from.text, "-o", two.text, "--threads", "3", "--when", "now"));
    char *a = read_text(one.text);
    char *b = read_text(two.text);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

/** The figures are those of weir replay. */
static void cases_are_replays(void **state) {
    (void)state;
    const struct path from = suite("replays.json", "");
    const struct path trace = workspace_path("small.csv");
    const struct path result = run_suite(&from, "replays-result.json");
    char *text = read_text(result.text);
    json_t *bench = parse_document(text, "result");
    free(text);
    text = WEIR_OUT("replay", trace.text, "--policy", "weir", "--replications", "3", "--seed", "1",
                    "--format", "json");
    json_t *replay = parse_document(text, "replay");
    free(text);
    const json_t *entry = json_array_get(json_object_get(bench, "cases"), 1);
    assert_string_equal(text_at(entry, "digest"), text_at(replay, "digest"));
    static const char *const names[] = {"captures", "requests_sent", "opportunities"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[64];
        snprintf(path, sizeof path, "metrics %s mean", names[i]);
        assert_true(fabs(number_at(entry, path) / metric(replay, names[i]) - 1.0) < 1e-11);
    }
    json_decref(bench);
    json_decref(replay);
}

static void gates_are_listed_when_they_break(void **state) {
    (void)state;
    const struct path from =
        suite("gates.json", ", \"gates\": [\"weir.http_418 == 0\", \"weir.captures < 1\","
                            " \"fixed-window@small/default.opportunities > 1e9\"]");
    const struct path result = run_suite(&from, "gates-result.json");
    char *out = gate(result.text, NULL, EXIT_GATE);
    assert_non_null(strstr(out, "weir.captures < 1"));
    assert_non_null(strstr(out, "opportunities > 1e9"));
    assert_null(strstr(out, "http_418"));
    expect_text(out, "3 checks: 2 broken");
}

static void bad_gates_are_refused(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"weir.captured >= 1", "no metric 'captured'"},
        {"other.captures >= 1", "no case of other"},
        {"weir@elsewhere.captures >= 1", "on elsewhere"},
        {"weir.first_entry_after_hold_ms < 9", "was not measured in small"},
        {"ratio.replay_cpu <= 1.1", "replay_cpu was not measured"},
    };
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char rest[200];
        snprintf(rest, sizeof rest, ", \"gates\": [\"%s\"]", cases[i][0]);
        const struct path from = suite("bad-gates.json", rest);
        const struct path result = run_suite(&from, "bad-gates-result.json");
        failures += !is_refused(WEIR("bench", "gate", result.text, "--no-baseline"), EXIT_BAD_INPUT,
                                cases[i][1], cases[i][0]);
    }
    assert_int_equal(failures, 0);
}

static void bad_suites_are_refused(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {", \"gates\": [\"weir\"]", "gates|names no policy"},
        {", \"gate\": []", "gate|not known"},
        {", \"scenarios\": [{\"name\": \"a\", \"set\": {\"bot.conections\": 3}}]",
         "bot.conections|bot.connections"},
        {", \"scenarios\": [{\"name\": \"a\", \"policies\": [\"guide\"]}]", "no policy 'guide'"},
        {", \"scenarios\": [{\"name\": \"a\"}, {\"name\": \"a\"}]", "twice"},
        {", \"seed\": -1", "seed"},
        {", \"time\": {\"pairs\": 2, \"measures\": []}", "pairs|6"},
    };
    const struct path out = workspace_path("never.json");
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct path from = suite("bad-suite.json", cases[i][0]);
        struct run run = WEIR("bench", "run", from.text, "-o", out.text);
        const int code = run.exit_code == EXIT_WRONG_USE ? EXIT_WRONG_USE : EXIT_BAD_INPUT;
        failures += !is_refused(run, code, cases[i][1], cases[i][0]);
    }
    assert_false(file_exists(out.text));
    assert_int_equal(failures, 0);
}

static void what_is_accepted_passes_until_it_changes(void **state) {
    (void)state;
    const struct path from = suite("same.json", "");
    const struct path result = run_suite(&from, "same-result.json");
    const struct path accepted = workspace_path("same.accepted.json");
    assert_true(is_refused(WEIR("bench", "gate", result.text), EXIT_BAD_INPUT,
                           "no accepted baseline", "before accept"));
    free(WEIR_OUT("bench", "accept", result.text));
    assert_true(file_exists(accepted.text));
    free(WEIR_OUT("bench", "gate", result.text));

    const struct path changed =
        suite("changed.json", ", \"scenarios\": [{\"name\": \"default\", \"set\": "
                              "{\"bot.connections\": 1}}]");
    const struct path other = run_suite(&changed, "changed-result.json");
    expect_text(gate(other.text, accepted.text, EXIT_GATE),
                "cause: setting bot.connections: 32 -> 1");
    const struct path seeded = suite("seeded.json", ", \"seed\": 5");
    const struct path again = run_suite(&seeded, "seeded-result.json");
    expect_text(gate(again.text, accepted.text, EXIT_GATE), "cause: seed of the suite: 1 -> 5");
    const struct path limiter =
        suite("limiter.json", ", \"scenarios\": [{\"name\": \"default\", \"policies\": [\"weir\"],"
                              " \"set\": {\"limiter.normal.buffer\": 0.9}}]");
    const struct path strict = run_suite(&limiter, "limiter-result.json");
    char *out = gate(strict.text, accepted.text, EXIT_GATE);
    assert_non_null(strstr(out, "was accepted, and is missing now"));
    expect_text(out, "cause: setting limiter.normal.buffer: 0.01");
}

/** A figure that changed in the last bit, in one policy alone. */
static void the_smallest_change_is_told(void **state) {
    (void)state;
    const struct path from = suite("bit.json", "");
    const struct path result = run_suite(&from, "bit-result.json");
    free(WEIR_OUT("bench", "accept", result.text));
    const struct path accepted = workspace_path("bit.accepted.json");
    char *text = read_text(accepted.text);
    json_t *document = parse_document(text, "accepted");
    free(text);
    json_t *metrics =
        json_object_get(json_array_get(json_object_get(document, "cases"), 1), "metrics");
    const double was = json_number_value(json_object_get(metrics, "value_capture"));
    json_object_set_new(metrics, "value_capture", json_real(was * (1.0 + 2.3e-16)));
    json_dump_file(document, accepted.text, JSON_REAL_PRECISION(17));
    json_decref(document);
    char *out = gate(result.text, accepted.text, EXIT_GATE);
    assert_non_null(strstr(out, "value_capture"));
    assert_non_null(strstr(out, "that of policy weir"));
    expect_text(out, "2 checks: 1 broken");
}

static void a_policy_that_breaks_is_an_error(void **state) {
    (void)state;
    const struct path from = suite("broken.json", ", \"gates\": [\"fixed-window.captures > 0\"]");
    const struct path result = workspace_path("broken-result.json");
    const struct path program =
        write_text("dies.sh", "read line\n"
                              "echo '{\"name\": \"dies\", \"protocol\": 1}'\nexit 1\n");
    char spec[600];
    snprintf(spec, sizeof spec, "cmd:sh '%s'", program.text);
    struct run run = WEIR("bench", "run", from.text, "-o", result.text, "--policy", spec);
    if (run.exit_code == 0) { /* it may also be refused at once, by its greeting */
        expect_text(gate(result.text, NULL, EXIT_GATE), "CRASHED");
        expect_text(WEIR_OUT("bench", "export", result.text, "--as", "junit", "--no-baseline"),
                    "errors=\"1\"");
    } else {
        assert_int_equal(run.exit_code, EXIT_BAD_INPUT);
    }
    run_free(&run);
}

static void time_is_measured_in_pairs(void **state) {
    (void)state;
    char rest[600];
    snprintf(rest, sizeof rest, "%s, \"gates\": [\"ratio.small_cpu <= 1000\"]", time_part);
    const struct path from = suite("time.json", rest);
    snprintf(rest, sizeof rest, "%s, \"gates\": [\"ratio.small_cpu <= 1.04\"]", time_part);
    const struct path slowed = suite("slowed.json", rest);
    const struct path result = workspace_path("time-result.json");
    free(WEIR_OUT("bench", "run", from.text, "-o", result.text, "--versus", WEIR_COMMAND));
    char *text = read_text(result.text);
    json_t *document = parse_document(text, "result");
    free(text);
    const json_t *ratio = at(document, "time ratios small_cpu");
    const json_t *round = json_array_get(json_object_get(ratio, "rounds"), 0);
    assert_int_equal(json_array_size(json_object_get(ratio, "rounds")), 1);
    assert_true(number_at(round, "low") <= number_at(round, "mean"));
    assert_true(number_at(round, "mean") <= number_at(round, "high"));
    assert_true(number_at(ratio, "own_s") > 0.0);
    json_decref(document);
    free(gate(result.text, NULL, 0));
    expect_text(WEIR_OUT("bench", "selftest", from.text, "--nights", "2"),
                "false alarms: 0 of 2 nights");
    expect_text(WEIR_OUT("bench", "selftest", slowed.text, "--nights", "1", "--slowdown", "100"),
                "regressions reported: 1 of 1 nights");
    assert_true(is_refused(WEIR("bench", "run", from.text, "-o", result.text, "--versus", "/none"),
                           EXIT_WRONG_USE, "--versus|/none", "no other build"));
    assert_true(
        is_refused(WEIR("bench", "run", from.text, "-o", result.text, "--versus", "/bin/false"),
                   EXIT_FAILED, "/bin/false|exit code 1", "a build that fails"));
}

/* exports */

static json_t *export_json(const char *result, const char *form) {
    char *text = WEIR_OUT("bench", "export", result, "--as", form);
    json_error_t why;
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    free(text);
    assert_non_null(document);
    return document;
}

static void check_action(const char *result, const char *form, const char *has, const char * not ) {
    json_t *list = export_json(result, form);
    bool found = false;
    size_t i = 0;
    json_t *entry = NULL;
    assert_true(json_is_array(list));
    json_array_foreach(list, i, entry) {
        const char *name = text_at(entry, "name");
        assert_true(json_is_number(json_object_get(entry, "value")));
        assert_true(json_is_string(json_object_get(entry, "unit")));
        found = found || strcmp(name, has) == 0;
        assert_null(strstr(name, not ));
    }
    assert_true(found);
    json_decref(list);
}

static void exports_have_their_shapes(void **state) {
    (void)state;
    const struct path from = suite("export.json", ", \"gates\": [\"weir.blind_max_s < 0\"]");
    const struct path result = run_suite(&from, "export-result.json");
    check_action(result.text, "action-bigger", "small/default/weir captures", "http_429");
    check_action(result.text, "action-smaller", "small/default/weir blind_max_s", "captures");
    json_t *bencher = export_json(result.text, "bencher");
    const char *benchmark = NULL;
    const char *measure = NULL;
    json_t *measures = NULL;
    json_t *value = NULL;
    size_t with_interval = 0;
    assert_int_equal(json_object_size(bencher), 2);
    json_object_foreach(bencher, benchmark, measures) {
        json_object_foreach(measures, measure, value) {
            const double mean = number_at(value, "value");
            if (json_object_get(value, "lower_value")) {
                assert_true(number_at(value, "lower_value") <= mean);
                assert_true(number_at(value, "upper_value") >= mean);
                with_interval++;
            }
        }
    }
    assert_true(with_interval >= 8); /* not all: some figures jump, which two runs do not show */
    json_decref(bencher);
    char *csv = WEIR_OUT("bench", "export", result.text, "--as", "csv");
    assert_int_equal(strncmp(csv, "suite,version,label,case,metric,unit,mean,low,high\n", 51), 0);
    for (char *line = csv; *line; line = strchr(line, '\n') + 1) {
        size_t commas = 0;
        for (const char *c = line; *c != '\n'; c++) {
            commas += *c == ',';
        }
        assert_int_equal(commas, 8);
    }
    assert_null(strstr(csv, "nan"));
    free(csv);
    char *junit = WEIR_OUT("bench", "export", result.text, "--as", "junit", "--no-baseline");
    const char *const order[] = {"<?xml",     "<testsuites>", "<testsuite ",  "<properties>",
                                 "<testcase", "<failure ",    "</testsuite>", "</testsuites>"};
    const char *at_text = junit;
    for (size_t i = 0; i < COUNT(order); i++) {
        at_text = strstr(at_text, order[i]);
        assert_non_null(at_text);
    }
    assert_non_null(strstr(junit, "tests=\"1\" failures=\"1\" errors=\"0\""));
    assert_non_null(strstr(junit, "weir.blind_max_s &lt; 0"));
    free(junit);
    char *markdown = WEIR_OUT("bench", "export", result.text, "--as", "md", "--no-baseline");
    assert_true(strlen(markdown) < 1000 * 1000);
    assert_non_null(strstr(markdown, "1 of 1 checks broken"));
    expect_text(markdown, "| small/default/weir |");
}

/** A summary of thousands of cases is cut, at the end of a line. */
static void a_long_summary_is_cut(void **state) {
    (void)state;
    const struct path from = suite("long.json", "");
    const struct path result = run_suite(&from, "long-result.json");
    char *text = read_text(result.text);
    json_t *document = parse_document(text, "result");
    free(text);
    json_t *cases = json_object_get(document, "cases");
    for (int i = 0; i < 20000; i++) {
        json_t *entry = json_copy(json_array_get(cases, 0));
        char name[32];
        snprintf(name, sizeof name, "scenario-%d", i);
        json_object_set_new(entry, "scenario", json_string(name));
        json_object_set_new(entry, "metrics", json_pack("{s:f}", "captures", 1.0 + i));
        json_array_append_new(cases, entry);
    }
    json_dump_file(document, result.text, JSON_COMPACT);
    json_decref(document);
    char *markdown = WEIR_OUT("bench", "export", result.text, "--as", "md", "--no-baseline");
    assert_in_range(strlen(markdown), 900 * 1000, 1000 * 1000);
    expect_text(markdown, "\n(The rest is left out");
}

static void history_keeps_every_night(void **state) {
    (void)state;
    const struct path from = suite("history.json", ", \"gates\": [\"weir.captures > 0\"]");
    const struct path file = workspace_path("history.sqlite");
    const struct path out = workspace_path("plots");
    for (int night = 0; night < 3; night++) {
        char name[32];
        snprintf(name, sizeof name, "night-%d.json", night);
        const struct path result = run_suite(&from, name);
        free(WEIR_OUT("bench", "history", file.text, "--add", result.text, "--add", result.text));
    }
    char *csv = WEIR_OUT("bench", "history", file.text, "--format", "csv", "--metric",
                         "weir.captures", "--nights", "2");
    assert_non_null(strstr(csv, ",night-2.json,"));
    assert_non_null(strstr(csv, ",night-1.json,"));
    assert_null(strstr(csv, ",night-0.json,"));
    free(csv);
    struct run run = WEIR("bench", "history", file.text, "--out", out.text);
    assert_int_equal(run.exit_code, 0);
    assert_non_null(strstr(run.out, "small/default/weir captures"));
    run_free(&run);
    char *list = list_folder(out.text);
    assert_non_null(strstr(list, "weir.captures.gp"));
    expect_text(list, "weir.captures.tsv");
    const struct path text = write_text("no-history", "this is no database, and never was one");
    size_t failures = 0;
    failures += !is_refused(WEIR("bench", "history", text.text), EXIT_BAD_INPUT, "no-history",
                            "not a database");
    failures += !is_refused(WEIR("bench", "history", workspace_path("none.sqlite").text),
                            EXIT_BAD_INPUT, "none.sqlite", "not there");
    failures += !is_refused(WEIR("bench", "history", file.text, "--metric", "weir.other"),
                            EXIT_BAD_INPUT, "weir.other", "unknown metric");
    assert_int_equal(failures, 0);
}

static void micro_speaks_json(void **state) {
    (void)state;
    char *text = WEIR_OUT("bench", "micro", "--smoke", "--format", "json");
    json_t *document = parse_document(text, "micro");
    free(text);
    assert_true(json_array_size(json_object_get(document, "operations")) > 30);
    json_decref(document);
    assert_true(is_refused(WEIR("bench", "micro", "--smoke", "--only", "nothing"), EXIT_WRONG_USE,
                           "nothing", "no such operation"));
}

static void wrong_use_is_refused(void **state) {
    (void)state;
    size_t failures = 0;
    failures += !is_refused(WEIR("bench"), EXIT_WRONG_USE, "expected run", "no command");
    failures += !is_refused(WEIR("bench", "walk"), EXIT_WRONG_USE, "walk|expected run", "unknown");
    failures += !is_refused(WEIR("bench", "run", "a.json"), EXIT_WRONG_USE, "-o", "no output");
    failures += !is_refused(WEIR("bench", "gate"), EXIT_WRONG_USE, "one result", "no result");
    failures += !is_refused(WEIR("bench", "gate", workspace_path("small.csv").text), EXIT_BAD_INPUT,
                            "small.csv|JSON", "no result either");
    failures +=
        !is_refused(WEIR("bench", "export", "x", "--as"), EXIT_WRONG_USE, "--as", "no form");
    failures += !is_refused(WEIR("bench", "selftest", "--nights", "0"), EXIT_WRONG_USE, "--nights",
                            "no night");
    assert_int_equal(failures, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(results_do_not_depend_on_threads),
    cmocka_unit_test(cases_are_replays),
    cmocka_unit_test(gates_are_listed_when_they_break),
    cmocka_unit_test(bad_gates_are_refused),
    cmocka_unit_test(bad_suites_are_refused),
    cmocka_unit_test(what_is_accepted_passes_until_it_changes),
    cmocka_unit_test(the_smallest_change_is_told),
    cmocka_unit_test(a_policy_that_breaks_is_an_error),
    cmocka_unit_test(time_is_measured_in_pairs),
    cmocka_unit_test(exports_have_their_shapes),
    cmocka_unit_test(a_long_summary_is_cut),
    cmocka_unit_test(history_keeps_every_night),
    cmocka_unit_test(micro_speaks_json),
    cmocka_unit_test(wrong_use_is_refused),
};

int main(void) {
    return cmocka_run_group_tests(tests, setup, workspace_teardown);
}
