#include "scenario.h"

#include <stdio.h>

#include "arguments.h"
#include "commands.h"

int weir_command_scenario(int argc, char **argv) {
    static const char help[] =
        "usage: weir scenario\n\n"
        "Lists every setting of a scenario with its default; the limiter's own are\n"
        "listed by weir policies.\n";
    int exit_code = WEIR_EXIT_DONE;
    if (weir_only_help(argc, argv, help, &exit_code)) {
        return exit_code;
    }
    struct weir_scenario scenario;
    weir_scenario_defaults(&scenario);
    const struct weir_scenario_option *option = NULL;
    for (size_t i = 0; (option = weir_scenario_option_at(i)); i++) {
        char text[WEIR_TEXT_MAX];
        weir_scenario_value(&scenario, i, text, sizeof text);
        printf("%-34s %-16s %s%s%s%s\n", option->key, text, option->help,
               option->choices ? " (" : "", option->choices ? option->choices : "",
               option->choices ? ")" : "");
    }
    return weir_end_output(WEIR_EXIT_DONE);
}
