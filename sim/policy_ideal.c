#include "policy_ideal.h"

#include <stdlib.h>
#include <string.h>

#include "exchange_tariff.h"

#define LATEST 0.001        /* uniform of a delay that one in a thousand exceeds */
#define EARLIEST 1.0        /* uniform of the smallest delay */
#define AGAIN_NS 20000000LL /* until it looks at the books again, where no window's end tells */
#define NOBODY UINT32_MAX

/** Queues, in order of who goes first. */
enum rank {
    RANK_ENTRY,      /* and what it needs before it */
    RANK_PROTECTION, /* that can still come in time */
    RANK_LATE,       /* protection that cannot */
    RANK_LOAD,       /* standing load and start-up: the bound has subtracted their room */
    RANK_OTHER
};
#define RANKS 5

/** A request in a queue or on the wire. */
struct waiting {
    uint64_t id;
    int64_t deadline_ns;
    int64_t order_ns; /* within its queue, the smallest first */
    struct weir_cost cost;
    uint32_t opportunity; /* of an entry, else NOBODY */
    uint32_t next;
    bool counted; /* it has arrived */
};

struct queue {
    uint32_t head, tail;
};

struct ideal {
    const struct weir_ideal_context *knows;
    struct exchange_tariff tariff;
    int64_t offset_ns; /* the caller's clock minus the exchange's */
    struct waiting *all;
    uint32_t free; /* list of unused ones */
    struct queue queues[RANKS];
    struct queue wire;
    int64_t *entries_left;   /* per slot: chosen and not sent yet */
    int64_t *orders_arrived; /* per slot: charged to the account */
    int64_t *load_before;    /* weight of the drawn load before number i of it */
};

static const struct weir_option options[] = {{.key = NULL}};

/* ---- making and freeing ---- */

static void ideal_destroy(void *self) {
    struct ideal *ideal = self;
    exchange_tariff_free(&ideal->tariff);
    free(ideal->all);
    free(ideal->entries_left);
    free(ideal->orders_arrived);
    free(ideal->load_before);
    free(ideal);
}

static const struct weir_bound *bound_of(const struct ideal *ideal) {
    return ideal->knows->stage->bound;
}

/** Slot that a chosen opportunity's entry is meant for, or WEIR_BOUND_NOT_CHOSEN. */
static uint32_t slot_of_entry(const struct ideal *ideal, uint32_t opportunity) {
    return bound_of(ideal)->choice[opportunity];
}

static bool take_memory(struct ideal *ideal, uint32_t max_open) {
    const struct weir_stage *stage = ideal->knows->stage;
    const uint32_t slots = bound_of(ideal)->grid.slots;
    ideal->all = calloc(max_open, sizeof *ideal->all);
    ideal->entries_left = calloc(slots, sizeof *ideal->entries_left);
    ideal->orders_arrived = calloc(slots, sizeof *ideal->orders_arrived);
    ideal->load_before = calloc(stage->load_count + 1, sizeof *ideal->load_before);
    return ideal->all && ideal->entries_left && ideal->orders_arrived && ideal->load_before &&
           exchange_tariff_make(&ideal->tariff);
}

static void look_ahead(struct ideal *ideal, uint32_t max_open) {
    const struct weir_stage *stage = ideal->knows->stage;
    /* one less than may be open: a request too many is refused here */
    for (uint32_t i = 0; i + 1 < max_open; i++) {
        ideal->all[i].next = i + 2 < max_open ? i + 1 : NOBODY;
    }
    ideal->free = max_open > 1 ? 0 : NOBODY;
    for (uint32_t i = 0; i < ideal->knows->ledger->opportunity_count; i++) {
        const uint32_t slot = slot_of_entry(ideal, i);
        if (slot != WEIR_BOUND_NOT_CHOSEN) {
            ideal->entries_left[slot]++;
        }
    }
    for (size_t i = 0; i < stage->load_count; i++) {
        ideal->load_before[i + 1] = ideal->load_before[i] + stage->load[i].cost.weight;
    }
}

static enum weir_status ideal_create(const struct weir_config *config, void **self,
                                     struct weir_error *error) {
    struct ideal *ideal = calloc(1, sizeof *ideal);
    if (ideal) {
        ideal->knows = config->context;
        for (int c = 0; c < RANKS; c++) {
            ideal->queues[c] = (struct queue){NOBODY, NOBODY};
        }
        ideal->wire = (struct queue){NOBODY, NOBODY};
    }
    if (!ideal || (ideal->knows && !take_memory(ideal, config->max_open))) {
        if (ideal) {
            ideal_destroy(ideal);
        }
        if (error) {
            *error = (struct weir_error){.status = WEIR_NO_MEMORY, .text = "no memory for ideal"};
        }
        return WEIR_NO_MEMORY;
    }
    if (ideal->knows) {
        const struct weir_stage *stage = ideal->knows->stage;
        ideal->offset_ns = (int64_t)(stage->scenario->bot.clock_offset_ms * 1e6);
        look_ahead(ideal, config->max_open);
    }
    *self = ideal;
    return WEIR_OK;
}

/* ---- queues ---- */

/** Puts a request behind all that come before it in order. */
static void enqueue(struct ideal *ideal, struct queue *queue, uint32_t place) {
    struct waiting *all = ideal->all;
    if (queue->head == NOBODY || all[place].order_ns < all[queue->head].order_ns) {
        all[place].next = queue->head;
        queue->tail = queue->head == NOBODY ? place : queue->tail;
        queue->head = place;
        return;
    }
    uint32_t before = all[queue->tail].order_ns <= all[place].order_ns ? queue->tail : queue->head;
    while (all[before].next != NOBODY && all[all[before].next].order_ns <= all[place].order_ns) {
        before = all[before].next;
    }
    all[place].next = all[before].next;
    all[before].next = place;
    queue->tail = queue->tail == before ? place : queue->tail;
}

/** Takes out the request of an id; NOBODY if it is not there. */
static uint32_t dequeue(struct ideal *ideal, struct queue *queue, uint64_t id) {
    uint32_t before = NOBODY;
    for (uint32_t at = queue->head; at != NOBODY; before = at, at = ideal->all[at].next) {
        if (ideal->all[at].id != id) {
            continue;
        }
        if (before == NOBODY) {
            queue->head = ideal->all[at].next;
        } else {
            ideal->all[before].next = ideal->all[at].next;
        }
        queue->tail = queue->tail == at ? before : queue->tail;
        return at;
    }
    return NOBODY;
}

static void set_free(struct ideal *ideal, uint32_t place) {
    ideal->all[place].next = ideal->free;
    ideal->free = place;
}

/* ---- the exchange's books ---- */

/** What is used of the windows around one time of arrival, or kept for what is sure to come. */
struct room {
    int64_t weight, orders, orders_10s;
};

/** Counts what has arrived since it was last asked, and sums up what is still on its way. */
static struct weir_usage look_at_wire(struct ideal *ideal) {
    struct weir_usage flying = {0, 0};
    for (uint32_t at = ideal->wire.head; at != NOBODY; at = ideal->all[at].next) {
        struct waiting *w = &ideal->all[at];
        const struct weir_request_record *r = &ideal->knows->ledger->requests[w->id - 1];
        if (!r->arrived_ns) {
            flying.weight += w->cost.weight;
            flying.orders += w->cost.orders;
        } else if (!w->counted) {
            const uint32_t slot = weir_bound_slot(&bound_of(ideal)->grid, r->arrived_ns);
            ideal->orders_arrived[slot] += slot != UINT32_MAX ? r->charged_orders : 0;
            w->counted = true;
        }
    }
    return flying;
}

/** Weight of the drawn load that arrives after `from_ns` and before `until_ns`. */
static int64_t load_between(const struct ideal *ideal, int64_t from_ns, int64_t until_ns) {
    const struct weir_stage *stage = ideal->knows->stage;
    int64_t ends[2] = {from_ns + 1, until_ns};
    size_t at[2];
    for (int i = 0; i < 2; i++) {
        size_t low = 0;
        size_t high = stage->load_count;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            if (stage->load[middle].arrived_ns < ends[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        at[i] = low;
    }
    return at[1] > at[0] ? ideal->load_before[at[1]] - ideal->load_before[at[0]] : 0;
}

/** What is left of the windows that hold an arrival in `slot`, without what is on its way. */
static struct room left_in(struct ideal *ideal, int64_t now_ns, uint32_t slot,
                           struct weir_usage flying) {
    const struct weir_bound_grid *grid = &bound_of(ideal)->grid;
    struct weir_exchange *exchange = ideal->knows->exchange;
    struct weir_limit limits[WEIR_LIMITS_MAX];
    const size_t count = weir_exchange_limits(exchange, limits);
    const bool sliding =
        ideal->knows->stage->scenario->exchange.rules.window == WEIR_WINDOW_SLIDING;
    const uint32_t here = weir_bound_slot(grid, now_ns);
    const bool same_minute = sliding || slot / grid->per_minute == here / grid->per_minute;
    struct room left = {INT64_MAX, INT64_MAX, INT64_MAX};
    for (size_t i = 0; i < count; i++) {
        if (limits[i].type == WEIR_LIMIT_WEIGHT) {
            left.weight = limits[i].limit - flying.weight -
                          (same_minute ? weir_exchange_used_weight(exchange, 0, now_ns) : 0);
        } else if (limits[i].interval_ns > grid->slot_ns || grid->per_minute == 1) {
            left.orders = limits[i].limit - flying.orders -
                          (same_minute ? weir_exchange_used_orders(exchange, 0, now_ns) : 0);
        } else {
            left.orders_10s = limits[i].limit - flying.orders - ideal->orders_arrived[slot] -
                              (sliding && slot > 0 ? ideal->orders_arrived[slot - 1] : 0);
        }
    }
    return left;
}

/** Takes away what a rank must leave: the entries still to come, and for all but the drawn load
 *  itself that load too. */
static void keep_room(const struct ideal *ideal, int64_t now_ns, uint32_t slot, enum rank rank,
                      struct room *left) {
    const struct weir_bound *b = bound_of(ideal);
    if (rank == RANK_ENTRY) {
        return;
    }
    const uint32_t first = slot / b->grid.per_minute * b->grid.per_minute;
    int64_t entries = 0;
    for (uint32_t s = first; s < first + b->grid.per_minute; s++) {
        entries += ideal->entries_left[s];
    }
    left->weight -= entries * b->entry.weight;
    left->orders -= entries * b->entry.orders;
    left->orders_10s -= ideal->entries_left[slot] * b->entry.orders;
    if (rank != RANK_LOAD) {
        const int64_t end_ns = b->grid.first_ns + (first + b->grid.per_minute) * b->grid.slot_ns;
        left->weight -= load_between(ideal, now_ns, end_ns);
    }
}

/** Whether a request fits wherever it may arrive if it goes now. */
static bool fits(struct ideal *ideal, int64_t now_ns, const struct waiting *w, enum rank rank) {
    const struct weir_network *network = ideal->knows->stage->network;
    const struct weir_bound_grid *grid = &bound_of(ideal)->grid;
    const struct weir_usage flying = look_at_wire(ideal);
    const uint32_t first =
        weir_bound_slot(grid, now_ns + weir_network_delay_ns(network, now_ns, EARLIEST));
    const uint32_t last =
        weir_bound_slot(grid, now_ns + weir_network_delay_ns(network, now_ns, LATEST));
    if (first == UINT32_MAX || last == UINT32_MAX) {
        return true; /* the run is over by then */
    }
    bool ok = true;
    for (uint32_t slot = first; ok && slot <= last; slot++) {
        struct room left = left_in(ideal, now_ns, slot, flying);
        keep_room(ideal, now_ns, slot, rank, &left);
        ok = (w->cost.weight == 0 || w->cost.weight <= left.weight) &&
             (w->cost.orders == 0 ||
              (w->cost.orders <= left.orders && w->cost.orders <= left.orders_10s));
    }
    return ok;
}

/* ---- deciding ---- */

static struct weir_cost cost_of(const struct ideal *ideal, const struct weir_request *request) {
    const struct weir_exchange_request asked = {.endpoint = request->endpoint,
                                                .params = request->params};
    return exchange_tariff_cost(&ideal->knows->stage->scenario->exchange.rules,
                                exchange_tariff_kind(&ideal->tariff, request->endpoint), &asked);
}

static const struct weir_step *step_of(const struct ideal *ideal,
                                       const struct weir_request_record *r) {
    return &ideal->knows->stage->hunts[0].strategy->steps[r->purpose][r->step];
}

static enum rank rank_of(const struct weir_request_record *r) {
    switch ((enum weir_purpose)r->purpose) {
    case WEIR_FOR_OPPORTUNITY:
        return RANK_ENTRY;
    case WEIR_FOR_FILL:
        return RANK_PROTECTION;
    case WEIR_FOR_STANDING:
    case WEIR_FOR_STARTUP:
        return RANK_LOAD;
    case WEIR_FOR_UNFILLED:
    case WEIR_FOR_CLOSED:
        break;
    }
    return RANK_OTHER;
}

/** An entry is over: sent, or it never will be. */
static void forget_entry(struct ideal *ideal, const struct waiting *w) {
    const uint32_t slot =
        w->opportunity != NOBODY ? slot_of_entry(ideal, w->opportunity) : WEIR_BOUND_NOT_CHOSEN;
    if (slot != WEIR_BOUND_NOT_CHOSEN && ideal->entries_left[slot] > 0) {
        ideal->entries_left[slot]--;
    }
}

/** Whether a request that can be done without stands in the way of those that cannot, because it
 *  cannot go at once: the order book before an entry, specifications before protection. Not so
 * cancels: without them the stops of a symbol run out, and protection is refused. */
static bool stands_in_way(struct ideal *ideal, int64_t now_ns, const struct weir_request *request,
                          const struct weir_request_record *r, const struct waiting *w) {
    if (r->purpose > WEIR_FOR_FILL || step_of(ideal, r)->on_failure != WEIR_FAILURE_CONTINUES ||
        step_of(ideal, r)->effect != WEIR_EFFECT_NONE) {
        return false;
    }
    return !request->can_send || ideal->queues[RANK_ENTRY].head != NOBODY ||
           ideal->queues[RANK_PROTECTION].head != NOBODY || !fits(ideal, now_ns, w, RANK_OTHER);
}

/** Entries go by their windows, behind what they need; protection by when it would be late. */
static int64_t order_of(const struct ideal *ideal, const struct weir_request_record *r,
                        uint32_t slot) {
    const struct weir_bound_grid *grid = &bound_of(ideal)->grid;
    const struct weir_ledger *ledger = ideal->knows->ledger;
    switch ((int)r->purpose) {
    case WEIR_FOR_OPPORTUNITY:
        return step_of(ideal, r)->effect == WEIR_EFFECT_ENTRY
                   ? grid->first_ns + (int64_t)slot * grid->slot_ns
                   : 0;
    case WEIR_FOR_FILL:
        return ledger->opportunities[r->opportunity].filled_ns + ledger->facts.protect_within_ns;
    default:
        return r->submitted_ns;
    }
}

static enum weir_status ideal_submit(void *self, int64_t now_ns, const struct weir_request *request,
                                     struct weir_decision *decision) {
    struct ideal *ideal = self;
    *decision = (struct weir_decision){.answer = WEIR_REFUSE, .reason = WEIR_REASON_OUTBID};
    if (!ideal->knows || !request->may_queue || ideal->free == NOBODY) {
        decision->reason = WEIR_REASON_QUEUE_FULL;
        return WEIR_OK;
    }
    const struct weir_request_record *r = &ideal->knows->ledger->requests[request->id - 1];
    const enum rank rank = rank_of(r);
    const uint32_t slot = rank == RANK_ENTRY ? slot_of_entry(ideal, r->opportunity) : 0;
    if (slot == WEIR_BOUND_NOT_CHOSEN) {
        return WEIR_OK;
    }
    const bool is_entry = rank == RANK_ENTRY && step_of(ideal, r)->effect == WEIR_EFFECT_ENTRY;
    const struct waiting w = {.id = request->id,
                              .deadline_ns = r->deadline_ns,
                              .order_ns = order_of(ideal, r, slot),
                              .cost = cost_of(ideal, request),
                              .opportunity = is_entry ? r->opportunity : NOBODY};
    if (stands_in_way(ideal, now_ns - ideal->offset_ns, request, r, &w)) {
        decision->reason = WEIR_REASON_ORDERING;
        return WEIR_OK;
    }
    const uint32_t place = ideal->free;
    ideal->free = ideal->all[place].next;
    ideal->all[place] = w;
    enqueue(ideal, &ideal->queues[rank], place);
    decision->answer = WEIR_QUEUE;
    decision->reason = WEIR_REASON_ORDERING;
    return WEIR_OK;
}

/** When the next window begins, as seen from here. */
static int64_t next_window_ns(const struct ideal *ideal, int64_t now_ns) {
    const struct weir_bound_grid *grid = &bound_of(ideal)->grid;
    const int64_t delay_ns = weir_network_delay_ns(ideal->knows->stage->network, now_ns, EARLIEST);
    const int64_t arrives_ns = now_ns + delay_ns;
    const int64_t begins_ns =
        arrives_ns + grid->slot_ns - (arrives_ns - grid->first_ns) % grid->slot_ns - delay_ns;
    return begins_ns < now_ns + AGAIN_NS ? begins_ns : now_ns + AGAIN_NS;
}

/** Protection that can no longer be in time lets the others pass. */
static void pass_late(struct ideal *ideal, int64_t arrives_ns) {
    struct queue *queue = &ideal->queues[RANK_PROTECTION];
    while (queue->head != NOBODY && ideal->all[queue->head].order_ns < arrives_ns) {
        const uint32_t place = dequeue(ideal, queue, ideal->all[queue->head].id);
        enqueue(ideal, &ideal->queues[RANK_LATE], place);
    }
}

/** What the first of a queue may do. */
static void consider(struct ideal *ideal, int64_t now_ns, enum rank rank, struct weir_next *next) {
    struct queue *queue = &ideal->queues[rank];
    const struct waiting *w = &ideal->all[queue->head];
    const int64_t arrives_ns =
        now_ns + weir_network_delay_ns(ideal->knows->stage->network, now_ns, EARLIEST);
    int64_t again_ns = next_window_ns(ideal, now_ns);
    if (w->deadline_ns < arrives_ns) {
        *next =
            (struct weir_next){.kind = WEIR_NEXT_DROP, .reason = WEIR_REASON_DEADLINE, .id = w->id};
    } else if (rank == RANK_ENTRY && w->order_ns > arrives_ns) {
        next->reason = WEIR_REASON_ORDERING;
        again_ns = w->order_ns - (arrives_ns - now_ns);
    } else if (fits(ideal, now_ns, w, rank)) {
        *next = (struct weir_next){.kind = WEIR_NEXT_SEND,
                                   .id = w->id,
                                   .booked_weight = w->cost.weight,
                                   .booked_orders = w->cost.orders};
    } else {
        next->reason = WEIR_REASON_ORDERS;
    }
    if (next->kind == WEIR_NEXT_NONE && again_ns < next->ask_again_ns) {
        next->ask_again_ns = again_ns > now_ns ? again_ns : now_ns + 1;
    }
}

/** Moves the request that goes, or is dropped, out of its queue. */
static void release(struct ideal *ideal, enum rank rank, const struct weir_next *next) {
    const uint32_t place = dequeue(ideal, &ideal->queues[rank], next->id);
    forget_entry(ideal, &ideal->all[place]);
    if (next->kind == WEIR_NEXT_SEND) {
        enqueue(ideal, &ideal->wire, place);
    } else {
        set_free(ideal, place);
    }
}

static enum weir_status ideal_next(void *self, int64_t now_ns, uint32_t free_connections,
                                   struct weir_next *next) {
    struct ideal *ideal = self;
    *next = (struct weir_next){.kind = WEIR_NEXT_NONE, .ask_again_ns = WEIR_NEVER};
    if (!ideal->knows || free_connections == 0) {
        next->reason = WEIR_REASON_CONNECTION;
        return WEIR_OK;
    }
    now_ns -= ideal->offset_ns;
    const int64_t banned_ns = weir_exchange_banned_until(ideal->knows->exchange, 0, now_ns);
    if (banned_ns > now_ns) {
        next->reason = WEIR_REASON_BANNED;
        next->ask_again_ns = banned_ns + ideal->offset_ns;
        return WEIR_OK;
    }
    pass_late(ideal,
              now_ns + weir_network_delay_ns(ideal->knows->stage->network, now_ns, EARLIEST));
    for (int rank = 0; rank < RANKS && next->kind == WEIR_NEXT_NONE; rank++) {
        if (ideal->queues[rank].head != NOBODY) {
            consider(ideal, now_ns, (enum rank)rank, next);
            if (next->kind != WEIR_NEXT_NONE) {
                release(ideal, (enum rank)rank, next);
            }
        }
    }
    if (next->kind == WEIR_NEXT_NONE && next->ask_again_ns != WEIR_NEVER) {
        next->ask_again_ns += ideal->offset_ns;
    }
    return WEIR_OK;
}

static enum weir_status ideal_settle(void *self, const struct weir_reply *reply,
                                     struct weir_settlement *settlement) {
    struct ideal *ideal = self;
    look_at_wire(ideal);
    const uint32_t place = dequeue(ideal, &ideal->wire, reply->id);
    if (place == NOBODY) {
        return WEIR_NO_SUCH;
    }
    const struct weir_cost cost = ideal->all[place].cost;
    *settlement =
        (struct weir_settlement){.booked_weight = cost.weight, .booked_orders = cost.orders};
    set_free(ideal, place);
    return WEIR_OK;
}

static enum weir_status ideal_cancel(void *self, int64_t now_ns, uint64_t id) {
    (void)now_ns;
    struct ideal *ideal = self;
    for (int rank = 0; rank < RANKS; rank++) {
        const uint32_t place = dequeue(ideal, &ideal->queues[rank], id);
        if (place != NOBODY) {
            forget_entry(ideal, &ideal->all[place]);
            set_free(ideal, place);
            return WEIR_OK;
        }
    }
    return WEIR_NO_SUCH;
}

const struct weir_policy weir_policy_ideal = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .flags = WEIR_POLICY_QUEUES,
    .name = "ideal",
    .summary = "a reference, not a limiter: knows the future and sends what the bound chose",
    .options = options,
    .create = ideal_create,
    .destroy = ideal_destroy,
    .submit = ideal_submit,
    .next = ideal_next,
    .settle = ideal_settle,
    .cancel = ideal_cancel,
};

const struct weir_policy *const weir_simulator_policies[] = {&weir_policy_ideal, NULL};

struct weir_policy weir_policy_ideal_with(const struct weir_ideal_context *context) {
    struct weir_policy policy = weir_policy_ideal;
    policy.context = context;
    return policy;
}
