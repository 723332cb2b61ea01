#ifndef WEIR_CORE_OPTIONS_H
#define WEIR_CORE_OPTIONS_H

#include "weir/policy.h"

/** Options as a policy reads them when it is made. Values are those of the settings, or the
 *  defaults of the table; the last of several settings with the same key counts. */

/** One, in the fixed-point numbers that options are read as: billionths. */
#define WEIR_BILLION INT64_C(1000000000)

/**
 * Checks every setting against the table. Errors: WEIR_UNKNOWN_KEY (the text names the nearest
 * known key), WEIR_UNKNOWN_VALUE (the text says what would be right).
 */
enum weir_status weir_options_check(const char *policy, const struct weir_option *options,
                                    const struct weir_config *config, struct weir_error *error);

/** Whether a WEIR_OPTION_FLAG is on. The settings were checked before. */
bool weir_option_flag(const struct weir_option *options, const struct weir_config *config,
                      const char *key);

/** Value of a WEIR_OPTION_INTEGER. */
int64_t weir_option_integer(const struct weir_option *options, const struct weir_config *config,
                            const char *key);

/** Value of a WEIR_OPTION_NUMBER in billionths, rounded to the nearest. */
int64_t weir_option_billionths(const struct weir_option *options, const struct weir_config *config,
                               const char *key);

/** Position of a WEIR_OPTION_CHOICE among its choices, from 0. */
size_t weir_option_choice(const struct weir_option *options, const struct weir_config *config,
                          const char *key);

/** floor(amount * (1 - share)), exactly; share in billionths from 0 to 1, amount to 10^9. */
int64_t weir_without_share(int64_t amount, int64_t share_billionths);

/** Reads a decimal number ("0.05", "5e-2", "-3") as billionths, rounded to the nearest; false if it
 *  is not one or beyond 10^9. Independent of the locale. */
bool weir_parse_billionths(const char *text, int64_t *billionths);

/** Reads a whole number within int64; false if it is not one. Independent of the locale. */
bool weir_parse_integer(const char *text, int64_t *integer);

#endif
