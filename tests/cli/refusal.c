#include "refusal.h"

#include "cli_test.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool holds(const char *text, const char *part) {
    const size_t length = strlen(part);
    for (; *text; text++) {
        if (strncasecmp(text, part, length) == 0) {
            return true;
        }
    }
    return length == 0;
}

static bool is_one_message(const char *text) {
    const char *end = strchr(text, '\n');
    return strncmp(text, "weir: ", 6) == 0 && end && end[1] == '\0';
}

bool is_refused(struct run run, int exit_code, const char *parts, const char *what) {
    const char *wrong = run.exit_code != exit_code ? "another exit code was expected"
                        : run.out_size != 0        ? "there is output"
                        : !is_one_message(run.err) ? "the message is not one line after 'weir: '"
                                                   : NULL;
    char list[256];
    char *save = NULL;
    snprintf(list, sizeof list, "%s", parts);
    for (char *part = strtok_r(list, "|", &save); part && !wrong;
         part = strtok_r(NULL, "|", &save)) {
        wrong = holds(run.err, part) ? NULL : "the message lacks a part";
    }
    if (wrong) {
        print_error("%s: %s\n  expected: %d, '%s'\n  exit code: %d\n  message: %s\n", what, wrong,
                    exit_code, parts, run.exit_code, run.err);
    }
    run_free(&run);
    return wrong == NULL;
}
