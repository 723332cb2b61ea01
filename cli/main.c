#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "weir/policy.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"replay", weir_command_replay,
     "replay a cascade against a policy: what it captured, and what stopped it"},
    {"compare", weir_command_compare, "compare policies on traces: differences, verdicts, claims"},
    {"tune", weir_command_tune,
     "find the settings that cannot be told from the best, and how sure that is"},
    {"report", weir_command_report, "one HTML page about results: answer, tables, figures"},
    {"bench", weir_command_bench, "did it get worse? suites for every night, gates, history"},
    {"policies", weir_command_policies, "list the policies and their settings"},
    {"serve", weir_command_serve,
     "let a real bot meet a cascade: the exchange over HTTP and WebSocket"},
    {"live", weir_command_live,
     "the bot and its limiter over real HTTP, in real time; does a replay agree?"},
    {"record", weir_command_record, "record a stream of liquidations, to be replayed"},
    {"calibrate", weir_command_calibrate,
     "learn the exchange's rules, delays and loads from a real bot's log"},
    {"scenario", weir_command_scenario, "list the settings of a scenario with their defaults"},
    {"trace", weir_command_trace, "read, write, build, slice and describe traces"},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *out) {
    fputs("weir replays liquidation cascades against the rate limiter of a trading bot.\n\n"
          "usage: weir <command> [options]\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n  weir <command> --help   its options\n  weir --version\n\n"
          "exit codes: 0 done, 1 failed, 2 wrong use, 3 bad input, 4 a gate was broken,\n"
          "            5 incomplete sweep, 128+n ended by a signal\n",
          out);
}

/** A closed standard stream would be reused by the next file that is opened, and results would be
 *  written into it: refuse at the start. */
static int check_streams(void) {
    if (fcntl(STDERR_FILENO, F_GETFD) == -1 && open("/dev/null", O_WRONLY) == -1) {
        return WEIR_EXIT_FAILED;
    }
    if (fcntl(STDOUT_FILENO, F_GETFD) == -1) {
        return weir_complain(WEIR_EXIT_FAILED, "standard output is closed: %s", strerror(errno));
    }
    return WEIR_EXIT_DONE;
}

static const struct command *find(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int complain_of_command(const char *name) {
    const char *near = NULL;
    size_t least = strlen(name) / 2 + 1; /* what is farther is no mistyping */
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const size_t distance = weir_name_distance(commands[i].name, name);
        if (distance < least) {
            least = distance;
            near = commands[i].name;
        }
    }
    return weir_complain(WEIR_EXIT_WRONG_USE, "unknown command '%s'%s%s%s weir --help lists them",
                         name, near ? "; did you mean '" : ";", near ? near : "", near ? "'?" : "");
}

int main(int argc, char **argv) {
    const int streams = check_streams();
    if (streams) {
        return streams;
    }
    const char *name = argc > 1 ? argv[1] : "";
    char help_option[] = "--help";
    char *help_of[] = {argv[0], argc > 2 ? argv[2] : NULL, help_option, NULL};
    if (strcmp(name, "help") == 0 && argc == 3) { /* weir help COMMAND */
        argv = help_of;
        name = argv[1];
    } else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
               strcmp(name, "help") == 0) {
        print_help(stdout);
        return weir_end_output(WEIR_EXIT_DONE);
    }
    if (strcmp(name, "--version") == 0) {
        puts("weir " WEIR_VERSION);
        return weir_end_output(WEIR_EXIT_DONE);
    }
    const struct command *command = find(name);
    if (command) {
        return command->run(argc - 1, argv + 1);
    }
    if (name[0] == '\0') {
        print_help(stderr);
        return WEIR_EXIT_WRONG_USE;
    }
    return complain_of_command(name);
}
