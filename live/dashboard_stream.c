/**
 * Who looks on: the stream of events (server-sent events), and those who wait until a bot has
 * switched its mode. Nothing is queued for a slow reader: each has a place in the ring of events,
 * and gets the latest figures when it can take them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dashboard_parts.h"

#define HEAD_SIZE 1024
#define PIECE_SIZE 49152
#define REPLAYED 60 /* events that a newcomer gets */
#define DEAF_S 30   /* after which a reader that takes nothing is let go */

struct live_viewer *dashboard_viewer(struct live_dashboard *dashboard, struct live_http *http,
                                     struct lws *wsi) {
    struct live_viewer *viewer =
        dashboard->viewer_count < DASHBOARD_VIEWERS ? calloc(1, sizeof *viewer) : NULL;
    if (!viewer) {
        return NULL;
    }
    viewer->dashboard = dashboard;
    viewer->wsi = wsi;
    viewer->next = dashboard->viewers;
    viewer->link = &dashboard->viewers;
    if (viewer->next) {
        viewer->next->link = &viewer->next;
    }
    dashboard->viewers = viewer;
    dashboard->viewer_count++;
    http->viewer = viewer;
    http->closes = true;
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    return viewer;
}

void live_viewer_close(struct live_viewer *viewer) {
    *viewer->link = viewer->next;
    if (viewer->next) {
        viewer->next->link = viewer->link;
    }
    viewer->dashboard->viewer_count--;
    free(viewer);
}

/** Number of the oldest event that is still there. */
static uint64_t oldest(const struct live_dashboard *dashboard) {
    return dashboard->event_count > DASHBOARD_EVENTS ? dashboard->event_count - DASHBOARD_EVENTS + 1
                                                     : 1;
}

/** Where a newcomer begins: after the last event it got, if that was in this life of the server. */
static uint64_t first_event(const struct live_dashboard *dashboard, const char *last_id) {
    char *end = NULL;
    const uint64_t newest = dashboard->event_count;
    const long long life_ms = strtoll(last_id, &end, 10);
    if (*end == '-' && life_ms == dashboard->started_ms) {
        const uint64_t last = strtoull(end + 1, &end, 10);
        if (*end == '\0' && last <= newest) {
            return last + 1;
        }
    }
    return newest > REPLAYED ? newest - REPLAYED + 1 : 1;
}

int dashboard_stream(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                     const char *last_id) {
    static const char type[] = "text/event-stream";
    unsigned char head[LWS_PRE + HEAD_SIZE];
    unsigned char *start = head + LWS_PRE;
    unsigned char *p = start;
    unsigned char *const end = start + HEAD_SIZE;
    struct live_viewer *viewer = dashboard_viewer(dashboard, http, wsi);
    if (!viewer) {
        return dashboard_say(http, wsi, 503, "Too many look on already.");
    }
    viewer->streams = true;
    viewer->stats_due = true;
    viewer->next_event = first_event(dashboard, last_id);
    if (lws_add_http_header_status(wsi, 200, &p, end) ||
        lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, (const unsigned char *)type,
                                     (int)sizeof type - 1, &p, end) ||
        lws_add_http_header_by_token(wsi, WSI_TOKEN_CONNECTION, (const unsigned char *)"close", 5,
                                     &p, end)) {
        return -1;
    }
    for (size_t i = 0; i < dashboard_header_count; i++) {
        char name[48];
        snprintf(name, sizeof name, "%s:", dashboard_headers[i].name);
        if (lws_add_http_header_by_name(wsi, (const unsigned char *)name,
                                        (const unsigned char *)dashboard_headers[i].value,
                                        (int)strlen(dashboard_headers[i].value), &p, end)) {
            return -1;
        }
    }
    if (lws_finalize_write_http_header(wsi, start, &p, end)) {
        return -1;
    }
    lws_http_mark_sse(wsi);
    lws_callback_on_writable(wsi);
    return 0;
}

/** Appends a message of the stream; false if there is no room. */
static bool put_message(char *text, size_t *length, const char *name, const char *id,
                        const char *data) {
    const size_t room = PIECE_SIZE - *length;
    const int needed = snprintf(text + *length, room, "%s%s%sevent: %s\ndata: %s\n\n",
                                id ? "id: " : "", id ? id : "", id ? "\n" : "", name, data);
    if (needed < 0 || (size_t)needed >= room) {
        return false;
    }
    *length += (size_t)needed;
    return true;
}

/** As many events and figures as one piece takes. Returns its length. */
static size_t fill_piece(struct live_viewer *viewer, char *text) {
    const struct live_dashboard *dashboard = viewer->dashboard;
    size_t length = 0;
    if (viewer->next_event < oldest(dashboard)) {
        viewer->next_event = oldest(dashboard); /* a slow reader, or one that was away */
    }
    if (viewer->stats_due && dashboard->stats &&
        put_message(text, &length, "stats", NULL, dashboard->stats)) {
        viewer->stats_due = false;
    }
    while (viewer->next_event <= dashboard->event_count) {
        char id[64];
        snprintf(id, sizeof id, "%lld-%llu", (long long)dashboard->started_ms,
                 (unsigned long long)viewer->next_event);
        if (!put_message(text, &length, "event", id,
                         dashboard->events[viewer->next_event % DASHBOARD_EVENTS])) {
            lws_callback_on_writable(viewer->wsi);
            break;
        }
        viewer->next_event++;
    }
    return length;
}

static int write_stream(struct live_viewer *viewer, struct lws *wsi) {
    static unsigned char piece[LWS_PRE + PIECE_SIZE]; /* one thread */
    const size_t length = fill_piece(viewer, (char *)piece + LWS_PRE);
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, DEAF_S);
    return length > 0 && lws_write(wsi, piece + LWS_PRE, length, LWS_WRITE_HTTP) < 0 ? -1 : 0;
}

int live_viewer_write(struct live_viewer *viewer, struct live_http *http, struct lws *wsi) {
    if (viewer->streams) {
        return write_stream(viewer, wsi);
    }
    if (!viewer->answered) {
        return 0;
    }
    char message[sizeof viewer->message];
    const int status = viewer->status;
    memcpy(message, viewer->message, sizeof message);
    http->viewer = NULL;
    live_viewer_close(viewer);
    return dashboard_say(http, wsi, status, message);
}
