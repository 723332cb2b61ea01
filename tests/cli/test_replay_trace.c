/* The traces that `weir replay` takes: files, standard input, compressed, several as one, with bad
 * rows. Whatever way the same liquidations come in, the answer is the same. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 1500

static char *recording;

static int setup(void **state) {
    recording = synthetic_recording(20251010, ROWS);
    return workspace_setup(state);
}

static int teardown(void **state) {
    free(recording);
    return workspace_teardown(state);
}

/** What must not depend on how a trace came in. Freed by free_facts. */
struct facts {
    json_t *document;
    const char *trace, *run;
};

static struct facts facts_of(char *text) {
    struct facts facts = {.document = parse_document(text, "replay")};
    facts.trace = text_at(facts.document, "trace digest");
    facts.run = text_at(facts.document, "digest");
    free(text);
    return facts;
}

static void assert_same_trace(char *one, char *other) {
    struct facts a = facts_of(one);
    struct facts b = facts_of(other);
    assert_string_equal(a.trace, b.trace);
    assert_string_equal(a.run, b.run);
    assert_true(json_equal(at(a.document, "metrics"), at(b.document, "metrics")));
    json_decref(a.document);
    json_decref(b.document);
}

static char *replay(const char *path) {
    return WEIR_OUT("replay", path, "--format", "json");
}

static void counts_are_those_of_the_file(void **state) {
    (void)state;
    const struct path plain = write_text("plain.csv", recording);
    struct facts facts = facts_of(replay(plain.text));
    assert_int_equal(number_at(facts.document, "trace liquidations"), ROWS);
    assert_string_equal(text_at(facts.document, "trace name"), "plain");
    assert_true(metric(facts.document, "trace_liquidations") == ROWS);
    json_decref(facts.document);
}

static void compressed_is_as_plain(void **state) {
    (void)state;
    const struct path plain = write_text("plain.csv", recording);
    const struct path gzip = write_gzip("packed.csv.gz", recording);
    const struct path zstd = write_zstd("packed.csv.zst", recording);
    assert_same_trace(replay(plain.text), replay(gzip.text));
    assert_same_trace(replay(plain.text), replay(zstd.text));
}

static void standard_input_is_as_a_file(void **state) {
    (void)state;
    const struct path plain = write_text("plain.csv", recording);
    const struct run_setting given = {.input = recording, .input_size = strlen(recording)};
    const char *const arguments[] = {"replay", "-", "--format", "json", NULL};
    assert_same_trace(replay(plain.text), run_quietly(&given, arguments));

    const struct path gzip = write_gzip("piped.gz", recording);
    FILE *file = fopen(gzip.text, "rb");
    assert_non_null(file);
    char *bytes = malloc(strlen(recording));
    assert_non_null(bytes);
    const size_t size = fread(bytes, 1, strlen(recording), file);
    fclose(file);
    const struct run_setting packed = {.input = bytes, .input_size = size};
    assert_same_trace(replay(plain.text), run_quietly(&packed, arguments));
    free(bytes);
}

/** Writes every row to one of two files, drawn; both keep the order of time. */
static void deal(const char *left_name, const char *right_name) {
    char *left = malloc(strlen(recording) + 64);
    char *right = malloc(strlen(recording) + 64);
    char *rows = malloc(strlen(recording) + 1);
    assert_true(left && right && rows);
    memcpy(rows, recording, strlen(recording) + 1);
    uint64_t seed = 7;
    char *save = NULL;
    const char *row = strtok_r(rows, "\n", &save);
    size_t used[2] = {(size_t)sprintf(left, "%s\n", row), (size_t)sprintf(right, "%s\n", row)};
    while ((row = strtok_r(NULL, "\n", &save))) {
        const size_t side = draw(&seed) % 2;
        used[side] += (size_t)sprintf((side ? right : left) + used[side], "%s\n", row);
    }
    write_text(left_name, left);
    write_gzip(right_name, right);
    free(left);
    free(right);
    free(rows);
}

static void several_recordings_are_read_as_one(void **state) {
    (void)state;
    const struct path plain = write_text("plain.csv", recording);
    deal("left.csv", "right.csv.gz");
    const struct path left = workspace_path("left.csv");
    const struct path right = workspace_path("right.csv.gz");
    assert_same_trace(replay(plain.text),
                      WEIR_OUT("replay", left.text, right.text, "--format", "json"));
    assert_same_trace(replay(plain.text),
                      WEIR_OUT("replay", right.text, "--format", "json", left.text));
}

/** A recording in another unit of time, other order of columns, with more columns than needed. */
static void other_columns_are_the_same_trace(void **state) {
    (void)state;
    char *text = malloc(2 * strlen(recording) + 64);
    char *rows = malloc(strlen(recording) + 1);
    assert_true(text && rows);
    memcpy(rows, recording, strlen(recording) + 1);
    size_t used = (size_t)sprintf(text, "id,side,quantity,ts_ns,price,symbol\r\n");
    char *save = NULL;
    assert_non_null(strtok_r(rows, "\n", &save));
    for (const char *row; (row = strtok_r(NULL, "\n", &save));) {
        char cells[5][32];
        assert_int_equal(sscanf(row, "%31[^,],%31[^,],%31[^,],%31[^,],%31s", cells[0], cells[1],
                                cells[2], cells[3], cells[4]),
                         5);
        used += (size_t)sprintf(text + used, "x,%s,%s,%s000000,%s,\"%s\"\r\n", cells[2], cells[4],
                                cells[0], cells[3], cells[1]);
    }
    const struct path plain = write_text("plain.csv", recording);
    const struct path other = write_text("other.csv", text);
    assert_same_trace(replay(plain.text), replay(other.text));
    free(text);
    free(rows);
}

static void bad_rows_are_left_out_and_told(void **state) {
    (void)state;
    char *text = malloc(strlen(recording) + 200);
    assert_non_null(text);
    const char *second = strchr(strchr(recording, '\n') + 1, '\n') + 1;
    sprintf(text, "%.*sno time at all\n1700000013001,BTCUSDT,SELL,-1,1\n%s1,late,SELL,1,1\n",
            (int)(second - recording), recording, second);
    const struct path bad = write_text("bad.csv", text);
    struct run run = WEIR("replay", bad.text, "--skip-bad", "--format", "json");
    assert_int_equal(run.exit_code, 0);
    assert_string_equal(run.err, "weir: bad rows left out: 3\n");
    json_t *document = parse_document(run.out, "skip-bad");
    assert_int_equal(number_at(document, "trace bad_rows"), 3);
    assert_int_equal(number_at(document, "trace liquidations"), ROWS);
    json_decref(document);
    run_free(&run);

    struct run strict = WEIR("replay", bad.text, "--format", "json");
    assert_int_equal(strict.exit_code, 3);
    assert_string_equal(strict.out, "");
    run_free(&strict);
    free(text);
}

/** Good input stays good: nothing is said of bad rows when there are none. */
static void nothing_is_said_of_no_bad_rows(void **state) {
    (void)state;
    const struct path plain = write_text("plain.csv", recording);
    char *text = WEIR_OUT("replay", plain.text, "--skip-bad", "--format", "json");
    assert_null(strstr(text, "bad_rows"));
    free(text);
}

/** A trace that holds no opportunity, or a single liquidation, has an answer as well. */
static void small_traces_have_an_answer(void **state) {
    (void)state;
    static const char *const rows[] = {"1700000000000,BTCUSDT,SELL,1,1\n",
                                       "1700000000000,BTCUSDT,SELL,50000,1\n"};
    for (size_t i = 0; i < 2; i++) {
        char text[128];
        snprintf(text, sizeof text, "time_ms,symbol,side,price,quantity\n%s", rows[i]);
        const struct path small = write_text("small.csv", text);
        for (size_t form = 0; form < 4; form++) {
            static const char *const forms[] = {"table", "json", "csv", "md"};
            char *out = WEIR_OUT("replay", small.text, "--format", forms[form]);
            assert_null(strstr(out, "nan"));
            assert_null(strstr(out, "inf "));
            free(out);
        }
        struct facts facts = facts_of(replay(small.text));
        assert_true(metric(facts.document, "opportunities") == (double)i);
        json_decref(facts.document);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_are_those_of_the_file),
    cmocka_unit_test(compressed_is_as_plain),
    cmocka_unit_test(standard_input_is_as_a_file),
    cmocka_unit_test(several_recordings_are_read_as_one),
    cmocka_unit_test(other_columns_are_the_same_trace),
    cmocka_unit_test(bad_rows_are_left_out_and_told),
    cmocka_unit_test(nothing_is_said_of_no_bad_rows),
    cmocka_unit_test(small_traces_have_an_answer),
};

int main(void) {
    return cmocka_run_group_tests(tests, setup, teardown);
}
