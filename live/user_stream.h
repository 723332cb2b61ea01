#ifndef WEIR_LIVE_USER_STREAM_H
#define WEIR_LIVE_USER_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct lws_context;

/**
 * The account's stream: what becomes of orders, over WebSocket on a listen key. Connects again when
 * it is lost, half a second later; what happened meanwhile is not told.
 */
struct live_user_stream;

/** What is told of an order. Texts live until the callback returns. */
struct live_order_event {
    const char *name;     /**< the client's name of the order */
    const char *what;     /**< "NEW", "TRADE", "CANCELED", "EXPIRED" */
    const char *status;   /**< of the order after it */
    const char *quantity; /**< of the trade, "0" without one */
    int64_t time_ms;      /**< when it happened, the exchange's clock */
};

struct live_user_stream_plan {
    struct lws_context *context; /**< borrowed */
    struct live_address address; /**< of the streams; "/ws/KEY" comes after its path */
    const char *listen_key;      /**< borrowed */
    void (*order)(void *told, const struct live_order_event *event);
    /** The stream is up (true), or lost or not to be had (false; `failures` in a row). */
    void (*state)(void *told, bool up, unsigned failures);
    void *told;
};

/** Begins to connect. NULL if memory is short. */
struct live_user_stream *live_user_stream_create(const struct live_user_stream_plan *plan);

/** Nothing is told any more. Before the context is destroyed. NULL is allowed. */
void live_user_stream_end(struct live_user_stream *stream);

/** After the context was destroyed. NULL is allowed. */
void live_user_stream_destroy(struct live_user_stream *stream);

#endif
