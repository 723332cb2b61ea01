#ifndef WEIR_SIM_BOOKS_H
#define WEIR_SIM_BOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "bot.h"
#include "exchange.h"
#include "stage.h"
#include "venue.h"

/**
 * What becomes of a bot's orders, written into its ledger: acceptances, refusals, fills,
 * protection, closings. Both hosts of a bot use it, the simulator's engine, which decides these
 * things, and the live host, which is told of them. All times are the exchange's clock.
 */
struct weir_books {
    const struct weir_stage *stage;
    const struct weir_hunt *hunt;
    struct weir_ledger *ledger;
    struct weir_venue *venue;
    struct weir_bot *bot;
    uint32_t closed_opportunity; /**< first of those that a closing tells of */
    int64_t told_ns;             /**< when what the venue tells of happens */
};

/** Writes into a new ledger what it must know of the opportunities and the run, so that nobody asks
 *  anyone else. The names of the symbols and the bound are borrowed from the stage. */
void weir_books_begin(const struct weir_stage *stage, const struct weir_hunt *hunt,
                      struct weir_ledger *ledger, const struct weir_bound *bound);

/** The entry of an opportunity as the venue takes it. */
struct weir_entry_order weir_books_entry(const struct weir_books *books, uint32_t opportunity);

/** What a request does to orders and positions if it is accepted. */
enum weir_effect weir_books_effect(const struct weir_books *books,
                                   const struct weir_request_record *r);

/** An entry is in the exchange's books. Returns when it fills by the venue's model; INT64_MAX if
 *  not before `*expires_ns`, which is set. */
int64_t weir_books_accept_entry(struct weir_books *books, const struct weir_request_record *r,
                                int64_t accepted_ns, int64_t *expires_ns);

/** Protection of a tranche is in the exchange's books. Returns when it closes, by the model. */
struct weir_closing weir_books_accept_protection(struct weir_books *books,
                                                 const struct weir_request_record *r,
                                                 int64_t accepted_ns);

/** A cancel of a take-profit or stop was accepted. */
void weir_books_accept_cancel(struct weir_books *books, const struct weir_request_record *r,
                              bool stop);

/** The exchange did not take an entry; `limit` says which limit a 429 was for. */
void weir_books_reject_entry(struct weir_books *books, const struct weir_request_record *r,
                             int64_t now_ns, int status, enum weir_limit_type limit);

/** The bot gave a request up that never arrived, as far as anybody knows. */
void weir_books_lose(struct weir_books *books, const struct weir_request_record *r);

/** A 418: the IP is banned until then. */
void weir_books_ban(struct weir_books *books, int64_t now_ns, int64_t until_ns);

/** An entry filled; a LIMIT entry left the books unfilled. */
void weir_books_fill(struct weir_books *books, uint32_t opportunity, int64_t filled_ns);
void weir_books_expire(struct weir_books *books, uint32_t opportunity);

/** The tranche's take-profit or stop of that version traded. Returns an opportunity that it closed,
 *  or WEIR_NO_OPPORTUNITY. */
uint32_t weir_books_close(struct weir_books *books, uint32_t symbol, bool buy, uint32_t version,
                          int64_t closed_ns);

/** The headers of an answer, as numbers, into the record; others are passed over. */
void weir_books_note_headers(struct weir_request_record *r, const struct weir_header *headers,
                             size_t count);

/** The run is over: notes whose stop would have traded before it was there. */
void weir_books_finish(struct weir_books *books, int64_t end_ns);

#endif
