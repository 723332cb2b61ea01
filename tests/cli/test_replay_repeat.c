/* The same question has the same answer, for any number of threads and from a result of its own;
 * another question has another: seed, replications, settings. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASCADE "hyperliquid-2025-10-10"
#define SLACK "binance-2025-01-27"
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const policies[] = {"none", "current", "fixed-window", "weir"};

static void same_question_same_bytes(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    for (size_t p = 0; p < COUNT(policies); p++) {
        assert_same_result(
            WEIR_OUT("replay", trace.text, "--policy", policies[p], "--format", "json"),
            WEIR_OUT("replay", trace.text, "--policy", policies[p], "--format", "json"));
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    static const char *const threads[] = {"2", "3", "7"};
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_same_result(WEIR_OUT("replay", trace.text, "--replications", "5", "--threads", "1",
                                    "--format", "json"),
                           WEIR_OUT("replay", trace.text, "--replications", "5", "--threads",
                                    threads[i], "--format", "json"));
    }
}

static void seed_changes_what_is_drawn(void **state) {
    (void)state;
    const struct path profile = profile_path(CASCADE);
    char *recorded = synthetic_recording(1, 400);
    const struct path recording = write_text("seeded.csv", recorded);
    const char *const paths[] = {profile.text, recording.text};
    for (size_t i = 0; i < 2; i++) {
        char *one = WEIR_OUT("replay", paths[i], "--seed", "1", "--format", "json");
        char *two = WEIR_OUT("replay", paths[i], "--seed", "2", "--format", "json");
        json_t *a = parse_document(one, "seed 1");
        json_t *b = parse_document(two, "seed 2");
        assert_string_not_equal(text_at(a, "digest"), text_at(b, "digest"));
        const bool same = strcmp(text_at(a, "trace digest"), text_at(b, "trace digest")) == 0;
        assert_int_equal(same, i == 1);
        json_decref(a);
        json_decref(b);
        free(one);
        free(two);
    }
    free(recorded);
}

/** The largest seed is written as it was given. */
static void any_seed_is_written_back(void **state) {
    (void)state;
    const struct path trace = profile_path(SLACK);
    static const char *const seeds[] = {"0", "9223372036854775807"};
    for (size_t i = 0; i < COUNT(seeds); i++) {
        char line[64];
        char *text = WEIR_OUT("replay", trace.text, "--seed", seeds[i], "--format", "json");
        snprintf(line, sizeof line, "\"seed\": %s,", seeds[i]);
        assert_non_null(strstr(text, line));
        free(text);
    }
    struct run run =
        WEIR("replay", trace.text, "--seed", "18446744073709551615", "--format", "json");
    assert_null(strstr(run.out, "\"seed\": -1"));
    run_free(&run);
}

static void replications_have_intervals(void **state) {
    (void)state;
    const struct path trace = profile_path(SLACK);
    char *text = WEIR_OUT("replay", trace.text, "--replications", "6", "--format", "json");
    json_t *document = parse_document(text, "six replications");
    assert_int_equal(json_integer_value(at(document, "replications")), 6);
    static const char *const some[] = {"opportunities", "latency_p50_ms", "requests_sent"};
    for (size_t i = 0; i < COUNT(some); i++) {
        char low[64];
        char high[64];
        snprintf(low, sizeof low, "metrics %s low", some[i]);
        snprintf(high, sizeof high, "metrics %s high", some[i]);
        assert_true(number_at(document, low) < metric(document, some[i]));
        assert_true(metric(document, some[i]) < number_at(document, high));
    }
    json_decref(document);
    free(text);
    text = WEIR_OUT("replay", trace.text, "--format", "json");
    document = parse_document(text, "one replication");
    free(text);
    assert_null(json_object_get(at(document, "metrics opportunities"), "low"));
    assert_null(json_object_get(at(document, "metrics opportunities"), "high"));
    json_decref(document);
}

/** --set wins over --scenario, wherever it stands; presets come before what refines them. */
static void settings_have_their_precedence(void **state) {
    (void)state;
    const struct path trace = profile_path(SLACK);
    const struct path scenario = write_text(
        "scenario.json",
        "{\"bot\": {\"connections\": 7, \"value\": \"notional\"}, \"feed.delay_ms\": 50,\n"
        " \"exchange\": {\"ban_after_429s\": 4, \"rules\": \"strict\"}}\n");
    char *text =
        WEIR_OUT("replay", "--set", "bot.connections=9", trace.text, "--scenario", scenario.text,
                 "--set", "feed.delay_ms=60", "--set", "feed.delay_ms=70", "--format", "json");
    json_t *document = parse_document(text, "settings");
    assert_int_equal(number_at(document, "scenario bot connections"), 9);
    assert_string_equal(text_at(document, "scenario bot value"), "notional");
    assert_int_equal(number_at(document, "scenario feed delay_ms"), 70);
    assert_string_equal(text_at(document, "scenario exchange rules"), "strict");
    assert_int_equal(number_at(document, "scenario exchange ban_after_429s"), 4);
    assert_int_equal(number_at(document, "scenario exchange orders_per_10s"), 300);
    json_decref(document);
    free(text);
}

/** A setting is obeyed: an exchange without scarcity refuses nobody, one with much refuses most. */
static void settings_are_obeyed(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    static const char *const limits[] = {"exchange.weight_per_minute=1000000",
                                         "exchange.weight_per_minute=600"};
    double errors[2];
    for (size_t i = 0; i < 2; i++) {
        char *text = WEIR_OUT("replay", trace.text, "--policy", "none", "--set", limits[i], "--set",
                              "exchange.orders_per_minute=1000000", "--format", "json");
        json_t *document = parse_document(text, limits[i]);
        errors[i] = metric(document, "limit_errors");
        json_decref(document);
        free(text);
    }
    assert_true(errors[0] == 0.0);
    assert_true(errors[1] > 1000.0);
}

/** The bot's clock may be off either way; within what the exchange tolerates nothing is refused. */
static void clocks_may_be_off(void **state) {
    (void)state;
    const struct path trace = profile_path(SLACK);
    static const char *const offsets[] = {"bot.clock_offset_ms=-700", "bot.clock_offset_ms=0",
                                          "bot.clock_offset_ms=700"};
    for (size_t i = 0; i < COUNT(offsets); i++) {
        char *text = WEIR_OUT("replay", trace.text, "--set", offsets[i], "--format", "json");
        json_t *document = parse_document(text, offsets[i]);
        assert_true(metric(document, "state_rejected") == 0.0);
        assert_true(metric(document, "captures") > 0.0);
        json_decref(document);
        free(text);
    }
}

/** What a result says of its making is enough to make it again, byte for byte. */
static void a_result_repeats_itself(void **state) {
    (void)state;
    const struct path trace = profile_path(CASCADE);
    char *made = WEIR_OUT("replay", trace.text, "--policy", "fixed-window", "--seed", "5",
                          "--replications", "2", "--set", "exchange.ban_steps_min=0.1,3", "--set",
                          "feed.delay_ms=12.3456789", "--set", "limiter.normal.buffer=0.07",
                          "--set", "foreign.second_bot=true", "--format", "json");
    const struct path earlier = write_text("earlier.json", made);
    assert_same_result(made, WEIR_OUT("replay", "--from", earlier.text, "--format", "json"));

    char *other = WEIR_OUT("replay", "--from", earlier.text, "--seed", "6", "--policy", "none",
                           "--set", "feed.delay_ms=1", "--format", "json");
    json_t *document = parse_document(other, "changed");
    assert_int_equal(number_at(document, "seed"), 6);
    assert_string_equal(text_at(document, "policy"), "none");
    assert_int_equal(number_at(document, "scenario feed delay_ms"), 1);
    assert_true(number_at(document, "replications") == 2);
    json_decref(document);
    free(other);
}

/** A result remembers how its recording was to be read. */
static void a_result_remembers_how_to_read(void **state) {
    (void)state;
    const struct path bare = write_text("bare.csv", "1700000000000,A,long,10,9000\n"
                                                    "1700000000001,A,nobody,10,9000\n"
                                                    "1700000000002,A,short,10,9000\n");
    struct run made = WEIR("replay", bare.text, "--columns",
                           "time=1,symbol=2,side=3,price=4,quantity=5,sell=long,buy=short",
                           "--skip-bad", "--reader", "csv", "--out", workspace_path("bare").text);
    assert_int_equal(made.exit_code, 0);
    run_free(&made);
    const struct path result = workspace_path("bare/result.json");
    struct run again = WEIR("replay", "--from", result.text, "--format", "json");
    assert_int_equal(again.exit_code, 0);
    assert_non_null(strstr(again.err, "bad rows left out: 1"));
    assert_same_result(read_text(result.text), strdup(again.out));
    run_free(&again);

    const struct path wrong = write_text(
        "wrong.json", "{\"schema\": \"weir.replay/1\", \"policy\": \"weir\", \"seed\": 1,"
                      " \"replications\": 1, \"trace\": {\"paths\": [\"bare.csv\"], \"digest\":"
                      " \"0123456789abcdef\"}, \"scenario\": {}, \"read\": {\"columns\": 5}}");
    struct run refused = WEIR("replay", "--from", wrong.text);
    assert_int_equal(refused.exit_code, 3);
    assert_non_null(strstr(refused.err, "read.columns"));
    run_free(&refused);
}

/** A result whose trace has changed since is repeated, but not silently. */
static void a_changed_trace_is_told(void **state) {
    (void)state;
    char *text = synthetic_recording(3, 100);
    const struct path trace = write_text("changing.csv", text);
    char *made = WEIR_OUT("replay", trace.text, "--format", "json");
    const struct path earlier = write_text("changing.json", made);
    free(made);
    free(text);
    text = synthetic_recording(4, 100);
    write_text("changing.csv", text);
    free(text);
    struct run run = WEIR("replay", "--from", earlier.text);
    assert_int_equal(run.exit_code, 0);
    assert_non_null(strstr(run.err, "changed"));
    run_free(&run);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(same_question_same_bytes),
    cmocka_unit_test(threads_change_nothing),
    cmocka_unit_test(seed_changes_what_is_drawn),
    cmocka_unit_test(any_seed_is_written_back),
    cmocka_unit_test(replications_have_intervals),
    cmocka_unit_test(settings_have_their_precedence),
    cmocka_unit_test(settings_are_obeyed),
    cmocka_unit_test(clocks_may_be_off),
    cmocka_unit_test(a_result_repeats_itself),
    cmocka_unit_test(a_changed_trace_is_told),
    cmocka_unit_test(a_result_remembers_how_to_read),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
