#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "report.h"
#include "run_options.h"
#include "whole_file.h"

static const char help[] =
    "usage: weir report RESULT… -o FILE\n\n"
    "Writes one HTML page about results: what was asked, the answer, tables and figures, and how "
    "to\n"
    "repeat it. It needs no network and opens from an e-mail. Several results: first where they\n"
    "differ, then each by itself.\n\n"
    "Each RESULT is a folder that weir replay, compare or tune wrote with --out, or a document of\n"
    "theirs or of weir bench as a file (without the figures that need the folder's tables).\n\n"
    "  -o, --output FILE  where the page goes (default report.html)\n\n"
    "The figures' gnuplot scripts go into the result folder, as report-*.gp beside report-*.svg; "
    "for\n"
    "a document that is a single file, into FILE.plots.\n";

enum {
    OPTION_OUTPUT = 'o'
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {NULL, 0, NULL, 0},
};

static int read_options(int argc, char **argv, const char **output) {
    int option = 0;
    while ((option = weir_next_option("report", argc, argv, long_options)) != -1) {
        if (option != OPTION_OUTPUT) {
            return WEIR_EXIT_WRONG_USE;
        }
        *output = optarg;
    }
    if (optind == argc) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "expected a result, as in: weir report results/quickstart/weir -o "
                             "report.html");
    }
    return WEIR_EXIT_DONE;
}

/** Makes the folder for scripts of results that are single files, if there are any. */
static int make_scripts_folder(const struct weir_report *report, char *error, size_t size) {
    for (size_t i = 0; i < report->count; i++) {
        if (weir_report_is_file(report->results[i])) {
            return weir_make_folder(report->scripts, error, size)
                       ? WEIR_EXIT_DONE
                       : weir_complain(WEIR_EXIT_FAILED, "%s", error);
        }
    }
    return WEIR_EXIT_DONE;
}

static int exit_of(enum weir_report_status status, const char *error) {
    switch (status) {
    case WEIR_REPORT_OK:
        return WEIR_EXIT_DONE;
    case WEIR_REPORT_NO_GNUPLOT:
        return weir_complain(WEIR_EXIT_DONE, "%s", error);
    case WEIR_REPORT_BAD_INPUT:
        return weir_complain(WEIR_EXIT_BAD_INPUT, "%s", error);
    case WEIR_REPORT_FAILED:
        break;
    }
    return weir_complain(WEIR_EXIT_FAILED, "%s", error);
}

static int write_report(const struct weir_report *report, const char *output) {
    struct weir_whole_file file;
    char error[1024];
    const int made = make_scripts_folder(report, error, sizeof error);
    if (made) {
        return made;
    }
    if (!weir_whole_file_open(&file, output, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    const int exit_code =
        exit_of(weir_report_write(report, file.stream, error, sizeof error), error);
    if (exit_code) {
        rmdir(report->scripts); /* unless something is in it */
    }
    const bool placed = weir_whole_file_end(&file, !exit_code, error, sizeof error);
    return exit_code || placed ? exit_code : weir_complain(WEIR_EXIT_FAILED, "%s", error);
}

int weir_command_report(int argc, char **argv) {
    const char *output = "report.html";
    char scripts[4096];
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    const int exit_code = read_options(argc, argv, &output);
    if (exit_code) {
        return exit_code;
    }
    if (!output[0] ||
        snprintf(scripts, sizeof scripts, "%s.plots", output) >= (int)sizeof scripts) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "-o takes the name of a file");
    }
    const struct weir_report report = {.results = (const char *const *)&argv[optind],
                                       .count = (size_t)(argc - optind),
                                       .scripts = scripts,
                                       .version = WEIR_VERSION};
    return write_report(&report, output);
}
