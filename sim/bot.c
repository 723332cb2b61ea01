#include "bot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY 0U /* request ids start at 1 */

/* Tokens: kind in bits 56 to 59, the rest by kind. */
enum wake_kind {
    WAKE_STEP,
    WAKE_HOLD,
    WAKE_REST,
    WAKE_NEXT,
    WAKE_LOOP
};
#define KIND_SHIFT 56

#define RETRY_DOUBLINGS 4U

/** Where a request is. */
enum place {
    PLACE_NEW,
    PLACE_LINE,
    PLACE_HELD,
    PLACE_QUEUE,
    PLACE_WIRE,
    PLACE_RESTING,
    PLACE_DONE
};

/** What the bot knows of a request beside its record. */
struct flight {
    uint64_t memo;
    int64_t since_ns; /* when it came to its place */
    uint32_t next;    /* in line */
    uint32_t holds;
    uint8_t place;
    uint8_t reason; /* why it is held */
};

struct line {
    uint32_t head, tail;
};

/** How long the way has been blocked by each cause, for all who wait there: each takes the
 *  difference between when it came and when it goes. */
struct wait_clock {
    int64_t ns[WEIR_CAUSES];
    int64_t since_ns;
    enum weir_cause cause;
};

/** What the bot keeps per opportunity. */
struct entry {
    double price;    /* of a LIMIT entry */
    bool started;    /* its chain is going */
    bool book_known; /* the order book request succeeded */
};

struct weir_bot {
    struct weir_bot_parts parts;
    int64_t offset_ns; /* bot's clock minus exchange's */
    bool queues;       /* the policy keeps a queue for requests without a connection too */
    bool asks_next;    /* the policy may queue */
    bool loop;
    uint32_t free_connections;
    int16_t *connections; /* stack of free connections */
    struct flight *flights;
    size_t flight_capacity;
    struct line lines[WEIR_PRIORITIES];
    struct entry *entries;
    bool *tranche_protected; /* 2 × symbol + buy */
    bool *symbol_seen;
    size_t startup_next;
    int64_t next_wake_ns;
    int64_t start_ns;
    bool pumping, pump_again, serving;
    struct wait_clock queue_clock;  /* of the policy's queue: what its head waits for */
    struct wait_clock line_clock;   /* of the line: what occupies the connections */
    uint32_t occupied[WEIR_CAUSES]; /* connections that are held or rest, by what for */
    uint32_t idle;                  /* all of these */
    uint32_t connection_count;
    const char *failure;
};

static void run_step(struct weir_bot *bot, int64_t now_ns, int chain, uint32_t opportunity,
                     size_t step, uint32_t attempt, bool delayed);
static void pump(struct weir_bot *bot, int64_t now_ns);
static void serve_line(struct weir_bot *bot, int64_t now_ns);
static void next_startup(struct weir_bot *bot, int64_t now_ns);

struct weir_bot *weir_bot_create(const struct weir_bot_parts *parts) {
    struct weir_bot *bot = calloc(1, sizeof *bot);
    if (!bot) {
        return NULL;
    }
    bot->parts = *parts;
    bot->offset_ns = (int64_t)(parts->settings->clock_offset_ms * 1e6);
    bot->queues = (weir_limiter_policy(parts->limiter)->flags & WEIR_POLICY_QUEUES) != 0;
    bot->asks_next = weir_limiter_policy(parts->limiter)->next != NULL;
    bot->loop = parts->settings->call_path == WEIR_PATH_LOOP;
    bot->next_wake_ns = WEIR_NEVER;
    bot->free_connections = bot->loop ? 1 : (uint32_t)parts->settings->connections;
    bot->connection_count = bot->free_connections;
    bot->line_clock.cause = WEIR_CAUSE_CONNECTIONS;
    bot->queue_clock.cause = WEIR_CAUSE_POLICY;
    bot->connections = calloc(bot->free_connections, sizeof *bot->connections);
    bot->flight_capacity = parts->ledger->request_capacity;
    bot->flights = calloc(bot->flight_capacity, sizeof *bot->flights);
    bot->entries = calloc(parts->opportunity_count + 1, sizeof *bot->entries);
    bot->tranche_protected =
        calloc(2 * (size_t)parts->symbol_count + 1, sizeof *bot->tranche_protected);
    bot->symbol_seen = calloc((size_t)parts->symbol_count + 1, sizeof *bot->symbol_seen);
    if (!bot->connections || !bot->flights || !bot->entries || !bot->tranche_protected ||
        !bot->symbol_seen) {
        weir_bot_destroy(bot);
        return NULL;
    }
    for (uint32_t i = 0; i < bot->free_connections; i++) {
        bot->connections[i] = (int16_t)(bot->free_connections - 1 - i);
    }
    return bot;
}

void weir_bot_destroy(struct weir_bot *bot) {
    if (bot) {
        free(bot->connections);
        free(bot->flights);
        free(bot->entries);
        free(bot->tranche_protected);
        free(bot->symbol_seen);
        free(bot);
    }
}

static struct weir_request_record *record_of(const struct weir_bot *bot, uint32_t id) {
    return weir_ledger_request(bot->parts.ledger, id);
}

static struct flight *flight_of(const struct weir_bot *bot, uint32_t id) {
    return &bot->flights[id - 1];
}

static struct weir_opportunity_record *opportunity_of(const struct weir_bot *bot,
                                                      const struct weir_request_record *r) {
    return r->purpose == WEIR_FOR_OPPORTUNITY ? &bot->parts.ledger->opportunities[r->opportunity]
                                              : NULL;
}

static size_t tranche_index(const struct weir_bot *bot, uint32_t opportunity) {
    const struct weir_opportunity *o = &bot->parts.opportunities[opportunity];
    return 2 * (size_t)o->symbol + (o->side == WEIR_SIDE_SELL ? 1 : 0);
}

const struct weir_step *weir_bot_step(const struct weir_bot *bot,
                                      const struct weir_request_record *r) {
    return r->purpose <= WEIR_FOR_CLOSED ? &bot->parts.strategy->steps[r->purpose][r->step] : NULL;
}

bool weir_bot_entry_is_market(const struct weir_bot *bot, uint32_t opportunity) {
    return bot->parts.settings->cascade != WEIR_CASCADE_ORIGINAL &&
           bot->parts.opportunities[opportunity].in_cascade;
}

double weir_bot_entry_price(const struct weir_bot *bot, uint32_t opportunity) {
    return bot->entries[opportunity].price;
}

const char *weir_bot_failure(const struct weir_bot *bot) {
    return bot->failure;
}

/** Notes a failure of the policy, the first one; the host ends the run. */
static bool broke(struct weir_bot *bot, enum weir_status status) {
    if (status && !bot->failure) {
        bot->failure = status == WEIR_BROKEN ? weir_failure(bot->parts.limiter)
                                             : "the policy broke the life of a request";
    }
    return status != WEIR_OK;
}

static void drain_events(struct weir_bot *bot) {
    struct weir_event event;
    while (weir_poll_event(bot->parts.limiter, &event)) {
        event.time_ns -= bot->offset_ns;
        event.until_ns -= event.until_ns == WEIR_NEVER ? 0 : bot->offset_ns;
        weir_ledger_add_state(bot->parts.ledger, bot->parts.client, &event);
    }
}

/* ---- waiting, and what for ---- */

static void add_wait(struct weir_bot *bot, const struct weir_request_record *r,
                     enum weir_cause cause, int64_t wait_ns) {
    struct weir_opportunity_record *o = opportunity_of(bot, r);
    if (o) {
        o->waits_ns[cause] += wait_ns;
    }
}

/** Brings a clock up to date; from now on the way is blocked by `cause`. */
static void turn_clock(struct wait_clock *clock, int64_t now_ns, enum weir_cause cause) {
    clock->ns[clock->cause] += now_ns - clock->since_ns;
    clock->since_ns = now_ns;
    clock->cause = cause;
}

/** Adds a clock to an opportunity's waits: with sign -1 when its request comes to wait, +1 when it
 *  goes. */
static void count_clock(struct weir_bot *bot, struct wait_clock *clock, int64_t now_ns,
                        const struct weir_request_record *r, int64_t sign) {
    turn_clock(clock, now_ns, clock->cause);
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        add_wait(bot, r, (enum weir_cause)cause, sign * clock->ns[cause]);
    }
}

/** A connection begins (+1) or ceases (-1) to be held or to rest for a cause. If most of them do,
 *  it is not their number that those in line wait for. */
static void occupy(struct weir_bot *bot, int64_t now_ns, enum weir_cause cause, int change) {
    bot->occupied[cause] += (uint32_t)change;
    bot->idle += (uint32_t)change;
    enum weir_cause blocks = WEIR_CAUSE_CONNECTIONS;
    if (2 * bot->idle > bot->connection_count) {
        blocks = WEIR_CAUSE_FEED; /* holds nobody up here: any other beats it */
        for (int c = 0; c < WEIR_CAUSES; c++) {
            blocks = bot->occupied[c] > bot->occupied[blocks] ? (enum weir_cause)c : blocks;
        }
    }
    turn_clock(&bot->line_clock, now_ns, blocks);
}

/* ---- connections ---- */

static void take_connection(struct weir_bot *bot, struct weir_request_record *r) {
    if (r->connection == WEIR_NO_VALUE) {
        assert(bot->free_connections > 0);
        r->connection = bot->connections[--bot->free_connections];
    }
}

static void drop_connection(struct weir_bot *bot, struct weir_request_record *r) {
    if (r->connection != WEIR_NO_VALUE) {
        bot->connections[bot->free_connections++] = r->connection;
    }
    if (!r->sent_ns) {
        r->connection = WEIR_NO_VALUE;
    }
}

/** A connection became free: whoever waits goes on. */
static void use_connections(struct weir_bot *bot, int64_t now_ns) {
    pump(bot, now_ns);
    if (!bot->queues) {
        serve_line(bot, now_ns);
    }
}

/* ---- the end of a request ---- */

/** An opportunity whose chain ended before its entry was sent. */
static void give_up_opportunity(struct weir_bot *bot, const struct weir_request_record *r) {
    struct weir_opportunity_record *o = opportunity_of(bot, r);
    if (!o || o->state != WEIR_STATE_OPEN) {
        return;
    }
    switch ((enum weir_outcome)r->outcome) {
    case WEIR_OUTCOME_REFUSED:
        o->state = r->reason == WEIR_REASON_DEADLINE ? WEIR_STATE_EXPIRED : WEIR_STATE_REFUSED;
        o->reason = r->reason;
        o->blame = r->reason == WEIR_REASON_DEADLINE
                       ? (uint8_t)weir_longest_wait(o)
                       : (uint8_t)weir_cause_of_reason((enum weir_reason)r->reason);
        break;
    case WEIR_OUTCOME_TIMEOUT:
        o->state = WEIR_STATE_LOST;
        o->blame = WEIR_CAUSE_DELAY;
        break;
    case WEIR_OUTCOME_EXPIRED:
    case WEIR_OUTCOME_UNFINISHED:
    case WEIR_OUTCOME_OPEN:
        o->state = WEIR_STATE_EXPIRED;
        o->blame = (uint8_t)weir_longest_wait(o);
        break;
    case WEIR_OUTCOME_OK:
    case WEIR_OUTCOME_LIMITED:
    case WEIR_OUTCOME_BANNED:
    case WEIR_OUTCOME_INVALID:
    case WEIR_OUTCOME_UNAVAILABLE:
        o->state = WEIR_STATE_REJECTED;
        o->blame = WEIR_CAUSE_EXCHANGE;
        break;
    }
}

static int64_t entry_deadline_ns(const struct weir_bot *bot, const struct weir_opportunity *o) {
    return o->time_ns + (int64_t)(bot->parts.settings->opportunity_window_ms * 1e6);
}

/** Goes on with a step of a chain at that time. */
static void wake_for_step(struct weir_bot *bot, int64_t at_ns, int chain, uint32_t opportunity,
                          size_t step, uint32_t attempt) {
    const uint64_t token = ((uint64_t)WAKE_STEP << KIND_SHIFT) | ((uint64_t)chain << 53) |
                           ((uint64_t)step << 48) | ((uint64_t)(attempt & 0xffff) << 32) |
                           opportunity;
    bot->parts.host.wake(bot->parts.host.context, at_ns, token);
}

/** Time to the next attempt: doubles with each, up to RETRY_DOUBLINGS times. */
static int64_t retry_after_ns(const struct weir_step *step, uint32_t attempt) {
    const uint32_t doublings = attempt - 1 < RETRY_DOUBLINGS ? attempt - 1 : RETRY_DOUBLINGS;
    return step->retry_ns << doublings;
}

/** Whether the next attempt at an entry would come after its opportunity is over. */
static bool retries_too_late(const struct weir_bot *bot, int64_t now_ns,
                             const struct weir_request_record *r, const struct weir_step *step) {
    return r->purpose == WEIR_FOR_OPPORTUNITY &&
           now_ns + retry_after_ns(step, r->attempt) >
               entry_deadline_ns(bot, &bot->parts.opportunities[r->opportunity]);
}

/** What the strategy does after a step. */
static void follow(struct weir_bot *bot, int64_t now_ns, uint32_t id) {
    const struct weir_request_record r = *record_of(bot, id);
    const struct weir_step *step = weir_bot_step(bot, &r);
    if (!step) {
        if (r.purpose == WEIR_FOR_STARTUP) {
            next_startup(bot, now_ns);
        }
        return;
    }
    const bool ok = r.outcome == WEIR_OUTCOME_OK;
    if (ok && step->effect == WEIR_EFFECT_PROTECT) {
        bot->tranche_protected[tranche_index(bot, r.opportunity)] = true;
    }
    if (ok && r.purpose == WEIR_FOR_OPPORTUNITY && step->effect == WEIR_EFFECT_NONE) {
        bot->entries[r.opportunity].book_known = true;
    }
    if (ok || step->on_failure == WEIR_FAILURE_CONTINUES) {
        run_step(bot, now_ns, r.purpose, r.opportunity, (size_t)r.step + 1, r.attempt, false);
    } else if (step->on_failure == WEIR_FAILURE_RETRIES &&
               !retries_too_late(bot, now_ns, &r, step)) {
        /* the whole chain again: what stood when it began may have changed */
        wake_for_step(bot, now_ns + retry_after_ns(step, r.attempt), r.purpose, r.opportunity, 0,
                      r.attempt + 1);
    } else {
        give_up_opportunity(bot, &r);
    }
}

/** Closes a request in the ledger that was never sent, and goes on with what follows. */
static void finish_unsent(struct weir_bot *bot, int64_t now_ns, uint32_t id,
                          enum weir_outcome outcome, enum weir_reason reason) {
    struct weir_request_record *r = record_of(bot, id);
    r->outcome = (uint8_t)outcome;
    r->reason = (uint8_t)reason;
    r->finished_ns = now_ns;
    drop_connection(bot, r);
    flight_of(bot, id)->place = PLACE_DONE;
    follow(bot, now_ns, id);
}

/* ---- asking the policy ---- */

static void transmit(struct weir_bot *bot, int64_t now_ns, uint32_t id, int32_t weight,
                     int32_t orders) {
    struct weir_request_record *r = record_of(bot, id);
    take_connection(bot, r);
    r->sent_ns = now_ns;
    r->booked_weight = weight;
    r->booked_orders = orders;
    flight_of(bot, id)->place = PLACE_WIRE;
    bot->parts.host.send(bot->parts.host.context, id);
}

static int64_t shifted(int64_t time_ns, int64_t offset_ns) {
    return time_ns == WEIR_NEVER || time_ns == 0 ? time_ns : time_ns + offset_ns;
}

static void fill_in_request(const struct weir_bot *bot, uint32_t id, struct weir_request *request) {
    const struct weir_request_record *r = record_of(bot, id);
    const struct flight *f = flight_of(bot, id);
    int64_t escalate_ns = WEIR_NEVER;
    if (r->purpose == WEIR_FOR_FILL && weir_bot_step(bot, r)->effect == WEIR_EFFECT_PROTECT) {
        escalate_ns = bot->parts.ledger->opportunities[r->opportunity].filled_ns +
                      (int64_t)(bot->parts.settings->protect_within_ms * 1e6);
    }
    *request = (struct weir_request){.id = id,
                                     .endpoint = r->endpoint,
                                     .params = r->params,
                                     .priority = (enum weir_priority)r->priority,
                                     .holds = f->holds,
                                     .deadline_ns = shifted(r->deadline_ns, bot->offset_ns),
                                     .escalate_ns = shifted(escalate_ns, bot->offset_ns),
                                     .value = r->value,
                                     .memo = f->memo,
                                     .can_send = r->connection != WEIR_NO_VALUE ||
                                                 bot->free_connections > 0,
                                     .may_queue = bot->asks_next};
}

/** A refused entry would have waited until its deadline, or until it might have gone. */
static void count_refusal(struct weir_bot *bot, int64_t now_ns, const struct weir_request_record *r,
                          enum weir_reason reason, int64_t until_ns) {
    int64_t end_ns = r->deadline_ns == WEIR_NEVER ? now_ns : r->deadline_ns;
    end_ns = until_ns > now_ns && until_ns < end_ns ? until_ns : end_ns;
    if (end_ns > now_ns) {
        add_wait(bot, r, weir_cause_of_reason(reason), end_ns - now_ns);
    }
}

static void hold(struct weir_bot *bot, int64_t now_ns, uint32_t id, const struct weir_decision *d,
                 int64_t until_ns) {
    struct flight *f = flight_of(bot, id);
    take_connection(bot, record_of(bot, id));
    f->place = PLACE_HELD;
    f->since_ns = now_ns;
    f->reason = (uint8_t)d->reason;
    f->memo = d->memo;
    f->holds++;
    occupy(bot, now_ns, weir_cause_of_reason(d->reason), 1);
    bot->parts.host.wake(bot->parts.host.context, until_ns,
                         ((uint64_t)WAKE_HOLD << KIND_SHIFT) | id);
}

static void ask(struct weir_bot *bot, int64_t now_ns, uint32_t id) {
    struct weir_request request;
    struct weir_decision d = {.answer = WEIR_REFUSE};
    fill_in_request(bot, id, &request);
    if (broke(bot, weir_submit(bot->parts.limiter, now_ns + bot->offset_ns, &request, &d))) {
        finish_unsent(bot, now_ns, id, WEIR_OUTCOME_REFUSED, WEIR_REASON_NONE);
        return;
    }
    const int64_t until_ns = shifted(d.until_ns, -bot->offset_ns);
    weir_ledger_add_decision(bot->parts.ledger, id, now_ns, (uint8_t)d.answer, d.reason, until_ns);
    drain_events(bot);
    struct weir_request_record *r = record_of(bot, id);
    switch (d.answer) {
    case WEIR_SEND:
        transmit(bot, now_ns, id, d.booked_weight, d.booked_orders);
        break;
    case WEIR_HOLD:
        hold(bot, now_ns, id, &d, until_ns > now_ns ? until_ns : now_ns + 1);
        break;
    case WEIR_QUEUE:
        drop_connection(bot, r);
        r->connection = WEIR_NO_VALUE;
        flight_of(bot, id)->place = PLACE_QUEUE;
        count_clock(bot, &bot->queue_clock, now_ns, r, -1);
        pump(bot, now_ns);
        break;
    case WEIR_REFUSE:
        count_refusal(bot, now_ns, r, d.reason, until_ns);
        finish_unsent(bot, now_ns, id, WEIR_OUTCOME_REFUSED, d.reason);
        break;
    }
}

/** Lets the policy's queue send what may go now. */
static void pump(struct weir_bot *bot, int64_t now_ns) {
    if (!bot->asks_next || bot->pumping) {
        bot->pump_again = true;
        return;
    }
    bot->pumping = true;
    for (;;) {
        bot->pump_again = false;
        struct weir_next n = {.kind = WEIR_NEXT_NONE, .ask_again_ns = WEIR_NEVER};
        if (broke(bot, weir_next_request(bot->parts.limiter, now_ns + bot->offset_ns,
                                         bot->free_connections, &n))) {
            break;
        }
        drain_events(bot);
        if (n.kind == WEIR_NEXT_NONE) {
            turn_clock(&bot->queue_clock, now_ns, weir_cause_of_reason(n.reason));
            const int64_t again_ns = shifted(n.ask_again_ns, -bot->offset_ns);
            if (again_ns != WEIR_NEVER && again_ns < bot->next_wake_ns) {
                bot->next_wake_ns = again_ns > now_ns ? again_ns : now_ns + 1;
                bot->parts.host.wake(bot->parts.host.context, bot->next_wake_ns,
                                     (uint64_t)WAKE_NEXT << KIND_SHIFT);
            }
            if (!bot->pump_again) {
                break;
            }
            continue;
        }
        const uint32_t id = (uint32_t)n.id;
        struct weir_request_record *r = record_of(bot, id);
        count_clock(bot, &bot->queue_clock, now_ns, r, 1);
        const bool sends = n.kind == WEIR_NEXT_SEND;
        weir_ledger_add_decision(bot->parts.ledger, id, now_ns,
                                 sends ? (uint8_t)WEIR_SEND : WEIR_ANSWER_DROP, n.reason, 0);
        if (sends) {
            transmit(bot, now_ns, id, n.booked_weight, n.booked_orders);
        } else {
            finish_unsent(bot, now_ns, id,
                          n.reason == WEIR_REASON_DEADLINE ? WEIR_OUTCOME_EXPIRED
                                                           : WEIR_OUTCOME_REFUSED,
                          n.reason);
        }
    }
    bot->pumping = false;
}

/* ---- the line for connections, for policies without a queue ---- */

static void join_line(struct weir_bot *bot, int64_t now_ns, uint32_t id) {
    struct flight *f = flight_of(bot, id);
    struct line *line = &bot->lines[bot->loop ? 0 : record_of(bot, id)->priority];
    f->place = PLACE_LINE;
    f->since_ns = now_ns;
    count_clock(bot, &bot->line_clock, now_ns, record_of(bot, id), -1);
    f->next = NOBODY;
    if (line->head == NOBODY) {
        line->head = id;
    } else {
        flight_of(bot, line->tail)->next = id;
    }
    line->tail = id;
}

static uint32_t leave_line(struct weir_bot *bot) {
    for (int priority = 0; priority < WEIR_PRIORITIES; priority++) {
        struct line *line = &bot->lines[priority];
        if (line->head != NOBODY) {
            const uint32_t id = line->head;
            line->head = flight_of(bot, id)->next;
            return id;
        }
    }
    return NOBODY;
}

static void serve_line(struct weir_bot *bot, int64_t now_ns) {
    if (bot->serving) {
        return;
    }
    bot->serving = true;
    while (bot->free_connections > 0) {
        const uint32_t id = leave_line(bot);
        if (id == NOBODY) {
            break;
        }
        struct weir_request_record *r = record_of(bot, id);
        const int64_t wait_ns = now_ns - flight_of(bot, id)->since_ns;
        r->line_wait_ns += wait_ns;
        count_clock(bot, &bot->line_clock, now_ns, r, 1);
        if (r->deadline_ns < now_ns) {
            finish_unsent(bot, now_ns, id, WEIR_OUTCOME_EXPIRED, WEIR_REASON_CONNECTION);
        } else {
            take_connection(bot, r);
            ask(bot, now_ns, id);
        }
    }
    bot->serving = false;
}

/** Hands a new request to the policy, or lets it wait for a connection first. */
static void offer(struct weir_bot *bot, int64_t now_ns, uint32_t id) {
    if (bot->queues) {
        ask(bot, now_ns, id);
        return;
    }
    join_line(bot, now_ns, id);
    serve_line(bot, now_ns);
}

/* ---- making requests ---- */

static bool make_room(struct weir_bot *bot) {
    if (bot->parts.ledger->request_capacity <= bot->flight_capacity) {
        return true;
    }
    const size_t capacity = bot->parts.ledger->request_capacity;
    struct flight *flights = realloc(bot->flights, capacity * sizeof *flights);
    if (!flights) {
        bot->parts.ledger->out_of_memory = true;
        return false;
    }
    memset(flights + bot->flight_capacity, 0, (capacity - bot->flight_capacity) * sizeof *flights);
    bot->flights = flights;
    bot->flight_capacity = capacity;
    return true;
}

static struct weir_request_record *new_request(struct weir_bot *bot, int64_t now_ns,
                                               const struct weir_call *call,
                                               enum weir_priority priority,
                                               enum weir_purpose purpose) {
    struct weir_request_record *r = weir_ledger_add_request(bot->parts.ledger);
    if (!r || !make_room(bot)) {
        return NULL;
    }
    const struct weir_cost cost = weir_endpoint_cost(call->endpoint, call->params);
    r->submitted_ns = now_ns;
    r->endpoint = call->endpoint;
    r->params = call->params;
    r->weight = cost.weight;
    r->orders = cost.orders;
    r->priority = (uint8_t)priority;
    r->purpose = (uint8_t)purpose;
    r->client = bot->parts.client;
    flight_of(bot, r->id)->place = PLACE_NEW;
    return r;
}

/** The price of a LIMIT entry: the last price, or the liquidation's if the order book is unknown,
 *  moved away by the symbol's offset. */
static void set_entry_price(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity,
                            const struct weir_symbol_settings *settings) {
    const struct weir_opportunity *o = &bot->parts.opportunities[opportunity];
    struct entry *e = &bot->entries[opportunity];
    const double last = e->book_known
                            ? bot->parts.host.price(bot->parts.host.context, o->symbol, now_ns)
                            : o->price;
    const double sign = o->side == WEIR_SIDE_SELL ? -1.0 : 1.0;
    e->price = last * (1.0 + sign * settings->price_offset_pct / 100.0);
}

static void issue_step(struct weir_bot *bot, int64_t now_ns, int chain, uint32_t opportunity,
                       size_t index, uint32_t attempt) {
    const struct weir_step *step = &bot->parts.strategy->steps[chain][index];
    const struct weir_opportunity *o = &bot->parts.opportunities[opportunity];
    struct weir_request_record *r =
        new_request(bot, now_ns, &step->call, step->priority, (enum weir_purpose)chain);
    if (!r) {
        return;
    }
    r->opportunity = opportunity;
    r->symbol = step->call.params.has_symbol ? (int32_t)o->symbol : WEIR_NO_VALUE;
    r->step = (uint8_t)index;
    r->attempt = attempt;
    r->deadline_ns = step->deadline_ns > 0 ? now_ns + step->deadline_ns : WEIR_NEVER;
    if (chain == WEIR_ON_OPPORTUNITY) {
        const int64_t latest_ns = entry_deadline_ns(bot, o);
        r->deadline_ns = r->deadline_ns < latest_ns ? r->deadline_ns : latest_ns;
    }
    if (step->effect == WEIR_EFFECT_ENTRY) {
        struct weir_opportunity_record *o_record = &bot->parts.ledger->opportunities[opportunity];
        o_record->entry_request = o_record->accepted_ns ? o_record->entry_request : r->id;
        r->value = o->value;
        set_entry_price(bot, now_ns, opportunity, bot->parts.symbols[o->symbol]);
    } else if (step->effect == WEIR_EFFECT_PROTECT) {
        r->value = o->value;
    } else if (step->effect == WEIR_EFFECT_CANCEL_STOP) {
        bot->tranche_protected[tranche_index(bot, opportunity)] = false;
    }
    offer(bot, now_ns, r->id);
}

static bool step_is_due(const struct weir_bot *bot, const struct weir_step *step,
                        uint32_t opportunity) {
    const struct weir_opportunity *o = &bot->parts.opportunities[opportunity];
    if (!weir_step_applies(step, bot->parts.settings->cascade, o->in_cascade)) {
        return false;
    }
    switch (step->when) {
    case WEIR_WHEN_FIRST_OF_SYMBOL:
        return !bot->symbol_seen[o->symbol];
    case WEIR_WHEN_TRANCHE_PROTECTED:
        return bot->tranche_protected[tranche_index(bot, opportunity)];
    case WEIR_WHEN_ALWAYS:
        break;
    }
    return true;
}

/** Goes on with a chain at `step`, or at the first after it that is due. */
static void run_step(struct weir_bot *bot, int64_t now_ns, int chain, uint32_t opportunity,
                     size_t step, uint32_t attempt, bool delayed) {
    const struct weir_strategy *s = bot->parts.strategy;
    const struct weir_opportunity *o = &bot->parts.opportunities[opportunity];
    while (step < s->step_count[chain] && !step_is_due(bot, &s->steps[chain][step], opportunity)) {
        step++;
        delayed = false; /* the pause was another step's */
    }
    if (step >= s->step_count[chain] ||
        (chain == WEIR_ON_FILL && !bot->parts.host.is_open(bot->parts.host.context, opportunity))) {
        return;
    }
    const struct weir_step *next = &s->steps[chain][step];
    int64_t at_ns = delayed ? now_ns : now_ns + next->delay_ns;
    if (chain == WEIR_ON_OPPORTUNITY && !next->at_open && at_ns < o->closes_ns) {
        at_ns = o->closes_ns;
    }
    if (at_ns > now_ns) {
        wake_for_step(bot, at_ns, chain, opportunity, step, attempt);
        return;
    }
    if (next->when == WEIR_WHEN_FIRST_OF_SYMBOL) {
        bot->symbol_seen[o->symbol] = true;
    }
    issue_step(bot, now_ns, chain, opportunity, step, attempt);
}

static void next_startup(struct weir_bot *bot, int64_t now_ns) {
    const struct weir_strategy *s = bot->parts.strategy;
    if (bot->startup_next >= s->startup_count) {
        return;
    }
    struct weir_request_record *r =
        new_request(bot, now_ns, &s->startup[bot->startup_next], WEIR_NORMAL, WEIR_FOR_STARTUP);
    if (r) {
        r->attempt = (uint32_t)++bot->startup_next;
        offer(bot, now_ns, r->id);
    }
}

static uint64_t loop_token(size_t loop, size_t index, uint32_t cycle) {
    return ((uint64_t)WAKE_LOOP << KIND_SHIFT) | ((uint64_t)loop << 40) | ((uint64_t)index << 32) |
           cycle;
}

void weir_bot_start(struct weir_bot *bot, int64_t now_ns) {
    bot->queue_clock.since_ns = bot->line_clock.since_ns = now_ns;
    bot->start_ns = now_ns;
    for (size_t i = 0; i < bot->parts.strategy->standing_count; i++) {
        bot->parts.host.wake(bot->parts.host.context,
                             now_ns + bot->parts.strategy->standing[i].first_ns,
                             loop_token(i, 0, 0));
    }
    next_startup(bot, now_ns);
}

/** One request of standing load; its successor is on the grid, whatever becomes of this one. */
static void run_loop(struct weir_bot *bot, int64_t now_ns, uint64_t token) {
    const size_t loop_index = (token >> 40) & 0xff;
    uint32_t index = (token >> 32) & 0xff;
    uint32_t cycle = (uint32_t)token;
    const struct weir_loop *loop = &bot->parts.strategy->standing[loop_index];
    struct weir_request_record *r =
        new_request(bot, now_ns, &loop->calls[index], loop->priority, WEIR_FOR_STANDING);
    if (!r) {
        return;
    }
    r->step = (uint8_t)loop_index;
    r->index = (uint8_t)index;
    r->attempt = cycle + 1;
    /* on the grid, though a real clock may have been late */
    const int64_t cycle_ns = bot->start_ns + loop->first_ns + (int64_t)cycle * loop->period_ns;
    r->deadline_ns = cycle_ns + loop->period_ns;
    const uint32_t id = r->id;
    const int64_t next_ns =
        weir_loop_next(loop, cycle_ns + (int64_t)index * loop->spacing_ns, &index, &cycle);
    bot->parts.host.wake(bot->parts.host.context, next_ns, loop_token(loop_index, index, cycle));
    offer(bot, now_ns, id);
}

void weir_bot_on_open(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity) {
    const struct weir_opportunity *o = &bot->parts.opportunities[opportunity];
    bot->parts.ledger->opportunities[opportunity].waits_ns[WEIR_CAUSE_FEED] =
        o->opened_ns - o->time_ns;
    const struct weir_step *first = &bot->parts.strategy->steps[WEIR_ON_OPPORTUNITY][0];
    if (first->at_open && step_is_due(bot, first, opportunity)) {
        bot->entries[opportunity].started = true;
        run_step(bot, now_ns, WEIR_ON_OPPORTUNITY, opportunity, 0, 1, false);
    }
}

void weir_bot_on_close(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity) {
    if (!bot->entries[opportunity].started) {
        bot->entries[opportunity].started = true;
        run_step(bot, now_ns, WEIR_ON_OPPORTUNITY, opportunity, 0, 1, false);
    }
}

/** A hold is over: the policy is asked again. */
static void wake_held(struct weir_bot *bot, int64_t now_ns, uint32_t id) {
    struct flight *f = flight_of(bot, id);
    assert(f->place == PLACE_HELD);
    occupy(bot, now_ns, weir_cause_of_reason((enum weir_reason)f->reason), -1);
    add_wait(bot, record_of(bot, id), weir_cause_of_reason((enum weir_reason)f->reason),
             now_ns - f->since_ns);
    ask(bot, now_ns, id);
    use_connections(bot, now_ns);
}

/** What a connection rests for after a reply. */
static enum weir_cause rest_cause(const struct weir_request_record *r) {
    return r->status == 418 ? WEIR_CAUSE_BAN : WEIR_CAUSE_HOLD;
}

/** A thread that slept after a reply goes on. */
static void wake_resting(struct weir_bot *bot, int64_t now_ns, uint32_t id) {
    occupy(bot, now_ns, rest_cause(record_of(bot, id)), -1);
    drop_connection(bot, record_of(bot, id));
    flight_of(bot, id)->place = PLACE_DONE;
    follow(bot, now_ns, id);
    use_connections(bot, now_ns);
}

void weir_bot_wake(struct weir_bot *bot, int64_t now_ns, uint64_t token) {
    switch ((enum wake_kind)((token >> KIND_SHIFT) & 0xf)) {
    case WAKE_STEP:
        run_step(bot, now_ns, (int)((token >> 53) & 3), (uint32_t)token, (token >> 48) & 0x1f,
                 (uint32_t)((token >> 32) & 0xffff), true);
        break;
    case WAKE_HOLD:
        wake_held(bot, now_ns, (uint32_t)token);
        break;
    case WAKE_REST:
        wake_resting(bot, now_ns, (uint32_t)token);
        break;
    case WAKE_NEXT:
        if (now_ns >= bot->next_wake_ns) { /* a real clock may be late */
            bot->next_wake_ns = WEIR_NEVER;
            pump(bot, now_ns);
        }
        break;
    case WAKE_LOOP:
        run_loop(bot, now_ns, token);
        break;
    }
}

void weir_bot_nudge(struct weir_bot *bot, int64_t now_ns) {
    drain_events(bot);
    use_connections(bot, now_ns);
}

static enum weir_outcome outcome_of(const struct weir_bot_reply *reply) {
    if (reply->lost) {
        return WEIR_OUTCOME_TIMEOUT;
    }
    if (reply->status == 429) {
        return WEIR_OUTCOME_LIMITED;
    }
    if (reply->status == 418) {
        return WEIR_OUTCOME_BANNED;
    }
    if (reply->status >= 500) {
        return WEIR_OUTCOME_UNAVAILABLE;
    }
    return reply->status >= 400 ? WEIR_OUTCOME_INVALID : WEIR_OUTCOME_OK;
}

void weir_bot_on_reply(struct weir_bot *bot, int64_t now_ns, uint32_t request_id,
                       const struct weir_bot_reply *reply) {
    struct weir_request_record *r = record_of(bot, request_id);
    const struct weir_reply told = {.id = request_id,
                                    .lost = reply->lost,
                                    .status = reply->status,
                                    .sent_ns = r->sent_ns + bot->offset_ns,
                                    .received_ns = now_ns + bot->offset_ns,
                                    .headers = reply->headers,
                                    .header_count = reply->header_count,
                                    .body = reply->body,
                                    .body_length = reply->body_length};
    struct weir_settlement s = {0};
    broke(bot, weir_settle(bot->parts.limiter, &told, &s));
    drain_events(bot);
    r->status = (int16_t)reply->status;
    r->answered_ns = reply->lost ? 0 : now_ns;
    r->finished_ns = now_ns;
    r->outcome = (uint8_t)outcome_of(reply);
    r->booked_weight = s.booked_weight;
    r->booked_orders = s.booked_orders;
    const int64_t rest_until_ns = shifted(s.hold_until_ns, -bot->offset_ns);
    struct flight *f = flight_of(bot, request_id);
    if (rest_until_ns > now_ns) {
        f->place = PLACE_RESTING;
        occupy(bot, now_ns, rest_cause(r), 1);
        bot->parts.host.wake(bot->parts.host.context, rest_until_ns,
                             ((uint64_t)WAKE_REST << KIND_SHIFT) | request_id);
        return;
    }
    f->place = PLACE_DONE;
    drop_connection(bot, r);
    follow(bot, now_ns, request_id);
    use_connections(bot, now_ns);
}

void weir_bot_on_fill(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity) {
    run_step(bot, now_ns, WEIR_ON_FILL, opportunity, 0, 1, false);
}

void weir_bot_on_unfilled(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity) {
    run_step(bot, now_ns, WEIR_ON_UNFILLED, opportunity, 0, 1, false);
}

void weir_bot_on_closed(struct weir_bot *bot, int64_t now_ns, uint32_t opportunity) {
    bot->tranche_protected[tranche_index(bot, opportunity)] = false;
    run_step(bot, now_ns, WEIR_ON_CLOSED, opportunity, 0, 1, false);
}

void weir_bot_finish(struct weir_bot *bot, int64_t now_ns) {
    struct weir_ledger *ledger = bot->parts.ledger;
    for (size_t i = 0; i < ledger->request_count; i++) {
        struct weir_request_record *r = &ledger->requests[i];
        if (r->client == bot->parts.client && r->outcome == WEIR_OUTCOME_OPEN) {
            const uint8_t place = flight_of(bot, r->id)->place;
            if (place == PLACE_QUEUE || place == PLACE_LINE) {
                count_clock(bot, place == PLACE_QUEUE ? &bot->queue_clock : &bot->line_clock,
                            now_ns, r, 1);
            }
            r->outcome = WEIR_OUTCOME_UNFINISHED;
            r->finished_ns = now_ns;
            give_up_opportunity(bot, r);
        }
    }
    for (size_t i = 0; i < bot->parts.opportunity_count; i++) {
        struct weir_opportunity_record *o = &ledger->opportunities[i];
        if (o->state == WEIR_STATE_OPEN) {
            o->state = WEIR_STATE_EXPIRED;
            o->blame = (uint8_t)weir_longest_wait(o);
        }
    }
}
