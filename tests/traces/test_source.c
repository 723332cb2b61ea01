/* The same rows give the same trace in every wrapping: plain, gzip, zstd, in one piece or several,
 * with CRLF and a byte order mark. What is damaged or cut off is refused, wherever it is. */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "time_ms,symbol,side,price,quantity\n"
#define FIRST "1700000000000,BTCUSDT,SELL,35000.10,0.5\n"
#define SECOND "1700000000500,ETHUSDT,BUY,1800.25,3\n"

static uint64_t digest_of(const char *path) {
    struct weir_trace *trace = fixture_open(path);
    const uint64_t digest = trace->digest;
    assert_int_equal(trace->row_count, 2);
    assert_string_equal(trace->symbols[0], "BTCUSDT");
    weir_trace_free(trace);
    return digest;
}

static void every_wrapping_is_the_same(void **state) {
    (void)state;
    const char *text = HEADER FIRST SECOND;
    const uint64_t plain = digest_of(fixture_text("a.csv", text).text);
    assert_true(plain == digest_of(fixture_gzip("a.csv.gz", text, false).text));
    assert_true(plain == digest_of(fixture_zstd("a.csv.zst", text, false).text));
    /* recognised by content, whatever the name says */
    assert_true(plain == digest_of(fixture_gzip("misnamed.zst", text, false).text));
    assert_true(plain == digest_of(fixture_zstd("misnamed.csv", text, false).text));
    const char *marked = "\xef\xbb\xbf"
                         "time_ms,symbol,side,price,quantity\r\n"
                         "1700000000000,BTCUSDT,SELL,35000.10,0.5\r\n\r\n"
                         "1700000000500,ETHUSDT,BUY,1800.25,3";
    assert_true(plain == digest_of(fixture_text("crlf.csv", marked).text));
    const char *other_columns = "quantity,extra,price,SIDE,symbol,time_us\n"
                                "0.50,\"a,b\",35000.1,sell,BTCUSDT,1700000000000000\n"
                                "3.0,\"c \"\"d\"\"\",1.80025e3,Buy,ETHUSDT,1700000000500000\n";
    assert_true(plain == digest_of(fixture_text("columns.csv", other_columns).text));
}

static void members_in_a_row_are_one(void **state) {
    (void)state;
    const uint64_t plain = digest_of(fixture_text("b.csv", HEADER FIRST SECOND).text);
    fixture_gzip("b.gz", HEADER FIRST, false);
    assert_true(plain == digest_of(fixture_gzip("b.gz", SECOND, true).text));
    fixture_zstd("b.zst", HEADER FIRST, false);
    assert_true(plain == digest_of(fixture_zstd("b.zst", SECOND, true).text));
}

static void damage_is_refused(void **state) {
    (void)state;
    const char *text = HEADER FIRST SECOND;
    struct fixture_path path = fixture_gzip("c.gz", text, false);
    fixture_truncate(path.text, 4);
    fixture_one_fails(path.text, "c.gz", "truncated", NULL);
    path = fixture_gzip("d.gz", text, false);
    fixture_damage(path.text, 30);
    fixture_one_fails(path.text, "d.gz", "gzip data are damaged", NULL);
    path = fixture_zstd("c.zst", text, false);
    fixture_truncate(path.text, 1);
    fixture_one_fails(path.text, "c.zst", "truncated", NULL);
    path = fixture_zstd("d.zst", text, false);
    fixture_damage(path.text, 4);
    fixture_one_fails(path.text, "d.zst", "zstd data are damaged", NULL);
}

static void damage_in_later_members_is_refused(void **state) {
    (void)state;
    fixture_gzip("e.gz", HEADER FIRST, false);
    struct fixture_path path = fixture_gzip("e.gz", SECOND, true);
    fixture_truncate(path.text, 9);
    fixture_one_fails(path.text, "e.gz", "truncated", NULL);
    fixture_zstd("e.zst", HEADER FIRST, false);
    path = fixture_zstd("e.zst", SECOND, true);
    fixture_truncate(path.text, 3);
    fixture_one_fails(path.text, "e.zst", "truncated", NULL);
    /* only the magic of a further frame */
    fixture_zstd("f.zst", HEADER FIRST, false);
    path = fixture_zstd("f.zst", "", true);
    fixture_truncate(path.text, 2);
    fixture_one_fails(path.text, "f.zst", "truncated", NULL);
}

static void what_cannot_be_read_is_named(void **state) {
    (void)state;
    const char *path = "/nonexistent/weir.csv";
    const char *const parts[] = {"/nonexistent/weir.csv", "No such file", NULL};
    fixture_fails(&path, 1, WEIR_TRACE_NO_FILE, parts);
    const char *directory = "/";
    const char *const directory_parts[] = {"cannot be read", NULL};
    fixture_fails(&directory, 1, WEIR_TRACE_NO_FILE, directory_parts);
}

static void standard_input_is_a_file(void **state) {
    (void)state;
    const struct fixture_path path = fixture_gzip("stdin.gz", HEADER FIRST SECOND, false);
    const uint64_t digest = digest_of(path.text);
    assert_non_null(freopen(path.text, "rb", stdin));
    struct weir_trace *trace = fixture_open("-");
    assert_true(trace->digest == digest);
    assert_string_equal(trace->name, "stdin");
    weir_trace_free(trace);
    assert_false(weir_is_profile("-"));
}

/** A pipe is read once: nothing may look into it before. */
static void a_pipe_is_read_once(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const char *text = HEADER FIRST SECOND;
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_true(digest_of(path) == digest_of(fixture_text("pipe.csv", text).text));
    close(ends[0]);
}

/** Long lines cross the edges of every buffer; none is lost. */
static void many_rows(void **state) {
    (void)state;
    const size_t count = 40000;
    char *text = malloc(64 + count * 64);
    assert_non_null(text);
    size_t used = (size_t)sprintf(text, HEADER);
    for (size_t i = 0; i < count; i++) {
        used += (size_t)sprintf(text + used, "%llu,S%zuUSDT,SELL,%zu.5,1\n", 1700000000000ull + i,
                                i % 700, i + 1);
    }
    struct weir_trace *plain = fixture_open(fixture_text("many.csv", text).text);
    struct weir_trace *packed = fixture_open(fixture_zstd("many.zst", text, false).text);
    assert_int_equal(plain->row_count, count);
    assert_int_equal(plain->symbol_count, 700);
    assert_true(plain->digest == packed->digest);
    assert_int_equal(plain->rows[count - 1].price, (int64_t)count * 10 + 5);
    weir_trace_free(plain);
    weir_trace_free(packed);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrapping_is_the_same),
        cmocka_unit_test(members_in_a_row_are_one),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(damage_in_later_members_is_refused),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(a_pipe_is_read_once),
        cmocka_unit_test(standard_input_is_a_file),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
