#include "record.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"

static const char help[] =
    "usage: weir record URL -o FILE.zst [options]\n"
    "\n"
    "Records a stream of liquidations (forceOrder events of Binance or Aster) until SIGINT or\n"
    "SIGTERM, whatever happens to the connection. Every other command reads what it writes.\n"
    "\n"
    "  URL               ws:// or wss://, raw or combined; without a path /ws/!forceOrder@arr:\n"
    "                    wss://fstream.asterdex.com\n"
    "                    wss://fstream.binance.com/stream?streams=btcusdt@forceOrder\n"
    "  -o, --out FILE    a file a day (UTC): of feed.jsonl.zst, feed-2026-11-24.jsonl.zst;\n"
    "                    one that is there already is gone on with\n"
    "  --for SECONDS     stop after that time\n"
    "  --silence SECONDS give a connection up that gives no sign of life, not even an answer to a\n"
    "                    ping, for so long (default 60)\n"
    "  --ca FILE         trust these certificates (PEM) in place of the system's\n"
    "\n"
    "The first connection must succeed; from then on it is kept, and each time without it is\n"
    "marked as a gap. What has come is on the disk within a second. docs/record.md says more.\n";

enum {
    OPTION_FOR = 256,
    OPTION_SILENCE,
    OPTION_CA
};

static const struct option long_options[] = {{"out", required_argument, NULL, 'o'},
                                             {"for", required_argument, NULL, OPTION_FOR},
                                             {"silence", required_argument, NULL, OPTION_SILENCE},
                                             {"ca", required_argument, NULL, OPTION_CA},
                                             {NULL, 0, NULL, 0}};

static int read_seconds(const char *name, const char *text, double *seconds) {
    char *end = NULL;
    *seconds = strtod(text, &end);
    return *end == '\0' && text[0] != '\0' && isfinite(*seconds) && *seconds >= 0.1 &&
                   *seconds <= 1e9
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_WRONG_USE,
                               "%s '%s': expected a number of seconds, at least 0.1", name, text);
}

static int read_arguments(int argc, char **argv, struct weir_record_plan *plan) {
    int option = 0;
    int exit_code = WEIR_EXIT_DONE;
    optind = 1;
    opterr = 0;
    while (exit_code == WEIR_EXIT_DONE &&
           (option = getopt_long(argc, argv, ":o:", long_options, NULL)) != -1) {
        switch (option) {
        case 'o':
            plan->out = optarg;
            break;
        case OPTION_FOR:
            exit_code = read_seconds("--for", optarg, &plan->for_s);
            break;
        case OPTION_SILENCE:
            exit_code = read_seconds("--silence", optarg, &plan->silence_s);
            break;
        case OPTION_CA:
            plan->ca_file = optarg;
            break;
        default:
            exit_code = weir_complain(
                WEIR_EXIT_WRONG_USE, "%s '%s'; weir record --help lists the options",
                option == ':' ? "a value is missing after" : "unknown option", argv[optind - 1]);
        }
    }
    if (exit_code != WEIR_EXIT_DONE) {
        return exit_code;
    }
    if (argc - optind != 1) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             argc == optind ? "the URL of a stream is missing; weir record --help"
                                            : "one URL is recorded, not several");
    }
    plan->url = argv[optind];
    return plan->out ? WEIR_EXIT_DONE
                     : weir_complain(WEIR_EXIT_WRONG_USE, "-o FILE.zst is missing");
}

static int run(const struct weir_record_plan *plan) {
    const struct weir_record_end end = weir_record(plan);
    switch (end.status) {
    case WEIR_RECORD_DONE:
        return WEIR_EXIT_DONE;
    case WEIR_RECORD_STOPPED:
        return 128 + end.signal;
    case WEIR_RECORD_WRONG_USE:
        return weir_complain(WEIR_EXIT_WRONG_USE, "%s", end.text);
    case WEIR_RECORD_FAILED:
        break;
    }
    return weir_complain(WEIR_EXIT_FAILED, "%s", end.text);
}

int weir_command_record(int argc, char **argv) {
    struct weir_record_plan plan = {.silence_s = 60.0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return weir_end_output(WEIR_EXIT_DONE);
        }
    }
    const int exit_code = read_arguments(argc, argv, &plan);
    return exit_code != WEIR_EXIT_DONE ? exit_code : run(&plan);
}
