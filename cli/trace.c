#include "trace_command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "reader.h"

static const char help[] =
    "usage: weir trace <what> IN… [options]\n"
    "\n"
    "IN are recordings, read as one in order of time, or - for standard input; or one profile or\n"
    "generator, from which a trace is built. Forms are recognised; docs/traces.md lists them.\n"
    "\n"
    "  info IN…               what is in it: counts, rates, sizes, gaps, duplicates, its class;\n"
    "                         -o DIR writes it there, with a plot\n"
    "  head IN…               its first rows, as canonical CSV (--rows N, default 10)\n"
    "  validate IN…           list every defect with its line\n"
    "  convert IN… -o OUT     write it in another form, by the ending of OUT: .csv, .jsonl or\n"
    "                         .weir (binary), each also .gz or .zst; -o - writes CSV\n"
    "  merge IN… -o OUT       the same: several files become one\n"
    "  sort IN… -o OUT        bring rows into order of time (in memory)\n"
    "  slice IN… -o OUT       a part of it: --from, --to, --symbols, --strongest\n"
    "  build PROFILE -o OUT   build a trace from a profile (--seed, --replication)\n"
    "  generate GENERATOR -o OUT   draw a trace from a generator\n"
    "  generate --fit TRACE -o OUT.json   a generator with the parameters of a trace\n"
    "  profile IN… -o OUT.json   a profile: the figures of a trace, none of its rows\n"
    "\n"
    "  -o, --out FILE         where to write (of info: a folder)\n"
    "  --reader NAME          read IN as this form, rather than recognising it:\n"
    "                         ";

static const char help_rest[] =
    "\n"
    "  --columns MAP          which column is what, by name or number from 1, as in\n"
    "                         time=ts,symbol=2,side=3,price=px,quantity=qty,unit=ms,\n"
    "                         symbol-suffix=USDT,sell=long,buy=short,header=no\n"
    "  --skip-bad             leave bad rows out, and say how many\n"
    "  --unit UNIT            write times in ns, us or ms (default: as they were recorded)\n"
    "  --from TIME --to TIME  ISO 8601, as 2025-10-10T21:15:00Z; --to is not included\n"
    "  --symbols A,B,…        these symbols only\n"
    "  --strongest MINUTES    the minutes in a row with the most liquidations\n"
    "  --seed N --replication N   of what is drawn (default 1 and 0)\n"
    "  --rows N               how many\n"
    "  --format FORM          table or json\n";

enum {
    OPTION_READER = 256,
    OPTION_COLUMNS,
    OPTION_SKIP_BAD,
    OPTION_UNIT,
    OPTION_FROM,
    OPTION_TO,
    OPTION_SYMBOLS,
    OPTION_STRONGEST,
    OPTION_SEED,
    OPTION_REPLICATION,
    OPTION_ROWS,
    OPTION_FORMAT,
    OPTION_FIT,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"out", required_argument, NULL, 'o'},
    {"reader", required_argument, NULL, OPTION_READER},
    {"columns", required_argument, NULL, OPTION_COLUMNS},
    {"skip-bad", no_argument, NULL, OPTION_SKIP_BAD},
    {"unit", required_argument, NULL, OPTION_UNIT},
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"symbols", required_argument, NULL, OPTION_SYMBOLS},
    {"strongest", required_argument, NULL, OPTION_STRONGEST},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"replication", required_argument, NULL, OPTION_REPLICATION},
    {"rows", required_argument, NULL, OPTION_ROWS},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"fit", required_argument, NULL, OPTION_FIT},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0}};

/** What can be done, and what it needs. */
static const struct what {
    const char *name;
    int (*run)(struct weir_trace_command *command);
    bool needs_in;
    bool needs_out;
} whats[] = {
    {"info", weir_trace_info, true, false},         {"head", weir_trace_head, true, false},
    {"validate", weir_trace_validate, true, false}, {"convert", weir_trace_convert, true, true},
    {"merge", weir_trace_convert, true, true},      {"sort", weir_trace_convert, true, true},
    {"slice", weir_trace_convert, true, true},      {"build", weir_trace_convert, true, true},
    {"generate", weir_trace_convert, true, true},   {"profile", weir_trace_profile, true, true},
};
#define WHAT_COUNT (sizeof whats / sizeof whats[0])

int weir_trace_complain(const struct weir_trace_error *error) {
    static const int exits[] = {WEIR_EXIT_DONE, WEIR_EXIT_BAD_INPUT, WEIR_EXIT_BAD_INPUT,
                                WEIR_EXIT_FAILED, WEIR_EXIT_WRONG_USE};
    return weir_complain(exits[error->status], "%s", error->text);
}

void weir_trace_say_left_out(const struct weir_inflow *inflow) {
    if (weir_inflow_bad_rows(inflow) > 0) {
        weir_complain(WEIR_EXIT_DONE, "bad rows left out: %zu", weir_inflow_bad_rows(inflow));
    }
    if (weir_inflow_repeated_rows(inflow) > 0) {
        weir_complain(WEIR_EXIT_DONE, "rows that this form writes twice, counted once: %zu",
                      weir_inflow_repeated_rows(inflow));
    }
    const struct weir_gaps gaps = weir_inflow_gaps(inflow);
    if (gaps.count > 0) {
        weir_complain(WEIR_EXIT_DONE, "gaps that the recording tells of: %zu, %.3f s in all",
                      gaps.count, (double)gaps.total_ns / 1e9);
    }
    if (weir_inflow_cut_files(inflow) > 0) {
        weir_complain(WEIR_EXIT_DONE, "recordings that lack their end, as after a kill: %zu",
                      weir_inflow_cut_files(inflow));
    }
}

int weir_trace_find_strongest(struct weir_trace_command *command) {
    if (command->strongest_minutes <= 0.0) {
        return WEIR_EXIT_DONE;
    }
    for (size_t i = 0; i < command->path_count; i++) {
        if (strcmp(command->paths[i], "-") == 0) {
            return weir_complain(WEIR_EXIT_WRONG_USE,
                                 "--strongest reads everything twice; name a file instead of -");
        }
    }
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    if (!weir_strongest_start(command->paths, command->path_count, &command->read, &command->build,
                              command->strongest_minutes, &command->filter.from_ns, &error)) {
        return weir_trace_complain(&error);
    }
    command->filter.end_ns = command->filter.from_ns + (int64_t)(command->strongest_minutes * 60e9);
    return WEIR_EXIT_DONE;
}

static int read_unit(const char *text, struct weir_trace_command *command) {
    static const char *const names[] = {"ns", "us", "ms"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            command->unit = (enum weir_time_unit)i;
            command->has_unit = true;
            return WEIR_EXIT_DONE;
        }
    }
    return weir_complain(WEIR_EXIT_WRONG_USE, "--unit '%s': expected ns, us or ms", text);
}

static int read_time(const char *option, const char *text, int64_t *time_ns) {
    const char *wrong = weir_parse_iso_time(text, strlen(text), time_ns);
    return wrong == NULL ? WEIR_EXIT_DONE
                         : weir_complain(WEIR_EXIT_WRONG_USE, "%s '%s' %s", option, text, wrong);
}

static int read_symbols(const char *text, struct weir_trace_command *command) {
    if (strlen(text) >= sizeof command->symbol_text) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--symbols: the list is too long");
    }
    memcpy(command->symbol_text, text, strlen(text) + 1);
    for (char *name = command->symbol_text; name != NULL;) {
        char *comma = strchr(name, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (command->filter.symbol_count == WEIR_TRACE_SYMBOLS_MAX ||
            !weir_is_symbol(name, strlen(name))) {
            return weir_complain(WEIR_EXIT_WRONG_USE,
                                 "--symbols: '%s': expected up to %d symbols, with commas between",
                                 name, WEIR_TRACE_SYMBOLS_MAX);
        }
        command->symbols[command->filter.symbol_count++] = name;
        name = comma != NULL ? comma + 1 : NULL;
    }
    command->filter.symbols = command->symbols;
    return WEIR_EXIT_DONE;
}

static int read_minutes(const char *text, struct weir_trace_command *command) {
    char *end = NULL;
    command->strongest_minutes = strtod(text, &end);
    if (end == text || *end != '\0' ||
        !(command->strongest_minutes > 0.0 && command->strongest_minutes <= 1e6)) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "--strongest '%s': expected minutes, above 0 and up to 1000000", text);
    }
    return WEIR_EXIT_DONE;
}

static int read_format(const char *text, struct weir_trace_command *command) {
    command->json = strcmp(text, "json") == 0;
    if (!command->json && strcmp(text, "table") != 0) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--format '%s': expected table or json", text);
    }
    return WEIR_EXIT_DONE;
}

static int read_count(const char *option, const char *text, uint64_t min, uint64_t max,
                      uint64_t *value) {
    return weir_read_integer(option, text, min, max, value) ? WEIR_EXIT_DONE : WEIR_EXIT_WRONG_USE;
}

/** An option that says which rows. */
static int take_filter(struct weir_trace_command *command, int option, const char *value) {
    switch (option) {
    case OPTION_FROM:
        return read_time("--from", value, &command->filter.from_ns);
    case OPTION_TO:
        return read_time("--to", value, &command->filter.end_ns);
    case OPTION_SYMBOLS:
        return read_symbols(value, command);
    default:
        return read_minutes(value, command);
    }
}

static int take_option(struct weir_trace_command *command, int option, const char *value) {
    uint64_t number = 0;
    int exit_code = WEIR_EXIT_DONE;
    switch (option) {
    case 'o':
        command->out = value;
        break;
    case OPTION_READER:
        command->read.reader = value;
        break;
    case OPTION_COLUMNS:
        command->read.columns = value;
        break;
    case OPTION_SKIP_BAD:
        command->read.skip_bad = true;
        break;
    case OPTION_UNIT:
        return read_unit(value, command);
    case OPTION_SEED:
        return read_count("--seed", value, 0, INT64_MAX, &command->build.seed);
    case OPTION_REPLICATION:
        exit_code = read_count("--replication", value, 0, (1u << 24) - 1, &number);
        command->build.replication = (uint32_t)number;
        return exit_code;
    case OPTION_ROWS:
        return read_count("--rows", value, 1, 1000000000, &command->rows);
    case OPTION_FORMAT:
        return read_format(value, command);
    case OPTION_FIT:
        command->fit = value;
        break;
    default:
        return take_filter(command, option, value);
    }
    return WEIR_EXIT_DONE;
}

static void print_help(void) {
    fputs(help, stdout);
    for (size_t i = 0; weir_reader_name(i) != NULL; i++) {
        const char *after = i == 4 ? ",\n                         " : ", ";
        printf("%s%s", weir_reader_name(i), weir_reader_name(i + 1) ? after : "");
    }
    fputs(help_rest, stdout);
}

/** Options; what is left are the paths. */
static int read_arguments(int argc, char **argv, struct weir_trace_command *command) {
    int option = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1) {
        if (option == ':' || option == '?') {
            return weir_complain(WEIR_EXIT_WRONG_USE,
                                 option == ':'
                                     ? "option '%s' needs a value; weir trace --help tells which"
                                     : "unknown option '%s'; weir trace --help lists them",
                                 argv[optind - 1]);
        }
        const int exit_code = take_option(command, option, optarg);
        if (exit_code != WEIR_EXIT_DONE) {
            return exit_code;
        }
    }
    command->paths = (const char *const *)(argv + optind);
    command->path_count = (size_t)(argc - optind);
    return WEIR_EXIT_DONE;
}

static int check_needs(const struct what *what, const struct weir_trace_command *command) {
    if (what->needs_in && command->path_count == 0) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "weir trace %s: expected a trace; weir trace --help shows how",
                             what->name);
    }
    if (what->needs_out && (command->out == NULL || command->out[0] == '\0')) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "weir trace %s: expected -o FILE, where to write it", what->name);
    }
    return WEIR_EXIT_DONE;
}

static int run(const struct what *what, int argc, char **argv) {
    struct weir_trace_command command = {.name = what->name, .build = {.seed = 1}};
    int exit_code = read_arguments(argc, argv, &command);
    if (exit_code == WEIR_EXIT_DONE && command.fit != NULL) {
        command.paths = &command.fit;
        command.path_count = 1;
        exit_code = check_needs(what, &command);
        return exit_code != WEIR_EXIT_DONE ? exit_code : weir_trace_fit(&command);
    }
    exit_code = exit_code != WEIR_EXIT_DONE ? exit_code : check_needs(what, &command);
    command.sort = strcmp(what->name, "sort") == 0;
    return exit_code != WEIR_EXIT_DONE ? exit_code : what->run(&command);
}

int weir_command_trace(int argc, char **argv) {
    if (weir_asks_for_help(argc, argv)) {
        print_help();
        return weir_end_output(WEIR_EXIT_DONE);
    }
    const char *name = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < WHAT_COUNT; i++) {
        if (strcmp(whats[i].name, name) == 0) {
            return run(&whats[i], argc - 1, argv + 1);
        }
    }
    return weir_complain(WEIR_EXIT_WRONG_USE,
                         name[0] != '\0'
                             ? "trace: '%s' is not known; weir trace --help lists what is"
                             : "trace%s: expected what to do; weir trace --help lists it",
                         name);
}
