#include "own_policies.h"

#include <stdlib.h>

#define QUEUE_MAX 65536

struct own {
    uint64_t asked;
    uint64_t queue[QUEUE_MAX];
    size_t queued;
};

static enum weir_status create(const struct weir_config *config, void **self,
                               struct weir_error *error) {
    (void)config;
    (void)error;
    *self = calloc(1, sizeof(struct own));
    return *self ? WEIR_OK : WEIR_NO_MEMORY;
}

static void destroy(void *self) {
    free(self);
}

static void send(const struct weir_request *request, struct weir_decision *decision) {
    const struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    *decision = (struct weir_decision){
        .answer = WEIR_SEND, .booked_weight = cost.weight, .booked_orders = cost.orders};
}

static void refuse(struct weir_decision *decision) {
    *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_OUTBID};
}

static enum weir_status submit_half(void *self, int64_t now_ns, const struct weir_request *request,
                                    struct weir_decision *decision) {
    (void)now_ns;
    struct own *own = self;
    if (weir_endpoint_places_orders(request->endpoint) && own->asked++ % 2 == 1) {
        refuse(decision);
    } else {
        send(request, decision);
    }
    return WEIR_OK;
}

static enum weir_status submit_escalating(void *self, int64_t now_ns,
                                          const struct weir_request *request,
                                          struct weir_decision *decision) {
    (void)self;
    if (request->params.count == 2 &&
        (request->escalate_ns == WEIR_NEVER || request->escalate_ns <= now_ns)) {
        refuse(decision);
    } else {
        send(request, decision);
    }
    return WEIR_OK;
}

static enum weir_status submit_scornful(void *self, int64_t now_ns,
                                        const struct weir_request *request,
                                        struct weir_decision *decision) {
    (void)self;
    (void)now_ns;
    if (request->params.count == 2 && request->value < 120.0) {
        refuse(decision);
    } else {
        send(request, decision);
    }
    return WEIR_OK;
}

static enum weir_status submit_none(void *self, int64_t now_ns, const struct weir_request *request,
                                    struct weir_decision *decision) {
    (void)self;
    (void)now_ns;
    (void)request;
    refuse(decision);
    return WEIR_OK;
}

static enum weir_status submit_held_once(void *self, int64_t now_ns,
                                         const struct weir_request *request,
                                         struct weir_decision *decision) {
    (void)self;
    if (request->holds == 0) {
        *decision = (struct weir_decision){.answer = WEIR_HOLD,
                                           .reason = WEIR_REASON_PACE,
                                           .until_ns = now_ns + INT64_C(70000000),
                                           .memo = request->id};
        return WEIR_OK;
    }
    if (request->memo != request->id) {
        return WEIR_INVALID;
    }
    send(request, decision);
    return WEIR_OK;
}

static enum weir_status submit_held(void *self, int64_t now_ns, const struct weir_request *request,
                                    struct weir_decision *decision) {
    (void)self;
    (void)now_ns;
    (void)request;
    *decision = (struct weir_decision){
        .answer = WEIR_HOLD, .reason = WEIR_REASON_BACKOFF, .until_ns = WEIR_NEVER};
    return WEIR_OK;
}

static enum weir_status submit_queued(void *self, int64_t now_ns,
                                      const struct weir_request *request,
                                      struct weir_decision *decision) {
    (void)now_ns;
    struct own *own = self;
    if (own->queued == QUEUE_MAX) {
        refuse(decision);
        return WEIR_OK;
    }
    own->queue[own->queued++] = request->id;
    *decision = (struct weir_decision){.answer = WEIR_QUEUE, .reason = WEIR_REASON_WEIGHT};
    return WEIR_OK;
}

static enum weir_status submit_broken(void *self, int64_t now_ns,
                                      const struct weir_request *request,
                                      struct weir_decision *decision) {
    (void)now_ns;
    struct own *own = self;
    send(request, decision);
    return ++own->asked == 10 ? WEIR_BROKEN : WEIR_OK;
}

static enum weir_status next_never(void *self, int64_t now_ns, uint32_t free_connections,
                                   struct weir_next *next) {
    (void)self;
    (void)now_ns;
    (void)free_connections;
    *next = (struct weir_next){
        .kind = WEIR_NEXT_NONE, .reason = WEIR_REASON_WEIGHT, .ask_again_ns = WEIR_NEVER};
    return WEIR_OK;
}

static enum weir_status next_dropped(void *self, int64_t now_ns, uint32_t free_connections,
                                     struct weir_next *next) {
    struct own *own = self;
    next_never(self, now_ns, free_connections, next);
    if (own->queued > 0) {
        *next = (struct weir_next){.kind = WEIR_NEXT_DROP,
                                   .reason = WEIR_REASON_DEADLINE,
                                   .id = own->queue[--own->queued]};
    }
    return WEIR_OK;
}

static enum weir_status settle(void *self, const struct weir_reply *reply,
                               struct weir_settlement *settlement) {
    (void)self;
    (void)reply;
    *settlement = (struct weir_settlement){0};
    return WEIR_OK;
}

static enum weir_status cancel(void *self, int64_t now_ns, uint64_t id) {
    (void)self;
    (void)now_ns;
    (void)id;
    return WEIR_NO_SUCH;
}

static const char *failure(void *self) {
    (void)self;
    return "it broke on purpose";
}

static const struct weir_option no_options[] = {{.key = NULL}};

#define POLICY(text, submits)                                                                      \
    {                                                                                              \
        .abi = WEIR_POLICY_ABI, .size = sizeof(struct weir_policy), .name = (text),                \
        .summary = (text), .options = no_options, .create = create, .destroy = destroy,            \
        .submit = (submits), .settle = settle, .failure = failure                                  \
    }

#define QUEUEING(text, nexts)                                                                      \
    {                                                                                              \
        .abi = WEIR_POLICY_ABI, .size = sizeof(struct weir_policy), .flags = WEIR_POLICY_QUEUES,   \
        .name = (text), .summary = (text), .options = no_options, .create = create,                \
        .destroy = destroy, .submit = submit_queued, .next = (nexts), .settle = settle,            \
        .cancel = cancel                                                                           \
    }

const struct weir_policy policy_refuses_half = POLICY("refuses-half", submit_half);
const struct weir_policy policy_refuses_all = POLICY("refuses-all", submit_none);
const struct weir_policy policy_holds_once = POLICY("holds-once", submit_held_once);
const struct weir_policy policy_holds_for_ever = POLICY("holds-for-ever", submit_held);
const struct weir_policy policy_queues_for_ever = QUEUEING("queues-for-ever", next_never);
const struct weir_policy policy_drops_all = QUEUEING("drops-all", next_dropped);
const struct weir_policy policy_wants_escalation = POLICY("wants-escalation", submit_escalating);
const struct weir_policy policy_scorns_the_small = POLICY("scorns-the-small", submit_scornful);
const struct weir_policy policy_breaks = POLICY("breaks", submit_broken);
