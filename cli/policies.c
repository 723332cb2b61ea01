#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "policy_source.h"

static const char help[] =
    "usage: weir policies [POLICY[,POLICY…]]\n\n"
    "Lists the policies and their settings (--set limiter.KEY=VALUE); with names only those.\n"
    "A policy of your own is named as for replay: ./mine.so or cmd:'python3 mine.py'.\n";

static void print_policy(const struct weir_policy *policy) {
    printf("%s\n    %s\n", policy->name, policy->summary ? policy->summary : "");
    for (const struct weir_option *o = policy->options; o && o->key; o++) {
        printf("    limiter.%-24s %-10s %s%s%s%s\n", o->key, o->default_value, o->help,
               o->choices ? " (" : "", o->choices ? o->choices : "", o->choices ? ")" : "");
    }
    putchar('\n');
}

static int print_named(const char *list) {
    struct weir_policy_set set = {.count = 0};
    struct weir_source_error error = {.text = ""};
    const enum weir_source_status status = weir_policy_set_add(&set, list, &error);
    for (size_t i = 0; !status && i < set.count; i++) {
        print_policy(set.choices[i].policy);
    }
    weir_policy_set_close(&set);
    return status ? weir_complain_of_policy(&error) : WEIR_EXIT_DONE;
}

int weir_command_policies(int argc, char **argv) {
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return weir_end_output(WEIR_EXIT_DONE);
    }
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "weir policies takes a list of policies, and '%s' is none; "
                             "weir policies --help",
                             argv[argc - 1]);
    }
    if (argc == 2) {
        return weir_end_output(print_named(argv[1]));
    }
    const struct weir_policy *policy = NULL;
    for (size_t i = 0; (policy = weir_policy_at(i)); i++) {
        print_policy(policy);
    }
    return weir_end_output(WEIR_EXIT_DONE);
}
