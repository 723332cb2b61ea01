#ifndef WEIR_PLOTS_ERROR_H
#define WEIR_PLOTS_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/** Where the text of an error goes; `text` may be NULL. The first error stays. */
struct plots_error {
    char *text;
    size_t size;
    bool set;
};

/** Notes an error. Returns false, so that a caller can return it. */
bool plots_fail(struct plots_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
