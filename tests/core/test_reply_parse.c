// Reading headers and error bodies: what is right is read, everything else is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "options.h"
#include "reply_parse.h"

static void test_dates(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t second;
    } right[] = {{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
                 {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
                 {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
                 {"Fri, 10 Oct 2025 21:15:00 GMT", 1760130900},
                 {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600}};
    static const char *const wrong[] = {"",
                                        "Sun, 06 Nov 1994 08:49:37 UTC",
                                        "Mon, 06 Nov 1994 08:49:37 GMT",
                                        "Sun, 6 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994",
                                        "Sun, 06 Nov 1994 08:49:37 GMT ",
                                        "Sun, 06 Nov 1994 24:00:00 GMT",
                                        "Sun, 06 Nov 1994 08:60:37 GMT",
                                        "Wed, 29 Feb 2023 00:00:00 GMT",
                                        "Sun, 31 Nov 1994 08:49:37 GMT",
                                        "Sun, 00 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nvo 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 19x4 08:49:37 GMT",
                                        "Sun, 06 Nov 1894 08:49:37 GMT"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        int64_t ns = -1;
        assert_true(weir_parse_http_date(right[i].text, &ns));
        assert_int_equal(ns, right[i].second * WEIR_SECOND_NS);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ns = -1;
        assert_false(weir_parse_http_date(wrong[i], &ns));
        assert_int_equal(ns, -1);
    }
    int64_t ns = 0;
    assert_false(weir_parse_http_date(NULL, &ns));
}

static void test_usage(void **state) {
    (void)state;
    struct weir_usage usage;
    struct weir_header weight = {"X-MBX-USED-WEIGHT-1M", "1234"};
    assert_true(weir_parse_usage(&weight, &usage));
    assert_int_equal(usage.type, WEIR_LIMIT_WEIGHT);
    assert_int_equal(usage.interval_ns, WEIR_MINUTE_NS);
    assert_int_equal(usage.used, 1234);
    struct weir_header orders = {"x-mbx-order-count-10s", " 299\t"};
    assert_true(weir_parse_usage(&orders, &usage));
    assert_int_equal(usage.type, WEIR_LIMIT_ORDERS);
    assert_int_equal(usage.interval_ns, 10 * WEIR_SECOND_NS);
    assert_int_equal(usage.used, 299);
    static const struct weir_header wrong[] = {{"X-MBX-USED-WEIGHT", "5"},
                                               {"X-MBX-USED-WEIGHT-", "5"},
                                               {"X-MBX-USED-WEIGHT-M", "5"},
                                               {"X-MBX-USED-WEIGHT-0M", "5"},
                                               {"X-MBX-USED-WEIGHT-1X", "5"},
                                               {"X-MBX-USED-WEIGHT-1MM", "5"},
                                               {"X-MBX-USED-WEIGHT-1", "5"},
                                               {"X-MBX-USED-WEIGHT-1M", "-5"},
                                               {"X-MBX-USED-WEIGHT-1M", "5x"},
                                               {"X-MBX-USED-WEIGHT-1M", ""},
                                               {"X-MBX-USED-WEIGHT-1M", NULL},
                                               {"X-MBX-USED-WEIGHT-1M", "1.5"},
                                               {"X-MBX-USED-WEIGHT-1M", "1000000001"},
                                               {"X-MBX-USED-WEIGHT-1M", "5 6"},
                                               {"X-MBX-USED-WEIGHT-123456S", "5"},
                                               {"Date", "5"},
                                               {NULL, "5"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(weir_parse_usage(&wrong[i], &usage));
    }
}

static void test_retry_after(void **state) {
    (void)state;
    int64_t ns = 0;
    assert_true(weir_parse_retry_after("7", &ns));
    assert_int_equal(ns, 7 * WEIR_SECOND_NS);
    assert_true(weir_parse_retry_after(" 604800 ", &ns));
    static const char *const wrong[] = {"", "-1", "604801", "7.5", "soon", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(weir_parse_retry_after(wrong[i], &ns));
    }
    assert_false(weir_parse_retry_after(NULL, &ns));
}

static struct weir_error_body read_body(const char *text) {
    return weir_parse_error_body(text, strlen(text));
}

static void test_bodies(void **state) {
    (void)state;
    struct weir_error_body said = read_body(
        "{\"code\":-1003,\"msg\":\"Too many requests; current limit of IP(1.2.3.4) is 2400 "
        "requests per minute. Please use the websocket\"}");
    assert_int_equal(said.code, -1003);
    assert_int_equal(said.limit, 2400);
    assert_int_equal(said.interval_ns, WEIR_MINUTE_NS);
    assert_true(said.about_requests && !said.about_orders);
    said = read_body("{\"code\" : -1015, \"msg\": \"Too many new orders; current limit is 300 "
                     "orders per 10 SECOND.\"}");
    assert_int_equal(said.code, -1015);
    assert_int_equal(said.limit, 300);
    assert_int_equal(said.interval_ns, 10 * WEIR_SECOND_NS);
    assert_true(said.about_orders);
    said = read_body("{\"code\":-1003,\"msg\":\"Way too many requests; IP(1.2.3.4) banned until "
                     "1787071659262. Please\"}");
    assert_int_equal(said.banned_until_ns, INT64_C(1787071659262) * 1000000);
    said = read_body("<html>current limit is soon, banned until tomorrow \"code\":\"x\"</html>");
    assert_true(said.code == 0 && said.limit == 0 && said.banned_until_ns == 0);
    said = read_body("current limit is 0 requests per minute");
    assert_int_equal(said.limit, 0);
    said = read_body("banned until 99999999999999999999999");
    assert_int_equal(said.banned_until_ns, 0);
    said = weir_parse_error_body(NULL, 0);
    assert_int_equal(said.code, 0);
}

/** Cut or garbled anywhere, a body is read within its bounds (a sanitizer would tell). */
static void test_cut_bodies(void **state) {
    (void)state;
    static const char whole[] =
        "{\"code\":-1015,\"msg\":\"current limit is 12 orders per 10 SECOND; "
        "banned until 1787071659262\"}";
    struct draws draws = {.state = 1};
    for (size_t length = 0; length <= sizeof whole - 1; length++) {
        for (int turn = 0; turn < 20; turn++) {
            char copy[sizeof whole];
            memcpy(copy, whole, sizeof whole);
            copy[draw(&draws, 0, (int64_t)sizeof whole - 1)] = (char)draw(&draws, -128, 127);
            struct weir_error_body said = weir_parse_error_body(copy, length);
            assert_true(said.limit >= 0 && said.limit <= WEIR_SECOND_NS);
            assert_true(said.banned_until_ns >= 0);
        }
    }
}

static void test_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t billionths;
    } right[] = {{"0.1", 100000000},  {"1", WEIR_BILLION},
                 {".5", 500000000},   {"-2.5", -2500000000},
                 {"5e-2", 50000000},  {"1e3", 1000 * WEIR_BILLION},
                 {"0.0000000015", 2}, {"0.05000000000000000277", 50000000},
                 {"1e-300", 0},       {"+0", 0}};
    static const char *const wrong[] = {"",   ".",   "-",    "1e",     "1.2.3",     "0x1",
                                        "1 ", "nan", "1e10", "1e2000", "9999999999"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        int64_t value = -1;
        assert_true(weir_parse_billionths(right[i].text, &value));
        assert_int_equal(value, right[i].billionths);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t value = 0;
        assert_false(weir_parse_billionths(wrong[i], &value));
    }
    int64_t integer = 0;
    assert_true(weir_parse_integer("-9223372036854775807", &integer));
    assert_false(weir_parse_integer("9223372036854775808", &integer));
    assert_false(weir_parse_integer("1.0", &integer));
    assert_int_equal(weir_without_share(2400, 100000000), 2160);
    assert_int_equal(weir_without_share(2160, 200000000), 1728);
    assert_int_equal(weir_without_share(2400, 50000000), 2280);
    assert_int_equal(weir_without_share(1140, 100000000), 1026);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),       cmocka_unit_test(test_usage),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_cut_bodies),  cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
