#include <assert.h>
#include <stdlib.h>

#include "errors.h"
#include "options.h"
#include "policies.h"
#include "weir_state.h"

#define PROBE_PATIENCE_NS (WEIR_SECOND_NS / 20)

static const struct weir_option weir_options[] = {
    {.key = "normal.buffer",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.01",
     .min = 0,
     .max = 0.99,
     .help = "Share of every limit that is never used."},
    {.key = "normal.reserve",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0.2",
     .min = 0,
     .max = 1,
     .help = "Share of what is left that only critical requests may use; low ones leave twice as "
             "much."},
    {.key = "window",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "fixed",
     .choices = "fixed|sliding",
     .help = "Whether the exchange counts in aligned windows of its own clock or in the last "
             "interval."},
    {.key = "clock",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "estimate",
     .choices = "estimate|known",
     .help = "Whether the offset of the exchange's clock is estimated from Date headers or given."},
    {.key = "clock.offset_ms",
     .kind = WEIR_OPTION_INTEGER,
     .default_value = "0",
     .min = -4e12,
     .max = 4e12,
     .help = "The exchange's clock minus the caller's, in milliseconds, for clock = known."},
    {.key = "cost",
     .kind = WEIR_OPTION_CHOICE,
     .default_value = "exact",
     .choices = "exact|unit",
     .help =
         "Whether a request counts what the documents say or 1 (and 1 order if it places any)."},
    {.key = "reservation",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Count requests when they are sent; off: when they are answered."},
    {.key = "headers",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Learn the load of others from the exchange's counts."},
    {.key = "priorities",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Tell critical, normal and low requests apart."},
    {.key = "deadlines",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Send nothing that cannot arrive before its deadline."},
    {.key = "backoff",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Hold everything after a 429."},
    {.key = "bans",
     .kind = WEIR_OPTION_FLAG,
     .default_value = "on",
     .help = "Be silent after a 418, then probe."},
    {.key = "queue",
     .kind = WEIR_OPTION_INTEGER,
     .default_value = "256",
     .min = 1,
     .max = 1000000,
     .help = "Most requests that wait in the queue of each priority."},
    {.key = NULL},
};

static void weir_destroy(void *self) {
    weir_queue_free(self);
    free(self);
}

static void read_switches(struct weir_switches *use, const struct weir_config *config) {
    use->exact_cost = weir_option_choice(weir_options, config, "cost") == 0;
    use->sliding = weir_option_choice(weir_options, config, "window") == 1;
    use->reservation = weir_option_flag(weir_options, config, "reservation");
    use->headers = weir_option_flag(weir_options, config, "headers");
    use->priorities = weir_option_flag(weir_options, config, "priorities");
    use->deadlines = weir_option_flag(weir_options, config, "deadlines");
    use->backoff = weir_option_flag(weir_options, config, "backoff");
    use->bans = weir_option_flag(weir_options, config, "bans");
}

static void read_clock(struct weir *weir, const struct weir_config *config) {
    weir->clock_given = weir_option_choice(weir_options, config, "clock") == 1;
    if (weir->clock_given) {
        int64_t offset_ns = weir_option_integer(weir_options, config, "clock.offset_ms") * 1000000;
        weir->clock = (struct weir_clock){.known = true, .low_ns = offset_ns, .high_ns = offset_ns};
    }
}

static enum weir_status weir_create(const struct weir_config *config, void **self,
                                    struct weir_error *error) {
    struct weir *weir = calloc(1, sizeof *weir);
    if (!weir) {
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy weir");
    }
    if (!weir_queue_init(weir, config,
                         (uint32_t)weir_option_integer(weir_options, config, "queue"))) {
        weir_destroy(weir);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for %u open requests", config->max_open);
    }
    weir->now_ns = config->now_ns;
    weir->buffer = weir_option_billionths(weir_options, config, "normal.buffer");
    weir->reserve = weir_option_billionths(weir_options, config, "normal.reserve");
    read_switches(&weir->use, config);
    read_clock(weir, config);
    weir_windows_init(weir, config);
    *self = weir;
    return WEIR_OK;
}

static void pass_time(struct weir *weir, int64_t now_ns) {
    weir->now_ns = weir_later(weir->now_ns, now_ns);
    weir_windows_advance(weir);
    weir_queue_escalate(weir);
}

/** What stands in the way of a request, the longest obstacle of all. */
static struct weir_wait wait_of(const struct weir *weir, enum weir_priority priority,
                                struct weir_cost cost) {
    struct weir_wait gate = weir_gate_wait(weir);
    struct weir_wait windows = weir_windows_wait(weir, priority, cost);
    return windows.until_ns > gate.until_ns ? windows : gate;
}

static struct weir_wait wait_of_slot(const struct weir *weir, uint32_t index) {
    const struct weir_slot *slot = &weir->slots[index];
    return wait_of(weir, slot->priority, slot->cost);
}

/** Whether a request that is sent at `time_ns` comes too late even if all goes well. */
static bool too_late(const struct weir *weir, int64_t time_ns, int64_t deadline_ns) {
    return weir->use.deadlines && deadline_ns != WEIR_NEVER &&
           (time_ns == WEIR_NEVER || time_ns + weir_fast_way_ns(weir) > deadline_ns);
}

static struct weir_cost cost_of(struct weir *weir, const struct weir_request *request) {
    struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    if (weir_endpoint_path(request->endpoint)[0] == '\0' && !weir->unknown_reported) {
        weir->unknown_reported = true;
        weir_tell(weir, "unknown-endpoint", NULL, NULL, cost.weight, WEIR_NEVER);
    }
    return weir->use.exact_cost
               ? cost
               : (struct weir_cost){.weight = 1, .orders = cost.orders > 0 ? 1 : 0};
}

static enum weir_priority priority_of(const struct weir *weir, const struct weir_request *request) {
    bool escalated = request->escalate_ns <= weir->now_ns;
    return escalated || !weir->use.priorities ? WEIR_CRITICAL : request->priority;
}

/** Whether queued requests go first: those of the same priority always, those of a higher one if
 *  they could go now. `wait` becomes what the request waits for. */
static void yield_to_queue(const struct weir *weir, enum weir_priority priority,
                           struct weir_wait *wait) {
    for (size_t i = 0; i <= (size_t)priority; i++) {
        uint32_t head = weir->queue.classes[i].head;
        if (head == WEIR_NO_SLOT) {
            continue;
        }
        struct weir_wait ahead = wait_of_slot(weir, head);
        if (ahead.reason == WEIR_REASON_NONE && wait->reason == WEIR_REASON_NONE) {
            wait->reason = WEIR_REASON_ORDERING;
        } else if (i == (size_t)priority && ahead.until_ns > wait->until_ns) {
            *wait = ahead;
        }
    }
}

static void send_slot(struct weir *weir, uint32_t index) {
    struct weir_slot *slot = &weir->slots[index];
    slot->place = WEIR_PLACE_IN_FLIGHT;
    weir_windows_charge(weir, slot);
    weir_gate_note_sent(weir, slot->id);
}

static struct weir_decision refusal(enum weir_reason reason, int64_t until_ns) {
    return (struct weir_decision){
        .answer = WEIR_REFUSE, .reason = reason, .until_ns = until_ns == WEIR_NEVER ? 0 : until_ns};
}

/** Sends the caller away until the request could go. Nobody knows when a probe is answered, and a
 *  caller that waits for one comes back now and then. */
static struct weir_decision hold(const struct weir *weir, struct weir_wait wait) {
    int64_t until_ns = wait.until_ns;
    if (weir_gate_awaits_probe(weir)) {
        until_ns = weir_later(until_ns, weir->now_ns + PROBE_PATIENCE_NS);
    }
    return (struct weir_decision){.answer = WEIR_HOLD, .reason = wait.reason, .until_ns = until_ns};
}

/** Takes a slot for a request that goes or waits; WEIR_FULL if there is none. */
static enum weir_status admit(struct weir *weir, const struct weir_request *request,
                              struct weir_cost cost, enum weir_priority priority, uint32_t *index) {
    *index = weir_slot_take(weir, request, cost);
    if (*index == WEIR_NO_SLOT) {
        return WEIR_FULL;
    }
    weir->slots[*index].priority = priority;
    return WEIR_OK;
}

static enum weir_status enqueue(struct weir *weir, const struct weir_request *request,
                                struct weir_cost cost, enum weir_priority priority,
                                struct weir_wait wait, struct weir_decision *decision) {
    uint32_t index = WEIR_NO_SLOT;
    if (admit(weir, request, cost, priority, &index) != WEIR_OK) {
        return WEIR_FULL;
    }
    if (!weir_queue_add(weir, index)) {
        weir_slot_return(weir, index);
        *decision = refusal(WEIR_REASON_QUEUE_FULL, wait.until_ns);
        return WEIR_OK;
    }
    *decision = (struct weir_decision){
        .answer = WEIR_QUEUE, .reason = wait.reason, .until_ns = wait.until_ns};
    return WEIR_OK;
}

static enum weir_status send_now(struct weir *weir, const struct weir_request *request,
                                 struct weir_cost cost, enum weir_priority priority,
                                 struct weir_decision *decision) {
    uint32_t index = WEIR_NO_SLOT;
    if (admit(weir, request, cost, priority, &index) != WEIR_OK) {
        return WEIR_FULL;
    }
    send_slot(weir, index);
    *decision = (struct weir_decision){
        .answer = WEIR_SEND, .booked_weight = cost.weight, .booked_orders = cost.orders};
    return WEIR_OK;
}

static enum weir_status weir_policy_submit(void *self, int64_t now_ns,
                                           const struct weir_request *request,
                                           struct weir_decision *decision) {
    struct weir *weir = self;
    pass_time(weir, now_ns);
    struct weir_cost cost = cost_of(weir, request);
    enum weir_priority priority = priority_of(weir, request);
    struct weir_wait wait = wait_of(weir, priority, cost);
    if (request->may_queue) {
        yield_to_queue(weir, priority, &wait);
    }
    if (too_late(weir, weir->now_ns, request->deadline_ns)) {
        *decision = refusal(WEIR_REASON_DEADLINE, 0);
        return WEIR_OK;
    }
    if (wait.until_ns == WEIR_NEVER || too_late(weir, wait.until_ns, request->deadline_ns)) {
        *decision = refusal(wait.reason, wait.until_ns);
        return WEIR_OK;
    }
    if (wait.reason == WEIR_REASON_NONE && request->can_send) {
        return send_now(weir, request, cost, priority, decision);
    }
    if (wait.reason == WEIR_REASON_NONE) {
        wait = (struct weir_wait){WEIR_REASON_CONNECTION, 0};
    }
    if (request->may_queue) {
        return enqueue(weir, request, cost, priority, wait, decision);
    }
    *decision = request->can_send ? hold(weir, wait) : refusal(WEIR_REASON_CONNECTION, 0);
    return WEIR_OK;
}

static void drop(struct weir *weir, uint32_t index, enum weir_reason reason,
                 struct weir_next *next) {
    *next =
        (struct weir_next){.kind = WEIR_NEXT_DROP, .reason = reason, .id = weir->slots[index].id};
    weir_queue_remove(weir, index);
    weir_slot_return(weir, index);
}

/** Drops the request with the earliest deadline if it cannot be met any more. */
static bool drop_hopeless(struct weir *weir, struct weir_wait gate, struct weir_next *next) {
    uint32_t index = weir_heap_first(&weir->queue.deadlines);
    if (index == WEIR_NO_SLOT || !too_late(weir, gate.until_ns, weir->slots[index].deadline_ns)) {
        return false;
    }
    bool expired = too_late(weir, weir->now_ns, weir->slots[index].deadline_ns);
    drop(weir, index, expired ? WEIR_REASON_DEADLINE : gate.reason, next);
    return true;
}

/** Earliest time at which waiting itself changes something: a deadline or an escalation. */
static int64_t next_by_itself(const struct weir *weir) {
    int64_t time_ns = WEIR_NEVER;
    uint32_t doomed = weir_heap_first(&weir->queue.deadlines);
    if (doomed != WEIR_NO_SLOT) {
        time_ns = weir->slots[doomed].deadline_ns - weir_fast_way_ns(weir) + 1;
    }
    uint32_t rising = weir_heap_first(&weir->queue.escalations);
    if (rising != WEIR_NO_SLOT) {
        time_ns = weir_earlier(time_ns, weir->slots[rising].escalate_ns);
    }
    assert(time_ns > weir->now_ns);
    return time_ns;
}

static void send_queued(struct weir *weir, uint32_t index, struct weir_next *next) {
    weir_queue_remove(weir, index);
    send_slot(weir, index);
    const struct weir_slot *slot = &weir->slots[index];
    *next = (struct weir_next){.kind = WEIR_NEXT_SEND,
                               .id = slot->id,
                               .booked_weight = slot->cost.weight,
                               .booked_orders = slot->cost.orders};
}

/** Looks at the heads of the queues, critical first: sends one, drops one, or (false) notes in
 *  `next` what the first of them waits for and until when the earliest does. */
static bool try_heads(struct weir *weir, uint32_t free_connections, struct weir_next *next) {
    for (size_t i = 0; i < WEIR_PRIORITIES; i++) {
        uint32_t head = weir->queue.classes[i].head;
        if (head == WEIR_NO_SLOT) {
            continue;
        }
        struct weir_wait wait = wait_of_slot(weir, head);
        if (wait.until_ns == WEIR_NEVER ||
            too_late(weir, wait.until_ns, weir->slots[head].deadline_ns)) {
            drop(weir, head, wait.reason, next);
            return true;
        }
        if (wait.reason == WEIR_REASON_NONE && free_connections > 0) {
            send_queued(weir, head, next);
            return true;
        }
        if (wait.reason == WEIR_REASON_NONE) {
            wait = (struct weir_wait){WEIR_REASON_CONNECTION, WEIR_NEVER};
        }
        next->reason = next->reason == WEIR_REASON_NONE ? wait.reason : next->reason;
        if (!weir_gate_awaits_probe(weir)) {
            next->ask_again_ns = weir_earlier(next->ask_again_ns, wait.until_ns);
        }
    }
    return false;
}

static enum weir_status weir_policy_next(void *self, int64_t now_ns, uint32_t free_connections,
                                         struct weir_next *next) {
    struct weir *weir = self;
    pass_time(weir, now_ns);
    if (drop_hopeless(weir, weir_gate_wait(weir), next)) {
        return WEIR_OK;
    }
    *next = (struct weir_next){.kind = WEIR_NEXT_NONE, .ask_again_ns = next_by_itself(weir)};
    (void)try_heads(weir, free_connections, next);
    assert(next->kind != WEIR_NEXT_NONE || next->ask_again_ns > weir->now_ns);
    return WEIR_OK;
}

/** The slot of an open request that is in the given place, or WEIR_NO_SLOT. */
static uint32_t slot_of(const struct weir *weir, uint64_t id, enum weir_place place) {
    const uint64_t *index = weir_id_table_find(&weir->ids, id);
    return index && weir->slots[*index].place == place ? (uint32_t)*index : WEIR_NO_SLOT;
}

static enum weir_status weir_policy_settle(void *self, const struct weir_reply *reply,
                                           struct weir_settlement *settlement) {
    struct weir *weir = self;
    uint32_t index = slot_of(weir, reply->id, WEIR_PLACE_IN_FLIGHT);
    if (index == WEIR_NO_SLOT) {
        return WEIR_NO_SUCH;
    }
    pass_time(weir, reply->received_ns);
    const struct weir_slot *slot = &weir->slots[index];
    weir_replies_learn(weir, slot, reply);
    *settlement = (struct weir_settlement){.booked_weight = slot->cost.weight,
                                           .booked_orders = slot->cost.orders};
    weir_slot_return(weir, index);
    return WEIR_OK;
}

static enum weir_status weir_policy_cancel(void *self, int64_t now_ns, uint64_t id) {
    struct weir *weir = self;
    pass_time(weir, now_ns);
    uint32_t index = slot_of(weir, id, WEIR_PLACE_QUEUED);
    if (index == WEIR_NO_SLOT) {
        return WEIR_NO_SUCH;
    }
    weir_queue_remove(weir, index);
    weir_slot_return(weir, index);
    return WEIR_OK;
}

static bool weir_policy_poll_event(void *self, struct weir_event *event) {
    struct weir *weir = self;
    return weir_event_ring_take(&weir->events, event);
}

static size_t weir_policy_save(void *self, int64_t now_ns, void *buffer, size_t capacity) {
    pass_time(self, now_ns);
    return weir_save_state(self, buffer, capacity);
}

static enum weir_status weir_policy_restore(void *self, int64_t now_ns, int64_t elapsed_ns,
                                            const void *buffer, size_t size,
                                            struct weir_error *error) {
    pass_time(self, now_ns);
    return weir_restore_state(self, elapsed_ns, buffer, size, error);
}

const struct weir_policy weir_policy_weir = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .flags = WEIR_POLICY_QUEUES,
    .name = "weir",
    .summary = "counts by the exchange's own windows; priorities, deadlines, holds and bans",
    .options = weir_options,
    .create = weir_create,
    .destroy = weir_destroy,
    .submit = weir_policy_submit,
    .next = weir_policy_next,
    .settle = weir_policy_settle,
    .cancel = weir_policy_cancel,
    .poll_event = weir_policy_poll_event,
    .save = weir_policy_save,
    .restore = weir_policy_restore,
};
