#include "selftest.h"

#include <string.h>

#include "arguments.h"
#include "bench_command.h"
#include "commands.h"
#include "run_options.h"

#define DEFAULT_SUITE "bench/suites/nightly.json"

enum {
    OPTION_NIGHTS = 256,
    OPTION_VERSUS,
    OPTION_SLOWDOWN
};

static const struct option long_options[] = {{"nights", required_argument, NULL, OPTION_NIGHTS},
                                             {"versus", required_argument, NULL, OPTION_VERSUS},
                                             {"slowdown", required_argument, NULL, OPTION_SLOWDOWN},
                                             {NULL, 0, NULL, 0}};

/** What an alarm is. */
static const char *alarm_name(const char *versus, uint32_t slowdown_pct) {
    return versus || slowdown_pct > 0 ? "regressions reported" : "false alarms";
}

static int run(const char *path, uint32_t nights, const char *versus, uint32_t slowdown_pct) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct weir_selftest found;
    char own[4096];
    struct weir_suite *suite = weir_suite_open(path, &error);
    int exit_code = suite ? WEIR_EXIT_DONE : weir_replay_exit(&error);
    if (suite && suite->measure_count == 0) {
        exit_code = weir_complain(WEIR_EXIT_BAD_INPUT,
                                  "%s: key 'time': is missing: the suite "
                                  "measures no time",
                                  path);
    }
    if (!exit_code && !weir_own_path(own, sizeof own)) {
        exit_code = WEIR_EXIT_FAILED;
    }
    if (!exit_code) {
        const struct weir_build tested = {own, slowdown_pct / 100.0};
        const struct weir_build other = {versus ? versus : own, 0.0};
        if (weir_selftest_run(suite, nights, &tested, &other, stdout, &found, &error)) {
            weir_selftest_print(&found, alarm_name(versus, slowdown_pct), stdout);
            exit_code = weir_end_output(WEIR_EXIT_DONE);
        } else {
            exit_code = weir_replay_exit(&error);
        }
    }
    weir_suite_close(suite);
    return exit_code;
}

int weir_bench_selftest(int argc, char **argv) {
    uint32_t nights = 20;
    uint32_t slowdown_pct = 0;
    const char *versus = NULL;
    int exit_code = WEIR_EXIT_DONE;
    int option = 0;
    optind = 1;
    while (!exit_code && (option = weir_next_option("bench", argc, argv, long_options)) != -1) {
        if (option == '?') {
            exit_code = WEIR_EXIT_WRONG_USE;
        } else if (option == OPTION_NIGHTS) {
            exit_code = weir_read_number("--nights", optarg, 1, 10000, &nights);
        } else if (option == OPTION_SLOWDOWN) {
            exit_code = weir_read_number("--slowdown", optarg, 0, 1000, &slowdown_pct);
        } else {
            versus = optarg;
            exit_code = weir_can_run("--versus", versus) ? WEIR_EXIT_DONE : WEIR_EXIT_WRONG_USE;
        }
    }
    if (exit_code) {
        return exit_code;
    }
    const char *path = optind == argc ? DEFAULT_SUITE : weir_single_argument(argc, argv, "suite");
    return path ? run(path, nights, versus, slowdown_pct) : WEIR_EXIT_WRONG_USE;
}
