#ifndef WEIR_TRACES_TRACE_ERROR_H
#define WEIR_TRACES_TRACE_ERROR_H

#include <stddef.h>

#include "trace.h"

/** Most bytes of a text from a file that a message repeats. */
#define WEIR_SHOWN_MAX 48

/** A piece of input made fit to be printed in a message. */
struct weir_shown {
    char text[WEIR_SHOWN_MAX + 4];
};

/** Sets status and text (printf format; cut to fit). `error` may be NULL. Always returns false, so
 *  that a caller can write `return weir_trace_fail(…)`. */
__attribute__((format(printf, 3, 4))) bool weir_trace_fail(struct weir_trace_error *error,
                                                           enum weir_trace_status status,
                                                           const char *format, ...);

/** `text` with bytes that are not printable ASCII replaced by '?', cut after WEIR_SHOWN_MAX bytes
 *  ("..." says so). */
struct weir_shown weir_show(const char *text, size_t length);

#endif
