#ifndef WEIR_LIVE_HTTP_H
#define WEIR_LIVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <libwebsockets.h>

#include "dashboard.h"
#include "exchange_live.h"

/** What is behind a server: each may be NULL. */
struct live_site {
    struct live_exchange *exchange;
    struct live_dashboard *dashboard;
    const struct live_attached *attached; /**< the limiter of a bot that trades here */
};

/** One connection's HTTP request and its answer. All zeros before the first. */
struct live_http {
    int64_t arrived_ns;              /**< of the request, if its client asks for notes; else 0 */
    char address[LIVE_ADDRESS_SIZE]; /**< of the client; "" until it is asked for */
    char *body;                      /**< of the request, as far as it has come */
    size_t body_length, body_expected;
    bool closes;   /**< the connection is closed after the answer */
    bool answered; /**< the answer is written; the transaction ends on the next turn */
    lws_sorted_usec_list_t turn;
    struct lws *wsi;    /**< of `turn` */
    unsigned char *out; /**< of a long answer, what has not been written yet */
    size_t out_length, out_written;
    struct live_viewer *viewer; /**< of the dashboard, whose answer comes later or goes on */
};

/** An answer. Texts are borrowed. */
struct live_reply {
    int status;
    const char *type; /**< of the body */
    const struct weir_header *headers;
    size_t header_count;
    const char *body;
    size_t length;
};

/** Longest body of a request that is read. */
#define LIVE_BODY_MAX 65536

/** The head of a request is complete. Each function returns what the callback of the socket library
 *  is to return: 0, or -1 to close the connection. */
int live_http_begin(struct live_http *http, struct lws *wsi, const struct live_site *site);
int live_http_body(struct live_http *http, const void *data, size_t length);
int live_http_complete(struct live_http *http, struct lws *wsi, const struct live_site *site);
int live_http_write(struct live_http *http, struct lws *wsi);

/** Writes an answer, in pieces if it is long. */
int live_http_send(struct live_http *http, struct lws *wsi, const struct live_reply *reply);

/** Frees what a connection holds. */
void live_http_end(struct live_http *http);

/** Path and query of a request, as texts; the query decoded. Each is cut off at its size. */
void live_http_target(struct lws *wsi, char *path, size_t path_size, char *query,
                      size_t query_size);

/** Method of a request; false for one that nobody serves. */
bool live_http_method(struct lws *wsi, enum weir_method *method);

/** The server's clock: nanoseconds since the Unix epoch. */
int64_t live_now_ns(void);

#endif
