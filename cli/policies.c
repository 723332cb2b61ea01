#include <stdio.h>

#include "weir/policy.h"

#include "arguments.h"
#include "commands.h"

int weir_command_policies(int argc, char **argv) {
    static const char help[] = "usage: weir policies\n\n"
                               "Lists the policies and their settings (--set limiter.KEY=VALUE).\n";
    int exit_code = WEIR_EXIT_DONE;
    if (weir_only_help(argc, argv, help, &exit_code)) {
        return exit_code;
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
