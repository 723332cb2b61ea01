#include "trace_bench.h"

#include <stdio.h>

#include "arguments.h"
#include "commands.h"
#include "trace_command.h"

#define ROWS_DEFAULT 5000000

int weir_trace_measure(struct weir_trace_command *command) {
    struct weir_trace_cost costs[WEIR_TRACE_COSTS];
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    const size_t rows = command->rows > 0 ? (size_t)command->rows : ROWS_DEFAULT;
    if (!weir_trace_bench(rows, costs, &error)) {
        return weir_trace_complain(&error);
    }
    printf("%zu rows, processor time a row, best of 3\n\n%-14s %9s %9s  %-26s %9s %7s\n", rows,
           "form", "MiB", "read ns", "against", "base ns", "ratio");
    for (size_t i = 0; i < WEIR_TRACE_COSTS; i++) {
        const struct weir_trace_cost *cost = &costs[i];
        printf("%-14s %9.1f %9.1f  %-26s %9.1f %7.2f\n", cost->form, cost->file_mib, cost->row_ns,
               cost->base, cost->base_ns, cost->row_ns / cost->base_ns);
    }
    return weir_end_output(WEIR_EXIT_DONE);
}
