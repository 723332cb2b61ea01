#include <assert.h>
#include <stdlib.h>

#include "errors.h"
#include "options.h"
#include "policies.h"
#include "weir_state.h"

#define PROBE_PATIENCE_NS (WEIR_SECOND_NS / 20)
#define SERVED 5 // lanes of which requests are sent

static void weir_destroy(void *self) {
    weir_queue_free(self);
    free(self);
}

static enum weir_status weir_create(const struct weir_config *config, void **self,
                                    struct weir_error *error) {
    struct weir *weir = calloc(1, sizeof *weir);
    if (!weir) {
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for policy weir");
    }
    if (!weir_queue_init(weir, config)) {
        weir_destroy(weir);
        return weir_fail(error, WEIR_NO_MEMORY, "no memory for %u open requests", config->max_open);
    }
    weir->now_ns = config->now_ns;
    weir->endpoint_count = (weir_endpoint)weir_endpoint_count();
    weir_options_read(weir, config);
    weir_modes_init(weir, config);
    weir_sizes_init(&weir->demand.sizes);
    weir->demand.next_tick_ns = config->now_ns + WEIR_TICK_NS;
    weir_windows_init(weir, config);
    *self = weir;
    return WEIR_OK;
}

/** The earliest time at which something changes by itself. */
static int64_t next_change_ns(const struct weir *weir) {
    int64_t next_ns = weir_earlier(weir->next_change_ns, weir->demand.next_tick_ns);
    next_ns = weir_earlier(next_ns, weir_modes_end_ns(&weir->modes));
    for (size_t i = 0; i < weir->window_count; i++) {
        if (!weir->windows[i].phased) {
            next_ns = weir_earlier(next_ns, weir_history_next_ns(&weir->windows[i].history));
        }
    }
    uint32_t rising = weir_heap_first(&weir->queue.escalations);
    return rising == WEIR_NO_SLOT ? next_ns
                                  : weir_earlier(next_ns, weir->slots[rising].escalate_ns);
}

static void change_by_time(struct weir *weir) {
    weir_windows_advance(weir);
    weir_demand_advance(weir);
    weir_modes_advance(weir);
    weir_queue_escalate(weir);
    weir->quiet_until_ns = next_change_ns(weir);
}

static inline void pass_time(struct weir *weir, int64_t now_ns) {
    weir->now_ns = weir_later(weir->now_ns, now_ns);
    if (weir->now_ns >= weir->quiet_until_ns) {
        change_by_time(weir);
    }
}

/** A request as the queue and the allowance see it. */
struct claim {
    enum weir_priority priority;
    enum weir_lane lane;
    struct weir_cost cost;
    double value;
};

static struct claim claim_of_slot(const struct weir_slot *slot) {
    return (struct claim){.priority = slot->priority,
                          .lane = weir_lane_of(slot),
                          .cost = slot->cost,
                          .value = slot->value};
}

/** What stands in the way of a request, the longest obstacle of all; the price only if nothing else
 *  does. */
static struct weir_wait wait_of(struct weir *weir, const struct claim *claim) {
    struct weir_wait wait = weir_windows_wait(weir, claim->lane, claim->cost);
    if (!weir_gate_is_open(weir)) {
        struct weir_wait gate = weir_gate_wait(weir);
        wait = wait.until_ns > gate.until_ns ? wait : gate;
    }
    if (wait.reason == WEIR_REASON_NONE && claim->lane == WEIR_LANE_ENTRIES) {
        return weir_value_wait(weir, claim->value, claim->cost);
    }
    return wait;
}

static struct weir_wait wait_of_slot(struct weir *weir, uint32_t index) {
    struct claim claim = claim_of_slot(&weir->slots[index]);
    return wait_of(weir, &claim);
}

/** The request of a lane that is next: of the entries, in scarcity, the one worth most. */
static uint32_t head_of(const struct weir *weir, enum weir_lane lane, bool scarce) {
    return lane == WEIR_LANE_ENTRIES && scarce ? weir_heap_first(&weir->queue.values)
                                               : weir->queue.lanes[lane].head;
}

/** Whether there are entries that wait, and too little for all that are expected. */
static bool entries_compete(struct weir *weir) {
    return weir->queue.lanes[WEIR_LANE_ENTRIES].count > 0 && weir_value_is_scarce(weir);
}

/** Whether a request that is sent at `time_ns` comes too late even if all goes well. */
static bool too_late(const struct weir *weir, int64_t time_ns, int64_t deadline_ns) {
    return weir->use.deadlines && deadline_ns != WEIR_NEVER &&
           (time_ns == WEIR_NEVER || time_ns + weir_fast_way_ns(weir) > deadline_ns);
}

static struct weir_cost cost_of(struct weir *weir, const struct weir_request *request) {
    struct weir_cost cost = weir_endpoint_cost(request->endpoint, request->params);
    bool known = request->endpoint >= 0 && request->endpoint < weir->endpoint_count;
    if (!known && !weir->unknown_reported) {
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

static struct claim claim_of(struct weir *weir, const struct weir_request *request) {
    enum weir_priority priority = priority_of(weir, request);
    bool dragged = weir->use.priorities && request->priority == WEIR_NORMAL;
    bool entry = weir_is_entry(weir, request->priority, request->value);
    return (struct claim){.priority = priority,
                          .lane = weir_lane_for(priority, dragged, entry),
                          .cost = cost_of(weir, request),
                          .value = request->value};
}

/** Whether the request that is sent next is the probe after a ban. */
static bool probe_is_next(const struct weir *weir) {
    return weir->gate.probing && weir->gate.probe_id == 0;
}

static bool something_waits(const struct weir *weir) {
    for (size_t i = 0; i < SERVED; i++) {
        if (weir->queue.lanes[i].count > 0) {
            return true;
        }
    }
    return false;
}

/** Whether queued requests go first: those of the same lane always (but for an entry that in
 *  scarcity is worth more), those of a higher one if they could go now. `wait` becomes what the
 *  request waits for. */
static void yield_to_queue(struct weir *weir, const struct claim *claim, struct weir_wait *wait) {
    if (probe_is_next(weir) && wait->reason == WEIR_REASON_NONE && something_waits(weir)) {
        wait->reason = WEIR_REASON_ORDERING; // the cheapest of all that wait is the probe
        return;
    }
    bool scarce = entries_compete(weir);
    for (size_t i = 0; i <= (size_t)claim->lane; i++) {
        uint32_t head = head_of(weir, (enum weir_lane)i, scarce);
        if (head == WEIR_NO_SLOT || (i == WEIR_LANE_ENTRIES && claim->lane == WEIR_LANE_ENTRIES &&
                                     scarce && claim->value > weir->slots[head].value)) {
            continue;
        }
        struct weir_wait ahead = wait_of_slot(weir, head);
        if (ahead.reason == WEIR_REASON_NONE && wait->reason == WEIR_REASON_NONE) {
            wait->reason = WEIR_REASON_ORDERING;
        } else if (i == (size_t)claim->lane && ahead.until_ns > wait->until_ns) {
            *wait = ahead;
        }
    }
}

static void send_slot(struct weir *weir, uint32_t index) {
    struct weir_slot *slot = &weir->slots[index];
    slot->place = WEIR_PLACE_IN_FLIGHT;
    weir_windows_charge(weir, slot);
    weir_demand_note_sent(weir, slot);
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

static void enqueue(struct weir *weir, const struct weir_request *request,
                    const struct claim *claim, struct weir_id_entry *entry, struct weir_wait wait,
                    struct weir_decision *decision) {
    uint32_t index = weir_slot_take(weir, request, claim->cost, claim->priority, entry);
    weir->slots[index].outbid = wait.reason == WEIR_REASON_OUTBID;
    if (!weir_queue_add(weir, index)) {
        weir_slot_return(weir, index);
        *decision = refusal(WEIR_REASON_QUEUE_FULL, wait.until_ns);
        return;
    }
    *decision = (struct weir_decision){
        .answer = WEIR_QUEUE, .reason = wait.reason, .until_ns = wait.until_ns};
}

static void send_now(struct weir *weir, const struct weir_request *request,
                     const struct claim *claim, struct weir_id_entry *entry,
                     struct weir_decision *decision) {
    send_slot(weir, weir_slot_take(weir, request, claim->cost, claim->priority, entry));
    *decision = (struct weir_decision){.answer = WEIR_SEND,
                                       .booked_weight = claim->cost.weight,
                                       .booked_orders = claim->cost.orders};
}

/** Whether a request that waits will never go. The price may fall sooner than it seems, so that
 *  one that is outbid is refused only if there is no hope left. */
static bool is_hopeless(const struct weir *weir, const struct claim *claim, struct weir_wait wait,
                        int64_t deadline_ns) {
    if (wait.until_ns == WEIR_NEVER || too_late(weir, wait.until_ns, deadline_ns)) {
        return true;
    }
    return wait.reason == WEIR_REASON_OUTBID && weir->use.deadlines &&
           weir_value_is_hopeless(weir, claim->value, claim->cost, deadline_ns);
}

static enum weir_status weir_policy_submit(void *self, int64_t now_ns,
                                           const struct weir_request *request,
                                           struct weir_decision *decision) {
    struct weir *weir = self;
    struct weir_id_entry *entry = weir_id_table_seek(&weir->ids, request->id);
    if (entry->id != 0 || weir->free_slot == WEIR_NO_SLOT) {
        return entry->id != 0 ? WEIR_DUPLICATE : WEIR_FULL;
    }
    pass_time(weir, now_ns);
    weir_modes_note_request(weir);
    struct claim claim = claim_of(weir, request);
    weir_demand_note(weir, request, claim.cost);
    struct weir_wait wait = wait_of(weir, &claim);
    if (request->may_queue) {
        yield_to_queue(weir, &claim, &wait);
    }
    if (too_late(weir, weir->now_ns, request->deadline_ns)) {
        *decision = refusal(WEIR_REASON_DEADLINE, 0);
        return WEIR_OK;
    }
    if (is_hopeless(weir, &claim, wait, request->deadline_ns)) {
        *decision = refusal(wait.reason, wait.until_ns);
        return WEIR_OK;
    }
    if (wait.reason == WEIR_REASON_NONE && request->can_send) {
        send_now(weir, request, &claim, entry, decision);
        return WEIR_OK;
    }
    if (wait.reason == WEIR_REASON_NONE) {
        wait = (struct weir_wait){WEIR_REASON_CONNECTION, 0};
    }
    if (request->may_queue) {
        enqueue(weir, request, &claim, entry, wait, decision);
        return WEIR_OK;
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

/** Drops an entry that a better one took the place of. */
static bool drop_evicted(struct weir *weir, struct weir_next *next) {
    uint32_t index = weir->queue.lanes[WEIR_LANE_EVICTED].head;
    if (index == WEIR_NO_SLOT) {
        return false;
    }
    drop(weir, index, WEIR_REASON_OUTBID, next);
    return true;
}

/** Drops the request with the earliest deadline if it cannot be met any more. */
static bool drop_hopeless(struct weir *weir, struct weir_wait gate, struct weir_next *next) {
    uint32_t index = weir_heap_first(&weir->queue.deadlines);
    if (index == WEIR_NO_SLOT || !too_late(weir, gate.until_ns, weir->slots[index].deadline_ns)) {
        return false;
    }
    const struct weir_slot *slot = &weir->slots[index];
    bool expired = too_late(weir, weir->now_ns, slot->deadline_ns);
    enum weir_reason reason = slot->outbid ? WEIR_REASON_OUTBID : WEIR_REASON_DEADLINE;
    drop(weir, index, expired ? reason : gate.reason, next);
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

/** Looks at the head of a lane: sends or drops it (true), or notes in `next` what the first of all
 *  heads waits for and until when the earliest does. */
static bool try_head(struct weir *weir, uint32_t head, uint32_t free_connections,
                     struct weir_next *next) {
    struct weir_wait wait = wait_of_slot(weir, head);
    struct weir_slot *slot = &weir->slots[head];
    slot->outbid = wait.reason == WEIR_REASON_OUTBID;
    if (wait.until_ns == WEIR_NEVER || too_late(weir, wait.until_ns, slot->deadline_ns)) {
        if (!slot->outbid) {
            drop(weir, head, wait.reason, next);
            return true;
        }
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
    return false;
}

/** Whether the first of what entries dragged along should go before new entries. */
static bool protection_is_due(const struct weir *weir) {
    uint32_t head = weir->queue.lanes[WEIR_LANE_NORMAL].head;
    return weir->use.protect && head != WEIR_NO_SLOT &&
           weir->now_ns - weir->slots[head].queued_ns >= weir->due_span_ns;
}

/** The order in which heads are tried as a probe: the cheapest first, and of equals the one that
 *  matters least, since a probe may be refused and nobody knows when it is answered. */
static void order_for_probe(const struct weir *weir, bool scarce, enum weir_lane order[SERVED]) {
    static const enum weir_lane least_first[SERVED] = {
        WEIR_LANE_LOW, WEIR_LANE_NORMAL, WEIR_LANE_CRITICAL, WEIR_LANE_ENTRIES, WEIR_LANE_URGENT};
    int32_t weights[SERVED] = {0};
    for (size_t i = 0; i < SERVED; i++) {
        uint32_t head = head_of(weir, least_first[i], scarce);
        int32_t weight = head == WEIR_NO_SLOT ? INT32_MAX : weir->slots[head].cost.weight;
        size_t at = i;
        for (; at > 0 && weights[at - 1] > weight; at--) {
            weights[at] = weights[at - 1];
            order[at] = order[at - 1];
        }
        weights[at] = weight;
        order[at] = least_first[i];
    }
}

static void try_heads(struct weir *weir, uint32_t free_connections, struct weir_next *next) {
    static const enum weir_lane usual[SERVED] = {
        WEIR_LANE_URGENT, WEIR_LANE_ENTRIES, WEIR_LANE_CRITICAL, WEIR_LANE_NORMAL, WEIR_LANE_LOW};
    static const enum weir_lane due[SERVED] = {
        WEIR_LANE_URGENT, WEIR_LANE_NORMAL, WEIR_LANE_ENTRIES, WEIR_LANE_CRITICAL, WEIR_LANE_LOW};
    const enum weir_lane *order = protection_is_due(weir) ? due : usual;
    bool scarce = entries_compete(weir);
    enum weir_lane cheapest_first[SERVED];
    if (probe_is_next(weir)) {
        order_for_probe(weir, scarce, cheapest_first);
        order = cheapest_first;
    }
    for (size_t i = 0; i < SERVED; i++) {
        uint32_t head = head_of(weir, order[i], scarce);
        if (head != WEIR_NO_SLOT && try_head(weir, head, free_connections, next)) {
            return;
        }
    }
}

static enum weir_status weir_policy_next(void *self, int64_t now_ns, uint32_t free_connections,
                                         struct weir_next *next) {
    struct weir *weir = self;
    pass_time(weir, now_ns);
    if (drop_evicted(weir, next) || drop_hopeless(weir, weir_gate_wait(weir), next)) {
        return WEIR_OK;
    }
    *next = (struct weir_next){.kind = WEIR_NEXT_NONE, .ask_again_ns = next_by_itself(weir)};
    try_heads(weir, free_connections, next);
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
    if (slot_of(weir, id, WEIR_PLACE_QUEUED) == WEIR_NO_SLOT) {
        return WEIR_NO_SUCH;
    }
    pass_time(weir, now_ns);
    uint32_t index = slot_of(weir, id, WEIR_PLACE_QUEUED);
    weir_queue_remove(weir, index);
    weir_slot_return(weir, index);
    return WEIR_OK;
}

/** Numbers that are none are the caller's mistake; nothing is learned from them. */
static bool is_usable(const struct weir_observation *observation) {
    return observation->now_ns >= 0 && observation->price > 0 && observation->price < 1e18 &&
           observation->notional_usd > 0 && observation->notional_usd < 1e18;
}

static void weir_policy_observe(void *self, const struct weir_observation *observation) {
    struct weir *weir = self;
    if (is_usable(observation)) {
        struct weir_observation seen = *observation;
        pass_time(weir, seen.now_ns);
        seen.now_ns = weir->now_ns;
        weir_modes_observe(weir, &seen);
    }
}

static enum weir_status weir_policy_set_mode(void *self, int64_t now_ns, enum weir_mode mode,
                                             int64_t duration_ns) {
    pass_time(self, now_ns);
    return weir_modes_set(self, mode, duration_ns) ? WEIR_OK : WEIR_INVALID;
}

static bool weir_policy_poll_event(void *self, struct weir_event *event) {
    struct weir *weir = self;
    return weir_event_ring_take(&weir->events, event);
}

static void weir_policy_stats(const void *self, int64_t now_ns, struct weir_stats *stats) {
    weir_tell_stats(self, now_ns, stats);
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
    .flags = WEIR_POLICY_QUEUES | WEIR_POLICY_KEEPS_IDS,
    .name = "weir",
    .summary = "counts by the exchange's own windows, spends by value; priorities, holds and bans",
    .options = weir_options,
    .create = weir_create,
    .destroy = weir_destroy,
    .submit = weir_policy_submit,
    .next = weir_policy_next,
    .settle = weir_policy_settle,
    .cancel = weir_policy_cancel,
    .observe = weir_policy_observe,
    .poll_event = weir_policy_poll_event,
    .save = weir_policy_save,
    .restore = weir_policy_restore,
    .stats = weir_policy_stats,
    .set_mode = weir_policy_set_mode,
};
