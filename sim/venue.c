#include "venue.h"

#include <assert.h>
#include <stdlib.h>

#define NOBODY UINT32_MAX

enum position {
    POSITION_NONE,
    POSITION_OPEN,
    POSITION_COVERED,
    POSITION_CLOSED
};

struct tranche {
    double covered_usd, uncovered_usd;
    double quantity, cost_usd; /* of everything open: cost / quantity is the average entry price */
    double take_profit_pct, stop_loss_pct;
    int32_t take_profits, stops;
    int32_t old_take_profits, old_stops; /* left over when the tranche closed, not yet cancelled */
    uint32_t version;
    uint32_t first; /* list of open positions, by opportunity */
};

/** One opportunity's position. */
struct holding {
    double notional_usd, quantity;
    double stake_usd;
    uint32_t next;
    uint8_t position; /* enum position */
};

struct orders {
    int32_t open, stops;
};

struct weir_venue {
    const struct weir_market *market;
    struct weir_venue_limits limits;
    struct tranche *tranches;      /* 2 × symbol + buy */
    struct orders *orders;         /* per symbol */
    struct holding *holdings;      /* per opportunity */
    int64_t margin_used_micro_usd; /* exact: what is added is taken away again */
    double unprotected_usd, open_usd;
};

int64_t weir_venue_fills_ns(const struct weir_market *market, uint32_t symbol, bool buy,
                            double price, int64_t from_ns) {
    return buy ? weir_market_first_below(market, symbol, from_ns, price)
               : weir_market_first_above(market, symbol, from_ns, price);
}

int64_t weir_venue_triggers_ns(const struct weir_market *market, uint32_t symbol, bool falling,
                               double price, int64_t from_ns) {
    return falling ? weir_market_first_below(market, symbol, from_ns, price)
                   : weir_market_first_above(market, symbol, from_ns, price);
}

int32_t weir_venue_check_counts(const struct weir_venue_limits *limits, int32_t open, int32_t stops,
                                int32_t more, int32_t more_stops) {
    if (more_stops > 0 && limits->max_stop_orders > 0 &&
        stops + more_stops > limits->max_stop_orders) {
        return -4045;
    }
    if (more > 0 && limits->max_open_orders > 0 && open + more > limits->max_open_orders) {
        return -2025;
    }
    return 0;
}

struct weir_venue *weir_venue_create(const struct weir_market *market,
                                     const struct weir_venue_limits *limits, uint32_t symbol_count,
                                     uint32_t opportunity_count) {
    struct weir_venue *venue = calloc(1, sizeof *venue);
    if (!venue) {
        return NULL;
    }
    venue->market = market;
    venue->limits = *limits;
    venue->tranches = calloc(2 * (size_t)symbol_count + 1, sizeof *venue->tranches);
    venue->orders = calloc((size_t)symbol_count + 1, sizeof *venue->orders);
    venue->holdings = calloc((size_t)opportunity_count + 1, sizeof *venue->holdings);
    if (!venue->tranches || !venue->orders || !venue->holdings) {
        weir_venue_destroy(venue);
        return NULL;
    }
    for (size_t i = 0; i < 2 * (size_t)symbol_count; i++) {
        venue->tranches[i].first = NOBODY;
    }
    return venue;
}

void weir_venue_destroy(struct weir_venue *venue) {
    if (venue) {
        free(venue->tranches);
        free(venue->orders);
        free(venue->holdings);
        free(venue);
    }
}

static struct tranche *tranche_of(const struct weir_venue *venue, uint32_t symbol, bool buy) {
    return &venue->tranches[2 * (size_t)symbol + (buy ? 1 : 0)];
}

static int64_t micro_usd(double usd) {
    return (int64_t)(usd * 1e6 + 0.5);
}

int32_t weir_venue_check_entry(const struct weir_venue *venue,
                               const struct weir_entry_order *order) {
    const int64_t needed = venue->margin_used_micro_usd + micro_usd(order->stake_usd);
    if (venue->limits.margin_usd > 0.0 && needed > micro_usd(venue->limits.margin_usd)) {
        return -2019;
    }
    const struct orders *o = &venue->orders[order->symbol];
    return weir_venue_check_counts(&venue->limits, o->open, o->stops, order->market ? 0 : 1, 0);
}

int32_t weir_venue_check_protection(const struct weir_venue *venue, uint32_t symbol, bool buy) {
    (void)buy;
    const struct orders *o = &venue->orders[symbol];
    return weir_venue_check_counts(&venue->limits, o->open, o->stops, 2, 1);
}

int64_t weir_venue_accept_entry(struct weir_venue *venue, int64_t now_ns,
                                const struct weir_entry_order *order, int64_t expires_ns) {
    venue->margin_used_micro_usd += micro_usd(order->stake_usd);
    if (order->market) {
        return now_ns;
    }
    venue->orders[order->symbol].open++;
    const int64_t fills_ns =
        weir_venue_fills_ns(venue->market, order->symbol, order->buy, order->price, now_ns);
    return fills_ns < expires_ns ? fills_ns : INT64_MAX;
}

void weir_venue_fill(struct weir_venue *venue, int64_t now_ns,
                     const struct weir_entry_order *order) {
    struct holding *h = &venue->holdings[order->opportunity];
    struct tranche *t = tranche_of(venue, order->symbol, order->buy);
    assert(h->position == POSITION_NONE);
    const double price =
        order->market ? weir_market_price(venue->market, order->symbol, now_ns) : order->price;
    venue->orders[order->symbol].open -= order->market ? 0 : 1;
    *h = (struct holding){order->notional_usd, order->notional_usd / price, order->stake_usd,
                          t->first, POSITION_OPEN};
    t->first = order->opportunity;
    t->uncovered_usd += order->notional_usd;
    t->quantity += h->quantity;
    t->cost_usd += order->notional_usd;
    t->take_profit_pct = order->take_profit_pct;
    t->stop_loss_pct = order->stop_loss_pct;
    venue->unprotected_usd += order->notional_usd;
    venue->open_usd += order->notional_usd;
}

void weir_venue_expire(struct weir_venue *venue, const struct weir_entry_order *order) {
    venue->orders[order->symbol].open--;
    venue->margin_used_micro_usd -= micro_usd(order->stake_usd);
}

struct weir_protection weir_venue_protection(const struct weir_venue *venue, uint32_t symbol,
                                             bool buy) {
    const struct tranche *t = tranche_of(venue, symbol, buy);
    const double average = t->quantity > 0.0 ? t->cost_usd / t->quantity : 0.0;
    const double sign = buy ? 1.0 : -1.0;
    return (struct weir_protection){average * (1.0 + sign * t->take_profit_pct / 100.0),
                                    average * (1.0 - sign * t->stop_loss_pct / 100.0)};
}

uint32_t weir_venue_version(const struct weir_venue *venue, uint32_t symbol, bool buy) {
    return tranche_of(venue, symbol, buy)->version;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

struct weir_closing weir_venue_accept_protection(struct weir_venue *venue, int64_t now_ns,
                                                 uint32_t symbol, bool buy,
                                                 weir_venue_teller covered, void *context) {
    struct tranche *t = tranche_of(venue, symbol, buy);
    venue->orders[symbol].open += 2;
    venue->orders[symbol].stops++;
    t->take_profits++;
    t->stops++;
    t->version++;
    venue->unprotected_usd -= t->uncovered_usd;
    t->covered_usd += t->uncovered_usd;
    t->uncovered_usd = 0.0;
    /* newest first: what comes after a covered position is covered too */
    for (uint32_t i = t->first; i != NOBODY && venue->holdings[i].position != POSITION_COVERED;
         i = venue->holdings[i].next) {
        venue->holdings[i].position = POSITION_COVERED;
        if (covered) {
            covered(context, i);
        }
    }
    if (t->quantity <= 0.0) {
        return (struct weir_closing){INT64_MAX, t->version};
    }
    const struct weir_protection p = weir_venue_protection(venue, symbol, buy);
    const struct weir_market *m = venue->market;
    const int64_t at = earlier(weir_venue_triggers_ns(m, symbol, !buy, p.take_profit, now_ns),
                               weir_venue_triggers_ns(m, symbol, buy, p.stop, now_ns));
    return (struct weir_closing){at, t->version};
}

void weir_venue_accept_cancel(struct weir_venue *venue, uint32_t symbol, bool buy, bool stop) {
    struct tranche *t = tranche_of(venue, symbol, buy);
    int32_t *count = stop ? &t->stops : &t->take_profits;
    int32_t *old = stop ? &t->old_stops : &t->old_take_profits;
    if (*count == 0 && *old == 0) {
        return;
    }
    venue->orders[symbol].open--;
    venue->orders[symbol].stops -= stop ? 1 : 0;
    if (*old > 0) { /* what a closed position left goes first, and protects nothing */
        (*old)--;
        return;
    }
    (*count)--;
    t->version++;
    if (stop && t->stops == 0) {
        venue->unprotected_usd += t->covered_usd;
        t->uncovered_usd += t->covered_usd;
        t->covered_usd = 0.0;
        for (uint32_t i = t->first; i != NOBODY; i = venue->holdings[i].next) {
            venue->holdings[i].position = POSITION_OPEN;
        }
    }
}

bool weir_venue_close(struct weir_venue *venue, uint32_t symbol, bool buy, uint32_t version,
                      weir_venue_teller closed, void *context) {
    struct tranche *t = tranche_of(venue, symbol, buy);
    if (t->version != version) {
        return false;
    }
    uint32_t *link = &t->first;
    while (*link != NOBODY) {
        struct holding *h = &venue->holdings[*link];
        if (h->position != POSITION_COVERED) {
            link = &h->next;
            continue;
        }
        if (closed) {
            closed(context, *link);
        }
        h->position = POSITION_CLOSED;
        venue->margin_used_micro_usd -= micro_usd(h->stake_usd);
        venue->open_usd -= h->notional_usd;
        t->covered_usd -= h->notional_usd;
        t->quantity -= h->quantity;
        t->cost_usd -= h->notional_usd;
        *link = h->next;
    }
    /* one order has traded; the others stay until they are cancelled */
    venue->orders[symbol].open--;
    t->old_take_profits += t->take_profits - 1;
    t->old_stops += t->stops;
    t->take_profits = t->stops = 0;
    if (t->first == NOBODY) {
        t->quantity = t->cost_usd = t->covered_usd = 0.0;
    }
    t->version++;
    return true;
}

bool weir_venue_is_open(const struct weir_venue *venue, uint32_t opportunity) {
    const uint8_t position = venue->holdings[opportunity].position;
    return position == POSITION_OPEN || position == POSITION_COVERED;
}

double weir_venue_stop_price(const struct weir_entry_order *order, double fill_price) {
    const double sign = order->buy ? 1.0 : -1.0;
    return fill_price * (1.0 - sign * order->stop_loss_pct / 100.0);
}

double weir_venue_unprotected_usd(const struct weir_venue *venue) {
    return venue->unprotected_usd;
}

double weir_venue_open_usd(const struct weir_venue *venue) {
    return venue->open_usd;
}
