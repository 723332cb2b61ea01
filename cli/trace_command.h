#ifndef WEIR_CLI_TRACE_COMMAND_H
#define WEIR_CLI_TRACE_COMMAND_H

#include "inflow.h"
#include "writer.h"

/** The subcommands of `weir trace` and what they share. */

#define WEIR_TRACE_SYMBOLS_MAX 256

struct weir_trace_command {
    const char *name; /**< of the subcommand */
    const char *const *paths;
    size_t path_count;
    const char *out, *fit;
    struct weir_read_options read;
    struct weir_build_options build;
    struct weir_filter filter;
    const char *symbols[WEIR_TRACE_SYMBOLS_MAX];
    char symbol_text[8192];
    double strongest_minutes; /**< 0: not asked for */
    bool has_unit;
    enum weir_time_unit unit;
    bool json; /**< --format json */
    uint64_t rows;
    bool sort;
};

/** Exit code of a failure, after a complaint. */
int weir_trace_complain(const struct weir_trace_error *error);

/** Says how many rows were left out, if any. */
void weir_trace_say_left_out(const struct weir_inflow *inflow);

/** Finds the strongest minutes, if they were asked for, and puts them into the filter. */
int weir_trace_find_strongest(struct weir_trace_command *command);

/** Each runs its subcommand and returns the exit code. */
int weir_trace_convert(struct weir_trace_command *command); /**< also build, slice, merge, sort */
int weir_trace_info(struct weir_trace_command *command);
int weir_trace_head(struct weir_trace_command *command);
int weir_trace_validate(struct weir_trace_command *command);
int weir_trace_profile(struct weir_trace_command *command);
int weir_trace_fit(struct weir_trace_command *command);

#endif
