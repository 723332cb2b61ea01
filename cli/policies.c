#include <stdio.h>
#include <string.h>

#include "weir/policy.h"

#include "arguments.h"
#include "commands.h"
#include "policy_ideal.h"
#include "policy_source.h"
#include "policy_speed.h"

#define DECISIONS 20000

static const char help[] =
    "usage: weir policies [POLICY…] [--measure]\n"
    "\n"
    "Lists policies and their settings (--set limiter.KEY=VALUE): the built-in ones, or those "
    "given,\n"
    "as weir replay --policy takes them: weir, ./mine.so, cmd:'python3 mine.py'.\n"
    "\n"
    "  --measure  also make 20,000 decisions with each, and say how many a second that was\n";

static void describe(const struct weir_policy *policy) {
    printf("%s\n    %s\n", policy->name, policy->summary ? policy->summary : "");
    for (const struct weir_option *o = policy->options; o && o->key; o++) {
        printf("    limiter.%-24s %-10s %s%s%s%s\n", o->key, o->default_value, o->help,
               o->choices ? " (" : "", o->choices ? o->choices : "", o->choices ? ")" : "");
    }
}

static int show(const struct weir_policy *policy, bool measure) {
    struct weir_error error = {0};
    describe(policy);
    if (measure) {
        const double speed = weir_policy_speed(policy, DECISIONS, &error);
        if (speed == 0.0) {
            return weir_complain(WEIR_EXIT_FAILED, "policy %s: %s", policy->name, error.text);
        }
        printf("    %.0f decisions a second\n", speed);
    }
    putchar('\n');
    return WEIR_EXIT_DONE;
}

/** Adds the policies that are named, or all built-in ones. */
static int find_policies(int argc, char **argv, struct weir_policy_set *set, bool *measure) {
    struct weir_source_error error = {.status = WEIR_SOURCE_OK};
    for (int i = 1; i < argc && !error.status; i++) {
        if (strcmp(argv[i], "--measure") == 0) {
            *measure = true;
        } else if (argv[i][0] == '-') {
            return weir_complain(WEIR_EXIT_WRONG_USE,
                                 "unknown option '%s'; weir policies --help lists them", argv[i]);
        } else {
            weir_policy_set_add(set, argv[i], &error);
        }
    }
    return error.status ? weir_complain_of_policy(&error) : WEIR_EXIT_DONE;
}

static int show_all(const struct weir_policy_set *set, bool measure) {
    int exit_code = WEIR_EXIT_DONE;
    const struct weir_policy *policy = NULL;
    for (size_t i = 0; i < set->count && !exit_code; i++) {
        exit_code = show(set->choices[i].policy, measure);
    }
    for (size_t i = 0; set->count == 0 && (policy = weir_policy_at(i)) && !exit_code; i++) {
        exit_code = show(policy, measure);
    }
    for (size_t i = 0; set->count == 0 && (policy = weir_simulator_policies[i]) && !exit_code;
         i++) {
        exit_code = show(policy, false); /* it decides nothing outside a run */
    }
    return exit_code;
}

int weir_command_policies(int argc, char **argv) {
    struct weir_policy_set set = {.also = weir_simulator_policies};
    bool measure = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return weir_end_output(WEIR_EXIT_DONE);
        }
    }
    int exit_code = find_policies(argc, argv, &set, &measure);
    exit_code = exit_code ? exit_code : show_all(&set, measure);
    weir_policy_set_close(&set);
    return weir_end_output(exit_code);
}
