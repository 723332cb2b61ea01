#ifndef WEIR_LIVE_SERVE_H
#define WEIR_LIVE_SERVE_H

#include <stdint.h>

#include "scenario.h"
#include "trace.h"

/**
 * The exchange over HTTP and WebSocket: the simulator's exchange (limits, answers, bans) and market
 * behind sockets, on the wall clock. Only the trace is sped up.
 */

struct weir_serve_plan {
    const struct weir_scenario *scenario; /**< borrowed */
    const char *listen;                   /**< IPv4 or IPv6 address, or the name of an interface */
    uint16_t port;                        /**< 0: any that is free */
    double speed;  /**< how many times as fast as recorded the trace runs; above 0 */
    uint64_t seed; /**< of the prices without a trace */
    const char *api_key, *api_secret; /**< both or neither: then signatures are checked */
};

enum weir_serve_status {
    WEIR_SERVE_STOPPED = 0, /**< by a signal */
    WEIR_SERVE_FAILED,
    WEIR_SERVE_WRONG_USE /**< the address cannot be had */
};

struct weir_serve_end {
    enum weir_serve_status status;
    int signal; /**< the one that ended it */
    char text[256];
};

/**
 * Serves until SIGINT or SIGTERM. As soon as it listens, one line of JSON goes to standard output:
 * {"listening":"http://127.0.0.1:PORT","websocket":"ws://127.0.0.1:PORT","port":PORT,
 * "dashboard":"http://127.0.0.1:PORT/dashboard#token=…"}. Takes the trace over and frees it; NULL
 * for none.
 */
struct weir_serve_end weir_serve(const struct weir_serve_plan *plan, struct weir_trace *trace);

#endif
