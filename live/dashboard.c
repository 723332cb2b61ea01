/**
 * What a dashboard knows: samples of the figures, the latest events, and who looks on.
 */
#include "dashboard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dashboard_parts.h"

#define SECOND_NS INT64_C(1000000000)
#define PATIENCE_NS (3 * SECOND_NS)

/* Life. */

static bool draw_token(char token[DASHBOARD_TOKEN_SIZE]) {
    unsigned char bytes[(DASHBOARD_TOKEN_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

struct live_dashboard *live_dashboard_create(const struct live_dashboard_source *source) {
    struct live_dashboard *dashboard = calloc(1, sizeof *dashboard);
    if (!dashboard || !draw_token(dashboard->token)) {
        free(dashboard);
        return NULL;
    }
    dashboard->source = *source;
    dashboard->started_ms = live_now_ns() / 1000000;
    return dashboard;
}

void live_dashboard_destroy(struct live_dashboard *dashboard) {
    if (!dashboard) {
        return;
    }
    if (dashboard->view) {
        live_limiter_view_unwatch(dashboard->view, dashboard);
    }
    while (dashboard->viewers) {
        live_viewer_close(dashboard->viewers);
    }
    for (size_t i = 0; i < DASHBOARD_EVENTS; i++) {
        free(dashboard->events[i]);
    }
    free(dashboard->stats);
    free(dashboard);
}

const char *live_dashboard_token(const struct live_dashboard *dashboard) {
    return dashboard->token;
}

void live_dashboard_url(const struct live_dashboard *dashboard, const char *server, char *url,
                        size_t url_size) {
    snprintf(url, url_size, "%s/dashboard#token=%s", server, dashboard->token);
}

/* A limiter of this process. */

static json_t *own_stats(void *context, int64_t now_ns) {
    (void)now_ns;
    json_t *data = live_limiter_view_stats(context);
    if (data) {
        json_object_set_new(data, "attached", json_true());
    }
    return data;
}

static enum live_mode_answer own_set_mode(void *context, uint64_t ticket, enum weir_mode mode,
                                          double duration_s, char *why, size_t why_size) {
    (void)ticket;
    return live_limiter_view_set_mode(context, mode, duration_s, why, why_size) ? LIVE_MODE_DONE
                                                                                : LIVE_MODE_REFUSED;
}

static void on_own_event(void *context, const json_t *event) {
    live_dashboard_tell(context, event);
}

struct live_dashboard *live_dashboard_of_limiter(struct live_limiter_view *view) {
    const struct live_dashboard_source source = {view, own_stats, own_set_mode};
    struct live_dashboard *dashboard = live_dashboard_create(&source);
    if (dashboard && !live_limiter_view_watch(view, on_own_event, dashboard)) {
        live_dashboard_destroy(dashboard);
        return NULL;
    }
    if (dashboard) {
        dashboard->view = view;
    }
    return dashboard;
}

/* Figures and events. */

json_t *dashboard_figures(struct live_dashboard *dashboard, int64_t now_ns) {
    json_t *data = dashboard->source.stats(dashboard->source.context, now_ns);
    if (data) {
        json_object_set_new(data, "time_ms", json_integer((json_int_t)(now_ns / 1000000)));
    }
    return data;
}

static double number_of(const json_t *data, const char *key) {
    const json_t *value = json_object_get(data, key);
    return json_is_number(value) ? json_number_value(value) : -1.0;
}

static double higher(double a, double b) {
    return a > b ? a : b;
}

/** Takes the figures into the second that they belong to: the highest use that was seen in it. */
static void take_sample(struct live_dashboard *dashboard, const json_t *data, int64_t now_ns) {
    const int64_t second = now_ns / SECOND_NS;
    const json_t *opportunities = json_object_get(data, "opportunities");
    struct dashboard_sample *sample = &dashboard->samples[second % DASHBOARD_SAMPLES];
    if (sample->time_s != second) {
        *sample = (struct dashboard_sample){.time_s = second, .weight = -1.0, .orders = -1.0};
    }
    sample->weight = higher(sample->weight, number_of(data, "current_weight"));
    sample->orders = higher(sample->orders, number_of(data, "current_orders"));
    sample->weight_limit = number_of(data, "weight_limit");
    sample->order_limit = number_of(data, "order_limit");
    sample->captured = (int64_t)higher(0.0, number_of(opportunities, "captured"));
    sample->missed = (int64_t)higher(0.0, number_of(opportunities, "missed"));
    sample->answered_429 = (int64_t)higher(0.0, number_of(data, "429_received"));
    sample->answered_418 = (int64_t)higher(0.0, number_of(data, "418_received"));
    sample->burst |= json_is_true(json_object_get(data, "burst_mode"));
    sample->liquidation |= json_is_true(json_object_get(data, "liquidation_mode"));
    sample->banned |= json_is_true(json_object_get(data, "banned"));
}

static json_t *told(double number) {
    return number < 0.0 ? json_null() : json_real(number);
}

json_t *dashboard_history(const struct live_dashboard *dashboard, int64_t now_ns, int64_t count) {
    json_t *list = json_array();
    const int64_t now_s = now_ns / SECOND_NS;
    for (int64_t second = now_s - count + 1; second <= now_s; second++) {
        const struct dashboard_sample *sample = &dashboard->samples[second % DASHBOARD_SAMPLES];
        if (sample->time_s != second) {
            continue;
        }
        const json_int_t time_ms = second * 1000;
        json_array_append_new(
            list,
            json_pack("{s:I,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:b,s:b,s:b}", "time_ms", time_ms,
                      "current_weight", told(sample->weight), "weight_limit",
                      told(sample->weight_limit), "current_orders", told(sample->orders),
                      "order_limit", told(sample->order_limit), "captured",
                      (json_int_t)sample->captured, "missed", (json_int_t)sample->missed,
                      "429_received", (json_int_t)sample->answered_429, "418_received",
                      (json_int_t)sample->answered_418, "burst_mode", (int)sample->burst,
                      "liquidation_mode", (int)sample->liquidation, "banned", (int)sample->banned));
    }
    return list;
}

static void wake_streams(struct live_dashboard *dashboard, bool stats) {
    for (struct live_viewer *viewer = dashboard->viewers; viewer; viewer = viewer->next) {
        if (viewer->streams) {
            viewer->stats_due |= stats;
            lws_callback_on_writable(viewer->wsi);
        }
    }
}

void live_dashboard_tell(struct live_dashboard *dashboard, const json_t *event) {
    json_t *dated = json_deep_copy(event);
    json_object_set_new(dated, "time_ms", json_integer((json_int_t)(live_now_ns() / 1000000)));
    char *text = json_dumps(dated, JSON_COMPACT);
    json_decref(dated);
    if (!text) {
        return;
    }
    char **slot = &dashboard->events[++dashboard->event_count % DASHBOARD_EVENTS];
    free(*slot);
    *slot = text;
    wake_streams(dashboard, false);
}

/* Those who wait for a change of mode. */

static void answer_viewer(struct live_viewer *viewer, int status, const char *message) {
    viewer->answered = true;
    viewer->status = status;
    if (message) {
        snprintf(viewer->message, sizeof viewer->message, "%s", message);
    }
    lws_callback_on_writable(viewer->wsi);
}

void live_dashboard_mode_answered(struct live_dashboard *dashboard, uint64_t ticket, bool done,
                                  const char *why) {
    for (struct live_viewer *viewer = dashboard->viewers; viewer; viewer = viewer->next) {
        if (!viewer->streams && viewer->ticket == ticket && !viewer->answered) {
            answer_viewer(viewer, done ? 200 : 409, done ? NULL : why);
        }
    }
}

static void give_up_waiting(struct live_dashboard *dashboard, int64_t now_ns) {
    for (struct live_viewer *viewer = dashboard->viewers; viewer; viewer = viewer->next) {
        if (!viewer->streams && !viewer->answered && now_ns - viewer->since_ns > PATIENCE_NS) {
            answer_viewer(viewer, 504,
                          "The bot has not answered for 3 seconds; the mode may change yet.");
        }
    }
}

/* Time. */

static void schedule(struct live_dashboard *dashboard);

static void on_tick(lws_sorted_usec_list_t *timer) {
    struct live_dashboard *dashboard = (struct live_dashboard *)(void *)timer;
    const int64_t now_ns = live_now_ns();
    json_t *data = dashboard_figures(dashboard, now_ns);
    if (data) {
        take_sample(dashboard, data, now_ns);
        free(dashboard->stats);
        dashboard->stats = json_dumps(data, JSON_COMPACT);
        json_decref(data);
        wake_streams(dashboard, true);
    }
    give_up_waiting(dashboard, now_ns);
    schedule(dashboard);
}

static void schedule(struct live_dashboard *dashboard) {
    lws_sul_schedule(dashboard->context, 0, &dashboard->timer, on_tick, DASHBOARD_TICK_NS / 1000);
}

void live_dashboard_start(struct live_dashboard *dashboard, struct lws_context *context) {
    dashboard->context = context;
    schedule(dashboard);
}

/* Listening at a port of its own. */

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct live_http *http = user;
    struct live_site site = {.dashboard = lws_vhost_user(lws_get_vhost(wsi))};
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* nothing here speaks WebSocket */
        return -1;
    case LWS_CALLBACK_HTTP:
        return live_http_begin(http, wsi, &site);
    case LWS_CALLBACK_HTTP_BODY:
        return live_http_body(http, in, length);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return live_http_complete(http, wsi, &site);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return live_http_write(http, wsi);
    case LWS_CALLBACK_CLOSED_HTTP:
        if (http) {
            live_http_end(http);
        }
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

static const struct lws_protocols protocols[] = {{.name = "weir-dashboard",
                                                  .callback = on_event,
                                                  .per_session_data_size = sizeof(struct live_http),
                                                  .rx_buffer_size = 4096},
                                                 {.name = NULL}};

bool live_dashboard_listen(struct live_dashboard *dashboard, struct lws_context *context,
                           const char *address, uint16_t port, char *url, size_t url_size) {
    struct lws_context_creation_info info = {0};
    const bool any = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    const bool six = strchr(address, ':') != NULL;
    char server[96];
    info.vhost_name = "weir-dashboard";
    info.port = port;
    info.iface = any ? NULL : address;
    info.protocols = protocols;
    info.user = dashboard;
    info.server_string = "weir";
    info.options =
        LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | (six ? 0 : LWS_SERVER_OPTION_DISABLE_IPV6);
    info.keepalive_timeout = 60;
    info.timeout_secs = 10;
    struct lws_vhost *vhost = lws_create_vhost(context, &info);
    if (!vhost) {
        return false;
    }
    snprintf(server, sizeof server, "http://%s%s%s:%d", six && !any ? "[" : "",
             any ? "127.0.0.1" : address, six && !any ? "]" : "", lws_get_vhost_listen_port(vhost));
    live_dashboard_url(dashboard, server, url, url_size);
    live_dashboard_start(dashboard, context);
    return true;
}
