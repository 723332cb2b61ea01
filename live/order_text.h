#ifndef WEIR_LIVE_ORDER_TEXT_H
#define WEIR_LIVE_ORDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "books.h"

/**
 * What a bot's requests say: the parameters of each call, from what the ledger knows of it. Orders
 * are named after what they are for, so that the account's stream can be understood: the exchange
 * is in hedge mode, an entry is MARKET or LIMIT, its protection a LIMIT order that takes the profit
 * and a STOP_MARKET order that closes the position.
 */

/** How fine a symbol's prices and quantities are: digits after the point. */
struct live_precision {
    bool known; /**< the exchange trades it */
    uint8_t price_decimals, quantity_decimals;
};

/** What is known of a tranche, the positions of one symbol and side. */
struct live_tranche {
    int64_t quantity;            /**< held, in steps of the symbol */
    uint32_t profit_id, stop_id; /**< requests whose orders protect it; 0: none yet */
};

struct live_order_text {
    const struct weir_books *books;
    const struct live_precision *precisions; /**< per symbol of the trace */
    struct live_tranche *tranches;           /**< 2 × symbol + buy */
    uint32_t tag;                            /**< tells this run's orders from those of others */
    const char *api_secret;                  /**< NULL: signatures are not checked */
};

/** What an order is for, by its name. */
enum live_order_kind {
    LIVE_ORDER_ENTRY,
    LIVE_ORDER_PROFIT,
    LIVE_ORDER_STOP,
    LIVE_ORDER_UNKNOWN /**< not of this run */
};

/** Room for the parameters of one call. */
#define LIVE_QUERY_MAX 4096

/** The tranche of an opportunity. */
struct live_tranche *live_tranche_of(const struct live_order_text *text, uint32_t opportunity);

/** Writes the query of a request that is sent now: "symbol=BTCUSDT&…", with timestamp (the bot's
 *  clock) and signature where the endpoint is signed. */
void live_order_query(struct live_order_text *text, const struct weir_request_record *r,
                      int64_t timestamp_ns, char query[LIVE_QUERY_MAX]);

/** Reads the name of an order: what it is for, and the opportunity (entries) or the request
 *  (protection) that it belongs to. */
enum live_order_kind live_order_name_read(const struct live_order_text *text, const char *name,
                                          uint32_t *number);

/** Appends "&timestamp=…&signature=…" to a query; without a secret the signature is "none". */
void live_sign(const char *api_secret, int64_t timestamp_ns, char query[LIVE_QUERY_MAX]);

#endif
