#ifndef WEIR_LIVE_LIVE_BOOKS_H
#define WEIR_LIVE_LIVE_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "books.h"
#include "exchange_tariff.h"
#include "order_text.h"
#include "user_stream.h"
#include "wires.h"

/**
 * What a live bot is told, by answers and by the account's stream, written into its books: either
 * may come first, or not at all. What the simulator's engine decides, this reads.
 */
struct live_books {
    struct weir_books books;
    struct live_order_text text;
    struct exchange_tariff tariff;
    uint8_t *noted; /**< per request: its acceptance is in the books */
    size_t noted_count;
    void *context;
    /** An entry was accepted; `expires_ns` is when it leaves the books if it does not fill. */
    void (*accepted)(void *context, uint32_t opportunity, int64_t expires_ns);
};

/** Opens the books of a bot whose ledger is open. The venue mirrors the account; its limits are the
 *  exchange's business. False if memory is short. */
bool live_books_open(struct live_books *books, const struct weir_stage *stage,
                     struct weir_ledger *ledger, const struct live_precision *precisions);
void live_books_close(struct live_books *books);

/**
 * An answer to a request, or its loss, as the bot is then told of it in `*told` (which borrows from
 * `answer`). A list of orders whose stop was refused counts as refused, as it does not protect.
 * Times are the exchange's clock; without a note of the server a request is said to have arrived
 * half-way between sending and answer, and to be charged what the documents say.
 */
void live_books_answer(struct live_books *books, uint32_t request_id,
                       const struct live_wire_answer *answer, int64_t now_ns,
                       struct weir_bot_reply *told);

/** The account's stream tells of an order; fills and closings are told to the bot. */
void live_books_order(struct live_books *books, const struct live_order_event *event,
                      int64_t now_ns);

/** A LIMIT entry's time is over: if it has not filled, the bot is told. */
void live_books_unfilled(struct live_books *books, uint32_t opportunity, int64_t now_ns);

#endif
