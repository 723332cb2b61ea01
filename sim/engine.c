#include "engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"
#include "bound_check.h"
#include "event_queue.h"
#include "exchange.h"
#include "policy_ideal.h"
#include "venue.h"

#define MINUTE_NS 60000000000LL
#define TIMESTAMP_AHEAD_NS 1000000000LL /* V1, "Timing security": refused if ahead by that much */
#define RECV_WINDOW_NS 5000000000LL     /* default recvWindow */
#define DUPLICATE_ORDER (-4116)         /* the bot gives each opportunity one client order id */
#define QUEUE_ROOM 4096
#define SOME_TIME_NS 1700000000000000000LL /* any time that a trace could have */

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
    struct weir_venue *venue;
    struct wire *wires; /* per connection */
    struct wire orphan; /* of a request that is not waited for any more */
    size_t next_push, next_open, next_close;
    uint32_t closed_opportunity; /* first of those that a closing tells of */
    int64_t told_ns;             /* when what the venue tells of happens */
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
    return weir_venue_is_open(client->venue, opportunity);
}

static double host_price(void *context, uint32_t symbol, int64_t now_ns) {
    const struct client *client = context;
    return weir_market_price(client->engine->stage->market, symbol, now_ns);
}

/* ---- at the exchange ---- */

static struct weir_entry_order entry_order(const struct client *client, uint32_t opportunity) {
    const struct weir_opportunity *o = &client->hunt->opportunities[opportunity];
    const struct weir_symbol_settings *s = client->hunt->symbols[o->symbol];
    return (struct weir_entry_order){.opportunity = opportunity,
                                     .symbol = o->symbol,
                                     .buy = o->side == WEIR_SIDE_SELL,
                                     .market = weir_bot_entry_is_market(client->bot, opportunity),
                                     .price = weir_bot_entry_price(client->bot, opportunity),
                                     .stake_usd = s->stake_usd,
                                     .notional_usd = s->stake_usd * s->leverage,
                                     .take_profit_pct = s->take_profit_pct,
                                     .stop_loss_pct = s->stop_loss_pct};
}

static enum weir_effect effect_of(const struct client *client,
                                  const struct weir_request_record *r) {
    const struct weir_step *step = weir_bot_step(client->bot, r);
    return step ? step->effect : WEIR_EFFECT_NONE;
}

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
        const struct weir_entry_order order = entry_order(client, r->opportunity);
        return weir_venue_check_entry(client->venue, &order);
    }
    if (effect == WEIR_EFFECT_PROTECT) {
        const struct weir_opportunity *o = &client->hunt->opportunities[r->opportunity];
        return weir_venue_is_open(client->venue, r->opportunity)
                   ? weir_venue_check_protection(client->venue, o->symbol,
                                                 o->side == WEIR_SIDE_SELL)
                   : -2022;
    }
    return 0;
}

static void note_exposure(struct client *client) {
    const double usd = weir_venue_unprotected_usd(client->venue);
    if (usd > client->ledger->unprotected_usd_max) {
        client->ledger->unprotected_usd_max = usd;
    }
}

static void accept_entry(struct client *client, const struct weir_request_record *r,
                         int64_t accepted_ns) {
    struct engine *engine = client->engine;
    const struct weir_opportunity *o = &client->hunt->opportunities[r->opportunity];
    struct weir_opportunity_record *record = &client->ledger->opportunities[r->opportunity];
    const int64_t window_ns = (int64_t)(engine->scenario->bot.opportunity_window_ms * 1e6);
    record->accepted_ns = accepted_ns;
    record->entry_request = r->id;
    record->waits_ns[WEIR_CAUSE_DELAY] += accepted_ns - r->sent_ns;
    record->state = accepted_ns <= o->time_ns + window_ns ? WEIR_STATE_CAPTURED : WEIR_STATE_LATE;
    if (record->state == WEIR_STATE_LATE) {
        record->blame = (uint8_t)weir_longest_wait(record);
    }
    const struct weir_entry_order order = entry_order(client, r->opportunity);
    const int64_t expires_ns = accepted_ns + (int64_t)(engine->scenario->bot.entry_ttl_ms * 1e6);
    const int64_t fills_ns =
        weir_venue_accept_entry(client->venue, accepted_ns, &order, expires_ns);
    if (fills_ns == INT64_MAX) {
        push(engine, expires_ns, KIND_UNFILLED, client->number, r->opportunity);
    } else {
        push(engine, fills_ns, KIND_FILL, client->number, r->opportunity);
    }
}

/** Notes that the price passed where the stop would have been between fill and `until_ns`. */
static void note_crossing(struct client *client, uint32_t opportunity, int64_t until_ns) {
    struct weir_opportunity_record *record = &client->ledger->opportunities[opportunity];
    const struct weir_market *market = client->engine->stage->market;
    const struct weir_entry_order order = entry_order(client, opportunity);
    const double fill_price =
        order.market ? weir_market_price(market, order.symbol, record->filled_ns) : order.price;
    const double stop = weir_venue_stop_price(&order, fill_price);
    const int64_t crossed_ns =
        order.buy ? weir_market_first_below(market, order.symbol, record->filled_ns, stop)
                  : weir_market_first_above(market, order.symbol, record->filled_ns, stop);
    record->stop_crossed = crossed_ns < until_ns;
}

static void note_covered(void *context, uint32_t opportunity) {
    struct client *client = context;
    struct weir_opportunity_record *record = &client->ledger->opportunities[opportunity];
    if (!record->covered_ns) {
        record->covered_ns = client->told_ns;
        note_crossing(client, opportunity, client->told_ns);
    }
}

static void accept_protection(struct client *client, const struct weir_request_record *r,
                              int64_t accepted_ns) {
    const struct weir_opportunity *o = &client->hunt->opportunities[r->opportunity];
    struct weir_opportunity_record *record = &client->ledger->opportunities[r->opportunity];
    const bool buy = o->side == WEIR_SIDE_SELL;
    if (!record->protected_ns) {
        record->protected_ns = accepted_ns;
    }
    client->told_ns = accepted_ns;
    const struct weir_closing closing = weir_venue_accept_protection(
        client->venue, accepted_ns, o->symbol, buy, note_covered, client);
    if (closing.time_ns != INT64_MAX) {
        const uint64_t data = ((uint64_t)buy << 59) | ((uint64_t)o->symbol << 32) | closing.version;
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
    case WEIR_EFFECT_CANCEL_STOP: {
        const struct weir_opportunity *o = &client->hunt->opportunities[r->opportunity];
        weir_venue_accept_cancel(client->venue, o->symbol, o->side == WEIR_SIDE_SELL,
                                 effect == WEIR_EFFECT_CANCEL_STOP);
        break;
    }
    case WEIR_EFFECT_NONE:
        return;
    }
    note_exposure(client);
}

/** An entry that the exchange did not take. */
static void reject_entry(struct client *client, const struct weir_request_record *r,
                         const struct weir_exchange_answer *answer) {
    struct weir_opportunity_record *record = &client->ledger->opportunities[r->opportunity];
    const int64_t now_ns = client->engine->now_ns;
    if (record->accepted_ns) {
        return;
    }
    record->waits_ns[WEIR_CAUSE_DELAY] += now_ns - r->sent_ns;
    record->state = WEIR_STATE_REJECTED;
    if (answer->status == 418) {
        record->blame = WEIR_CAUSE_BAN;
    } else if (answer->status == 429) {
        record->blame = answer->limit == WEIR_LIMIT_WEIGHT ? WEIR_CAUSE_WEIGHT : WEIR_CAUSE_ORDERS;
    } else {
        record->blame = WEIR_CAUSE_EXCHANGE;
    }
    /* it stands refused until its window is over */
    record->waits_ns[record->blame] += r->deadline_ns > now_ns ? r->deadline_ns - now_ns : 0;
}

/** The headers of an answer, as numbers, into the record. */
static void note_headers(struct weir_request_record *r, const struct weir_exchange_answer *answer) {
    for (size_t i = 0; i < answer->header_count; i++) {
        const struct weir_header *h = &answer->headers[i];
        int32_t *place = NULL;
        if (strcmp(h->name, "X-MBX-USED-WEIGHT-1M") == 0) {
            place = &r->header_weight;
        } else if (strcmp(h->name, "X-MBX-ORDER-COUNT-1M") == 0) {
            place = &r->header_orders;
        } else if (strcmp(h->name, "X-MBX-ORDER-COUNT-10S") == 0) {
            place = &r->header_orders_10s;
        } else if (strcmp(h->name, "Retry-After") == 0) {
            place = &r->retry_after_s;
        }
        if (place) {
            *place = (int32_t)strtol(h->value, NULL, 10);
        }
    }
}

static void note_answer(struct client *client, struct weir_request_record *r,
                        const struct weir_exchange_answer *answer) {
    r->arrived_ns = client->engine->now_ns;
    r->charged_weight = answer->charged_weight;
    r->charged_orders = answer->charged_orders;
    r->code = answer->code;
    note_headers(r, answer);
    if (answer->status == 418) {
        /* the IP is banned, whoever earned it */
        weir_ledger_add_ban(&client->engine->run->own, client->engine->now_ns,
                            answer->ban_until_ns);
        weir_ledger_add_ban(&client->engine->run->foreign, client->engine->now_ns,
                            answer->ban_until_ns);
        const double usd = weir_venue_open_usd(client->venue);
        if (usd > client->ledger->open_while_banned_usd_max) {
            client->ledger->open_while_banned_usd_max = usd;
        }
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
    const enum weir_effect effect = effect_of(client, r);
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
        reject_entry(client, r, &wire->answer);
    }
    if (!given_up) {
        answer_sets_out(client, r, wire, done_ns);
    }
}

static void fill(struct client *client, uint32_t opportunity) {
    struct engine *engine = client->engine;
    const struct weir_entry_order order = entry_order(client, opportunity);
    weir_venue_fill(client->venue, engine->now_ns, &order);
    client->ledger->opportunities[opportunity].filled_ns = engine->now_ns;
    note_exposure(client);
    const struct weir_uniforms u =
        weir_draw(key_of(engine, WEIR_STREAM_FILL, opportunity, 0, (uint32_t)client->number << 24));
    const int64_t delay_ns =
        weir_network_feed_delay_ns(engine->stage->network, engine->now_ns, u.u[0]);
    push(engine, engine->now_ns + delay_ns, KIND_STREAM_FILL, client->number, opportunity);
}

static void note_closed(void *context, uint32_t opportunity) {
    struct client *client = context;
    client->ledger->opportunities[opportunity].closed_ns = client->told_ns;
    client->closed_opportunity = opportunity;
}

static void closing(struct client *client, uint64_t data) {
    struct engine *engine = client->engine;
    client->closed_opportunity = WEIR_NO_OPPORTUNITY;
    client->told_ns = engine->now_ns;
    weir_venue_close(client->venue, (uint32_t)(data >> 32) & 0x7ffffff, (data >> 59) & 1,
                     (uint32_t)data, note_closed, client);
    if (client->closed_opportunity == WEIR_NO_OPPORTUNITY) {
        return;
    }
    const struct weir_uniforms u = weir_draw(key_of(
        engine, WEIR_STREAM_FILL, client->closed_opportunity, 1, (uint32_t)client->number << 24));
    const int64_t delay_ns =
        weir_network_feed_delay_ns(engine->stage->network, engine->now_ns, u.u[0]);
    push(engine, engine->now_ns + delay_ns, KIND_STREAM_CLOSED, client->number,
         client->closed_opportunity);
}

static void unfilled(struct client *client, uint32_t opportunity) {
    const struct weir_entry_order order = entry_order(client, opportunity);
    weir_venue_expire(client->venue, &order);
    weir_bot_on_unfilled(client->bot, client->engine->now_ns, opportunity);
}

static void reply(struct client *client, uint32_t id, bool lost) {
    const struct weir_request_record *r = weir_ledger_request(client->ledger, id);
    const struct weir_exchange_answer *answer = &client->wires[r->connection].answer;
    struct weir_bot_reply told = {.lost = true};
    if (lost && !r->arrived_ns && effect_of(client, r) == WEIR_EFFECT_ENTRY &&
        !client->ledger->opportunities[r->opportunity].accepted_ns) {
        client->ledger->opportunities[r->opportunity].state = WEIR_STATE_LOST;
        client->ledger->opportunities[r->opportunity].blame = WEIR_CAUSE_DELAY;
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
        note_headers(r, &answer);
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

bool weir_policy_has_option(const struct weir_policy *policy, const char *key) {
    for (const struct weir_option *o = policy->options; o && o->key; o++) {
        if (strcmp(o->key, key) == 0) {
            return true;
        }
    }
    return false;
}

/** Makes the limiter of a bot: the limits are those of the exchange, the settings those of the
 *  scenario that this policy has. */
static struct weir_limiter *make_limiter(const struct weir_scenario *scenario,
                                         const struct weir_policy *policy,
                                         const struct weir_exchange *exchange, int64_t now_ns,
                                         uint64_t seed, bool own, struct weir_run_error *error) {
    struct weir_limit limits[WEIR_LIMITS_MAX];
    struct weir_setting settings[WEIR_LIMITER_SETTINGS_MAX];
    size_t count = 0;
    for (size_t i = 0; own && i < scenario->limiter_count; i++) {
        if (weir_policy_has_option(policy, scenario->limiter[i].key)) {
            settings[count++] =
                (struct weir_setting){scenario->limiter[i].key, scenario->limiter[i].value};
        }
    }
    const struct weir_config config = {.limits = limits,
                                       .limit_count = weir_exchange_limits(exchange, limits),
                                       .settings = settings,
                                       .setting_count = count,
                                       .now_ns =
                                           now_ns + (int64_t)(scenario->bot.clock_offset_ms * 1e6),
                                       .max_open = (uint32_t)scenario->bot.connections + QUEUE_ROOM,
                                       .seed = seed};
    struct weir_limiter *limiter = NULL;
    struct weir_error why = {0};
    if (weir_limiter_create(policy, &config, &limiter, &why)) {
        error->policy_failed = why.status == WEIR_BROKEN;
        snprintf(error->text, sizeof error->text, "policy %s: %s", policy->name, why.text);
    }
    return limiter;
}

bool weir_check_policy(const struct weir_scenario *scenario, const struct weir_policy *policy,
                       struct weir_run_error *error) {
    struct weir_exchange *exchange = weir_exchange_create(&scenario->exchange.rules, 1, 1);
    if (!exchange) {
        return fail(error, "the exchange's rules do not fit together, or memory is short");
    }
    struct weir_limiter *limiter =
        make_limiter(scenario, policy, exchange, SOME_TIME_NS, 0, true, error);
    const bool ok = limiter != NULL;
    weir_limiter_destroy(limiter);
    weir_exchange_destroy(exchange);
    return ok;
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
    const int64_t start_ns = number == WEIR_CLIENT_BOT ? stage->start_ns : stage->second_start_ns;
    client->knows = (struct weir_ideal_context){stage, client->ledger, engine->exchange};
    client->ideal = weir_policy_ideal_with(&client->knows);
    client->limiter =
        make_limiter(scenario, policy == &weir_policy_ideal ? &client->ideal : policy,
                     engine->exchange, start_ns, stage->seed, number == WEIR_CLIENT_BOT, error);
    if (!client->limiter) {
        return false;
    }
    const uint32_t symbols = (uint32_t)stage->trace->symbol_count;
    const struct weir_venue_limits limits = {scenario->exchange.margin_usd,
                                             scenario->exchange.rules.max_open_orders,
                                             scenario->exchange.rules.max_stop_orders};
    client->venue = weir_venue_create(stage->market, &limits, symbols,
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
    client->bot = client->venue && client->wires ? weir_bot_create(&parts) : NULL;
    if (!client->bot) {
        return fail(error, "out of memory");
    }
    push(engine, start_ns, KIND_START, number, 0);
    return true;
}

/** Endpoints of market data and V1's listen key are not signed ("Endpoint security type");
 * everything else is. */
static bool mark_signed(struct engine *engine) {
    static const char *const open_paths[] = {"/ping",
                                             "/time",
                                             "/exchangeInfo",
                                             "/depth",
                                             "/trades",
                                             "/aggTrades",
                                             "/klines",
                                             "/indexPriceKlines",
                                             "/markPriceKlines",
                                             "/premiumIndex",
                                             "/fundingRate",
                                             "/fundingInfo",
                                             "/v1/listenKey",
                                             "/ticker/",
                                             "/historicalTrades"};
    const size_t count = weir_endpoint_count();
    engine->is_signed = calloc(count, sizeof *engine->is_signed);
    for (size_t i = 0; engine->is_signed && i < count; i++) {
        const char *path = weir_endpoint_path((weir_endpoint)i);
        engine->is_signed[i] = true;
        for (size_t k = 0; k < sizeof open_paths / sizeof open_paths[0]; k++) {
            engine->is_signed[i] = engine->is_signed[i] && !strstr(path, open_paths[k]);
        }
    }
    return engine->is_signed != NULL;
}

/** What the ledger must know of the opportunities and the run, so that nobody asks anyone else. */
static void begin_ledger(const struct engine *engine, const struct weir_hunt *hunt,
                         struct weir_ledger *ledger) {
    const struct weir_stage *stage = engine->stage;
    const struct weir_scenario *scenario = engine->scenario;
    const struct weir_trace *trace = stage->trace;
    const struct weir_exchange_rules *rules = &scenario->exchange.rules;
    ledger->facts = (struct weir_run_facts){
        .start_ns = stage->start_ns,
        .onset_ns = stage->onset_ns,
        .last_ns = trace->rows[trace->row_count - 1].time_ns + stage->shift_ns,
        .end_ns = stage->end_ns,
        .opportunity_window_ns = (int64_t)(scenario->bot.opportunity_window_ms * 1e6),
        .protect_within_ns = (int64_t)(scenario->bot.protect_within_ms * 1e6),
        .min_delay_ns = weir_network_min_delay_ns(stage->network),
        .min_processing_ns = weir_network_min_processing_ns(stage->network),
        .weight_per_minute = rules->weight_per_minute,
        .orders_per_minute = rules->orders_per_minute,
        .orders_per_10s = rules->orders_per_10s,
        .entry_cost = weir_strategy_entry_cost(hunt->strategy),
        .liquidations = trace->row_count,
        .throttled = stage->throttled,
        .unheard = stage->unheard,
        .delivered = stage->push_count,
        .trace_usd = stage->trace_usd,
        .feed_usd = stage->feed_usd,
        .symbols = (const char *const *)trace->symbols,
        .bound = ledger == &engine->run->own ? stage->bound : NULL};
    for (size_t i = 0; i < ledger->opportunity_count; i++) {
        const struct weir_opportunity *o = &hunt->opportunities[i];
        struct weir_opportunity_record *record = &ledger->opportunities[i];
        record->time_ns = o->time_ns;
        record->opened_ns = o->opened_ns;
        record->closes_ns = o->closes_ns;
        record->notional_usd = o->notional_usd;
        record->value = o->value;
        record->symbol = o->symbol;
        record->liquidations = o->liquidations;
        record->side = o->side;
    }
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
    begin_ledger(engine, &stage->hunts[0], &engine->run->own);
    begin_ledger(engine, &stage->hunts[second ? 1 : 0], &engine->run->foreign);
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
        weir_venue_destroy(client->venue);
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
        for (uint32_t o = 0; o < client->hunt->opportunity_count; o++) {
            const struct weir_opportunity_record *record = &client->ledger->opportunities[o];
            if (record->filled_ns && !record->covered_ns) {
                note_crossing(client, o, engine->stage->end_ns);
            }
        }
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

void weir_run_close(struct weir_run *run) {
    weir_ledger_close(&run->own);
    weir_ledger_close(&run->foreign);
}
