#include "live_books.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decimal.h"

#define MILLISECOND_NS INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)
#define CODE_ORDERS (-1015)

bool live_books_open(struct live_books *books, const struct weir_stage *stage,
                     struct weir_ledger *ledger, const struct live_precision *precisions) {
    const struct weir_hunt *hunt = &stage->hunts[0];
    const struct weir_venue_limits none = {0};
    const uint32_t symbols = (uint32_t)stage->trace->symbol_count;
    books->books = (struct weir_books){.stage = stage, .hunt = hunt, .ledger = ledger};
    books->books.venue =
        weir_venue_create(stage->market, &none, symbols, (uint32_t)hunt->opportunity_count);
    books->text.books = &books->books;
    books->text.precisions = precisions;
    books->text.tranches = calloc(2 * (size_t)symbols + 1, sizeof *books->text.tranches);
    return exchange_tariff_make(&books->tariff) && books->books.venue && books->text.tranches;
}

void live_books_close(struct live_books *books) {
    weir_venue_destroy(books->books.venue);
    exchange_tariff_free(&books->tariff);
    free(books->text.tranches);
    free(books->noted);
}

static struct weir_request_record *record_of(const struct live_books *books, uint32_t id) {
    return weir_ledger_request(books->books.ledger, id);
}

static int64_t within(int64_t time_ns, int64_t from_ns, int64_t until_ns) {
    return time_ns < from_ns ? from_ns : time_ns > until_ns ? until_ns : time_ns;
}

/** Whether the acceptance of a request is news; from now on it is none. */
static bool is_news(struct live_books *books, uint32_t id) {
    if (id > books->noted_count) {
        const size_t count = books->books.ledger->request_capacity;
        uint8_t *noted = realloc(books->noted, count);
        if (!noted) {
            books->books.ledger->out_of_memory = true;
            return false;
        }
        memset(noted + books->noted_count, 0, count - books->noted_count);
        books->noted = noted;
        books->noted_count = count;
    }
    const bool news = !books->noted[id - 1];
    books->noted[id - 1] = 1;
    return news;
}

/* What a request was charged, and when it arrived. */

/** What the rules say that an answer of that status is charged. */
static struct weir_cost documented_charge(const struct live_books *books,
                                          const struct weir_request_record *r, int status) {
    const struct weir_exchange_rules *rules = &books->books.stage->scenario->exchange.rules;
    const struct weir_exchange_request request = {.endpoint = r->endpoint, .params = r->params};
    struct weir_cost cost =
        exchange_tariff_cost(rules, exchange_tariff_kind(&books->tariff, r->endpoint), &request);
    if (status == 418 || (status == 429 && !rules->charge_rejected) ||
        (status == 400 && !rules->charge_invalid)) {
        return (struct weir_cost){0, 0};
    }
    cost.orders = status == 200 || rules->count_rejected_orders ? cost.orders : 0;
    return cost;
}

static const char *header_of(const struct live_wire_answer *answer, const char *name) {
    for (size_t i = 0; i < answer->header_count; i++) {
        if (strcasecmp(answer->headers[i].name, name) == 0) {
            return answer->headers[i].value;
        }
    }
    return NULL;
}

/** Arrival and charge, by the server's note or else by what is documented. */
static void note_arrival(const struct live_books *books, struct weir_request_record *r,
                         const struct live_wire_answer *answer, int64_t now_ns) {
    const char *note = header_of(answer, "X-Weir-Note");
    int64_t arrived_ns = r->sent_ns + (now_ns - r->sent_ns) / 2;
    const struct weir_cost charge = documented_charge(books, r, answer->status);
    r->charged_weight = charge.weight;
    r->charged_orders = charge.orders;
    if (note) {
        char *end = NULL;
        arrived_ns = strtoll(note, &end, 10);
        r->charged_weight = (int32_t)strtol(end, &end, 10);
        r->charged_orders = (int32_t)strtol(end, &end, 10);
    }
    arrived_ns = within(arrived_ns, r->sent_ns, now_ns);
    /* the stream, which tells milliseconds, may have told of it before */
    r->arrived_ns = r->arrived_ns && r->arrived_ns < arrived_ns ? r->arrived_ns : arrived_ns;
}

static int32_t code_of(const struct live_wire_answer *answer) {
    const char *code = answer->status == 200 ? NULL : strstr(answer->body, "\"code\":");
    return code ? (int32_t)strtol(code + 7, NULL, 10) : 0;
}

static void note_ban(struct live_books *books, const struct weir_request_record *r,
                     const struct live_wire_answer *answer) {
    const char *until = strstr(answer->body, "until ");
    const char *after = header_of(answer, "Retry-After");
    int64_t until_ns = until ? strtoll(until + 6, NULL, 10) * MILLISECOND_NS : 0;
    if (until_ns <= r->arrived_ns && after) {
        until_ns = r->arrived_ns + strtoll(after, NULL, 10) * SECOND_NS;
    }
    if (until_ns > r->arrived_ns) {
        weir_books_ban(&books->books, r->arrived_ns, until_ns);
    }
}

/* Acceptance. */

static void accept_entry(struct live_books *books, const struct weir_request_record *r,
                         int64_t accepted_ns) {
    int64_t expires_ns = 0;
    if (!books->books.ledger->opportunities[r->opportunity].accepted_ns && is_news(books, r->id)) {
        weir_books_accept_entry(&books->books, r, accepted_ns, &expires_ns);
        books->accepted(books->context, r->opportunity, expires_ns);
    }
}

static void accept_protection(struct live_books *books, const struct weir_request_record *r,
                              int64_t accepted_ns) {
    if (is_news(books, r->id)) {
        weir_books_accept_protection(&books->books, r, accepted_ns);
    }
}

/** Whether the last order of a list, the stop, is in the books. */
static bool stop_is_in(const struct live_wire_answer *answer) {
    json_t *list = json_loadb(answer->body, answer->body_length, 0, NULL);
    const json_t *last =
        json_is_array(list) ? json_array_get(list, json_array_size(list) - 1) : list;
    const bool in = json_is_object(last) && json_object_get(last, "orderId");
    json_decref(list);
    return in;
}

/** Carries over what a 200 says. False if it protects nothing, though it should. */
static bool accept(struct live_books *books, const struct weir_request_record *r,
                   const struct live_wire_answer *answer) {
    const enum weir_effect effect = weir_books_effect(&books->books, r);
    switch (effect) {
    case WEIR_EFFECT_ENTRY:
        accept_entry(books, r, r->arrived_ns);
        break;
    case WEIR_EFFECT_PROTECT:
        if (!stop_is_in(answer)) {
            return false;
        }
        accept_protection(books, r, r->arrived_ns);
        break;
    case WEIR_EFFECT_CANCEL_TAKE_PROFIT:
    case WEIR_EFFECT_CANCEL_STOP:
        weir_books_accept_cancel(&books->books, r, effect == WEIR_EFFECT_CANCEL_STOP);
        break;
    case WEIR_EFFECT_NONE:
        break;
    }
    return true;
}

void live_books_answer(struct live_books *books, uint32_t request_id,
                       const struct live_wire_answer *answer, int64_t now_ns,
                       struct weir_bot_reply *told) {
    struct weir_request_record *r = record_of(books, request_id);
    *told = (struct weir_bot_reply){.lost = true};
    if (answer->lost || answer->status < 200) {
        weir_books_lose(&books->books, r);
        return;
    }
    *told = (struct weir_bot_reply){.status = answer->status,
                                    .headers = answer->headers,
                                    .header_count = answer->header_count,
                                    .body = answer->body,
                                    .body_length = answer->body_length};
    note_arrival(books, r, answer, now_ns);
    weir_books_note_headers(r, answer->headers, answer->header_count);
    r->code = code_of(answer);
    if (answer->status == 418) {
        note_ban(books, r, answer);
    }
    if (answer->status == 200 && !accept(books, r, answer)) {
        told->status = 400;
    } else if (answer->status != 200 && weir_books_effect(&books->books, r) == WEIR_EFFECT_ENTRY) {
        weir_books_reject_entry(&books->books, r, r->arrived_ns, answer->status,
                                r->code == CODE_ORDERS ? WEIR_LIMIT_ORDERS : WEIR_LIMIT_WEIGHT);
    }
}

/* The account's stream. */

/** A request that the stream tells of before its answer came, or without one. */
static void arrived_by_stream(const struct live_books *books, struct weir_request_record *r,
                              int64_t at_ns) {
    if (!r->arrived_ns) {
        const struct weir_cost charge = documented_charge(books, r, 200);
        r->arrived_ns = at_ns;
        r->charged_weight = charge.weight;
        r->charged_orders = charge.orders;
    }
}

/** Steps of a trade's quantity. */
static int64_t steps_of(const char *quantity, uint8_t decimals) {
    struct weir_decimal decimal;
    int64_t steps = 0;
    return !weir_decimal_parse(quantity, strlen(quantity), &decimal) &&
                   !weir_decimal_scale(weir_decimal_strip(decimal), decimals, &steps)
               ? steps
               : 0;
}

static int64_t traded_steps(const struct live_books *books, const struct live_order_event *event,
                            uint32_t opportunity) {
    const uint32_t symbol = books->books.hunt->opportunities[opportunity].symbol;
    return steps_of(event->quantity, books->text.precisions[symbol].quantity_decimals);
}

static void entry_event(struct live_books *books, const struct live_order_event *event,
                        uint32_t opportunity, int64_t at_ns, int64_t now_ns) {
    if (opportunity >= books->books.ledger->opportunity_count) {
        return;
    }
    struct weir_opportunity_record *o = &books->books.ledger->opportunities[opportunity];
    if (!o->entry_request) {
        return;
    }
    struct weir_request_record *r = record_of(books, o->entry_request);
    const int64_t accepted_ns = within(at_ns, r->sent_ns, now_ns);
    arrived_by_stream(books, r, accepted_ns);
    accept_entry(books, r, accepted_ns);
    if (strcmp(event->what, "TRADE") != 0) {
        return;
    }
    live_tranche_of(&books->text, opportunity)->quantity += traded_steps(books, event, opportunity);
    if (strcmp(event->status, "FILLED") == 0 && !o->filled_ns) {
        weir_books_fill(&books->books, opportunity, within(at_ns, o->accepted_ns, now_ns));
        weir_bot_on_fill(books->books.bot, now_ns, opportunity);
    }
}

static void protection_event(struct live_books *books, const struct live_order_event *event,
                             bool stop, uint32_t id, int64_t at_ns, int64_t now_ns) {
    if (id == 0 || id > books->books.ledger->request_count) {
        return;
    }
    struct weir_request_record *r = record_of(books, id);
    if (weir_books_effect(&books->books, r) != WEIR_EFFECT_PROTECT) {
        return;
    }
    const bool trades = strcmp(event->what, "TRADE") == 0;
    const int64_t accepted_ns = within(at_ns, r->sent_ns, now_ns);
    /* a take-profit may trade before its stop is told of: both came with one request */
    if (trades || (stop && strcmp(event->what, "NEW") == 0)) {
        arrived_by_stream(books, r, accepted_ns);
        accept_protection(books, r, accepted_ns);
    }
    if (!trades) {
        return;
    }
    const struct weir_opportunity *o = &books->books.hunt->opportunities[r->opportunity];
    const bool buy = o->side == WEIR_SIDE_SELL;
    struct live_tranche *tranche = live_tranche_of(&books->text, r->opportunity);
    const int64_t steps = traded_steps(books, event, r->opportunity);
    tranche->quantity = steps < tranche->quantity ? tranche->quantity - steps : 0;
    if (strcmp(event->status, "FILLED") == 0) {
        const uint32_t closed =
            weir_books_close(&books->books, o->symbol, buy,
                             weir_venue_version(books->books.venue, o->symbol, buy), at_ns);
        if (closed != WEIR_NO_OPPORTUNITY) {
            weir_bot_on_closed(books->books.bot, now_ns, closed);
        }
    }
}

void live_books_order(struct live_books *books, const struct live_order_event *event,
                      int64_t now_ns) {
    uint32_t number = 0;
    /* times are told in whole milliseconds: it was at most one later */
    const int64_t told_ns = event->time_ms * MILLISECOND_NS + (MILLISECOND_NS - 1);
    const int64_t at_ns = told_ns < now_ns ? told_ns : now_ns;
    switch (live_order_name_read(&books->text, event->name, &number)) {
    case LIVE_ORDER_ENTRY:
        entry_event(books, event, number, at_ns, now_ns);
        break;
    case LIVE_ORDER_PROFIT:
        protection_event(books, event, false, number, at_ns, now_ns);
        break;
    case LIVE_ORDER_STOP:
        protection_event(books, event, true, number, at_ns, now_ns);
        break;
    case LIVE_ORDER_UNKNOWN:
        break;
    }
}

void live_books_unfilled(struct live_books *books, uint32_t opportunity, int64_t now_ns) {
    if (!books->books.ledger->opportunities[opportunity].filled_ns) {
        weir_books_expire(&books->books, opportunity);
        weir_bot_on_unfilled(books->books.bot, now_ns, opportunity);
    }
}
