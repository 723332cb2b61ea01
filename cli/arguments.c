#include "arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

int weir_complain(int exit_code, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* names of files and arguments are data: they must not end the line or steer the terminal */
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == '\x7f') {
            *c = '?';
        }
    }
    fprintf(stderr, "weir: %s\n", text);
    return exit_code;
}

int weir_complain_of_policy(const struct weir_source_error *error) {
    static const int exits[] = {WEIR_EXIT_DONE, WEIR_EXIT_WRONG_USE, WEIR_EXIT_BAD_INPUT,
                                WEIR_EXIT_FAILED};
    return weir_complain(exits[error->status], "--policy: %s", error->text);
}

bool weir_read_integer(const char *name, const char *text, uint64_t min, uint64_t max,
                       uint64_t *value) {
    char *end = NULL;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || *value < min || *value > max) {
        weir_complain(WEIR_EXIT_WRONG_USE,
                      "%s '%s': expected a whole number from %" PRIu64 " to %" PRIu64, name, text,
                      min, max);
        return false;
    }
    return true;
}

int weir_end_output(int exit_code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return exit_code;
    }
    return weir_complain(WEIR_EXIT_FAILED, "standard output cannot be written: %s",
                         strerror(errno));
}

bool weir_asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int weir_give_help(const char *help) {
    fputs(help, stdout);
    return weir_end_output(WEIR_EXIT_DONE);
}

int weir_print_document(char *text) {
    if (!text) {
        return weir_complain(WEIR_EXIT_FAILED, "out of memory");
    }
    puts(text);
    free(text);
    return weir_end_output(WEIR_EXIT_DONE);
}

bool weir_only_help(int argc, char **argv, const char *help, int *exit_code) {
    if (argc < 2) {
        return false;
    }
    if (argc == 2 && weir_asks_for_help(argc, argv)) {
        *exit_code = weir_give_help(help);
    } else {
        *exit_code = weir_complain(WEIR_EXIT_WRONG_USE, "weir %s takes no arguments; '%s' is one",
                                   argv[0], argv[argc - 1]);
    }
    return true;
}
