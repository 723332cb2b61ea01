#include "baseline.h"

#include <assert.h>
#include <stdlib.h>

#include "errors.h"
#include "options.h"
#include "reply_parse.h"

struct baseline {
    const struct weir_counter_kind *kind;
    char *counters; /**< one of kind->size for each limit */
    enum weir_limit_type types[WEIR_LIMITS_MAX];
    size_t limit_count;
    double least_value;
    int64_t now_ns;
    int64_t hold_until_ns;
    enum weir_reason hold_reason;
    struct weir_id_table costs; /**< weight in the upper half, orders in the lower */
};

/** What a request waits for, and until when (WEIR_NEVER: it does not fit at all). */
struct obstacle {
    enum weir_reason reason;
    int64_t until_ns;
};

static void *counter_of(const struct baseline *baseline, size_t index) {
    return baseline->counters + index * baseline->kind->size;
}

static enum weir_status check_limits(const struct weir_baseline_plan *plan,
                                     const struct weir_config *config, struct weir_error *error) {
    for (size_t i = 0; i < config->limit_count; i++) {
        if (config->limits[i].limit > plan->largest_limit) {
            return weir_fail(error, WEIR_INVALID,
                             "limit number %zu is %lld; policy %s counts limits up to %lld", i + 1,
                             (long long)config->limits[i].limit, plan->name,
                             (long long)plan->largest_limit);
        }
    }
    return WEIR_OK;
}

static bool init_counters(struct baseline *baseline, const struct weir_baseline_plan *plan,
                          const struct weir_config *config) {
    const int64_t buffer = weir_option_billionths(plan->options, config, "normal.buffer");
    for (size_t i = 0; i < config->limit_count; i++) {
        const struct weir_limit *limit = &config->limits[i];
        baseline->types[i] = limit->type;
        if (!plan->kind->init(counter_of(baseline, i), limit->interval_ns,
                              weir_without_share(limit->limit, buffer), config->now_ns)) {
            return false;
        }
    }
    return true;
}

enum weir_status weir_baseline_create(const struct weir_baseline_plan *plan,
                                      const struct weir_config *config, void **self,
                                      struct weir_error *error) {
    enum weir_status status = check_limits(plan, config, error);
    if (status != WEIR_OK) {
        return status;
    }
    struct baseline *baseline = calloc(1, sizeof *baseline);
    if (!baseline) {
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy %s", plan->name);
    }
    baseline->kind = plan->kind;
    baseline->limit_count = config->limit_count;
    baseline->least_value = (double)plan->least_value_billionths / (double)WEIR_BILLION;
    baseline->now_ns = config->now_ns;
    baseline->counters = calloc(config->limit_count, plan->kind->size);
    bool made = baseline->counters && init_counters(baseline, plan, config);
    made = made && weir_id_table_init(&baseline->costs, config->max_open);
    if (!made) {
        weir_baseline_destroy(baseline);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy %s", plan->name);
    }
    *self = baseline;
    return WEIR_OK;
}

void weir_baseline_destroy(void *self) {
    struct baseline *baseline = self;
    for (size_t i = 0; baseline->counters && baseline->kind->free && i < baseline->limit_count;
         i++) {
        baseline->kind->free(counter_of(baseline, i));
    }
    free(baseline->counters);
    weir_id_table_free(&baseline->costs);
    free(baseline);
}

static int64_t share_of(struct weir_cost cost, enum weir_limit_type type) {
    return type == WEIR_LIMIT_WEIGHT ? cost.weight : cost.orders;
}

/** What stands in the way longest, of a hold after a 429 or 418 and of all limits. */
static struct obstacle find_obstacle(const struct baseline *baseline, struct weir_cost cost) {
    struct obstacle obstacle = {.reason = WEIR_REASON_NONE, .until_ns = baseline->now_ns};
    if (baseline->now_ns < baseline->hold_until_ns) {
        obstacle =
            (struct obstacle){.reason = baseline->hold_reason, .until_ns = baseline->hold_until_ns};
    }
    for (size_t i = 0; i < baseline->limit_count; i++) {
        const int64_t share = share_of(cost, baseline->types[i]);
        if (share == 0) {
            continue;
        }
        const int64_t until_ns =
            baseline->kind->fits_at(counter_of(baseline, i), baseline->now_ns, share);
        assert(until_ns >= baseline->now_ns);
        if (until_ns > obstacle.until_ns) {
            obstacle.until_ns = until_ns;
            obstacle.reason =
                baseline->types[i] == WEIR_LIMIT_WEIGHT ? WEIR_REASON_WEIGHT : WEIR_REASON_ORDERS;
        }
    }
    return obstacle;
}

static struct weir_decision wait_or_refuse(const struct weir_request *request,
                                           struct obstacle obstacle) {
    const bool hopeless = obstacle.until_ns == WEIR_NEVER;
    const bool late = obstacle.until_ns > request->deadline_ns;
    return (struct weir_decision){.answer = hopeless || late ? WEIR_REFUSE : WEIR_HOLD,
                                  .reason = obstacle.reason,
                                  .until_ns = hopeless ? 0 : obstacle.until_ns};
}

static enum weir_status admit(struct baseline *baseline, uint64_t id, struct weir_cost cost,
                              struct weir_decision *decision) {
    const uint64_t both = (uint64_t)cost.weight << 32 | (uint64_t)cost.orders;
    if (!weir_id_table_add(&baseline->costs, id, both)) {
        return WEIR_FULL;
    }
    for (size_t i = 0; i < baseline->limit_count; i++) {
        const int64_t share = share_of(cost, baseline->types[i]);
        if (share > 0) {
            baseline->kind->take(counter_of(baseline, i), baseline->now_ns, share);
        }
    }
    *decision = (struct weir_decision){
        .answer = WEIR_SEND, .booked_weight = cost.weight, .booked_orders = cost.orders};
    return WEIR_OK;
}

static bool worth_too_little(const struct baseline *baseline, const struct weir_request *request) {
    return request->priority == WEIR_CRITICAL && request->value > 0 &&
           request->value < baseline->least_value;
}

enum weir_status weir_baseline_submit(void *self, int64_t now_ns,
                                      const struct weir_request *request,
                                      struct weir_decision *decision) {
    struct baseline *baseline = self;
    baseline->now_ns = now_ns > baseline->now_ns ? now_ns : baseline->now_ns;
    if (worth_too_little(baseline, request)) {
        *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_OUTBID};
        return WEIR_OK;
    }
    if (!request->can_send) {
        *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_CONNECTION};
        return WEIR_OK;
    }
    const struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    const struct obstacle obstacle = find_obstacle(baseline, cost);
    if (obstacle.reason != WEIR_REASON_NONE) {
        *decision = wait_or_refuse(request, obstacle);
        return WEIR_OK;
    }
    return admit(baseline, request->id, cost, decision);
}

/** Honours Retry-After of a 429 or 418; the longest of several holds counts. */
static void note_retry_after(struct baseline *baseline, const struct weir_reply *reply) {
    for (size_t i = 0; i < reply->header_count; i++) {
        int64_t wait_ns = 0;
        if (weir_header_is(reply->headers[i].name, "Retry-After") &&
            weir_parse_retry_after(reply->headers[i].value, &wait_ns) &&
            reply->received_ns + wait_ns > baseline->hold_until_ns) {
            baseline->hold_until_ns = reply->received_ns + wait_ns;
            baseline->hold_reason = reply->status == 418 ? WEIR_REASON_BANNED : WEIR_REASON_BACKOFF;
        }
    }
}

enum weir_status weir_baseline_settle(void *self, const struct weir_reply *reply,
                                      struct weir_settlement *settlement) {
    struct baseline *baseline = self;
    const uint64_t *both = weir_id_table_find(&baseline->costs, reply->id);
    if (!both) {
        return WEIR_NO_SUCH;
    }
    *settlement = (struct weir_settlement){.booked_weight = (int32_t)(*both >> 32),
                                           .booked_orders = (int32_t)(*both & UINT32_MAX)};
    weir_id_table_remove(&baseline->costs, reply->id);
    if (reply->status == 429 || reply->status == 418) {
        note_retry_after(baseline, reply);
    }
    return WEIR_OK;
}
