#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "compare_document.h"
#include "policy_ideal.h"
#include "previous_compare.h"
#include "run_options.h"
#include "statistics_check.h"

static const char help[] =
    "usage: weir compare TRACE… [options]\n"
    "\n"
    "Compares policies on one or more traces, replication by replication under the same random\n"
    "numbers: every metric with its 95 % interval, differences with verdicts, and the claims that\n"
    "are made for limiters. Each TRACE is a profile, a generator, or a recording.\n"
    "\n"
    "  --policies NAME,NAME…  (default none,current,guide,fixed-window,weir); your own as\n"
    "                         ./mine.so or cmd:'python3 mine.py'; may be repeated\n"
    "  --against NAME         the one that the others are held against (default current, if it is\n"
    "                         there, else the first)\n"
    "  --replications N       how often everything is drawn anew (default 20)\n"
    "  --seed N               of everything that is drawn (default 1)\n"
    "  --threads N            (default: one per processor); results do not depend on it\n"
    "  --no-claims            leave out the claims (made if current and guide or weir are "
    "compared)\n"
    "  --ablation             what each mechanism of policy weir is worth, in several worlds\n"
    "  --sensitivity          what would turn the ranking round\n"
    "  --check-statistics     instead of comparing: measure on the first trace whether intervals "
    "and\n"
    "                         verdicts keep what they promise, and split the variance\n"
    "  --trials N             of that (default 200)\n"
    "  --scenario FILE        settings, a JSON object (weir scenario lists them)\n"
    "  --set key=value        one setting; may be repeated, wins over --scenario\n"
    "  --from RESULT          repeat an earlier result.json; other options change it\n"
    "  --format FORM          table, json, csv or md (default table)\n"
    "  --color WHEN           auto, always or never (default auto: on a terminal, unless NO_COLOR "
    "is set)\n"
    "  --out DIR              write result.json, data and plots into a folder\n"
    "  --skip-bad             leave bad rows out, and say how many\n"
    "  --reader NAME          read recordings as this form (weir trace --help lists them)\n"
    "  --columns MAP          which column is what, as in time=ts,symbol=2,unit=ms "
    "(docs/traces.md)\n";

#define DEFAULT_POLICIES "none,current,guide,fixed-window,weir"

struct options {
    struct weir_compare_plan plan;
    struct weir_run_options run;
    struct weir_settings *settings;
    struct weir_previous_compare *previous;
    struct weir_trace_source *sources; /* of the command line */
    const char *against, *from;
    bool check_statistics;
    uint32_t trials;
};

enum {
    OPTION_AGAINST = 256,
    OPTION_NO_CLAIMS,
    OPTION_ABLATION,
    OPTION_SENSITIVITY,
    OPTION_CHECK_STATISTICS,
    OPTION_TRIALS
};

static const struct option long_options[] = {
    WEIR_RUN_OPTIONS,
    {"against", required_argument, NULL, OPTION_AGAINST},
    {"no-claims", no_argument, NULL, OPTION_NO_CLAIMS},
    {"ablation", no_argument, NULL, OPTION_ABLATION},
    {"sensitivity", no_argument, NULL, OPTION_SENSITIVITY},
    {"check-statistics", no_argument, NULL, OPTION_CHECK_STATISTICS},
    {"trials", required_argument, NULL, OPTION_TRIALS},
    {NULL, 0, NULL, 0}};

/** One option that switches something. */
static void take_switch(struct options *o, int option) {
    o->plan.claims = o->plan.claims && option != OPTION_NO_CLAIMS;
    o->plan.ablation = o->plan.ablation || option == OPTION_ABLATION;
    o->plan.sensitivity = o->plan.sensitivity || option == OPTION_SENSITIVITY;
    o->check_statistics = o->check_statistics || option == OPTION_CHECK_STATISTICS;
}

static int take_option(struct options *o, int option, const char *value) {
    switch (option) {
    case OPTION_AGAINST:
        o->against = value;
        return WEIR_EXIT_DONE;
    case OPTION_TRIALS:
        return weir_read_number("--trials", value, 2, 100000, &o->trials);
    default:
        take_switch(o, option);
        return weir_take_run_option(&o->run, option, value);
    }
}

static int take_from(struct options *o, const char *path) {
    struct weir_scenario_error error;
    o->from = path;
    o->previous = weir_previous_compare_open(path, &error);
    if (!o->previous) {
        return weir_scenario_exit(&error);
    }
    o->run.seed = o->previous->seed;
    o->run.replications = o->previous->replications;
    o->run.read = o->previous->read;
    o->plan.sources = o->previous->sources;
    o->plan.source_count = o->previous->source_count;
    o->plan.claims = o->previous->claims;
    o->plan.ablation = o->previous->ablation;
    o->plan.sensitivity = o->previous->sensitivity;
    return WEIR_EXIT_DONE;
}

/** One pass over the options: an earlier result first, since everything else changes it. */
static int read_pass(int argc, char **argv, struct options *o, bool from) {
    int option = 0;
    int exit_code = WEIR_EXIT_DONE;
    optind = 1;
    while (!exit_code && (option = weir_next_option("compare", argc, argv, long_options)) != -1) {
        if (option == '?') {
            return WEIR_EXIT_WRONG_USE;
        }
        if ((option == WEIR_OPTION_FROM) == from) {
            exit_code = from ? take_from(o, optarg) : take_option(o, option, optarg);
        }
    }
    return exit_code;
}

/** Each trace of the command line stands for itself. */
static int take_traces(int argc, char **argv, struct options *o) {
    if (optind < argc) {
        o->plan.source_count = (size_t)(argc - optind);
        o->sources = calloc(o->plan.source_count, sizeof *o->sources);
        if (!o->sources) {
            return weir_complain(WEIR_EXIT_FAILED, "out of memory");
        }
        for (size_t i = 0; i < o->plan.source_count; i++) {
            o->sources[i] =
                (struct weir_trace_source){(const char *const *)&argv[(size_t)optind + i], 1};
        }
        o->plan.sources = o->sources;
    }
    return o->plan.source_count > 0
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_WRONG_USE, "expected a trace, as in: weir compare "
                                                    "traces/cascades/hyperliquid-2025-10-10.json");
}

static int read_settings(int argc, char **argv, struct options *o) {
    struct weir_scenario_error error = {WEIR_SCENARIO_OK, ""};
    if (o->previous && weir_previous_compare_settings(o->previous, o->settings, &error)) {
        return weir_scenario_exit(&error);
    }
    return weir_read_settings("compare", argc, argv, long_options, o->run.scenario, o->settings);
}

static int add_previous_policies(struct options *o) {
    struct weir_source_error error;
    for (size_t i = 0; i < o->previous->policy_count; i++) {
        if (weir_policy_set_add_one(&o->run.policies, o->previous->policies[i], &error)) {
            return weir_complain_of_policy(&error);
        }
    }
    o->against = o->against ? o->against : o->previous->against;
    return WEIR_EXIT_DONE;
}

static int find_against(struct options *o) {
    const char *name = o->against ? o->against : "current";
    for (size_t i = 0; i < o->plan.policy_count; i++) {
        if (strcmp(o->plan.policies[i]->name, name) == 0) {
            o->plan.against = i;
            return WEIR_EXIT_DONE;
        }
    }
    return o->against
               ? weir_complain(WEIR_EXIT_WRONG_USE,
                               "--against '%s': it must be one of the policies compared", name)
               : WEIR_EXIT_DONE;
}

/** Without --policies those of the earlier result, else the main ones. Then all goes into the plan.
 */
static int settle_plan(struct options *o) {
    if (o->run.policies.count == 0) {
        const int exit_code = o->previous ? add_previous_policies(o)
                                          : weir_add_policies(&o->run.policies, DEFAULT_POLICIES);
        if (exit_code) {
            return exit_code;
        }
    }
    if (o->run.policies.count < 2) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "--policies: a comparison needs at least two; weir replay takes one");
    }
    for (size_t i = 0; i < o->run.policies.count; i++) {
        o->plan.policies[i] = o->run.policies.choices[i].policy;
        o->plan.specs[i] = o->run.policies.choices[i].spec;
        weir_settings_know_policy(o->settings, o->plan.policies[i]);
    }
    o->plan.policy_count = o->run.policies.count;
    o->plan.settings = o->settings;
    o->plan.seed = o->run.seed;
    o->plan.replications = o->run.replications;
    o->plan.threads = o->run.threads;
    o->plan.read = o->run.read;
    return find_against(o);
}

static int read_arguments(int argc, char **argv, struct options *o) {
    int exit_code = read_pass(argc, argv, o, true);
    exit_code = exit_code ? exit_code : read_pass(argc, argv, o, false);
    exit_code = exit_code ? exit_code : take_traces(argc, argv, o);
    exit_code = exit_code ? exit_code : settle_plan(o);
    exit_code = exit_code ? exit_code : read_settings(argc, argv, o);
    return exit_code ? exit_code : weir_check_out(o->run.out);
}

static int print(const struct weir_compare *compare, const struct options *o) {
    if (o->run.form == WEIR_FORM_JSON) {
        return weir_print_document(weir_compare_document(compare));
    }
    weir_compare_table(compare, weir_table_of(o->run.form), weir_is_colored(o->run.color), stdout);
    return weir_end_output(WEIR_EXIT_DONE);
}

/** Says what a user should know beside the result; a policy that broke is a failure. */
static int warn(const struct weir_compare *compare, const struct options *o) {
    for (size_t t = 0; t < o->plan.source_count; t++) {
        const struct weir_experiment_trace *trace = &compare->experiment->traces[t];
        if (trace->bad_rows) {
            weir_complain(WEIR_EXIT_DONE, "%s: bad rows left out: %zu", trace->name,
                          trace->bad_rows);
        }
        if (trace->gap_count) {
            weir_complain(WEIR_EXIT_DONE,
                          "%s: gaps that the recording tells of: %zu, %.3f s in all", trace->name,
                          trace->gap_count, trace->gaps_s);
        }
        if (o->previous && o->plan.sources == o->previous->sources &&
            o->plan.seed == o->previous->seed && trace->digest != o->previous->digests[t]) {
            weir_complain(WEIR_EXIT_DONE, "%s: trace %s has changed since that result was made",
                          o->from, trace->name);
        }
    }
    const char *failure = weir_compare_failure(compare);
    return failure ? weir_complain(WEIR_EXIT_FAILED, "%s", failure) : WEIR_EXIT_DONE;
}

/** Result and plots. */
static int write_folder(const struct weir_compare *compare, const char *folder) {
    char error[512];
    if (!weir_compare_folder(compare, folder, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    return weir_plots_exit(weir_plots_compare(folder, error, sizeof error), error);
}

static int run(const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    const bool show = isatty(STDERR_FILENO) != 0;
    struct weir_compare *compare =
        weir_compare_run(&o->plan, show ? weir_show_progress : NULL, &start, &error);
    if (!compare) {
        return weir_replay_exit(&error);
    }
    int exit_code = o->run.out ? write_folder(compare, o->run.out) : WEIR_EXIT_DONE;
    exit_code = exit_code ? exit_code : print(compare, o);
    exit_code = exit_code ? exit_code : warn(compare, o);
    weir_compare_free(compare);
    return exit_code;
}

static int check_statistics(const struct options *o) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    struct weir_statistics_check check;
    struct weir_variance metric[WEIR_REPLAY_POLICIES_MAX];
    struct weir_variance difference[WEIR_REPLAY_POLICIES_MAX];
    if (o->run.form != WEIR_FORM_TABLE && o->run.form != WEIR_FORM_MARKDOWN) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--check-statistics has --format table and md");
    }
    if (!weir_variance_split(&o->plan, NULL, NULL, metric, difference, &error) ||
        !weir_statistics_check(&o->plan, o->trials, NULL, NULL, &check, &error)) {
        return weir_replay_exit(&error);
    }
    weir_statistics_table(&o->plan, &check, metric, difference,
                          o->run.form == WEIR_FORM_TABLE ? WEIR_TABLE_TEXT : WEIR_TABLE_MARKDOWN,
                          stdout);
    return weir_end_output(WEIR_EXIT_DONE);
}

int weir_command_compare(int argc, char **argv) {
    struct options o = {.trials = 200,
                        .run = {.policies = {.also = weir_simulator_policies},
                                .seed = 1,
                                .replications = 20,
                                .threads = weir_default_threads()},
                        .plan = {.claims = true}};
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    o.settings = weir_settings_create();
    int exit_code = o.settings ? read_arguments(argc, argv, &o)
                               : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    exit_code = exit_code ? exit_code : o.check_statistics ? check_statistics(&o) : run(&o);
    weir_settings_destroy(o.settings);
    weir_policy_set_close(&o.run.policies);
    weir_previous_compare_close(o.previous);
    free(o.sources);
    return exit_code;
}
