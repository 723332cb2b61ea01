#include "bench_result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "bench_command.h"
#include "commands.h"
#include "nightly.h"
#include "policy_ideal.h"
#include "run_options.h"
#include "whole_file.h"

static const char help[] =
    "usage: weir bench COMMAND …\n"
    "\n"
    "Did a limiter, or the engine, get worse since the last time? docs/nightly.md explains all of "
    "it.\n"
    "\n"
    "  run SUITE -o RESULT      run a suite; RESULT is a JSON document\n"
    "      --policy POLICY      one more policy, as weir replay takes it; may be repeated\n"
    "      --versus PATH        measure processor time against another build of weir, in pairs\n"
    "      --label TEXT         what this build is called, as its commit\n"
    "      --when TEXT          when it was run (default: now, UTC)\n"
    "      --threads N          (default: one per processor); results do not depend on it\n"
    "  gate RESULT              check its gates, and every figure against the accepted baseline;\n"
    "                           exit code 4 if anything is broken\n"
    "      --baseline FILE      (default: SUITE.accepted.json, beside the suite)\n"
    "      --no-baseline        gates alone\n"
    "      --no-time            leave out gates on time\n"
    "  accept RESULT            make it the baseline\n"
    "      -o FILE              (default: SUITE.accepted.json, beside the suite)\n"
    "  export RESULT --as FORM  md, junit, action-bigger, action-smaller "
    "(github-action-benchmark),\n"
    "                           bencher or csv\n"
    "      -o FILE              (default: standard output); --baseline, --no-baseline, --no-time\n"
    "                           as above\n"
    "  history FILE             trends, from an SQLite file\n"
    "      --add RESULT         add a night first; may be repeated\n"
    "      --suite NAME         (default: that of the latest night)\n"
    "      --metric NAME        POLICY.METRIC or ratio.NAME; may be repeated (default: what the\n"
    "                           gates name, the primary metric, and ratios)\n"
    "      --nights N           the last N (default 90)\n"
    "      --format FORM        table or csv (default table)\n"
    "      --out DIR            a plot for each metric\n"
    "  micro                    what the hot paths cost on this machine\n"
    "      --policy POLICY      whose decisions (default: all, and every kind of call of weir)\n"
    "      --only NAME          operations whose name begins so\n"
    "      --rounds N           the least of N rounds is shown (default 7)\n"
    "      --smoke              few operations: whether everything runs\n"
    "      --format FORM        table or json (default table)\n"
    "  selftest [SUITE]         measure this build against itself and count the false alarms\n"
    "                           (default bench/suites/nightly.json)\n"
    "      --nights N           (default 20)\n"
    "      --versus PATH        against another build: how often a regression is reported\n"
    "      --slowdown PERCENT   spend so much more processor time on purpose: how often that is\n"
    "                           reported\n";

struct options {
    struct weir_suite *suite;
    struct weir_policy_set policies;
    const char *output, *versus, *label, *when;
    uint32_t threads;
    char own[4096], now[32];
};

enum {
    OPTION_POLICY = 256,
    OPTION_VERSUS,
    OPTION_LABEL,
    OPTION_WHEN,
    OPTION_THREADS
};

static const struct option long_options[] = {{"policy", required_argument, NULL, OPTION_POLICY},
                                             {"versus", required_argument, NULL, OPTION_VERSUS},
                                             {"label", required_argument, NULL, OPTION_LABEL},
                                             {"when", required_argument, NULL, OPTION_WHEN},
                                             {"threads", required_argument, NULL, OPTION_THREADS},
                                             {"output", required_argument, NULL, 'o'},
                                             {NULL, 0, NULL, 0}};

bool weir_own_path(char *path, size_t size) {
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0) {
        weir_complain(WEIR_EXIT_FAILED, "/proc/self/exe: %s", strerror(errno));
        return false;
    }
    path[length] = '\0';
    return true;
}

const char *weir_single_argument(int argc, char **argv, const char *what) {
    if (optind + 1 == argc) {
        return argv[optind];
    }
    weir_complain(WEIR_EXIT_WRONG_USE, "weir bench %s takes one %s; weir bench --help tells more",
                  argv[0], what);
    return NULL;
}

bool weir_can_run(const char *option, const char *path) {
    const bool can = strchr(path, '/') && access(path, X_OK) == 0;
    if (!can) {
        weir_complain(WEIR_EXIT_WRONG_USE, "%s '%s': %s", option, path,
                      strchr(path, '/') ? strerror(errno) : "expected a path, as ./weir");
    }
    return can;
}

static int add_policy(struct options *o, const char *spec) {
    struct weir_source_error error;
    return weir_policy_set_add_one(&o->policies, spec, &error) ? weir_complain_of_policy(&error)
                                                               : WEIR_EXIT_DONE;
}

static int take_option(struct options *o, int option, const char *value) {
    switch (option) {
    case OPTION_POLICY:
        return WEIR_EXIT_DONE; /* once those of the suite are there */
    case OPTION_VERSUS:
        o->versus = value;
        return weir_can_run("--versus", value) ? WEIR_EXIT_DONE : WEIR_EXIT_WRONG_USE;
    case OPTION_LABEL:
        o->label = value;
        return WEIR_EXIT_DONE;
    case OPTION_WHEN:
        o->when = value;
        return WEIR_EXIT_DONE;
    case OPTION_THREADS:
        return weir_read_number("--threads", value, 1, 256, &o->threads);
    case 'o':
        o->output = value;
        return WEIR_EXIT_DONE;
    default:
        return WEIR_EXIT_WRONG_USE;
    }
}

/** The suite's policies, then those of the command line. */
static int add_policies(struct options *o, int argc, char **argv) {
    int exit_code = WEIR_EXIT_DONE;
    int option = 0;
    for (size_t i = 0; !exit_code && i < o->suite->policy_count; i++) {
        exit_code = add_policy(o, o->suite->policies[i]);
    }
    optind = 1;
    while (!exit_code && (option = weir_next_option("bench", argc, argv, long_options)) != -1) {
        exit_code = option == OPTION_POLICY ? add_policy(o, optarg) : WEIR_EXIT_DONE;
    }
    for (size_t i = 0; !exit_code && i < o->policies.count; i++) {
        if (strcmp(o->policies.choices[i].policy->name, "ratio") == 0) {
            exit_code = weir_complain(WEIR_EXIT_WRONG_USE,
                                      "policy '%s': in gates 'ratio' stands for ratios of time; "
                                      "give the file another name",
                                      o->policies.choices[i].spec);
        }
    }
    return exit_code;
}

static int check_output(const struct options *o) {
    char why[512];
    if (!o->output) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "weir bench run needs -o RESULT");
    }
    return weir_whole_file_check(o->output, why, sizeof why)
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_FAILED, "%s", why);
}

static int run_suite(struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct timespec start;
    struct weir_nightly_plan plan = {.suite = o->suite,
                                     .policy_count = o->policies.count,
                                     .threads = o->threads,
                                     .own = o->own,
                                     .versus = o->versus,
                                     .label = o->label,
                                     .when = o->when};
    for (size_t i = 0; i < o->policies.count; i++) {
        plan.policies[i] = o->policies.choices[i].policy;
        plan.specs[i] = o->policies.choices[i].spec;
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    const bool show = isatty(STDERR_FILENO) != 0;
    json_t *result = weir_nightly_run(&plan, show ? weir_show_progress : NULL, &start, &error);
    const bool ok = result && weir_bench_result_write(result, o->output, &error);
    json_decref(result);
    return ok ? WEIR_EXIT_DONE : weir_replay_exit(&error);
}

static void say_now(char *text, size_t size) {
    const time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

int weir_bench_run(int argc, char **argv) {
    struct options o = {.policies = {.also = weir_simulator_policies},
                        .threads = weir_default_threads()};
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    int exit_code = WEIR_EXIT_DONE;
    int option = 0;
    say_now(o.now, sizeof o.now);
    o.when = o.now;
    optind = 1;
    while (!exit_code && (option = weir_next_option("bench", argc, argv, long_options)) != -1) {
        exit_code = take_option(&o, option, optarg);
    }
    const char *path = exit_code ? NULL : weir_single_argument(argc, argv, "suite");
    exit_code = exit_code || path ? exit_code : WEIR_EXIT_WRONG_USE;
    exit_code = exit_code ? exit_code : check_output(&o);
    if (!exit_code) {
        o.suite = weir_suite_open(path, &error);
        exit_code = o.suite ? add_policies(&o, argc, argv) : weir_replay_exit(&error);
    }
    if (!exit_code && !weir_own_path(o.own, sizeof o.own)) {
        exit_code = WEIR_EXIT_FAILED;
    }
    exit_code = exit_code ? exit_code : run_suite(&o);
    weir_policy_set_close(&o.policies);
    weir_suite_close(o.suite);
    return exit_code;
}

#define EXPECTED "expected run, gate, accept, export, history, micro or selftest"

int weir_command_bench(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {{"run", weir_bench_run},
                    {"gate", weir_bench_gate},
                    {"accept", weir_bench_accept_result},
                    {"export", weir_bench_export},
                    {"history", weir_bench_history},
                    {"micro", weir_bench_micro},
                    {"selftest", weir_bench_selftest}};
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return argc > 1
               ? weir_complain(WEIR_EXIT_WRONG_USE, "bench: '%s' is not known; " EXPECTED, argv[1])
               : weir_complain(WEIR_EXIT_WRONG_USE, "bench: " EXPECTED);
}
