/* Recordings of weir record: notes are passed over, gaps told, rows put in order, a file that was
 * cut is read as far as it goes; everybody else's files are as strict as before. */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gaps.h"
#include "reader.h"
#include "row_order.h"

#define BEGINNING "{\"weir\":\"recording\",\"version\":1,\"at_ms\":1700000000000}\n"
#define GAP "{\"weir\":\"gap\",\"from_ms\":1700000001000,\"to_ms\":1700000003500,\"why\":\"cut\"}\n"

/** A row at a second of 2023-11-14. */
static void add_row(char *text, size_t size, long ms) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used,
             "{\"received_ms\":1,\"data\":{\"e\":\"forceOrder\",\"o\":{\"s\":\"BTCUSDT\",\"S\":"
             "\"SELL\",\"q\":\"1\",\"p\":\"2\",\"T\":%ld}}}\n",
             1700000000000 + ms);
}

static void add_text(char *text, size_t size, const char *more) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

static void are_passed_over(void **state) {
    (void)state;
    char text[4096] = BEGINNING;
    add_row(text, sizeof text, 1000);
    add_text(text, sizeof text,
             GAP "{\"weir\":\"alive\",\"at_ms\":1700000004000}\n"
                 "{\"weir\":\"other\",\"at_ms\":1700000004000,\"why\":\"x\",\"text\":\"y\"}\n");
    add_row(text, sizeof text, 5000);
    add_text(text, sizeof text, "{\"weir\":\"end\",\"at_ms\":1700000006000,\"why\":\"SIGINT\"}\n");
    struct weir_trace *trace = fixture_open(fixture_zstd("a.jsonl.zst", text, false).text);
    assert_int_equal(trace->row_count, 2);
    assert_int_equal(trace->gap_count, 1);
    assert_true(trace->gaps_s == 2.5);
    assert_int_equal(trace->cut_files, 0);
    weir_trace_free(trace);
}

static void bad_notes_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *line, *part;
    } cases[] = {
        {"{\"weir\":\"recording\",\"version\":2,\"at_ms\":1}", "version 2"},
        {"{\"weir\":\"recording\",\"version\":1}", "'at_ms'"},
        {"{\"weir\":\"hello\",\"at_ms\":1}", "no known kind 'hello'"},
        {"{\"weir\":7,\"at_ms\":1}", "no known kind"},
        {"{\"weir\":\"gap\",\"from_ms\":2,\"to_ms\":1}", "ends before it begins"},
        {"{\"weir\":\"gap\",\"from_ms\":\"2\",\"to_ms\":3}", "'from_ms'"},
        {"{\"weir\":\"gap\",\"from_ms\":2,\"to_ms\":92233720368547758}", "'to_ms'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture_one_fails(fixture_text("bad.jsonl", cases[i].line).text, "bad.jsonl:1",
                          cases[i].part, NULL);
    }
}

static void rows_are_put_in_order(void **state) {
    (void)state;
    static const long given_ms[] = {20000, 15000, 25000, 15000, 29999, 21000, 19999, 40000};
    char text[8192] = BEGINNING;
    for (size_t i = 0; i < 8; i++) {
        add_row(text, sizeof text, given_ms[i]);
    }
    struct weir_trace *trace = fixture_open(fixture_text("order.jsonl", text).text);
    assert_int_equal(trace->row_count, 8);
    for (size_t i = 1; i < 8; i++) {
        assert_true(trace->rows[i - 1].time_ns <= trace->rows[i].time_ns);
    }
    weir_trace_free(trace);
    add_row(text, sizeof text, 29998); /* more than ten seconds late, and one was let go */
    fixture_one_fails(fixture_text("late.jsonl", text).text, "late.jsonl:10", "goes back", NULL);
    /* without the first note it is any file of events, and those must be in order */
    fixture_one_fails(fixture_text("plain.jsonl", text + strlen(BEGINNING)).text, "plain.jsonl:2",
                      "goes back", NULL);
}

static void may_be_without_rows(void **state) {
    (void)state;
    char rows[1024] = BEGINNING;
    add_row(rows, sizeof rows, 1000);
    const struct fixture_path none = fixture_text("none.jsonl", BEGINNING GAP);
    const struct fixture_path some = fixture_text("some.jsonl", rows);
    const char *const paths[] = {none.text, some.text};
    struct weir_trace_error error;
    const struct weir_read_options options = {.skip_bad = false};
    struct weir_trace *trace = weir_trace_open(paths, 2, &options, NULL, &error);
    assert_non_null(trace);
    assert_int_equal(trace->row_count, 1);
    assert_int_equal(trace->gap_count, 1);
    weir_trace_free(trace);
    fixture_one_fails(none.text, "none.jsonl", "no liquidations", NULL);
}

/** Cut anywhere: what was whole is read. Another zstd file that is cut is refused. */
static void may_be_cut(void **state) {
    (void)state;
    char row[1024] = "";
    add_row(row, sizeof row, 1000);
    for (size_t cut = 1; cut < 60; cut++) {
        fixture_zstd("cut.jsonl.zst", BEGINNING, false);
        fixture_zstd("cut.jsonl.zst", row, true);
        const struct fixture_path path = fixture_zstd("cut.jsonl.zst", row, true);
        fixture_truncate(path.text, cut);
        struct weir_trace *trace = fixture_open(path.text);
        assert_in_range(trace->row_count, 1, 2);
        assert_int_equal(trace->cut_files, 1);
        weir_trace_free(trace);
        const char *const paths[] = {path.text};
        weir_trace_free(weir_trace_open(paths, 1, NULL, NULL, NULL)); /* nobody asks why */
    }
    fixture_zstd("other.jsonl.zst", row, false);
    const struct fixture_path other = fixture_zstd("other.jsonl.zst", row, true);
    fixture_truncate(other.text, 5);
    fixture_one_fails(other.text, "truncated", NULL, NULL);
}

/** Against sorting: rows of any lateness within the window leave in order, none is lost. */
static void order_is_that_of_sorting(void **state) {
    (void)state;
    struct weir_row_order *order = weir_row_order_create();
    struct weir_row row = {.time_ns = 0};
    uint64_t x = 7;
    int64_t last_ns = 0;
    size_t line = 0;
    size_t taken = 0;
    assert_non_null(order);
    for (size_t i = 0; i < 200000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        row.time_ns = (int64_t)(i * 1000000 + 20000000000) - (int64_t)(x >> 33) % 9000000000;
        while (weir_row_order_take(order, false, &row, &line)) {
            assert_true(row.time_ns >= last_ns);
            last_ns = row.time_ns;
            taken++;
        }
        row.time_ns = (int64_t)(i * 1000000 + 20000000000) - (int64_t)(x >> 33) % 9000000000;
        assert_true(weir_row_order_put(order, &row, i));
    }
    while (weir_row_order_take(order, true, &row, &line)) {
        assert_true(row.time_ns >= last_ns);
        last_ns = row.time_ns;
        taken++;
    }
    assert_int_equal(taken, 200000);
    weir_row_order_free(order);
}

static struct weir_note gap_of(int64_t from_ns, int64_t length_ns) {
    return (struct weir_note){
        .kind = WEIR_NOTE_GAP, .at_ns = from_ns + length_ns, .from_ns = from_ns};
}

static void longest_gaps_are_kept(void **state) {
    (void)state;
    struct weir_gaps a = {.count = 0};
    struct weir_gaps b = {.count = 0};
    for (int64_t i = 0; i < 20; i++) {
        const struct weir_note gap = gap_of(i * 100, (i * 7) % 20);
        weir_gaps_add(i < 4 ? &a : &b, &gap);
    }
    weir_gaps_add_all(&a, &b);
    assert_int_equal(a.count, 20);
    assert_int_equal(a.total_ns, 190);
    assert_int_equal(weir_gaps_kept(&a), WEIR_GAPS_KEPT);
    for (int64_t i = 0; i < WEIR_GAPS_KEPT; i++) {
        assert_int_equal(a.longest[i].at_ns - a.longest[i].from_ns, 19 - i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_passed_over),
        cmocka_unit_test(bad_notes_are_refused),
        cmocka_unit_test(rows_are_put_in_order),
        cmocka_unit_test(may_be_without_rows),
        cmocka_unit_test(may_be_cut),
        cmocka_unit_test(order_is_that_of_sorting),
        cmocka_unit_test(longest_gaps_are_kept),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
