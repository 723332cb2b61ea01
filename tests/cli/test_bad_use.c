/* Wrong options and settings: exit code 2 with a message that names the option or key and what
 * would be right; files of settings that are none: exit code 3. */

#include "cli_test.h"
#include "refusal.h"
#include "workspace.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** An option, its value (NULL: none), and what the message says. */
struct wrong {
    const char *option, *value, *parts;
};

static const struct wrong wrong_options[] = {
    {"--nonsense", NULL, "--nonsense"},
    {"--polcy", "weir", "--polcy"},
    {"-x", NULL, "x"},
    {"--set", NULL, "--set"},
    {"--skip-bad=yes", NULL, "--skip-bad"},
    {"--policy", "nonsense", "nonsense|none|current|fixed-window|weir"},
    {"--policy", "weir,nonsense", "nonsense|none|current|fixed-window|weir"},
    {"--policy", "", "--policy"},
    {"--policy", ",", "--policy"},
    {"--policy", "weir,,", "--policy"},
    {"--policy", "weir,weir", "weir"},
    {"--policy", "Weir", "Weir|weir"},
    {"--replications", "0", "--replications|'0'|from 1"},
    {"--replications", "-1", "--replications|'-1'|from 1"},
    {"--replications", "1.5", "--replications|1.5|whole number"},
    {"--replications", "many", "--replications|many|whole number"},
    {"--replications", "", "--replications|whole number"},
    {"--replications", "99999999999999999999", "--replications|whole number"},
    {"--threads", "0", "--threads|'0'|from 1"},
    {"--threads", "-2", "--threads|'-2'|from 1"},
    {"--threads", "100000", "--threads|100000"},
    {"--seed", "-1", "--seed|'-1'|from 0"},
    {"--seed", "1e3", "--seed|1e3|whole number"},
    {"--seed", "99999999999999999999", "--seed|whole number"},
    {"--format", "xml", "--format|xml|table, json, csv or md"},
    {"--format", "", "--format|table, json, csv or md"},
    {"--set", "feed.throttle_ms", "feed.throttle_ms|key=value"},
    {"--set", "=1", "key=value"},
    {"--set", "", "key=value"},
};

static void wrong_options_are_refused(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(wrong_options); i++) {
        const struct wrong *w = &wrong_options[i];
        struct run run = w->value ? WEIR("replay", trace.text, w->option, w->value)
                                  : WEIR("replay", trace.text, w->option);
        failures += !is_refused(run, EXIT_WRONG_USE, w->parts, w->option);
    }
    assert_int_equal(failures, 0);
}

static const struct wrong wrong_settings[] = {
    {"unknown key", "feed.throtle_ms=1", "feed.throtle_ms|did you mean|feed.throttle_ms"},
    {"unknown key", "exchange.wieght_per_minute=1", "did you mean|exchange.weight_per_minute"},
    {"unknown key", "limiter.normal.bufer=0.1", "limiter.normal.bufer|limiter.normal.buffer"},
    {"unknown key", "FEED.KEEP=first", "FEED.KEEP|feed.keep"},
    {"a folder of keys", "feed=1", "'feed'|did you mean"},
    {"no limit of weight", "exchange.weight_per_minute=0", "exchange.weight_per_minute|'0'|from 1"},
    {"no limit of orders", "exchange.orders_per_minute=0", "exchange.orders_per_minute|'0'|from 1"},
    {"negative", "exchange.weight_per_minute=-5", "exchange.weight_per_minute|'-5'|from 1"},
    {"negative", "feed.throttle_ms=-1", "feed.throttle_ms|'-1'|from 0"},
    {"no number", "feed.throttle_ms=abc", "feed.throttle_ms|abc|number"},
    {"not a number", "feed.throttle_ms=nan", "feed.throttle_ms|nan|number"},
    {"infinite", "feed.throttle_ms=inf", "feed.throttle_ms|inf|number"},
    {"beyond all numbers", "feed.throttle_ms=1e999", "feed.throttle_ms|1e999|number"},
    {"empty", "feed.throttle_ms=", "feed.throttle_ms|number"},
    {"blank before", "feed.throttle_ms= 1", "feed.throttle_ms|number"},
    {"blank behind", "feed.throttle_ms=1 ", "feed.throttle_ms|number"},
    {"hexadecimal", "feed.throttle_ms=0x10", "feed.throttle_ms|0x10|number"},
    {"more behind", "feed.throttle_ms=1ms", "feed.throttle_ms|1ms|number"},
    {"no whole number", "bot.connections=1.5", "bot.connections|1.5|whole number"},
    {"none", "bot.connections=0", "bot.connections|'0'|from 1"},
    {"too many", "bot.connections=1000000000000", "bot.connections|from 1"},
    {"no choice", "feed.keep=best", "feed.keep|best|first|latest|largest"},
    {"no choice", "bot.value=", "bot.value|impact"},
    {"no choice", "exchange.rules=nice", "exchange.rules|nice|aster|lenient|strict"},
    {"no choice", "network.preset=wild", "network.preset|wild|calm|stressed|outage"},
    {"no flag", "foreign.second_bot=maybe", "foreign.second_bot|maybe|true or false"},
    {"hole in a list", "exchange.ban_steps_min=1,,2", "exchange.ban_steps_min|numbers"},
    {"open end of a list", "exchange.ban_steps_min=1,2,", "exchange.ban_steps_min|numbers"},
    {"a ban of nothing", "exchange.ban_steps_min=0", "exchange.ban_steps_min|0.01"},
    {"share above 1", "limiter.normal.buffer=2", "limiter.normal.buffer|2|0.99"},
    {"negative share", "limiter.normal.reserve=-0.1", "limiter.normal.reserve|-0.1"},
    {"no choice of the limiter", "limiter.window=round", "limiter.window|round|fixed|sliding"},
    {"no queue", "limiter.queue=0", "limiter.queue|from 1"},
};

static void wrong_settings_are_refused(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(wrong_settings); i++) {
        const struct wrong *w = &wrong_settings[i];
        failures += !is_refused(WEIR("replay", trace.text, "--set", w->value), EXIT_WRONG_USE,
                                w->parts, w->value);
    }
    assert_int_equal(failures, 0);
}

static void what_does_not_go_together_is_refused(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    const struct path log = workspace_path("log");
    size_t failures = 0;
    failures += !is_refused(WEIR("replay"), EXIT_WRONG_USE, "trace", "no trace");
    failures +=
        !is_refused(WEIR("replay", "--policy", "weir"), EXIT_WRONG_USE, "trace", "no trace");
    failures +=
        !is_refused(WEIR("replay", "-", "-"), EXIT_WRONG_USE, "standard input", "input twice");
    failures += !is_refused(WEIR("replay", trace.text, trace.text), EXIT_WRONG_USE, "profile",
                            "two profiles");
    failures += !is_refused(WEIR("replay", trace.text, "--policy", "weir,none", "--format", "json"),
                            EXIT_WRONG_USE, "--format json|one policy", "several in one document");
    failures += !is_refused(WEIR("replay", trace.text, "--policy", "weir,none", "--log", log.text),
                            EXIT_WRONG_USE, "--log|one policy", "several in one log");
    assert_false(file_exists(log.text));
    assert_int_equal(failures, 0);
}

/** A file of settings: exit code 2 for what is no setting, 3 for what is no file of settings. */
static const struct {
    const char *text;
    int exit_code;
    const char *parts;
} wrong_scenarios[] = {
    {"", EXIT_BAD_INPUT, "wrong.json|JSON"},
    {"{\n\"feed\":\n", EXIT_BAD_INPUT, "wrong.json:|JSON"},
    {"[1, 2]", EXIT_BAD_INPUT, "wrong.json|object"},
    {"{} {}", EXIT_BAD_INPUT, "wrong.json:1|JSON"},
    {"{\"feed\": {\"keep\": \"first\", \"keep\": \"latest\"}}", EXIT_BAD_INPUT,
     "wrong.json:1|duplicate|keep"},
    {"{\"feed\": {\"throtle_ms\": 1}}", EXIT_WRONG_USE,
     "wrong.json|feed.throtle_ms|feed.throttle_ms"},
    {"{\"feed\": {\"throttle_ms\": \"abc\"}}", EXIT_WRONG_USE,
     "wrong.json|feed.throttle_ms|abc|number"},
    {"{\"feed\": {\"throttle_ms\": null}}", EXIT_WRONG_USE, "wrong.json|feed.throttle_ms|number"},
    {"{\"feed\": {\"throttle_ms\": [1]}}", EXIT_WRONG_USE, "wrong.json|feed.throttle_ms"},
    {"{\"feed\": 7}", EXIT_WRONG_USE, "wrong.json|'feed'"},
    {"{\"exchange\": {\"weight_per_minute\": 0}}", EXIT_WRONG_USE,
     "wrong.json|weight_per_minute|from 1"},
    {"{\"exchange\": {\"weight_per_minute\": 0.5}}", EXIT_WRONG_USE,
     "wrong.json|weight_per_minute|whole"},
};

static void wrong_scenarios_are_refused(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(wrong_scenarios); i++) {
        const struct path path = write_text("wrong.json", wrong_scenarios[i].text);
        failures += !is_refused(WEIR("replay", trace.text, "--scenario", path.text),
                                wrong_scenarios[i].exit_code, wrong_scenarios[i].parts,
                                wrong_scenarios[i].text);
    }
    assert_int_equal(failures, 0);
}

/** The setting that names a strategy file. */
static struct path strategy(struct path file) {
    struct path setting;
    const int length =
        snprintf(setting.text, sizeof setting.text, "bot.strategy=%.480s", file.text);
    assert_true(length > 0 && (size_t)length < sizeof setting.text);
    return setting;
}

/** What every option that takes a file does with a file that is missing or a folder. */
static void what_is_no_file_is_refused(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    const struct path missing = workspace_path("missing.json");
    const struct path folder = make_folder("folder.json");
    static const char *const options[] = {"--scenario", "--from"};
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(options); i++) {
        failures += !is_refused(WEIR("replay", trace.text, options[i], missing.text),
                                EXIT_BAD_INPUT, "missing.json|No such file", options[i]);
        failures += !is_refused(WEIR("replay", trace.text, options[i], folder.text), EXIT_BAD_INPUT,
                                "folder.json|directory", options[i]);
    }
    failures += !is_refused(WEIR("replay", trace.text, "--set", strategy(missing).text),
                            EXIT_BAD_INPUT, "missing.json|No such file", "strategy");
    failures += !is_refused(WEIR("replay", trace.text, "--set", strategy(folder).text),
                            EXIT_BAD_INPUT, "folder.json|directory", "strategy");
    assert_int_equal(failures, 0);
}

static const char *const wrong_strategies[][2] = {
    {"", "wrong.json"},
    {"{\n\"schema\":", "wrong.json:2"},
    {"[]", "wrong.json"},
    {"{\"schema\": \"weir.strategy/9\"}", "wrong.json|weir.strategy/1"},
    {"{\"schema\": \"weir.strategy/1\", \"name\": \"x\", \"nonsense\": 1}", "wrong.json|nonsense"},
    {"{\"schema\": \"weir.strategy/1\", \"name\": \"x\"}", "wrong.json|condition"},
    {"{\"schema\": \"weir.strategy/1\", \"name\": \"x\","
     " \"condition\": {\"window_s\": -1, \"threshold_usd\": 1}}",
     "wrong.json|window_s"},
};

static void wrong_strategies_are_refused(void **state) {
    (void)state;
    const struct path trace = profile_path("binance-2025-01-27");
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(wrong_strategies); i++) {
        const struct path path = write_text("wrong.json", wrong_strategies[i][0]);
        failures += !is_refused(WEIR("replay", trace.text, "--set", strategy(path).text),
                                EXIT_BAD_INPUT, wrong_strategies[i][1], wrong_strategies[i][0]);
    }
    assert_int_equal(failures, 0);
}

/** A document that is no result of a replay cannot be repeated. */
static const char *const wrong_results[][2] = {
    {"", "wrong.json"},
    {"{", "wrong.json"},
    {"[]", "wrong.json"},
    {"{\"schema\": \"weir.compare/1\"}", "weir.replay/1"},
    {"{\"schema\": \"weir.replay/1\"}", "policy"},
    {"{\"schema\": \"weir.replay/1\", \"policy\": 5}", "policy"},
    {"{\"schema\": \"weir.replay/1\", \"policy\": \"weir\", \"seed\": 1, \"replications\": 0}",
     "replications"},
    {"{\"schema\": \"weir.replay/1\", \"policy\": \"weir\", \"seed\": 1, \"replications\": 1}",
     "trace"},
    {"{\"schema\": \"weir.replay/1\", \"policy\": \"weir\", \"seed\": \"x\", \"replications\": 1,"
     " \"trace\": {\"paths\": [\"a\"], \"digest\": \"00\"}, \"scenario\": {}}",
     "seed"},
    {"{\"schema\": \"weir.replay/1\", \"policy\": \"weir\", \"seed\": 1, \"replications\": 1,"
     " \"trace\": {\"paths\": [], \"digest\": \"00\"}, \"scenario\": {}}",
     "paths"},
    {"{\"schema\": \"weir.replay/1\", \"policy\": \"weir\", \"seed\": 1, \"replications\": 1,"
     " \"trace\": {\"paths\": [7], \"digest\": \"00\"}, \"scenario\": {}}",
     "paths"},
};

static void wrong_results_are_refused(void **state) {
    (void)state;
    size_t failures = 0;
    for (size_t i = 0; i < COUNT(wrong_results); i++) {
        const struct path path = write_text("wrong.json", wrong_results[i][0]);
        failures += !is_refused(WEIR("replay", "--from", path.text), EXIT_BAD_INPUT,
                                wrong_results[i][1], wrong_results[i][0]);
    }
    assert_int_equal(failures, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(wrong_options_are_refused),
    cmocka_unit_test(wrong_settings_are_refused),
    cmocka_unit_test(what_does_not_go_together_is_refused),
    cmocka_unit_test(wrong_scenarios_are_refused),
    cmocka_unit_test(what_is_no_file_is_refused),
    cmocka_unit_test(wrong_strategies_are_refused),
    cmocka_unit_test(wrong_results_are_refused),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
