#include "user_stream.h"

#include <jansson.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_US (LWS_US_PER_SEC / 2)
#define MESSAGE_MAX 65536

struct live_user_stream {
    lws_sorted_usec_list_t timer; /**< first, so that it leads back to its stream */
    struct live_user_stream_plan plan;
    struct lws_vhost *vhost;
    struct lws *wsi; /**< NULL: not connected, nor about to be */
    unsigned failures;
    char path[512];
    char host[300]; /**< with the port, for the head of the request */
    char message[MESSAGE_MAX];
    size_t length;
    bool ended;
    bool too_long; /**< the message that is coming does not fit: passed over */
};

static const char *text_at(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void take_message(struct live_user_stream *stream) {
    json_t *event = json_loadb(stream->message, stream->length, 0, NULL);
    const json_t *order = json_object_get(event, "o");
    if (strcmp(text_at(event, "e"), "ORDER_TRADE_UPDATE") == 0 && json_is_object(order)) {
        const struct live_order_event told = {
            .name = text_at(order, "c"),
            .what = text_at(order, "x"),
            .status = text_at(order, "X"),
            .quantity = text_at(order, "l"),
            .time_ms = (int64_t)json_integer_value(json_object_get(order, "T"))};
        stream->plan.order(stream->plan.told, &told);
    }
    json_decref(event);
}

static void take_piece(struct live_user_stream *stream, const char *data, size_t length,
                       bool final) {
    if (length > MESSAGE_MAX - stream->length) {
        stream->too_long = true;
    } else {
        memcpy(stream->message + stream->length, data, length);
        stream->length += length;
    }
    if (final) {
        if (!stream->too_long) {
            take_message(stream);
        }
        stream->length = 0;
        stream->too_long = false;
    }
}

static void connect_now(lws_sorted_usec_list_t *timer);

static void lost(struct live_user_stream *stream) {
    stream->wsi = NULL;
    if (stream->ended) {
        return;
    }
    stream->length = 0;
    stream->too_long = false;
    stream->failures++;
    lws_sul_schedule(stream->plan.context, 0, &stream->timer, connect_now, RETRY_US);
    stream->plan.state(stream->plan.told, false, stream->failures);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct live_user_stream *stream = user;
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        stream->failures = 0;
        stream->plan.state(stream->plan.told, true, 0);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        take_piece(stream, in, length,
                   lws_is_final_fragment(wsi) != 0 && lws_remaining_packet_payload(wsi) == 0);
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (stream) {
            lost(stream);
        }
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "weir-user-stream", .callback = on_event, .rx_buffer_size = 4096}, {.name = NULL}};

static void connect_now(lws_sorted_usec_list_t *timer) {
    struct live_user_stream *stream = (struct live_user_stream *)(void *)timer;
    struct lws_client_connect_info info = {0};
    info.context = stream->plan.context;
    info.vhost = stream->vhost;
    info.address = stream->plan.address.host;
    info.port = stream->plan.address.port;
    info.path = stream->path;
    info.host = stream->host;
    info.ssl_connection = stream->plan.address.secure ? LCCSCF_USE_SSL : 0;
    info.local_protocol_name = protocols[0].name;
    info.userdata = stream;
    info.pwsi = &stream->wsi;
    lws_client_connect_via_info(&info); /* a failure is told by the callback */
}

struct live_user_stream *live_user_stream_create(const struct live_user_stream_plan *plan) {
    struct live_user_stream *stream = calloc(1, sizeof *stream);
    if (!stream) {
        return NULL;
    }
    stream->plan = *plan;
    snprintf(stream->path, sizeof stream->path, "%s/ws/%s", plan->address.path, plan->listen_key);
    snprintf(stream->host, sizeof stream->host, "%s:%d", plan->address.host, plan->address.port);
    struct lws_context_creation_info info = {0};
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.vhost_name = "weir-user-stream";
    stream->vhost = lws_create_vhost(plan->context, &info);
    if (!stream->vhost) {
        free(stream);
        return NULL;
    }
    lws_sul_schedule(plan->context, 0, &stream->timer, connect_now, 1);
    return stream;
}

void live_user_stream_end(struct live_user_stream *stream) {
    if (stream) {
        stream->ended = true;
        lws_sul_cancel(&stream->timer);
    }
}

void live_user_stream_destroy(struct live_user_stream *stream) {
    free(stream);
}
