/**
 * `weir live` against `weir serve`, each a process of its own: a short, sharp cascade, whether a
 * replay agrees with it, and what is refused.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "served.h"

#define ARGUMENTS_MAX 40
#define PATH_SIZE 256

/** Folder of this program's own, removed by the system's cleaning at the latest. */
static char folder[64];
static char sharp[PATH_SIZE], calm[PATH_SIZE];

/* Traces. */

static uint32_t draw(uint32_t *state) {
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/** `count` liquidations of 60 symbols within `span_ms`, prices falling by 3 %. */
static void write_trace(const char *path, int count, int span_ms) {
    uint32_t state = 11;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("time_ms,symbol,side,price,quantity\n", file);
    for (int i = 0; i < count; i++) {
        const int at_ms = (int)((long)span_ms * i / count);
        const uint32_t symbol = draw(&state) % 60;
        const double price = (1.0 + symbol) * 7.0 * (1.0 - 0.03 * i / count);
        const double usd = 12000.0 + 40000.0 * (draw(&state) % 1000) / 1000.0;
        fprintf(file, "%lld,T%02uUSDT,%s,%.4f,%.3f\n", 1760131200000LL + at_ms, (unsigned)symbol,
                draw(&state) % 3 ? "SELL" : "BUY", price, usd / price);
    }
    fclose(file);
}

/* Running weir live. */

struct live {
    pid_t pid;
    char out[PATH_SIZE]; /**< its standard output and error */
};

/** Starts `weir live` with these arguments (NULL-terminated) against a server. */
static struct live live_start(const struct served *served, const char *name,
                              const char *const *arguments) {
    char url[64];
    const char *argv[ARGUMENTS_MAX] = {WEIR_COMMAND, "live"};
    size_t count = 2;
    struct live live;
    if (served) {
        snprintf(url, sizeof url, "http://127.0.0.1:%d", served->port);
        argv[count++] = "--url";
        argv[count++] = url;
    }
    for (; *arguments && count < ARGUMENTS_MAX - 1; arguments++) {
        argv[count++] = *arguments;
    }
    snprintf(live.out, sizeof live.out, "%s/%s.out", folder, name);
    live.pid = fork();
    if (live.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!freopen(live.out, "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0) {
            _exit(126);
        }
        execv(WEIR_COMMAND, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return live;
}

/** Waits at most `seconds`; the exit code, or -1 if it had to be killed. */
static int live_wait(const struct live *live, int seconds) {
    int status = 0;
    for (int i = 0; i < 20 * seconds; i++) {
        if (waitpid(live->pid, &status, WNOHANG) == live->pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        }
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    }
    kill(live->pid, SIGKILL);
    waitpid(live->pid, &status, 0);
    return -1;
}

static char *text_of(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    if (file && text) {
        text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return text;
}

static void assert_says(const struct live *live, const char *part) {
    char *text = text_of(live->out);
    if (!strstr(text, part)) {
        fail_msg("expected '%s' in:\n%s", part, text);
    }
    free(text);
}

static long long number_at(const json_t *object, const char *key) {
    return (long long)json_number_value(json_object_get(object, key));
}

static long long metric(const json_t *result, const char *name) {
    return number_at(json_object_get(json_object_get(result, "metrics"), name), "mean");
}

static struct served serve(const char *trace) {
    const char *arguments[] = {"--trace", trace, NULL};
    return served_start(arguments);
}

/* Agreement. */

/* Half of the usual: the cascade is too much for it even where two minutes share it. */
#define SCARCE "exchange.weight_per_minute=1200"

static bool is_there(const char *policy, const char *name) {
    char path[PATH_SIZE];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s/%s", folder, policy, name);
    return stat(path, &status) == 0 && status.st_size > 0;
}

static struct live start_agreement(const struct served *served, const char *policy) {
    char out[PATH_SIZE];
    snprintf(out, sizeof out, "%s/%s", folder, policy);
    const char *arguments[] = {sharp,   "--policy",
                               policy,  "--agreement",
                               "--out", out,
                               "--set", SCARCE,
                               "--set", "bot.lead_s=4",
                               "--set", "bot.tail_s=2",
                               "--set", "bot.coalesce_ms=20",
                               "--set", "bot.protect_within_ms=3000",
                               NULL};
    return live_start(served, policy, arguments);
}

static json_t *result_of(const char *policy) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s/result.json", folder, policy);
    json_t *result = json_load_file(path, 0, NULL);
    assert_non_null(result);
    return result;
}

/** What the folder holds, and that `weir replay --from` gives what the live run was compared to. */
static void check_folder(const char *policy) {
    json_t *result = result_of(policy);
    const json_t *live = json_object_get(result, "live");
    const json_t *agreement = json_object_get(live, "agreement");
    const json_t *captures = json_object_get(agreement, "captures");
    assert_string_equal(json_string_value(json_object_get(live, "exchange")), "weir serve");
    assert_true(json_is_true(json_object_get(agreement, "holds")));
    assert_int_equal(json_integer_value(json_array_get(captures, 0)), metric(result, "captures"));
    assert_true(metric(result, "captures") > 50);
    assert_true(metric(result, "protected_captures") > 50);
    assert_int_equal(number_at(live, "header_gap"), 0);
    assert_true(is_there(policy, "agreement.tsv") && is_there(policy, "agreement.svg") &&
                is_there(policy, "agreement.png") && is_there(policy, "timeline.svg"));
    char command[2 * PATH_SIZE + 128];
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s.again.json", folder, policy);
    snprintf(command, sizeof command, "%s replay --from %s/%s/result.json --format json > %s",
             WEIR_COMMAND, folder, policy, path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): names of the test's own */
    json_t *again = json_load_file(path, 0, NULL);
    assert_int_equal(metric(again, "captures"), json_integer_value(json_array_get(captures, 1)));
    assert_int_equal(metric(again, "opportunities"), metric(result, "opportunities"));
    json_decref(again);
    json_decref(result);
}

/** Two policies at once, each with a server of its own. A machine that was too busy to be in time
 *  gets another chance; what always differs never agrees. */
static void test_agreement(void **state) {
    (void)state;
    static const char *const policies[] = {"weir", "none"};
    const char *scarce[] = {"--trace", sharp, "--set", SCARCE, NULL};
    bool agreed[2] = {false, false};
    for (int chance = 0; chance < 3 && !(agreed[0] && agreed[1]); chance++) {
        struct served served[2];
        struct live live[2];
        for (int i = 0; i < 2; i++) {
            if (!agreed[i]) {
                served[i] = served_start(scarce);
                live[i] = start_agreement(&served[i], policies[i]);
            }
        }
        for (int i = 0; i < 2; i++) {
            if (!agreed[i]) {
                const int exit_code = live_wait(&live[i], 60);
                served_stop(&served[i], SIGTERM);
                if (exit_code != 0 && (exit_code != 4 || chance == 2)) {
                    char *text = text_of(live[i].out);
                    fail_msg("%s ended with %d:\n%s", policies[i], exit_code, text);
                }
                agreed[i] = exit_code == 0;
            }
        }
    }
    check_folder("weir");
    check_folder("none");
    json_t *none = result_of("none");
    json_t *weir = result_of("weir");
    assert_true(metric(none, "limit_errors") > 10);
    assert_true(metric(none, "http_418") > 0);
    assert_int_equal(metric(weir, "limit_errors"), 0);
    assert_int_equal(metric(weir, "opportunities"), metric(none, "opportunities"));
    json_decref(none);
    json_decref(weir);
}

/* The rest. */

static void refuse(const struct served *served, const char *const *arguments, int exit_code,
                   const char *why) {
    const struct live live = live_start(served, "refused", arguments);
    const int ended = live_wait(&live, 20);
    if (ended != exit_code) {
        char *text = text_of(live.out);
        fail_msg("expected exit code %d (%s), not %d:\n%s", exit_code, why, ended, text);
    }
    assert_says(&live, why);
}

static void test_refusals(void **state) {
    (void)state;
    struct served served = serve(calm);
    const char *other[] = {sharp, NULL};
    const char *limits[] = {calm, "--set", "exchange.weight_per_minute=100", NULL};
    const char *late[] = {calm, "--join", NULL};
    const char *ideal[] = {calm, "--policy", "ideal", NULL};
    const char *foreign[] = {calm, "--set", "foreign.dashboards=1", NULL};
    refuse(&served, other, 3, "another trace");
    const char *rules[] = {calm, "--set", "exchange.rules=strict", NULL};
    refuse(&served, limits, 3, "same --scenario");
    refuse(&served, rules, 3, "keeps the rules aster");
    refuse(&served, ideal, 2, "only the simulator");
    refuse(&served, foreign, 2, "foreign");
    struct answer answer = ask_once(&served, "POST /weir/restart", NULL, NULL);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    served_stop(&served, SIGTERM);
    const char *begun[] = {"--trace", calm, "--set", "bot.lead_s=0", NULL};
    served = served_start(begun);
    refuse(&served, late, 3, "without --join");
    served_stop(&served, SIGTERM);
    const char *fast[] = {"--trace", calm, "--speed", "2", NULL};
    const char *plain[] = {calm, NULL};
    served = served_start(fast);
    refuse(&served, plain, 3, "real time");
    served_stop(&served, SIGTERM);
    const char *quiet[] = {NULL};
    served = served_start(quiet);
    refuse(&served, plain, 3, "no trace");
    served_stop(&served, SIGTERM);
    refuse(&served, plain, 1, "cannot be reached");
    const char *beyond[] = {calm, "--url", "http://192.0.2.1", NULL};
    const char *wrong[] = {calm, "--url", "192.0.2.1", NULL};
    refuse(NULL, beyond, 2, "--i-mean-it");
    refuse(NULL, wrong, 2, "does not begin with");
}

/** Status of a POST to /weir/restart with one more header. */
static int restart_with(const struct served *served, const char *query, const char *header) {
    char text[256];
    const int fd = served_connect(served, 1);
    snprintf(text, sizeof text,
             "POST /weir/restart%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: 0\r\n\r\n", query,
             header);
    assert_true(send_text(fd, text));
    struct answer answer = receive_answer(fd);
    const int status = answer.status;
    answer_free(&answer);
    close(fd);
    return status;
}

/** What a restart forgets, what it keeps, and who may ask for it. */
static void test_restart(void **state) {
    (void)state;
    char text[4096];
    char symbol[16] = "";
    char buy[128];
    char where[128];
    char *rows = text_of(calm);
    snprintf(symbol, sizeof symbol, "%.7s", strstr(rows, ",T") + 1); /* of the first row */
    free(rows);
    snprintf(buy, sizeof buy, "symbol=%s&side=BUY&type=MARKET&quantity=5&signature=1", symbol);
    snprintf(where, sizeof where, "GET /fapi/v2/positionRisk?symbol=%s&signature=1", symbol);
    struct served served = serve(calm);
    struct answer key = ask_once(&served, "POST /fapi/v1/listenKey", "k", NULL);
    const char *listen_key = json_string_value(json_object_get(key.json, "listenKey"));
    assert_non_null(listen_key);
    char path[256];
    snprintf(path, sizeof path, "/ws/%s", listen_key);
    const int before = ws_open(&served, path);
    struct answer order = ask_once(&served, "POST /fapi/v1/order", "k", buy);
    assert_int_equal(order.status, 200);
    answer_free(&order);
    assert_true(ws_receive_until(before, "ORDER_TRADE_UPDATE", text, sizeof text));
    assert_int_equal(restart_with(&served, "", "Origin: http://127.0.0.1\r\n"), 403);
    assert_int_equal(restart_with(&served, "", "Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_int_equal(restart_with(&served, "?onset_ms=1", ""), 400);
    assert_int_equal(restart_with(&served, "", ""), 200);
    assert_false(ws_receive_until(before, "nothing more", text, sizeof text)); /* it ends */
    close(before);
    json_t *counted = served_state(&served);
    assert_int_equal(number_at(counted, "requests"), 0);
    json_decref(counted);
    struct answer positions = ask_once(&served, where, "k", NULL);
    const json_t *amount = json_object_get(json_array_get(positions.json, 0), "positionAmt");
    assert_true(json_is_string(amount) && strtod(json_string_value(amount), NULL) == 0.0);
    assert_int_equal(positions.weight, 5);
    answer_free(&positions);
    const int after = ws_open(&served, path); /* the listen key is still good */
    order = ask_once(&served, "POST /fapi/v1/order", "k", buy);
    assert_int_equal(order.orders, 1);
    answer_free(&order);
    assert_true(ws_receive_until(after, "ORDER_TRADE_UPDATE", text, sizeof text));
    close(after);
    answer_free(&key);
    served_stop(&served, SIGTERM);
}

/** A signal, or the end of the server, ends a run with what was measured so far. */
static void test_ends_early(void **state) {
    (void)state;
    const char *arguments[] = {sharp,   "--format",           "json", "--set", "bot.lead_s=1",
                               "--set", "bot.coalesce_ms=20", NULL};
    struct served first = serve(sharp);
    struct served second = serve(sharp);
    const struct live interrupted = live_start(&first, "interrupted", arguments);
    const struct live abandoned = live_start(&second, "abandoned", arguments);
    nanosleep(&(struct timespec){5, 0}, NULL);
    const char *another[] = {sharp, NULL};
    refuse(&first, another, 1, "its limiter is attached"); /* it would take the trace away */
    nanosleep(&(struct timespec){1, 0}, NULL);
    kill(interrupted.pid, SIGINT);
    served_stop(&second, SIGKILL);
    assert_int_equal(live_wait(&interrupted, 20), 128 + SIGINT);
    assert_int_equal(live_wait(&abandoned, 40), 1);
    assert_says(&abandoned, "the exchange is gone");
    served_stop(&first, SIGTERM);
    assert_says(&interrupted, "This run ended early (signal 2)");
    json_t *result = json_load_file(interrupted.out, 0, NULL);
    assert_non_null(result);
    const json_t *live = json_object_get(result, "live");
    assert_string_equal(json_string_value(json_object_get(live, "ended_early")), "signal 2");
    assert_true(metric(result, "captures") > 0);
    assert_true(metric(result, "opportunities") < 900);
    json_decref(result);
}

/** Waits until the output of a live run contains a text, and returns what follows it. */
static void await_text(const struct live *live, const char *part, char *after, size_t size) {
    for (int i = 0; i < 200; i++) {
        char *text = text_of(live->out);
        const char *at = strstr(text, part);
        if (at && strchr(at, '\n')) {
            snprintf(after, size, "%s", at + strlen(part));
            after[strcspn(after, "\n")] = '\0';
            free(text);
            return;
        }
        free(text);
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    }
    fail_msg("nobody said '%s'", part);
}

/** One request to the dashboard, with the headers that a script of its own page sends. */
static json_t *ask_dashboard(int port, const char *line, const char *token) {
    const struct served dashboard = {.port = port};
    char text[512];
    const int fd = served_connect(&dashboard, 1);
    snprintf(text, sizeof text,
             "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
             "X-Weir-Token: %s\r\nContent-Length: 2\r\n\r\n{}",
             line, port, token);
    assert_true(send_text(fd, text));
    struct answer answer = receive_answer(fd);
    json_t *json = json_incref(answer.json);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    close(fd);
    return json;
}

/** What the log of a run says of changes of its mode. */
static bool log_has_mode(const char *path, const char *mode) {
    char *text = text_of(path);
    bool found = false;
    for (char *line = strtok(text, "\n"); line && !found; line = strtok(NULL, "\n")) {
        found =
            strstr(line, "\"type\":\"state\"") && strstr(line, "\"mode\"") && strstr(line, mode);
    }
    free(text);
    return found;
}

/** The dashboard of weir live acts on the very limiter that trades. */
static void test_dashboard_switches(void **state) {
    (void)state;
    char log[PATH_SIZE];
    char url[PATH_SIZE];
    snprintf(log, sizeof log, "%s/dashboard.log", folder);
    const char *arguments[] = {calm,    "--dashboard-port", "0",     "--log",        log,
                               "--set", "bot.lead_s=1",     "--set", "bot.tail_s=2", NULL};
    struct served served = serve(calm);
    const struct live live = live_start(&served, "dashboard", arguments);
    await_text(&live, "dashboard: http://127.0.0.1:", url, sizeof url);
    const int port = (int)strtol(url, NULL, 10);
    const char *token = strstr(url, "token=");
    assert_non_null(token);
    nanosleep(&(struct timespec){2, 0}, NULL);
    json_t *done = ask_dashboard(port, "POST /api/rate-limiter/burst-mode", token + 6);
    assert_string_equal(json_string_value(json_object_get(done, "status")), "success");
    json_decref(done);
    json_t *stats = ask_dashboard(port, "POST /api/rate-limiter/reset-modes", token + 6);
    json_decref(stats);
    assert_int_equal(live_wait(&live, 30), 0);
    served_stop(&served, SIGTERM);
    assert_true(log_has_mode(log, "burst"));
    assert_true(log_has_mode(log, "normal"));
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/weir-test-live-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(sharp, sizeof sharp, "%s/sharp.csv", folder);
    snprintf(calm, sizeof calm, "%s/calm.csv", folder);
    write_trace(sharp, 1600, 10000);
    write_trace(calm, 20, 5000);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c): a name of the test's own */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agreement), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_restart), cmocka_unit_test(test_ends_early),
        cmocka_unit_test(test_dashboard_switches)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
