#ifndef C_BOT_FEED_H
#define C_BOT_FEED_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Liquidations from the stream `!forceOrder@arr`, one frame a line, wrapped or raw, as any
 * WebSocket client prints them: from a file, or from standard input ("-").
 */
struct feed;

/** A forced order. `sell`: a long position was liquidated. */
struct liquidation {
    char symbol[24];
    bool sell;
    double price;
    double quantity;
};

/** NULL (with a message on standard error) if the file cannot be opened. */
struct feed *feed_open(const char *path);
void feed_close(struct feed *feed);

/** What to wait for in poll(2); -1 once the feed has ended, or when lines are there already. */
int feed_descriptor(const struct feed *feed);

/** Whether nothing more will come. */
bool feed_ended(const struct feed *feed);

/** Whether feed_next() would find something without waiting. */
bool feed_ready(const struct feed *feed);

/** The next liquidation that is there, without waiting. Lines that are none are passed over, with a
 *  message on standard error if they are no JSON. */
bool feed_next(struct feed *feed, struct liquidation *liquidation);

#endif
