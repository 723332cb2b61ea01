#include "policy_speed.h"

#include <stdio.h>
#include <time.h>

#include "weir/limiter.h"

#define START_NS INT64_C(1700000000000000000)
#define STEP_NS INT64_C(50000000) /* 1,200 orders a minute */
#define ROUND_TRIP_NS INT64_C(30000000)

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/** Sends what the policy has queued, and drops what it drops, so that its queue stays short. */
static enum weir_status empty_queue(struct weir_limiter *limiter, int64_t now_ns) {
    struct weir_next next = {.kind = WEIR_NEXT_SEND};
    enum weir_status status = WEIR_OK;
    struct weir_settlement settlement;
    while (!status && next.kind != WEIR_NEXT_NONE) {
        status = weir_next_request(limiter, now_ns, 1, &next);
        if (!status && next.kind == WEIR_NEXT_SEND) {
            const struct weir_reply lost = {
                .id = next.id, .lost = true, .sent_ns = now_ns, .received_ns = now_ns};
            status = weir_settle(limiter, &lost, &settlement);
        }
    }
    return status;
}

static enum weir_status one_decision(struct weir_limiter *limiter, weir_endpoint order,
                                     uint64_t id) {
    char used[16];
    snprintf(used, sizeof used, "%u", (unsigned)(id % 1200));
    const struct weir_header headers[] = {{"X-MBX-USED-WEIGHT-1M", used},
                                          {"X-MBX-ORDER-COUNT-1M", used}};
    const int64_t now_ns = START_NS + (int64_t)id * STEP_NS;
    const struct weir_request request = {.id = id,
                                         .endpoint = order,
                                         .params = WEIR_PARAMS_NONE,
                                         .priority = WEIR_CRITICAL,
                                         .deadline_ns = now_ns + 10 * STEP_NS,
                                         .escalate_ns = WEIR_NEVER,
                                         .value = 100.0,
                                         .can_send = true,
                                         .may_queue = true};
    const struct weir_reply reply = {.id = id,
                                     .status = 200,
                                     .sent_ns = now_ns,
                                     .received_ns = now_ns + ROUND_TRIP_NS,
                                     .headers = headers,
                                     .header_count = 2};
    struct weir_decision decision;
    struct weir_settlement settlement;
    const enum weir_status status = weir_submit(limiter, now_ns, &request, &decision);
    if (status || decision.answer != WEIR_SEND) {
        return status ? status : empty_queue(limiter, now_ns);
    }
    return weir_settle(limiter, &reply, &settlement);
}

double weir_policy_speed(const struct weir_policy *policy, uint32_t decisions,
                         struct weir_error *error) {
    const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, INT64_C(60000000000), 2400},
                                        {WEIR_LIMIT_ORDERS, INT64_C(60000000000), 1200}};
    const struct weir_config config = {
        .limits = limits, .limit_count = 2, .now_ns = START_NS, .max_open = 4096};
    struct weir_limiter *limiter = NULL;
    enum weir_status status = weir_limiter_create(policy, &config, &limiter, error);
    if (status) {
        return 0.0;
    }
    const weir_endpoint order = weir_endpoint_find(WEIR_POST, "/fapi/v1/order");
    const double start_s = now_s();
    for (uint64_t id = 1; id <= decisions && !status; id++) {
        status = one_decision(limiter, order, id);
    }
    const double took_s = now_s() - start_s;
    if (status) {
        error->status = status;
        snprintf(error->text, sizeof error->text, "%s", weir_failure(limiter));
    }
    weir_limiter_destroy(limiter);
    return status ? 0.0 : (double)decisions / took_s;
}
