#ifndef WEIR_LIVE_WIRES_H
#define WEIR_LIVE_WIRES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/endpoints.h"
#include "weir/policy.h"

/**
 * Requests on the wire: one HTTP connection for each of the bot's, kept alive, driven by readiness.
 * Runs in one thread and never blocks.
 */
struct live_wires;

/** Most headers of an answer that are kept, and the bytes of its body; what is longer is cut. */
#define LIVE_ANSWER_HEADERS_MAX 24
#define LIVE_ANSWER_BODY_MAX 16384

/** What became of a request. Texts live until the callback returns. */
struct live_wire_answer {
    bool lost;         /**< no answer: timed out, refused, cut */
    bool unreachable;  /**< lost: there was no connection at all */
    const char *error; /**< lost: in words */
    int status;
    const struct weir_header *headers;
    size_t header_count;
    const char *body; /**< ends in NUL */
    size_t body_length;
};

typedef void live_wire_done(void *context, uint32_t request_id,
                            const struct live_wire_answer *answer);

struct live_wires_plan {
    const char *base;    /**< "http://127.0.0.1:8080"; borrowed */
    const char *api_key; /**< borrowed */
    uint32_t count;      /**< connections */
    int64_t timeout_ms;  /**< a request without an answer is given up then */
    int poll_fd;         /**< an epoll instance to which the sockets are added; borrowed */
    live_wire_done *done;
    void *context; /**< of `done` */
};

/** NULL if memory is short or the HTTP library cannot start. */
struct live_wires *live_wires_create(const struct live_wires_plan *plan);

/** Ends requests that are open; nothing is told of them any more. NULL is allowed. */
void live_wires_destroy(struct live_wires *wires);

/** Sends a request on connection number `wire`, which must be free. False if it cannot even be
 *  begun (memory); then nothing is told of it. */
bool live_wires_send(struct live_wires *wires, uint32_t wire, uint32_t request_id,
                     enum weir_method method, const char *path, const char *query);

/** A socket of the epoll instance is ready (`events` as epoll says): does what can be done. */
void live_wires_ready(struct live_wires *wires, int fd, uint32_t events);

/** Time has passed: does what is due, and tells of what is done. */
void live_wires_advance(struct live_wires *wires, int64_t now_ns);

/** When that is next the case, by the clock of live_wires_advance; INT64_MAX: never. */
int64_t live_wires_next_ns(const struct live_wires *wires);

#endif
