#include "policy_guide.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "options.h"
#include "policies.h"
#include "reply_parse.h"

/**
 * The call path of policy guide: what a thread of the bot does around the limiter of
 * policy_guide_limiter.c, with its sleeps as holds; the monitor, which looks every second; and the
 * worker, which asks for a queued request every 100 ms. docs/guide-policy.md describes it.
 */

#define FOREVER_S 2e9 // sixty years
#define TICK_NS WEIR_SECOND_NS
#define WORKER_NS (WEIR_SECOND_NS / 10)
#define PACE_S 0.1              // the delay at a throttle factor of 1
#define CRITICAL_WAIT_MAX_S 5.0 // a longer wait is not slept through but queued
#define ORDER_WAIT_MAX_S 3.0    // a longer wait for the order limit drops the order

/** How far a call has come; what a hold hands back as memo. */
enum stage {
    STAGE_NEW,
    STAGE_ORDER_CHECKED, /**< the order limit was asked, and a wait for it is over */
    STAGE_CHECKED,       /**< so was the weight limit */
    STAGE_PACED          /**< and the throttle's delay is over */
};

/** What a request on the wire is, as kept in the table of calls. */
#define CALL_PLACES_ORDER (UINT64_C(1) << 32)
#define CALL_DIRECT (UINT64_C(1) << 33) // past the limiter

struct guide {
    struct guide_limiter limiter;
    bool market_data_direct;
    int64_t created_ns;
    int64_t now_ns;
    int64_t tick_ns;   /**< the monitor's next look */
    int64_t worker_ns; /**< the worker's next question, while something is queued */
    struct guide_queued queue[GUIDE_QUEUE_MAX];
    uint32_t queue_first;
    uint32_t queue_count;
    struct guide_queued leaving; /**< id 0, or what the worker took out and is delaying */
    int64_t leaving_ns;
    struct weir_id_table calls; /**< weight of each request on the wire, and CALL_ flags */
};

#define SHARE_OPTION(option_key, share, text)                                                      \
    {                                                                                              \
        .key = (option_key), .kind = WEIR_OPTION_NUMBER, .default_value = (share), .min = 0,       \
        .max = 0.99, .help = (text)                                                                \
    }

static const struct weir_option guide_options[] = {
    SHARE_OPTION("normal.buffer", "0.10", "Share of both limits never used in normal mode."),
    SHARE_OPTION("normal.reserve", "0.20",
                 "Share of what is left that only critical requests may use in normal mode."),
    SHARE_OPTION("burst.buffer", "0.05", "Share of both limits never used in burst mode."),
    SHARE_OPTION("burst.reserve", "0.10",
                 "Share of what is left that only critical requests may use in burst mode."),
    SHARE_OPTION("liquidation.buffer", "0.05",
                 "Share of both limits never used in liquidation mode."),
    SHARE_OPTION("liquidation.reserve", "0.05",
                 "Share of what is left that only critical requests may use in liquidation mode."),
    {.key = "market_data",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "limited",
     .choices = "limited|direct",
     .help = "Whether order book, exchange information and tickers go through the limiter, or past "
             "it as plain requests of the bot do."},
    {.key = NULL},
};

static double share_of(const struct weir_config *config, const char *key) {
    return (double)weir_option_billionths(guide_options, config, key) / (double)WEIR_BILLION;
}

static void guide_destroy(void *self) {
    struct guide *guide = self;
    guide_limiter_free(&guide->limiter);
    weir_id_table_free(&guide->calls);
    free(guide);
}

static enum weir_status guide_create(const struct weir_config *config, void **self,
                                     struct weir_error *error) {
    struct guide *guide = calloc(1, sizeof *guide);
    if (!guide) {
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy guide");
    }
    guide->created_ns = config->now_ns;
    guide->now_ns = config->now_ns;
    guide->tick_ns = config->now_ns;
    guide->market_data_direct = weir_option_choice(guide_options, config, "market_data") == 1;
    bool made = guide_limiter_init(&guide->limiter, guide_seconds(config->now_ns));
    made = weir_id_table_init(&guide->calls, config->max_open) && made;
    if (!made) {
        guide_destroy(guide);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy guide");
    }
    guide_limits_set(&guide->limiter, GUIDE_MODE_NORMAL, share_of(config, "normal.buffer"),
                     share_of(config, "normal.reserve"));
    guide_limits_set(&guide->limiter, GUIDE_MODE_BURST, share_of(config, "burst.buffer"),
                     share_of(config, "burst.reserve"));
    guide_limits_set(&guide->limiter, GUIDE_MODE_LIQUIDATION,
                     share_of(config, "liquidation.buffer"),
                     share_of(config, "liquidation.reserve"));
    *self = guide;
    return WEIR_OK;
}

/* ---- time ---- */

/** The first multiple of `step_ns` after creation that lies after `time_ns`. */
static int64_t grid_after(const struct guide *guide, int64_t time_ns, int64_t step_ns) {
    return guide->created_ns + ((time_ns - guide->created_ns) / step_ns + 1) * step_ns;
}

/** The next look of the monitor after one at `tick_ns` that can find anything to do, or the last
 *  ones until now. After a look burst mode is on or traffic is low, and without replies traffic
 * only falls: nothing can change before a mode ends, and the time until then is passed over. */
static int64_t next_tick(const struct guide *guide) {
    const struct guide_limiter *limiter = &guide->limiter;
    const int64_t following_ns = guide->tick_ns + TICK_NS;
    double end_s = guide_seconds(guide->now_ns);
    if (limiter->burst && limiter->burst_until_s < end_s) {
        end_s = limiter->burst_until_s;
    }
    if (limiter->liquidation && limiter->liquidation_until_s < end_s) {
        end_s = limiter->liquidation_until_s;
    }
    // Two looks early, since an end in seconds is rounded.
    const int64_t before_ns = (int64_t)(end_s * 1e9) - 2 * TICK_NS;
    return before_ns > following_ns ? grid_after(guide, before_ns, TICK_NS) : following_ns;
}

/** Does what the monitor would have done until now. */
static void advance(struct guide *guide, int64_t now_ns) {
    guide->now_ns = now_ns > guide->now_ns ? now_ns : guide->now_ns;
    while (guide->tick_ns <= guide->now_ns) {
        guide_monitor_tick(&guide->limiter, guide->tick_ns);
        guide->tick_ns = next_tick(guide);
    }
}

/** When a sleep of so many seconds that begins now is over; at least a nanosecond later. */
static int64_t after_sleep(const struct guide *guide, double seconds) {
    const int64_t sleep_ns = (int64_t)(seconds * 1e9 + 0.5);
    return guide->now_ns + (sleep_ns > 0 ? sleep_ns : 1);
}

/* ---- call path ---- */

static bool is_market_data(weir_endpoint endpoint) {
    static const char *const names[] = {"depth", "exchangeInfo", "ticker/24hr", "ticker/price",
                                        "ticker/bookTicker"};
    const char *path = weir_endpoint_path(endpoint);
    if (strncmp(path, "/fapi/v1/", 9) != 0 && strncmp(path, "/fapi/v3/", 9) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(path + 9, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/** A single new order goes through the guide's function for orders, everything else does not. */
static bool places_order(weir_endpoint endpoint) {
    const char *path = weir_endpoint_path(endpoint);
    return weir_endpoint_method(endpoint) == WEIR_POST &&
           (strcmp(path, "/fapi/v1/order") == 0 || strcmp(path, "/fapi/v3/order") == 0);
}

static struct weir_decision hold(struct guide *guide, enum weir_reason reason, double wait_s,
                                 enum stage next_stage) {
    const int64_t until_ns = after_sleep(guide, wait_s);
    if (reason != WEIR_REASON_PACE) {
        weir_event_ring_add(&guide->limiter.events,
                            (struct weir_event){.time_ns = guide->now_ns,
                                                .what = "hold",
                                                .value = "call",
                                                .cause = weir_reason_name(reason),
                                                .until_ns = until_ns});
    }
    return (struct weir_decision){
        .answer = WEIR_HOLD, .reason = reason, .until_ns = until_ns, .memo = (uint64_t)next_stage};
}

static struct weir_decision refuse(const struct guide *guide, struct guide_verdict verdict) {
    return (struct weir_decision){.answer = WEIR_REFUSE,
                                  .reason = verdict.reason,
                                  .until_ns = after_sleep(guide, verdict.wait_s)};
}

static const struct weir_decision go_on = {.answer = WEIR_SEND};

/** The order limit: a short wait is slept through and not checked again, else the order is lost. */
static struct weir_decision check_orders(struct guide *guide, const struct weir_request *request) {
    const struct guide_verdict verdict = guide_can_place_order(
        &guide->limiter, guide_seconds(guide->now_ns), request->priority == WEIR_CRITICAL);
    if (verdict.allowed) {
        return go_on;
    }
    if (verdict.wait_s < ORDER_WAIT_MAX_S) {
        return hold(guide, verdict.reason, verdict.wait_s, STAGE_ORDER_CHECKED);
    }
    return refuse(guide, verdict);
}

/** Puts a request into the queue; false if it is full. */
static bool enqueue(struct guide *guide, uint64_t id, int32_t weight) {
    if (guide->queue_count == GUIDE_QUEUE_MAX) {
        guide->limiter.stats.requests_dropped++;
        return false;
    }
    if (guide->worker_ns <= guide->now_ns) { // it asked until now and found nothing
        guide->worker_ns = grid_after(guide, guide->now_ns, WORKER_NS);
    }
    guide->queue[(guide->queue_first + guide->queue_count) % GUIDE_QUEUE_MAX] =
        (struct guide_queued){.id = id, .weight = weight};
    guide->queue_count++;
    guide->limiter.stats.requests_queued++;
    weir_event_ring_add(&guide->limiter.events,
                        (struct weir_event){.time_ns = guide->now_ns,
                                            .what = "queue",
                                            .value = weir_priority_name(WEIR_CRITICAL),
                                            .number = guide->queue_count,
                                            .until_ns = WEIR_NEVER});
    return true;
}

/** The weight limit: a short wait of a critical request is slept through and not checked again, a
 *  long one queues it (and sends it if the queue is full); others are skipped. */
static struct weir_decision check_weight(struct guide *guide, const struct weir_request *request,
                                         int32_t weight) {
    const bool critical = request->priority == WEIR_CRITICAL;
    const struct guide_verdict verdict =
        guide_can_make_request(&guide->limiter, guide_seconds(guide->now_ns), weight, critical);
    if (verdict.allowed) {
        return go_on;
    }
    if (!critical) {
        return refuse(guide, verdict);
    }
    if (verdict.wait_s < CRITICAL_WAIT_MAX_S) {
        return hold(guide, verdict.reason, verdict.wait_s, STAGE_CHECKED);
    }
    if (!request->may_queue) { // a caller without a queue asks again
        return hold(guide, verdict.reason, verdict.wait_s, STAGE_ORDER_CHECKED);
    }
    if (!enqueue(guide, request->id, weight)) {
        return go_on;
    }
    return (struct weir_decision){.answer = WEIR_QUEUE,
                                  .reason = verdict.reason,
                                  .until_ns = after_sleep(guide, verdict.wait_s)};
}

static struct weir_decision pace(struct guide *guide) {
    const double factor = guide_throttle_factor(&guide->limiter, guide->now_ns);
    return factor > 0 ? hold(guide, WEIR_REASON_PACE, PACE_S * factor, STAGE_PACED) : go_on;
}

/** Takes a call from the stage that it has reached as far as it gets now. */
static struct weir_decision follow_path(struct guide *guide, const struct weir_request *request,
                                        int32_t weight) {
    struct weir_decision decision = go_on;
    if (request->memo < STAGE_ORDER_CHECKED && places_order(request->endpoint)) {
        decision = check_orders(guide, request);
    }
    if (decision.answer == WEIR_SEND && request->memo < STAGE_CHECKED) {
        decision = check_weight(guide, request, weight);
    }
    if (decision.answer == WEIR_SEND && request->memo < STAGE_PACED) {
        decision = pace(guide);
    }
    return decision;
}

static enum weir_status guide_submit(void *self, int64_t now_ns, const struct weir_request *request,
                                     struct weir_decision *decision) {
    struct guide *guide = self;
    if (request->memo > STAGE_PACED) {
        return WEIR_INVALID;
    }
    advance(guide, now_ns);
    if (!request->can_send) {
        *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_CONNECTION};
        return WEIR_OK;
    }
    const int32_t weight = guide_weight(request->endpoint, request->params);
    uint64_t call = (uint64_t)weight;
    call |= places_order(request->endpoint) ? CALL_PLACES_ORDER : 0;
    if (guide->market_data_direct && is_market_data(request->endpoint)) {
        call |= CALL_DIRECT;
    } else {
        *decision = follow_path(guide, request, weight);
        if (decision->answer != WEIR_SEND) {
            return WEIR_OK;
        }
        guide->limiter.stats.throttle_delays += request->memo == STAGE_PACED;
    }
    *decision = go_on;
    return weir_id_table_add(&guide->calls, request->id, call) ? WEIR_OK : WEIR_FULL;
}

/* ---- worker ---- */

static struct weir_next nothing_before(int64_t time_ns, enum weir_reason reason) {
    return (struct weir_next){.kind = WEIR_NEXT_NONE, .reason = reason, .ask_again_ns = time_ns};
}

static enum weir_status send_leaving(struct guide *guide, struct weir_next *next) {
    *next = (struct weir_next){.kind = WEIR_NEXT_SEND, .id = guide->leaving.id};
    const uint64_t call = (uint64_t)guide->leaving.weight;
    guide->leaving.id = 0;
    return weir_id_table_add(&guide->calls, next->id, call) ? WEIR_OK : WEIR_FULL;
}

/** The worker asks for the head of the queue. If it may go, the call path goes on behind the check:
 *  with the throttle's delay. */
static struct weir_next ask_for_head(struct guide *guide) {
    guide->worker_ns = grid_after(guide, guide->now_ns, WORKER_NS);
    const struct guide_queued head = guide->queue[guide->queue_first];
    const struct guide_verdict verdict =
        guide_can_make_request(&guide->limiter, guide_seconds(guide->now_ns), head.weight, true);
    if (!verdict.allowed) {
        return nothing_before(guide->worker_ns, verdict.reason);
    }
    guide->queue_first = (guide->queue_first + 1) % GUIDE_QUEUE_MAX;
    guide->queue_count--;
    guide->leaving = head;
    guide->leaving_ns = guide->now_ns;
    const double factor = guide_throttle_factor(&guide->limiter, guide->now_ns);
    if (factor > 0) {
        guide->leaving_ns = after_sleep(guide, PACE_S * factor);
        guide->limiter.stats.throttle_delays++;
        guide->worker_ns = grid_after(guide, guide->leaving_ns, WORKER_NS);
    }
    return nothing_before(guide->leaving_ns, WEIR_REASON_PACE);
}

static enum weir_status guide_next(void *self, int64_t now_ns, uint32_t free_connections,
                                   struct weir_next *next) {
    struct guide *guide = self;
    advance(guide, now_ns);
    if (guide->leaving.id == 0 && guide->queue_count == 0) {
        *next = nothing_before(WEIR_NEVER, WEIR_REASON_NONE);
        return WEIR_OK;
    }
    if (guide->leaving.id == 0 && guide->now_ns < guide->worker_ns) {
        *next = nothing_before(guide->worker_ns, WEIR_REASON_ORDERING);
        return WEIR_OK;
    }
    if (free_connections == 0) { // the worker itself waits for one
        *next = nothing_before(grid_after(guide, guide->now_ns, WORKER_NS), WEIR_REASON_CONNECTION);
        return WEIR_OK;
    }
    if (guide->leaving.id == 0) {
        *next = ask_for_head(guide);
    } else {
        *next = nothing_before(guide->leaving_ns, WEIR_REASON_PACE);
    }
    return guide->leaving.id != 0 && guide->leaving_ns <= guide->now_ns ? send_leaving(guide, next)
                                                                        : WEIR_OK;
}

static enum weir_status guide_cancel(void *self, int64_t now_ns, uint64_t id) {
    struct guide *guide = self;
    advance(guide, now_ns);
    if (guide->leaving.id == id) {
        guide->leaving.id = 0;
        return WEIR_OK;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < guide->queue_count; i++) {
        const struct guide_queued queued = guide->queue[(guide->queue_first + i) % GUIDE_QUEUE_MAX];
        if (queued.id != id) {
            guide->queue[(guide->queue_first + kept++) % GUIDE_QUEUE_MAX] = queued;
        }
    }
    const bool found = kept < guide->queue_count;
    guide->queue_count = kept;
    return found ? WEIR_OK : WEIR_NO_SUCH;
}

static enum weir_status guide_set_mode(void *self, int64_t now_ns, enum weir_mode mode,
                                       int64_t duration_ns) {
    struct guide *guide = self;
    advance(guide, now_ns);
    if (mode == WEIR_MODE_NORMAL) {
        guide_reset_modes(&guide->limiter, now_ns);
        return WEIR_OK;
    }
    const double duration_s = duration_ns == WEIR_NEVER ? FOREVER_S : (double)duration_ns / 1e9;
    if (mode == WEIR_MODE_BURST) {
        guide_enable_burst(&guide->limiter, now_ns, duration_s, "manual");
    } else {
        guide_enable_liquidation(&guide->limiter, now_ns, duration_s, "manual");
    }
    return WEIR_OK;
}

/* ---- replies and the feed ---- */

static enum weir_status guide_settle(void *self, const struct weir_reply *reply,
                                     struct weir_settlement *settlement) {
    struct guide *guide = self;
    const uint64_t *found = weir_id_table_find(&guide->calls, reply->id);
    if (!found) {
        return WEIR_NO_SUCH;
    }
    const uint64_t call = *found;
    weir_id_table_remove(&guide->calls, reply->id);
    advance(guide, reply->received_ns);
    *settlement = (struct weir_settlement){0};
    if (reply->lost || (call & CALL_DIRECT) != 0) {
        return WEIR_OK; // an exception in the guide's call: it leaves no trace
    }
    const double now_s = guide_seconds(guide->now_ns);
    settlement->booked_weight = (int32_t)(call & UINT32_MAX);
    guide_record_request(&guide->limiter, now_s, settlement->booked_weight);
    guide_parse_headers(&guide->limiter, reply);
    const int sleep_s = guide_handle_status(&guide->limiter, guide->now_ns, reply->status);
    if (sleep_s > 0) {
        settlement->hold_until_ns = guide->now_ns + sleep_s * WEIR_SECOND_NS;
    }
    if ((call & CALL_PLACES_ORDER) != 0 && reply->status < 400) {
        guide_record_order(&guide->limiter, now_s);
        settlement->booked_orders = 1;
    }
    return WEIR_OK;
}

static void guide_observe(void *self, const struct weir_observation *observation) {
    struct guide *guide = self;
    advance(guide, observation->now_ns);
    struct weir_observation seen = *observation;
    seen.now_ns = guide->now_ns;
    guide_detect_cascade(&guide->limiter, &seen);
}

static bool guide_poll_event(void *self, struct weir_event *event) {
    struct guide *guide = self;
    return weir_event_ring_take(&guide->limiter.events, event);
}

static void guide_policy_stats(const void *self, int64_t now_ns, struct weir_stats *stats) {
    const struct guide *guide = self;
    guide_stats(&guide->limiter, guide_seconds(now_ns), stats);
    stats->queued[WEIR_CRITICAL] = guide->queue_count;
    stats->queued[WEIR_NORMAL] = 0; // the call path queues critical requests only
    stats->queued[WEIR_LOW] = 0;
}

const struct weir_policy weir_policy_guide = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "guide",
    .summary = "the published guide's limiter: modes, throttle and queue, and a header never ages",
    .options = guide_options,
    .create = guide_create,
    .destroy = guide_destroy,
    .submit = guide_submit,
    .next = guide_next,
    .settle = guide_settle,
    .cancel = guide_cancel,
    .set_mode = guide_set_mode,
    .observe = guide_observe,
    .poll_event = guide_poll_event,
    .stats = guide_policy_stats,
};
