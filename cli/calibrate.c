#include "calibrate.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "whole_file.h"

static const char help[] =
    "usage: weir calibrate LOG… [-o scenario.json] [--columns LIST] [--format table|json]\n"
    "\n"
    "Reads the requests of a real bot and says which rules of the exchange the log supports,\n"
    "contradicts or leaves open, how long answers took, and what load stands. LOG is CSV with a "
    "head,\n"
    "or JSON lines, as weir replay --log writes them; .gz and .zst too, - is standard input.\n"
    "\n"
    "  -o, --out FILE    write a scenario with what was found, for weir replay --scenario\n"
    "  --columns LIST    which column or key holds what: sent=ts,answered=done,weight=used,…\n"
    "                    (" WEIR_LOG_FIELDS ")\n"
    "  --format FORM     table or json (default table)\n"
    "\n"
    "Keys, signatures and order ids are not read. docs/calibrate.md says how each rule is "
    "judged.\n";

struct options {
    const char *columns, *out;
    bool json;
};

static const struct option long_options[] = {{"out", required_argument, NULL, 'o'},
                                             {"columns", required_argument, NULL, 'c'},
                                             {"format", required_argument, NULL, 'f'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

static int read_options(int argc, char **argv, struct options *o) {
    int option = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1) {
        if (option == 'o') {
            o->out = optarg;
        } else if (option == 'c') {
            o->columns = optarg;
        } else if (option == 'f' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "table") == 0)) {
            o->json = optarg[0] == 'j';
        } else if (option == 'f') {
            return weir_complain(WEIR_EXIT_WRONG_USE, "--format '%s': expected table or json",
                                 optarg);
        } else {
            return weir_complain(WEIR_EXIT_WRONG_USE,
                                 option == ':'
                                     ? "option '%s' needs a value; weir calibrate --help"
                                     : "unknown option '%s'; weir calibrate --help lists them",
                                 argv[optind - 1]);
        }
    }
    return optind < argc
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_WRONG_USE, "expected a log, as in: weir calibrate "
                                                    "requests.jsonl -o scenario.json");
}

static int report(const struct weir_calibration *found, const struct options *o) {
    char error[512];
    if (o->out && !weir_calibration_write(found, o->out, error, sizeof error)) {
        return weir_complain(WEIR_EXIT_FAILED, "%s", error);
    }
    if (!o->json) {
        weir_calibration_print(found, stdout);
        return weir_end_output(WEIR_EXIT_DONE);
    }
    return weir_print_document(weir_calibration_document(found));
}

static int calibrate(const struct weir_request_log *log, const struct options *o) {
    if (log->count == 0) {
        return weir_complain(WEIR_EXIT_BAD_INPUT, "no request was found in the log");
    }
    struct weir_calibration *found = malloc(sizeof *found);
    const bool ok = found && weir_calibrate(log, found);
    const int exit_code = ok ? report(found, o) : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    free(found);
    return exit_code;
}

int weir_command_calibrate(int argc, char **argv) {
    struct options o = {.columns = NULL};
    struct weir_request_log log = {.requests = NULL};
    char error[512];
    if (weir_asks_for_help(argc, argv)) {
        return weir_give_help(help);
    }
    int exit_code = read_options(argc, argv, &o);
    if (!exit_code && o.out && !weir_whole_file_check(o.out, error, sizeof error)) {
        exit_code = weir_complain(WEIR_EXIT_FAILED, "-o %s", error);
    }
    for (int i = optind; i < argc && !exit_code; i++) {
        if (!weir_request_log_read(&log, argv[i], o.columns, error, sizeof error)) {
            exit_code = weir_complain(WEIR_EXIT_BAD_INPUT, "%s", error);
        }
    }
    if (!exit_code) {
        weir_request_log_sort(&log);
        exit_code = calibrate(&log, &o);
    }
    weir_request_log_free(&log);
    return exit_code;
}
