#ifndef WEIR_LIVE_LIMITER_VIEW_H
#define WEIR_LIVE_LIMITER_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "weir/limiter.h"

/**
 * A limiter of this process as a dashboard shows it: its figures under the guide's names and more,
 * its changes of state and its bot's captures and misses as events, its mode switched by hand. Who
 * owns the limiter feeds it; a dashboard (dashboard.h) or a link to one (limiter_link.h) reads it.
 */
struct live_limiter_view;

/** The limiter's own clock, in nanoseconds: what its owner passes to weir_submit and the rest. */
typedef int64_t live_clock(void *context);

/** Takes an event, a JSON object with "what"; borrowed. */
typedef void live_teller(void *context, const json_t *event);

/** An opportunity that reached its end. */
struct live_outcome {
    bool captured;
    const char *symbol; /**< "BTCUSDT" */
    const char *side;   /**< of the liquidations: "SELL" or "BUY" */
    double notional_usd;
    const char *reason; /**< of a miss: "outbid", "deadline", …; NULL for a capture */
    int64_t latency_ns; /**< of a capture: from the opportunity to its acceptance */
};

/** What is known without asking. Texts are copied, the limiter is borrowed and must live longer. */
struct live_limiter_facts {
    struct weir_limiter *limiter;
    const char *name; /**< of the bot, for people: "weir live" */
    live_clock *clock;
    void *clock_context;
};

/** Subscribes to the limiter's events. NULL if memory is short or no subscription is free. */
struct live_limiter_view *live_limiter_view_create(const struct live_limiter_facts *facts);

/** Ends the subscription; before the limiter is destroyed. NULL is allowed. */
void live_limiter_view_destroy(struct live_limiter_view *view);

/** Who is told of events from now on; several may be, at most LIVE_TELLERS_MAX. False: too many. */
#define LIVE_TELLERS_MAX 4
bool live_limiter_view_watch(struct live_limiter_view *view, live_teller *tell, void *context);

/** Ends what live_limiter_view_watch began with this context. */
void live_limiter_view_unwatch(struct live_limiter_view *view, const void *context);

/** An opportunity was captured or missed: counted, and told. */
void live_limiter_view_outcome(struct live_limiter_view *view, const struct live_outcome *outcome);

/**
 * The figures: the guide's fields (docs/dashboard.md), then this project's. What the limiter's
 * policy does not tell is null. Spans are in seconds from now, so that clocks need not agree. A new
 * reference; NULL if memory is short.
 */
json_t *live_limiter_view_stats(struct live_limiter_view *view);

/** Switches the mode by hand, for `duration_s` seconds (ignored for normal). False: refused, and
 *  `why` says why. Afterwards more may go than before: the owner asks the queue again. */
bool live_limiter_view_set_mode(struct live_limiter_view *view, enum weir_mode mode,
                                double duration_s, char *why, size_t why_size);

#endif
