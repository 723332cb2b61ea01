/**
 * Answers: headers, dates and error bodies, with the exact texts of the documents.
 */
#include "exchange_venue.h"

static void test_date_is_the_second_of_the_answer(void **state) {
    (void)state;
    static const struct {
        int64_t second;
        const char *text;
    } dates[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {951868799, "Tue, 29 Feb 2000 23:59:59 GMT"},
        {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
        {1704067199, "Sun, 31 Dec 2023 23:59:59 GMT"},
        {1704067200, "Mon, 01 Jan 2024 00:00:00 GMT"},
        {1760130000, "Fri, 10 Oct 2025 21:00:00 GMT"},
        {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
    };
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        ping(&venue, dates[i].second * SECOND);
        assert_header(&venue, "Date", dates[i].text);
        ping(&venue, dates[i].second * SECOND + SECOND - 1);
        assert_header(&venue, "Date", dates[i].text);
    }
    close_venue(&venue);
}

static void test_accepted_query_has_date_and_weight_and_no_body(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    assert_int_equal(ask(&venue, START + 5 * SECOND, WEIR_GET, "/fapi/v1/depth"), 200);
    assert_int_equal(venue.answer.header_count, 2);
    assert_string_equal(venue.answer.headers[0].name, "Date");
    assert_string_equal(venue.answer.headers[0].value, "Fri, 10 Oct 2025 21:00:05 GMT");
    assert_string_equal(venue.answer.headers[1].name, "X-MBX-USED-WEIGHT-1M");
    assert_string_equal(venue.answer.headers[1].value, "10");
    assert_null(venue.answer.body);
    assert_int_equal(venue.answer.body_length, 0);
    assert_int_equal(venue.answer.code, 0);
    assert_int_equal(venue.answer.charged_weight, 10);
    assert_int_equal(venue.answer.charged_orders, 0);
    assert_int_equal(venue.answer.used_weight, 10);
    assert_int_equal(venue.answer.ban_until_ns, 0);
    close_venue(&venue);
}

static void test_header_values_lie_in_the_answer(void **state) {
    (void)state;
    struct venue venue = named_venue("strict");
    open_venue(&venue);
    place_order(&venue, START);
    assert_int_equal(venue.answer.header_count, 4);
    for (size_t i = 0; i < venue.answer.header_count; i++) {
        const char *value = venue.answer.headers[i].value;
        assert_true(value >= venue.answer.text &&
                    value < venue.answer.text + sizeof venue.answer.text);
    }
    close_venue(&venue);
}

static void test_order_count_is_on_accepted_placements_only(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    assert_int_equal(place_order(&venue, START), 200);
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "1");
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-10S"));
    assert_int_equal(ask(&venue, START, WEIR_DELETE, "/fapi/v1/order"), 200);
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/order"), 200);
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    venue.request.refused_code = -2019;
    assert_int_equal(place_order(&venue, START), 400);
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    close_venue(&venue);
}

static void test_order_count_can_be_on_every_order_response(void **state) {
    (void)state;
    struct venue venue = small_venue(2400, 1);
    venue.rules.order_header_always = true;
    open_venue(&venue);
    place_order(&venue, START);
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    ask(&venue, START, WEIR_DELETE, "/fapi/v1/allOpenOrders");
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    ask(&venue, START, WEIR_GET, "/fapi/v1/openOrders");
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    assert_int_equal(place_order(&venue, START), 429);
    assert_header(&venue, "X-MBX-ORDER-COUNT-1M", "1");
    ask(&venue, START, WEIR_DELETE, "/fapi/v1/listenKey");
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    ping(&venue, START);
    assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
    close_venue(&venue);
}

static void test_wrong_parameters_are_answered_400(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    venue.request.params.limit = 7;
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/depth"), 400);
    assert_int_equal(venue.answer.code, -4021);
    assert_body(&venue, "{\"code\":-4021,\"msg\":\"'7' is not valid depth limit.\"}");
    assert_int_equal(venue.answer.charged_weight, 20);
    assert_null(header_of(&venue, "Retry-After"));
    venue.request.params.limit = INT32_MIN;
    ask(&venue, START, WEIR_GET, "/fapi/v3/depth");
    assert_body(&venue, "{\"code\":-4021,\"msg\":\"'-2147483648' is not valid depth limit.\"}");
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/klines"), 400);
    assert_body(&venue, "{\"code\":-1130,\"msg\":\"Invalid data sent for a parameter.\"}");
    venue.request.params.has_symbol = false;
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/depth"), 400);
    assert_body(&venue, "{\"code\":-1102,\"msg\":\"A mandatory parameter was not sent, was "
                        "empty/null, or malformed.\"}");
    close_venue(&venue);
}

static void test_refusals_have_the_documented_texts(void **state) {
    (void)state;
    static const struct {
        int32_t code;
        const char *body;
    } cases[] = {
        {-1021, "{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the "
                "recvWindow.\"}"},
        {-1111, "{\"code\":-1111,\"msg\":\"Precision is over the maximum defined for this "
                "asset.\"}"},
        {-2011, "{\"code\":-2011,\"msg\":\"Unknown order sent.\"}"},
        {-2013, "{\"code\":-2013,\"msg\":\"Order does not exist.\"}"},
        {-2019, "{\"code\":-2019,\"msg\":\"Margin is insufficient.\"}"},
        {-2022, "{\"code\":-2022,\"msg\":\"ReduceOnly Order is rejected.\"}"},
        {-2025, "{\"code\":-2025,\"msg\":\"Reach max open order limit.\"}"},
        {-4021, "{\"code\":-4021,\"msg\":\"Invalid depth limit.\"}"},
        {-4045, "{\"code\":-4045,\"msg\":\"Reach max stop order limit.\"}"},
        {-4225, "{\"code\":-4225,\"msg\":\"Nonce Expired\"}"},
        {-4999, "{\"code\":-4999,\"msg\":\"The request was refused.\"}"},
    };
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        venue.request.refused_code = cases[i].code;
        assert_int_equal(place_order(&venue, START), 400);
        assert_int_equal(venue.answer.code, cases[i].code);
        assert_body(&venue, cases[i].body);
        assert_int_equal(venue.answer.charged_weight, 1);
        assert_int_equal(venue.answer.charged_orders, 0);
    }
    close_venue(&venue);
}

static void test_invalid_requests_need_not_be_charged(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    venue.rules.charge_invalid = false;
    open_venue(&venue);
    venue.request.refused_code = -2019;
    assert_int_equal(place_order(&venue, START), 400);
    assert_int_equal(venue.answer.charged_weight, 0);
    assert_header(&venue, "X-MBX-USED-WEIGHT-1M", "0");
    close_venue(&venue);
}

static void test_503_of_unknown_execution_counts_and_a_failure_does_not(void **state) {
    (void)state;
    static const struct {
        int32_t code;
        int32_t orders;
        const char *body;
    } cases[] = {
        {0, 1, "{\"msg\":\"Unknown error, please check your request or try again later.\"}"},
        {-1006, 1,
         "{\"code\":-1006,\"msg\":\"An unexpected response was received from the message "
         "bus. Execution status unknown.\"}"},
        {-1007, 1,
         "{\"code\":-1007,\"msg\":\"Timeout waiting for response from backend server. "
         "Send status unknown; execution status unknown.\"}"},
        {-1008, 0,
         "{\"code\":-1008,\"msg\":\"Request throttled by system-level protection. "
         "Reduce-only/close-position orders are exempt. Please try again.\"}"},
        {-1001, 0,
         "{\"code\":-1001,\"msg\":\"Internal error; unable to process your request. "
         "Please try again.\"}"},
    };
    struct venue venue = named_venue("aster");
    open_venue(&venue);
    venue.request.unavailable = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        venue.request.unavailable_code = cases[i].code;
        assert_int_equal(place_order(&venue, START), 503);
        assert_int_equal(venue.answer.code, cases[i].code);
        assert_body(&venue, cases[i].body);
        assert_int_equal(venue.answer.charged_weight, 1);
        assert_int_equal(venue.answer.charged_orders, cases[i].orders);
        assert_null(header_of(&venue, "X-MBX-ORDER-COUNT-1M"));
        assert_non_null(header_of(&venue, "X-MBX-USED-WEIGHT-1M"));
    }
    close_venue(&venue);
}

static void test_checks_come_in_the_documented_order(void **state) {
    (void)state;
    struct venue venue = small_venue(4, 1);
    venue.rules.ban_after_429s = 3;
    open_venue(&venue);
    venue.request.unavailable = true;
    venue.request.unavailable_code = -1008;
    venue.request.refused_code = -2019;
    venue.request.params.has_symbol = false;
    assert_int_equal(place_order(&venue, START), 400);
    assert_int_equal(venue.answer.code, -2019);
    venue.request.refused_code = 0;
    assert_int_equal(place_order(&venue, START), 400);
    assert_int_equal(venue.answer.code, -1102);
    venue.request.params.has_symbol = true;
    venue.request.unavailable_code = 0;
    assert_int_equal(place_order(&venue, START), 503);
    venue.request.refused_code = -2019;
    assert_int_equal(place_order(&venue, START), 429);
    assert_int_equal(venue.answer.code, -1015);
    assert_int_equal(place_order(&venue, START), 429);
    assert_int_equal(venue.answer.code, -1003);
    assert_int_equal(place_order(&venue, START), 418);
    close_venue(&venue);
}

static void test_unknown_endpoint_costs_the_dearest_row(void **state) {
    (void)state;
    struct venue venue = named_venue("aster");
    venue.rules.order_header_always = true;
    open_venue(&venue);
    assert_int_equal(ask(&venue, START, WEIR_GET, "/fapi/v1/nothing"), 200);
    assert_int_equal(venue.answer.charged_weight, 50);
    assert_int_equal(venue.answer.header_count, 2);
    venue.request.endpoint = INT16_MAX;
    weir_exchange_handle(venue.exchange, START, &venue.request, &venue.answer);
    assert_int_equal(venue.answer.status, 200);
    assert_int_equal(venue.answer.charged_weight, 50);
    close_venue(&venue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date_is_the_second_of_the_answer),
        cmocka_unit_test(test_accepted_query_has_date_and_weight_and_no_body),
        cmocka_unit_test(test_header_values_lie_in_the_answer),
        cmocka_unit_test(test_order_count_is_on_accepted_placements_only),
        cmocka_unit_test(test_order_count_can_be_on_every_order_response),
        cmocka_unit_test(test_wrong_parameters_are_answered_400),
        cmocka_unit_test(test_refusals_have_the_documented_texts),
        cmocka_unit_test(test_invalid_requests_need_not_be_charged),
        cmocka_unit_test(test_503_of_unknown_execution_counts_and_a_failure_does_not),
        cmocka_unit_test(test_checks_come_in_the_documented_order),
        cmocka_unit_test(test_unknown_endpoint_costs_the_dearest_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
