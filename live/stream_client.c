#include "stream_client.h"

#include <libwebsockets.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_S 10
#define RETRY_FIRST_S 0.1
#define RETRY_MOST_S 60.0
#define STEADY_S 10.0 /* a connection that lasted this long was a good one */

struct live_stream_client {
    lws_sorted_usec_list_t tick; /**< first, so that it leads back to its client */
    struct live_stream_settings settings;
    struct live_stream_events events;
    struct lws_context *context;
    struct lws *wsi; /**< the connection, or the attempt; NULL: neither */
    bool open, closed_by_peer, ping_wanted, too_long, silent;
    char certificate_fault[160]; /**< why the server's certificate was refused, or "" */
    int failures;                /**< in a row */
    double next_try_s, opened_s, heard_s, pinged_s;
    unsigned random;
    char *message;
    size_t message_length;
};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** Seconds until the next attempt; a fifth more or less, so that clients that were cut off together
 *  do not come back together. */
static double retry_delay_s(struct live_stream_client *client, int http_status) {
    const int doublings = client->failures < 8 ? client->failures : 8;
    double delay_s = doublings == 0 ? RETRY_FIRST_S : (double)(1 << (doublings - 1));
    delay_s = delay_s < RETRY_MOST_S ? delay_s : RETRY_MOST_S;
    if (http_status == 403 || http_status == 418 || http_status == 429) {
        delay_s = RETRY_MOST_S;
    }
    client->random = client->random * 1664525u + 1013904223u;
    return delay_s * (0.8 + 0.4 * (double)(client->random >> 8) / 16777216.0);
}

/** A connection, or an attempt, is over. */
static void end(struct live_stream_client *client, const char *why, int http_status) {
    const double time_s = now_s();
    const bool whole = client->open && client->closed_by_peer;
    if (client->open && time_s - client->opened_s >= STEADY_S) {
        client->failures = 0;
    }
    const double delay_s = retry_delay_s(client, http_status);
    client->failures++;
    client->open = false;
    client->wsi = NULL;
    client->next_try_s = time_s + delay_s;
    client->events.lost(client->events.context, why, whole, delay_s);
}

/* Words for failures. */

/** What the library says when a connection cannot be had, made plainer. */
static const char *plain_words(const struct live_stream_client *client, const char *said) {
    static const struct {
        const char *beginning, *words;
    } phrases[] = {
        {"Unable to connect", "nobody listens there, or the network does not lead there"},
        {"connect SSL err", "the TLS handshake failed; does the server speak TLS (wss://)?"},
        {"read failed", "the server ended it in mid-handshake"},
        {"Timed out", "no answer in time"},
    };
    if (client->certificate_fault[0]) {
        return client->certificate_fault;
    }
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (strncmp(said, phrases[i].beginning, strlen(phrases[i].beginning)) == 0) {
            return phrases[i].words;
        }
    }
    return said[0] ? said : "no reason given";
}

static void fail_connection(struct live_stream_client *client, struct lws *wsi, const char *said) {
    const struct live_stream_url *url = &client->settings.url;
    const int status = (int)lws_http_client_http_response(wsi);
    char text[512];
    if (status >= 100 && status != 101) {
        snprintf(text, sizeof text, "%.200s answered HTTP %d in place of a WebSocket", url->host,
                 status);
    } else {
        snprintf(text, sizeof text, "no connection to %.200s, port %d: %.200s", url->host,
                 url->port, plain_words(client, said ? said : ""));
    }
    end(client, text, status);
}

static const char *closing_words(const struct live_stream_client *client) {
    return client->silent           ? "nothing was heard, not even an answer to a ping"
           : client->too_long       ? "a message was too long"
           : client->closed_by_peer ? "the server closed the connection"
                                    : "the connection broke off";
}

/* The connection. */

static void hear(struct live_stream_client *client) {
    client->heard_s = now_s();
    client->events.heard(client->events.context);
}

static int receive(struct live_stream_client *client, struct lws *wsi, const char *data,
                   size_t length) {
    client->heard_s = now_s();
    if (lws_is_first_fragment(wsi)) {
        client->message_length = 0;
    }
    if (length > client->settings.message_max - client->message_length) {
        client->too_long = true;
        return -1;
    }
    memcpy(client->message + client->message_length, data, length);
    client->message_length += length;
    if (lws_is_final_fragment(wsi)) {
        client->events.message(client->events.context, client->message, client->message_length);
        client->message_length = 0;
    }
    return 0;
}

static int write_ping(struct live_stream_client *client, struct lws *wsi) {
    unsigned char frame[LWS_PRE + 1];
    if (!client->ping_wanted) {
        return 0;
    }
    client->ping_wanted = false;
    return lws_write(wsi, frame + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static void open_stream(struct live_stream_client *client) {
    client->open = true;
    client->opened_s = client->heard_s = client->pinged_s = now_s();
    client->message_length = 0;
    client->events.opened(client->events.context);
}

/** Keeps the reason why a certificate is refused: the library forgets it. */
static void note_certificate(struct live_stream_client *client, X509_STORE_CTX *check, bool good) {
    if (!good) {
        snprintf(client->certificate_fault, sizeof client->certificate_fault,
                 "the server's certificate is not trusted: %.100s",
                 X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct live_stream_client *client = lws_context_user(lws_get_context(wsi));
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        open_stream(client);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(client, wsi, in, length);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        hear(client);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_ping(client, wsi);
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
        note_certificate(client, user, length != 0);
        return 0; /* overrules nothing */
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        client->closed_by_peer = true;
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fail_connection(client, wsi, in);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        end(client, closing_words(client), 0);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "weir-record", .callback = on_event, .rx_buffer_size = 65536}, {.name = NULL}};

/** Why there was not even an attempt. */
static void fail_at_once(struct live_stream_client *client) {
    char text[512];
    struct addrinfo *addresses = NULL;
    const int fault = getaddrinfo(client->settings.url.host, NULL, NULL, &addresses);
    if (fault == 0) {
        freeaddrinfo(addresses);
    }
    snprintf(text, sizeof text, "no connection to %.200s: %.200s", client->settings.url.host,
             fault ? gai_strerror(fault) : "out of memory or open files");
    end(client, text, 0);
}

static void connect_now(struct live_stream_client *client) {
    const struct live_stream_url *url = &client->settings.url;
    char host[300];
    const bool six = strchr(url->host, ':') != NULL;
    const int used =
        snprintf(host, sizeof host, "%s%s%s", six ? "[" : "", url->host, six ? "]" : "");
    if (url->port != (url->tls ? 443 : 80)) {
        snprintf(host + used, sizeof host - (size_t)used, ":%d", url->port);
    }
    struct lws_client_connect_info info = {0};
    info.context = client->context;
    info.address = url->host;
    info.port = url->port;
    info.path = url->path;
    info.host = host;
    info.ssl_connection = url->tls ? LCCSCF_USE_SSL : 0;
    info.local_protocol_name = protocols[0].name;
    info.pwsi = &client->wsi;
    client->closed_by_peer = client->ping_wanted = client->too_long = client->silent = false;
    client->certificate_fault[0] = '\0';
    client->next_try_s = 0.0;
    if (!lws_client_connect_via_info(&info) && client->next_try_s == 0.0) {
        fail_at_once(client);
    }
}

/* Time. */

/** Pings a silent connection, and hangs up on one that stays silent. */
static void watch(struct live_stream_client *client, double time_s) {
    const double silence_s = client->settings.silence_s;
    if (time_s - client->heard_s >= silence_s) {
        client->silent = true;
        lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    } else if (time_s - client->heard_s >= silence_s / 3.0 &&
               time_s - client->pinged_s >= silence_s / 3.0) {
        client->pinged_s = time_s;
        client->ping_wanted = true;
        lws_callback_on_writable(client->wsi);
    }
}

static void on_tick(lws_sorted_usec_list_t *tick) {
    struct live_stream_client *client = (struct live_stream_client *)(void *)tick;
    const double time_s = now_s();
    lws_sul_schedule(client->context, 0, tick, on_tick, LWS_US_PER_SEC / 4);
    if (client->open) {
        watch(client, time_s);
    } else if (!client->wsi && time_s >= client->next_try_s) {
        connect_now(client);
    }
    client->events.tick(client->events.context);
}

/* Life. */

struct live_stream_client *live_stream_client_create(const struct live_stream_settings *settings,
                                                     const struct live_stream_events *events) {
    struct live_stream_client *client = calloc(1, sizeof *client);
    struct lws_context_creation_info info = {0};
    if (!client) {
        return NULL;
    }
    client->settings = *settings;
    client->events = *events;
    client->random = (unsigned)time(NULL);
    client->message = malloc(settings->message_max);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.user = client;
    info.options = settings->url.tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    info.client_ssl_ca_filepath = settings->ca_file;
    info.timeout_secs = CONNECT_S;
    info.connect_timeout_secs = CONNECT_S;
    lws_set_log_level(0, NULL);
    client->context = client->message ? lws_create_context(&info) : NULL;
    if (!client->context) {
        live_stream_client_destroy(client);
        return NULL;
    }
    lws_sul_schedule(client->context, 0, &client->tick, on_tick, 1);
    return client;
}

bool live_stream_client_serve(struct live_stream_client *client) {
    return lws_service(client->context, 0) >= 0;
}

struct lws_context *live_stream_client_context(const struct live_stream_client *client) {
    return client->context;
}

static void ignore(void *context, const char *why, bool whole, double retry_s) {
    (void)context;
    (void)why;
    (void)whole;
    (void)retry_s;
}

void live_stream_client_destroy(struct live_stream_client *client) {
    if (client) {
        client->events.lost = ignore;
        if (client->context) {
            lws_context_destroy(client->context);
        }
        free(client->message);
        free(client);
    }
}
