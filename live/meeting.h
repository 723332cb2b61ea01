#ifndef WEIR_LIVE_MEETING_H
#define WEIR_LIVE_MEETING_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "address.h"
#include "order_text.h"
#include "scenario.h"
#include "trace.h"

/**
 * What is settled with the exchange before a live run: which it is, how its clock runs, when the
 * trace's first liquidation falls, how fine its prices are, and the account's stream. These calls
 * block; they are made before anything is measured.
 */

struct weir_live_plan {
    const char *url;        /**< of the exchange: "http://127.0.0.1:8080" */
    const char *stream_url; /**< of its streams; NULL: the same host and port */
    const char *api_key;
    const char *api_secret; /**< NULL: signatures are not checked */
    bool joins;          /**< takes the trace of `weir serve` as it runs, does not start it anew */
    bool means_it;       /**< an address beyond the loopback is meant */
    bool shows_progress; /**< a line on standard error, once a second */
    int dashboard_port;  /**< 0: any that is free; below 0: no dashboard */
};

enum weir_live_status {
    WEIR_LIVE_OK = 0,
    WEIR_LIVE_FAILED,
    WEIR_LIVE_WRONG_USE,
    WEIR_LIVE_BAD_INPUT, /**< the exchange does not run this trace, or not so */
};

struct weir_live_error {
    enum weir_live_status status;
    char text[640];
};

struct live_meeting {
    const struct weir_live_plan *plan;
    struct live_address address, stream_address;
    char base[640];          /**< the address in full */
    bool is_serve;           /**< it is `weir serve` and said where its trace stands */
    bool sends_orders;       /**< it is on the loopback */
    int64_t clock_offset_ns; /**< exchange's clock minus this machine's, as estimated; 0 if it
                                cannot be told from 0 */
    int64_t clock_error_ns; /**< half the round trip of that estimate, and what it was rounded to */
    int64_t onset_ns;       /**< first liquidation, exchange's clock */
    char listen_key[128];   /**< "": no stream */
    struct live_precision *precisions; /**< per symbol of the trace */
};

/**
 * Meets the exchange. The scenario becomes that of the run: `bot.lead_s` as much as is left,
 * `trace.phase_s` the phase that was met, delays of requests as small as they can be. False and why
 * if there is no exchange, it runs another trace, or the cascade has begun. Ended by
 * live_meeting_end, whatever was returned.
 */
bool live_meet(struct live_meeting *meeting, const struct weir_live_plan *plan,
               const struct weir_trace *trace, struct weir_scenario *scenario,
               struct weir_live_error *error);

void live_meeting_end(struct live_meeting *meeting);

/** The exchange's clock, from this machine's. */
int64_t live_meeting_now_ns(const struct live_meeting *meeting);

#endif
