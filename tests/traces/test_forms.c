/* Every form holds every row exactly: what is written and read back gives the same bytes of
 * canonical CSV. A form that cannot hold a row refuses it; a damaged file is refused with a reason.
 */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binary.h"
#include "inflow.h"
#include "sorting.h"
#include "writer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const endings[] = {"csv",       "csv.gz", "csv.zst", "jsonl",   "jsonl.gz",
                                      "jsonl.zst", "weir",   "weir.gz", "weir.zst"};

/** Converts one file into another by its ending; false with the message on failure. */
static bool convert(const char *from, const char *to, const enum weir_time_unit *unit, bool sort,
                    struct weir_trace_error *error) {
    const struct weir_read_options read = {.any_order = sort};
    struct weir_inflow *inflow = weir_inflow_open(&from, 1, &read, NULL, NULL, error);
    if (inflow == NULL) {
        return false;
    }
    struct weir_write_options options;
    assert_true(weir_form_of(to, &options));
    options.unit = unit != NULL ? *unit : weir_inflow_unit(inflow);
    FILE *stream = fopen(to, "w+b");
    assert_non_null(stream);
    struct weir_writer *writer = weir_writer_open(stream, to, &options, error);
    assert_non_null(writer);
    const struct weir_row *row = NULL;
    size_t count = 0;
    bool ok = true;
    if (sort) {
        ok = weir_sort_rows(inflow, writer, &count, error);
    }
    while (ok && !sort && (ok = weir_inflow_next(inflow, &row, error)) && row != NULL) {
        ok = weir_writer_put(writer, row, error);
    }
    if (ok) {
        ok = weir_writer_finish(writer, error);
    } else {
        weir_writer_drop(writer);
    }
    weir_inflow_close(inflow);
    fclose(stream);
    return ok;
}

static void must_convert(const char *from, const char *to) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    if (!convert(from, to, NULL, false, &error)) {
        fail_msg("%s to %s: %s", from, to, error.text);
    }
}

static char *read_all(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(*size + 1, 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void same_bytes(const char *a, const char *b) {
    size_t size_a = 0;
    size_t size_b = 0;
    char *bytes_a = read_all(a, &size_a);
    char *bytes_b = read_all(b, &size_b);
    if (size_a != size_b || memcmp(bytes_a, bytes_b, size_a) != 0) {
        fail_msg("%s and %s differ", a, b);
    }
    free(bytes_a);
    free(bytes_b);
}

static uint64_t random_next(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 24;
}

/** A canonical CSV of drawn rows: every length of number, trailing zeros, equal times. */
static struct fixture_path drawn_csv(uint64_t seed, const char *unit, uint64_t first) {
    static char text[400000];
    static const uint64_t tens[] = {1, 100, 100000, 1000000000, 100000000000000};
    size_t used = (size_t)sprintf(text, "%s,symbol,side,price,quantity\n", unit);
    uint64_t state = seed;
    uint64_t time = first;
    for (int i = 0; i < 3000; i++) {
        time += random_next(&state) % 3 * (random_next(&state) % 5000);
        char price[40];
        char quantity[40];
        sprintf(price, "%llu.%0*llu", (unsigned long long)(random_next(&state) % tens[i % 4]),
                1 + i % 8, (unsigned long long)(1 + random_next(&state) % 9));
        sprintf(quantity, "%llu%s", (unsigned long long)(1 + random_next(&state) % tens[i % 5]),
                i % 3 == 0 ? ".500" : "");
        used += (size_t)sprintf(text + used, "%llu,S%llu:a-b,%s,%s,%s\n", (unsigned long long)time,
                                (unsigned long long)(random_next(&state) % 300),
                                i % 2 == 0 ? "SELL" : "BUY", price, quantity);
    }
    return fixture_text("drawn.csv", text);
}

static void every_form_gives_the_bytes_back(void **state) {
    (void)state;
    static const struct {
        const char *unit;
        uint64_t first;
    } units[] = {{"time_ms", 1700000000000u},
                 {"time_us", 1700000000000001u},
                 {"time_ns", 1700000000000000001u}};
    for (size_t u = 0; u < COUNT(units); u++) {
        const struct fixture_path csv = drawn_csv(u + 1, units[u].unit, units[u].first);
        for (size_t e = 0; e < COUNT(endings); e++) {
            char name[32];
            snprintf(name, sizeof name, "form.%s", endings[e]);
            const struct fixture_path form = fixture_text(name, "");
            const struct fixture_path back = fixture_text("back.csv", "");
            must_convert(csv.text, form.text);
            must_convert(form.text, back.text);
            same_bytes(csv.text, back.text);
        }
    }
}

/** From each form to each other one. */
static void chains_lose_nothing(void **state) {
    (void)state;
    const struct fixture_path csv = drawn_csv(9, "time_us", 1700000000000001u);
    struct fixture_path last = csv;
    for (size_t e = 0; e < COUNT(endings) * 2; e++) {
        char name[32];
        snprintf(name, sizeof name, "chain%zu.%s", e, endings[e * 4 % COUNT(endings)]);
        const struct fixture_path next = fixture_text(name, "");
        must_convert(last.text, next.text);
        last = next;
    }
    const struct fixture_path back = fixture_text("chained.csv", "");
    must_convert(last.text, back.text);
    same_bytes(csv.text, back.text);
}

static void a_form_that_cannot_hold_a_row_refuses_it(void **state) {
    (void)state;
    const struct fixture_path csv =
        fixture_text("fine.csv", "time_us,symbol,side,price,quantity\n1700000000000000,A,BUY,1,1\n"
                                 "1700000000000001,A,BUY,1,1\n");
    for (size_t e = 0; e < COUNT(endings); e++) {
        char name[32];
        snprintf(name, sizeof name, "coarse.%s", endings[e]);
        const enum weir_time_unit ms = WEIR_TIME_MS;
        struct weir_trace_error error = {WEIR_TRACE_OK, ""};
        assert_false(convert(csv.text, fixture_text(name, "").text, &ms, false, &error));
        assert_int_equal(error.status, WEIR_TRACE_BAD_INPUT);
        assert_non_null(strstr(error.text, "row 2"));
        assert_non_null(strstr(error.text, "milliseconds"));
    }
}

static void rows_are_sorted_and_equal_times_keep_their_order(void **state) {
    (void)state;
    const struct fixture_path csv = fixture_text(
        "mixed.csv",
        "time_ms,symbol,side,price,quantity\n1700000000300,A,BUY,1,1\n"
        "1700000000100,B,BUY,1,1\n1700000000300,C,SELL,1,1\n1700000000100,D,BUY,1,1\n");
    const struct fixture_path sorted = fixture_text("sorted.csv", "");
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    assert_false(convert(csv.text, sorted.text, NULL, false, &error));
    assert_non_null(strstr(error.text, "mixed.csv:3: time goes back"));
    assert_true(convert(csv.text, sorted.text, NULL, true, &error));
    const struct fixture_path wanted = fixture_text(
        "wanted.csv",
        "time_ms,symbol,side,price,quantity\n1700000000100,B,BUY,1,1\n"
        "1700000000100,D,BUY,1,1\n1700000000300,A,BUY,1,1\n1700000000300,C,SELL,1,1\n");
    same_bytes(sorted.text, wanted.text);
}

/** Whatever byte changes or is missing, the file is refused, or its change is told. */
static void damage_of_the_binary_form_is_refused(void **state) {
    (void)state;
    const struct fixture_path csv = drawn_csv(4, "time_ms", 1700000000000u);
    const struct fixture_path form = fixture_text("whole.weir", "");
    must_convert(csv.text, form.text);
    size_t size = 0;
    char *bytes = read_all(form.text, &size);
    uint64_t random = 7;
    for (size_t i = 0; i < 300; i++) {
        const size_t at = i < 64 ? i : random_next(&random) % size;
        bytes[at] = (char)(bytes[at] ^ (1 << random_next(&random) % 8));
        const struct fixture_path damaged = fixture_write("damaged.weir", bytes, size);
        struct weir_trace_error error = {WEIR_TRACE_OK, ""};
        const char *path = damaged.text;
        struct weir_trace *trace = weir_trace_open(&path, 1, NULL, NULL, &error);
        if (trace != NULL || strstr(error.text, "damaged.weir") == NULL) {
            fail_msg("byte %zu changed: %s", at, error.text);
        }
        free(bytes);
        bytes = read_all(form.text, &size);
    }
    static const size_t lengths[] = {8, 9, 63, 64, 65, 5000};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        const struct fixture_path cut = fixture_write("cut.weir", bytes, lengths[i]);
        fixture_one_fails(cut.text, "cut.weir", "damaged", NULL);
    }
    free(bytes);
}

/** Every field of a row is checked, before the checksum; the largest values allowed are not
 *  refused by themselves. */
static void a_row_out_of_range_is_named(void **state) {
    (void)state;
    static const struct {
        size_t offset, size;
        int64_t value;
        const char *said;
    } cases[] = {
        {0, 8, 0, "row 2: a field is out of range"},
        {0, 8, -1, "row 2: a field is out of range"},
        {0, 8, 1, "row 2: time goes back"},
        {8, 8, 0, "row 2: a field is out of range"},
        {8, 8, -5, "row 2: a field is out of range"},
        {16, 8, 0, "row 2: a field is out of range"},
        {16, 8, INT64_MIN, "row 2: a field is out of range"},
        {24, 4, 2, "row 2: a field is out of range"},
        {24, 4, -1, "row 2: a field is out of range"},
        {28, 1, 2, "row 2: a field is out of range"},
        {29, 1, 19, "row 2: a field is out of range"},
        {30, 1, 19, "row 2: a field is out of range"},
        {30, 1, -1, "row 2: a field is out of range"},
        {31, 1, 1, "row 2: a field is out of range"},
        {29, 1, 18, "the checksum of its rows"},
        {30, 1, 18, "the checksum of its rows"},
        {28, 1, 1, "the checksum of its rows"},
        {24, 4, 0, "the checksum of its rows"},
        {16, 8, INT64_MAX, "the checksum of its rows"},
    };
    const struct fixture_path csv =
        fixture_text("few.csv", "time_ms,symbol,side,price,quantity\n1700000000000,A,SELL,1,1\n"
                                "1700000000001,B,SELL,1,1\n1700000000002,A,SELL,1,1\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct fixture_path form = fixture_text("few.weir", "");
        must_convert(csv.text, form.text);
        FILE *file = fopen(form.text, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, (long)(64 + 32 + cases[i].offset), SEEK_SET), 0);
        assert_int_equal(fwrite(&cases[i].value, cases[i].size, 1, file), 1);
        assert_int_equal(fclose(file), 0);
        fixture_one_fails(form.text, "few.weir", "damaged", cases[i].said);
    }
}

static void an_unknown_version_is_refused(void **state) {
    (void)state;
    const struct fixture_path form = fixture_text("v.weir", "");
    must_convert(drawn_csv(4, "time_ms", 1700000000000u).text, form.text);
    fixture_damage(form.text, 8);
    fixture_one_fails(form.text, "version", "version 1 is read", NULL);
}

static void a_trace_is_the_same_in_every_form(void **state) {
    (void)state;
    const struct fixture_path csv = drawn_csv(5, "time_ms", 1700000000000u);
    struct weir_trace *plain = fixture_open(csv.text);
    for (size_t e = 0; e < COUNT(endings); e++) {
        char name[32];
        snprintf(name, sizeof name, "same.%s", endings[e]);
        const struct fixture_path form = fixture_text(name, "");
        must_convert(csv.text, form.text);
        struct weir_trace *trace = fixture_open(form.text);
        assert_true(trace->digest == plain->digest);
        assert_string_equal(trace->name, "same");
        weir_trace_free(trace);
    }
    weir_trace_free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_bytes_back),
        cmocka_unit_test(chains_lose_nothing),
        cmocka_unit_test(a_form_that_cannot_hold_a_row_refuses_it),
        cmocka_unit_test(rows_are_sorted_and_equal_times_keep_their_order),
        cmocka_unit_test(damage_of_the_binary_form_is_refused),
        cmocka_unit_test(a_row_out_of_range_is_named),
        cmocka_unit_test(an_unknown_version_is_refused),
        cmocka_unit_test(a_trace_is_the_same_in_every_form),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
