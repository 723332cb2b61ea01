#include "serve.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "attached.h"
#include "exchange_view.h"
#include "http.h"
#include "stop_signals.h"
#include "streams.h"

#define SECOND_NS INT64_C(1000000000)

/* Most connections at once, and what a request's head may hold. A connection has room for a head
 * from its first byte, or none, to the end of its first request; were there fewer rooms than
 * connections, those that say nothing would keep the others out. */
#define CONNECTIONS_MAX 8192
#define HEAD_BYTES_MAX 16384
#define HEADS_MAX CONNECTIONS_MAX

#define IDLE_HTTP_S 120
#define SLOW_HEAD_S 10
#define PING_S 300
#define SILENCE_S 900

struct server {
    lws_sorted_usec_list_t alarm; /**< first, so that it leads back to its server */
    struct live_exchange *exchange;
    struct live_streams *streams;
    struct live_exchange_view view;
    struct live_site site;
    struct lws_context *context;
    int64_t alarm_ns; /**< when it is set for; 0: not set */
};

/** What is kept for each connection. */
struct connection {
    struct live_http http;
    struct live_listener *listener;
    bool attached; /**< a bot's limiter is at its other end */
};

/* Timers. */

static void on_alarm(lws_sorted_usec_list_t *alarm);

/** Sets the alarm for what is due next, if that is earlier than what it is set for. */
static void set_alarm(struct server *server, int64_t now_ns) {
    const int64_t orders_ns = live_exchange_next_ns(server->exchange);
    const int64_t streams_ns = live_streams_next_ns(server->streams);
    const int64_t due_ns = orders_ns < streams_ns ? orders_ns : streams_ns;
    if (server->alarm_ns != 0 && server->alarm_ns <= due_ns) {
        return;
    }
    const int64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    server->alarm_ns = due_ns;
    lws_sul_schedule(server->context, 0, &server->alarm, on_alarm, wait_ns / 1000 + 1);
}

static void on_alarm(lws_sorted_usec_list_t *alarm) {
    struct server *server = (struct server *)(void *)alarm;
    const int64_t now_ns = live_now_ns();
    server->alarm_ns = 0;
    live_exchange_advance(server->exchange, now_ns);
    live_streams_advance(server->streams, now_ns);
    set_alarm(server, now_ns);
}

/* Connections. */

static int open_listener(struct server *server, struct connection *connection, struct lws *wsi) {
    char path[8192];
    char query[8192];
    live_http_target(wsi, path, sizeof path, query, sizeof query);
    if (strcmp(path, LIVE_ATTACH_PATH) == 0) {
        char address[LIVE_ADDRESS_SIZE] = "";
        lws_get_peer_simple(wsi, address, sizeof address);
        connection->attached =
            live_attached_open(server->view.attached, wsi, address, live_now_ns());
        return connection->attached ? 0 : -1;
    }
    connection->listener = live_listener_open(server->streams, wsi, path, query, live_now_ns());
    return connection->listener ? 0 : -1;
}

/** Refuses to listen at a path that is none, and to attach what may not be. */
static int filter(struct server *server, struct lws *wsi) {
    char path[8192];
    char query[8192];
    live_http_target(wsi, path, sizeof path, query, sizeof query);
    if (live_is_stream_path(path)) {
        return 0;
    }
    if (strcmp(path, LIVE_ATTACH_PATH) == 0) {
        const char *why = live_attached_refuses(server->view.attached,
                                                lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0);
        if (why) {
            lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN, why);
        }
        return why ? -1 : 0;
    }
    lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, "streams are at /ws and /stream");
    return -1;
}

static void close_connection(struct server *server, struct connection *connection,
                             struct lws *wsi) {
    live_http_end(&connection->http);
    if (connection->attached) {
        live_attached_close(server->view.attached, wsi);
        connection->attached = false;
    }
    if (connection->listener) {
        live_listener_close(connection->listener);
        connection->listener = NULL;
    }
}

/** Of HTTP. -2: the event is of another kind. */
static int http_event(struct server *server, struct connection *connection, struct lws *wsi,
                      enum lws_callback_reasons reason, const void *in, size_t length) {
    int result = 0;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        result = live_http_begin(&connection->http, wsi, &server->site);
        break;
    case LWS_CALLBACK_HTTP_BODY:
        result = live_http_body(&connection->http, in, length);
        break;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        result = live_http_complete(&connection->http, wsi, &server->site);
        break;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        result = live_http_write(&connection->http, wsi);
        break;
    case LWS_CALLBACK_CLOSED_HTTP:
        if (connection) {
            close_connection(server, connection, wsi);
        }
        return 0;
    default:
        return -2;
    }
    set_alarm(server, live_now_ns()); /* an order may fill before anything else is due */
    return result;
}

static bool receive(struct server *server, struct connection *connection, struct lws *wsi,
                    const char *data, size_t length) {
    const bool final = lws_is_final_fragment(wsi) != 0 && lws_remaining_packet_payload(wsi) == 0;
    return connection->attached
               ? live_attached_receive(server->view.attached, data, length, final, live_now_ns())
               : live_listener_receive(connection->listener, data, length, final, live_now_ns());
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct server *server = lws_context_user(lws_get_context(wsi));
    struct connection *connection = user;
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return filter(server, wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return open_listener(server, connection, wsi);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (connection->attached) {
            return live_attached_write(server->view.attached) ? 0 : -1;
        }
        return connection->listener && !live_listener_write(connection->listener) ? -1 : 0;
    case LWS_CALLBACK_RECEIVE:
        return receive(server, connection, wsi, in, length) ? 0 : -1;
    case LWS_CALLBACK_CLOSED:
        close_connection(server, connection, wsi);
        return 0;
    default:
        break;
    }
    const int result = http_event(server, connection, wsi, reason, in, length);
    return result == -2 ? lws_callback_http_dummy(wsi, reason, user, in, length) : result;
}

static const struct lws_protocols protocols[] = {
    {.name = "weir",
     .callback = on_event,
     .per_session_data_size = sizeof(struct connection),
     .rx_buffer_size = 4096},
    {.name = NULL}};

/** A ping after five minutes of silence, the end after fifteen. */
static const lws_retry_bo_t keepalive = {.secs_since_valid_ping = PING_S,
                                         .secs_since_valid_hangup = SILENCE_S};

/* Life. */

static struct weir_serve_end failed(enum weir_serve_status status, const char *text) {
    struct weir_serve_end end = {.status = status};
    snprintf(end.text, sizeof end.text, "%s", text);
    return end;
}

/** As many open files as the connections need, if the system allows. Returns how many. */
static unsigned raise_file_limit(void) {
    struct rlimit limit = {0, 0};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = CONNECTIONS_MAX + 64;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return (unsigned)(limit.rlim_cur < wanted ? limit.rlim_cur : wanted);
}

static struct lws_context *listen_at(const struct weir_serve_plan *plan, struct server *server) {
    struct lws_context_creation_info info = {0};
    const bool any = strcmp(plan->listen, "0.0.0.0") == 0 || strcmp(plan->listen, "::") == 0;
    info.port = plan->port;
    info.iface = any ? NULL : plan->listen;
    info.protocols = protocols;
    info.user = server;
    info.server_string = "weir";
    info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
                   (strchr(plan->listen, ':') ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6);
    info.max_http_header_data2 = HEAD_BYTES_MAX;
    info.max_http_header_pool2 = HEADS_MAX;
    info.keepalive_timeout = IDLE_HTTP_S;
    info.timeout_secs = SLOW_HEAD_S;
    info.timeout_secs_ah_idle = SLOW_HEAD_S;
    info.retry_and_idle_policy = &keepalive;
    info.fd_limit_per_thread = raise_file_limit();
    return lws_create_context(&info);
}

static void announce(const struct weir_serve_plan *plan, const struct server *server) {
    const int port = lws_get_vhost_listen_port(lws_get_vhost_by_name(server->context, "default"));
    const bool any = strcmp(plan->listen, "0.0.0.0") == 0 || strcmp(plan->listen, "::") == 0;
    const char *host = any ? "127.0.0.1" : plan->listen;
    const bool six = strchr(host, ':') != NULL;
    char at[96];
    char http[112];
    char page[192];
    snprintf(at, sizeof at, "%s%s%s:%d", six ? "[" : "", host, six ? "]" : "", port);
    snprintf(http, sizeof http, "http://%s", at);
    live_dashboard_url(server->site.dashboard, http, page, sizeof page);
    printf("{\"listening\":\"%s\",\"websocket\":\"ws://%s\",\"port\":%d,"
           "\"dashboard\":\"%s\"}\n",
           http, at, port, page);
    fflush(stdout);
}

static struct weir_serve_end serve(const struct weir_serve_plan *plan, struct server *server) {
    live_stop_catch();
    lws_set_log_level(0, NULL);
    server->context = listen_at(plan, server);
    if (!server->context) {
        struct weir_serve_end end = {.status = WEIR_SERVE_WRONG_USE};
        snprintf(end.text, sizeof end.text, "cannot listen at %.100s, port %u%s%s", plan->listen,
                 (unsigned)plan->port, errno ? ": " : "", errno ? strerror(errno) : "");
        return end;
    }
    live_stop_wakes(server->context);
    set_alarm(server, live_now_ns());
    live_dashboard_start(server->site.dashboard, server->context);
    announce(plan, server);
    while (!live_stop_signal() && lws_service(server->context, 0) >= 0) {
    }
    live_stop_wakes(NULL);
    lws_context_destroy(server->context);
    return live_stop_signal()
               ? (struct weir_serve_end){.status = WEIR_SERVE_STOPPED, .signal = live_stop_signal()}
               : failed(WEIR_SERVE_FAILED, "the server stopped");
}

/** The dashboard over the exchange and the limiter that a bot may attach. */
static bool create_dashboard(struct server *server) {
    server->view = (struct live_exchange_view){.exchange = server->exchange,
                                               .attached = live_attached_create()};
    const struct live_dashboard_source source = live_exchange_source(&server->view);
    server->site = (struct live_site){
        .exchange = server->exchange,
        .dashboard = server->view.attached ? live_dashboard_create(&source) : NULL,
        .attached = server->view.attached};
    if (server->site.dashboard) {
        live_attached_tell(server->view.attached, server->site.dashboard);
    }
    return server->site.dashboard != NULL;
}

struct weir_serve_end weir_serve(const struct weir_serve_plan *plan, struct weir_trace *trace) {
    const int64_t now_ns = live_now_ns();
    const int64_t onset_ns = now_ns + (trace ? (int64_t)(plan->scenario->bot.lead_s * 1e9) : 0);
    struct live_quotes *quotes =
        live_quotes_create(trace, onset_ns, plan->speed, &plan->scenario->feed, plan->seed);
    struct server server = {0};
    struct weir_serve_end end = failed(WEIR_SERVE_FAILED, "out of memory");
    if (quotes) {
        server.exchange =
            live_exchange_create(plan->scenario, quotes, plan->api_key, plan->api_secret, now_ns);
    }
    if (server.exchange) {
        server.streams = live_streams_create(server.exchange);
    }
    if (server.streams && create_dashboard(&server)) {
        end = serve(plan, &server);
    }
    live_dashboard_destroy(server.site.dashboard);
    live_attached_destroy(server.view.attached);
    live_streams_destroy(server.streams);
    live_exchange_destroy(server.exchange);
    return end;
}
