#ifndef WEIR_CORE_ERRORS_H
#define WEIR_CORE_ERRORS_H

#include "weir/error.h"

/** Fills in `error` (which may be NULL) and returns `status`, so that `return weir_fail(…)` does
 *  both. The text is cut to fit, and control characters in it become blanks. */
enum weir_status weir_fail(struct weir_error *error, enum weir_status status, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));

#endif
