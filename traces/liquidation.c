#include "liquidation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "decimal.h"

/** Integers up to here are doubles exactly. */
#define EXACT_MAX (INT64_C(1) << 53)

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
