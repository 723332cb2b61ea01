#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "sorting.h"
#include "trace_command.h"
#include "whole_file.h"

/** All rows of the inflow, in their order or sorted, into the writer. */
static bool pass_rows(const struct weir_trace_command *command, struct weir_inflow *inflow,
                      struct weir_writer *writer, size_t *count, struct weir_trace_error *error) {
    if (command->sort) {
        return weir_sort_rows(inflow, writer, count, error);
    }
    const struct weir_row *row = NULL;
    while (weir_inflow_next(inflow, &row, error)) {
        if (row == NULL) {
            return true;
        }
        if (!weir_writer_put(writer, row, error)) {
            return false;
        }
        ++*count;
    }
    return false;
}

/** Writes the rows into an open stream. */
static bool write_rows(const struct weir_trace_command *command, struct weir_inflow *inflow,
                       FILE *stream, struct weir_trace_error *error) {
    struct weir_write_options options = {.form = WEIR_TRACE_FORM_CSV};
    weir_form_of(command->out, &options);
    options.unit = command->has_unit ? command->unit : weir_inflow_unit(inflow);
    struct weir_writer *writer = weir_writer_open(stream, command->out, &options, error);
    size_t count = 0;
    if (writer == NULL) {
        return false;
    }
    if (!pass_rows(command, inflow, writer, &count, error)) {
        weir_writer_drop(writer);
        return false;
    }
    if (count == 0) {
        weir_writer_drop(writer);
        error->status = WEIR_TRACE_BAD_INPUT;
        snprintf(error->text, sizeof error->text, "no row is left: nothing is written to %s",
                 command->out);
        return false;
    }
    return weir_writer_finish(writer, error);
}

/** Into a file, whole or not at all. */
static int write_file(const struct weir_trace_command *command, struct weir_inflow *inflow) {
    char why[512];
    struct weir_whole_file file;
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    if (!weir_whole_file_open(&file, command->out, why, sizeof why)) {
        return weir_complain(WEIR_EXIT_FAILED, "-o %s", why);
    }
    if (!write_rows(command, inflow, file.stream, &error)) {
        weir_whole_file_discard(&file);
        return weir_trace_complain(&error);
    }
    return weir_whole_file_end(&file, true, why, sizeof why)
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_FAILED, "-o %s", why);
}

static int write_out(const struct weir_trace_command *command, struct weir_inflow *inflow) {
    if (strcmp(command->out, "-") != 0) {
        return write_file(command, inflow);
    }
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    return write_rows(command, inflow, stdout, &error) ? weir_end_output(WEIR_EXIT_DONE)
                                                       : weir_trace_complain(&error);
}

int weir_trace_convert(struct weir_trace_command *command) {
    struct weir_write_options options;
    if (!weir_form_of(command->out, &options)) {
        return weir_complain(WEIR_EXIT_WRONG_USE,
                             "-o '%s': expected a name that ends with .csv, .jsonl or .weir, and "
                             ".gz or .zst after it if packed; or -",
                             command->out);
    }
    const int exit_code = weir_trace_find_strongest(command);
    if (exit_code != WEIR_EXIT_DONE) {
        return exit_code;
    }
    command->read.any_order = command->sort;
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_inflow *inflow =
        weir_inflow_open(command->paths, command->path_count, &command->read, &command->build,
                         &command->filter, &error);
    if (inflow == NULL) {
        return weir_trace_complain(&error);
    }
    const int written = write_out(command, inflow);
    weir_trace_say_left_out(inflow);
    weir_inflow_close(inflow);
    return written;
}
