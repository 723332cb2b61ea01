#ifndef C_BOT_BOT_H
#define C_BOT_BOT_H

#include <weir/limiter.h>

#include "feed.h"

/**
 * What the bot wants of the exchange, and how it asks its limiter: an entry for each liquidation, a
 * take-profit and a stop-loss for each entry that filled, its positions now and then.
 */
struct bot;

/** How it trades and where. */
struct bot_plan {
    const char *base_url;
    const char *key;
    const char *secret;
    uint32_t connections;
    double stake_usd; /**< what each entry buys or sells */
    struct weir_limit limits[3];
    size_t limit_count;
};

/** NULL, with a message on standard error, if a setting is wrong or there is no memory. */
struct bot *bot_create(const struct bot_plan *plan);
void bot_destroy(struct bot *bot);

/** The bot's limiter, for its state and its events. */
struct weir_limiter *bot_limiter(struct bot *bot);

/** A liquidation was seen: asks to trade against it, within 3 s or not at all. */
void bot_enter(struct bot *bot, const struct liquidation *liquidation);

/** Asks for the positions: information, which gives way to everything else. */
void bot_ask_positions(struct bot *bot);

/** Sends what is due, then waits for replies (at most `longest_ns`) or for `descriptor`. */
void bot_work(struct bot *bot, int64_t longest_ns, int descriptor);

/** Requests that are queued or on the wire. */
uint32_t bot_open(struct bot *bot);

/** What was captured, and what the limiter says. */
void bot_print(struct bot *bot);

#endif
