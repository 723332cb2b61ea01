/** `weir serve` under clients that mean it no good, or know their secrets: thousands that stay
 * idle, readers that do not read, requests that never end, signatures right and wrong. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "served.h"

#define IDLE 2500

/* Sanitizers and clients that share the machine take their share; what is measured is that memory
 * does not grow with what clients fail to do. */
#define IDLE_KIB_EACH 24L
#define SLOW_KIB_MAX (64L * 1024)

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long code_of(const struct answer *answer) {
    return (long)json_integer_value(json_object_get(answer->json, "code"));
}

static void is_served(const struct served *served) {
    struct answer answer = ask_once(served, "GET /fapi/v1/time", NULL, NULL);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
}

/** As many open files as the test needs; false if the system does not allow it. */
static bool raise_files(rlim_t wanted) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted && limit.rlim_max >= wanted) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted;
}

/** Connections that say nothing, half a head, half a body, or fall silent after a request. */
static void test_idle_thousands(void **state) {
    (void)state;
    static const char *const beginnings[] = {
        "", "GET /fapi/v1/pi",
        "POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsymbol=",
        "GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n"};
    static int idle[IDLE];
    const char *arguments[] = {NULL};
    if (!raise_files(IDLE + 100)) {
        skip();
    }
    struct served served = served_start(arguments);
    is_served(&served);
    const long before_kib = served_memory_kib(&served);
    for (int i = 0; i < IDLE; i++) {
        idle[i] = served_connect(&served, 1);
        assert_true(send_text(idle[i], beginnings[i % 4]));
    }
    const int64_t start_ms = now_ms();
    for (int i = 0; i < 50; i++) {
        is_served(&served);
    }
    assert_in_range(now_ms() - start_ms, 0, 10000);
    const long grown_kib = served_memory_kib(&served) - before_kib;
    if (grown_kib > IDLE * IDLE_KIB_EACH) {
        fail_msg("%d idle connections took %ld KiB", IDLE, grown_kib);
    }
    for (int i = 0; i < IDLE; i++) {
        close(idle[i]);
    }
    is_served(&served);
    assert_int_equal(served_stop(&served, SIGTERM), 128 + SIGTERM);
}

/** A WebSocket connection that takes in as little as may be before it is read. */
static int open_narrow(const struct served *served, const char *path) {
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)served->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int small = 2048;
    char text[512];
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    snprintf(text, sizeof text,
             "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
             path);
    assert_true(send_text(fd, text));
    struct answer answer = receive_answer(fd);
    assert_int_equal(answer.status, 101);
    answer_free(&answer);
    return fd;
}

/** One reads nothing while a cascade passes: it is let go, and others are served. */
static void test_slow_reader(void **state) {
    (void)state;
    const char *arguments[] = {"--trace", WEIR_CASCADE,     "--speed",
                               "1000",    "--set",          "feed.throttle_ms=0",
                               "--set",   "bot.lead_s=0.5", NULL};
    static char text[65536];
    struct served served = served_start(arguments);
    const int slow = open_narrow(&served, "/stream?streams=!forceOrder@arr/!bookTicker");
    for (int i = 0; i < 30; i++) { /* the cascade takes less than a second */
        is_served(&served);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    assert_in_range(served_memory_kib(&served), 1, 6 * SLOW_KIB_MAX);
    const int other = ws_open(&served, "/ws/btcusdt@markPrice@1s");
    assert_true(ws_receive_until(other, "markPriceUpdate", text, sizeof text));
    int opcode = 1;
    for (int i = 0; i < 20000 && opcode == 1; i++) {
        opcode = ws_receive(slow, text, sizeof text);
    }
    assert_int_equal(opcode, 8);
    assert_string_equal(text + 2, "too slow"); /* behind the code */
    close(slow);
    close(other);
    assert_int_equal(served_stop(&served, SIGTERM), 128 + SIGTERM);
}

/** Frames cut short, wrong or too large, and JSON that is none. */
static void test_bad_frames(void **state) {
    (void)state;
    const char *arguments[] = {NULL};
    static char text[65536];
    struct served served = served_start(arguments);
    static const char *const requests[] = {"[]",
                                           "7",
                                           "{}",
                                           "{\"method\":7}",
                                           "{\"method\":\"SUBSCRIBE\",\"params\":[7],\"id\":1}",
                                           "{\"method\":\"SUBSCRIBE\",\"params\":\"x\"}",
                                           "{\"method\":\"NO\",\"params\":[]}",
                                           "\"",
                                           ""};
    const int asks = ws_open(&served, "/ws");
    assert_true(asks >= 0);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0] - 1; i++) {
        assert_true(ws_send(asks, requests[i]));
        if (!ws_receive_until(asks, "\"error\"", text, sizeof text)) {
            fail_msg("no error for %s", requests[i]);
        }
    }
    close(asks);
    static const char frames[][4] = {
        {(char)0x81, (char)0x85, 0, 0},  /* the head of a frame, and no more */
        {(char)0xff, (char)0xff, 1, 2},  /* reserved bits and opcode */
        {(char)0x81, (char)0xfe, 0, 1},  /* a mask that never comes */
        {(char)0x88, (char)0x7f, 0, 0},  /* a close without a mask, of a length that is too large */
        {(char)0x80, (char)0x80, 0, 0}}; /* goes on with nothing */
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const int fd = ws_open(&served, "/ws/btcusdt@markPrice");
        assert_true(fd >= 0);
        assert_int_equal(send(fd, frames[i], sizeof frames[i], MSG_NOSIGNAL), sizeof frames[i]);
        is_served(&served);
        close(fd);
    }
    memset(text, 'x', sizeof text);
    const int large = ws_open(&served, "/ws");
    ws_send_frame(large, 1, false, text, 20000);
    const int opcode = ws_receive(large, text, sizeof text);
    assert_true(opcode == 8 || opcode == -1);
    close(large);
    is_served(&served);
    assert_int_equal(served_stop(&served, SIGTERM), 128 + SIGTERM);
}

/** Bodies and heads that are too large get an answer, or the end of their connection. */
static void test_large_requests(void **state) {
    (void)state;
    const char *arguments[] = {NULL};
    static char text[200000];
    struct served served = served_start(arguments);
    int fd = served_connect(&served, 1);
    send_text(fd, "POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
    struct answer answer = receive_answer(fd);
    assert_int_equal(answer.status, 413);
    answer_free(&answer);
    close(fd);
    memset(text, 'a', 65536);
    text[65536] = '\0';
    answer = ask_once(&served, "POST /fapi/v1/order", "k", text); /* as large as may be */
    assert_int_equal(answer.status, 400);
    answer_free(&answer);
    memset(text, 'a', sizeof text - 1);
    fd = served_connect(&served, 1);
    send_text(fd, "GET /fapi/v1/ping HTTP/1.1\r\nX-Long: ");
    send_text(fd, text);
    send_text(fd, "\r\n\r\n");
    answer = receive_answer(fd);
    assert_true(answer.status == 0 || answer.status >= 400);
    answer_free(&answer);
    close(fd);
    is_served(&served);
    assert_int_equal(served_stop(&served, SIGINT), 128 + SIGINT);
}

/** What a client signs: the query, or the body. */
static void sign(const char *secret, const char *payload, char *text, size_t size) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    int used = snprintf(text, size, "%s&signature=", payload);
    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)payload,
                         strlen(payload), digest, &length));
    for (unsigned int i = 0; i < length; i++) {
        used += snprintf(text + used, size - (size_t)used, "%02x", digest[i]);
    }
}

static long signed_code(const struct served *served, const char *secret, const char *payload,
                        bool in_body) {
    char text[1024];
    char line[1200];
    sign(secret, payload, text, sizeof text);
    snprintf(line, sizeof line, "POST /fapi/v1/order%s%s", in_body ? "" : "?", in_body ? "" : text);
    struct answer answer = ask_once(served, line, "key", in_body ? text : NULL);
    const long code = answer.status == 200 ? 0 : code_of(&answer);
    answer_free(&answer);
    return code;
}

static void test_signatures(void **state) {
    (void)state;
    const char *arguments[] = {"--api-key", "key", "--api-secret", "secret", NULL};
    static const struct {
        const char *secret, *window;
        int64_t off_ms;
        long code;
    } cases[] = {{"secret", "", 0, 0},
                 {"secret", "&recvWindow=60000", -30000, 0},
                 {"wrong", "", 0, -1022},
                 {"secret", "", -6000, -1021},
                 {"secret", "&recvWindow=10000", -12000, -1021},
                 {"secret", "", 3000, -1021},
                 {"secret", "&recvWindow=nonsense", 0, -1130}};
    struct served served = served_start(arguments);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char payload[512];
        for (int in_body = 0; in_body < 2; in_body++) {
            snprintf(
                payload, sizeof payload,
                "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&newClientOrderId=a%%2Fb%%3Ac"
                "%s&timestamp=%lld",
                cases[i].window, (long long)now_ms() + (long long)cases[i].off_ms);
            const long code = signed_code(&served, cases[i].secret, payload, in_body == 1);
            if (code != cases[i].code) {
                fail_msg("case %zu, %s: code %ld", i, in_body ? "body" : "query", code);
            }
        }
    }
    served_stop(&served, SIGTERM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_thousands), cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_bad_frames), cmocka_unit_test(test_large_requests),
        cmocka_unit_test(test_signatures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
