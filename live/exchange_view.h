#ifndef WEIR_LIVE_EXCHANGE_VIEW_H
#define WEIR_LIVE_EXCHANGE_VIEW_H

#include "attached.h"
#include "dashboard.h"
#include "exchange_live.h"

/**
 * What the exchange's dashboard shows: the limiter that a bot attached, beside what the exchange
 * itself counted; without a bot, that alone, and then no mode can be switched.
 */
struct live_exchange_view {
    struct live_exchange *exchange;
    struct live_attached *attached;
};

/** The source of a dashboard; `view` is borrowed. */
struct live_dashboard_source live_exchange_source(struct live_exchange_view *view);

#endif
