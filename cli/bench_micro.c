#include "micro_table.h"

#include <string.h>

#include "arguments.h"
#include "bench_command.h"
#include "commands.h"
#include "run_options.h"

enum {
    OPTION_POLICY = 256,
    OPTION_ONLY,
    OPTION_ROUNDS,
    OPTION_SMOKE,
    OPTION_FORMAT
};

static const struct option long_options[] = {{"policy", required_argument, NULL, OPTION_POLICY},
                                             {"only", required_argument, NULL, OPTION_ONLY},
                                             {"rounds", required_argument, NULL, OPTION_ROUNDS},
                                             {"smoke", no_argument, NULL, OPTION_SMOKE},
                                             {"format", required_argument, NULL, OPTION_FORMAT},
                                             {NULL, 0, NULL, 0}};

struct options {
    struct weir_micro_plan plan;
    struct weir_policy_set policies;
    bool json;
};

static int take_policy(struct options *o, const char *spec) {
    struct weir_source_error error;
    if (o->plan.policy) {
        return weir_complain(WEIR_EXIT_WRONG_USE, "--policy: one at a time");
    }
    if (weir_policy_set_add_one(&o->policies, spec, &error)) {
        return weir_complain_of_policy(&error);
    }
    o->plan.policy = o->policies.choices[0].policy;
    return WEIR_EXIT_DONE;
}

static int take_option(struct options *o, int option, const char *value) {
    uint32_t rounds = 0;
    int exit_code = WEIR_EXIT_DONE;
    switch (option) {
    case OPTION_POLICY:
        return take_policy(o, value);
    case OPTION_ONLY:
        o->plan.only = value;
        return WEIR_EXIT_DONE;
    case OPTION_ROUNDS:
        exit_code = weir_read_number("--rounds", value, 1, 100000, &rounds);
        o->plan.rounds = rounds;
        return exit_code;
    case OPTION_SMOKE:
        o->plan.smoke = true;
        return WEIR_EXIT_DONE;
    case OPTION_FORMAT:
        o->json = strcmp(value, "json") == 0;
        return o->json || strcmp(value, "table") == 0
                   ? WEIR_EXIT_DONE
                   : weir_complain(WEIR_EXIT_WRONG_USE, "--format '%s': expected table or json",
                                   value);
    default:
        return WEIR_EXIT_WRONG_USE;
    }
}

static int run(const struct options *o) {
    struct weir_micro_rows rows = {.count = 0};
    struct weir_replay_error error = {WEIR_REPLAY_OK, ""};
    int exit_code = WEIR_EXIT_DONE;
    if (!weir_micro_run(&o->plan, &rows, &error)) {
        exit_code = weir_replay_exit(&error);
    } else {
        exit_code = weir_micro_print(&rows, o->json, stdout)
                        ? weir_end_output(WEIR_EXIT_DONE)
                        : weir_complain(WEIR_EXIT_FAILED, "out of memory");
    }
    weir_micro_free(&rows);
    return exit_code;
}

int weir_bench_micro(int argc, char **argv) {
    struct options o = {.plan = {.rounds = 7}};
    int exit_code = WEIR_EXIT_DONE;
    int option = 0;
    optind = 1;
    while (!exit_code && (option = weir_next_option("bench", argc, argv, long_options)) != -1) {
        exit_code = take_option(&o, option, optarg);
    }
    if (!exit_code && optind < argc) {
        exit_code = weir_complain(WEIR_EXIT_WRONG_USE, "unexpected '%s'", argv[optind]);
    }
    exit_code = exit_code ? exit_code : run(&o);
    weir_policy_set_close(&o.policies);
    return exit_code;
}
