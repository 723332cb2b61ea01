#include "error.h"

#include <stdarg.h>
#include <stdio.h>

bool plots_fail(struct plots_error *error, const char *format, ...) {
    if (error->set) {
        return false;
    }
    error->set = true;
    if (error->text && error->size > 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, error->size, format, arguments);
        va_end(arguments);
    }
    return false;
}
