#ifndef WEIR_TRACES_COIN_MARGINED_H
#define WEIR_TRACES_COIN_MARGINED_H

#include "fields.h"

/**
 * Coin-margined contracts ("BTCUSD_PERP", "ETHUSD_240927") are counted in pieces of 100 USD for
 * Bitcoin, 10 USD for others. Turns such a row's quantity into coins at its price, to eleven
 * digits; leaves other rows as they are. False and `fault` when it comes out absurdly large.
 */
bool weir_coin_margined(struct weir_row *row, struct weir_row_fault *fault);

#endif
