/**
 * Names from traces and policies: cleaned for a picture, quoted for a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "variable.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

static const char *clean(const char *text) {
    static char result[256];
    memset(result, 'x', sizeof result);
    plots_clean(text, PLOTS_NAME_MAX, result, sizeof result);
    return result;
}

static void harmless_text_stays(void **state) {
    (void)state;
    assert_string_equal(clean(""), "");
    assert_string_equal(clean("weir {}@^_&<>$`\"'\\"), "weir {}@^_&<>$`\"'\\");
    assert_string_equal(clean("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8C\x8A"),
                        "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8C\x8A");
}

static void controls_become_spaces(void **state) {
    (void)state;
    assert_string_equal(clean("a\nb\tc\rd\x01\x7F"), "a b c d  ");
    assert_string_equal(clean("a\xC2\x85z"), "a z");     /* next line */
    assert_string_equal(clean("a\xE2\x80\xA8z"), "a z"); /* line separator */
    /* right-to-left override and isolate, byte by byte lest this file turn around, too */
    const char override[] = {'a', '\xE2', '\x80', '\xAE', 'z', '\0'};
    const char isolate[] = {'a', '\xE2', '\x81', '\xA7', 'z', '\0'};
    assert_string_equal(clean(override), "a z");
    assert_string_equal(clean(isolate), "a z");
}

static void bad_bytes_are_replaced(void **state) {
    (void)state;
    assert_string_equal(clean("a\xFFz"), "a" REPLACEMENT "z");
    assert_string_equal(clean("a\xC0\x80z"), "a" REPLACEMENT REPLACEMENT "z"); /* overlong */
    assert_string_equal(clean("\xE2\x82"), REPLACEMENT REPLACEMENT);           /* cut off */
    assert_string_equal(clean("\xED\xA0\x80"), REPLACEMENT REPLACEMENT REPLACEMENT);
    assert_string_equal(clean("\xEF\xBF\xBF"), REPLACEMENT REPLACEMENT REPLACEMENT);
    assert_string_equal(clean("\xE0\x80\x80"), REPLACEMENT REPLACEMENT REPLACEMENT);
    assert_string_equal(clean("\xF4\x90\x80\x80"), REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT);
}

static void long_names_are_cut_between_characters(void **state) {
    (void)state;
    char text[2 * PLOTS_NAME_MAX + 2] = "", expected[512] = "";
    for (size_t i = 0; i < PLOTS_NAME_MAX; i++) {
        text[2 * i] = '\xC3';
        text[2 * i + 1] = '\xA9';
    }
    assert_string_equal(clean(text), text);
    snprintf(expected, sizeof expected, "%s" ELLIPSIS, text);
    text[sizeof text - 2] = 'z';
    assert_string_equal(clean(text), expected);
    char small[10];
    plots_clean("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 44, small, sizeof small);
    assert_string_equal(small, "\xC3\xA9\xC3\xA9\xC3\xA9" ELLIPSIS);
}

/** What a script holds after one call. The caller frees. */
static char *quoted(const char *text) {
    char *result = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&result, &size);
    assert_non_null(file);
    plots_quote(file, text);
    fclose(file);
    return result;
}

static void expect_quoted(const char *text, const char *expected) {
    char *result = quoted(text);
    assert_string_equal(result, expected);
    free(result);
}

static void nothing_means_anything_to_gnuplot(void **state) {
    (void)state;
    expect_quoted("plain 1,2 (3 %)", "\"plain 1,2 (3 %)\"");
    expect_quoted("`\"'\\$@#!", "\"\\140\\042\\047\\134\\044\\100\\043\\041\"");
    expect_quoted("\n\xC3\xA9", "\"\\012\\303\\251\"");
    for (int byte = 1; byte < 256; byte++) {
        const char text[2] = {(char)byte, '\0'};
        char *result = quoted(text);
        const size_t length = strlen(result);
        assert_true(length == 3 || (length == 6 && result[1] == '\\'));
        free(result);
    }
}

static void expect_number(double value, const char *expected) {
    char *result = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&result, &size);
    assert_non_null(file);
    plots_variable_number(file, "x", value);
    fclose(file);
    assert_string_equal(result, expected);
    free(result);
}

static void numbers_are_real(void **state) {
    (void)state;
    expect_number(0, "x = 0.0\n");
    expect_number(-60, "x = -60.0\n");
    expect_number(0.5, "x = 0.5\n");
    expect_number(1e18, "x = 1e+18\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmless_text_stays),
        cmocka_unit_test(controls_become_spaces),
        cmocka_unit_test(bad_bytes_are_replaced),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(nothing_means_anything_to_gnuplot),
        cmocka_unit_test(numbers_are_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
