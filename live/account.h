#ifndef WEIR_LIVE_ACCOUNT_H
#define WEIR_LIVE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quotes.h"
#include "venue.h"

/**
 * An account's orders, positions and money, for orders of any kind and size. When an order fills is
 * the simulator's model (weir_venue_fills_ns): a MARKET order at once at the path's price, a LIMIT
 * order completely when the path touches it, at its price or a better one that it found when it was
 * placed. There are no fees and no funding. Time never runs backwards.
 */

enum live_order_type {
    LIVE_LIMIT,
    LIVE_MARKET,
    LIVE_STOP,
    LIVE_STOP_MARKET,
    LIVE_TAKE_PROFIT,
    LIVE_TAKE_PROFIT_MARKET
};
enum live_tif {
    LIVE_GTC,
    LIVE_IOC,
    LIVE_FOK,
    LIVE_GTX
};
enum live_side {
    LIVE_BOTH,
    LIVE_LONG,
    LIVE_SHORT
};
#define LIVE_SIDES 3
enum live_status {
    LIVE_NEW,
    LIVE_FILLED,
    LIVE_CANCELED,
    LIVE_EXPIRED
};

/** Longest client order id, without its end. */
#define LIVE_CLIENT_ID_MAX 36

/** Most open orders of an account; the filter of the scenario, if any, is per symbol. */
#define LIVE_OPEN_ORDERS_MAX 4096

struct live_order {
    uint64_t id;
    char client_id[LIVE_CLIENT_ID_MAX + 1];
    int64_t time_ns, update_ns;
    int64_t due_ns; /**< open: when it fills or triggers; INT64_MAX: never */
    int64_t price_ticks, stop_ticks, average_ticks;
    int64_t quantity, executed; /**< steps */
    uint32_t symbol;
    uint8_t type, tif, side; /**< enum live_order_type, live_tif, live_side */
    uint8_t status;          /**< enum live_status */
    bool buy, reduce_only, close_position, mark_price, triggered;
};

struct live_fill {
    uint64_t id, order_id;
    int64_t time_ns;
    int64_t price_ticks, quantity;
    double realized_usd;
    uint32_t symbol;
    uint8_t side;
    bool buy, maker;
};

struct live_position {
    int64_t quantity; /**< steps; below 0: short */
    double entry_price;
    int64_t update_ns;
};

/** Settings of an account for one symbol. */
struct live_symbol_account {
    int32_t leverage;
    bool isolated;
    int32_t open, stops; /**< open orders, and those of them that wait for a trigger */
};

struct live_account;

/** Told what happens to an account, while it happens. Either function may be NULL. */
struct live_account_watcher {
    void *context;
    /** An order is new, filled, canceled or expired; `fill` is NULL unless it filled. */
    void (*order)(void *context, const struct live_account *account, const struct live_order *order,
                  const struct live_fill *fill, int64_t now_ns);
    /** A position and the balance changed. */
    void (*position)(void *context, const struct live_account *account, uint32_t symbol,
                     enum live_side side, int64_t now_ns);
};

struct live_account {
    const struct live_quotes *quotes;
    struct weir_venue_limits limits;
    struct live_account_watcher watcher;
    uint32_t number;
    bool dual, multi_assets;
    double wallet_usd;
    uint64_t *next_id;         /**< of orders and fills, shared by all accounts; not owned */
    struct live_order *orders; /**< in order of their ids */
    size_t order_count, open_count;
    struct live_fill *fills; /**< in order of time */
    size_t fill_count;
    struct live_position *positions; /**< LIVE_SIDES per symbol */
    struct live_symbol_account *symbols;
    int64_t next_due_ns; /**< of all open orders */
};

/** NULL if memory is short; all of it is taken here. The wallet holds limits->margin_usd, or a
 *  million if that is 0. */
struct live_account *live_account_create(const struct live_quotes *quotes,
                                         const struct weir_venue_limits *limits, uint32_t number,
                                         uint64_t *next_id);
void live_account_destroy(struct live_account *account);

/** Orders, fills, positions and money are forgotten; modes, leverages and margin types stay. */
void live_account_restart(struct live_account *account);

/** Fills and triggers what is due. */
void live_account_advance(struct live_account *account, int64_t now_ns);

/** Code with which the venue would refuse an order, or 0. The order needs neither id nor times. */
int32_t live_account_check(const struct live_account *account, const struct live_order *order,
                           int64_t now_ns);

/** Puts an order that was checked into the books; returns it as it is then. The pointer is valid
 *  until the next order is placed. */
const struct live_order *live_account_place(struct live_account *account,
                                            const struct live_order *order, int64_t now_ns);

/** Takes an open order out of the books. */
void live_account_cancel(struct live_account *account, struct live_order *order, int64_t now_ns);

/** Another price and quantity for an open LIMIT order. */
void live_account_modify(struct live_account *account, struct live_order *order, bool buy,
                         int64_t price_ticks, int64_t quantity, int64_t now_ns);

/** Order by id (above 0) or, for 0, the newest with that client id; NULL if there is none of the
 *  symbol. */
struct live_order *live_account_order(const struct live_account *account, uint32_t symbol,
                                      uint64_t id, const char *client_id);

struct live_position *live_account_position(const struct live_account *account, uint32_t symbol,
                                            enum live_side side);

/** USD: profit of a position that is open, margin of positions, of open orders, what is free. */
double live_unrealized_usd(const struct live_account *account, uint32_t symbol, enum live_side side,
                           int64_t now_ns);
double live_position_margin_usd(const struct live_account *account, uint32_t symbol,
                                enum live_side side, int64_t now_ns);
struct live_money {
    double unrealized_usd, position_margin_usd, order_margin_usd, available_usd;
};
struct live_money live_account_money(const struct live_account *account, int64_t now_ns);

/** Whether an order waits for a trigger. */
bool live_order_waits(const struct live_order *order);

#endif
