/**
 * The dashboard's routes: the guide's, with its answers, and the files of the page.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "dashboard_guard.h"
#include "dashboard_parts.h"

#define PATH_SIZE 128
#define QUERY_SIZE 256

#define DURATION_S 300 /* of a mode, unless the request says otherwise */
#define DURATION_MAX_S 86400
#define HISTORY_S 300

static const char api[] = "/api/rate-limiter/";

const struct weir_header dashboard_headers[] = {
    {"content-security-policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"x-content-type-options", "nosniff"},
    {"referrer-policy", "no-referrer"},
    {"cross-origin-resource-policy", "same-origin"},
    {"cache-control", "no-store"}};
const size_t dashboard_header_count = sizeof dashboard_headers / sizeof dashboard_headers[0];

bool live_dashboard_owns(const char *path) {
    return strcmp(path, "/") == 0 || strcmp(path, "/dashboard") == 0 ||
           strncmp(path, "/dashboard/", 11) == 0 || strncmp(path, api, sizeof api - 1) == 0;
}

/* Answers. */

static int send_text(struct live_http *http, struct lws *wsi, int status, const char *type,
                     const char *text) {
    const struct live_reply reply = {.status = status,
                                     .type = type,
                                     .headers = dashboard_headers,
                                     .header_count = dashboard_header_count,
                                     .body = text,
                                     .length = strlen(text)};
    return live_http_send(http, wsi, &reply);
}

/** Frees the JSON. */
static int send_json(struct live_http *http, struct lws *wsi, int status, json_t *json) {
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    const int result = text ? send_text(http, wsi, status, "application/json", text) : -1;
    free(text);
    return result;
}

int dashboard_say(struct live_http *http, struct lws *wsi, int status, const char *message) {
    return send_json(
        http, wsi, status,
        json_pack("{s:s,s:s}", "status", status == 200 ? "success" : "error", "message", message));
}

static int send_data(struct live_http *http, struct lws *wsi, json_t *data) {
    return data ? send_json(http, wsi, 200,
                            json_pack("{s:s,s:o}", "status", "success", "data", data))
                : dashboard_say(http, wsi, 500, "The server is out of memory.");
}

/* Who asks. */

struct origin_texts {
    char host[LIVE_ORIGIN_SIZE], origin[LIVE_ORIGIN_SIZE], fetch_site[LIVE_ORIGIN_SIZE];
    char content_type[LIVE_ORIGIN_SIZE], token[LIVE_ORIGIN_SIZE], local[INET6_ADDRSTRLEN];
};

static void read_header(struct lws *wsi, enum lws_token_indexes token,
                        char text[LIVE_ORIGIN_SIZE]) {
    if (lws_hdr_copy(wsi, text, LIVE_ORIGIN_SIZE, token) < 0) {
        snprintf(text, LIVE_ORIGIN_SIZE, "?"); /* too long to be any that is accepted */
    }
}

static void read_other(struct lws *wsi, const char *name, char text[LIVE_ORIGIN_SIZE]) {
    const int length = (int)strlen(name);
    text[0] = '\0';
    if (lws_hdr_custom_length(wsi, name, length) >= 0 &&
        lws_hdr_custom_copy(wsi, text, LIVE_ORIGIN_SIZE, name, length) < 0) {
        snprintf(text, LIVE_ORIGIN_SIZE, "?");
    }
}

/** This end of the connection, as text. */
static void read_local(struct lws *wsi, char *text, size_t size) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    text[0] = '\0';
    if (getsockname(lws_get_socket_fd(wsi), (struct sockaddr *)&address, &length) != 0) {
        return;
    }
    if (address.ss_family == AF_INET) {
        inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text, (socklen_t)size);
    } else if (address.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, text, (socklen_t)size);
    }
}

static struct live_objection object(const struct live_dashboard *dashboard, struct lws *wsi,
                                    bool switches) {
    struct origin_texts texts;
    read_header(wsi, WSI_TOKEN_HOST, texts.host);
    read_header(wsi, WSI_TOKEN_ORIGIN, texts.origin);
    read_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, texts.content_type);
    read_other(wsi, "sec-fetch-site:", texts.fetch_site);
    read_other(wsi, "x-weir-token:", texts.token);
    read_local(wsi, texts.local, sizeof texts.local);
    const struct live_origin from = {.host = texts.host,
                                     .origin = texts.origin,
                                     .fetch_site = texts.fetch_site,
                                     .content_type = texts.content_type,
                                     .token = texts.token,
                                     .local_address = texts.local};
    return switches ? live_guard_switch(&from, dashboard->token) : live_guard_read(&from);
}

/* Reading. */

static int send_queues(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi) {
    json_t *data = dashboard_figures(dashboard, live_now_ns());
    json_t *queues = NULL;
    if (data) {
        queues = json_pack("{s:O,s:O}", "queue_sizes", json_object_get(data, "queue_sizes"),
                           "requests_queued", json_object_get(data, "requests_queued"));
    }
    json_decref(data);
    return send_data(http, wsi, queues);
}

/** The number of a query "limit=N"; the default without one; -1 for what is none. */
static int64_t read_limit(const char *query) {
    char *end = NULL;
    if (query[0] == '\0') {
        return HISTORY_S;
    }
    if (strncmp(query, "limit=", 6) != 0 || query[6] < '0' || query[6] > '9') {
        return -1;
    }
    errno = 0;
    const long long limit = strtoll(query + 6, &end, 10);
    return *end == '\0' && errno == 0 && limit >= 1 && limit <= DASHBOARD_SAMPLES ? limit : -1;
}

static int send_history(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                        const char *query) {
    const int64_t limit = read_limit(query);
    if (limit < 0) {
        return dashboard_say(http, wsi, 400, "Expected ?limit=N, seconds from 1 to 900.");
    }
    return send_data(
        http, wsi,
        json_pack("{s:o}", "history", dashboard_history(dashboard, live_now_ns(), limit)));
}

static int read_route(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                      const char *name, const char *query) {
    char last_id[LIVE_ORIGIN_SIZE];
    if (strcmp(name, "stats") == 0) {
        return send_data(http, wsi, dashboard_figures(dashboard, live_now_ns()));
    }
    if (strcmp(name, "queues") == 0) {
        return send_queues(dashboard, http, wsi);
    }
    if (strcmp(name, "history") == 0) {
        return send_history(dashboard, http, wsi, query);
    }
    read_other(wsi, "last-event-id:", last_id);
    return dashboard_stream(dashboard, http, wsi, last_id);
}

/* Switching. */

static const struct {
    const char *name;
    enum weir_mode mode;
    const char *done, *after; /**< the guide's answer, before and after for how long */
    bool lasts;
} switches[] = {{"burst-mode", WEIR_MODE_BURST, "Burst mode enabled for ", "", true},
                {"liquidation-mode", WEIR_MODE_LIQUIDATION, "Liquidation mode enabled for ",
                 " - MAXIMUM EFFICIENCY", true},
                {"reset-modes", WEIR_MODE_NORMAL, "Modes reset to normal operation", "", false}};
#define SWITCHES (sizeof switches / sizeof switches[0])

/** Reads {} or {"duration": seconds}. NULL, or what is wrong with it. */
static const char *read_duration(const char *body, size_t length, double *duration_s) {
    const char *key = NULL;
    json_t *value = NULL;
    const char *wrong = NULL;
    *duration_s = DURATION_S;
    if (length == 0) {
        return "The body is empty; expected {} or {\"duration\": seconds}.";
    }
    json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(json)) {
        wrong = "The body is not a JSON object; expected {} or {\"duration\": seconds}.";
    }
    json_object_foreach(json, key, value) {
        const double seconds = json_is_number(value) ? json_number_value(value) : 0.0;
        if (strcmp(key, "duration") != 0) {
            wrong = "The body has an unknown key; expected {} or {\"duration\": seconds}.";
        } else if (!(seconds >= 1.0 && seconds <= DURATION_MAX_S)) {
            wrong = "The duration must be a number of seconds from 1 to 86400.";
        } else {
            *duration_s = seconds;
        }
    }
    json_decref(json);
    return wrong;
}

/** "5 minutes", "90 seconds". */
static void say_duration(double duration_s, char *text, size_t size) {
    const long seconds = (long)(duration_s + 0.5);
    const bool minutes = seconds % 60 == 0;
    const long count = minutes ? seconds / 60 : seconds;
    snprintf(text, size, "%ld %s%s", count, minutes ? "minute" : "second", count == 1 ? "" : "s");
}

static int wait_for_bot(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                        uint64_t ticket, const char *done) {
    struct live_viewer *viewer = dashboard_viewer(dashboard, http, wsi);
    if (!viewer) {
        return dashboard_say(http, wsi, 503, "Too many look on already.");
    }
    viewer->ticket = ticket;
    viewer->since_ns = live_now_ns();
    snprintf(viewer->message, sizeof viewer->message, "%s", done);
    return 0;
}

static int switch_route(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                        size_t index) {
    double duration_s = 0.0;
    char span[48];
    char done[128];
    char why[160] = "";
    const char *wrong = read_duration(http->body, http->body_length, &duration_s);
    if (wrong) {
        return dashboard_say(http, wsi, 400, wrong);
    }
    say_duration(duration_s, span, sizeof span);
    snprintf(done, sizeof done, "%s%s%s", switches[index].done, switches[index].lasts ? span : "",
             switches[index].after);
    const uint64_t ticket = ++dashboard->ticket;
    switch (dashboard->source.set_mode(dashboard->source.context, ticket, switches[index].mode,
                                       duration_s, why, sizeof why)) {
    case LIVE_MODE_DONE:
        return dashboard_say(http, wsi, 200, done);
    case LIVE_MODE_LATER:
        return wait_for_bot(dashboard, http, wsi, ticket, done);
    case LIVE_MODE_REFUSED:
        break;
    }
    return dashboard_say(http, wsi, 409, why);
}

/* Finding the way. */

static int api_route(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                     enum weir_method method, const char *name, const char *query) {
    static const char *const readings[] = {"stats", "queues", "history", "events"};
    for (size_t i = 0; i < SWITCHES; i++) {
        if (strcmp(name, switches[i].name) == 0) {
            if (method != WEIR_POST) {
                return dashboard_say(http, wsi, 405, "A mode is switched by POST.");
            }
            const struct live_objection objection = object(dashboard, wsi, true);
            return objection.status ? dashboard_say(http, wsi, objection.status, objection.text)
                                    : switch_route(dashboard, http, wsi, i);
        }
    }
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        if (strcmp(name, readings[i]) == 0) {
            return method == WEIR_GET ? read_route(dashboard, http, wsi, name, query)
                                      : dashboard_say(http, wsi, 405, "This is read by GET.");
        }
    }
    return dashboard_say(http, wsi, 404,
                         "There are stats, queues, history, events, burst-mode, liquidation-mode "
                         "and reset-modes.");
}

int live_dashboard_answer(struct live_dashboard *dashboard, struct live_http *http,
                          struct lws *wsi) {
    char path[PATH_SIZE];
    char query[QUERY_SIZE];
    const char *type = NULL;
    enum weir_method method = WEIR_GET;
    live_http_target(wsi, path, sizeof path, query, sizeof query);
    live_http_method(wsi, &method);
    const struct live_objection objection = object(dashboard, wsi, false);
    if (objection.status) {
        return dashboard_say(http, wsi, objection.status, objection.text);
    }
    if (strncmp(path, api, sizeof api - 1) == 0) {
        return api_route(dashboard, http, wsi, method, path + sizeof api - 1, query);
    }
    const char *file = dashboard_file(path, &type);
    if (!file) {
        return dashboard_say(http, wsi, 404, "The page is at /dashboard.");
    }
    return method == WEIR_GET ? send_text(http, wsi, 200, type, file)
                              : dashboard_say(http, wsi, 405, "The page is read by GET.");
}
