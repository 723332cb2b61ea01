#ifndef WEIR_LIVE_ATTACHED_H
#define WEIR_LIVE_ATTACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dashboard.h"

/**
 * The server's end of a limiter in another process. A bot connects by WebSocket to LIVE_ATTACH_PATH
 * and sends JSON texts:
 *
 *     {"stats": {…}}                                  at once, then up to four times a second
 *     {"event": {"what": "capture", …}}               as it happens
 *     {"answer": {"id": 7, "done": true}}             or "done": false with a "message"
 *
 * and is asked for
 *
 *     {"set_mode": {"id": 7, "mode": "burst", "duration_s": 300}}
 *
 * One limiter at a time; one that was silent for 5 seconds is let go. docs/dashboard.md describes
 * the protocol for those who write bots.
 */
#define LIVE_ATTACH_PATH "/weir/limiter"

struct live_attached;

/** NULL if memory is short. */
struct live_attached *live_attached_create(void);

/** After the context that its connection ran in was destroyed. NULL is allowed. */
void live_attached_destroy(struct live_attached *attached);

/** Who gets events and answers: the dashboard, which is made after this. Borrowed. */
void live_attached_tell(struct live_attached *attached, struct live_dashboard *dashboard);

/** A bot wants to connect: NULL, or why it may not. `has_origin`: a browser is behind it. */
const char *live_attached_refuses(const struct live_attached *attached, bool has_origin);

/** It connected, sent a piece of a message, can take one, is gone. False: close the connection. */
bool live_attached_open(struct live_attached *attached, struct lws *wsi, const char *address,
                        int64_t now_ns);
bool live_attached_receive(struct live_attached *attached, const char *data, size_t length,
                           bool final, int64_t now_ns);
bool live_attached_write(struct live_attached *attached);
void live_attached_close(struct live_attached *attached, struct lws *wsi);

/** The address that the attached bot connected from; "" if none is attached. */
const char *live_attached_address(const struct live_attached *attached);

/** Its latest figures: a new reference that the caller may add to. NULL: none is attached. A
 *  connection that was silent for too long is let go here. */
json_t *live_attached_stats(struct live_attached *attached, int64_t now_ns);

/** Asks it to switch its mode. False: none is attached, or it takes no more. */
bool live_attached_set_mode(struct live_attached *attached, uint64_t ticket, enum weir_mode mode,
                            double duration_s);

#endif
