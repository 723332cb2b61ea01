/* Decimals are read exactly: text to mantissa and back gives the same text, and the nearest double
 * is the one the C library reads from the text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decimal.h"

static uint64_t next_random(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static struct weir_decimal parse(const char *text) {
    struct weir_decimal decimal = {-1, 0};
    const char *wrong = weir_decimal_parse(text, strlen(text), &decimal);
    if (wrong != NULL) {
        fail_msg("'%s' %s", text, wrong);
    }
    return decimal;
}

static void check(const char *text, int64_t mantissa, int decimals) {
    const struct weir_decimal decimal = parse(text);
    if (decimal.mantissa != mantissa || decimal.decimals != decimals) {
        fail_msg("'%s' read as %lld, %d decimals", text, (long long)decimal.mantissa,
                 decimal.decimals);
    }
}

static void refused(const char *text, const char *why) {
    struct weir_decimal decimal;
    const char *wrong = weir_decimal_parse(text, strlen(text), &decimal);
    assert_non_null(wrong);
    if (strstr(wrong, why) == NULL) {
        fail_msg("'%s' %s (expected: %s)", text, wrong, why);
    }
}

static void reads_as_written(void **state) {
    (void)state;
    check("150", 150, 0);
    check("1.50", 150, 2);
    check("0.00", 0, 0);
    check("000.5", 5, 1);
    check(".5", 5, 1);
    check("5.", 5, 0);
    check("+7", 7, 0);
    check("6.68e-05", 668, 7);
    check("1E3", 1000, 0);
    check("1.5e1", 15, 0);
    check("12.50e1", 1250, 1);
    check("98.47040000000001", 9847040000000001, 14);
    check("9223372036854775807", INT64_MAX, 0);
    check("0.000000000000000001", 1, 18);
    /* zeros at the end give way when there is no room for them */
    check("1.0000000000000000000", 1000000000000000000, 18);
    check("123.00000000000000000", 1230000000000000000, 16);
}

static void refuses_what_does_not_fit(void **state) {
    (void)state;
    refused("", "empty");
    refused("abc", "not a decimal");
    refused(".", "not a decimal");
    refused("1.2.3", "not a decimal");
    refused("1,5", "not a decimal");
    refused("0x10", "not a decimal");
    refused("nan", "not a decimal");
    refused("inf", "not a decimal");
    refused("1e", "not a decimal");
    refused("1e+", "not a decimal");
    refused("1e5x", "not a decimal");
    refused("1 ", "not a decimal");
    refused("-1", "negative");
    refused("9223372036854775808", "too large");
    refused("1e19", "too large");
    refused("1e99999999999999999999", "too large");
    refused("1e-19", "more digits");
    refused("1e-99999999999999999999", "more digits");
    refused("1.0000000000000000001", "more digits");
    refused("10000000000000000000000000000000000000000000000000000000000000000", "longer");
}

static void text_and_back(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        uint64_t random = seed;
        struct weir_decimal decimal;
        decimal.mantissa = (int64_t)(next_random(&random) >> (1 + next_random(&random) % 62));
        decimal.decimals = (uint8_t)(next_random(&random) % (WEIR_DECIMALS_MAX + 1));
        char text[WEIR_DECIMAL_TEXT_SIZE];
        weir_decimal_format(decimal, text);
        const struct weir_decimal back = parse(text);
        char again[WEIR_DECIMAL_TEXT_SIZE];
        weir_decimal_format(back, again);
        const bool same = back.mantissa == decimal.mantissa && back.decimals == decimal.decimals;
        if ((decimal.mantissa != 0 && !same) || (same && strcmp(text, again) != 0)) {
            fail_msg("seed %llu: %s became %s", (unsigned long long)seed, text, again);
        }
        const double nearest = strtod(text, NULL);
        const double ours = weir_decimal_to_double(decimal.mantissa, decimal.decimals);
        if (ours < nearest || ours > nearest) {
            fail_msg("seed %llu: %s is %.17g, not %.17g", (unsigned long long)seed, text, nearest,
                     ours);
        }
    }
}

static void strips_and_scales(void **state) {
    (void)state;
    assert_int_equal(weir_decimal_strip((struct weir_decimal){1500, 3}).mantissa, 15);
    assert_int_equal(weir_decimal_strip((struct weir_decimal){1500, 0}).mantissa, 1500);
    int64_t scaled = 0;
    assert_null(weir_decimal_scale(parse("1.500"), 1, &scaled));
    assert_int_equal(scaled, 15);
    assert_non_null(weir_decimal_scale(parse("1.55"), 1, &scaled));
    assert_non_null(weir_decimal_scale(parse("9223372036854775807"), 1, &scaled));
    assert_true(weir_decimal_above(parse("5.01"), 5));
    assert_false(weir_decimal_above(parse("5.00"), 5));
    assert_true(weir_decimal_above(parse("6"), 5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_written),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(strips_and_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
