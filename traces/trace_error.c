#include "trace_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool weir_trace_fail(struct weir_trace_error *error, enum weir_trace_status status,
                     const char *format, ...) {
    if (error == NULL) {
        return false;
    }
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

struct weir_shown weir_show(const char *text, size_t length) {
    static const char cut[] = "...";
    struct weir_shown shown = {""};
    size_t i = 0;
    for (; i < length && i < WEIR_SHOWN_MAX; i++) {
        const bool printable = text[i] >= ' ' && text[i] <= '~';
        shown.text[i] = '?';
        if (printable) {
            shown.text[i] = text[i];
        }
    }
    if (i < length) {
        memcpy(shown.text + i, cut, sizeof cut);
    }
    return shown;
}
