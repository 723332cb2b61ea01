#ifndef WEIR_CLI_RUN_OPTIONS_H
#define WEIR_CLI_RUN_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "plots.h"
#include "policy_source.h"
#include "replay.h"
#include "replay_document.h"
#include "scenario.h"

/** What the commands that run policies have in common. Functions that return an exit code have
 *  complained if it is not WEIR_EXIT_DONE. */

enum weir_form {
    WEIR_FORM_TABLE,
    WEIR_FORM_JSON,
    WEIR_FORM_CSV,
    WEIR_FORM_MARKDOWN
};

enum weir_color {
    WEIR_COLOR_AUTO,
    WEIR_COLOR_ALWAYS,
    WEIR_COLOR_NEVER
};

/** Values of the options that commands running policies on traces share. Texts are borrowed. */
struct weir_run_options {
    const char *scenario, *out;
    uint64_t seed;
    uint32_t replications, threads;
    struct weir_read_options read;
    struct weir_policy_set policies;
    enum weir_form form;
    enum weir_color color;
};

/** What getopt_long gives for them. Those of a command itself are smaller. */
enum weir_run_option {
    WEIR_OPTION_POLICIES = 512,
    WEIR_OPTION_SCENARIO,
    WEIR_OPTION_SET,
    WEIR_OPTION_FROM,
    WEIR_OPTION_SEED,
    WEIR_OPTION_REPLICATIONS,
    WEIR_OPTION_THREADS,
    WEIR_OPTION_FORMAT,
    WEIR_OPTION_COLOR,
    WEIR_OPTION_OUT,
    WEIR_OPTION_SKIP_BAD,
    WEIR_OPTION_READER,
    WEIR_OPTION_COLUMNS
};

/** Their entries in a table for getopt_long. */
#define WEIR_RUN_OPTIONS                                                                           \
    {"policy", required_argument, NULL, WEIR_OPTION_POLICIES},                                     \
        {"policies", required_argument, NULL, WEIR_OPTION_POLICIES},                               \
        {"scenario", required_argument, NULL, WEIR_OPTION_SCENARIO},                               \
        {"set", required_argument, NULL, WEIR_OPTION_SET},                                         \
        {"from", required_argument, NULL, WEIR_OPTION_FROM},                                       \
        {"seed", required_argument, NULL, WEIR_OPTION_SEED},                                       \
        {"replications", required_argument, NULL, WEIR_OPTION_REPLICATIONS},                       \
        {"threads", required_argument, NULL, WEIR_OPTION_THREADS},                                 \
        {"format", required_argument, NULL, WEIR_OPTION_FORMAT},                                   \
        {"color", required_argument, NULL, WEIR_OPTION_COLOR},                                     \
        {"out", required_argument, NULL, WEIR_OPTION_OUT},                                         \
        {"skip-bad", no_argument, NULL, WEIR_OPTION_SKIP_BAD},                                     \
        {"reader", required_argument, NULL, WEIR_OPTION_READER}, {                                 \
        "columns", required_argument, NULL, WEIR_OPTION_COLUMNS                                    \
    }

/** Takes the value of one of them; --set and --from, whose order matters, and what is none of them
 *  are passed over. */
int weir_take_run_option(struct weir_run_options *o, int option, const char *value);

/** Adds the policies of a list. */
int weir_add_policies(struct weir_policy_set *set, const char *list);

/** Settings in their order of precedence: those that are there, the scenario file's (NULL: none),
 *  then each --set of the command line. `settings` begins with an earlier result's, if any. */
int weir_read_settings(const char *command, int argc, char **argv, const struct option *options,
                       const char *scenario, struct weir_settings *settings);

/** Whether the folder of --out can be written, as is better known before a long run; NULL: none is
 *  asked for. */
int weir_check_out(const char *folder);

/** As many threads as there are processors. */
uint32_t weir_default_threads(void);

/** The table that a form other than JSON stands for. */
enum weir_table_form weir_table_of(enum weir_form form);

/** What drawing plots gave: a missing gnuplot costs the plots, not the result. */
int weir_plots_exit(enum weir_plots_status status, const char *why);

int weir_read_form(const char *text, enum weir_form *form);
int weir_read_color(const char *text, enum weir_color *color);

/** Reads a whole number for the option `name`. */
int weir_read_number(const char *name, const char *text, uint64_t min, uint64_t max,
                     uint32_t *value);

/** Whether standard output is to be coloured. NO_COLOR: see no-color.org; any value but the empty
 *  one counts. */
bool weir_is_colored(enum weir_color color);

/** The next option, as getopt_long gives it; what is none is complained about once and ends as '?'.
 */
int weir_next_option(const char *command, int argc, char **argv, const struct option *options);

/** Complain and return the exit code of a failure: of settings, of a run. */
int weir_scenario_exit(const struct weir_scenario_error *error);
int weir_replay_exit(const struct weir_replay_error *error);

/** Progress on a terminal: how many, and how long still. `context` is the struct timespec of the
 *  start by CLOCK_MONOTONIC. */
void weir_show_progress(void *context, uint32_t done, uint32_t of);

#endif
