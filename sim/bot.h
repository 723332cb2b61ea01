#ifndef WEIR_SIM_BOT_H
#define WEIR_SIM_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/limiter.h"

#include "ledger.h"
#include "opportunity.h"
#include "scenario.h"
#include "strategy.h"

/**
 * The bot: takes opportunities by the steps of its strategy, asks its policy about every request,
 * keeps its connections, and notes everything in the ledger. It has no clock and no network: what
 * it wants done it tells its host (the simulator's engine, or the live bot), which tells it what
 * happened. All times are the exchange's clock; the policy is told the bot's own.
 */
struct weir_bot;

/** What the bot needs of whoever runs it. */
struct weir_bot_host {
    void *context;
    /** Puts a request of the ledger on the wire, on its connection. */
    void (*send)(void *context, uint32_t request_id);
    /** Calls weir_bot_wake(token) at that time. */
    void (*wake)(void *context, int64_t at_ns, uint64_t token);
    /** Whether the opportunity's position is open, as far as the account's stream tells. */
    bool (*is_open)(void *context, uint32_t opportunity);
    /** Last price of a symbol. */
    double (*price)(void *context, uint32_t symbol, int64_t now_ns);
};

/** What a bot is made from; everything is borrowed and must outlive it. */
struct weir_bot_parts {
    uint8_t client; /**< enum weir_client */
    const struct weir_bot_settings *settings;
    const struct weir_strategy *strategy;
    const struct weir_symbol_settings *const
        *symbols; /**< per symbol of the trace; NULL: not hunted */
    const struct weir_opportunity *opportunities;
    size_t opportunity_count;
    uint32_t symbol_count;
    struct weir_ledger *ledger;
    struct weir_limiter *limiter;
    struct weir_bot_host host;
};

/** An answer as it reached the bot, or the lack of one. */
struct weir_bot_reply {
    bool lost;
    int status;
    const struct weir_header *headers;
    size_t header_count;
    const char *body;
    size_t body_length;
};

/** Bits of a wake token that the bot leaves to its host. */
#define WEIR_TOKEN_HOST_SHIFT 60

/** NULL if memory is short. */
struct weir_bot *weir_bot_create(const struct weir_bot_parts *parts);
void weir_bot_destroy(struct weir_bot *bot);

/** The bot starts: start-up requests one after the other, standing load on its grid. */
void weir_bot_start(struct weir_bot *bot, int64_t now_ns);

/** An opportunity opened, or closed. Each is told once, in this order. */
void weir_bot_on_open(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity);
void weir_bot_on_close(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity);

/** The limiter was changed by another hand (its mode, say): more may go than before. */
void weir_bot_nudge(struct weir_bot *bot, int64_t now_ns);

/** A token given to `wake` is due. */
void weir_bot_wake(struct weir_bot *bot, int64_t now_ns, uint64_t token);

/** A reply arrived, or is given up. Called once for each request that was sent. */
void weir_bot_on_reply(struct weir_bot *bot, int64_t now_ns, uint32_t request_id,
                       const struct weir_bot_reply *reply);

/** The account's stream says: an entry filled, never filled, or a position closed. */
void weir_bot_on_fill(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity);
void weir_bot_on_unfilled(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity);
void weir_bot_on_closed(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity);

/** The run is over: what is open is closed in the ledger as unfinished or expired. */
void weir_bot_finish(struct weir_bot *bot, int64_t now_ns);

/** Whether the entry is a MARKET order, and else its price. */
bool weir_bot_entry_is_market(const struct weir_bot *bot, uint32_t opportunity);
double weir_bot_entry_price(const struct weir_bot *bot, uint32_t opportunity);

/** Step of a request of one of the bot's chains; NULL for start-up and standing load. */
const struct weir_step *weir_bot_step(const struct weir_bot *bot,
                                      const struct weir_request_record *r);

/** What the policy said when it broke, or NULL: then the run has failed. */
const char *weir_bot_failure(const struct weir_bot *bot);

#endif
