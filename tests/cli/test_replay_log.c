/* The log of `weir replay --log`: every request and opportunity once, in order, and in agreement
 * with the result it belongs to. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** A result and the lines of its log. */
struct logged {
    json_t *document;
    json_t *lines; /* an array */
};

static struct logged replay(const char *trace, const char *policy, const char *more) {
    const struct path path = workspace_path("log");
    char *text = WEIR_OUT("replay", trace, "--policy", policy, "--log", path.text, "--format",
                          "json", "--set", more);
    struct logged logged = {.document = parse_document(text, trace)};
    free(text);
    text = read_text(path.text);
    const size_t size = strlen(text);
    assert_true(size > 0 && text[size - 1] == '\n');
    logged.lines = json_array();
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        assert_int_equal(json_array_append_new(logged.lines, parse_document(line, "log")), 0);
    }
    free(text);
    return logged;
}

static void logged_free(struct logged *logged) {
    json_decref(logged->lines);
    json_decref(logged->document);
}

static bool is(const json_t *line, const char *key, const char *value) {
    const char *text = json_string_value(json_object_get(line, key));
    return text && strcmp(text, value) == 0;
}

static json_int_t integer(const json_t *line, const char *key) {
    const json_t *value = json_object_get(line, key);
    if (!json_is_integer(value)) {
        print_error("line %lld: '%s' is missing or no integer\n",
                    json_integer_value(json_object_get(line, "seq")), key);
        fail();
    }
    return json_integer_value(value);
}

/** Integer, or 0 if the field is left out. */
static json_int_t integer_or_0(const json_t *line, const char *key) {
    return json_object_get(line, key) ? integer(line, key) : 0;
}

static void check(bool ok, const json_t *line, const char *what) {
    if (!ok) {
        char *text = json_dumps(line, JSON_COMPACT);
        print_error("%s: %s\n", what, text);
        free(text);
        fail();
    }
}

static void check_fields(const json_t *line, const char *const *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        check(json_object_get(line, fields[i]) != NULL, line, fields[i]);
    }
}

/** A request went through its stages in their order, and its outcome is what its answer says. */
static void check_request(const json_t *line) {
    static const char *const fields[] = {"id",
                                         "client",
                                         "opportunities",
                                         "step",
                                         "attempt",
                                         "method",
                                         "path",
                                         "params",
                                         "priority",
                                         "value",
                                         "weight",
                                         "orders",
                                         "booked_weight",
                                         "booked_orders",
                                         "submitted_ns",
                                         "connection_wait_ns",
                                         "decisions",
                                         "headers",
                                         "outcome"};
    check_fields(line, fields, COUNT(fields));
    const json_int_t submitted = integer(line, "submitted_ns");
    const json_int_t sent = integer_or_0(line, "sent_ns");
    const json_int_t arrived = integer_or_0(line, "arrived_ns");
    const json_int_t answered = integer_or_0(line, "answered_ns");
    check(!sent || submitted <= sent, line, "submitted before it is sent");
    check(!arrived || (sent && sent <= arrived), line, "sent before it arrives");
    check(!answered || (sent && sent <= answered), line, "sent before it is answered");
    const json_int_t status = integer_or_0(line, "status");
    check(!status || sent, line, "only what was sent has a status");
    check(is(line, "outcome", "ok") == (status >= 200 && status < 300), line, "outcome ok");
    check(!is(line, "outcome", "limited") || status == 429, line, "outcome limited");
    check(!is(line, "outcome", "banned") || status == 418, line, "outcome banned");
    check(!is(line, "outcome", "refused") || !sent, line, "what is refused is not sent");
    check(!is(line, "outcome", "expired") || !sent, line, "what is expired is not sent");
    check(integer(line, "weight") >= 0 && integer(line, "orders") >= 0, line, "cost");
    check(arrived || (integer(line, "weight") == 0 && integer(line, "orders") == 0), line,
          "only what arrives is charged");
}

/** Decisions are in order of time, and what was sent was let through by the last of them. A
 * dashboard asks no policy. */
static void check_decisions(const json_t *line) {
    if (is(line, "client", "dashboard")) {
        return;
    }
    json_t *decisions = json_object_get(line, "decisions");
    json_int_t before = integer(line, "submitted_ns");
    const json_t *last = NULL;
    size_t index = 0;
    const json_t *decision = NULL;
    json_array_foreach(decisions, index, decision) {
        check(json_array_size(decision) == 4, line, "a decision has four parts");
        const json_int_t time = json_integer_value(json_array_get(decision, 0));
        check(time >= before, line, "decisions in order of time");
        before = time;
        last = json_array_get(decision, 1);
    }
    const bool let_through = last && strcmp(json_string_value(last), "send") == 0;
    check(let_through == (integer_or_0(line, "sent_ns") != 0), line, "sent as decided");
}

static void check_opportunity(const json_t *line) {
    static const char *const fields[] = {"id",           "time_ns",      "symbol", "side",
                                         "notional_usd", "liquidations", "state"};
    check_fields(line, fields, COUNT(fields));
    check(is(line, "side", "SELL") || is(line, "side", "BUY"), line, "side");
    check(integer(line, "liquidations") >= 1, line, "liquidations");
    check(number_at(line, "notional_usd") > 0.0, line, "notional_usd");
    check(!is(line, "state", "captured") ||
              integer(line, "accepted_ns") >= integer(line, "time_ns"),
          line, "captured when accepted");
    check(!is(line, "state", "refused") || json_object_get(line, "reason"), line,
          "refused for a reason");
}

static void check_state(const json_t *line) {
    static const char *const fields[] = {"time_ns", "what", "value"};
    check_fields(line, fields, COUNT(fields));
}

/** Time of a line as far as the log says it; 0 if it does not. */
static json_int_t time_of(const json_t *line) {
    if (is(line, "type", "state")) {
        return integer(line, "time_ns");
    }
    return integer_or_0(line, is(line, "type", "request") ? "answered_ns" : "accepted_ns");
}

static void check_lines(const struct logged *logged) {
    json_int_t before = 0;
    for (size_t i = 0; i < json_array_size(logged->lines); i++) {
        const json_t *line = json_array_get(logged->lines, i);
        check(integer(line, "seq") == (json_int_t)i + 1, line, "seq counts from 1");
        const json_int_t time = time_of(line);
        check(time == 0 || time >= before, line, "in order of time");
        before = time ? time : before;
        if (is(line, "type", "request")) {
            check_request(line);
            check_decisions(line);
        } else if (is(line, "type", "opportunity")) {
            check_opportunity(line);
        } else {
            check(is(line, "type", "state"), line, "type");
            check_state(line);
        }
    }
}

/** Sums over the log. */
struct sums {
    double opportunities, captured_usd, opportunities_usd, sent, unsent, foreign_sent, requests;
    double status_429, status_418, status_5xx;
    double states[6];
};

static const char *const state_names[6] = {"captured", "late",     "refused",
                                           "expired",  "rejected", "lost"};

static void add(struct sums *s, const json_t *line) {
    if (is(line, "type", "opportunity")) {
        s->opportunities += 1.0;
        s->opportunities_usd += number_at(line, "notional_usd");
        s->captured_usd += is(line, "state", "captured") ? number_at(line, "notional_usd") : 0.0;
        for (size_t i = 0; i < COUNT(state_names); i++) {
            s->states[i] += is(line, "state", state_names[i]);
        }
    }
    if (is(line, "type", "request")) {
        const bool sent = integer_or_0(line, "sent_ns") != 0;
        const bool own = is(line, "client", "bot");
        const json_int_t status = own ? integer_or_0(line, "status") : 0;
        s->requests += own;
        s->sent += own && sent;
        s->foreign_sent += !own && sent;
        /* what the policy was never asked about expired in the bot's own line */
        const bool asked = json_array_size(at(line, "decisions")) > 0;
        s->unsent +=
            own && (is(line, "outcome", "refused") || (is(line, "outcome", "expired") && asked));
        s->status_429 += status == 429;
        s->status_418 += status == 418;
        s->status_5xx += status >= 500;
    }
}

static void assert_near(double a, double b, const char *what) {
    const double difference = a - b;
    const double slack = 1e-9 * (a + 1.0);
    if (difference > slack || difference < -slack) {
        print_error("%s: %.12g in the log, %.12g in the document\n", what, a, b);
        fail();
    }
}

static void check_sums(const struct logged *logged) {
    struct sums s = {0};
    for (size_t i = 0; i < json_array_size(logged->lines); i++) {
        add(&s, json_array_get(logged->lines, i));
    }
    const json_t *d = logged->document;
    assert_near(s.opportunities, metric(d, "opportunities"), "opportunities");
    assert_near(s.opportunities_usd, metric(d, "opportunities_usd"), "opportunities_usd");
    assert_near(s.captured_usd, metric(d, "captured_usd"), "captured_usd");
    assert_near(s.sent, metric(d, "requests_sent"), "requests_sent");
    assert_near(s.foreign_sent, metric(d, "foreign_sent"), "foreign_sent");
    assert_near(s.status_429, metric(d, "http_429"), "http_429");
    assert_near(s.status_418, metric(d, "http_418"), "http_418");
    assert_near(s.status_5xx, metric(d, "http_5xx"), "http_5xx");
    for (size_t i = 0; i < COUNT(state_names); i++) {
        char name[32];
        snprintf(name, sizeof name, "state_%s", state_names[i]);
        assert_near(s.states[i], metric(d, name), name);
    }
    const double refused = metric(d, "refused_outbid") + metric(d, "refused_limit") +
                           metric(d, "refused_backoff") + metric(d, "refused_banned") +
                           metric(d, "refused_queue_full") + metric(d, "refused_deadline") +
                           metric(d, "refused_other");
    assert_near(s.unsent, refused, "refused_*");
}

/** Every opportunity, and every request of the bot, has one line; ids are counted without gaps. */
static void check_once(const struct logged *logged) {
    const size_t count = json_array_size(logged->lines);
    bool *seen[2] = {calloc(count + 2, sizeof(bool)), calloc(count + 2, sizeof(bool))};
    size_t counts[2] = {0};
    assert_true(seen[0] && seen[1]);
    for (size_t i = 0; i < json_array_size(logged->lines); i++) {
        const json_t *line = json_array_get(logged->lines, i);
        const bool request = is(line, "type", "request");
        if (is(line, "type", "state") || (request && !is(line, "client", "bot"))) {
            continue;
        }
        const json_int_t id = integer(line, "id");
        check(id >= 0 && (size_t)id <= count && !seen[request][id], line, "each id once");
        seen[request][id] = true;
        counts[request]++;
    }
    for (size_t i = 0; i < counts[0]; i++) {
        assert_true(seen[0][i]);
    }
    for (size_t i = 1; i <= counts[1]; i++) {
        assert_true(seen[1][i]);
    }
    free(seen[0]);
    free(seen[1]);
}

static void log_agrees_with_the_result(void **state) {
    (void)state;
    static const char *const policies[] = {"none", "current", "fixed-window", "weir"};
    const struct path trace = profile_path("hyperliquid-2025-10-10");
    for (size_t p = 0; p < COUNT(policies); p++) {
        print_message("%s\n", policies[p]);
        struct logged logged = replay(trace.text, policies[p], "bot.cascade=original");
        check_lines(&logged);
        check_sums(&logged);
        check_once(&logged);
        logged_free(&logged);
    }
}

/** Others on the same IP are in the log as well, under their own names. */
static void foreign_load_is_logged(void **state) {
    (void)state;
    static const struct {
        const char *setting, *client;
    } foreign[] = {{"foreign.dashboards=2", "dashboard"},
                   {"foreign.second_bot=true", "second-bot"}};
    const struct path trace = profile_path("binance-2025-01-27");
    for (size_t f = 0; f < COUNT(foreign); f++) {
        struct logged logged = replay(trace.text, "weir", foreign[f].setting);
        size_t lines = 0;
        for (size_t i = 0; i < json_array_size(logged.lines); i++) {
            lines += is(json_array_get(logged.lines, i), "type", "request") &&
                     is(json_array_get(logged.lines, i), "client", foreign[f].client);
        }
        assert_true(lines > 0);
        check_lines(&logged);
        check_sums(&logged);
        logged_free(&logged);
    }
}

static void same_question_same_log(void **state) {
    (void)state;
    const struct path trace = profile_path("hyperliquid-2025-10-10");
    const struct path one = workspace_path("one");
    const struct path two = workspace_path("two");
    free(WEIR_OUT("replay", trace.text, "--log", one.text));
    free(WEIR_OUT("replay", trace.text, "--log", two.text));
    char *a = read_text(one.text);
    char *b = read_text(two.text);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(log_agrees_with_the_result),
    cmocka_unit_test(foreign_load_is_logged),
    cmocka_unit_test(same_question_same_log),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
