/* weir trace, as a user meets it: forms by ending, defects with lines, parts of a trace, profiles
 * and generators made of one, and the exit codes of what is wrong. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "time_ms,symbol,side,price,quantity\n"

static void refused(int exit_code, const char *part, struct run run) {
    if (run.exit_code != exit_code || strstr(run.err, part) == NULL) {
        fail_msg("exit %d, said %s; expected %d and '%s'", run.exit_code, run.err, exit_code, part);
    }
    run_free(&run);
}

static void converting_there_and_back_gives_the_bytes(void **state) {
    (void)state;
    char *recording = synthetic_recording(3, 2000);
    const struct path csv = write_text("in.csv", recording);
    const struct path packed = workspace_path("x.weir.zst");
    const struct path lines = workspace_path("x.jsonl.gz");
    const struct path first = workspace_path("first.csv");
    const struct path back = workspace_path("back.csv");
    free(WEIR_OUT("trace", "convert", csv.text, "-o", first.text));
    free(WEIR_OUT("trace", "convert", first.text, "-o", packed.text));
    free(WEIR_OUT("trace", "convert", packed.text, "-o", lines.text));
    free(WEIR_OUT("trace", "convert", lines.text, "-o", back.text));
    char *a = read_text(first.text);
    char *b = read_text(back.text);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(recording);
}

static void info_counts(void **state) {
    (void)state;
    const struct path csv = write_text("few.csv", HEADER "1700000000000,AUSDT,SELL,10,1\n"
                                                         "1700000000500,BUSDT,BUY,10,2\n"
                                                         "1700000000500,BUSDT,BUY,10,2\n"
                                                         "1700000099000,AUSDT,SELL,10,3\n");
    char *text = WEIR_OUT("trace", "info", csv.text, "--format", "json");
    json_t *document = parse_document(text, "info");
    assert_int_equal(json_integer_value(json_object_get(document, "liquidations")), 4);
    assert_int_equal(json_integer_value(json_object_get(document, "duplicates")), 1);
    assert_int_equal(json_integer_value(json_object_get(document, "throttle_ms")), 0);
    assert_true(json_number_value(json_object_get(document, "usd")) == 80.0);
    assert_string_equal(json_string_value(json_object_get(document, "class")), "slack");
    json_t *rates = json_object_get(document, "rates");
    assert_int_equal(json_integer_value(json_object_get(rates, "most_1s")), 3);
    assert_int_equal(json_integer_value(json_object_get(rates, "most_60s")), 3);
    json_decref(document);
    free(text);
}

/** The folder holds document, data, script and, where there is a gnuplot, the plot. */
static void info_writes_a_folder(void **state) {
    (void)state;
    const struct path folder = workspace_path("what");
    const struct path profile = profile_path("binance-2025-06-23");
    free(WEIR_OUT("trace", "info", profile.text, "-o", folder.text));
    char *document = read_text(workspace_path("what/result.json").text);
    char *printed = WEIR_OUT("trace", "info", profile.text, "--format", "json");
    assert_string_equal(document, printed);
    free(document);
    free(printed);
    char *rate = read_text(workspace_path("what/rate.tsv").text);
    double total = 0.0;
    for (const char *line = strchr(rate, '\n'); line != NULL && line[1] != '\0';
         line = strchr(line + 1, '\n')) {
        double from_s, until_s, sell, all;
        assert_int_equal(sscanf(line + 1, "%lf\t%lf\t%lf\t%lf", &from_s, &until_s, &sell, &all), 4);
        assert_true(sell <= all && until_s - from_s == 4.0);
        total += all * (until_s - from_s);
    }
    assert_true(total > 1154.9 && total < 1155.1);
    free(rate);
    char *names = list_folder(folder.text);
    assert_non_null(strstr(names, "cascades.tsv rate.tsv result.json sizes.tsv trace.gp"));
    assert_true(strstr(names, "trace.png trace.svg") != NULL);
    free(names);

    const struct run_setting bare = {.search_path = "/nowhere"};
    struct run run = WEIR_WITH(&bare, "trace", "info", profile.text, "-o", folder.text);
    assert_int_equal(run.exit_code, 0);
    assert_non_null(strstr(run.err, "gnuplot is not in PATH"));
    assert_false(file_exists(workspace_path("what/trace.png").text));
    run_free(&run);
    refused(1, "--out", WEIR("trace", "info", profile.text, "-o", profile.text));
}

/** Bins become longer as the trace does; what is in them stays where it was. */
static void the_course_keeps_its_place(void **state) {
    (void)state;
    const struct path csv = write_text("long.csv", HEADER "1700000000000,AUSDT,SELL,10,1\n"
                                                          "1700001000000,AUSDT,BUY,10,1\n"
                                                          "1700003000000,AUSDT,SELL,10,1\n");
    free(WEIR_OUT("trace", "info", csv.text, "-o", workspace_path("long").text));
    char *rate = read_text(workspace_path("long/rate.tsv").text);
    assert_non_null(strstr(rate, "\n1700000000\t1700000004\t0.25\t0.25\t2.5\n"));
    assert_non_null(strstr(rate, "\n1700001000\t1700001004\t0\t0.25\t2.5\n"));
    assert_non_null(strstr(rate, "\n1700003000\t1700003004\t0.25\t0.25\t2.5\n"));
    free(rate);
}

static void of_equal_times_the_file_named_first_is_first(void **state) {
    (void)state;
    const struct path a = write_text("a.csv", HEADER "1700000000000,AUSDT,SELL,10,1\n");
    const struct path b = write_text("b.csv", HEADER "1700000000000,BUSDT,SELL,10,1\n");
    char *merged = WEIR_OUT("trace", "merge", b.text, a.text, "-o", "-");
    assert_string_equal(merged, HEADER "1700000000000,BUSDT,SELL,10,1\n"
                                       "1700000000000,AUSDT,SELL,10,1\n");
    free(merged);
}

static void every_defect_is_listed(void **state) {
    (void)state;
    const struct path csv = write_text("bad.csv", HEADER "1700000000000,AUSDT,SELL,10,1\n"
                                                         "1700000000001,AUSDT,SELL,nan,1\n"
                                                         "1700000000001,AUSDT,SELL\n"
                                                         "1700000000002,AUSDT,SELL,1e400,1\n"
                                                         "1700000000,AUSDT,SELL,1,1\n"
                                                         "1699999999999,AUSDT,SELL,1,1\n"
                                                         "1700000000003,\"AUSDT,SELL,1,1\n"
                                                         "1700000000004,AUSDT,SELL,1,1\n"
                                                         "1700000000004,AUSDT,SELL,1,1\n");
    struct run run = WEIR("trace", "validate", csv.text);
    assert_int_equal(run.exit_code, 3);
    static const char *const parts[] = {
        "bad.csv:3: ",         "bad.csv:4: has 3 columns",  "bad.csv:5: ",
        "bad.csv:6: ",         "bad.csv:7: time goes back", "bad.csv:8: quotation marks",
        "bad.csv:10: repeats", "3 good rows, 7 defects"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(run.out, parts[i]) == NULL) {
            fail_msg("'%s' is not in %s", parts[i], run.out);
        }
    }
    run_free(&run);
}

static void parts_of_a_trace(void **state) {
    (void)state;
    const struct path csv = write_text("day.csv", HEADER "1700000000000,AUSDT,SELL,10,1\n"
                                                         "1700000100000,BUSDT,BUY,10,2\n"
                                                         "1700000101000,AUSDT,BUY,10,2\n"
                                                         "1700000200000,AUSDT,SELL,10,3\n");
    char *strongest = WEIR_OUT("trace", "slice", csv.text, "--strongest", "1", "-o", "-");
    assert_string_equal(strongest, HEADER "1700000100000,BUSDT,BUY,10,2\n"
                                          "1700000101000,AUSDT,BUY,10,2\n");
    char *symbols = WEIR_OUT("trace", "slice", csv.text, "--symbols", "BUSDT", "-o", "-");
    assert_string_equal(symbols, HEADER "1700000100000,BUSDT,BUY,10,2\n");
    char *times = WEIR_OUT("trace", "slice", csv.text, "--from", "2023-11-14T22:15:01Z", "--to",
                           "2023-11-14T22:16:40Z", "-o", "-");
    assert_string_equal(times, HEADER "1700000101000,AUSDT,BUY,10,2\n");
    free(strongest);
    free(symbols);
    free(times);
}

/** The profile of a built trace holds the counts of the profile it was built from. */
static void a_profile_comes_back(void **state) {
    (void)state;
    const struct path again = workspace_path("again.json");
    const struct path trace = workspace_path("built.weir");
    free(WEIR_OUT("trace", "build", profile_path("binance-2025-01-27").text, "-o", trace.text));
    free(WEIR_OUT("trace", "profile", trace.text, "-o", again.text));
    char *before = WEIR_OUT("trace", "info", trace.text, "--format", "json");
    char *after = WEIR_OUT("trace", "info", again.text, "--format", "json");
    json_t *a = parse_document(before, "before");
    json_t *b = parse_document(after, "after");
    static const char *const same[] = {"liquidations", "sells", "throttle_ms"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_int_equal(json_integer_value(json_object_get(a, same[i])),
                         json_integer_value(json_object_get(b, same[i])));
    }
    const double usd = json_number_value(json_object_get(a, "usd"));
    const double difference = json_number_value(json_object_get(b, "usd")) / usd - 1.0;
    assert_true(difference < 0.0002 && difference > -0.0002);
    json_decref(a);
    json_decref(b);
    free(before);
    free(after);
}

static void a_generator_is_fitted(void **state) {
    (void)state;
    const struct path fitted = workspace_path("fitted.json");
    free(WEIR_OUT("trace", "generate", "--fit", source_path("traces/generated/g08-echo.json").text,
                  "-o", fitted.text));
    char *text = read_text(fitted.text);
    json_t *document = parse_document(text, "fitted");
    const json_t *arrivals = json_object_get(document, "arrivals");
    const double ratio = json_number_value(json_object_get(arrivals, "branching_ratio"));
    assert_true(ratio > 0.9 && ratio < 0.99);
    json_decref(document);
    free(text);
    free(WEIR_OUT("trace", "generate", fitted.text, "-o", workspace_path("drawn.csv").text));
}

static void wrong_use_is_told(void **state) {
    (void)state;
    const struct path csv = write_text("one.csv", HEADER "1700000000000,AUSDT,SELL,10,1\n");
    refused(2, "expected what to do", WEIR("trace"));
    refused(2, "'frobnicate' is not known", WEIR("trace", "frobnicate"));
    refused(2, "expected a trace", WEIR("trace", "info"));
    refused(2, "expected -o FILE", WEIR("trace", "convert", csv.text));
    refused(2, "ends with .csv", WEIR("trace", "convert", csv.text, "-o", "x.txt"));
    refused(2, "reader 'x' is not known", WEIR("trace", "info", csv.text, "--reader", "x"));
    refused(2, "has no '='", WEIR("trace", "info", csv.text, "--columns", "x"));
    refused(2, "unknown option", WEIR("trace", "info", csv.text, "--nope"));
    refused(
        3, "no row is left",
        WEIR("trace", "slice", csv.text, "--symbols", "ZUSDT", "-o", workspace_path("z.csv").text));
    assert_false(file_exists(workspace_path("z.csv").text));
    refused(3, "cannot be opened", WEIR("trace", "info", "nowhere.csv"));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(converting_there_and_back_gives_the_bytes),
        cmocka_unit_test(info_counts),
        cmocka_unit_test(info_writes_a_folder),
        cmocka_unit_test(the_course_keeps_its_place),
        cmocka_unit_test(of_equal_times_the_file_named_first_is_first),
        cmocka_unit_test(every_defect_is_listed),
        cmocka_unit_test(parts_of_a_trace),
        cmocka_unit_test(a_profile_comes_back),
        cmocka_unit_test(a_generator_is_fitted),
        cmocka_unit_test(wrong_use_is_told),
    };
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
