#include "books.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void weir_books_begin(const struct weir_stage *stage, const struct weir_hunt *hunt,
                      struct weir_ledger *ledger, const struct weir_bound *bound) {
    const struct weir_scenario *scenario = stage->scenario;
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
        .bound = bound};
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

struct weir_entry_order weir_books_entry(const struct weir_books *books, uint32_t opportunity) {
    const struct weir_opportunity *o = &books->hunt->opportunities[opportunity];
    const struct weir_symbol_settings *s = books->hunt->symbols[o->symbol];
    return (struct weir_entry_order){.opportunity = opportunity,
                                     .symbol = o->symbol,
                                     .buy = o->side == WEIR_SIDE_SELL,
                                     .market = weir_bot_entry_is_market(books->bot, opportunity),
                                     .price = weir_bot_entry_price(books->bot, opportunity),
                                     .stake_usd = s->stake_usd,
                                     .notional_usd = s->stake_usd * s->leverage,
                                     .take_profit_pct = s->take_profit_pct,
                                     .stop_loss_pct = s->stop_loss_pct};
}

enum weir_effect weir_books_effect(const struct weir_books *books,
                                   const struct weir_request_record *r) {
    const struct weir_step *step = weir_bot_step(books->bot, r);
    return step ? step->effect : WEIR_EFFECT_NONE;
}

static struct weir_opportunity_record *record_of(const struct weir_books *books,
                                                 uint32_t opportunity) {
    return &books->ledger->opportunities[opportunity];
}

static void note_exposure(const struct weir_books *books) {
    const double usd = weir_venue_unprotected_usd(books->venue);
    if (usd > books->ledger->unprotected_usd_max) {
        books->ledger->unprotected_usd_max = usd;
    }
}

int64_t weir_books_accept_entry(struct weir_books *books, const struct weir_request_record *r,
                                int64_t accepted_ns, int64_t *expires_ns) {
    const struct weir_bot_settings *bot = &books->stage->scenario->bot;
    struct weir_opportunity_record *record = record_of(books, r->opportunity);
    const int64_t window_ns = (int64_t)(bot->opportunity_window_ms * 1e6);
    record->accepted_ns = accepted_ns;
    record->entry_request = r->id;
    record->waits_ns[WEIR_CAUSE_DELAY] += accepted_ns - r->sent_ns;
    record->state =
        accepted_ns <= record->time_ns + window_ns ? WEIR_STATE_CAPTURED : WEIR_STATE_LATE;
    if (record->state == WEIR_STATE_LATE) {
        record->blame = (uint8_t)weir_longest_wait(record);
    }
    const struct weir_entry_order order = weir_books_entry(books, r->opportunity);
    *expires_ns = accepted_ns + (int64_t)(bot->entry_ttl_ms * 1e6);
    const int64_t fills_ns =
        weir_venue_accept_entry(books->venue, accepted_ns, &order, *expires_ns);
    note_exposure(books);
    return fills_ns;
}

/** Notes that the price passed where the stop would have been between fill and `until_ns`. */
static void note_crossing(struct weir_books *books, uint32_t opportunity, int64_t until_ns) {
    struct weir_opportunity_record *record = record_of(books, opportunity);
    const struct weir_market *market = books->stage->market;
    const struct weir_entry_order order = weir_books_entry(books, opportunity);
    const double fill_price =
        order.market ? weir_market_price(market, order.symbol, record->filled_ns) : order.price;
    const double stop = weir_venue_stop_price(&order, fill_price);
    const int64_t crossed_ns =
        order.buy ? weir_market_first_below(market, order.symbol, record->filled_ns, stop)
                  : weir_market_first_above(market, order.symbol, record->filled_ns, stop);
    record->stop_crossed = crossed_ns < until_ns;
}

static void note_covered(void *context, uint32_t opportunity) {
    struct weir_books *books = context;
    struct weir_opportunity_record *record = record_of(books, opportunity);
    if (!record->covered_ns) {
        /* who is only told of things may hear of a fill before an earlier protection */
        record->covered_ns =
            books->told_ns > record->filled_ns ? books->told_ns : record->filled_ns;
        note_crossing(books, opportunity, record->covered_ns);
    }
}

struct weir_closing weir_books_accept_protection(struct weir_books *books,
                                                 const struct weir_request_record *r,
                                                 int64_t accepted_ns) {
    const struct weir_opportunity *o = &books->hunt->opportunities[r->opportunity];
    struct weir_opportunity_record *record = record_of(books, r->opportunity);
    if (!record->protected_ns) {
        record->protected_ns = accepted_ns;
    }
    books->told_ns = accepted_ns;
    const struct weir_closing closing = weir_venue_accept_protection(
        books->venue, accepted_ns, o->symbol, o->side == WEIR_SIDE_SELL, note_covered, books);
    note_exposure(books);
    return closing;
}

void weir_books_accept_cancel(struct weir_books *books, const struct weir_request_record *r,
                              bool stop) {
    const struct weir_opportunity *o = &books->hunt->opportunities[r->opportunity];
    weir_venue_accept_cancel(books->venue, o->symbol, o->side == WEIR_SIDE_SELL, stop);
    note_exposure(books);
}

void weir_books_reject_entry(struct weir_books *books, const struct weir_request_record *r,
                             int64_t now_ns, int status, enum weir_limit_type limit) {
    struct weir_opportunity_record *record = record_of(books, r->opportunity);
    if (record->accepted_ns) {
        return;
    }
    record->waits_ns[WEIR_CAUSE_DELAY] += now_ns - r->sent_ns;
    record->state = WEIR_STATE_REJECTED;
    if (status == 418) {
        record->blame = WEIR_CAUSE_BAN;
    } else if (status == 429) {
        record->blame = limit == WEIR_LIMIT_WEIGHT ? WEIR_CAUSE_WEIGHT : WEIR_CAUSE_ORDERS;
    } else {
        record->blame = WEIR_CAUSE_EXCHANGE;
    }
    /* it stands refused until its window is over */
    record->waits_ns[record->blame] += r->deadline_ns > now_ns ? r->deadline_ns - now_ns : 0;
}

void weir_books_lose(struct weir_books *books, const struct weir_request_record *r) {
    if (!r->arrived_ns && weir_books_effect(books, r) == WEIR_EFFECT_ENTRY &&
        !record_of(books, r->opportunity)->accepted_ns) {
        record_of(books, r->opportunity)->state = WEIR_STATE_LOST;
        record_of(books, r->opportunity)->blame = WEIR_CAUSE_DELAY;
    }
}

void weir_books_ban(struct weir_books *books, int64_t now_ns, int64_t until_ns) {
    weir_ledger_add_ban(books->ledger, now_ns, until_ns);
    const double usd = weir_venue_open_usd(books->venue);
    if (usd > books->ledger->open_while_banned_usd_max) {
        books->ledger->open_while_banned_usd_max = usd;
    }
}

void weir_books_fill(struct weir_books *books, uint32_t opportunity, int64_t filled_ns) {
    const struct weir_entry_order order = weir_books_entry(books, opportunity);
    weir_venue_fill(books->venue, filled_ns, &order);
    record_of(books, opportunity)->filled_ns = filled_ns;
    note_exposure(books);
}

void weir_books_expire(struct weir_books *books, uint32_t opportunity) {
    const struct weir_entry_order order = weir_books_entry(books, opportunity);
    weir_venue_expire(books->venue, &order);
}

static void note_closed(void *context, uint32_t opportunity) {
    struct weir_books *books = context;
    record_of(books, opportunity)->closed_ns = books->told_ns;
    books->closed_opportunity = opportunity;
}

uint32_t weir_books_close(struct weir_books *books, uint32_t symbol, bool buy, uint32_t version,
                          int64_t closed_ns) {
    books->closed_opportunity = WEIR_NO_OPPORTUNITY;
    books->told_ns = closed_ns;
    weir_venue_close(books->venue, symbol, buy, version, note_closed, books);
    return books->closed_opportunity;
}

void weir_books_note_headers(struct weir_request_record *r, const struct weir_header *headers,
                             size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct weir_header *h = &headers[i];
        int32_t *place = NULL;
        if (strcasecmp(h->name, "X-MBX-USED-WEIGHT-1M") == 0) {
            place = &r->header_weight;
        } else if (strcasecmp(h->name, "X-MBX-ORDER-COUNT-1M") == 0) {
            place = &r->header_orders;
        } else if (strcasecmp(h->name, "X-MBX-ORDER-COUNT-10S") == 0) {
            place = &r->header_orders_10s;
        } else if (strcasecmp(h->name, "Retry-After") == 0) {
            place = &r->retry_after_s;
        }
        if (place) {
            *place = (int32_t)strtol(h->value, NULL, 10);
        }
    }
}

void weir_books_finish(struct weir_books *books, int64_t end_ns) {
    for (uint32_t o = 0; o < books->ledger->opportunity_count; o++) {
        const struct weir_opportunity_record *record = record_of(books, o);
        if (record->filled_ns && !record->covered_ns) {
            note_crossing(books, o, end_ns);
        }
    }
}
