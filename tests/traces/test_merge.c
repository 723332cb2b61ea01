/* Several recordings become one trace in order of time; equal times keep the order of the files;
 * the digest does not depend on how rows are spread over files. */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "time_ms,symbol,side,price,quantity\n"

static struct weir_trace *open_all(const char *const *paths, size_t count) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_trace *trace = weir_trace_open(paths, count, NULL, NULL, &error);
    if (trace == NULL) {
        fail_msg("%s", error.text);
    }
    return trace;
}

static void merges_in_order(void **state) {
    (void)state;
    const struct fixture_path a = fixture_text("a.csv", HEADER "1700000000010,BBB,SELL,1,1\n"
                                                               "1700000000030,AAA,SELL,2,1\n");
    const struct fixture_path b = fixture_text("b.csv.x", HEADER "1700000000000,CCC,SELL,3,1\n"
                                                                 "1700000000030,BBB,SELL,4,1\n");
    const struct fixture_path c = fixture_text("c.csv", HEADER "1700000000020,DDD,BUY,5,1\n"
                                                               "1700000000030,AAA,SELL,6,1\n");
    const char *const paths[] = {a.text, b.text, c.text};
    struct weir_trace *trace = open_all(paths, 3);
    const int64_t prices[] = {3, 1, 5, 2, 4, 6};
    assert_int_equal(trace->row_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(trace->rows[i].price, prices[i]);
    }
    const char *const symbols[] = {"CCC", "BBB", "DDD", "AAA"};
    assert_int_equal(trace->symbol_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(trace->symbols[i], symbols[i]);
    }
    assert_string_equal(trace->name, "a+b.csv.x+c");
    const struct fixture_path whole = fixture_text(
        "whole.csv", HEADER "1700000000000,CCC,SELL,3,1\n1700000000010,BBB,SELL,1,1\n"
                            "1700000000020,DDD,BUY,5,1\n1700000000030,AAA,SELL,2,1\n"
                            "1700000000030,BBB,SELL,4,1\n1700000000030,AAA,SELL,6,1\n");
    struct weir_trace *one = fixture_open(whole.text);
    assert_true(one->digest == trace->digest);
    weir_trace_free(one);
    weir_trace_free(trace);
}

/** Any split of a trace over up to nine files merges to the same digest. */
static void any_split_is_the_same(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        char text[9][4096];
        char whole[16384] = HEADER;
        const char *paths[9];
        struct fixture_path files[9];
        const size_t count = 2 + seed % 8;
        for (size_t f = 0; f < count; f++) {
            strcpy(text[f], HEADER "1700000000000,S,SELL,1,1\n");
            strcat(whole, "1700000000000,S,SELL,1,1\n");
        }
        uint64_t random = seed;
        for (unsigned i = 1; i < 60; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            char row[64];
            snprintf(row, sizeof row, "%llu,S%u,SELL,%u,1\n", 1700000000000ull + i,
                     (unsigned)(random >> 40) % 7, i);
            strcat(text[(random >> 33) % count], row);
            strcat(whole, row);
        }
        for (size_t f = 0; f < count; f++) {
            char name[16];
            snprintf(name, sizeof name, "split%zu", f);
            files[f] = fixture_text(name, text[f]);
            paths[f] = files[f].text;
        }
        struct weir_trace *merged = open_all(paths, count);
        struct weir_trace *one = fixture_open(fixture_text("whole.csv", whole).text);
        if (merged->digest != one->digest) {
            fail_msg("seed %llu", (unsigned long long)seed);
        }
        weir_trace_free(merged);
        weir_trace_free(one);
    }
}

static void digest_sees_every_field(void **state) {
    (void)state;
    const char *const rows[] = {"1700000000000,AAA,SELL,1.5,1\n", "1700000000001,AAA,SELL,1.5,1\n",
                                "1700000000000,AAB,SELL,1.5,1\n", "1700000000000,AAA,BUY,1.5,1\n",
                                "1700000000000,AAA,SELL,1.6,1\n", "1700000000000,AAA,SELL,1.5,2\n",
                                "1700000000000,AAA,SELL,15,0.1\n"};
    uint64_t digest[7];
    for (size_t i = 0; i < 7; i++) {
        char text[128] = HEADER;
        strcat(text, rows[i]);
        struct weir_trace *trace = fixture_open(fixture_text("one.csv", text).text);
        digest[i] = trace->digest;
        weir_trace_free(trace);
        for (size_t k = 0; k < i; k++) {
            assert_true(digest[i] != digest[k]);
        }
    }
}

static void wrong_use(void **state) {
    (void)state;
    const struct fixture_path early =
        fixture_text("early.csv", HEADER "1700000000000,A,SELL,1,1\n");
    const struct fixture_path late = fixture_text("late.csv", HEADER "1700604800001,A,SELL,1,1\n");
    const char *const apart[] = {late.text, early.text};
    const char *const apart_parts[] = {"late.csv", "early.csv", "7 days", "separately", NULL};
    fixture_fails(apart, 2, WEIR_TRACE_BAD_INPUT, apart_parts);
    const char *const twice[] = {"-", "-"};
    const char *const twice_parts[] = {"standard input", "more than once", NULL};
    fixture_fails(twice, 2, WEIR_TRACE_WRONG_USE, twice_parts);
    const char *const none_parts[] = {"no trace", NULL};
    fixture_fails(twice, 0, WEIR_TRACE_WRONG_USE, none_parts);
    const struct fixture_path profile =
        fixture_text("p.json", "{ \"schema\" : \"weir.profile/1\" }");
    const char *const mixed[] = {early.text, profile.text};
    const char *const mixed_parts[] = {"p.json", "profile", "merged", NULL};
    fixture_fails(mixed, 2, WEIR_TRACE_WRONG_USE, mixed_parts);
}

static void long_names_are_cut(void **state) {
    (void)state;
    const char *paths[30];
    const struct fixture_path file =
        fixture_text("a-rather-long-name.csv", HEADER "1700000000000,A,SELL,1,1\n");
    for (size_t i = 0; i < 30; i++) {
        paths[i] = file.text;
    }
    struct weir_trace *trace = open_all(paths, 30);
    assert_true(strlen(trace->name) < 200);
    assert_non_null(strstr(trace->name, "+..."));
    assert_int_equal(trace->row_count, 30);
    weir_trace_free(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_in_order),         cmocka_unit_test(any_split_is_the_same),
        cmocka_unit_test(digest_sees_every_field), cmocka_unit_test(wrong_use),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
