#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "profile_write.h"
#include "trace_command.h"
#include "whole_file.h"

/** The text into the file, whole or not at all; "-" is standard output. */
static int write_text(const char *path, const char *text) {
    char why[512];
    struct weir_whole_file file;
    if (strcmp(path, "-") == 0) {
        puts(text);
        return weir_end_output(WEIR_EXIT_DONE);
    }
    if (!weir_whole_file_open(&file, path, why, sizeof why)) {
        return weir_complain(WEIR_EXIT_FAILED, "-o %s", why);
    }
    fprintf(file.stream, "%s\n", text);
    return weir_whole_file_end(&file, true, why, sizeof why)
               ? WEIR_EXIT_DONE
               : weir_complain(WEIR_EXIT_FAILED, "-o %s", why);
}

/** Loads the trace, makes a document of it, and writes that. */
static int write_document(const struct weir_trace_command *command,
                          char *(*make)(const struct weir_trace *trace,
                                        struct weir_trace_error *error)) {
    struct weir_trace_error error = {WEIR_TRACE_OK, ""};
    struct weir_trace *trace = weir_trace_open(command->paths, command->path_count, &command->read,
                                               &command->build, &error);
    char *text = trace != NULL ? make(trace, &error) : NULL;
    const int exit_code =
        text != NULL ? write_text(command->out, text) : weir_trace_complain(&error);
    free(text);
    weir_trace_free(trace);
    return exit_code;
}

int weir_trace_profile(struct weir_trace_command *command) {
    return write_document(command, weir_profile_measure);
}

int weir_trace_fit(struct weir_trace_command *command) {
    return write_document(command, weir_generator_fit);
}
