#ifndef WEIR_LIVE_DASHBOARD_H
#define WEIR_LIVE_DASHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "limiter_view.h"

struct live_http;
struct live_viewer;
struct lws;
struct lws_context;

/**
 * The dashboard of a limiter, for any context of libwebsockets: the page, the guide's routes below
 * /api/rate-limiter/ (stats, queues, history, burst-mode, liquidation-mode, reset-modes), and
 * /api/rate-limiter/events, what happens as it happens. What it shows and acts on is behind a
 * source. Runs in the context's one thread.
 *
 * A process with a limiter of its own needs four calls:
 *
 *     view = live_limiter_view_create(&facts);
 *     dashboard = live_dashboard_of_limiter(view);
 *     live_dashboard_listen(dashboard, context, "127.0.0.1", port, url, sizeof url);
 *     … live_limiter_view_outcome(view, …) for each capture and miss …
 *     live_dashboard_destroy(dashboard);    after the context, before the view
 */
struct live_dashboard;

enum live_mode_answer {
    LIVE_MODE_DONE,
    LIVE_MODE_REFUSED,
    LIVE_MODE_LATER /**< live_dashboard_mode_answered will tell */
};

/** What a dashboard shows and acts on. */
struct live_dashboard_source {
    void *context;
    /** The figures of live_limiter_view_stats, with "attached": whether there is a limiter. A new
     *  reference; NULL if memory is short. */
    json_t *(*stats)(void *context, int64_t now_ns);
    /** Switches the mode for `duration_s` seconds. REFUSED: `why` says why. */
    enum live_mode_answer (*set_mode)(void *context, uint64_t ticket, enum weir_mode mode,
                                      double duration_s, char *why, size_t why_size);
};

/** A dashboard with a token of its own, drawn from the system. NULL if memory is short or the
 *  system has no random numbers. */
struct live_dashboard *live_dashboard_create(const struct live_dashboard_source *source);

/** The same for a limiter of this process; the view is borrowed and must live longer. */
struct live_dashboard *live_dashboard_of_limiter(struct live_limiter_view *view);

/** After the context it ran in was destroyed, before the view is. NULL is allowed. */
void live_dashboard_destroy(struct live_dashboard *dashboard);

/** What who may switch modes must know: 32 hexadecimal digits. */
const char *live_dashboard_token(const struct live_dashboard *dashboard);

/** An event for all who look on; an object with "what", as of live_limiter_view. Borrowed. */
void live_dashboard_tell(struct live_dashboard *dashboard, const json_t *event);

/** The answer to a set_mode that was answered LATER; unknown tickets are passed over. */
void live_dashboard_mode_answered(struct live_dashboard *dashboard, uint64_t ticket, bool done,
                                  const char *why);

/** Begins to take samples, four a second, by timers of this context. */
void live_dashboard_start(struct live_dashboard *dashboard, struct lws_context *context);

/** Listens at an address and port (0: any that is free) of its own, and starts. Writes the address
 *  of the page with its token to `url`. False: it cannot be had. */
bool live_dashboard_listen(struct live_dashboard *dashboard, struct lws_context *context,
                           const char *address, uint16_t port, char *url, size_t url_size);

/** The address of the page at a server's address ("http://127.0.0.1:8080"), with the token. */
void live_dashboard_url(const struct live_dashboard *dashboard, const char *server, char *url,
                        size_t url_size);

/* For a server that has the dashboard beside other things. */

/** Whether a path is the dashboard's. */
bool live_dashboard_owns(const char *path);

/** Answers a request whose head and body have come, as live_http_begin returns. */
int live_dashboard_answer(struct live_dashboard *dashboard, struct live_http *http,
                          struct lws *wsi);

/** A connection whose answer comes later or goes on can be written to; it ended. */
int live_viewer_write(struct live_viewer *viewer, struct live_http *http, struct lws *wsi);
void live_viewer_close(struct live_viewer *viewer);

#endif
