#ifndef C_BOT_HTTP_H
#define C_BOT_HTTP_H

#include <weir/policy.h>

/** Signed HTTP requests over a few connections, without blocking: libcurl's multi interface. */
struct http;

/** Takes a reply or a loss; the pointers in it are valid only during the call. */
typedef void http_done(void *context, const struct weir_reply *reply);

/** Opens nothing yet. NULL if there is no memory. */
struct http *http_create(const char *base_url, const char *key, const char *secret,
                         uint32_t connections, http_done *done, void *context);
void http_destroy(struct http *http);

/** Connections that carry no request. */
uint32_t http_free(const struct http *http);

/** Signs a request and puts it on the wire; one connection must be free. `params` is a query
 * string, possibly empty. The timestamp is taken here: a request that waited is not signed too
 * early. */
void http_send(struct http *http, uint64_t id, enum weir_method method, const char *path,
               const char *params);

/** Waits until a reply comes, `descriptor` (unless -1) can be read, or the time is over; then hands
 *  every reply to `done`. */
void http_wait(struct http *http, int64_t timeout_ns, int descriptor);

#endif
