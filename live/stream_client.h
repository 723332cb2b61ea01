#ifndef WEIR_LIVE_STREAM_CLIENT_H
#define WEIR_LIVE_STREAM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "stream_url.h"

/**
 * A WebSocket stream that is kept: connects, pings when it hears nothing, hangs up when there is no
 * answer either, and connects again, at first at once, then after 1, 2, 4 … 60 s, a fifth more or
 * less. An exchange that says 403, 418 or 429 is left alone for a minute at least.
 */
struct live_stream_client;

/** Told what happens, from within live_stream_client_serve. No pointer outlives the call. */
struct live_stream_events {
    void *context;
    void (*opened)(void *context);
    void (*message)(void *context, const char *text, size_t length);
    /** The other side gave a sign of life. */
    void (*heard)(void *context);
    /** A connection ended, or could not be had; the next attempt is made after `retry_s`. `whole`:
     *  the other side closed it in order, so that all it said before has come. */
    void (*lost)(void *context, const char *why, bool whole, double retry_s);
    void (*tick)(void *context); /**< four times a second */
};

struct live_stream_settings {
    struct live_stream_url url;
    const char *ca_file; /**< of certificates that are trusted; NULL: the system's */
    double silence_s;    /**< hangs up after that time without a sign of life; above 0 */
    size_t message_max;  /**< longest message, in bytes; a longer one ends the connection */
};

/** Settings' texts and the events' context are borrowed. NULL if memory is short or the file of
 *  certificates cannot be used. Connects at the first live_stream_client_serve. */
struct live_stream_client *live_stream_client_create(const struct live_stream_settings *settings,
                                                     const struct live_stream_events *events);

/** Waits for what is next, at most a second, and deals with it. False: it cannot go on. */
bool live_stream_client_serve(struct live_stream_client *client);

/** Its loop, so that a signal can wake it: then live_stream_client_serve returns. */
struct lws_context *live_stream_client_context(const struct live_stream_client *client);

/** Closes the connection without telling. NULL is allowed. */
void live_stream_client_destroy(struct live_stream_client *client);

#endif
