#ifndef WEIR_SIM_VENUE_H
#define WEIR_SIM_VENUE_H

#include <stdbool.h>
#include <stdint.h>

#include "market.h"

/**
 * An account's orders and positions at the exchange: what fills, what is protected, what closes.
 * Positions of one symbol and side are one tranche; an accepted protection (take-profit and stop)
 * covers all of it. The venue has no clock and knows nothing of limits.
 *
 * Codes: Aster Finance Futures API documents, "Error Codes" (-2019, -2025, -4045) and the filters
 * MAX_NUM_ORDERS and MAX_NUM_ALGO_ORDERS.
 */
struct weir_venue;

/** What an entry is. */
struct weir_entry_order {
    uint32_t opportunity;
    uint32_t symbol;
    bool buy;
    bool market; /**< MARKET; else LIMIT at `price` */
    double price;
    double stake_usd;    /**< margin */
    double notional_usd; /**< stake times leverage */
    double take_profit_pct;
    double stop_loss_pct;
};

/** Limits of the account. 0: none. */
struct weir_venue_limits {
    double margin_usd;
    int32_t max_open_orders; /**< per symbol */
    int32_t max_stop_orders;
};

/** When a LIMIT order that is in the books from `from_ns` on fills: when the price trades through
 * it; INT64_MAX if it never does. The rule for orders of any kind and size, here and live. */
int64_t weir_venue_fills_ns(const struct weir_market *market, uint32_t symbol, bool buy,
                            double price, int64_t from_ns);

/** When a take-profit or stop that waits for the price to rise, or to fall, to `price` trades. */
int64_t weir_venue_triggers_ns(const struct weir_market *market, uint32_t symbol, bool falling,
                               double price, int64_t from_ns);

/** Code with which the filters refuse that many more orders of a symbol, `more_stops` of them stop
 *  orders, when so many are open; or 0. */
int32_t weir_venue_check_counts(const struct weir_venue_limits *limits, int32_t open, int32_t stops,
                                int32_t more, int32_t more_stops);

/** NULL if memory is short. */
struct weir_venue *weir_venue_create(const struct weir_market *market,
                                     const struct weir_venue_limits *limits, uint32_t symbol_count,
                                     uint32_t opportunity_count);
void weir_venue_destroy(struct weir_venue *venue);

/** Code with which the venue would refuse this entry, or 0. */
int32_t weir_venue_check_entry(const struct weir_venue *venue,
                               const struct weir_entry_order *order);

/** Code with which it would refuse protection of that tranche, or 0. */
int32_t weir_venue_check_protection(const struct weir_venue *venue, uint32_t symbol, bool buy);

/** Puts an entry into the books. Returns when it fills: `now_ns` for MARKET, the time at which the
 *  price trades through a LIMIT, INT64_MAX if not before `expires_ns`. */
int64_t weir_venue_accept_entry(struct weir_venue *venue, int64_t now_ns,
                                const struct weir_entry_order *order, int64_t expires_ns);

/** The entry fills: its position is open, and unprotected. */
void weir_venue_fill(struct weir_venue *venue, int64_t now_ns,
                     const struct weir_entry_order *order);

/** A LIMIT entry that has not filled leaves the books. */
void weir_venue_expire(struct weir_venue *venue, const struct weir_entry_order *order);

/** When a tranche will close, and which version of its protection will close it. */
struct weir_closing {
    int64_t time_ns; /**< INT64_MAX: never */
    uint32_t version;
};

/** Told of opportunities one by one. */
typedef void (*weir_venue_teller)(void *context, uint32_t opportunity);

/** Protection of a tranche is in the books from `now_ns` on and covers all of it. What it covers is
 *  told to `covered`, if given. */
struct weir_closing weir_venue_accept_protection(struct weir_venue *venue, int64_t now_ns,
                                                 uint32_t symbol, bool buy,
                                                 weir_venue_teller covered, void *context);

/** A cancel of the tranche's take-profit or stop is accepted. Without a stop it is unprotected. */
void weir_venue_accept_cancel(struct weir_venue *venue, uint32_t symbol, bool buy, bool stop);

/** The take-profit or stop trades: what was covered is closed. False if that protection has been
 *  replaced since. Closed opportunities are told one by one to `closed`, if given. */
bool weir_venue_close(struct weir_venue *venue, uint32_t symbol, bool buy, uint32_t version,
                      weir_venue_teller closed, void *context);

/** Prices at which the protection of a tranche would lie, by its average entry price. */
struct weir_protection {
    double take_profit, stop;
};
struct weir_protection weir_venue_protection(const struct weir_venue *venue, uint32_t symbol,
                                             bool buy);

/** Version of a tranche's protection: see weir_venue_close. */
uint32_t weir_venue_version(const struct weir_venue *venue, uint32_t symbol, bool buy);

/** Whether the opportunity's position is open. */
bool weir_venue_is_open(const struct weir_venue *venue, uint32_t opportunity);

/** Price at which a stop of that entry, filled at `fill_price`, would lie. */
double weir_venue_stop_price(const struct weir_entry_order *order, double fill_price);

/** USD of open positions without a stop, and of all open positions. */
double weir_venue_unprotected_usd(const struct weir_venue *venue);
double weir_venue_open_usd(const struct weir_venue *venue);

#endif
