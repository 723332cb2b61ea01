// What a decision costs on this machine: weir-micro [policy [case|all [rounds]]]. Fails if the
// policy does not answer as a case expects, or if there is no such policy.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "micro.h"

int main(int argc, char **argv) {
    const char *policy = argc > 1 ? argv[1] : "weir";
    const char *only = argc > 2 && strcmp(argv[2], "all") != 0 ? argv[2] : NULL;
    const unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20;
    const struct weir_micro_case *shown = NULL;
    int code = EXIT_SUCCESS;
    for (size_t i = 0; (shown = weir_micro_at(i)); i++) {
        if (!only || strcmp(only, shown->name) == 0) {
            const double cost_ns = weir_micro_measure(i, policy, rounds);
            if (cost_ns < 0) {
                printf("%-18s      - ns  %s\n", shown->name, "not answered as the case expects");
                code = EXIT_FAILURE;
            } else {
                printf("%-18s %6.1f ns  %s\n", shown->name, cost_ns, shown->what);
            }
        }
    }
    return code;
}
