/** `weir serve` from end to end: exact counts, orders that fill, streams, signatures, abuse. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "served.h"
#include "weir/endpoints.h"

/** Waits until that many seconds of the exchange's minute are left. */
static void need_seconds(int seconds) {
    while (time(NULL) % 60 > 59 - seconds) {
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
}

static const char *text_at(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long code_of(const struct answer *answer) {
    return (long)json_integer_value(json_object_get(answer->json, "code"));
}

static void test_counts_every_endpoint(void **state) {
    (void)state;
    const char *arguments[] = {"--set", "exchange.weight_per_minute=1000000", NULL};
    need_seconds(3);
    struct served served = served_start(arguments);
    const int fd = served_connect(&served, 1);
    long expected = 0;
    for (size_t i = 0; i < weir_endpoint_count(); i++) {
        const weir_endpoint endpoint = (weir_endpoint)i;
        struct weir_params params = WEIR_PARAMS_NONE;
        char line[256];
        params.has_symbol = i % 2 == 0;
        snprintf(line, sizeof line, "%s %s?signature=1%s",
                 weir_method_name(weir_endpoint_method(endpoint)), weir_endpoint_path(endpoint),
                 params.has_symbol ? "&symbol=BTCUSDT" : "");
        struct answer answer = ask(fd, line, "k", NULL);
        expected += weir_endpoint_cost(endpoint, params).weight;
        if (answer.weight != expected || !answer.json ||
            (answer.status != 200 && answer.status != 400)) {
            fail_msg("%s: status %d, weight %ld, expected %ld", line, answer.status, answer.weight,
                     expected);
        }
        answer_free(&answer);
    }
    close(fd);
    assert_int_equal(served_stop(&served, SIGTERM), 128 + SIGTERM);
}

static void test_limits_and_bans(void **state) {
    (void)state;
    const char *arguments[] = {"--set", "exchange.weight_per_minute=100", "--set",
                               "exchange.ban_after_429s=3", NULL};
    need_seconds(3);
    struct served served = served_start(arguments);
    const int fd = served_connect(&served, 1);
    for (int i = 1; i <= 103; i++) {
        struct answer answer = ask(fd, "GET /fapi/v1/ping", NULL, NULL);
        assert_int_equal(answer.status, i <= 100 ? 200 : i <= 102 ? 429 : 418);
        assert_int_equal(code_of(&answer), i <= 100 ? 0 : -1003);
        assert_true(i <= 100 ? answer.retry_after == -1
                             : answer.retry_after >= 1 && answer.retry_after <= 120);
        answer_free(&answer);
    }
    close(fd);
    const int other = served_connect(&served, 7); /* another address is not banned */
    struct answer answer = ask(other, "GET /fapi/v1/ping", NULL, NULL);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.weight, 1);
    answer_free(&answer);
    close(other);
    assert_int_equal(served_stop(&served, SIGINT), 128 + SIGINT);
}

static double number_at(const json_t *object, const char *key) {
    return strtod(text_at(object, key), NULL);
}

static void test_orders(void **state) {
    (void)state;
    const char *arguments[] = {NULL};
    struct served served = served_start(arguments);
    struct answer a = ask_once(&served, "POST /fapi/v1/order", "k",
                               "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&signature=1");
    assert_int_equal(a.status, 200);
    assert_string_equal(text_at(a.json, "status"), "FILLED");
    assert_true(number_at(a.json, "avgPrice") > 50000.0);
    assert_int_equal(a.orders, 1);
    answer_free(&a);
    a = ask_once(&served, "POST /fapi/v1/batchOrders?signature=1", "k",
                 "batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22SELL%22%2C%22"
                 "type%22%3A%22STOP_MARKET%22%2C%22stopPrice%22%3A%2250000%22%2C%22quantity%22%3A"
                 "%220.01%22%7D%2C%7B%22symbol%22%3A%22NOSUCH%22%2C%22side%22%3A%22SELL%22%7D%5D");
    assert_int_equal(a.status, 200);
    assert_string_equal(text_at(json_array_get(a.json, 0), "status"), "NEW");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(a.json, 1), "code")), -1121);
    assert_int_equal(a.orders, 3);
    answer_free(&a);
    a = ask_once(&served, "GET /fapi/v2/positionRisk?symbol=BTCUSDT&signature=1", "k", NULL);
    assert_true(number_at(json_array_get(a.json, 0), "positionAmt") == 0.01);
    answer_free(&a);
    a = ask_once(&served, "POST /fapi/v1/order", "k",
                 "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=5&reduceOnly=true&signature=1");
    assert_true(number_at(a.json, "executedQty") == 0.01);
    answer_free(&a);
    a = ask_once(&served, "POST /fapi/v1/order", "k",
                 "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=5&reduceOnly=true&signature=1");
    assert_int_equal(a.status, 400);
    assert_int_equal(code_of(&a), -2022);
    answer_free(&a);
    served_stop(&served, SIGTERM);
}

static void test_streams(void **state) {
    (void)state;
    const char *arguments[] = {"--trace", WEIR_CASCADE,     "--speed", "120",
                               "--set",   "bot.lead_s=0.3", NULL};
    struct served served = served_start(arguments);
    char text[65536];
    struct answer key = ask_once(&served, "POST /fapi/v1/listenKey", "k", NULL);
    char path[128];
    snprintf(path, sizeof path, "/ws/%s", text_at(key.json, "listenKey"));
    answer_free(&key);
    const int user = ws_open(&served, path);
    const int feed = ws_open(&served, "/stream?streams=!forceOrder@arr");
    const int raw = ws_open(&served, "/ws");
    assert_true(user >= 0 && feed >= 0 && raw >= 0);
    assert_true(ws_send(raw, "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@markPrice@1s\"],"
                             "\"id\":7}"));
    assert_true(ws_receive_until(raw, "{\"result\":null,\"id\":7}", text, sizeof text));
    assert_true(ws_send(raw, "{nonsense"));
    assert_true(ws_receive_until(raw, "Invalid JSON", text, sizeof text));
    assert_true(ws_send_frame(raw, 9, true, "hello", 5));
    assert_int_equal(ws_receive(raw, text, sizeof text), 10);
    assert_true(ws_receive_until(feed, "\"stream\":\"!forceOrder@arr\"", text, sizeof text));
    assert_non_null(strstr(text, "\"e\":\"forceOrder\""));
    assert_true(ws_receive_until(raw, "\"e\":\"markPriceUpdate\"", text, sizeof text));
    struct answer order = ask_once(&served, "POST /fapi/v1/order", "k",
                                   "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&signature=1");
    answer_free(&order);
    assert_true(ws_receive_until(user, "\"x\":\"TRADE\"", text, sizeof text));
    assert_true(ws_receive_until(user, "\"e\":\"ACCOUNT_UPDATE\"", text, sizeof text));
    assert_int_equal(ws_open(&served, "/elsewhere"), -1);
    close(user);
    close(feed);
    close(raw);
    served_stop(&served, SIGTERM);
}

static void test_security(void **state) {
    (void)state;
    const char *arguments[] = {"--api-key", "k", "--api-secret", "s", NULL};
    struct served served = served_start(arguments);
    static const struct {
        const char *line, *key;
        long code;
    } cases[] = {{"GET /fapi/v2/balance?signature=1", NULL, -2014},
                 {"GET /fapi/v2/balance?signature=1", "other", -2015},
                 {"GET /fapi/v2/balance", "k", -1102},
                 {"GET /fapi/v2/balance?timestamp=1&signature=1", "k", -1021},
                 {"GET /fapi/v3/balance?signature=1", NULL, -1102}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer = ask_once(&served, cases[i].line, cases[i].key, NULL);
        assert_int_equal(code_of(&answer), cases[i].code);
        answer_free(&answer);
    }
    char line[128];
    snprintf(line, sizeof line, "GET /fapi/v2/balance?timestamp=%lld000&signature=1",
             (long long)time(NULL));
    struct answer answer = ask_once(&served, line, "k", NULL);
    assert_int_equal(code_of(&answer), -1022);
    answer_free(&answer);
    served_stop(&served, SIGTERM);
}

/** One connection carries any number of requests with bodies, each after the answer to the last. */
static void test_keeps_connections(void **state) {
    (void)state;
    const char *arguments[] = {NULL};
    struct served served = served_start(arguments);
    const int fd = served_connect(&served, 1);
    for (int i = 1; i <= 100; i++) {
        struct answer order = ask(fd, "POST /fapi/v1/order", "k",
                                  "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&signature=1");
        assert_int_equal(order.status, 200);
        assert_int_equal(order.orders, i);
        answer_free(&order);
        struct answer ping = ask(fd, "GET /fapi/v1/ping", NULL, NULL);
        assert_int_equal(ping.status, 200);
        answer_free(&ping);
    }
    close(fd);
    served_stop(&served, SIGTERM);
}

/** Requests that are sent along with the one before: those without a body are answered, one with a
 *  body ends the connection before anything is done. Nobody else notices. */
static void test_pipelining(void **state) {
    (void)state;
#define PING "GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n"
#define ORDER                                                                                      \
    "POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: k\r\nContent-Length: 62\r\n\r\n"     \
    "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&signature=1"
    static const struct {
        const char *text;
        int answers;
        bool ends;
    } cases[] = {{PING PING PING, 3, false},
                 {ORDER PING PING, 3, false},
                 {PING ORDER PING, 1, true},
                 {ORDER ORDER, 1, true}};
    const char *arguments[] = {NULL};
    struct served served = served_start(arguments);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int fd = served_connect(&served, 1);
        assert_true(send_text(fd, cases[i].text));
        for (int k = 0; k < cases[i].answers; k++) {
            struct answer answer = receive_answer(fd);
            assert_int_equal(answer.status, 200);
            answer_free(&answer);
        }
        if (cases[i].ends) {
            struct answer none = receive_answer(fd);
            assert_int_equal(none.status, 0);
            answer_free(&none);
        }
        close(fd);
    }
    json_t *counts = served_state(&served);
    assert_int_equal(json_integer_value(json_object_get(counts, "requests")), 8);
    json_decref(counts);
    served_stop(&served, SIGTERM);
}

/** Whatever a client does, the next one is served. */
static void test_abuse(void **state) {
    (void)state;
    const char *arguments[] = {NULL};
    struct served served = served_start(arguments);
    static char long_text[100001];
    memset(long_text, 'a', 100000);
    static const char two_in_one[] = "POST /fapi/v1/order HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b"
                                     "POST /fapi/v1/order HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b";
    static const char chunked[] =
        "POST /fapi/v1/order HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n";
    static const char *const requests[] = {
        "GET /fapi/v1/ping HTTP/1.1\r\nHos",
        "\x01\x02garbage\r\n\r\n",
        "POST /fapi/v1/order HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf",
        "POST /fapi/v1/order HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        chunked,
        two_in_one};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const int fd = served_connect(&served, 1);
        assert_true(send_text(fd, requests[i]));
        struct answer answer = ask_once(&served, "GET /fapi/v1/ping", NULL, NULL);
        assert_int_equal(answer.status, 200);
        answer_free(&answer);
        close(fd);
    }
    const int fd = served_connect(&served, 1);
    send_text(fd, "GET /fapi/v1/ping HTTP/1.1\r\nX-Long: ");
    send_text(fd, long_text);
    close(fd);
    int idle[500];
    for (int i = 0; i < 500; i++) {
        idle[i] = served_connect(&served, 1);
    }
    const int ws = ws_open(&served, "/ws/btcusdt@forceOrder");
    ws_send_frame(ws, 1, false, long_text, 10000);
    close(ws); /* in the middle of a message */
    struct answer answer = ask_once(&served, "GET /fapi/v1/ping", NULL, NULL);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    assert_in_range(served_memory_kib(&served), 1, 400L * 1024); /* sanitizers take their share */
    for (int i = 0; i < 500; i++) {
        close(idle[i]);
    }
    assert_int_equal(served_stop(&served, SIGTERM), 128 + SIGTERM);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts_every_endpoint),
                                       cmocka_unit_test(test_limits_and_bans),
                                       cmocka_unit_test(test_orders),
                                       cmocka_unit_test(test_streams),
                                       cmocka_unit_test(test_security),
                                       cmocka_unit_test(test_keeps_connections),
                                       cmocka_unit_test(test_pipelining),
                                       cmocka_unit_test(test_abuse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
