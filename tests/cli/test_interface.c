/* The command without a trace: help, lists, version, and what is no command. */

#include "cli_test.h"
#include "refusal.h"
#include "run_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_holds(const char *text, const char *part) {
    if (!strstr(text, part)) {
        print_error("'%s' is not in:\n%s\n", part, text);
        fail();
    }
}

/** No line of help is wider than a terminal. */
static void assert_narrow(const char *text) {
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        size_t characters = 0;
        for (const char *c = line; c < end; c++) {
            characters += ((unsigned char)*c & 0xc0) != 0x80;
        }
        if (characters > 100) {
            print_error("%zu characters wide: %.*s\n", characters, (int)(end - line), line);
            fail();
        }
        line = end + 1;
    }
}

static void help_is_everywhere(void **state) {
    (void)state;
    char *top = WEIR_OUT("--help");
    static const char *const commands[] = {"replay", "policies", "scenario"};
    assert_holds(top, "usage: weir");
    assert_narrow(top);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "usage: weir %s", commands[i]);
        assert_holds(top, commands[i]);
        static const char *const spellings[] = {"--help", "-h"};
        for (size_t s = 0; s < 2; s++) {
            char *help = WEIR_OUT(commands[i], spellings[s]);
            assert_holds(help, usage);
            assert_narrow(help);
            free(help);
        }
    }
    char *same = WEIR_OUT("-h");
    assert_string_equal(same, top);
    free(same);
    free(top);
}

/** Help names every option of replay, and every option that it names is known. */
static void help_names_the_options(void **state) {
    (void)state;
    char *help = WEIR_OUT("replay", "--help");
    static const char *const options[] = {"--policy", "--scenario",     "--set",     "--from",
                                          "--seed",   "--replications", "--threads", "--format",
                                          "--out",    "--log",          "--skip-bad"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        assert_holds(help, options[i]);
    }
    for (const char *c = strstr(help, "\n  --"); c; c = strstr(c + 1, "\n  --")) {
        char option[32];
        assert_int_equal(sscanf(c + 3, "%31s", option), 1);
        const bool skip_bad = strcmp(option, "--skip-bad") == 0;
        struct run run = skip_bad ? WEIR("replay", option) : WEIR("replay", option, "");
        assert_null(strstr(run.err, "unknown option"));
        assert_null(strstr(run.err, "unrecognized"));
        assert_int_not_equal(run.exit_code, 0);
        run_free(&run);
    }
    free(help);
}

/** A mistyped command, option or setting names the one that was meant; weir help X is X --help. */
static void near_names_are_suggested(void **state) {
    (void)state;
    size_t failures = 0;
    failures += !is_refused(WEIR("rply"), 2, "rply|did you mean 'replay'?", "a command");
    failures += !is_refused(WEIR("replay", "--polcy", "weir"), 2,
                            "--polcy|did you mean '--policy'?|weir replay --help", "an option");
    failures += !is_refused(WEIR("serve", "--prot=1"), 2, "--prot=1|did you mean '--port'?",
                            "an option with a value");
    failures += !is_refused(WEIR("replay", "x.csv", "--set", "limiter.buffer=0.1"), 2,
                            "did you mean 'limiter.normal.buffer'?", "a setting");
    assert_int_equal(failures, 0);
    struct run run = WEIR("replay", "--wildly-different");
    assert_null(strstr(run.err, "did you mean"));
    run_free(&run);
    char *help = WEIR_OUT("help", "compare");
    assert_holds(help, "usage: weir compare");
    free(help);
}

static void policies_are_listed(void **state) {
    (void)state;
    char *list = WEIR_OUT("policies");
    static const char *const parts[] = {"none\n",
                                        "current\n",
                                        "fixed-window\n",
                                        "weir\n",
                                        "limiter.normal.buffer",
                                        "limiter.normal.reserve",
                                        "0.01"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_holds(list, parts[i]);
    }
    free(list);
}

static void wrong_use_exits_with_2(const struct run *run) {
    assert_int_equal(run->exit_code, 2);
    assert_string_equal(run->out, "");
    assert_int_not_equal(run->err_size, 0);
}

static void one_policy_is_shown_alone(void **state) {
    (void)state;
    char *list = WEIR_OUT("policies", "size-threshold");
    assert_holds(list, "limiter.threshold_value");
    assert_null(strstr(list, "gcra"));
    free(list);
    struct run run = WEIR("policies", "size-treshold");
    wrong_use_exits_with_2(&run);
    assert_holds(run.err, "size-treshold");
    run_free(&run);
}

static void settings_are_listed(void **state) {
    (void)state;
    char *list = WEIR_OUT("scenario");
    static const char *const parts[] = {"exchange.profile",     "exchange.rules",
                                        "feed.throttle_ms",     "feed.keep",
                                        "feed.align",           "feed.delay_ms",
                                        "bot.connections",      "bot.call_path",
                                        "bot.cascade",          "bot.opportunity_window_ms",
                                        "bot.coalesce_ms",      "bot.protect_within_ms",
                                        "bot.entry_ttl_ms",     "bot.value",
                                        "first|latest|largest", "original|skip|defer"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_holds(list, parts[i]);
    }
    free(list);
}

/** Each default that is listed is accepted as a setting. */
static void listed_defaults_are_valid(void **state) {
    (void)state;
    char *list = WEIR_OUT("scenario");
    char *save = NULL;
    for (char *line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char key[64];
        char value[64];
        char setting[130];
        assert_int_equal(sscanf(line, "%63s %63s", key, value), 2);
        snprintf(setting, sizeof setting, "%s=%s", key, value);
        /* settings are read before the trace is found missing */
        struct run run = WEIR("replay", "--set", setting);
        assert_holds(run.err, "expected a trace");
        run_free(&run);
    }
    free(list);
}

static void version_is_told(void **state) {
    (void)state;
    char *version = WEIR_OUT("--version");
    assert_memory_equal(version, "weir ", 5);
    const char *number = version + 5;
    for (size_t part = 0; part < 3; part++) {
        const size_t digits = strspn(number, "0123456789");
        assert_true(digits > 0);
        assert_int_equal(number[digits], part < 2 ? '.' : '\n');
        number += digits + 1;
    }
    assert_string_equal(number, "");
    free(version);
}

static void no_command_shows_the_commands(void **state) {
    (void)state;
    struct run run = run_command(&(struct run_setting){0}, (const char *const[]){NULL});
    wrong_use_exits_with_2(&run);
    assert_holds(run.err, "usage: weir");
    run_free(&run);
}

static void what_is_no_command_is_refused(void **state) {
    (void)state;
    static const char *const nonsense[] = {"nonsense", "Replay", "--nonsense", "-x", "repla"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        struct run run = WEIR(nonsense[i]);
        wrong_use_exits_with_2(&run);
        assert_holds(run.err, "weir: ");
        assert_holds(run.err, nonsense[i]);
        run_free(&run);
    }
}

/** Lists take no arguments but --help. */
static void lists_refuse_what_they_do_not_know(void **state) {
    (void)state;
    static const char *const lists[] = {"policies", "scenario"};
    for (size_t i = 0; i < 2; i++) {
        struct run run = WEIR(lists[i], "--nonsense");
        wrong_use_exits_with_2(&run);
        assert_holds(run.err, "--nonsense");
        run_free(&run);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(help_is_everywhere),
    cmocka_unit_test(help_names_the_options),
    cmocka_unit_test(near_names_are_suggested),
    cmocka_unit_test(policies_are_listed),
    cmocka_unit_test(one_policy_is_shown_alone),
    cmocka_unit_test(settings_are_listed),
    cmocka_unit_test(listed_defaults_are_valid),
    cmocka_unit_test(version_is_told),
    cmocka_unit_test(no_command_shows_the_commands),
    cmocka_unit_test(what_is_no_command_is_refused),
    cmocka_unit_test(lists_refuse_what_they_do_not_know),
};

int main(void) {
    return cmocka_run_group_tests(tests, NULL, NULL);
}
