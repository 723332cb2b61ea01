#include "engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "bound_check.h"
#include "event_queue.h"
#include "policy_ideal.h"

#define MINUTE_NS 60000000000LL
#define TIMESTAMP_AHEAD_NS 1000000000LL /* V1, "Timing security": refused if ahead by that much */
#define RECV_WINDOW_NS 5000000000LL     /* default recvWindow */
#define DUPLICATE_ORDER (-4116)         /* the bot gives each opportunity one client order id */

/** Kinds of events, in the order in which those of the same time happen. */
enum kind {
    KIND_DELIVERY,
    KIND_OPEN,
    KIND_CLOSE,
    KIND_ARRIVE,
    KIND_FILL,
    KIND_UNFILLED,
    KIND_CLOSING,
    KIND_REPLY,
    KIND_TIMEOUT,
    KIND_STREAM_FILL,
    KIND_STREAM_CLOSED,
    KIND_WAKE,
    KIND_START,
    KIND_DASHBOARD,
    KIND_TIGHTEN
};

#define CLIENT_SHIFT WEIR_TOKEN_HOST_SHIFT
#define DATA_MASK ((1ULL << CLIENT_SHIFT) - 1)

/** A request on the wire: one per connection. */
struct wire {
    struct weir_fate fate;
    enum weir_fault fault;
    struct weir_exchange_answer answer;
};

struct engine;

/** A bot with its account. */
struct client {
    struct engine *engine;
    uint8_t number; /* enum weir_client */
    const struct weir_hunt *hunt;
    struct weir_ledger *ledger;
    struct weir_limiter *limiter;
    struct weir_ideal_context knows; /* what policy ideal is told … */
    struct weir_policy ideal;        /* … and its table, if that is the policy */
    struct weir_bot *bot;
    struct weir_books books;
    struct wire *wires; /* per connection */
    struct wire orphan; /* of a request that is not waited for any more */
    size_t next_push, next_open, next_close;
};

struct engine {
    const struct weir_stage *stage;
    const struct weir_scenario *scenario;
    struct weir_run *run;
    struct weir_event_queue queue;
    struct weir_exchange *exchange;
    struct client clients[2];
    size_t client_count;
    bool *is_signed; /* per endpoint */
    int64_t now_ns;
    int64_t dashboards_silent_until_ns;
};

static struct weir_draw_key key_of(const struct engine *engine, enum weir_stream stream, uint32_t a,
                                   uint32_t b, uint32_t c) {
    return (struct weir_draw_key){engine->stage->seed, engine->stage->replication, stream, a, b, c};
}

static void push(struct engine *engine, int64_t at_ns, enum kind kind, uint64_t client,
                 uint64_t data) {
    assert((data & ~DATA_MASK) == 0);
    weir_event_queue_push(&engine->queue, at_ns, (uint8_t)kind, (client << CLIENT_SHIFT) | data);
}

/* ---- what the bot asks of its host ---- */

/** The same request meets the same fate under every policy: its key is what it is. */
static struct weir_draw_key fate_key(const struct client *client,
                                     const struct weir_request_record *r) {
    const uint32_t who = (uint32_t)client->number << 24;
    if (r->purpose == WEIR_FOR_STANDING || r->purpose == WEIR_FOR_STARTUP) {
        return weir_stage_standing_key(client->engine->stage, client->number,
                                       r->purpose == WEIR_FOR_STARTUP ? WEIR_STARTUP_LOOP : r->step,
                                       r->attempt, r->index);
    }
    const uint32_t step = ((uint32_t)r->purpose << 8) | r->step;
    return key_of(client->engine, WEIR_STREAM_REQUEST, r->opportunity,
                  (step << 16) | (r->attempt & 0xffff), who);
}

static void host_send(void *context, uint32_t id) {
    struct client *client = context;
    struct engine *engine = client->engine;
    const struct weir_network *network = engine->stage->network;
    const struct weir_request_record *r = weir_ledger_request(client->ledger, id);
    struct wire *wire = &client->wires[r->connection];
    wire->fate = weir_fate_draw(fate_key(client, r));
    wire->fault = weir_network_fault(network, engine->now_ns, &wire->fate);
    const int64_t delay_ns = weir_network_delay_ns(network, engine->now_ns, wire->fate.out);
    const int64_t timeout_ns = (int64_t)(engine->scenario->bot.timeout_ms * 1e6);
    if (wire->fault == WEIR_FAULT_LOST_REQUEST || delay_ns >= timeout_ns) {
        push(engine, engine->now_ns + timeout_ns, KIND_TIMEOUT, client->number, id);
    }
    if (wire->fault != WEIR_FAULT_LOST_REQUEST) {
        push(engine, engine->now_ns + delay_ns, KIND_ARRIVE, client->number, id);
    }
}

static void host_wake(void *context, int64_t at_ns, uint64_t token) {
    const struct client *client = context;
    push(client->engine, at_ns, KIND_WAKE, client->number, token);
}

static bool host_is_open(void *context, uint32_t opportunity) {
    const struct client *client = context;
    return weir_venue_is_open(client->books.venue, opportunity);
}

static double host_price(void *context, uint32_t symbol, int64_t now_ns) {
    const struct client *client = context;
    return weir_market_price(client->engine->stage->market, symbol, now_ns);
}

/* ---- at the exchange ---- */

/** When a request was signed, on the exchange's clock. */
static int64_t signed_ns(const struct client *client, const struct weir_request_record *r) {
    return weir_limiter_policy(client->limiter)->flags & WEIR_POLICY_SIGNS_FIRST
               ? r->submitted_ns + r->line_wait_ns /* when it had its connection */
               : r->sent_ns;
}

/** Code with which the venue's own checks refuse a request, or 0. */
static int32_t refusal(const struct client *client, const struct weir_request_record *r,
                       enum weir_effect effect) {
    const struct engine *engine = client->engine;
    const int64_t offset_ns = (int64_t)(engine->scenario->bot.clock_offset_ms * 1e6);
    const int64_t age_ns = engine->now_ns - (signed_ns(client, r) + offset_ns);
    if (engine->is_signed[r->endpoint] &&
        (age_ns <= -TIMESTAMP_AHEAD_NS || age_ns > RECV_WINDOW_NS)) {
        return -1021;
    }
    if (effect == WEIR_EFFECT_ENTRY) {
        if (client->ledger->opportunities[r->opportunity].accepted_ns) {
            return DUPLICATE_ORDER; /* tried again, though the first attempt is in the books */
        }
        const struct weir_entry_order order = weir_books_entry(&client->books, r->opportunity);
        return weir_venue_check_entry(client->books.venue, &order);
    }
    if (effect == WEIR_EFFECT_PROTECT) {
        const struct weir_opportunity *o = &client->hunt->opportunities[r->opportunity];
        return weir_venue_is_open(client->books.venue, r->opportunity)
                   ? weir_venue_check_protection(client->books.venue, o->symbol,
                                                 o->side == WEIR_SIDE_SELL)
                   : -2022;
    }
    return 0;
}

static void accept_entry(struct client *client, const struct weir_request_record *r,
                         int64_t accepted_ns) {
    int64_t expires_ns = 0;
    const int64_t fills_ns = weir_books_accept_entry(&client->books, r, accepted_ns, &expires_ns);
    if (fills_ns == INT64_MAX) {
        push(client->engine, expires_ns, KIND_UNFILLED, client->number, r->opportunity);
    } else {
        push(client->engine, fills_ns, KIND_FILL, client->number, r->opportunity);
    }
}

static void accept_protection(struct client *client, const struct weir_request_record *r,
                              int64_t accepted_ns) {
    const struct weir_opportunity *o = &client->hunt->opportunities[r->opportunity];
    const uint64_t buy = o->side == WEIR_SIDE_SELL;
    const struct weir_closing closing =
        weir_books_accept_protection(&client->books, r, accepted_ns);
    if (closing.time_ns != INT64_MAX) {
        const uint64_t data = (buy << 59) | ((uint64_t)o->symbol << 32) | closing.version;
        push(client->engine, closing.time_ns, KIND_CLOSING, client->number, data);
    }
}

static void accept(struct client *client, const struct weir_request_record *r,
                   enum weir_effect effect, int64_t accepted_ns) {
    switch (effect) {
    case WEIR_EFFECT_ENTRY:
        accept_entry(client, r, accepted_ns);
        break;
    case WEIR_EFFECT_PROTECT:
        accept_protection(client, r, accepted_ns);
        break;
    case WEIR_EFFECT_CANCEL_TAKE_PROFIT:
    case WEIR_EFFECT_CANCEL_STOP:
        weir_books_accept_cancel(&client->books, r, effect == WEIR_EFFECT_CANCEL_STOP);
        break;
    case WEIR_EFFECT_NONE:
        break;
    }
}

static void note_answer(struct client *client, struct weir_request_record *r,
                        const struct weir_exchange_answer *answer) {
    r->arrived_ns = client->engine->now_ns;
    r->charged_weight = answer->charged_weight;
    r->charged_orders = answer->charged_orders;
    r->code = answer->code;
    weir_books_note_headers(r, answer->headers, answer->header_count);
    if (answer->status == 418) {
        /* the IP is banned, whoever earned it */
        struct weir_run *run = client->engine->run;
        struct weir_ledger *other = client->ledger == &run->own ? &run->foreign : &run->own;
        weir_books_ban(&client->books, client->engine->now_ns, answer->ban_until_ns);
        weir_ledger_add_ban(other, client->engine->now_ns, answer->ban_until_ns);
    }
}

/** The answer sets out for the bot, unless it is lost or comes after the bot has given up. */
static void answer_sets_out(struct client *client, const struct weir_request_record *r,
                            const struct wire *wire, int64_t leaves_ns) {
    struct engine *engine = client->engine;
    const int64_t back_ns =
        leaves_ns + weir_network_delay_ns(engine->stage->network, leaves_ns, wire->fate.back);
    const int64_t given_up_ns = r->sent_ns + (int64_t)(engine->scenario->bot.timeout_ms * 1e6);
    if (wire->fault == WEIR_FAULT_LOST_REPLY || back_ns > given_up_ns) {
        push(engine, given_up_ns, KIND_TIMEOUT, client->number, r->id);
    } else {
        push(engine, back_ns, KIND_REPLY, client->number, r->id);
    }
}

static void arrive(struct client *client, uint32_t id) {
    struct engine *engine = client->engine;
    struct weir_request_record *r = weir_ledger_request(client->ledger, id);
    /* a request that the bot has given up already: its connection may carry another by now */
    const bool given_up = r->outcome != WEIR_OUTCOME_OPEN;
    struct wire *wire = given_up ? &client->orphan : &client->wires[r->connection];
    if (given_up) {
        wire->fate = weir_fate_draw(fate_key(client, r));
        wire->fault = weir_network_fault(engine->stage->network, r->sent_ns, &wire->fate);
    }
    const enum weir_effect effect = weir_books_effect(&client->books, r);
    const struct weir_exchange_request request = {.ip = 0,
                                                  .account = client->number,
                                                  .endpoint = r->endpoint,
                                                  .params = r->params,
                                                  .refused_code = refusal(client, r, effect),
                                                  .unavailable =
                                                      wire->fault == WEIR_FAULT_UNAVAILABLE ||
                                                      wire->fault == WEIR_FAULT_UNAVAILABLE_DONE};
    weir_exchange_handle(engine->exchange, engine->now_ns, &request, &wire->answer);
    note_answer(client, r, &wire->answer);
    const bool executed =
        wire->answer.status == 200 ||
        (wire->answer.status == 503 && wire->fault == WEIR_FAULT_UNAVAILABLE_DONE);
    const int64_t done_ns =
        engine->now_ns + weir_network_processing_ns(engine->stage->network, engine->now_ns);
    if (executed) {
        accept(client, r, effect, done_ns);
    } else if (effect == WEIR_EFFECT_ENTRY) {
        weir_books_reject_entry(&client->books, r, engine->now_ns, wire->answer.status,
                                wire->answer.limit);
    }
    if (!given_up) {
        answer_sets_out(client, r, wire, done_ns);
    }
}

static void fill(struct client *client, uint32_t opportunity) {
    struct engine *engine = client->engine;
    weir_books_fill(&client->books, opportunity, engine->now_ns);
    const struct weir_uniforms u =
        weir_draw(key_of(engine, WEIR_STREAM_FILL, opportunity, 0, (uint32_t)client->number << 24));
    const int64_t delay_ns =
        weir_network_account_delay_ns(engine->stage->network, engine->now_ns, u.u[0]);
    push(engine, engine->now_ns + delay_ns, KIND_STREAM_FILL, client->number, opportunity);
}

static void closing(struct client *client, uint64_t data) {
    struct engine *engine = client->engine;
    const uint32_t closed = weir_books_close(&client->books, (uint32_t)(data >> 32) & 0x7ffffff,
                                             (data >> 59) & 1, (uint32_t)data, engine->now_ns);
    if (closed == WEIR_NO_OPPORTUNITY) {
        return;
    }
    const struct weir_uniforms u =
        weir_draw(key_of(engine, WEIR_STREAM_FILL, closed, 1, (uint32_t)client->number << 24));
    const int64_t delay_ns =
        weir_network_account_delay_ns(engine->stage->network, engine->now_ns, u.u[0]);
    push(engine, engine->now_ns + delay_ns, KIND_STREAM_CLOSED, client->number, closed);
}

static void unfilled(struct client *client, uint32_t opportunity) {
    weir_books_expire(&client->books, opportunity);
    weir_bot_on_unfilled(client->bot, client->engine->now_ns, opportunity);
}

static void reply(struct client *client, uint32_t id, bool lost) {
    const struct weir_request_record *r = weir_ledger_request(client->ledger, id);
    const struct weir_exchange_answer *answer = &client->wires[r->connection].answer;
    struct weir_bot_reply told = {.lost = true};
    if (lost) {
        weir_books_lose(&client->books, r);
    }
    if (!lost) {
        told = (struct weir_bot_reply){.status = answer->status,
                                       .headers = answer->headers,
                                       .header_count = answer->header_count,
                                       .body = answer->body,
                                       .body_length = answer->body_length};
    }
    weir_bot_on_reply(client->bot, client->engine->now_ns, id, &told);
}

/* ---- dashboards: they ask whatever anybody's limiter says ---- */

/** One request of a dashboard tab: token is tab (8 bits), index (8), cycle (32). After a 429 the
 * tabs are silent for the rest of the window, in a ban until its end. */
static void dashboard(struct engine *engine, uint64_t token) {
    const struct weir_loop *loop = &engine->stage->hunts[0].strategy->dashboard;
    const uint32_t tab = (token >> 40) & 0xff;
    uint32_t index = (token >> 32) & 0xff;
    uint32_t cycle = (uint32_t)token;
    const struct weir_draw_key key = key_of(engine, WEIR_STREAM_FOREIGN, tab, cycle, index);
    if (engine->now_ns >= engine->dashboards_silent_until_ns) {
        struct weir_request_record *r = weir_ledger_add_request(&engine->run->foreign);
        if (!r) {
            return;
        }
        const struct weir_call *call = &loop->calls[index];
        const struct weir_exchange_request request = {.endpoint = call->endpoint,
                                                      .params = call->params};
        struct weir_exchange_answer answer;
        weir_exchange_handle(engine->exchange, engine->now_ns, &request, &answer);
        const int64_t delay_ns =
            weir_network_delay_ns(engine->stage->network, engine->now_ns, weir_draw(key).u[1]);
        const struct weir_cost cost = weir_endpoint_cost(call->endpoint, call->params);
        r->client = WEIR_CLIENT_DASHBOARD;
        r->purpose = WEIR_FOR_STANDING;
        r->step = (uint8_t)tab;
        r->index = (uint8_t)index;
        r->attempt = cycle + 1;
        r->endpoint = call->endpoint;
        r->params = call->params;
        r->weight = cost.weight;
        r->orders = cost.orders;
        r->priority = (uint8_t)loop->priority;
        r->submitted_ns = r->sent_ns = r->arrived_ns = engine->now_ns;
        r->answered_ns = r->finished_ns = engine->now_ns + delay_ns;
        r->status = (int16_t)answer.status;
        r->code = answer.code;
        r->charged_weight = answer.charged_weight;
        r->charged_orders = answer.charged_orders;
        weir_books_note_headers(r, answer.headers, answer.header_count);
        r->outcome = answer.status == 200   ? WEIR_OUTCOME_OK
                     : answer.status == 429 ? WEIR_OUTCOME_LIMITED
                                            : WEIR_OUTCOME_BANNED;
        if (answer.status == 429) {
            engine->dashboards_silent_until_ns = (engine->now_ns / MINUTE_NS + 1) * MINUTE_NS;
        } else if (answer.status == 418) {
            engine->dashboards_silent_until_ns = answer.ban_until_ns;
            weir_ledger_add_ban(&engine->run->own, engine->now_ns, answer.ban_until_ns);
            weir_ledger_add_ban(&engine->run->foreign, engine->now_ns, answer.ban_until_ns);
        }
    }
    const int64_t next_ns = weir_loop_next(loop, engine->now_ns, &index, &cycle);
    push(engine, next_ns, KIND_DASHBOARD, 0,
         ((uint64_t)tab << 40) | ((uint64_t)index << 32) | cycle);
}

static void start_dashboards(struct engine *engine) {
    const struct weir_loop *loop = &engine->stage->hunts[0].strategy->dashboard;
    for (int64_t tab = 0; loop->call_count > 0 && tab < engine->scenario->foreign.dashboards;
         tab++) {
        push(engine, weir_stage_dashboard_ns(engine->stage, (uint32_t)tab), KIND_DASHBOARD, 0,
             (uint64_t)tab << 40);
    }
}

/* ---- setting up ---- */

static bool fail(struct weir_run_error *error, const char *text) {
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

static bool make_client(struct engine *engine, uint8_t number, const struct weir_policy *policy,
                        struct weir_run_error *error) {
    const struct weir_stage *stage = engine->stage;
    const struct weir_scenario *scenario = engine->scenario;
    struct client *client = &engine->clients[engine->client_count++];
    client->engine = engine;
    client->number = number;
    client->hunt = &stage->hunts[number];
    client->ledger = number == WEIR_CLIENT_BOT ? &engine->run->own : &engine->run->foreign;
    client->books =
        (struct weir_books){.stage = stage, .hunt = client->hunt, .ledger = client->ledger};
    const int64_t start_ns = number == WEIR_CLIENT_BOT ? stage->start_ns : stage->second_start_ns;
    client->knows = (struct weir_ideal_context){stage, client->ledger, engine->exchange};
    client->ideal = weir_policy_ideal_with(&client->knows);
    client->limiter =
        weir_run_limiter(scenario, policy == &weir_policy_ideal ? &client->ideal : policy,
                         engine->exchange, start_ns, stage->seed, number == WEIR_CLIENT_BOT, error);
    if (!client->limiter) {
        return false;
    }
    const uint32_t symbols = (uint32_t)stage->trace->symbol_count;
    const struct weir_venue_limits limits = {scenario->exchange.margin_usd,
                                             scenario->exchange.rules.max_open_orders,
                                             scenario->exchange.rules.max_stop_orders};
    client->books.venue = weir_venue_create(stage->market, &limits, symbols,
                                            (uint32_t)client->hunt->opportunity_count);
    client->wires = calloc((size_t)scenario->bot.connections, sizeof *client->wires);
    const struct weir_bot_parts parts = {
        .client = number,
        .settings = &scenario->bot,
        .strategy = client->hunt->strategy,
        .symbols = client->hunt->symbols,
        .opportunities = client->hunt->opportunities,
        .opportunity_count = client->hunt->opportunity_count,
        .symbol_count = symbols,
        .ledger = client->ledger,
        .limiter = client->limiter,
        .host = {client, host_send, host_wake, host_is_open, host_price}};
    client->bot = client->books.venue && client->wires ? weir_bot_create(&parts) : NULL;
    client->books.bot = client->bot;
    if (!client->bot) {
        return fail(error, "out of memory");
    }
    push(engine, start_ns, KIND_START, number, 0);
    return true;
}

static bool mark_signed(struct engine *engine) {
    const size_t count = weir_endpoint_count();
    engine->is_signed = calloc(count, sizeof *engine->is_signed);
    for (size_t i = 0; engine->is_signed && i < count; i++) {
        engine->is_signed[i] = weir_endpoint_is_signed((weir_endpoint)i);
    }
    return engine->is_signed != NULL;
}

static bool open_engine(struct engine *engine, const struct weir_policy *policy,
                        struct weir_run_error *error) {
    const struct weir_stage *stage = engine->stage;
    const bool second = engine->scenario->foreign.second_bot && stage->hunts[1].strategy;
    engine->exchange = weir_exchange_create(&engine->scenario->exchange.rules, 1, 2);
    if (!engine->exchange || !mark_signed(engine) || !weir_event_queue_open(&engine->queue, 4096) ||
        !weir_ledger_open(&engine->run->own, stage->hunts[0].opportunity_count) ||
        !weir_ledger_open(&engine->run->foreign, second ? stage->hunts[1].opportunity_count : 0)) {
        return fail(error, "out of memory");
    }
    weir_books_begin(stage, &stage->hunts[0], &engine->run->own, stage->bound);
    weir_books_begin(stage, &stage->hunts[second ? 1 : 0], &engine->run->foreign, NULL);
    if (!make_client(engine, WEIR_CLIENT_BOT, policy, error) ||
        (second && !make_client(engine, WEIR_CLIENT_SECOND_BOT, weir_policy_find("weir"), error))) {
        return false;
    }
    start_dashboards(engine);
    if (engine->scenario->exchange.tighten_at_s >= 0.0) {
        push(engine, stage->onset_ns + (int64_t)(engine->scenario->exchange.tighten_at_s * 1e9),
             KIND_TIGHTEN, 0, 0);
    }
    return true;
}

static void close_engine(struct engine *engine) {
    for (size_t i = 0; i < engine->client_count; i++) {
        struct client *client = &engine->clients[i];
        weir_bot_destroy(client->bot);
        weir_venue_destroy(client->books.venue);
        weir_limiter_destroy(client->limiter);
        free(client->wires);
    }
    weir_exchange_destroy(engine->exchange);
    weir_event_queue_close(&engine->queue);
    free(engine->is_signed);
}

/* ---- the run ---- */

static void count_event(struct engine *engine, int64_t time_ns, uint64_t order, uint64_t data) {
    struct weir_run *run = engine->run;
    const uint64_t words[3] = {(uint64_t)time_ns, order, data};
    for (int i = 0; i < 3; i++) {
        run->digest = (run->digest ^ words[i]) * 0x9e3779b97f4a7c15ULL;
        run->digest ^= run->digest >> 29;
    }
    run->events++;
    run->ties += time_ns == engine->now_ns;
    assert(time_ns >= engine->now_ns);
    engine->now_ns = time_ns;
}

static void observe(struct client *client, const struct weir_push *delivered) {
    const struct weir_liquidation *row = &client->engine->stage->trace->rows[delivered->row];
    const struct weir_observation o = {
        .now_ns =
            client->engine->now_ns + (int64_t)(client->engine->scenario->bot.clock_offset_ms * 1e6),
        .symbol = row->symbol,
        .sell = row->side == WEIR_SIDE_SELL,
        .price = weir_liquidation_price(row),
        .notional_usd = weir_liquidation_notional_usd(row)};
    weir_observe(client->limiter, &o);
}

/** The next of what is known beforehand: deliveries, and opportunities that open or close. */
static int64_t next_known_ns(const struct client *client, enum kind *kind) {
    const struct weir_stage *stage = client->engine->stage;
    const struct weir_hunt *hunt = client->hunt;
    int64_t next_ns = INT64_MAX;
    if (client->next_push < stage->push_count) {
        next_ns = stage->pushes[client->next_push].delivered_ns;
        *kind = KIND_DELIVERY;
    }
    if (client->next_open < hunt->opportunity_count &&
        hunt->opportunities[client->next_open].opened_ns < next_ns) {
        next_ns = hunt->opportunities[client->next_open].opened_ns;
        *kind = KIND_OPEN;
    }
    if (client->next_close < client->next_open &&
        hunt->opportunities[client->next_close].closes_ns < next_ns) {
        next_ns = hunt->opportunities[client->next_close].closes_ns;
        *kind = KIND_CLOSE;
    }
    return next_ns;
}

static void do_known(struct client *client, enum kind kind, int64_t time_ns) {
    struct engine *engine = client->engine;
    size_t index = 0;
    if (kind == KIND_DELIVERY) {
        index = client->next_push++;
    } else {
        index = kind == KIND_OPEN ? client->next_open++ : client->next_close++;
    }
    count_event(engine, time_ns, (uint64_t)kind << 56,
                ((uint64_t)client->number << CLIENT_SHIFT) | index);
    if (kind == KIND_DELIVERY) {
        observe(client, &engine->stage->pushes[index]);
    } else if (kind == KIND_OPEN) {
        weir_bot_on_open(client->bot, time_ns, (uint32_t)index);
    } else {
        weir_bot_on_close(client->bot, time_ns, (uint32_t)index);
    }
}

static void do_event(struct engine *engine, const struct weir_sim_event *event) {
    const uint64_t data = event->data & DATA_MASK;
    struct client *client = &engine->clients[event->data >> CLIENT_SHIFT];
    const uint32_t number = (uint32_t)data;
    switch ((enum kind)weir_event_kind(event)) {
    case KIND_ARRIVE:
        arrive(client, number);
        break;
    case KIND_FILL:
        fill(client, number);
        break;
    case KIND_UNFILLED:
        unfilled(client, number);
        break;
    case KIND_CLOSING:
        closing(client, data);
        break;
    case KIND_REPLY:
        reply(client, number, false);
        break;
    case KIND_TIMEOUT:
        reply(client, number, true);
        break;
    case KIND_STREAM_FILL:
        weir_bot_on_fill(client->bot, engine->now_ns, number);
        break;
    case KIND_STREAM_CLOSED:
        weir_bot_on_closed(client->bot, engine->now_ns, number);
        break;
    case KIND_WAKE:
        weir_bot_wake(client->bot, engine->now_ns, data);
        break;
    case KIND_START:
        weir_bot_start(client->bot, engine->now_ns);
        break;
    case KIND_DASHBOARD:
        dashboard(engine, data);
        break;
    case KIND_TIGHTEN:
        weir_exchange_tighten(engine->exchange, engine->scenario->exchange.tighten_factor);
        break;
    case KIND_DELIVERY:
    case KIND_OPEN:
    case KIND_CLOSE:
        abort(); /* what is known beforehand is never queued */
    }
}

/** Does what comes next; false when the run is over. */
static bool step(struct engine *engine) {
    int64_t next_ns = weir_event_queue_next_ns(&engine->queue);
    struct client *who = NULL;
    enum kind kind = KIND_DELIVERY;
    for (size_t i = 0; i < engine->client_count; i++) {
        enum kind known = KIND_DELIVERY;
        const int64_t known_ns = next_known_ns(&engine->clients[i], &known);
        if (known_ns != INT64_MAX && (known_ns < next_ns || (known_ns == next_ns && !who))) {
            next_ns = known_ns;
            who = &engine->clients[i];
            kind = known;
        }
    }
    if (next_ns > engine->stage->end_ns) {
        return false;
    }
    if (who) {
        do_known(who, kind, next_ns);
    } else {
        const struct weir_sim_event event = weir_event_queue_pop(&engine->queue);
        count_event(engine, event.time_ns, event.order, event.data);
        do_event(engine, &event);
    }
    return true;
}

static bool finish(struct engine *engine, struct weir_run_error *error) {
    for (size_t i = 0; i < engine->client_count; i++) {
        struct client *client = &engine->clients[i];
        weir_bot_finish(client->bot, engine->stage->end_ns);
        weir_books_finish(&client->books, engine->stage->end_ns);
        if (!weir_ledger_check(client->ledger, error->text, sizeof error->text) ||
            !weir_bound_check(client->ledger, error->text, sizeof error->text)) {
            return false;
        }
    }
    return engine->queue.out_of_memory ? fail(error, "out of memory") : true;
}

bool weir_run_policy(const struct weir_stage *stage, const struct weir_policy *policy,
                     struct weir_run *run, struct weir_run_error *error) {
    struct engine engine = {.stage = stage, .scenario = stage->scenario, .run = run};
    memset(run, 0, sizeof *run);
    run->digest = 0x243f6a8885a308d3ULL;
    bool ok = open_engine(&engine, policy, error);
    while (ok && step(&engine)) {
        for (size_t i = 0; ok && i < engine.client_count; i++) {
            const char *why = weir_bot_failure(engine.clients[i].bot);
            if (why) {
                snprintf(error->text, sizeof error->text, "policy %s: %s",
                         weir_limiter_policy(engine.clients[i].limiter)->name, why);
                error->policy_failed = true;
                ok = false;
            }
        }
    }
    ok = ok && finish(&engine, error);
    close_engine(&engine);
    if (!ok) {
        weir_run_close(run);
    }
    return ok;
}
