/* What weir calibrate says of logs that were made under random rules: never what is not so, and
 * enough of what is. */

#include "cli_test.h"
#include "document.h"
#include "refusal.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WORLDS 24

/** Settings of the exchange that are drawn, and what they are drawn from. */
static const struct {
    const char *key;
    const char *values[4];
} drawn[] = {
    {"exchange.rules", {"aster", "lenient", "strict", "aster"}},
    {"exchange.window", {"fixed", "fixed", "fixed", "sliding"}},
    {"exchange.weight_per_minute", {"150", "300", "600", "2400"}},
    {"exchange.orders_per_minute", {"60", "120", "300", "1200"}},
    {"exchange.orders_per_10s", {"0", "0", "20", "50"}},
    {"exchange.charge_rejected", {"true", "false", "true", "false"}},
    {"exchange.reject_at_limit", {"true", "false", "false", "false"}},
    {"exchange.ban_after_429s", {"3", "5", "10", "30"}},
    {"exchange.ban_steps_min", {"2,10,40", "1,5", "40,240", "0.5,3"}},
    {"exchange.retry_after_weight", {"true", "false", "true", "false"}},
    {"exchange.retry_after_orders", {"true", "false", "true", "false"}},
    {"exchange.retry_after_ban", {"true", "true", "true", "false"}},
    {"exchange.ban_requests", {"ignored", "extend", "counted", "extend"}},
    {"exchange.order_header_always", {"true", "false", "false", "false"}},
    {"exchange.count_rejected_orders", {"true", "false", "false", "false"}},
    {"exchange.batch_count", {"orders", "one", "five", "orders"}},
    {"exchange.tighten_at_s", {"-1", "-1", "-1", "10"}},
    {"foreign.dashboards", {"0", "0", "0", "3"}},
    {"network.preset", {"calm", "calm", "stressed", "stressed"}},
    {"bot.strategy", {"hunt-all", "shipped", "hunt-all", "shipped"}},
};
#define DRAWN COUNT(drawn)

static const char *const policies[] = {"none", "current", "fixed-window", "weir"};

/** One drawn world. */
struct world {
    const char *values[DRAWN];
    char set[DRAWN][64];
};

static const char *truth(const struct world *w, const char *rule) {
    for (size_t i = 0; i < DRAWN; i++) {
        if (strcmp(strchr(drawn[i].key, '.') + 1, rule) == 0) {
            return w->values[i];
        }
    }
    return "";
}

static void draw_world(uint64_t *state, struct world *w) {
    for (size_t i = 0; i < DRAWN; i++) {
        w->values[i] = drawn[i].values[draw(state) % 4];
        snprintf(w->set[i], sizeof w->set[i], "%s=%s", drawn[i].key, w->values[i]);
    }
}

static struct path make_log(const struct world *w, const char *policy) {
    const char *arguments[2 * DRAWN + 8];
    const struct path trace = workspace_path("trace.csv");
    const struct path log = workspace_path("log.jsonl");
    size_t n = 0;
    arguments[n++] = "replay";
    arguments[n++] = trace.text;
    arguments[n++] = "--policy";
    arguments[n++] = policy;
    arguments[n++] = "--log";
    arguments[n++] = log.text;
    for (size_t i = 0; i < DRAWN; i++) {
        arguments[n++] = "--set";
        arguments[n++] = w->set[i];
    }
    arguments[n] = NULL;
    free(run_quietly(&(struct run_setting){0}, arguments));
    return log;
}

/** The numbers in a text ("-0.1 to 0.2 s"), at most two; how many there are. */
static size_t numbers_in(const char *text, double found[2]) {
    size_t count = 0;
    while (*text && count < 2) {
        char *end = NULL;
        const double number = strtod(text, &end);
        if (end == text) {
            text++;
        } else {
            found[count++] = number;
            text = end;
        }
    }
    return count;
}

static double number_in(const char *text) {
    double found[2] = {0.0, 0.0};
    (void)numbers_in(text, found);
    return found[0];
}

/** Whether a number lies in "above 5", "at least 5", "5 to 7", "5 to 7 s". */
static bool lies_in(double number, const char *value) {
    double found[2] = {0.0, 0.0};
    const size_t count = numbers_in(value, found);
    if (strncmp(value, "above ", 6) == 0) {
        return number > found[0];
    }
    if (strncmp(value, "at least ", 9) == 0) {
        return number >= found[0];
    }
    return count == 2 && found[0] <= number && number <= found[1];
}

static bool limit_is_so(const char *value, bool supported, const char *is, bool tightened) {
    if (strncmp(value, "a limiter", 9) == 0) {
        return strcmp(is, "0") != 0 || tightened;
    }
    if (strncmp(value, "one constant", 12) == 0 || tightened) {
        return tightened;
    }
    return supported ? lies_in(number_in(is), value) : strcmp(value, is) != 0;
}

/** A ban has one of the steps, unless requests in it made it longer. */
static bool length_is_so(const char *value, const struct world *w) {
    const char *steps = truth(w, "ban_steps_min");
    if (strcmp(truth(w, "ban_requests"), "extend") == 0) {
        return true;
    }
    for (const char *at = steps; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (lies_in(60.0 * number_in(at), value)) {
            return true;
        }
    }
    return false;
}

static bool is_so(const struct world *w, const char *rule, const char *value, bool supported) {
    const char *is = truth(w, rule);
    const bool tightened = strcmp(truth(w, "tighten_at_s"), "-1") != 0;
    if (strcmp(rule, "window") == 0) {
        return (strcmp(value, is) == 0) == supported;
    }
    if (strcmp(rule, "window phase") == 0) {
        return lies_in(0.0, value);
    }
    if (strcmp(rule, "ban_after_429s") == 0) {
        return supported && lies_in(number_in(is), value);
    }
    if (strcmp(rule, "ban_requests") == 0) {
        return supported && (strcmp(value, "extend") == 0) == (strcmp(is, "extend") == 0);
    }
    if (strstr(rule, "_per_")) {
        return limit_is_so(value, supported, is, tightened);
    }
    if (strcmp(rule, "length of a ban") == 0) {
        return length_is_so(value, w);
    }
    return strcmp(rule, "stretch of 418s") == 0 || (supported && strcmp(value, is) == 0);
}

/** Rules that were recovered somewhere, so that silence does not pass for honesty. */
struct tally {
    char rules[32][32];
    size_t count;
};

static void note(struct tally *t, const char *rule) {
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->rules[i], rule) == 0) {
            return;
        }
    }
    assert_true(t->count < COUNT(t->rules));
    snprintf(t->rules[t->count++], sizeof t->rules[0], "%s", rule);
}

static void check_findings(const struct world *w, size_t number, const char *policy,
                           const char *text, struct tally *recovered) {
    json_t *document = parse_document(text, "calibrate");
    const json_t *rules = at(document, "rules");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *f = json_array_get(rules, i);
        const char *verdict = text_at(f, "verdict");
        const char *rule = text_at(f, "rule");
        if (strcmp(verdict, "open") == 0) {
            continue;
        }
        if (!is_so(w, rule, text_at(f, "value"), strcmp(verdict, "supports") == 0)) {
            for (size_t k = 0; k < DRAWN; k++) {
                print_error("--set %s ", w->set[k]);
            }
            fail_msg("world %zu, policy %s: %s: %s %s (%s)", number, policy, rule, verdict,
                     text_at(f, "value"), text_at(f, "evidence"));
        }
        note(recovered, rule);
    }
    json_decref(document);
}

static void claims_hold_under_random_rules(void **state) {
    (void)state;
    static const char *const wanted[] = {
        "window",          "window phase",      "charge_rejected",    "weight_per_minute",
        "orders_per_10s",  "orders_per_minute", "retry_after_weight", "retry_after_orders",
        "retry_after_ban", "ban_after_429s",    "ban_requests",       "length of a ban"};
    struct tally recovered = {.count = 0};
    uint64_t seed = 20251010;
    char *rows = synthetic_recording(11, 1500);
    write_text("trace.csv", rows);
    free(rows);
    for (size_t n = 0; n < WORLDS; n++) {
        struct world w;
        draw_world(&seed, &w);
        const char *policy = policies[draw(&seed) % COUNT(policies)];
        const struct path log = make_log(&w, policy);
        char *text = WEIR_OUT("calibrate", log.text, "--format", "json");
        check_findings(&w, n, policy, text, &recovered);
        free(text);
    }
    for (size_t i = 0; i < COUNT(wanted); i++) {
        bool found = false;
        for (size_t k = 0; k < recovered.count; k++) {
            found = found || strcmp(recovered.rules[k], wanted[i]) == 0;
        }
        if (!found) {
            print_error("%s was recovered in none of %d worlds\n", wanted[i], WORLDS);
        }
        assert_true(found);
    }
}

/** Dashboards on the address raise the header between two requests as a charge would: nothing can
 * be said of it then. */
static void others_are_not_taken_for_a_charge(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    const struct path log = workspace_path("others.jsonl");
    free(WEIR_OUT("replay", trace.text, "--policy", "fixed-window", "--seed", "43", "--set",
                  "exchange.charge_rejected=false", "--set", "exchange.reject_at_limit=true",
                  "--set", "exchange.tighten_at_s=60", "--set", "foreign.dashboards=3", "--log",
                  log.text));
    char *text = WEIR_OUT("calibrate", log.text, "--format", "json");
    json_t *document = parse_document(text, "others");
    const json_t *rules = at(document, "rules");
    bool seen = false;
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *f = json_array_get(rules, i);
        if (strcmp(text_at(f, "rule"), "charge_rejected") == 0) {
            assert_string_equal(text_at(f, "verdict"), "open");
            seen = strstr(text_at(f, "evidence"), "of 0 lone") == NULL;
        }
    }
    assert_true(seen);
    assert_true(number_at(document, "foreign_weight_per_minute") > 0.0);
    json_decref(document);
    free(text);
}

/** A log as a bot would write it, with secrets in it, says the same as weir's own. */
static const char csv_log[] = "ts,done,verb,url,http,used,apiKey\n"
                              "1760130000.001,1760130000.031,GET,https://host/fapi/v1/"
                              "depth?symbol=BTCUSDT&limit=100&signature=s3cret,"
                              "200,5,k3y\n"
                              "1760130000.101,1760130000.131,POST,/fapi/v1/order,200,6,k3y\n"
                              "1760130000.201,,POST,/fapi/v1/order,,,k3y\n";

static void reads_a_log_by_a_column_map(void **state) {
    (void)state;
    const struct path log = write_text("bot.csv", csv_log);
    const struct path scenario = workspace_path("scenario.json");
    char *text = WEIR_OUT("calibrate", log.text, "--columns",
                          "sent=ts,answered=done,method=verb,path=url,status=http,weight=used",
                          "--format", "json", "-o", scenario.text);
    json_t *document = parse_document(text, "calibrate");
    assert_true(number_at(document, "requests") == 3.0);
    assert_true(number_at(document, "again answered") == 2.0);
    assert_true(number_at(document, "again same_status") == 2.0);
    char *written = read_text(scenario.text);
    assert_null(strstr(text, "s3cret"));
    assert_null(strstr(text, "k3y"));
    assert_null(strstr(written, "s3cret"));
    free(written);
    json_decref(document);
    free(text);
    /* the scenario is one */
    char *recording = synthetic_recording(3, 50);
    const struct path trace = write_text("after.csv", recording);
    free(recording);
    free(WEIR_OUT("replay", trace.text, "--scenario", scenario.text));
}

static void bad_logs_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *parts;
    } bad[] = {
        {"", "no request was found"},
        {"a,b\n1,2\n", "line 1|no column 'sent_ns'|--columns sent="},
        {"{\"sent_ns\": \"soon\", \"method\": \"GET\", \"path\": \"/fapi/v1/ping\"}\n",
         "line 1|field sent|soon"},
        {"{\"sent_ns\": 1760130000, \"method\": \"EAT\", \"path\": \"/fapi/v1/ping\"}\n",
         "line 1|method|EAT"},
        {"{\"sent_ns\": 1760130000, \"method\": \"GET\"}\n", "line 1|path is missing"},
        {"{\"sent_ns\": 1760130000, \"answered_ns\": 1760129999, \"status\": 200, \"method\": "
         "\"GET\", "
         "\"path\": \"/fapi/v1/ping\"}\n",
         "line 1|answered before"},
        {"{\"sent_ns\": 1760130000, \"method\": \"GET\", \"path\": \"/fapi/v1/ping\", \"status\": "
         "\"ok\"}\n",
         "line 1|status|whole number|ok"},
        {"{}\nnonsense\n", "line 2|not a JSON object"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct path log = write_text("bad.log", bad[i].text);
        assert_true(
            is_refused(WEIR("calibrate", log.text), EXIT_BAD_INPUT, bad[i].parts, bad[i].text));
    }
    assert_true(is_refused(WEIR("calibrate", "/nowhere.jsonl"), EXIT_BAD_INPUT, "nowhere.jsonl",
                           "no file"));
    const struct path log = write_text("good.csv", csv_log);
    assert_true(is_refused(WEIR("calibrate", log.text, "--columns", "when=ts"), EXIT_BAD_INPUT,
                           "--columns|when=ts|sent, answered", "columns"));
    assert_true(is_refused(WEIR("calibrate"), EXIT_WRONG_USE, "expected a log", "no log"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_hold_under_random_rules),
        cmocka_unit_test(others_are_not_taken_for_a_charge),
        cmocka_unit_test(reads_a_log_by_a_column_map),
        cmocka_unit_test(bad_logs_are_refused),
    };
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
