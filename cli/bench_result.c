#include "bench_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "bench_command.h"
#include "checks.h"
#include "commands.h"
#include "exports.h"
#include "run_options.h"
#include "whole_file.h"

struct options {
    const char *baseline, *output, *form;
    bool no_baseline, no_time;
};

enum {
    OPTION_BASELINE = 256,
    OPTION_NO_BASELINE,
    OPTION_NO_TIME,
    OPTION_AS
};

static const struct option gate_options[] = {{"baseline", required_argument, NULL, OPTION_BASELINE},
                                             {"no-baseline", no_argument, NULL, OPTION_NO_BASELINE},
                                             {"no-time", no_argument, NULL, OPTION_NO_TIME},
                                             {NULL, 0, NULL, 0}};
static const struct option accept_options[] = {{"output", required_argument, NULL, 'o'},
                                               {NULL, 0, NULL, 0}};
static const struct option export_options[] = {
    {"as", required_argument, NULL, OPTION_AS},
    {"output", required_argument, NULL, 'o'},
    {"baseline", required_argument, NULL, OPTION_BASELINE},
    {"no-baseline", no_argument, NULL, OPTION_NO_BASELINE},
    {"no-time", no_argument, NULL, OPTION_NO_TIME},
    {NULL, 0, NULL, 0}};

static void take_option(struct options *o, int option, const char *value) {
    switch (option) {
    case OPTION_BASELINE:
        o->baseline = value;
        break;
    case OPTION_AS:
        o->form = value;
        break;
    case 'o':
        o->output = value;
        break;
    default:
        o->no_baseline = o->no_baseline || option == OPTION_NO_BASELINE;
        o->no_time = o->no_time || option == OPTION_NO_TIME;
        break;
    }
}

/** Reads the options and the result; NULL after a complaint, with the exit code. */
static json_t *open_result(int argc, char **argv, const struct option *known, struct options *o,
                           int *exit_code) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    int option = 0;
    *exit_code = WEIR_EXIT_WRONG_USE;
    optind = 1;
    while ((option = weir_next_option("bench", argc, argv, known)) != -1) {
        if (option == '?') {
            return NULL;
        }
        take_option(o, option, optarg);
    }
    const char *path = weir_single_argument(argc, argv, "result");
    json_t *result = path ? weir_bench_result_open(path, false, &error) : NULL;
    if (path) {
        *exit_code = result ? WEIR_EXIT_DONE : weir_replay_exit(&error);
    }
    return result;
}

/** Opens the baseline that belongs to the result. `*accepted` stays NULL if there is to be none. */
static int open_accepted(const json_t *result, const struct options *o, bool needed,
                         json_t **accepted) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    char *beside = weir_bench_accepted_path(result);
    const char *path = o->baseline ? o->baseline : beside;
    int exit_code = WEIR_EXIT_DONE;
    if (!beside) {
        exit_code = weir_complain(WEIR_EXIT_FAILED, "out of memory");
    } else if (!o->no_baseline && !o->baseline && access(beside, F_OK) != 0) {
        exit_code = weir_complain(needed ? WEIR_EXIT_BAD_INPUT : WEIR_EXIT_DONE,
                                  "%s: there is no accepted baseline; weir bench accept makes it, "
                                  "--no-baseline does without",
                                  beside);
    } else if (!o->no_baseline) {
        *accepted = weir_bench_result_open(path, true, &error);
        exit_code = *accepted ? WEIR_EXIT_DONE : weir_replay_exit(&error);
    }
    free(beside);
    return exit_code;
}

static int make_checks(const json_t *result, const struct options *o, bool needed,
                       struct weir_checks *checks) {
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    json_t *accepted = NULL;
    int exit_code = open_accepted(result, o, needed, &accepted);
    if (!exit_code && !weir_checks_make(result, accepted, !o->no_time, checks, &error)) {
        exit_code = weir_replay_exit(&error);
    }
    json_decref(accepted);
    return exit_code;
}

int weir_bench_gate(int argc, char **argv) {
    struct options o = {.form = NULL};
    struct weir_checks checks = {.count = 0};
    int exit_code = WEIR_EXIT_DONE;
    json_t *result = open_result(argc, argv, gate_options, &o, &exit_code);
    exit_code = exit_code ? exit_code : make_checks(result, &o, true, &checks);
    if (!exit_code) {
        weir_checks_print(&checks, stdout);
        exit_code =
            weir_end_output(weir_checks_broken(&checks) > 0 ? WEIR_EXIT_GATE : WEIR_EXIT_DONE);
    }
    weir_checks_free(&checks);
    json_decref(result);
    return exit_code;
}

int weir_bench_accept_result(int argc, char **argv) {
    struct options o = {.form = NULL};
    struct weir_replay_error error = {WEIR_REPLAY_FAILED, "out of memory"};
    int exit_code = WEIR_EXIT_DONE;
    json_t *result = open_result(argc, argv, accept_options, &o, &exit_code);
    char *beside = result ? weir_bench_accepted_path(result) : NULL;
    json_t *accepted = result ? weir_bench_accept(result) : NULL;
    if (!exit_code) {
        const char *path = o.output ? o.output : beside;
        const bool ok = path && accepted && weir_bench_result_write(accepted, path, &error);
        exit_code = ok ? WEIR_EXIT_DONE : weir_replay_exit(&error);
        if (ok) {
            printf("accepted: %s\n", path);
            exit_code = weir_end_output(WEIR_EXIT_DONE);
        }
    }
    free(beside);
    json_decref(accepted);
    json_decref(result);
    return exit_code;
}

/* exports */

enum form {
    FORM_MARKDOWN,
    FORM_JUNIT,
    FORM_BIGGER,
    FORM_SMALLER,
    FORM_BENCHER,
    FORM_CSV,
    FORMS
};

static int read_export_form(const char *text, enum form *form) {
    static const char *const names[FORMS] = {"md",      "junit", "action-bigger", "action-smaller",
                                             "bencher", "csv"};
    for (int i = 0; text && i < FORMS; i++) {
        if (strcmp(names[i], text) == 0) {
            *form = (enum form)i;
            return WEIR_EXIT_DONE;
        }
    }
    return weir_complain(WEIR_EXIT_WRONG_USE,
                         "--as '%s': expected md, junit, action-bigger, "
                         "action-smaller, bencher or csv",
                         text ? text : "");
}

static bool write_form(enum form form, const json_t *result, const struct weir_checks *checks,
                       FILE *out) {
    switch (form) {
    case FORM_MARKDOWN:
        return weir_export_markdown(result, checks, out);
    case FORM_JUNIT:
        weir_export_junit(result, checks, out);
        return true;
    case FORM_BIGGER:
    case FORM_SMALLER:
        return weir_export_action(result, form == FORM_BIGGER, out);
    case FORM_BENCHER:
        return weir_export_bencher(result, out);
    case FORM_CSV:
        weir_export_csv(result, out);
        return true;
    case FORMS:
        break;
    }
    return false;
}

static int write_file(enum form form, const json_t *result, const struct weir_checks *checks,
                      const char *path) {
    char why[512];
    struct weir_whole_file file;
    if (!weir_whole_file_open(&file, path, why, sizeof why)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", why);
    }
    snprintf(why, sizeof why, "out of memory");
    return weir_whole_file_end(&file, write_form(form, result, checks, file.stream), why,
                               sizeof why)
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_FAILED, "%s", why);
}

static int print_form(enum form form, const json_t *result, const struct weir_checks *checks) {
    return write_form(form, result, checks, stdout)
               ? weir_end_output(WEIR_EXIT_DONE)
               : weir_complain(WEIR_EXIT_FAILED, "out of memory");
}

int weir_bench_export(int argc, char **argv) {
    struct options o = {.form = NULL};
    struct weir_checks checks = {.count = 0};
    enum form form = FORMS;
    int exit_code = WEIR_EXIT_DONE;
    json_t *result = open_result(argc, argv, export_options, &o, &exit_code);
    exit_code = exit_code ? exit_code : read_export_form(o.form, &form);
    if (!exit_code && (form == FORM_MARKDOWN || form == FORM_JUNIT)) {
        exit_code = make_checks(result, &o, false, &checks);
    }
    if (!exit_code) {
        exit_code = o.output ? write_file(form, result, &checks, o.output)
                             : print_form(form, result, &checks);
    }
    weir_checks_free(&checks);
    json_decref(result);
    return exit_code;
}
