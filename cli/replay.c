#include "replay.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "policy_ideal.h"
#include "previous_result.h"
#include "run_options.h"
#include "whole_file.h"

static const char help[] =
    "usage: weir replay TRACE… [options]\n"
    "\n"
    "Replays a cascade against a policy and says what was captured, at what cost in errors, and "
    "what\n"
    "stood in the way. TRACE is a profile (traces/cascades/*.json), or one or more recordings that "
    "are\n"
    "read as one: CSV or forceOrder JSON lines, plain, .gz or .zst, or - for standard input.\n"
    "\n"
    "  --policy NAME[,NAME…]  policies, side by side (default weir; weir policies lists them); "
    "your\n"
    "                         own as ./mine.so or cmd:'python3 mine.py'; may be repeated\n"
    "  --scenario FILE        settings, a JSON object (weir scenario lists them)\n"
    "  --set key=value        one setting; may be repeated, wins over --scenario\n"
    "  --from RESULT          repeat an earlier result.json; other options change it\n"
    "  --seed N               of everything that is drawn (default 1)\n"
    "  --replications N       how often everything is drawn anew (default 1)\n"
    "  --threads N            (default: one per processor); results do not depend on it\n"
    "  --format FORM          table, json, csv or md (default table)\n"
    "  --color WHEN           auto, always or never (default auto: on a terminal, unless NO_COLOR "
    "is set)\n"
    "  --out DIR              write result.json, data and plots into a folder\n"
    "  --log FILE             write every request, opportunity and change of state as JSON lines\n"
    "  --skip-bad             leave bad rows out, and say how many\n"
    "  --reader NAME          read recordings as this form (weir trace --help lists them)\n"
    "  --columns MAP          which column is what, as in time=ts,symbol=2,unit=ms "
    "(docs/traces.md)\n";

struct options {
    struct weir_replay_plan plan;
    struct weir_run_options run;
    struct weir_settings *settings;
    struct weir_previous_result *previous;
    const char *log, *from;
};

enum {
    OPTION_LOG = 256
};

static const struct option long_options[] = {
    WEIR_RUN_OPTIONS, {"log", required_argument, NULL, OPTION_LOG}, {NULL, 0, NULL, 0}};

static int take_option(struct options *o, int option, const char *value) {
    o->log = option == OPTION_LOG ? value : o->log;
    return weir_take_run_option(&o->run, option, value);
}

static int take_from(struct options *o, const char *path) {
    struct weir_scenario_error error;
    o->from = path;
    o->previous = weir_previous_result_open(path, &error);
    if (!o->previous) {
        return weir_scenario_exit(&error);
    }
    o->run.seed = o->previous->seed;
    o->run.replications = o->previous->replications;
    o->run.read = o->previous->read;
    o->plan.paths = (const char *const *)o->previous->paths;
    o->plan.path_count = o->previous->path_count;
    return WEIR_EXIT_DONE;
}

/** One pass over the options: an earlier result first, since everything else changes it. */
static int read_pass(int argc, char **argv, struct options *o, bool from) {
    int option = 0;
    int exit_code = WEIR_EXIT_DONE;
    optind = 1;
    while (!exit_code && (option = weir_next_option("replay", argc, argv, long_options)) != -1) {
        if (option == '?') {
            return WEIR_EXIT_WRONG_USE;
        }
        if ((option == WEIR_OPTION_FROM) == from) {
            exit_code = from ? take_from(o, optarg) : take_option(o, option, optarg);
        }
    }
    return exit_code;
}

static int read_settings(int argc, char **argv, struct options *o) {
    struct weir_scenario_error error = {WEIR_SCENARIO_OK, ""};
    if (o->previous && weir_previous_result_settings(o->previous, o->settings, &error)) {
        return weir_scenario_exit(&error);
    }
    const int exit_code =
        weir_read_settings("replay", argc, argv, long_options, o->run.scenario, o->settings);
    if (exit_code) {
        return exit_code;
    }
    return weir_settings_resolve(o->settings, &o->plan.scenario, &error)
               ? weir_scenario_exit(&error)
               : WEIR_EXIT_DONE;
}

/** Without --policy those of the earlier result, else weir. Then all goes into the plan. */
static int settle_plan(struct options *o) {
    struct weir_source_error error;
    if (o->run.policies.count == 0 &&
        weir_policy_set_add_one(&o->run.policies, o->previous ? o->previous->policy : "weir",
                                &error)) {
        return weir_complain_of_policy(&error);
    }
    for (size_t i = 0; i < o->run.policies.count; i++) {
        o->plan.policies[i] = o->run.policies.choices[i].policy;
        o->plan.specs[i] = o->run.policies.choices[i].spec;
        weir_settings_know_policy(o->settings, o->plan.policies[i]);
    }
    o->plan.policy_count = o->run.policies.count;
    o->plan.seed = o->run.seed;
    o->plan.replications = o->run.replications;
    o->plan.threads = o->run.threads;
    o->plan.read = o->run.read;
    return WEIR_EXIT_DONE;
}

/** A limiter setting that none of the policies has would have no effect: say so. */
static int check_limiter_settings(const struct options *o) {
    for (size_t i = 0; i < o->plan.scenario.limiter_count; i++) {
        const char *key = o->plan.scenario.limiter[i].key;
        bool used = false;
        for (size_t p = 0; p < o->plan.policy_count; p++) {
            used = used || weir_policy_has_option(o->plan.policies[p], key);
        }
        if (!used) {
            return weir_complain(
                WEIR_EXIT_WRONG_USE,
                "no policy of this run has the setting 'limiter.%s'; weir policies lists what each "
                "has",
                key);
        }
    }
    return WEIR_EXIT_DONE;
}

/** What is to be written can be written: better known before a long run than after. */
static int check_outputs(const struct options *o) {
    char error[512];
    if (o->log && !weir_whole_file_check(o->log, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "--log %s", error);
    }
    return weir_check_out(o->run.out);
}

static int check_options(const struct options *o) {
    if (o->log && (!o->log[0] || strcmp(o->log, "-") == 0)) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--log takes the name of a file");
    }
    if (o->previous && o->plan.paths == (const char *const *)o->previous->paths &&
        strcmp(o->plan.paths[0], "-") == 0) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "%s was made from standard input; name the trace beside --from",
                             o->from);
    }
    if (o->plan.path_count == 0) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "expected a trace, as in: weir replay "
                                                  "traces/cascades/hyperliquid-2025-10-10.json");
    }
    if (o->plan.policy_count > 1 && (o->run.form == WEIR_FORM_JSON || o->log)) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "--format json and --log take one policy; --format csv "
                             "and md show several");
    }
    /* an earlier result brings its own policy's settings along */
    return o->previous ? WEIR_EXIT_DONE : check_limiter_settings(o);
}

static int read_arguments(int argc, char **argv, struct options *o) {
    int exit_code = read_pass(argc, argv, o, true);
    exit_code = exit_code ? exit_code : read_pass(argc, argv, o, false);
    if (!exit_code && optind < argc) {
        o->plan.paths = (const char *const *)(argv + optind);
        o->plan.path_count = (size_t)(argc - optind);
    }
    exit_code = exit_code ? exit_code : settle_plan(o);
    exit_code = exit_code ? exit_code : read_settings(argc, argv, o);
    return exit_code ? exit_code : check_options(o);
}

static int print(const struct weir_replay *replay, const struct weir_run_options *o) {
    if (o->form == WEIR_FORM_JSON) {
        return weir_print_document(weir_replay_document(replay, 0));
    }
    weir_replay_table(replay, weir_table_of(o->form), weir_is_colored(o->color), stdout);
    return weir_end_output(WEIR_EXIT_DONE);
}

/** Result, data and plots of one policy. */
static int write_folder(const struct weir_replay *replay, size_t policy, const char *folder) {
    char error[512];
    if (!weir_replay_folder(replay, policy, folder, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    return weir_plots_exit(weir_plots_replay(folder, error, sizeof error), error);
}

/** One policy goes into the folder itself, several into one folder each below it. */
static int write_folders(const struct weir_replay *replay, const char *out) {
    if (replay->plan.policy_count == 1) {
        return write_folder(replay, 0, out);
    }
    char error[512];
    if (!weir_make_folder(out, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        if (replay->policies[p].failed) {
            continue;
        }
        char folder[4096];
        snprintf(folder, sizeof folder, "%.3000s/%s", out, replay->policies[p].policy->name);
        const int exit_code = write_folder(replay, p, folder);
        if (exit_code) {
            return exit_code;
        }
    }
    return WEIR_EXIT_DONE;
}

static int write_results(const struct weir_replay *replay, const struct options *o) {
    char error[512];
    if (o->log && !weir_replay_log(replay, 0, o->log, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    if (o->run.out) {
        const int exit_code = write_folders(replay, o->run.out);
        if (exit_code) {
            return exit_code;
        }
    }
    return print(replay, &o->run);
}

static int run(const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    const bool show = isatty(STDERR_FILENO) && o->plan.replications > 1;
    struct weir_replay *replay =
        weir_replay_run(&o->plan, show ? weir_show_progress : NULL, &start, &error);
    if (!replay) {
        return weir_replay_exit(&error);
    }
    if (replay->trace->bad_rows) {
        weir_complain(WEIR_EXIT_DONE, "bad rows left out: %zu", replay->trace->bad_rows);
    }
    if (o->previous && o->plan.paths == (const char *const *)o->previous->paths &&
        o->plan.seed == o->previous->seed && o->previous->trace_digest != replay->trace->digest) {
        weir_complain(WEIR_EXIT_DONE, "%s: the trace has changed since that result was made",
                      o->from);
    }
    int exit_code = write_results(replay, o);
    for (size_t p = 0; p < replay->plan.policy_count; p++) {
        if (replay->policies[p].failed) {
            exit_code = weir_complain(exit_code ? exit_code : WEIR_EXIT_FAILED, "%s",
                                      replay->policies[p].failure);
        }
    }
    weir_replay_free(replay);
    return exit_code;
}

int weir_command_replay(int argc, char **argv) {
    struct options o = {.run = {.policies = {.also = weir_simulator_policies},
                                .seed = 1,
                                .replications = 1,
                                .threads = weir_default_threads()}};
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    o.settings = weir_settings_create();
    int exit_code = o.settings ? read_arguments(argc, argv, &o)
                               : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    exit_code = exit_code ? exit_code : check_outputs(&o);
    exit_code = exit_code ? exit_code : run(&o);
    weir_settings_destroy(o.settings);
    weir_policy_set_close(&o.run.policies);
    weir_previous_result_close(o.previous);
    return exit_code;
}
