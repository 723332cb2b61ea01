#ifndef WEIR_LIVE_LIMITER_LINK_H
#define WEIR_LIVE_LIMITER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "limiter_view.h"

struct lws_context;

/**
 * The bot's end of the line to a server's dashboard (attached.h): sends the figures of a limiter of
 * this process four times a second and its events as they happen, and switches its mode when asked.
 * Connects again when the line is lost, after 0.5 s, then ever longer up to 8 s. What cannot be
 * sent is dropped: the dashboard must never slow the bot.
 */
struct live_limiter_link;

/**
 * Begins to connect, in a context of libwebsockets that may be anything's; its own virtual host is
 * added to it. `host` and `port` are those of `weir serve`. The view is borrowed and must live
 * longer. NULL if memory is short or the view has no room for another watcher.
 */
struct live_limiter_link *live_limiter_link_create(struct lws_context *context, const char *host,
                                                   int port, struct live_limiter_view *view);

/** After the context was destroyed, before the view is. NULL is allowed. */
void live_limiter_link_destroy(struct live_limiter_link *link);

/** Whether the server takes figures at this moment. */
bool live_limiter_link_is_up(const struct live_limiter_link *link);

#endif
