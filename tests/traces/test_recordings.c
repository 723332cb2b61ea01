/* Real recordings are read as they are. They are no part of the project: the folder is named by
 * WEIR_RECORDINGS or lies beside the source; without it there is nothing to test. */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *folder(void) {
    const char *named = getenv("WEIR_RECORDINGS");
    return named != NULL ? named : WEIR_RECORDINGS_BESIDE;
}

static struct fixture_path recording(const char *name) {
    struct fixture_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", folder(), name);
    if (access(path.text, R_OK) != 0) {
        skip();
    }
    return path;
}

static double usd_of(const struct weir_trace *trace) {
    double usd = 0.0;
    for (size_t i = 0; i < trace->row_count; i++) {
        usd += weir_liquidation_notional_usd(&trace->rows[i]);
    }
    return usd;
}

static void all_are_read(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t rows;
    } known[] = {{"binance-2025-01-26.csv", 1837},
                 {"binance-2025-06-23.csv", 1155},
                 {"binance-2025-01-26-short.csv", 88},
                 {"aster-2025-10-16.csv", 21},
                 {"raw-forceorder-2025-01.csv", 1837}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct weir_trace *trace = fixture_open(recording(known[i].name).text);
        assert_int_equal(trace->row_count, known[i].rows);
        weir_trace_free(trace);
    }
}

/** The raw recording and the one cleaned by hand hold the same liquidations. */
static void raw_equals_clean(void **state) {
    (void)state;
    struct weir_trace *clean = fixture_open(recording("binance-2025-01-26.csv").text);
    struct weir_trace *raw = fixture_open(recording("raw-forceorder-2025-01.csv").text);
    assert_int_equal(clean->row_count, raw->row_count);
    assert_int_equal(clean->symbol_count, raw->symbol_count);
    const double difference = usd_of(clean) - usd_of(raw);
    assert_true(difference < 0.01 && difference > -0.01);
    for (size_t i = 0; i < clean->row_count; i++) {
        assert_int_equal(clean->rows[i].time_ns, raw->rows[i].time_ns);
    }
    weir_trace_free(clean);
    weir_trace_free(raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_read),
        cmocka_unit_test(raw_equals_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
