#ifndef WEIR_LIVE_STREAM_URL_H
#define WEIR_LIVE_STREAM_URL_H

#include <stdbool.h>
#include <stddef.h>

/** Where a stream is: "wss://fstream.asterdex.com/ws/!forceOrder@arr". */
struct live_stream_url {
    bool tls;
    int port;
    char host[256];
    char path[4096]; /**< with the query */
};

/** Stream of all liquidations, taken when a URL has no path. */
#define LIVE_STREAM_PATH "/ws/!forceOrder@arr"

/** Reads a URL. False, and what is wrong in `error`. */
bool live_stream_url_read(const char *text, struct live_stream_url *url, char *error,
                          size_t error_size);

#endif
