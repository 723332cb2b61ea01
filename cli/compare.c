#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "compare_document.h"
#include "plots.h"
#include "policy_ideal.h"
#include "previous_compare.h"
#include "run_options.h"
#include "statistics_check.h"
#include "whole_file.h"

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
    struct weir_settings *settings;
    struct weir_previous_compare *previous;
    struct weir_policy_set policies;
    struct weir_trace_source *sources; /* of the command line */
    const char *against, *scenario, *out, *from;
    bool check_statistics;
    uint32_t trials;
    enum weir_form form;
    enum weir_color color;
};

enum {
    OPTION_POLICIES = 256,
    OPTION_AGAINST,
    OPTION_REPLICATIONS,
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_NO_CLAIMS,
    OPTION_ABLATION,
    OPTION_SENSITIVITY,
    OPTION_CHECK_STATISTICS,
    OPTION_TRIALS,
    OPTION_SCENARIO,
    OPTION_SET,
    OPTION_FROM,
    OPTION_FORMAT,
    OPTION_COLOR,
    OPTION_OUT,
    OPTION_SKIP_BAD,
    OPTION_READER,
    OPTION_COLUMNS,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"policies", required_argument, NULL, OPTION_POLICIES},
    {"policy", required_argument, NULL, OPTION_POLICIES},
    {"against", required_argument, NULL, OPTION_AGAINST},
    {"replications", required_argument, NULL, OPTION_REPLICATIONS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"no-claims", no_argument, NULL, OPTION_NO_CLAIMS},
    {"ablation", no_argument, NULL, OPTION_ABLATION},
    {"sensitivity", no_argument, NULL, OPTION_SENSITIVITY},
    {"check-statistics", no_argument, NULL, OPTION_CHECK_STATISTICS},
    {"trials", required_argument, NULL, OPTION_TRIALS},
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"set", required_argument, NULL, OPTION_SET},
    {"from", required_argument, NULL, OPTION_FROM},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"out", required_argument, NULL, OPTION_OUT},
    {"skip-bad", no_argument, NULL, OPTION_SKIP_BAD},
    {"reader", required_argument, NULL, OPTION_READER},
    {"columns", required_argument, NULL, OPTION_COLUMNS},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0}};

static int take_policies(struct options *o, const char *list) {
    struct weir_source_error error;
    return weir_policy_set_add(&o->policies, list, &error) ? weir_complain_of_policy(&error)
                                                           : WEIR_EXIT_DONE;
}

/** One option that switches something. */
static void take_switch(struct options *o, int option) {
    o->plan.claims = o->plan.claims && option != OPTION_NO_CLAIMS;
    o->plan.ablation = o->plan.ablation || option == OPTION_ABLATION;
    o->plan.sensitivity = o->plan.sensitivity || option == OPTION_SENSITIVITY;
    o->plan.read.skip_bad = o->plan.read.skip_bad || option == OPTION_SKIP_BAD;
    o->check_statistics = o->check_statistics || option == OPTION_CHECK_STATISTICS;
}

static int take_option(struct options *o, int option, const char *value) {
    switch (option) {
    case OPTION_POLICIES:
        return take_policies(o, value);
    case OPTION_READER:
        o->plan.read.reader = value;
        break;
    case OPTION_COLUMNS:
        o->plan.read.columns = value;
        break;
    case OPTION_AGAINST:
        o->against = value;
        break;
    case OPTION_REPLICATIONS:
        return weir_read_number("--replications", value, 1, 1000000, &o->plan.replications);
    case OPTION_SEED:
        return weir_read_integer("--seed", value, 0, INT64_MAX, &o->plan.seed)
                   ? WEIR_EXIT_DONE
                   : WEIR_EXIT_WRONG_USE;
    case OPTION_THREADS:
        return weir_read_number("--threads", value, 1, 256, &o->plan.threads);
    case OPTION_TRIALS:
        return weir_read_number("--trials", value, 2, 100000, &o->trials);
    case OPTION_SCENARIO:
        o->scenario = value;
        break;
    case OPTION_FORMAT:
        return weir_read_form(value, &o->form);
    case OPTION_COLOR:
        return weir_read_color(value, &o->color);
    case OPTION_OUT:
        o->out = value;
        break;
    default:
        take_switch(o, option);
        break;
    }
    return WEIR_EXIT_DONE;
}

static int take_from(struct options *o, const char *path) {
    struct weir_scenario_error error;
    o->from = path;
    o->previous = weir_previous_compare_open(path, &error);
    if (!o->previous) {
        return weir_scenario_exit(&error);
    }
    o->plan.seed = o->previous->seed;
    o->plan.replications = o->previous->replications;
    o->plan.read = o->previous->read;
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
        if ((option == OPTION_FROM) == from) {
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

/** Settings in their order of precedence: an earlier result's, the scenario file's, --set. */
static int read_settings(int argc, char **argv, struct options *o) {
    struct weir_scenario_error error = {WEIR_SCENARIO_OK, ""};
    enum weir_scenario_status status = WEIR_SCENARIO_OK;
    int option = 0;
    if (o->previous) {
        status = weir_previous_compare_settings(o->previous, o->settings, &error);
    }
    if (!status && o->scenario) {
        status = weir_settings_add_file(o->settings, o->scenario, &error);
    }
    optind = 1;
    while (!status && (option = weir_next_option("compare", argc, argv, long_options)) != -1) {
        if (option == OPTION_SET) {
            status = weir_settings_add(o->settings, optarg, &error);
        }
    }
    return status ? weir_scenario_exit(&error) : WEIR_EXIT_DONE;
}

static int add_previous_policies(struct options *o) {
    struct weir_source_error error;
    for (size_t i = 0; i < o->previous->policy_count; i++) {
        if (weir_policy_set_add_one(&o->policies, o->previous->policies[i], &error)) {
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

/** Without --policies those of the earlier result, else the main ones. Then they go into the plan.
 */
static int settle_policies(struct options *o) {
    if (o->policies.count == 0) {
        const int exit_code =
            o->previous ? add_previous_policies(o) : take_policies(o, DEFAULT_POLICIES);
        if (exit_code) {
            return exit_code;
        }
    }
    if (o->policies.count < 2) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "--policies: a comparison needs at least two; weir replay takes one");
    }
    for (size_t i = 0; i < o->policies.count; i++) {
        o->plan.policies[i] = o->policies.choices[i].policy;
        o->plan.specs[i] = o->policies.choices[i].spec;
        weir_settings_know_policy(o->settings, o->plan.policies[i]);
    }
    o->plan.policy_count = o->policies.count;
    o->plan.settings = o->settings;
    return find_against(o);
}

/** What is to be written can be written: better known before a long run than after. */
static int check_output(const struct options *o) {
    char error[512];
    if (o->out && !o->out[0]) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--out takes the name of a folder");
    }
    if (o->out && !weir_folder_check(o->out, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "--out %s", error);
    }
    return WEIR_EXIT_DONE;
}

static int read_arguments(int argc, char **argv, struct options *o) {
    int exit_code = read_pass(argc, argv, o, true);
    exit_code = exit_code ? exit_code : read_pass(argc, argv, o, false);
    exit_code = exit_code ? exit_code : take_traces(argc, argv, o);
    exit_code = exit_code ? exit_code : settle_policies(o);
    exit_code = exit_code ? exit_code : read_settings(argc, argv, o);
    return exit_code ? exit_code : check_output(o);
}

static int print(const struct weir_compare *compare, const struct options *o) {
    if (o->form == WEIR_FORM_JSON) {
        char *text = weir_compare_document(compare);
        if (!text) {
            return weir_complain(WEIR_EXIT_FAILED, "out of memory");
        }
        puts(text);
        free(text);
    } else {
        weir_compare_table(compare,
                           o->form == WEIR_FORM_CSV        ? WEIR_TABLE_CSV
                           : o->form == WEIR_FORM_MARKDOWN ? WEIR_TABLE_MARKDOWN
                                                           : WEIR_TABLE_TEXT,
                           weir_is_colored(o->color), stdout);
    }
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
        if (o->previous && o->plan.sources == o->previous->sources &&
            o->plan.seed == o->previous->seed && trace->digest != o->previous->digests[t]) {
            weir_complain(WEIR_EXIT_DONE, "%s: trace %s has changed since that result was made",
                          o->from, trace->name);
        }
    }
    const char *failure = weir_compare_failure(compare);
    return failure ? weir_complain(WEIR_EXIT_FAILED, "%s", failure) : WEIR_EXIT_DONE;
}

/** Result and plots. A missing gnuplot costs the plots, not the result. */
static int write_folder(const struct weir_compare *compare, const char *folder) {
    char error[512];
    if (!weir_compare_folder(compare, folder, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    const enum weir_plots_status plots = weir_plots_compare(folder, error, sizeof error);
    if (plots == WEIR_PLOTS_NO_GNUPLOT) {
        weir_complain(WEIR_EXIT_DONE, "no plots: %s", error);
        return WEIR_EXIT_DONE;
    }
    return plots ? weir_complain(WEIR_EXIT_FAILED, "%s", error) : WEIR_EXIT_DONE;
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
    int exit_code = o->out ? write_folder(compare, o->out) : WEIR_EXIT_DONE;
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
    if (o->form != WEIR_FORM_TABLE && o->form != WEIR_FORM_MARKDOWN) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--check-statistics has --format table and md");
    }
    if (!weir_variance_split(&o->plan, NULL, NULL, metric, difference, &error) ||
        !weir_statistics_check(&o->plan, o->trials, NULL, NULL, &check, &error)) {
        return weir_replay_exit(&error);
    }
    weir_statistics_table(&o->plan, &check, metric, difference,
                          o->form == WEIR_FORM_TABLE ? WEIR_TABLE_TEXT : WEIR_TABLE_MARKDOWN,
                          stdout);
    return weir_end_output(WEIR_EXIT_DONE);
}

int weir_command_compare(int argc, char **argv) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct options o = {.trials = 200,
                        .policies = {.also = weir_simulator_policies},
                        .plan = {.seed = 1,
                                 .replications = 20,
                                 .threads = processors > 0 ? (uint32_t)processors : 1,
                                 .claims = true}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return weir_end_output(WEIR_EXIT_DONE);
        }
    }
    o.settings = weir_settings_create();
    int exit_code = o.settings ? read_arguments(argc, argv, &o)
                               : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    exit_code = exit_code ? exit_code : o.check_statistics ? check_statistics(&o) : run(&o);
    weir_settings_destroy(o.settings);
    weir_policy_set_close(&o.policies);
    weir_previous_compare_close(o.previous);
    free(o.sources);
    return exit_code;
}
