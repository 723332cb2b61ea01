#ifndef WEIR_LIVE_DASHBOARD_PARTS_H
#define WEIR_LIVE_DASHBOARD_PARTS_H

#include <libwebsockets.h>

#include "dashboard.h"
#include "http.h"

/* Private to the dashboard's files. */

#define DASHBOARD_TICK_NS INT64_C(250000000)
#define DASHBOARD_SAMPLES 900 /* seconds that the history goes back */
#define DASHBOARD_EVENTS 256  /* that are kept for who comes later */
#define DASHBOARD_VIEWERS 64
#define DASHBOARD_TOKEN_SIZE 33

/** A second of the history. Negative: not told. */
struct dashboard_sample {
    int64_t time_s; /**< since the Unix epoch; 0: none */
    double weight, weight_limit, orders, order_limit;
    int64_t captured, missed, answered_429, answered_418;
    bool burst, liquidation, banned;
};

struct live_dashboard {
    lws_sorted_usec_list_t timer; /**< first, so that it leads back to its dashboard */
    struct live_dashboard_source source;
    struct live_limiter_view *view; /**< that it watches; NULL for another source */
    struct lws_context *context;
    char token[DASHBOARD_TOKEN_SIZE];
    int64_t started_ms; /**< part of the events' ids, so that those of an earlier start differ */
    char *stats;        /**< the latest figures, as text */
    struct dashboard_sample samples[DASHBOARD_SAMPLES]; /**< by second, modulo */
    char *events[DASHBOARD_EVENTS];                     /**< by number, modulo */
    uint64_t event_count;                               /**< the newest has this number */
    struct live_viewer *viewers;
    size_t viewer_count;
    uint64_t ticket;
};

/** Who waits for an answer, or looks on. */
struct live_viewer {
    struct live_dashboard *dashboard;
    struct lws *wsi;
    struct live_viewer *next, **link;
    bool streams;
    bool stats_due;      /**< figures that it has not got */
    uint64_t next_event; /**< number of the first that it has not got */
    uint64_t ticket;     /**< of the change of mode that it waits for */
    int64_t since_ns;
    bool answered;
    int status;
    char message[160];
};

/** A viewer of this connection; NULL if there are too many or memory is short. */
struct live_viewer *dashboard_viewer(struct live_dashboard *dashboard, struct live_http *http,
                                     struct lws *wsi);

/** Begins the stream of events. */
int dashboard_stream(struct live_dashboard *dashboard, struct live_http *http, struct lws *wsi,
                     const char *last_id);

/** The figures now, with their time; a new reference. NULL if memory is short. */
json_t *dashboard_figures(struct live_dashboard *dashboard, int64_t now_ns);

/** The last `count` seconds of the history; a new reference. */
json_t *dashboard_history(const struct live_dashboard *dashboard, int64_t now_ns, int64_t count);

/** Answers {"status": …}. */
int dashboard_say(struct live_http *http, struct lws *wsi, int status, const char *message);

/** Headers of every answer. */
extern const struct weir_header dashboard_headers[];
extern const size_t dashboard_header_count;

/** Text and type of a file of the page; NULL for a path that is none. */
const char *dashboard_file(const char *path, const char **type);

#endif
