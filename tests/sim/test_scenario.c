/**
 * Scenarios: defaults, presets, files, and what is said of a setting that is not right.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draws.h"
#include "scenario.h"
#include "temporary.h"

#define SEEDS 200

static struct weir_settings *new_settings(void) {
    struct weir_settings *settings = weir_settings_create();
    assert_non_null(settings);
    return settings;
}

/** Adds assignments (NULL ends them) that must have the right form. */
static void add_all(struct weir_settings *settings, const char *const *assignments) {
    struct weir_scenario_error error;
    for (size_t i = 0; assignments[i]; i++) {
        assert_int_equal(weir_settings_add(settings, assignments[i], &error), WEIR_SCENARIO_OK);
    }
}

/** The scenario of some assignments, all of them right. */
static struct weir_scenario resolved(const char *const *assignments) {
    struct weir_settings *settings = new_settings();
    struct weir_scenario scenario;
    struct weir_scenario_error error = {0};
    add_all(settings, assignments);
    if (weir_settings_resolve(settings, &scenario, &error)) {
        print_error("%s\n", error.text);
        fail();
    }
    weir_settings_destroy(settings);
    return scenario;
}

#define RESOLVED(...) resolved((const char *const[]){__VA_ARGS__, NULL})

static void assert_mentions(const char *text, const char *part) {
    if (!strstr(text, part)) {
        print_error("'%s' does not say '%s'\n", text, part);
        fail();
    }
}

/** The scenario of one assignment is refused as wrong use, and the text says each part (NULL ends).
 */
static void assert_refused(const char *assignment, const char *const *parts) {
    struct weir_settings *settings = new_settings();
    struct weir_scenario scenario;
    struct weir_scenario_error error = {0};
    enum weir_scenario_status status = weir_settings_add(settings, assignment, &error);
    if (!status) {
        status = weir_settings_resolve(settings, &scenario, &error);
    }
    if (status != WEIR_SCENARIO_UNKNOWN) {
        print_error("'%s' is not refused\n", assignment);
    }
    assert_int_equal(status, WEIR_SCENARIO_UNKNOWN);
    assert_int_equal(error.status, status);
    for (size_t i = 0; parts[i]; i++) {
        assert_mentions(error.text, parts[i]);
    }
    weir_settings_destroy(settings);
}

#define REFUSED(assignment, ...)                                                                   \
    assert_refused(assignment, (const char *const[]){__VA_ARGS__, NULL})

static void test_defaults_are_those_of_the_design(void **state) {
    (void)state;
    struct weir_scenario s;
    weir_scenario_defaults(&s);
    ASSERT_NEAR(s.feed.throttle_ms, 1000.0, 0.0);
    assert_int_equal(s.feed.keep, WEIR_KEEP_FIRST);
    assert_int_equal(s.feed.align, WEIR_ALIGN_EVENT);
    assert_string_equal(s.bot.strategy, "hunt-all");
    assert_int_equal(s.bot.cascade, WEIR_CASCADE_DEFER);
    ASSERT_NEAR(s.bot.opportunity_window_ms, 3000.0, 0.0);
    ASSERT_NEAR(s.bot.coalesce_ms, 200.0, 0.0);
    ASSERT_NEAR(s.bot.protect_within_ms, 10000.0, 0.0);
    assert_int_equal(s.bot.value, WEIR_VALUE_IMPACT);
    assert_string_equal(s.exchange.profile, "aster");
    assert_string_equal(s.exchange.rules_name, "aster");
    assert_int_equal(s.exchange.rules.weight_per_minute, 2400);
    assert_int_equal(s.exchange.rules.orders_per_minute, 1200);
    assert_int_equal(s.exchange.rules.ban_after_429s, 10);
    ASSERT_NEAR(s.exchange.margin_usd, 0.0, 0.0); /* position caps are off */
    assert_true(s.exchange.tighten_at_s < 0.0);
    assert_string_equal(s.network.preset, "stressed");
    ASSERT_NEAR(s.network.peak, 10.0, 0.0);
    ASSERT_NEAR(s.network.outage_s, 0.0, 0.0);
    assert_int_equal(s.foreign.dashboards, 0);
    assert_false(s.foreign.second_bot);
    assert_int_equal(s.limiter_count, 0);
}

static void test_default_rules_are_those_of_the_rule_set(void **state) {
    (void)state;
    static const char *const names[] = {"aster", "lenient", "strict"};
    for (size_t i = 0; i < 3; i++) {
        char assignment[64];
        snprintf(assignment, sizeof assignment, "exchange.rules=%s", names[i]);
        const struct weir_scenario s = RESOLVED(assignment);
        struct weir_exchange_rules expected;
        assert_true(weir_exchange_rules_find(names[i], &expected));
        const struct weir_exchange_rules *rules = &s.exchange.rules;
        assert_int_equal(rules->weight_per_minute, expected.weight_per_minute);
        assert_int_equal(rules->orders_per_10s, expected.orders_per_10s);
        assert_int_equal(rules->charge_rejected, expected.charge_rejected);
        assert_int_equal(rules->ban_requests, expected.ban_requests);
        assert_int_equal(rules->ban_after_429s, expected.ban_after_429s);
        assert_int_equal(rules->ban_window_ns, expected.ban_window_ns);
        assert_int_equal(rules->ban_decay_ns, expected.ban_decay_ns);
        assert_int_equal(rules->ban_step_count, expected.ban_step_count);
        for (int32_t k = 0; k < expected.ban_step_count; k++) {
            assert_int_equal(rules->ban_steps_ns[k], expected.ban_steps_ns[k]);
        }
    }
}

static void test_presets_come_first_wherever_they_stand(void **state) {
    (void)state;
    struct weir_scenario s =
        RESOLVED("network.base_ms=7", "exchange.ban_after_429s=4", "exchange.ban_steps_min=1,3",
                 "network.preset=outage", "exchange.rules=strict");
    ASSERT_NEAR(s.network.base_ms, 7.0, 0.0);
    ASSERT_NEAR(s.network.outage_s, 20.0, 0.0);
    assert_int_equal(s.exchange.rules.ban_after_429s, 4);
    assert_int_equal(s.exchange.rules.orders_per_10s, 300);
    assert_int_equal(s.exchange.rules.ban_step_count, 2);
    assert_int_equal(s.exchange.rules.ban_steps_ns[1], 3 * MINUTE);
    s = RESOLVED("network.preset=outage", "network.preset=calm");
    ASSERT_NEAR(s.network.outage_s, 0.0, 0.0);
    ASSERT_NEAR(s.network.peak, 1.0, 0.0);
}

static void test_what_is_set_later_wins(void **state) {
    (void)state;
    const struct weir_scenario s = RESOLVED("feed.keep=latest", "limiter.normal.buffer=0.2",
                                            "feed.keep=largest", "limiter.normal.buffer=0.3");
    assert_int_equal(s.feed.keep, WEIR_KEEP_LARGEST);
    assert_int_equal(s.limiter_count, 1);
    assert_string_equal(s.limiter[0].key, "normal.buffer");
    assert_string_equal(s.limiter[0].value, "0.3");
}

static void test_an_unknown_key_names_the_nearest(void **state) {
    (void)state;
    const struct weir_scenario_option *option = NULL;
    for (size_t i = 0; (option = weir_scenario_option_at(i)); i++) {
        char key[96];
        char assignment[128];
        snprintf(key, sizeof key, "%sx", option->key);
        assert_string_equal(weir_scenario_nearest(key), option->key);
        snprintf(key, sizeof key, "%s", option->key);
        memmove(key + 1, key + 2, strlen(key + 1)); /* the second letter is missing */
        snprintf(assignment, sizeof assignment, "%s=1", key);
        REFUSED(assignment, key, option->key);
    }
    REFUSED("limiter.normal.bufer=0.1", "limiter.normal.bufer", "limiter.normal.buffer");
    REFUSED("limiter.=1", "limiter.");
    char long_key[200];
    memset(long_key, 'k', sizeof long_key);
    long_key[sizeof long_key - 1] = '\0';
    assert_non_null(weir_scenario_nearest(long_key));
}

static void test_a_setting_without_key_or_value_is_refused(void **state) {
    (void)state;
    REFUSED("feed.keep", "feed.keep", "key=value");
    REFUSED("=1", "key=value");
    REFUSED("", "key=value");
    REFUSED("bot.strategy=", "bot.strategy");
    REFUSED("feed.delay_ms=", "feed.delay_ms", "number");
    char long_value[600];
    memset(long_value, 'v', sizeof long_value);
    memcpy(long_value, "bot.strategy=", strlen("bot.strategy="));
    long_value[sizeof long_value - 1] = '\0';
    REFUSED(long_value, "bot.strategy", "long");
}

static bool is_whole(const struct weir_scenario_option *o) {
    return o->kind == 'i' || o->kind == 'j';
}

static bool is_number(const struct weir_scenario_option *o) {
    return is_whole(o) || o->kind == 'n' || o->kind == 'l';
}

static void assert_number_refused(const struct weir_scenario_option *o, double number) {
    char assignment[160];
    char low[32];
    char high[32];
    snprintf(assignment, sizeof assignment, "%s=%.17g", o->key, number);
    snprintf(low, sizeof low, "%.12g", o->min);
    snprintf(high, sizeof high, "%.12g", o->max);
    REFUSED(assignment, o->key, low, high);
}

static void test_numbers_out_of_range_say_the_range(void **state) {
    (void)state;
    const struct weir_scenario_option *o = NULL;
    for (size_t i = 0; (o = weir_scenario_option_at(i)); i++) {
        if (!is_number(o)) {
            continue;
        }
        char assignment[160];
        snprintf(assignment, sizeof assignment, "%s=%.17g", o->key, o->min);
        RESOLVED(assignment);
        snprintf(assignment, sizeof assignment, "%s=%.17g", o->key, o->max);
        RESOLVED(assignment);
        assert_number_refused(o, o->min - 1.0);
        assert_number_refused(o, o->max * 1.001 + 1.0);
        static const char *const wrong[] = {"abc", "1x", "nan", "inf", "-inf", "1e400", "--1"};
        for (size_t w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
            snprintf(assignment, sizeof assignment, "%s=%s", o->key, wrong[w]);
            REFUSED(assignment, o->key, wrong[w]);
        }
        if (is_whole(o)) {
            snprintf(assignment, sizeof assignment, "%s=%.1f", o->key, o->min + 0.5);
            REFUSED(assignment, o->key, "whole");
        }
    }
}

static void test_wrong_choices_and_flags_say_what_would_be_right(void **state) {
    (void)state;
    const struct weir_scenario_option *o = NULL;
    for (size_t i = 0; (o = weir_scenario_option_at(i)); i++) {
        static const char *const wrong[] = {"", "nonsense", "TRUE", "|", "a|b"};
        for (size_t w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
            char assignment[160];
            snprintf(assignment, sizeof assignment, "%s=%s", o->key, wrong[w]);
            if (o->choices) {
                REFUSED(assignment, o->key, o->choices);
            } else if (o->kind == 'f') {
                REFUSED(assignment, o->key, "true", "false");
            }
        }
    }
}

static void test_lists_hold_one_to_eight_numbers(void **state) {
    (void)state;
    const struct weir_scenario s = RESOLVED("exchange.ban_steps_min=1,2,3,4,5,6,7,8");
    assert_int_equal(s.exchange.rules.ban_step_count, 8);
    REFUSED("exchange.ban_steps_min=1,2,3,4,5,6,7,8,9", "exchange.ban_steps_min", "8");
    REFUSED("exchange.ban_steps_min=1,x", "exchange.ban_steps_min");
    REFUSED("exchange.ban_steps_min=", "exchange.ban_steps_min");
    REFUSED("exchange.ban_steps_min=1,0", "exchange.ban_steps_min");
    REFUSED("exchange.ban_steps_min=1,,2", "exchange.ban_steps_min");
    REFUSED("exchange.ban_steps_min=1,", "exchange.ban_steps_min");
}

/* ---- there and back ---- */

static void draw_choice(struct draws *draws, const char *choices, char *text, size_t size) {
    size_t count = 1;
    for (const char *c = choices; *c; c++) {
        count += *c == '|';
    }
    const char *at = choices;
    for (int64_t skip = draw(draws, 0, (int64_t)count - 1); skip > 0; skip--) {
        at = strchr(at, '|') + 1;
    }
    snprintf(text, size, "%.*s", (int)strcspn(at, "|"), at);
}

static double draw_number(struct draws *draws, const struct weir_scenario_option *o) {
    const double share = (double)(draw_word(draws) >> 11) / 9007199254740992.0;
    const double number = o->min + share * share * share * (o->max - o->min);
    return is_whole(o) ? floor(number) : number;
}

static void draw_value(struct draws *draws, const struct weir_scenario_option *o, char *text,
                       size_t size) {
    if (o->choices) {
        draw_choice(draws, o->choices, text, size);
    } else if (o->kind == 'f') {
        snprintf(text, size, "%s", draw_percent(draws, 50) ? "true" : "false");
    } else if (o->kind == 'l') {
        size_t used = 0;
        const int64_t count = draw(draws, 1, WEIR_BAN_STEPS_MAX);
        for (int64_t i = 0; i < count; i++) {
            used += (size_t)snprintf(text + used, size - used, "%s%.17g", i ? "," : "",
                                     draw_number(draws, o));
        }
    } else if (is_number(o)) {
        snprintf(text, size, "%.17g", draw_number(draws, o));
    } else {
        snprintf(text, size, "/some/where/strategy-%lld.json", (long long)draw(draws, 0, 999));
    }
}

static struct weir_scenario random_scenario(uint64_t seed) {
    struct draws draws = {seed};
    struct weir_settings *settings = new_settings();
    struct weir_scenario scenario;
    struct weir_scenario_error error;
    const struct weir_scenario_option *o = NULL;
    for (size_t i = 0; (o = weir_scenario_option_at(i)); i++) {
        char value[WEIR_TEXT_MAX];
        char assignment[WEIR_TEXT_MAX + 100];
        draw_value(&draws, o, value, sizeof value);
        snprintf(assignment, sizeof assignment, "%s=%s", o->key, value);
        CHECK_SEED(seed, draw_percent(&draws, 30) ||
                             weir_settings_add(settings, assignment, &error) == WEIR_SCENARIO_OK);
    }
    CHECK_SEED(seed, weir_settings_resolve(settings, &scenario, &error) == WEIR_SCENARIO_OK);
    weir_settings_destroy(settings);
    return scenario;
}

/** Every value as text, set anew, in reverse order. */
static struct weir_scenario there_and_back(uint64_t seed, const struct weir_scenario *scenario) {
    struct weir_settings *settings = new_settings();
    struct weir_scenario back;
    struct weir_scenario_error error;
    size_t count = 0;
    while (weir_scenario_option_at(count)) {
        count++;
    }
    while (count-- > 0) {
        char text[WEIR_TEXT_MAX];
        char assignment[WEIR_TEXT_MAX + 100];
        weir_scenario_value(scenario, count, text, sizeof text);
        snprintf(assignment, sizeof assignment, "%s=%s", weir_scenario_option_at(count)->key, text);
        CHECK_SEED(seed, weir_settings_add(settings, assignment, &error) == WEIR_SCENARIO_OK);
    }
    CHECK_SEED(seed, weir_settings_resolve(settings, &back, &error) == WEIR_SCENARIO_OK);
    weir_settings_destroy(settings);
    return back;
}

static void assert_same_scenario(uint64_t seed, const struct weir_scenario *a,
                                 const struct weir_scenario *b) {
    const struct weir_scenario_option *o = NULL;
    for (size_t i = 0; (o = weir_scenario_option_at(i)); i++) {
        char left[WEIR_TEXT_MAX];
        char right[WEIR_TEXT_MAX];
        weir_scenario_value(a, i, left, sizeof left);
        weir_scenario_value(b, i, right, sizeof right);
        if (strcmp(left, right) != 0) {
            print_error("%s: '%s' became '%s'\n", o->key, left, right);
        }
        CHECK_SEED(seed, strcmp(left, right) == 0);
    }
    const struct weir_exchange_rules *x = &a->exchange.rules;
    const struct weir_exchange_rules *y = &b->exchange.rules;
    CHECK_SEED(seed, x->ban_window_ns == y->ban_window_ns && x->ban_decay_ns == y->ban_decay_ns);
    CHECK_SEED(seed, x->ban_step_count == y->ban_step_count);
    CHECK_SEED(seed, memcmp(x->ban_steps_ns, y->ban_steps_ns,
                            (size_t)x->ban_step_count * sizeof x->ban_steps_ns[0]) == 0);
    CHECK_SEED(seed, a->network.base_ms == b->network.base_ms &&
                         a->bot.clock_offset_ms == b->bot.clock_offset_ms);
}

static void test_a_scenario_as_text_is_the_same_scenario(void **state) {
    (void)state;
    struct weir_scenario defaults;
    weir_scenario_defaults(&defaults);
    const struct weir_scenario same = there_and_back(0, &defaults);
    assert_same_scenario(0, &defaults, &same);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct weir_scenario scenario = random_scenario(seed);
        const struct weir_scenario back = there_and_back(seed, &scenario);
        assert_same_scenario(seed, &scenario, &back);
    }
}

/** What a scenario accepts, the exchange accepts: its ranges are no wider. */
static void test_every_exchange_setting_in_range_makes_an_exchange(void **state) {
    (void)state;
    const struct weir_scenario_option *o = NULL;
    for (size_t i = 0; (o = weir_scenario_option_at(i)); i++) {
        if (strncmp(o->key, "exchange.", 9) != 0 || !is_number(o)) {
            continue;
        }
        for (int end = 0; end < 2; end++) {
            char assignment[160];
            snprintf(assignment, sizeof assignment, "%s=%.17g", o->key, end ? o->max : o->min);
            const struct weir_scenario s = RESOLVED(assignment);
            struct weir_exchange *exchange = weir_exchange_create(&s.exchange.rules, 1, 1);
            if (!exchange) {
                print_error("%s makes no exchange\n", assignment);
            }
            assert_non_null(exchange);
            weir_exchange_destroy(exchange);
        }
    }
}

/* ---- files ---- */

static enum weir_scenario_status add_file(struct weir_settings *settings, const char *text,
                                          struct weir_scenario_error *error) {
    const struct temporary file = temporary_write(text);
    const enum weir_scenario_status status = weir_settings_add_file(settings, file.path, error);
    if (status) {
        assert_mentions(error->text, file.path);
        assert_int_equal(error->status, status);
    }
    temporary_remove(&file);
    return status;
}

static void test_files_may_be_nested_or_dotted(void **state) {
    (void)state;
    struct weir_settings *settings = new_settings();
    struct weir_scenario s;
    struct weir_scenario_error error = {0};
    const char *const text =
        "{\"feed\": {\"keep\": \"latest\", \"throttle_ms\": 12.5},\n"
        " \"bot.connections\": 8, \"foreign\": {\"second_bot\": true},\n"
        " \"exchange\": {\"ban_steps_min\": [1, 2.5], \"rules\": \"strict\"},\n"
        " \"limiter\": {\"normal\": {\"buffer\": 0.05}, \"burst.buffer\": 0}}";
    assert_int_equal(add_file(settings, text, &error), WEIR_SCENARIO_OK);
    add_all(settings, (const char *const[]){"bot.connections=9", NULL});
    assert_int_equal(weir_settings_resolve(settings, &s, &error), WEIR_SCENARIO_OK);
    assert_int_equal(s.feed.keep, WEIR_KEEP_LATEST);
    ASSERT_NEAR(s.feed.throttle_ms, 12.5, 0.0);
    assert_int_equal(s.bot.connections, 9); /* set later */
    assert_true(s.foreign.second_bot);
    assert_int_equal(s.exchange.rules.ban_step_count, 2);
    assert_int_equal(s.exchange.rules.ban_steps_ns[1], 150 * SECOND);
    assert_int_equal(s.exchange.rules.orders_per_10s, 300);
    assert_int_equal(s.limiter_count, 2);
    weir_settings_destroy(settings);
}

static void assert_file(const char *text, enum weir_scenario_status expected, const char *part) {
    struct weir_settings *settings = new_settings();
    struct weir_scenario s;
    struct weir_scenario_error error = {0};
    enum weir_scenario_status status = add_file(settings, text, &error);
    if (!status) {
        status = weir_settings_resolve(settings, &s, &error);
    }
    if (status != expected) {
        print_error("%s\n", text);
    }
    assert_int_equal(status, expected);
    assert_mentions(error.text, part);
    weir_settings_destroy(settings);
}

static void test_files_that_are_not_right_are_refused(void **state) {
    (void)state;
    assert_file("{\"feed\": ", WEIR_SCENARIO_BAD_FILE, ":1:");
    assert_file("{\"feed\": {\n\"keep\": \"first\",\n\"keep\": \"latest\"}}",
                WEIR_SCENARIO_BAD_FILE, ":3:");
    assert_file("", WEIR_SCENARIO_BAD_FILE, "JSON");
    assert_file("[1, 2]", WEIR_SCENARIO_BAD_FILE, "object");
    assert_file("{\"feed\": {\"keep\": null}}", WEIR_SCENARIO_UNKNOWN, "feed.keep");
    assert_file("{\"feed\": {\"kept\": \"first\"}}", WEIR_SCENARIO_UNKNOWN, "feed.keep");
    assert_file("{\"feed\": {\"keep\": 3}}", WEIR_SCENARIO_UNKNOWN, "first|latest|largest");
    assert_file("{\"feed\": 7}", WEIR_SCENARIO_UNKNOWN, "feed");
    assert_file("{\"bot\": {\"connections\": 1.5}}", WEIR_SCENARIO_UNKNOWN, "bot.connections");
    assert_file("{\"exchange\": {\"ban_steps_min\": [\"a\"]}}", WEIR_SCENARIO_UNKNOWN,
                "exchange.ban_steps_min");
    assert_file("{\"exchange\": {\"ban_steps_min\": []}}", WEIR_SCENARIO_UNKNOWN,
                "exchange.ban_steps_min");
    assert_file("{\"feed\": {\"throttle_ms\": [1000]}}", WEIR_SCENARIO_UNKNOWN, "feed.throttle_ms");
}

static void test_a_file_that_is_not_there_is_said_to_be_so(void **state) {
    (void)state;
    struct weir_settings *settings = new_settings();
    struct weir_scenario_error error = {0};
    assert_int_equal(weir_settings_add_file(settings, "/nowhere/at/all.json", &error),
                     WEIR_SCENARIO_NO_FILE);
    assert_mentions(error.text, "/nowhere/at/all.json");
    weir_settings_destroy(settings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_those_of_the_design),
        cmocka_unit_test(test_default_rules_are_those_of_the_rule_set),
        cmocka_unit_test(test_presets_come_first_wherever_they_stand),
        cmocka_unit_test(test_what_is_set_later_wins),
        cmocka_unit_test(test_an_unknown_key_names_the_nearest),
        cmocka_unit_test(test_a_setting_without_key_or_value_is_refused),
        cmocka_unit_test(test_numbers_out_of_range_say_the_range),
        cmocka_unit_test(test_wrong_choices_and_flags_say_what_would_be_right),
        cmocka_unit_test(test_lists_hold_one_to_eight_numbers),
        cmocka_unit_test(test_a_scenario_as_text_is_the_same_scenario),
        cmocka_unit_test(test_every_exchange_setting_in_range_makes_an_exchange),
        cmocka_unit_test(test_files_may_be_nested_or_dotted),
        cmocka_unit_test(test_files_that_are_not_right_are_refused),
        cmocka_unit_test(test_a_file_that_is_not_there_is_said_to_be_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
