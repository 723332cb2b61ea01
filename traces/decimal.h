#ifndef WEIR_TRACES_DECIMAL_H
#define WEIR_TRACES_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "liquidation.h"

/** An exact decimal that is not negative: mantissa times ten to the minus decimals. */
struct weir_decimal {
    int64_t mantissa; /**< 0 or above */
    uint8_t decimals; /**< 0 to WEIR_DECIMALS_MAX */
};

/** Enough for the text of any decimal and its final NUL. */
#define WEIR_DECIMAL_TEXT_SIZE 24

/**
 * Reads decimal text exactly: digits with at most one point and an optional exponent ("150",
 * "1.50", "6.68e-05"). The digits after the point are kept as written, except that trailing zeros
 * are dropped when the number does not fit otherwise.
 * Returns NULL, or what is wrong in words that follow the text in a message ("is negative").
 */
const char *weir_decimal_parse(const char *text, size_t length, struct weir_decimal *decimal);

/** Writes the plain text of a decimal ("0.0000668"), as many digits after the point as it has. */
void weir_decimal_format(struct weir_decimal decimal, char text[WEIR_DECIMAL_TEXT_SIZE]);

/** The same value without trailing zeros after the point. */
struct weir_decimal weir_decimal_strip(struct weir_decimal decimal);

/** The same value times ten to the power of `places` as an integer. Returns NULL, or what is wrong:
 *  it has more digits after the point than that, or does not fit 63 bits. */
const char *weir_decimal_scale(struct weir_decimal decimal, uint8_t places, int64_t *scaled);

/** Whether the decimal is above `limit`. */
bool weir_decimal_above(struct weir_decimal decimal, int64_t limit);

/** Ten to the power of n, for n up to 18. */
int64_t weir_power_of_ten(unsigned n);

#endif
