#ifndef WEIR_LIVE_HTTP_H
#define WEIR_LIVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <libwebsockets.h>

#include "exchange_live.h"

/** One connection's HTTP request and its answer. All zeros before the first. */
struct live_http {
    char address[LIVE_ADDRESS_SIZE]; /**< of the client; "" until it is asked for */
    char *body;                      /**< of the request, as far as it has come */
    size_t body_length, body_expected;
    bool closes;        /**< the connection is closed after the answer */
    unsigned char *out; /**< of a long answer, what has not been written yet */
    size_t out_length, out_written;
};

/** Longest body of a request that is read. */
#define LIVE_BODY_MAX 65536

/** The head of a request is complete. Each function returns what the callback of the socket library
 *  is to return: 0, or -1 to close the connection. */
int live_http_begin(struct live_http *http, struct lws *wsi, struct live_exchange *exchange);
int live_http_body(struct live_http *http, const void *data, size_t length);
int live_http_complete(struct live_http *http, struct lws *wsi, struct live_exchange *exchange);
int live_http_write(struct live_http *http, struct lws *wsi);

/** Frees what a connection holds. */
void live_http_end(struct live_http *http);

/** Path and query of a request, as texts; the query decoded. Each is cut off at its size. */
void live_http_target(struct lws *wsi, char *path, size_t path_size, char *query,
                      size_t query_size);

/** The server's clock: nanoseconds since the Unix epoch. */
int64_t live_now_ns(void);

#endif
