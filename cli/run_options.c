#include "run_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "whole_file.h"

/** Position of a text among names, for an option; -1 after a complaint. */
static int read_choice(const char *option, const char *text, const char *const *names,
                       const char *known) {
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
    }
    weir_complain(WEIR_EXIT_WRONG_USE, "%s '%s': expected %s", option, text, known);
    return -1;
}

int weir_read_form(const char *text, enum weir_form *form) {
    static const char *const names[] = {"table", "json", "csv", "md", NULL};
    const int choice = read_choice("--format", text, names, "table, json, csv or md");
    *form = choice < 0 ? WEIR_FORM_TABLE : (enum weir_form)choice;
    return choice < 0 ? WEIR_EXIT_WRONG_USE : WEIR_EXIT_DONE;
}

int weir_read_color(const char *text, enum weir_color *color) {
    static const char *const names[] = {"auto", "always", "never", NULL};
    const int choice = read_choice("--color", text, names, "auto, always or never");
    *color = choice < 0 ? WEIR_COLOR_AUTO : (enum weir_color)choice;
    return choice < 0 ? WEIR_EXIT_WRONG_USE : WEIR_EXIT_DONE;
}

int weir_read_number(const char *name, const char *text, uint64_t min, uint64_t max,
                     uint32_t *value) {
    uint64_t number = 0;
    if (!weir_read_integer(name, text, min, max, &number)) {
        return WEIR_EXIT_WRONG_USE;
    }
    *value = (uint32_t)number;
    return WEIR_EXIT_DONE;
}

int weir_add_policies(struct weir_policy_set *set, const char *list) {
    struct weir_source_error error;
    return weir_policy_set_add(set, list, &error) ? weir_complain_of_policy(&error)
                                                  : WEIR_EXIT_DONE;
}

int weir_take_run_option(struct weir_run_options *o, int option, const char *value) {
    switch (option) {
    case WEIR_OPTION_POLICIES:
        return weir_add_policies(&o->policies, value);
    case WEIR_OPTION_SCENARIO:
        o->scenario = value;
        break;
    case WEIR_OPTION_SEED:
        return weir_read_integer("--seed", value, 0, INT64_MAX, &o->seed) ? WEIR_EXIT_DONE
                                                                          : WEIR_EXIT_WRONG_USE;
    case WEIR_OPTION_REPLICATIONS:
        return weir_read_number("--replications", value, 1, 1000000, &o->replications);
    case WEIR_OPTION_THREADS:
        return weir_read_number("--threads", value, 1, 256, &o->threads);
    case WEIR_OPTION_FORMAT:
        return weir_read_form(value, &o->form);
    case WEIR_OPTION_COLOR:
        return weir_read_color(value, &o->color);
    case WEIR_OPTION_OUT:
        o->out = value;
        break;
    case WEIR_OPTION_SKIP_BAD:
        o->read.skip_bad = true;
        break;
    case WEIR_OPTION_READER:
        o->read.reader = value;
        break;
    case WEIR_OPTION_COLUMNS:
        o->read.columns = value;
        break;
    default:
        break;
    }
    return WEIR_EXIT_DONE;
}

int weir_read_settings(const char *command, int argc, char **argv, const struct option *options,
                       const char *scenario, struct weir_settings *settings) {
    struct weir_scenario_error error = {WEIR_SCENARIO_OK, ""};
    enum weir_scenario_status status =
        scenario ? weir_settings_add_file(settings, scenario, &error) : WEIR_SCENARIO_OK;
    int option = 0;
    optind = 1;
    while (!status && (option = weir_next_option(command, argc, argv, options)) != -1) {
        if (option == WEIR_OPTION_SET) {
            status = weir_settings_add(settings, optarg, &error);
        }
    }
    return status ? weir_scenario_exit(&error) : WEIR_EXIT_DONE;
}

int weir_check_out(const char *folder) {
    char error[512];
    if (folder && !folder[0]) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--out takes the name of a folder");
    }
    if (folder && !weir_folder_check(folder, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "--out %s", error);
    }
    return WEIR_EXIT_DONE;
}

uint32_t weir_default_threads(void) {
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors > 0 ? (uint32_t)processors : 1;
}

enum weir_table_form weir_table_of(enum weir_form form) {
    return form == WEIR_FORM_CSV        ? WEIR_TABLE_CSV
           : form == WEIR_FORM_MARKDOWN ? WEIR_TABLE_MARKDOWN
                                        : WEIR_TABLE_TEXT;
}

int weir_plots_exit(enum weir_plots_status status, const char *why) {
    if (status == WEIR_PLOTS_NO_GNUPLOT) {
        return weir_complain(WEIR_EXIT_DONE, "no plots: %s", why);
    }
    return status ? weir_complain(WEIR_EXIT_FAILED, "%s", why) : WEIR_EXIT_DONE;
}

bool weir_is_colored(enum weir_color color) {
    const char *no_color = getenv("NO_COLOR");
    return color == WEIR_COLOR_ALWAYS ||
           (color == WEIR_COLOR_AUTO && isatty(STDOUT_FILENO) && (!no_color || !no_color[0]));
}

/** Whether a command has -o. */
static bool takes_output(const struct option *options) {
    while (options->name && options->val != 'o') {
        options++;
    }
    return options->name != NULL;
}

/** Complains of an option that a command does not know; a near one is named. */
static void complain_of_option(const char *command, const char *text,
                               const struct option *options) {
    const char *name = text + strspn(text, "-");
    const char *near = NULL;
    size_t least = strcspn(name, "=") / 2 + 1; /* what is farther is no mistyping */
    char typed[64];
    snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
    for (size_t i = 0; options[i].name; i++) {
        const size_t distance = weir_name_distance(typed, options[i].name);
        if (distance < least) {
            least = distance;
            near = options[i].name;
        }
    }
    weir_complain(WEIR_EXIT_WRONG_USE, "unknown option '%s'%s%s%s weir %s --help lists them", text,
                  near ? "; did you mean '--" : ";", near ? near : "", near ? "'?" : "", command);
}

int weir_next_option(const char *command, int argc, char **argv, const struct option *options) {
    opterr = 0;
    const int option =
        getopt_long(argc, argv, takes_output(options) ? ":ho:" : ":h", options, NULL);
    if (option == ':') {
        weir_complain(WEIR_EXIT_WRONG_USE, "option '%s' needs a value; weir %s --help tells which",
                      argv[optind - 1], command);
        return '?';
    }
    if (option == '?') {
        complain_of_option(command, argv[optind - 1], options);
    }
    return option;
}

int weir_scenario_exit(const struct weir_scenario_error *error) {
    return weir_complain(error->status == WEIR_SCENARIO_UNKNOWN ? WEIR_EXIT_WRONG_USE
                                                                : WEIR_EXIT_BAD_INPUT,
                         "%s", error->text);
}

int weir_replay_exit(const struct weir_replay_error *error) {
    static const int exits[] = {WEIR_EXIT_DONE, WEIR_EXIT_FAILED, WEIR_EXIT_WRONG_USE,
                                WEIR_EXIT_BAD_INPUT, WEIR_EXIT_INCOMPLETE};
    return weir_complain(exits[error->status], "%s", error->text);
}

void weir_show_progress(void *context, uint32_t done, uint32_t of) {
    const struct timespec *start = context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double elapsed_s =
        (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
    fprintf(stderr, "\r%" PRIu32 " of %" PRIu32 " replications, %.0f s left ", done, of,
            elapsed_s / done * (of - done));
    if (done == of) {
        fputs("\r\033[K", stderr);
    }
}
