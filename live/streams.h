#ifndef WEIR_LIVE_STREAMS_H
#define WEIR_LIVE_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange_live.h"

struct lws;

/**
 * What goes out over WebSocket: who listens to which streams, and what waits for whom. A message is
 * made once and shared by all who get it; each listener's queue is bounded, and who is too slow for
 * it is disconnected.
 */
struct live_streams;
struct live_listener;

/** The exchange's watcher is set: it is told to the streams from then on. NULL if memory is short.
 */
struct live_streams *live_streams_create(struct live_exchange *exchange);
void live_streams_destroy(struct live_streams *streams);

/** A connection came to "/ws", "/ws/NAME[/NAME…]" or "/stream" with `query` ("streams=a/b"). NULL
 * if memory is short. Bad names are told to the client once it is connected. */
struct live_listener *live_listener_open(struct live_streams *streams, struct lws *wsi,
                                         const char *path, const char *query, int64_t now_ns);
void live_listener_close(struct live_listener *listener);

/** Whether a path is one to listen at. */
bool live_is_stream_path(const char *path);

/** A piece of a message came. False: the connection is to be closed. */
bool live_listener_receive(struct live_listener *listener, const char *data, size_t length,
                           bool final, int64_t now_ns);

/** The connection can take a message. False: it is to be closed. */
bool live_listener_write(struct live_listener *listener);

/** Sends what is due: liquidations, mark prices, keys that ended. */
void live_streams_advance(struct live_streams *streams, int64_t now_ns);

/** When that is next the case. */
int64_t live_streams_next_ns(const struct live_streams *streams);

/** How many listen, and how many liquidations went out so far. */
size_t live_streams_listeners(const struct live_streams *streams);
size_t live_streams_pushed(const struct live_streams *streams);

#endif
