#include <assert.h>
#include <stdlib.h>

#include "errors.h"
#include "id_table.h"
#include "options.h"
#include "policies.h"
#include "reply_parse.h"

/** A limiter as libraries offer it: fixed windows on the caller's own clock, exact weights, all
 *  limits checked as one, counted at admission. It reads nothing of a reply but Retry-After. */
struct own_window {
    enum weir_limit_type type;
    int64_t interval_ns;
    int64_t usable;
    int64_t used;
    int64_t end_ns; /**< of the window that `used` counts */
};

struct fixed_window {
    struct own_window windows[WEIR_LIMITS_MAX];
    size_t window_count;
    int64_t now_ns;
    int64_t hold_until_ns;
    enum weir_reason hold_reason;
    struct weir_id_table costs; /**< weight in the upper half, orders in the lower */
};

/** What a request waits for, and until when (WEIR_NEVER: it does not fit an empty window). */
struct obstacle {
    enum weir_reason reason;
    int64_t until_ns;
};

static const struct weir_option fixed_window_options[] = {
    {.key = "normal.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0",
     .min = 0,
     .max = 0.99,
     .help = "Share of every limit that is never used."},
    {.key = NULL},
};

static enum weir_status fixed_window_create(const struct weir_config *config, void **self,
                                            struct weir_error *error) {
    struct fixed_window *fixed = calloc(1, sizeof *fixed);
    if (!fixed || !weir_id_table_init(&fixed->costs, config->max_open)) {
        free(fixed);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy fixed-window");
    }
    int64_t buffer = weir_option_billionths(fixed_window_options, config, "normal.buffer");
    fixed->window_count = config->limit_count;
    fixed->now_ns = config->now_ns;
    for (size_t i = 0; i < config->limit_count; i++) {
        fixed->windows[i] = (struct own_window){
            .type = config->limits[i].type,
            .interval_ns = config->limits[i].interval_ns,
            .usable = weir_without_share(config->limits[i].limit, buffer),
            .end_ns = INT64_MIN,
        };
    }
    *self = fixed;
    return WEIR_OK;
}

static void fixed_window_destroy(void *self) {
    struct fixed_window *fixed = self;
    weir_id_table_free(&fixed->costs);
    free(fixed);
}

static void advance(struct fixed_window *fixed, int64_t now_ns) {
    fixed->now_ns = now_ns > fixed->now_ns ? now_ns : fixed->now_ns;
    for (size_t i = 0; i < fixed->window_count; i++) {
        struct own_window *window = &fixed->windows[i];
        if (fixed->now_ns >= window->end_ns) {
            window->used = 0;
            window->end_ns = (fixed->now_ns / window->interval_ns + 1) * window->interval_ns;
        }
    }
}

static int64_t share_of(struct weir_cost cost, enum weir_limit_type type) {
    return type == WEIR_LIMIT_WEIGHT ? cost.weight : cost.orders;
}

/** What of all limits stands in the way longest. */
static struct obstacle find_obstacle(const struct fixed_window *fixed, struct weir_cost cost) {
    struct obstacle obstacle = {.reason = WEIR_REASON_NONE, .until_ns = fixed->now_ns};
    if (fixed->now_ns < fixed->hold_until_ns) {
        obstacle =
            (struct obstacle){.reason = fixed->hold_reason, .until_ns = fixed->hold_until_ns};
    }
    for (size_t i = 0; i < fixed->window_count; i++) {
        const struct own_window *window = &fixed->windows[i];
        int64_t share = share_of(cost, window->type);
        if (share == 0 || window->used + share <= window->usable) {
            continue;
        }
        int64_t until = share > window->usable ? WEIR_NEVER : window->end_ns;
        if (until > obstacle.until_ns) {
            obstacle.until_ns = until;
            obstacle.reason =
                window->type == WEIR_LIMIT_WEIGHT ? WEIR_REASON_WEIGHT : WEIR_REASON_ORDERS;
        }
    }
    return obstacle;
}

static struct weir_decision wait_or_refuse(const struct weir_request *request,
                                           struct obstacle obstacle) {
    bool hopeless = obstacle.until_ns == WEIR_NEVER;
    bool late = obstacle.until_ns > request->deadline_ns;
    if (!request->can_send) {
        return (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_CONNECTION};
    }
    return (struct weir_decision){.answer = hopeless || late ? WEIR_REFUSE : WEIR_HOLD,
                                  .reason = obstacle.reason,
                                  .until_ns = hopeless ? 0 : obstacle.until_ns};
}

static enum weir_status fixed_window_submit(void *self, int64_t now_ns,
                                            const struct weir_request *request,
                                            struct weir_decision *decision) {
    struct fixed_window *fixed = self;
    advance(fixed, now_ns);
    struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    struct obstacle obstacle = find_obstacle(fixed, cost);
    if (obstacle.reason != WEIR_REASON_NONE || !request->can_send) {
        *decision = wait_or_refuse(request, obstacle);
        return WEIR_OK;
    }
    uint64_t both = (uint64_t)cost.weight << 32 | (uint64_t)cost.orders;
    if (!weir_id_table_add(&fixed->costs, request->id, both)) {
        return WEIR_FULL;
    }
    for (size_t i = 0; i < fixed->window_count; i++) {
        fixed->windows[i].used += share_of(cost, fixed->windows[i].type);
    }
    *decision = (struct weir_decision){
        .answer = WEIR_SEND, .booked_weight = cost.weight, .booked_orders = cost.orders};
    return WEIR_OK;
}

/** Honours Retry-After of a 429 or 418; the longest of several holds counts. */
static void note_retry_after(struct fixed_window *fixed, const struct weir_reply *reply) {
    for (size_t i = 0; i < reply->header_count; i++) {
        int64_t wait_ns = 0;
        if (weir_header_is(reply->headers[i].name, "Retry-After") &&
            weir_parse_retry_after(reply->headers[i].value, &wait_ns) &&
            reply->received_ns + wait_ns > fixed->hold_until_ns) {
            fixed->hold_until_ns = reply->received_ns + wait_ns;
            fixed->hold_reason = reply->status == 418 ? WEIR_REASON_BANNED : WEIR_REASON_BACKOFF;
        }
    }
}

static enum weir_status fixed_window_settle(void *self, const struct weir_reply *reply,
                                            struct weir_settlement *settlement) {
    struct fixed_window *fixed = self;
    const uint64_t *both = weir_id_table_find(&fixed->costs, reply->id);
    if (!both) {
        return WEIR_NO_SUCH;
    }
    *settlement = (struct weir_settlement){.booked_weight = (int32_t)(*both >> 32),
                                           .booked_orders = (int32_t)(*both & UINT32_MAX)};
    weir_id_table_remove(&fixed->costs, reply->id);
    if (reply->status == 429 || reply->status == 418) {
        note_retry_after(fixed, reply);
    }
    return WEIR_OK;
}

const struct weir_policy weir_policy_fixed_window = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "fixed-window",
    .summary = "fixed windows on the caller's own clock, exact weights, no priorities",
    .options = fixed_window_options,
    .create = fixed_window_create,
    .destroy = fixed_window_destroy,
    .submit = fixed_window_submit,
    .settle = fixed_window_settle,
};
