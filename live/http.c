#include "http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attached.h"
#include "bytes_read.h"

#define PATH_SIZE 256
#define HEAD_SIZE 1024
#define QUERY_SIZE 16384
#define RESTART_MAX_MS 3600000

/* A request with this header is answered with X-Weir-Note. */
#define NOTE "x-weir-note:"

/* An answer up to this length goes out in one piece, a longer one in pieces of it. */
#define PIECE 32768

int64_t live_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void live_http_end(struct live_http *http) {
    if (http->viewer) {
        live_viewer_close(http->viewer);
        http->viewer = NULL;
    }
    if (http->answered) {
        lws_sul_cancel(&http->turn);
    }
    free(http->body);
    free(http->out);
    http->body = NULL;
    http->out = NULL;
    http->body_length = http->body_expected = 0;
    http->out_length = http->out_written = 0;
    http->closes = http->answered = false;
    http->arrived_ns = 0;
}

/** The method of a request and the header that holds its path; false for one that nobody serves. */
static bool find_method(struct lws *wsi, enum weir_method *method, enum lws_token_indexes *token) {
    static const struct {
        enum lws_token_indexes token;
        enum weir_method method;
    } methods[] = {{WSI_TOKEN_GET_URI, WEIR_GET},
                   {WSI_TOKEN_POST_URI, WEIR_POST},
                   {WSI_TOKEN_PUT_URI, WEIR_PUT},
                   {WSI_TOKEN_DELETE_URI, WEIR_DELETE}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (lws_hdr_total_length(wsi, methods[i].token) > 0) {
            *token = methods[i].token;
            *method = methods[i].method;
            return true;
        }
    }
    return false;
}

bool live_http_method(struct lws *wsi, enum weir_method *method) {
    enum lws_token_indexes token = WSI_TOKEN_GET_URI;
    return find_method(wsi, method, &token);
}

/** Each parameter of the query, decoded, one after the other in `storage`. */
static bool read_query(struct lws *wsi, char *storage, size_t size,
                       struct live_parameters *parameters) {
    size_t used = 0;
    for (int i = 0; used + 2 < size; i++) {
        const int length = lws_hdr_copy_fragment(wsi, storage + used, (int)(size - used),
                                                 WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0) {
            return true;
        }
        if (!live_parameters_add(parameters, storage + used)) {
            return false;
        }
        used += (size_t)length + 1;
    }
    return false;
}

void live_http_target(struct lws *wsi, char *path, size_t path_size, char *query,
                      size_t query_size) {
    enum weir_method method = WEIR_GET;
    enum lws_token_indexes token = WSI_TOKEN_GET_URI;
    path[0] = query[0] = '\0';
    if (find_method(wsi, &method, &token)) {
        lws_hdr_copy(wsi, path, (int)path_size, token);
    }
    if (lws_hdr_copy(wsi, query, (int)query_size, WSI_TOKEN_HTTP_URI_ARGS) < 0) {
        query[0] = '\0';
    }
}

/** Writes an answer's head behind LWS_PRE bytes; returns its end, or NULL. */
static unsigned char *put_head(struct lws *wsi, unsigned char *start,
                               const struct live_reply *reply, bool closes) {
    unsigned char *p = start;
    unsigned char *const end = start + HEAD_SIZE;
    if (lws_add_http_header_status(wsi, (unsigned)reply->status, &p, end) ||
        lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE,
                                     (const unsigned char *)reply->type, (int)strlen(reply->type),
                                     &p, end) ||
        lws_add_http_header_content_length(wsi, (lws_filepos_t)reply->length, &p, end)) {
        return NULL;
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s:", reply->headers[i].name);
        if (lws_add_http_header_by_name(wsi, (const unsigned char *)name,
                                        (const unsigned char *)reply->headers[i].value,
                                        (int)strlen(reply->headers[i].value), &p, end)) {
            return NULL;
        }
    }
    if (closes && lws_add_http_header_by_token(wsi, WSI_TOKEN_CONNECTION,
                                               (const unsigned char *)"close", 5, &p, end)) {
        return NULL;
    }
    return lws_finalize_http_header(wsi, &p, end) ? NULL : p;
}

/** The next request may come. */
static int end_transaction(struct live_http *http, struct lws *wsi) {
    const bool closes = http->closes;
    live_http_end(http); /* before the end of the transaction, which may free it */
    return closes || lws_http_transaction_completed(wsi) ? -1 : 0;
}

static void on_turn(lws_sorted_usec_list_t *turn) {
    struct live_http *http =
        (struct live_http *)(void *)((char *)turn - offsetof(struct live_http, turn));
    struct lws *wsi = http->wsi;
    lws_rx_flow_control(wsi, 1 | LWS_RXFLOW_REASON_FLAG_PROCESS_NOW);
    if (end_transaction(http, wsi)) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    }
}

/** The answer is written. Within its loop over a body version 4.1 of the library cannot be told so:
 *  it loses its place if the client sent its next request along. It is told on the next turn of the
 *  event loop, and reads nothing from the connection until then. */
static int finish(struct live_http *http, struct lws *wsi) {
    if (http->closes || !http->body) {
        return end_transaction(http, wsi);
    }
    http->answered = true;
    http->wsi = wsi;
    lws_rx_flow_control(wsi, 0 | LWS_RXFLOW_REASON_FLAG_PROCESS_NOW);
    lws_sul_schedule(lws_get_context(wsi), 0, &http->turn, on_turn, 1);
    return 0;
}

int live_http_send(struct live_http *http, struct lws *wsi, const struct live_reply *reply) {
    unsigned char *out = malloc(LWS_PRE + HEAD_SIZE + reply->length);
    if (!out) {
        return -1;
    }
    unsigned char *start = out + LWS_PRE;
    unsigned char *end = put_head(wsi, start, reply, http->closes);
    if (!end) {
        free(out);
        return -1;
    }
    memcpy(end, reply->body, reply->length);
    const size_t length = (size_t)(end - start) + reply->length;
    const size_t first = length < PIECE ? length : PIECE;
    if (lws_write(wsi, start, first, LWS_WRITE_HTTP_HEADERS) < 0) {
        free(out);
        return -1;
    }
    if (first == length) {
        free(out);
        return finish(http, wsi);
    }
    http->out = out;
    http->out_length = length;
    http->out_written = first;
    lws_callback_on_writable(wsi);
    return 0;
}

static int answer(struct live_http *http, struct lws *wsi, int status,
                  const struct weir_exchange_answer *limits, const char *body) {
    struct weir_header headers[WEIR_ANSWER_HEADERS_MAX + 1];
    char note[64];
    size_t count = limits ? limits->header_count : 0;
    for (size_t i = 0; i < count; i++) {
        headers[i] = limits->headers[i];
    }
    if (http->arrived_ns) { /* when it was decided on, and what it was charged */
        snprintf(note, sizeof note, "%" PRId64 " %" PRId32 " %" PRId32, http->arrived_ns,
                 limits ? limits->charged_weight : 0, limits ? limits->charged_orders : 0);
        headers[count++] = (struct weir_header){.name = "X-Weir-Note", .value = note};
    }
    const struct live_reply reply = {.status = status,
                                     .type = "application/json;charset=UTF-8",
                                     .headers = headers,
                                     .header_count = count,
                                     .body = body,
                                     .length = strlen(body)};
    return live_http_send(http, wsi, &reply);
}

int live_http_write(struct live_http *http, struct lws *wsi) {
    if (!http->out && http->viewer) {
        return live_viewer_write(http->viewer, http, wsi);
    }
    if (!http->out) {
        return 0;
    }
    const size_t left = http->out_length - http->out_written;
    const size_t piece = left < PIECE ? left : PIECE;
    /* the library may use the bytes before what it writes: they have gone out already */
    if (lws_write(wsi, http->out + LWS_PRE + http->out_written, piece, LWS_WRITE_HTTP) < 0) {
        return -1;
    }
    http->out_written += piece;
    if (http->out_written < http->out_length) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    return finish(http, wsi);
}

static int refuse(struct live_http *http, struct lws *wsi, int status, const char *message) {
    char body[256];
    snprintf(body, sizeof body, "{\"code\":-1000,\"msg\":\"%s\"}", message);
    return answer(http, wsi, status, NULL, body);
}

static int answer_state(struct live_http *http, struct lws *wsi, struct live_exchange *exchange,
                        int64_t now_ns) {
    char *state = live_exchange_state(exchange, now_ns);
    const int result = state ? answer(http, wsi, 200, NULL, state) : -1;
    free(state);
    return result;
}

/** Whether a request comes from a program on this machine, and not from a page in its browser. */
static bool is_local_program(const struct live_http *http, struct lws *wsi) {
    static const char fetch[] = "sec-fetch-site:";
    return (strncmp(http->address, "127.", 4) == 0 || strcmp(http->address, "::1") == 0 ||
            strncmp(http->address, "::ffff:127.", 11) == 0) &&
           lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) <= 0 &&
           lws_hdr_custom_length(wsi, fetch, sizeof fetch - 1) <= 0;
}

/** POST /weir/restart: the trace begins anew, its first liquidation at `onset_ms` (default: as long
 *  from now as after the start of the server). */
static int restart(struct live_http *http, struct lws *wsi, const struct live_site *site,
                   int64_t now_ns) {
    struct live_exchange *exchange = site->exchange;
    static char query[QUERY_SIZE];
    struct live_parameters parameters = {.count = 0};
    int64_t onset_ms = (now_ns + (int64_t)(exchange->scenario->bot.lead_s * 1e9)) / 1000000;
    if (!is_local_program(http, wsi)) {
        return refuse(http, wsi, 403, "Only programs on this machine may start the trace anew.");
    }
    if (site->attached && live_attached_address(site->attached)[0]) {
        return refuse(http, wsi, 409,
                      "A bot is trading on this trace: its limiter is attached. Wait for its end.");
    }
    const char *text = read_query(wsi, query, sizeof query, &parameters)
                           ? live_parameter(&parameters, "onset_ms")
                           : NULL;
    if (text && (!live_read_integer(text, &onset_ms) || onset_ms < now_ns / 1000000 ||
                 onset_ms > now_ns / 1000000 + RESTART_MAX_MS)) {
        return refuse(http, wsi, 400,
                      "onset_ms is a time in milliseconds, from now to an hour on.");
    }
    if (!live_exchange_restart(exchange, onset_ms * 1000000, now_ns)) {
        return refuse(http, wsi, 409, "There is no trace that could start anew.");
    }
    return answer_state(http, wsi, exchange, now_ns);
}

/** What the server says of itself, and not as the exchange. -2: the path is none of these. */
static int answer_as_server(struct live_http *http, struct lws *wsi, const struct live_site *site,
                            const char *path, enum weir_method method, int64_t now_ns) {
    if (strcmp(path, "/weir/restart") == 0 && method == WEIR_POST) {
        return restart(http, wsi, site, now_ns);
    }
    if (strcmp(path, "/weir/state") == 0 && method == WEIR_GET) {
        return answer_state(http, wsi, site->exchange, now_ns);
    }
    return -2;
}

static int carry_out(struct live_http *http, struct lws *wsi, const struct live_site *site) {
    struct live_exchange *exchange = site->exchange;
    static char query[QUERY_SIZE]; /* one thread */
    static char form[LIVE_BODY_MAX + 1];
    struct live_parameters parameters = {.count = 0};
    char path[PATH_SIZE] = "";
    char key[LIVE_KEY_SIZE] = "";
    struct live_request request = {
        .path = path, .address = http->address, .parameters = &parameters};
    enum lws_token_indexes token = WSI_TOKEN_GET_URI;
    if (!find_method(wsi, &request.method, &token)) {
        return refuse(http, wsi, 405, "The exchange knows GET, POST, PUT and DELETE.");
    }
    if (lws_hdr_copy(wsi, path, sizeof path, token) < 0) {
        return refuse(http, wsi, 404, "The exchange has no such endpoint.");
    }
    if (site->dashboard && live_dashboard_owns(path)) {
        return live_dashboard_answer(site->dashboard, http, wsi);
    }
    if (!exchange) {
        return refuse(http, wsi, 404, "There is nothing at this path.");
    }
    const int64_t now_ns = live_now_ns();
    if (lws_hdr_custom_length(wsi, NOTE, sizeof NOTE - 1) > 0) {
        http->arrived_ns = now_ns;
    }
    const int result = answer_as_server(http, wsi, site, path, request.method, now_ns);
    if (result != -2) {
        return result;
    }
    bool few = read_query(wsi, query, sizeof query, &parameters);
    request.query_count = parameters.count;
    request.body = http->body ? http->body : "";
    if (http->body) {
        memcpy(form, http->body, http->body_length + 1);
        few = few && live_parameters_add_form(&parameters, form);
    }
    if (!few) {
        return refuse(http, wsi, 400, "Too many parameters sent for this endpoint.");
    }
    if (lws_hdr_custom_copy(wsi, key, sizeof key, "x-mbx-apikey:", 13) > 0) {
        request.api_key = key;
    }
    struct live_answer answered;
    live_exchange_handle(exchange, now_ns, &request, &answered);
    if (!answered.body) {
        return -1; /* out of memory */
    }
    const int written = answer(http, wsi, answered.status,
                               answered.counted ? &answered.limits : NULL, answered.body);
    free(answered.body);
    return written;
}

/** Keeps how much was read of a connection: with it, since the library clears what is kept for a
 *  connection between requests. */
static int64_t note_bytes_read(struct lws *wsi) {
    const int64_t bytes = live_bytes_read(lws_get_socket_fd(wsi));
    /* a number in place of a pointer: NOLINTNEXTLINE(performance-no-int-to-ptr) */
    lws_set_opaque_user_data(wsi, (void *)(intptr_t)bytes);
    return bytes;
}

/** Whether something was read from the connection for this request. If not, the client sent it
 * along with the one before: then version 4.1 of the library takes its head for its body, and turns
 * in circles. */
static bool is_fresh(struct lws *wsi) {
    const int64_t before = (intptr_t)lws_get_opaque_user_data(wsi);
    const int64_t now = note_bytes_read(wsi);
    return before == 0 || now > before + 1;
}

int live_http_begin(struct live_http *http, struct lws *wsi, const struct live_site *site) {
    char length[24] = "";
    const bool fresh = is_fresh(wsi);
    live_http_end(http);
    if (!http->address[0]) {
        lws_get_peer_simple(wsi, http->address, sizeof http->address);
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) {
        refuse(http, wsi, 411, "Send a body with Content-Length, not in chunks.");
        return -1;
    }
    if (lws_hdr_copy(wsi, length, sizeof length, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0) {
        http->body_expected = (size_t)strtoull(length, NULL, 10);
        if (http->body_expected > LIVE_BODY_MAX) {
            refuse(http, wsi, 413, "The body is longer than 65536 bytes.");
            return -1;
        }
        if (http->body_expected > 0 && !fresh) {
            return -1;
        }
        if (http->body_expected > 0) {
            http->body = malloc(http->body_expected + 1);
            return http->body ? 0 : -1;
        }
    }
    if (length[0] == '\0') { /* the library would take what comes next for a body */
        http->closes = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0 ||
                       lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) > 0;
    }
    return carry_out(http, wsi, site);
}

int live_http_body(struct live_http *http, const void *data, size_t length) {
    if (!http->body || length > http->body_expected - http->body_length) {
        return -1;
    }
    memcpy(http->body + http->body_length, data, length);
    http->body_length += length;
    http->body[http->body_length] = '\0';
    return 0;
}

int live_http_complete(struct live_http *http, struct lws *wsi, const struct live_site *site) {
    if (!http->body || http->answered) { /* told again when the next request comes early */
        return 0;
    }
    http->body[http->body_length] = '\0';
    note_bytes_read(wsi);
    /* when this returns libwebsockets may have freed `http`; the body is freed by live_http_end */
    return carry_out(http, wsi, site);
}
