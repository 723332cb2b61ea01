#include "coin_margined.h"

#include <string.h>

#include "liquidation.h"

#define LEAST_MANTISSA 1e10

bool weir_coin_margined(struct weir_row *row, struct weir_row_fault *fault) {
    if (strstr(row->symbol, "USD_") == NULL) {
        return true;
    }
    const double piece_usd = strncmp(row->symbol, "BTC", 3) == 0 ? 100.0 : 10.0;
    const double price = weir_decimal_to_double(row->price.mantissa, row->price.decimals);
    const double coins =
        weir_decimal_to_double(row->quantity.mantissa, row->quantity.decimals) * piece_usd / price;
    if (coins > 1e15 || coins < 1e-7) {
        return weir_row_fails(fault, "its contracts come to %g coins; 1e-7 to 1e15 are needed",
                              coins);
    }
    unsigned decimals = 0;
    while (coins * (double)weir_power_of_ten(decimals) < LEAST_MANTISSA) {
        decimals++;
    }
    row->quantity = (struct weir_decimal){
        (int64_t)(coins * (double)weir_power_of_ten(decimals) + 0.5), (uint8_t)decimals};
    return true;
}
