#include "limiter_link.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attached.h"

#define STATS_US (LWS_US_PER_SEC / 4)
#define RETRY_FIRST_US (LWS_US_PER_SEC / 2)
#define RETRY_LAST_US (8 * LWS_US_PER_SEC)
#define MESSAGE_MAX 16384
#define WAITING_MAX 256

struct live_limiter_link {
    lws_sorted_usec_list_t timer; /**< first, so that it leads back to its link */
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct live_limiter_view *view;
    struct lws *wsi; /**< NULL: not connected, nor about to be */
    char host[128];
    int port;
    bool up;
    lws_usec_t retry_us;
    char *waiting[WAITING_MAX]; /**< texts on their way, a ring */
    size_t first, count;
    char message[MESSAGE_MAX];
    size_t message_length;
    unsigned char out[LWS_PRE + MESSAGE_MAX];
};

/* Sending. */

/** Frees the message. Dropped if the line is down or too much waits. */
static void say(struct live_limiter_link *link, json_t *message) {
    char *text =
        message && link->up && link->count < WAITING_MAX ? json_dumps(message, JSON_COMPACT) : NULL;
    json_decref(message);
    if (!text || strlen(text) >= MESSAGE_MAX) {
        free(text);
        return;
    }
    link->waiting[(link->first + link->count++) % WAITING_MAX] = text;
    lws_callback_on_writable(link->wsi);
}

static int write_next(struct live_limiter_link *link) {
    if (link->count == 0) {
        return 0;
    }
    char *text = link->waiting[link->first];
    const size_t length = strlen(text);
    link->first = (link->first + 1) % WAITING_MAX;
    link->count--;
    memcpy(link->out + LWS_PRE, text, length);
    free(text);
    if (lws_write(link->wsi, link->out + LWS_PRE, length, LWS_WRITE_TEXT) < 0) {
        return -1;
    }
    if (link->count > 0) {
        lws_callback_on_writable(link->wsi);
    }
    return 0;
}

static void drop_waiting(struct live_limiter_link *link) {
    while (link->count > 0) {
        free(link->waiting[link->first]);
        link->first = (link->first + 1) % WAITING_MAX;
        link->count--;
    }
}

static void on_view_event(void *context, const json_t *event) {
    struct live_limiter_link *link = context;
    if (link->up) {
        say(link, json_pack("{s:o}", "event", json_deep_copy(event)));
    }
}

/* What is asked. */

static bool find_mode(const char *name, enum weir_mode *mode) {
    static const char *const names[WEIR_MODES] = {"normal", "burst", "liquidation"};
    for (int i = 0; name && i < WEIR_MODES; i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (enum weir_mode)i;
            return true;
        }
    }
    return false;
}

static void set_mode(struct live_limiter_link *link, const json_t *wanted) {
    char why[160] = "The bot knows no such mode.";
    enum weir_mode mode = WEIR_MODE_NORMAL;
    const double duration_s = json_number_value(json_object_get(wanted, "duration_s"));
    const json_int_t id = json_integer_value(json_object_get(wanted, "id"));
    const bool sane = find_mode(json_string_value(json_object_get(wanted, "mode")), &mode) &&
                      duration_s >= 1.0 && duration_s <= 86400.0;
    const bool done =
        sane && live_limiter_view_set_mode(link->view, mode, duration_s, why, sizeof why);
    say(link, json_pack("{s:{s:I,s:b,s:s}}", "answer", "id", id, "done", (int)done, "message",
                        done ? "" : why));
    say(link, json_pack("{s:o}", "stats", live_limiter_view_stats(link->view)));
}

static int receive(struct live_limiter_link *link, const char *data, size_t length, bool final) {
    if (length > MESSAGE_MAX - link->message_length) {
        return -1;
    }
    memcpy(link->message + link->message_length, data, length);
    link->message_length += length;
    if (final) {
        json_t *message = json_loadb(link->message, link->message_length, 0, NULL);
        const json_t *wanted = json_object_get(message, "set_mode");
        if (json_is_object(wanted)) {
            set_mode(link, wanted);
        }
        json_decref(message);
        link->message_length = 0;
    }
    return 0;
}

/* The line. */

static void on_timer(lws_sorted_usec_list_t *timer);

static void schedule(struct live_limiter_link *link, lws_usec_t wait_us) {
    lws_sul_schedule(link->context, 0, &link->timer, on_timer, wait_us);
}

static void connect_again(struct live_limiter_link *link) {
    struct lws_client_connect_info info = {0};
    info.context = link->context;
    info.vhost = link->vhost;
    info.address = link->host;
    info.host = link->host;
    info.port = link->port;
    info.path = LIVE_ATTACH_PATH;
    info.userdata = link;
    info.pwsi = &link->wsi;
    schedule(link, link->retry_us);
    link->retry_us = 2 * link->retry_us < RETRY_LAST_US ? 2 * link->retry_us : RETRY_LAST_US;
    lws_client_connect_via_info(&info);
}

static void on_timer(lws_sorted_usec_list_t *timer) {
    struct live_limiter_link *link = (struct live_limiter_link *)(void *)timer;
    if (link->up) {
        say(link, json_pack("{s:o}", "stats", live_limiter_view_stats(link->view)));
        schedule(link, STATS_US);
    } else if (link->wsi) { /* still trying */
        schedule(link, link->retry_us);
    } else {
        connect_again(link);
    }
}

static int lost(struct live_limiter_link *link) {
    link->wsi = NULL;
    link->up = false;
    link->message_length = 0;
    drop_waiting(link);
    return 0; /* the timer runs on, and connects again */
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct live_limiter_link *link = user;
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        link->up = true;
        link->retry_us = RETRY_FIRST_US;
        schedule(link, 1);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(link, in, length,
                       lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_next(link);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        return link ? lost(link) : 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "weir-limiter", .callback = on_event, .rx_buffer_size = 4096}, {.name = NULL}};

struct live_limiter_link *live_limiter_link_create(struct lws_context *context, const char *host,
                                                   int port, struct live_limiter_view *view) {
    struct live_limiter_link *link = calloc(1, sizeof *link);
    struct lws_context_creation_info info = {0};
    if (!link) {
        return NULL;
    }
    info.vhost_name = "weir-limiter-link";
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    link->context = context;
    link->view = view;
    link->port = port;
    link->retry_us = RETRY_FIRST_US;
    snprintf(link->host, sizeof link->host, "%s", host);
    link->vhost = lws_create_vhost(context, &info);
    if (!link->vhost || !live_limiter_view_watch(view, on_view_event, link)) {
        free(link);
        return NULL;
    }
    schedule(link, 1);
    return link;
}

void live_limiter_link_destroy(struct live_limiter_link *link) {
    if (link) {
        live_limiter_view_unwatch(link->view, link);
        drop_waiting(link);
        free(link);
    }
}

bool live_limiter_link_is_up(const struct live_limiter_link *link) {
    return link->up;
}
