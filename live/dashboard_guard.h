#ifndef WEIR_LIVE_DASHBOARD_GUARD_H
#define WEIR_LIVE_DASHBOARD_GUARD_H

#include <stdbool.h>

/**
 * Who may ask the dashboard. A page of another site must neither read it (a name of that site that
 * was made to point here shows in Host) nor press its buttons (Origin and Sec-Fetch-Site, which a
 * browser always tells and no page can forge; a token that no other page can know).
 */

/** What a request says of where it comes from. Empty texts: not said. */
struct live_origin {
    const char *host, *origin, *fetch_site, *content_type, *token;
    const char *local_address; /**< of this end of the connection: "127.0.0.1" */
};

/** Longest text of one of them, with its end. */
#define LIVE_ORIGIN_SIZE 256

/** Why a request may not be answered. */
struct live_objection {
    int status; /**< 0: it may */
    const char *text;
};

/** Reading: Host must name this machine's loopback or the address that was connected to. */
struct live_objection live_guard_read(const struct live_origin *from);

/** Switching: also the same origin, a JSON body and the token. */
struct live_objection live_guard_switch(const struct live_origin *from, const char *token);

#endif
