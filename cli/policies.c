#include <stdio.h>

#include "weir/policy.h"

#include "arguments.h"
#include "commands.h"

int weir_command_policies(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        puts("usage: weir policies\n\nLists the policies and their settings (--set "
             "limiter.KEY=VALUE).");
        return weir_end_output(WEIR_EXIT_DONE);
    }
    const struct weir_policy *policy = NULL;
    for (size_t i = 0; (policy = weir_policy_at(i)); i++) {
        printf("%s\n    %s\n", policy->name, policy->summary);
        for (const struct weir_option *o = policy->options; o && o->key; o++) {
            printf("    limiter.%-24s %-10s %s%s%s%s\n", o->key, o->default_value, o->help,
                   o->choices ? " (" : "", o->choices ? o->choices : "", o->choices ? ")" : "");
        }
        putchar('\n');
    }
    return weir_end_output(WEIR_EXIT_DONE);
}
