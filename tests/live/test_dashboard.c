/** The dashboard by plain HTTP: what it answers, whom it answers, and that its buttons reach the
 *  limiter that trades, in its own process or attached from another. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <libwebsockets.h>

#include "dashboard.h"
#include "dashboard_guard.h"
#include "limiter_link.h"
#include "served.h"

static const char *const no_arguments[] = {NULL};

/** One request with these header lines; Host and token are given by them. */
static struct answer request(const struct served *served, const char *line, const char *headers,
                             const char *body) {
    const size_t size = strlen(body) + 1024;
    char *text = malloc(size);
    assert_non_null(text);
    const int fd = served_connect(served, 1);
    snprintf(text, size, "%s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", line, headers,
             strlen(body), body);
    struct answer answer = {0};
    if (send_text(fd, text)) {
        answer = receive_answer(fd);
    }
    free(text);
    close(fd);
    return answer;
}

/** The headers that the page itself sends. */
static const char *page_headers(const struct served *served) {
    static char headers[512];
    snprintf(headers, sizeof headers,
             "Host: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\nSec-Fetch-Site: same-origin\r\n"
             "Content-Type: application/json\r\nX-Weir-Token: %s\r\n",
             served->port, served->port, served->token);
    return headers;
}

static struct answer get(const struct served *served, const char *path) {
    char line[256];
    snprintf(line, sizeof line, "GET %s", path);
    return request(served, line, "Host: localhost\r\n", "");
}

static struct answer post(const struct served *served, const char *name, const char *body) {
    char line[256];
    snprintf(line, sizeof line, "POST /api/rate-limiter/%s", name);
    return request(served, line, page_headers(served), body);
}

/** The data of GET stats; the caller frees it. */
static json_t *stats_of(const struct served *served) {
    struct answer answer = get(served, "/api/rate-limiter/stats");
    assert_int_equal(answer.status, 200);
    assert_string_equal(json_string_value(json_object_get(answer.json, "status")), "success");
    json_t *data = json_incref(json_object_get(answer.json, "data"));
    answer_free(&answer);
    return data;
}

/** Waits until a flag of the statistics has a value; five seconds at most. */
static bool comes_true(const struct served *served, const char *flag, bool value) {
    const struct timespec pause = {0, 20000000};
    for (int i = 0; i < 250; i++) {
        json_t *data = stats_of(served);
        const bool is = json_is_true(json_object_get(data, flag));
        json_decref(data);
        if (is == value) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

static void assert_message(struct answer *answer, int status, const char *message) {
    const char *said = json_string_value(json_object_get(answer->json, "message"));
    assert_non_null(said);
    if (answer->status != status || !strstr(said, message)) {
        fail_msg("expected %d and \"%s\", got %d and \"%s\"", status, message, answer->status,
                 said);
    }
    assert_string_equal(json_string_value(json_object_get(answer->json, "status")),
                        status == 200 ? "success" : "error");
    answer_free(answer);
}

/* What is answered. */

static const char *const guide_fields[] = {"current_usage_pct",
                                           "peak_usage_pct",
                                           "current_weight",
                                           "weight_limit",
                                           "current_orders",
                                           "order_limit",
                                           "burst_mode",
                                           "liquidation_mode",
                                           "banned",
                                           "throttle_factor",
                                           "queue_sizes",
                                           "recent_requests",
                                           "consecutive_429s",
                                           "requests_sent",
                                           "requests_queued",
                                           "requests_dropped",
                                           "weight_used",
                                           "429_received",
                                           "throttle_delays",
                                           "burst_mode_activations",
                                           "liquidation_mode_activations"};

static void assert_guide_fields(const json_t *data) {
    for (size_t i = 0; i < sizeof guide_fields / sizeof guide_fields[0]; i++) {
        if (!json_object_get(data, guide_fields[i])) {
            fail_msg("%s is missing", guide_fields[i]);
        }
    }
}

static void test_without_limiter(void **state) {
    struct served served = *(struct served *)*state;
    struct answer answer;
    for (int i = 0; i < 7; i++) {
        answer = ask_once(&served, "GET /fapi/v1/ping", NULL, NULL);
        answer_free(&answer);
    }
    json_t *data = stats_of(&served);
    assert_guide_fields(data);
    assert_true(json_is_false(json_object_get(data, "attached")));
    assert_int_equal(json_integer_value(json_object_get(data, "weight_limit")), 2400);
    const json_t *ips = json_object_get(json_object_get(data, "exchange"), "ips");
    const json_int_t used =
        json_integer_value(json_object_get(json_array_get(ips, 0), "used_weight"));
    assert_true(used <= 7); /* a minute may end in between */
    assert_int_equal(json_integer_value(json_object_get(data, "current_weight")), used);
    json_decref(data);
    answer = post(&served, "burst-mode", "{}");
    assert_message(&answer, 409, "No bot has attached");
}

static json_int_t count_of(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

/** The busiest address and account come first; a key is never shown whole. */
static void test_exchange_counts(void **state) {
    struct served served = *(struct served *)*state;
    static const char *const keys[] = {"a-long-secret-key", "short"};
    static const char order[] = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&timestamp=1&"
                                "signature=0";
    for (int i = 0; i < 40; i++) {
        const int fd = served_connect(&served, 2);
        struct answer answer = ask(fd, "GET /fapi/v1/time", NULL, NULL);
        answer_free(&answer);
        close(fd);
    }
    for (int i = 0; i < 5; i++) {
        struct answer answer = ask_once(&served, "POST /fapi/v1/order", keys[i < 2], order);
        assert_int_equal(answer.status, 200);
        answer_free(&answer);
    }
    json_t *data = stats_of(&served);
    const json_t *counted = json_object_get(data, "exchange");
    const json_t *ips = json_object_get(counted, "ips");
    const json_t *accounts = json_object_get(counted, "accounts");
    assert_int_equal(json_array_size(accounts), 2);
    assert_int_equal(json_array_size(ips), 2);
    const json_t *first = json_array_get(accounts, 0);
    const json_t *second = json_array_get(accounts, 1);
    assert_true(count_of(json_array_get(ips, 0), "used_weight") >=
                count_of(json_array_get(ips, 1), "used_weight"));
    assert_true(count_of(first, "used_orders") >= count_of(second, "used_orders"));
    if (count_of(second, "used_orders") == 2) { /* no new minute */
        assert_int_equal(count_of(first, "used_orders"), 3);
        assert_string_equal(json_string_value(json_object_get(first, "key")), "a-lo…");
        assert_string_equal(json_string_value(json_object_get(second, "key")), "short");
    }
    char *text = json_dumps(data, 0);
    assert_null(strstr(text, keys[0]));
    free(text);
    json_decref(data);
}

static void test_reading(void **state) {
    struct served served = *(struct served *)*state;
    struct answer answer = get(&served, "/api/rate-limiter/queues");
    json_t *data = json_object_get(answer.json, "data");
    assert_non_null(json_object_get(json_object_get(data, "queue_sizes"), "critical"));
    answer_free(&answer);
    static const struct {
        const char *path;
        int status;
    } paths[] = {{"/api/rate-limiter/history", 200},
                 {"/api/rate-limiter/history?limit=900", 200},
                 {"/api/rate-limiter/history?limit=0", 400},
                 {"/api/rate-limiter/history?limit=901", 400},
                 {"/api/rate-limiter/history?limit=1x", 400},
                 {"/api/rate-limiter/history?limit=99999999999999999999", 400},
                 {"/api/rate-limiter/history?hours=1", 400},
                 {"/api/rate-limiter/", 404},
                 {"/api/rate-limiter/stats/", 404},
                 {"/api/rate-limiter/burst-mode", 405},
                 {"/dashboard", 200},
                 {"/", 200},
                 {"/dashboard/main.js", 200},
                 {"/dashboard/chart.min.js", 200},
                 {"/dashboard/none.js", 404},
                 {"/dashboard/../dashboard", 200}};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        answer = get(&served, paths[i].path);
        if (answer.status != paths[i].status) {
            fail_msg("%s: %d", paths[i].path, answer.status);
        }
        assert_true(answer.head && strstr(answer.head, "default-src 'none'") &&
                    strstr(answer.head, "nosniff"));
        answer_free(&answer);
    }
    answer = request(&served, "POST /api/rate-limiter/stats", page_headers(&served), "{}");
    assert_message(&answer, 405, "GET");
}

static json_int_t time_of(const json_t *second) {
    return json_integer_value(json_object_get(second, "time_ms"));
}

static void test_history_grows(void **state) {
    struct served served = *(struct served *)*state;
    const struct timespec pause = {0, 50000000};
    size_t seconds = 0;
    for (int i = 0; i < 100 && seconds < 2; i++) {
        struct answer answer = get(&served, "/api/rate-limiter/history?limit=3");
        const json_t *history = json_object_get(json_object_get(answer.json, "data"), "history");
        assert_true(json_is_array(history));
        seconds = json_array_size(history);
        const json_t *last = json_array_get(history, seconds - 1);
        for (size_t j = 1; j < seconds; j++) {
            assert_int_equal(time_of(json_array_get(history, j)) -
                                 time_of(json_array_get(history, j - 1)),
                             1000);
        }
        if (last) {
            assert_true(json_is_number(json_object_get(last, "current_weight")));
            assert_int_equal(json_integer_value(json_object_get(last, "time_ms")) % 1000, 0);
        }
        answer_free(&answer);
        nanosleep(&pause, NULL);
    }
    assert_int_equal(seconds >= 2, true);
    struct answer answer = get(&served, "/api/rate-limiter/history?limit=900");
    const json_t *data = json_object_get(answer.json, "data");
    assert_in_range(json_array_size(json_object_get(data, "history")), 2, 60);
    answer_free(&answer);
}

/* Who is answered. */

static void test_strangers(void **state) {
    struct served served = *(struct served *)*state;
    char right[64];
    char token[128];
    snprintf(right, sizeof right, "Host: 127.0.0.1:%d\r\n", served.port);
    snprintf(token, sizeof token, "X-Weir-Token: %s\r\n", served.token);
    const struct {
        const char *host, *token, *more;
        int status;
    } cases[] = {
        {right, "", "Content-Type: application/json\r\n", 401},
        {right, "X-Weir-Token: 0123456789abcdef0123456789abcdef\r\n",
         "Content-Type: application/json\r\n", 401},
        {right, token, "", 415},
        {right, token, "Content-Type: text/plain\r\n", 415},
        {right, token, "Content-Type: application/x-www-form-urlencoded\r\n", 415},
        {right, token, "Content-Type: application/jsonx\r\n", 415},
        {right, token, "Content-Type: application/json\r\nOrigin: http://evil.example\r\n", 403},
        {right, token, "Content-Type: application/json\r\nOrigin: null\r\n", 403},
        {right, token, "Content-Type: application/json\r\nOrigin: http://127.0.0.1:1\r\n", 403},
        {right, token, "Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\n", 403},
        {right, token, "Content-Type: application/json\r\nSec-Fetch-Site: same-site\r\n", 403},
        {"Host: evil.example\r\n", token, "Content-Type: application/json\r\n", 403},
        {"Host: 127.0.0.1.evil.example\r\n", token, "Content-Type: application/json\r\n", 403},
        {"Host: 192.0.2.1\r\n", token, "Content-Type: application/json\r\n", 403},
        {"", token, "Content-Type: application/json\r\n", 403},
        {right, token, "Content-Type: application/json\r\n", 409},
        {"Host: localhost\r\n", token, "Content-Type: application/json; charset=utf-8\r\n", 409}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char headers[512];
        snprintf(headers, sizeof headers, "%s%s%s", cases[i].host, cases[i].token, cases[i].more);
        struct answer answer =
            request(&served, "POST /api/rate-limiter/reset-modes", headers, "{}");
        if (answer.status != cases[i].status) {
            fail_msg("case %zu: %d, %s", i, answer.status, answer.body ? answer.body : "");
        }
        answer_free(&answer);
    }
    struct answer answer = request(&served, "GET /dashboard", "Host: evil.example\r\n", "");
    assert_message(&answer, 403, "Host");
    answer = request(&served, "GET /api/rate-limiter/events", "Host: evil.example\r\n", "");
    assert_message(&answer, 403, "Host");
}

static void test_guard(void **state) {
    (void)state;
    static const struct {
        const char *host, *local;
        int status;
    } hosts[] = {{"localhost", "127.0.0.1", 0},
                 {"LOCALHOST:9", "::1", 0},
                 {"127.0.0.1:9", "127.0.0.1", 0},
                 {"127.1.2.3", "127.0.0.1", 0},
                 {"[::1]:9", "::1", 0},
                 {"192.0.2.7:9", "192.0.2.7", 0},
                 {"192.0.2.7", "::ffff:192.0.2.7", 0},
                 {"[2001:db8::1]", "2001:db8:0::1", 0},
                 {"192.0.2.8", "192.0.2.7", 403},
                 {"[::2]", "::1", 403},
                 {"localhost.", "127.0.0.1", 403},
                 {"localhost.example", "127.0.0.1", 403},
                 {"", "127.0.0.1", 403},
                 {"2130706433", "127.0.0.1", 403}};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const struct live_origin from = {.host = hosts[i].host,
                                         .local_address = hosts[i].local,
                                         .origin = "",
                                         .fetch_site = "",
                                         .content_type = "",
                                         .token = ""};
        assert_int_equal(live_guard_read(&from).status, hosts[i].status);
    }
}

static void test_bodies(void **state) {
    struct served served = *(struct served *)*state;
    static const struct {
        const char *body;
        int status;
    } bodies[] = {{"", 400},
                  {"{}", 409},
                  {"{\"duration\":90}", 409},
                  {"{\"duration\":86400}", 409},
                  {"{\"duration\":86401}", 400},
                  {"{\"duration\":0.5}", 400},
                  {"{\"duration\":\"60\"}", 400},
                  {"{\"duration\":1,\"duration\":2}", 400},
                  {"{\"seconds\":60}", 400},
                  {"[]", 400},
                  {"{", 400},
                  {"{}{}", 400},
                  {"\xff\xfe", 400}};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct answer answer = post(&served, "liquidation-mode", bodies[i].body);
        if (answer.status != bodies[i].status) {
            fail_msg("%s: %d, %s", bodies[i].body, answer.status, answer.body);
        }
        answer_free(&answer);
    }
}

/* The stream. */

static char streamed[1 << 18]; /* what came of a stream */

/** Reads until a text has come; five seconds at most. */
static bool stream_has(int fd, const char *part) {
    size_t length = 0;
    while (length < sizeof streamed - 1) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        const ssize_t got = poll(&wait, 1, 5000) > 0
                                ? recv(fd, streamed + length, sizeof streamed - 1 - length, 0)
                                : 0;
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
        streamed[length] = '\0';
        if (strstr(streamed, part)) {
            return true;
        }
    }
    return false;
}

/** A stream that goes on after an event; "" begins with the latest. */
static int open_stream_after(const struct served *served, const char *id) {
    char head[256];
    const int fd = served_connect(served, 1);
    snprintf(head, sizeof head,
             "GET /api/rate-limiter/events HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n\r\n",
             id[0] ? "Last-Event-ID: " : "X-None: ", id);
    assert_true(send_text(fd, head));
    return fd;
}

static int open_stream(const struct served *served) {
    return open_stream_after(served, "");
}

static void test_many_look_on(void **state) {
    struct served served = *(struct served *)*state;
    int fds[64];
    for (size_t i = 0; i < 64; i++) {
        fds[i] = open_stream(&served);
    }
    for (size_t i = 0; i < 64; i++) {
        assert_true(stream_has(fds[i], "event: stats\ndata: {"));
    }
    struct answer answer = get(&served, "/api/rate-limiter/events");
    assert_message(&answer, 503, "Too many");
    for (size_t i = 0; i < 64; i++) {
        close(fds[i]);
    }
    const struct timespec pause = {0, 20000000};
    bool free_again = false;
    for (int i = 0; i < 250 && !free_again; i++) {
        nanosleep(&pause, NULL);
        char head[13] = "";
        const int fd = open_stream(&served);
        recv(fd, head, sizeof head - 1, MSG_WAITALL);
        free_again = strcmp(head, "HTTP/1.1 200") == 0;
        close(fd);
    }
    assert_true(free_again);
}

/* A limiter in its own process. */

static int64_t monotonic_ns(void *context) {
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct weir_limiter *make_limiter(const char *policy) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, INT64_C(60000000000), 2400},
                                               {WEIR_LIMIT_ORDERS, INT64_C(60000000000), 1200}};
    const struct weir_config config = {
        .limits = limits, .limit_count = 2, .now_ns = monotonic_ns(NULL), .max_open = 64};
    struct weir_limiter *limiter = NULL;
    struct weir_error error;
    weir_limiter_create(weir_policy_find(policy), &config, &limiter, &error);
    return limiter;
}

static void told(void *context, const json_t *event) {
    snprintf(context, 64, "%s", json_string_value(json_object_get(event, "what")));
}

static void test_view(void **state) {
    (void)state;
    char what[64] = "";
    char why[160] = "";
    struct weir_limiter *limiter = make_limiter("weir");
    const struct live_limiter_facts facts = {limiter, "a bot", monotonic_ns, NULL};
    struct live_limiter_view *view = live_limiter_view_create(&facts);
    assert_non_null(view);
    assert_true(live_limiter_view_watch(view, told, what));
    assert_true(live_limiter_view_set_mode(view, WEIR_MODE_LIQUIDATION, 90.0, why, sizeof why));
    assert_string_equal(what, "mode");
    live_limiter_view_outcome(view, &(struct live_outcome){.captured = true,
                                                           .symbol = "BTCUSDT",
                                                           .side = "SELL",
                                                           .notional_usd = 5e4,
                                                           .latency_ns = 7000000});
    assert_string_equal(what, "capture");
    for (int i = 0; i < 2; i++) {
        live_limiter_view_outcome(
            view, &(struct live_outcome){.symbol = "ETHUSDT", .side = "BUY", .notional_usd = 7.0});
        assert_string_equal(what, "miss");
    }
    json_t *data = live_limiter_view_stats(view);
    assert_guide_fields(data);
    assert_true(json_is_true(json_object_get(data, "liquidation_mode")));
    const double left = json_number_value(json_object_get(data, "mode_ends_in_s"));
    assert_true(left > 85.0 && left <= 90.0);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(data, "opportunities"), "captured")), 1);
    json_decref(data);
    live_limiter_view_unwatch(view, what);
    live_limiter_view_set_mode(view, WEIR_MODE_NORMAL, 1.0, why, sizeof why);
    assert_string_equal(what, "miss");
    live_limiter_view_destroy(view);
    weir_limiter_destroy(limiter);
}

/** Sends a request and answers it with a status. */
static void send_one(struct weir_limiter *limiter, uint64_t id, int status) {
    const struct weir_request request = {.id = id,
                                         .endpoint = weir_endpoint_find(WEIR_GET, "/fapi/v1/ping"),
                                         .params = WEIR_PARAMS_NONE,
                                         .deadline_ns = WEIR_NEVER,
                                         .escalate_ns = WEIR_NEVER,
                                         .can_send = true};
    const int64_t now_ns = monotonic_ns(NULL);
    const struct weir_reply reply = {
        .id = id, .status = status, .sent_ns = now_ns, .received_ns = now_ns};
    struct weir_decision decision;
    struct weir_settlement settlement;
    assert_int_equal(weir_submit(limiter, now_ns, &request, &decision), WEIR_OK);
    assert_int_equal(decision.answer, WEIR_SEND);
    assert_int_equal(weir_settle(limiter, &reply, &settlement), WEIR_OK);
}

static bool view_says_banned(struct live_limiter_view *view) {
    json_t *data = live_limiter_view_stats(view);
    const bool banned = json_is_true(json_object_get(data, "banned"));
    json_decref(data);
    return banned;
}

static double left_of(struct live_limiter_view *view, const char *key) {
    json_t *data = live_limiter_view_stats(view);
    const double left = json_number_value(json_object_get(data, key));
    json_decref(data);
    return left;
}

/** Holds and bans, with the time that is left. */
static void test_view_of_hold_and_ban(void **state) {
    (void)state;
    struct weir_limiter *limiter = make_limiter("weir");
    const struct live_limiter_facts facts = {limiter, "a bot", monotonic_ns, NULL};
    struct live_limiter_view *view = live_limiter_view_create(&facts);
    assert_true(left_of(view, "hold_ends_in_s") == 0.0);
    send_one(limiter, 1, 429);
    assert_true(left_of(view, "hold_ends_in_s") > 0.0);
    assert_true(left_of(view, "ban_ends_in_s") == 0.0);
    assert_false(view_says_banned(view));
    live_limiter_view_destroy(view);
    weir_limiter_destroy(limiter);
    limiter = make_limiter("weir");
    const struct live_limiter_facts again = {limiter, "a bot", monotonic_ns, NULL};
    view = live_limiter_view_create(&again);
    send_one(limiter, 1, 418);
    assert_true(left_of(view, "ban_ends_in_s") > 0.0);
    assert_true(view_says_banned(view));
    live_limiter_view_destroy(view);
    weir_limiter_destroy(limiter);
}

/** A policy that tells nothing of bans or modes: banned from a 418 to the next success. */
static void test_view_of_simple_policy(void **state) {
    (void)state;
    char why[160] = "";
    struct weir_limiter *limiter = make_limiter("none");
    const struct live_limiter_facts facts = {limiter, "a bot", monotonic_ns, NULL};
    struct live_limiter_view *view = live_limiter_view_create(&facts);
    assert_false(live_limiter_view_set_mode(view, WEIR_MODE_BURST, 60.0, why, sizeof why));
    assert_non_null(strstr(why, "none has no modes"));
    send_one(limiter, 1, 200);
    assert_false(view_says_banned(view));
    send_one(limiter, 2, 418);
    assert_true(view_says_banned(view));
    send_one(limiter, 3, 418);
    assert_true(view_says_banned(view));
    send_one(limiter, 4, 200);
    assert_false(view_says_banned(view));
    live_limiter_view_destroy(view);
    weir_limiter_destroy(limiter);
}

/** A process with a limiter, its dashboard, and a link to a server's; tells where it listens. */
static void host(int out, int server_port) {
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
                                             .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS};
    char url[192];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    lws_set_log_level(0, NULL);
    const struct live_limiter_facts facts = {make_limiter("weir"), "test bot", monotonic_ns, NULL};
    struct lws_context *context = lws_create_context(&info);
    struct live_limiter_view *view = live_limiter_view_create(&facts);
    struct live_dashboard *dashboard = live_dashboard_of_limiter(view);
    struct live_limiter_link *link =
        live_limiter_link_create(context, "127.0.0.1", server_port, view);
    if (link && live_dashboard_listen(dashboard, context, "127.0.0.1", 0, url, sizeof url)) {
        dprintf(out, "%s\n", url);
        live_limiter_view_outcome(
            view, &(struct live_outcome){
                      .symbol = "ETHUSDT", .side = "BUY", .notional_usd = 2e4, .reason = "outbid"});
        while (lws_service(context, 0) >= 0) {
        }
    }
    _exit(EXIT_FAILURE);
}

static struct served start_host(int server_port) {
    struct served bot = {0};
    int pipes[2];
    char url[192] = "";
    assert_int_equal(pipe(pipes), 0);
    bot.pid = fork();
    if (bot.pid == 0) {
        host(pipes[1], server_port);
    }
    close(pipes[1]);
    FILE *in = fdopen(pipes[0], "r");
    assert_non_null(fgets(url, sizeof url, in));
    fclose(in);
    const char *token = strstr(url, "/dashboard#token=");
    assert_non_null(token);
    bot.port = (int)strtol(url + strlen("http://127.0.0.1:"), NULL, 10);
    snprintf(bot.token, sizeof bot.token, "%.32s", token + strlen("/dashboard#token="));
    return bot;
}

/** How many of the addresses are said to be the bot's: 127.0.0.1, and no other. */
static int bots_among(const json_t *ips) {
    size_t index = 0;
    const json_t *ip = NULL;
    int count = 0;
    json_array_foreach(ips, index, ip) {
        if (json_is_true(json_object_get(ip, "is_bot"))) {
            assert_string_equal(json_string_value(json_object_get(ip, "address")), "127.0.0.1");
            count++;
        }
    }
    return count;
}

/** The buttons of both dashboards act on the one limiter. */
static void test_one_limiter(void **state) {
    struct served served = *(struct served *)*state;
    struct served bot = start_host(served.port);
    assert_true(comes_true(&served, "attached", true));
    json_t *data = stats_of(&served);
    assert_guide_fields(data);
    assert_string_equal(json_string_value(json_object_get(data, "bot")), "test bot");
    const json_t *counted = json_object_get(data, "exchange");
    assert_int_equal(bots_among(json_object_get(counted, "ips")), 1);
    json_decref(data);

    struct answer answer = post(&served, "burst-mode", "{}");
    assert_message(&answer, 200, "Burst mode enabled for 5 minutes");
    assert_true(comes_true(&bot, "burst_mode", true));
    assert_true(comes_true(&served, "burst_mode", true));
    answer = post(&bot, "liquidation-mode", "{\"duration\":90}");
    assert_message(&answer, 200, "Liquidation mode enabled for 90 seconds - MAXIMUM EFFICIENCY");
    assert_true(comes_true(&served, "liquidation_mode", true));
    answer = post(&served, "reset-modes", "{}");
    assert_message(&answer, 200, "Modes reset to normal operation");
    assert_true(comes_true(&bot, "liquidation_mode", false));
    assert_true(comes_true(&bot, "burst_mode", false));

    const int fd = open_stream(&served);
    assert_true(stream_has(fd, "\"what\":\"mode\""));
    close(fd);
    assert_int_equal(served_stop(&bot, SIGKILL), 1000 + SIGKILL);
    assert_true(comes_true(&served, "attached", false));
}

/** A bot whose server starts again finds it. */
static void test_link_comes_again(void **state) {
    (void)state;
    char port[16];
    struct served first = served_start(no_arguments);
    struct served bot = start_host(first.port);
    assert_true(comes_true(&first, "attached", true));
    assert_int_equal(served_stop(&first, SIGTERM), 128 + SIGTERM);
    snprintf(port, sizeof port, "%d", first.port);
    struct served second = served_start((const char *const[]){"--port", port, NULL});
    assert_true(comes_true(&second, "attached", true));
    assert_int_equal(served_stop(&second, SIGTERM), 128 + SIGTERM);
    served_stop(&bot, SIGKILL);
}

/* A bot that speaks the protocol itself. */

#define STATS_OF(use, banned)                                                                      \
    "{\"stats\":{\"current_usage_pct\":" use ",\"peak_usage_pct\":null,\"current_weight\":" use    \
    ",\"weight_limit\":" use ",\"current_orders\":" use ",\"order_limit\":" use                    \
    ",\"consecutive_429s\":0,\"requests_sent\":24,\"burst_mode\":false,\"liquidation_mode\":"      \
    "false,"                                                                                       \
    "\"banned\":" banned ",\"queue_sizes\":{\"critical\":0,\"normal\":0,\"low\":0}}}"
#define STATS(banned) STATS_OF("24", banned)

static int attach(const struct served *served) {
    const struct timespec pause = {0, 20000000};
    for (int i = 0; i < 250; i++) { /* the one before may not be gone yet */
        const int fd = ws_open(served, "/weir/limiter");
        if (fd >= 0) {
            return fd;
        }
        nanosleep(&pause, NULL);
    }
    fail_msg("cannot attach");
    return -1;
}

static void test_attaching(void **state) {
    struct served served = *(struct served *)*state;
    char text[512];
    static const char *const wrong[] = {
        "no JSON",        "[]",      "{}", "{\"stats\":{}}", "{\"stats\":1}", "{\"event\":{}}",
        "{\"answer\":7}", STATS("0")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const int fd = attach(&served);
        assert_true(ws_send(fd, wrong[i]));
        assert_true(ws_receive_until(fd, "\"error\"", text, sizeof text));
        assert_true(ws_receive(fd, text, sizeof text) != 1); /* and the end */
        close(fd);
    }
    const int fd = attach(&served);
    assert_int_equal(ws_open(&served, "/weir/limiter"), -1); /* one at a time */
    char *long_text = calloc(1, 20000);
    memset(long_text, 'x', 19999);
    ws_send_frame(fd, 1, true, long_text, 19999);
    assert_true(ws_receive_until(fd, "longer than 16384", text, sizeof text));
    free(long_text);
    close(fd);
    struct answer answer =
        request(&served, "GET /weir/limiter",
                "Host: localhost\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n",
                "");
    assert_int_equal(answer.status, 403);
    answer_free(&answer);
}

/** Sends a POST and leaves its answer to be read. */
static int begin_post(const struct served *served) {
    char text[1024];
    const int fd = served_connect(served, 1);
    snprintf(text, sizeof text,
             "POST /api/rate-limiter/burst-mode HTTP/1.1\r\n%sContent-Length: 2\r\n\r\n{}",
             page_headers(served));
    assert_true(send_text(fd, text));
    return fd;
}

static long id_in(const char *text) {
    const char *id = strstr(text, "\"id\":");
    return id ? strtol(id + 5, NULL, 10) : -1;
}

/** Id of the event that contains a text, from what was streamed. */
static void id_of_event(const char *part, char id[64]) {
    const char *at = strstr(streamed, part);
    const char *start = NULL;
    for (const char *p = streamed; (p = strstr(p, "id: ")) && p < at; p++) {
        start = p + 4;
    }
    id[0] = '\0';
    if (start) {
        snprintf(id, 64, "%.*s", (int)strcspn(start, "\n"), start);
    }
    assert_true(id[0]);
}

/** What a limiter does not tell is filled in by the exchange's counts. */
static void test_untold(void **state) {
    struct served served = *(struct served *)*state;
    const int bot = attach(&served);
    assert_true(ws_send(bot, STATS_OF("24", "false")));
    assert_true(comes_true(&served, "attached", true));
    json_t *data = stats_of(&served);
    assert_int_equal(count_of(data, "current_weight"), 24);
    assert_null(json_object_get(data, "use_counted_by"));
    assert_true(json_is_number(json_object_get(data, "ban_ends_in_s")));
    json_decref(data);
    assert_true(ws_send(bot, STATS_OF("null", "false")));
    const struct timespec pause = {0, 20000000};
    bool filled = false;
    for (int i = 0; i < 250 && !filled; i++) {
        nanosleep(&pause, NULL);
        data = stats_of(&served);
        filled = json_object_get(data, "use_counted_by") != NULL;
        if (filled) {
            assert_int_equal(count_of(data, "weight_limit"), 2400);
            assert_int_equal(count_of(data, "order_limit"), 1200);
            assert_true(json_is_number(json_object_get(data, "current_usage_pct")));
        }
        json_decref(data);
    }
    assert_true(filled);
    close(bot);
}

/** Who comes again gets what it missed, and that only. */
static void test_stream_goes_on(void **state) {
    struct served served = *(struct served *)*state;
    char id[64];
    const int bot = attach(&served);
    assert_true(ws_send(bot, "{\"event\":{\"what\":\"one\"}}"));
    int stream = open_stream(&served);
    assert_true(stream_has(stream, "\"one\""));
    id_of_event("\"one\"", id);
    close(stream);
    assert_true(ws_send(bot, "{\"event\":{\"what\":\"two\"}}"));
    stream = open_stream_after(&served, id);
    assert_true(stream_has(stream, "\"two\""));
    assert_null(strstr(streamed, "\"one\""));
    close(stream);
    id[0] = id[0] == '1' ? '2' : '1'; /* of another start of the server */
    stream = open_stream_after(&served, id);
    assert_true(stream_has(stream, "\"two\""));
    assert_non_null(strstr(streamed, "\"one\""));
    close(stream);
    close(bot);
}

static void test_own_protocol(void **state) {
    struct served served = *(struct served *)*state;
    char text[512];
    const int fd = attach(&served);
    assert_true(ws_send(fd, STATS("false")));
    assert_true(comes_true(&served, "attached", true));
    assert_true(ws_send(fd, "{\"event\":{\"what\":\"capture\",\"symbol\":\"<b>X\",\"usd\":1}}"));
    const int stream = open_stream(&served);
    assert_true(stream_has(stream, "<b>X"));
    close(stream);

    int waiting = begin_post(&served);
    assert_true(ws_receive_until(fd, "set_mode", text, sizeof text));
    assert_non_null(strstr(text, "\"mode\":\"burst\""));
    assert_non_null(strstr(text, "\"duration_s\":300"));
    char reply[128];
    snprintf(reply, sizeof reply,
             "{\"answer\":{\"id\":%ld,\"done\":false,\"message\":\"not now\"}}", id_in(text));
    assert_true(ws_send(fd, "{\"answer\":{\"id\":123456,\"done\":true}}")); /* somebody else's */
    assert_true(ws_send(fd, reply));
    struct answer answer = receive_answer(waiting);
    assert_message(&answer, 409, "not now");
    close(waiting);

    waiting = begin_post(&served); /* never answered; then silent */
    close(begin_post(&served));    /* gone before the answer */
    answer = receive_answer(waiting);
    assert_message(&answer, 504, "3 seconds");
    close(waiting);
    assert_true(ws_receive_until(fd, "nothing was heard", text, sizeof text));
    assert_true(comes_true(&served, "attached", false));
    close(fd);
}

static int start(void **state) {
    static struct served served;
    served = served_start(no_arguments);
    *state = &served;
    return 0;
}

static int stop(void **state) {
    return served_stop(*state, SIGTERM) == 128 + SIGTERM ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_guard),
                                       cmocka_unit_test(test_view),
                                       cmocka_unit_test(test_view_of_hold_and_ban),
                                       cmocka_unit_test(test_view_of_simple_policy),
                                       cmocka_unit_test(test_without_limiter),
                                       cmocka_unit_test(test_exchange_counts),
                                       cmocka_unit_test(test_reading),
                                       cmocka_unit_test(test_history_grows),
                                       cmocka_unit_test(test_strangers),
                                       cmocka_unit_test(test_bodies),
                                       cmocka_unit_test(test_many_look_on),
                                       cmocka_unit_test(test_one_limiter),
                                       cmocka_unit_test(test_link_comes_again),
                                       cmocka_unit_test(test_attaching),
                                       cmocka_unit_test(test_untold),
                                       cmocka_unit_test(test_stream_goes_on),
                                       cmocka_unit_test(test_own_protocol)};
    return cmocka_run_group_tests(tests, start, stop);
}
