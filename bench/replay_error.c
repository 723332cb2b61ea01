#include "replay_error.h"

#include <stdarg.h>
#include <stdio.h>

bool weir_replay_fails(struct weir_replay_error *error, enum weir_replay_status status,
                       const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    error->status = status;
    return false;
}
