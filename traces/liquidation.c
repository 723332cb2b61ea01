#include "liquidation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "decimal.h"

/** Integers up to here are doubles exactly. */
#define EXACT_MAX (INT64_C(1) << 53)

#define PRICE_DIGITS 100000.0   /* least mantissa of a price: six digits */
#define QUANTITY_DIGITS 10000.0 /* least mantissa of a quantity: exact to 0.005 % */

double weir_decimal_to_double(int64_t mantissa, uint8_t decimals) {
    assert(decimals <= WEIR_DECIMALS_MAX);
    if (mantissa >= -EXACT_MAX && mantissa <= EXACT_MAX) {
        /* both operands are exact, so the division rounds once: to the nearest double */
        return (double)mantissa / (double)weir_power_of_ten(decimals);
    }
    /* rare; the text has no point, so the locale does not matter */
    char text[32];
    snprintf(text, sizeof text, "%llde-%u", (long long)mantissa, (unsigned)decimals);
    return strtod(text, NULL);
}

double weir_liquidation_price(const struct weir_liquidation *liquidation) {
    return weir_decimal_to_double(liquidation->price, liquidation->price_decimals);
}

double weir_liquidation_notional_usd(const struct weir_liquidation *liquidation) {
    return weir_liquidation_price(liquidation) *
           weir_decimal_to_double(liquidation->quantity, liquidation->quantity_decimals);
}

/** `value` as a decimal of at least `least` in its mantissa, with no more digits than that needs.
 */
static struct weir_decimal to_decimal(double value, double least) {
    unsigned decimals = 0;
    while (decimals < WEIR_DECIMALS_MAX && value * (double)weir_power_of_ten(decimals) < least) {
        decimals++;
    }
    const double scaled = value * (double)weir_power_of_ten(decimals) + 0.5;
    assert(scaled < 9e18);
    const int64_t mantissa = (int64_t)scaled;
    return (struct weir_decimal){mantissa > 0 ? mantissa : 1, (uint8_t)decimals};
}

struct weir_liquidation weir_liquidation_of(int64_t time_ns, double price, double usd) {
    const struct weir_decimal at = to_decimal(price, PRICE_DIGITS);
    const double rounded = weir_decimal_to_double(at.mantissa, at.decimals);
    const struct weir_decimal quantity = to_decimal(usd / rounded, QUANTITY_DIGITS);
    return (struct weir_liquidation){.time_ns = time_ns,
                                     .price = at.mantissa,
                                     .quantity = quantity.mantissa,
                                     .side = WEIR_SIDE_SELL,
                                     .price_decimals = at.decimals,
                                     .quantity_decimals = quantity.decimals};
}
