#include "errors.h"

#include <stdarg.h>
#include <stdio.h>

enum weir_status weir_fail(struct weir_error *error, enum weir_status status, const char *format,
                           ...) {
    if (!error) {
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    for (char *c = error->text; *c; c++) {
        if ((unsigned char)*c < ' ') {
            *c = ' ';
        }
    }
    return status;
}
