#ifndef WEIR_TRACES_LIQUIDATION_H
#define WEIR_TRACES_LIQUIDATION_H

#include <stdint.h>

/** Side of the forced order: SELL closes a long, BUY closes a short. */
enum weir_side {
    WEIR_SIDE_SELL,
    WEIR_SIDE_BUY
};

/** Most digits after the decimal point that a price or quantity may have. */
#define WEIR_DECIMALS_MAX 18

/**
 * One liquidation: 32 bytes, exact. A price or quantity is its integer times ten to the minus
 * `…_decimals`, just as it was written: 1.50 is 150 with two decimals.
 */
struct weir_liquidation {
    int64_t time_ns;  /**< exchange time, nanoseconds since the Unix epoch */
    int64_t price;    /**< above 0 */
    int64_t quantity; /**< above 0, in units of the base asset */
    uint32_t symbol;  /**< index into the trace's symbols */
    uint8_t side;     /**< enum weir_side */
    uint8_t price_decimals;
    uint8_t quantity_decimals;
    uint8_t reserved; /**< 0 */
};

/** 10 to the power of -decimals times `mantissa`, as the nearest double. */
double weir_decimal_to_double(int64_t mantissa, uint8_t decimals);

/** A liquidation at a drawn price and notional, of symbol 0 and side SELL: a price of at least six
 *  digits, a quantity of at least five, so that its notional is exact within 0.005 %. */
struct weir_liquidation weir_liquidation_of(int64_t time_ns, double price, double usd);

/** Price times quantity in the quote currency (USD or USDT). */
double weir_liquidation_notional_usd(const struct weir_liquidation *liquidation);

/** Price as a double. */
double weir_liquidation_price(const struct weir_liquidation *liquidation);

#endif
