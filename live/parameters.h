#ifndef WEIR_LIVE_PARAMETERS_H
#define WEIR_LIVE_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The parameters of a request, from its query string and its form body. Texts are borrowed from the
 * buffers that they were read from.
 */

/** Most parameters that one request may carry. */
#define LIVE_PARAMETERS_MAX 48

struct live_parameter {
    const char *name, *value;
};

struct live_parameters {
    struct live_parameter items[LIVE_PARAMETERS_MAX];
    size_t count;
};

/** Adds one "name=value" whose escapes are already decoded; splits it in place. False if there are
 *  too many. */
bool live_parameters_add(struct live_parameters *parameters, char *pair);

/** Adds every pair of an urlencoded form; decodes it in place. False if there are too many. */
bool live_parameters_add_form(struct live_parameters *parameters, char *form);

/** Value of a parameter, or NULL. Of several the first: the query string wins over the body. An
 *  empty value counts as none. */
const char *live_parameter(const struct live_parameters *parameters, const char *name);

/** Decodes "%2C" and "+" in place. An escape that is none stays as it is; "%00" too. */
void live_decode(char *text);

/** Reads a whole number; false if the text is none or does not fit. */
bool live_read_integer(const char *text, int64_t *number);

#endif
