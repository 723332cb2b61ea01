/**
 * An account's orders and positions: each rule by itself, and random operations against a model
 * that keeps a plain list of positions and adds everything up anew each time.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tape.h"
#include "venue.h"

#define SEEDS 150
#define STEPS 200
#define SYMBOLS 2

static const struct weir_venue_limits no_limits = {0.0, 0, 0};

/** A venue on symbol 0 at 100 USD, then up to 110 within 10 s, then down to 50 within 10 s. */
struct bench {
    struct weir_trace *trace;
    struct weir_market *market;
    struct weir_venue *venue;
};

static struct bench open_bench(const struct weir_venue_limits *limits) {
    struct bench b = {.trace = tape_new(SYMBOLS)};
    tape_add(b.trace, BEGIN, 0, WEIR_SIDE_SELL, 10000, 1);
    tape_add(b.trace, BEGIN, 1, WEIR_SIDE_SELL, 20000, 1);
    tape_add(b.trace, BEGIN + 10 * SECOND, 0, WEIR_SIDE_SELL, 11000, 1);
    tape_add(b.trace, BEGIN + 20 * SECOND, 0, WEIR_SIDE_SELL, 5000, 1);
    b.market = weir_market_create(b.trace, 0);
    assert_non_null(b.market);
    b.venue = weir_venue_create(b.market, limits, SYMBOLS, 16);
    assert_non_null(b.venue);
    return b;
}

static void close_bench(struct bench *b) {
    weir_venue_destroy(b->venue);
    weir_market_destroy(b->market);
    tape_free(b->trace);
}

/** An entry with a stake of 1 USD, a take-profit 5 % away and a stop 20 % away. */
static struct weir_entry_order entry(uint32_t opportunity, bool buy, bool market, double price) {
    return (struct weir_entry_order){.opportunity = opportunity,
                                     .buy = buy,
                                     .market = market,
                                     .price = price,
                                     .stake_usd = 1.0,
                                     .notional_usd = 10.0,
                                     .take_profit_pct = 5.0,
                                     .stop_loss_pct = 20.0};
}

static void open_position(struct bench *b, int64_t now_ns, uint32_t opportunity, bool buy) {
    const struct weir_entry_order order = entry(opportunity, buy, true, 0.0);
    assert_int_equal(weir_venue_accept_entry(b->venue, now_ns, &order, now_ns + MINUTE), now_ns);
    weir_venue_fill(b->venue, now_ns, &order);
}

static void test_market_orders_fill_at_once_and_limits_when_the_price_trades_through(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    struct weir_entry_order order = entry(0, true, true, 0.0);
    assert_int_equal(weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + 1), BEGIN);
    order = entry(1, true, false, 80.0); /* half way from 110 down to 50 */
    assert_int_equal(weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + MINUTE),
                     BEGIN + 15 * SECOND);
    assert_true(weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + 15 * SECOND) == INT64_MAX);
    order = entry(2, false, false, 105.0);
    assert_int_equal(weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + MINUTE),
                     BEGIN + 5 * SECOND);
    order = entry(3, false, false, 110.5);
    assert_true(weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + MINUTE) == INT64_MAX);
    close_bench(&b);
}

static void
test_a_position_is_open_from_fill_to_close_and_unprotected_until_protected(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    assert_false(weir_venue_is_open(b.venue, 0));
    open_position(&b, BEGIN, 0, true);
    assert_true(weir_venue_is_open(b.venue, 0));
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 10.0, 1e-12);
    const struct weir_closing c = weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    assert_int_equal(c.time_ns, BEGIN + 5 * SECOND); /* 105: the take-profit */
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 0.0, 1e-12);
    ASSERT_NEAR(weir_venue_open_usd(b.venue), 10.0, 1e-12);
    assert_true(weir_venue_close(b.venue, 0, true, c.version, NULL, NULL));
    assert_false(weir_venue_is_open(b.venue, 0));
    ASSERT_NEAR(weir_venue_open_usd(b.venue), 0.0, 1e-12);
    assert_false(weir_venue_close(b.venue, 0, true, c.version, NULL, NULL));
    close_bench(&b);
}

static void test_the_stop_closes_when_it_comes_first(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    open_position(&b, BEGIN + 10 * SECOND, 0, true); /* at 110: stop at 88, take-profit at 115.5 */
    const struct weir_closing c =
        weir_venue_accept_protection(b.venue, BEGIN + 10 * SECOND, 0, true, NULL, NULL);
    const double seconds = 10.0 + 10.0 * (110.0 - 88.0) / 60.0;
    ASSERT_NEAR((double)(c.time_ns - BEGIN) / 1e9, seconds, 1e-6);
    open_position(&b, BEGIN, 1, false); /* sold at 100: stop at 120, take-profit at 95 */
    const struct weir_closing s =
        weir_venue_accept_protection(b.venue, BEGIN, 0, false, NULL, NULL);
    ASSERT_NEAR((double)(s.time_ns - BEGIN) / 1e9, 12.5, 1e-6);
    close_bench(&b);
}

static void test_protection_is_replaced_and_covers_the_whole_tranche(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    open_position(&b, BEGIN, 0, true);
    const struct weir_closing first =
        weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    open_position(&b, BEGIN + 10 * SECOND, 1, true);
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 10.0, 1e-12);
    const struct weir_closing second =
        weir_venue_accept_protection(b.venue, BEGIN + 10 * SECOND, 0, true, NULL, NULL);
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 0.0, 1e-12);
    assert_false(weir_venue_close(b.venue, 0, true, first.version, NULL, NULL));
    assert_true(weir_venue_close(b.venue, 0, true, second.version, NULL, NULL));
    assert_false(weir_venue_is_open(b.venue, 0) || weir_venue_is_open(b.venue, 1));
    close_bench(&b);
}

static void test_what_filled_after_the_protection_is_not_closed_by_it(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    open_position(&b, BEGIN, 0, true);
    const struct weir_closing c = weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    open_position(&b, BEGIN + SECOND, 1, true);
    open_position(&b, BEGIN + SECOND, 2, false); /* the other side is another tranche */
    assert_true(weir_venue_close(b.venue, 0, true, c.version, NULL, NULL));
    assert_false(weir_venue_is_open(b.venue, 0));
    assert_true(weir_venue_is_open(b.venue, 1) && weir_venue_is_open(b.venue, 2));
    ASSERT_NEAR(weir_venue_open_usd(b.venue), 20.0, 1e-12);
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 20.0, 1e-12);
    close_bench(&b);
}

static void test_without_a_stop_a_tranche_is_unprotected(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    open_position(&b, BEGIN, 0, true);
    weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    weir_venue_accept_cancel(b.venue, 0, true, false);
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 0.0, 1e-12);
    weir_venue_accept_cancel(b.venue, 0, true, true);
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 10.0, 1e-12);
    weir_venue_accept_cancel(b.venue, 0, true, true); /* nothing left to cancel */
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 10.0, 1e-12);
    assert_true(weir_venue_is_open(b.venue, 0));
    close_bench(&b);
}

/** After a position closed, the other order of its pair is cancelled. A newer position of the same
 *  tranche, with protection of its own, has nothing to do with that. */
static void test_cancelling_a_leftover_leaves_newer_protection_alone(void **state) {
    (void)state;
    struct bench b = open_bench(&no_limits);
    open_position(&b, BEGIN, 0, true);
    const struct weir_closing first =
        weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    assert_true(weir_venue_close(b.venue, 0, true, first.version, NULL, NULL));
    open_position(&b, BEGIN + SECOND, 1, true);
    const struct weir_closing second =
        weir_venue_accept_protection(b.venue, BEGIN + SECOND, 0, true, NULL, NULL);
    weir_venue_accept_cancel(b.venue, 0, true, true); /* the stop that was left of the first pair */
    ASSERT_NEAR(weir_venue_unprotected_usd(b.venue), 0.0, 1e-12);
    assert_true(weir_venue_close(b.venue, 0, true, second.version, NULL, NULL));
    assert_false(weir_venue_is_open(b.venue, 1));
    close_bench(&b);
}

static void test_margin_is_held_from_acceptance_to_close_or_expiry(void **state) {
    (void)state;
    struct bench b = open_bench(&(struct weir_venue_limits){2.0, 0, 0});
    struct weir_entry_order order = entry(5, true, false, 1.0);
    assert_int_equal(weir_venue_check_entry(b.venue, &order), 0);
    weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + MINUTE);
    open_position(&b, BEGIN, 0, true);
    struct weir_entry_order third = entry(6, true, true, 0.0);
    assert_int_equal(weir_venue_check_entry(b.venue, &third), -2019);
    weir_venue_expire(b.venue, &order);
    assert_int_equal(weir_venue_check_entry(b.venue, &third), 0);
    third.stake_usd = 1.5;
    assert_int_equal(weir_venue_check_entry(b.venue, &third), -2019);
    const struct weir_closing c = weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    weir_venue_close(b.venue, 0, true, c.version, NULL, NULL);
    assert_int_equal(weir_venue_check_entry(b.venue, &third), 0);
    close_bench(&b);
}

/** Stakes that binary fractions cannot hold exactly still add up to the margin they were cut from.
 */
static void test_margin_can_be_used_to_the_last_cent(void **state) {
    (void)state;
    struct bench b = open_bench(&(struct weir_venue_limits){0.3, 0, 0});
    for (uint32_t i = 0; i < 3; i++) {
        struct weir_entry_order order = entry(i, true, true, 0.0);
        order.stake_usd = 0.1;
        assert_int_equal(weir_venue_check_entry(b.venue, &order), 0);
        weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + MINUTE);
    }
    struct weir_entry_order order = entry(3, true, true, 0.0);
    order.stake_usd = 0.1;
    assert_int_equal(weir_venue_check_entry(b.venue, &order), -2019);
    close_bench(&b);
}

static void test_open_orders_are_counted_by_symbol(void **state) {
    (void)state;
    struct bench b = open_bench(&(struct weir_venue_limits){0.0, 3, 0});
    struct weir_entry_order order = entry(0, true, false, 1.0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(weir_venue_check_entry(b.venue, &order), 0);
        assert_int_equal(weir_venue_check_protection(b.venue, 0, true), i < 2 ? 0 : -2025);
        order.opportunity = i;
        weir_venue_accept_entry(b.venue, BEGIN, &order, BEGIN + MINUTE);
    }
    assert_int_equal(weir_venue_check_entry(b.venue, &order), -2025);
    struct weir_entry_order other = entry(4, true, true, 0.0);
    assert_int_equal(weir_venue_check_entry(b.venue, &other), 0); /* MARKET never rests */
    other = entry(4, true, false, 1.0);
    other.symbol = 1;
    assert_int_equal(weir_venue_check_entry(b.venue, &other), 0);
    weir_venue_expire(b.venue, &order);
    assert_int_equal(weir_venue_check_entry(b.venue, &order), 0);
    close_bench(&b);
}

static void test_stop_orders_are_counted_by_symbol(void **state) {
    (void)state;
    struct bench b = open_bench(&(struct weir_venue_limits){0.0, 0, 1});
    open_position(&b, BEGIN, 0, true);
    assert_int_equal(weir_venue_check_protection(b.venue, 0, true), 0);
    weir_venue_accept_protection(b.venue, BEGIN, 0, true, NULL, NULL);
    assert_int_equal(weir_venue_check_protection(b.venue, 0, true), -4045);
    assert_int_equal(weir_venue_check_protection(b.venue, 0, false), -4045);
    assert_int_equal(weir_venue_check_protection(b.venue, 1, true), 0);
    weir_venue_accept_cancel(b.venue, 0, true, true);
    assert_int_equal(weir_venue_check_protection(b.venue, 0, true), 0);
    close_bench(&b);
}

static void test_stop_price_lies_against_the_position(void **state) {
    (void)state;
    const struct weir_entry_order buy = entry(0, true, true, 0.0);
    const struct weir_entry_order sell = entry(0, false, true, 0.0);
    ASSERT_NEAR(weir_venue_stop_price(&buy, 50.0), 40.0, 1e-12);
    ASSERT_NEAR(weir_venue_stop_price(&sell, 50.0), 60.0, 1e-12);
}

/* ---- random operations ---- */

enum life {
    LIFE_NONE,
    LIFE_RESTING,
    LIFE_OPEN,
    LIFE_COVERED,
    LIFE_CLOSED
};

/** The account as a list: one item per opportunity, and the orders of each tranche. */
struct model {
    struct weir_entry_order orders[STEPS];
    double quantities[STEPS];
    enum life lives[STEPS];
    uint32_t count;
    int take_profits[SYMBOLS][2], stops[SYMBOLS][2];
    struct weir_closing closings[SYMBOLS][2];
    bool closes[SYMBOLS][2]; /* a closing is pending */
    double take_profit_pct[SYMBOLS][2], stop_loss_pct[SYMBOLS][2];
    uint32_t told;
};

struct play {
    uint64_t seed;
    struct draws draws;
    struct bench b;
    struct weir_venue_limits limits;
    struct model m;
    int64_t now_ns;
};

static double sum_usd(const struct model *m, enum life from, enum life to) {
    double sum = 0.0;
    for (uint32_t i = 0; i < m->count; i++) {
        sum += m->lives[i] >= from && m->lives[i] <= to ? m->orders[i].notional_usd : 0.0;
    }
    return sum;
}

static double margin_used(const struct model *m) {
    double sum = 0.0;
    for (uint32_t i = 0; i < m->count; i++) {
        const bool holds = m->lives[i] >= LIFE_RESTING && m->lives[i] <= LIFE_COVERED;
        sum += holds ? m->orders[i].stake_usd : 0.0;
    }
    return sum;
}

static int resting_orders(const struct model *m, uint32_t symbol) {
    int count = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        count += m->lives[i] == LIFE_RESTING && m->orders[i].symbol == symbol;
    }
    for (int buy = 0; buy < 2; buy++) {
        count += m->take_profits[symbol][buy] + m->stops[symbol][buy];
    }
    return count;
}

static int32_t expected_entry_code(const struct play *p, const struct weir_entry_order *order) {
    if (p->limits.margin_usd > 0.0 &&
        margin_used(&p->m) + order->stake_usd > p->limits.margin_usd) {
        return -2019;
    }
    const bool full = p->limits.max_open_orders > 0 &&
                      resting_orders(&p->m, order->symbol) >= p->limits.max_open_orders;
    return full && !order->market ? -2025 : 0;
}

static void model_fill(struct play *p, uint32_t i) {
    const struct weir_entry_order *o = &p->m.orders[i];
    const double price =
        o->market ? weir_market_price(p->b.market, o->symbol, p->now_ns) : o->price;
    p->m.quantities[i] = o->notional_usd / price;
    p->m.lives[i] = LIFE_OPEN;
    p->m.take_profit_pct[o->symbol][o->buy] = o->take_profit_pct;
    p->m.stop_loss_pct[o->symbol][o->buy] = o->stop_loss_pct;
    weir_venue_fill(p->b.venue, p->now_ns, o);
}

static void play_entry(struct play *p) {
    struct model *m = &p->m;
    struct draws *d = &p->draws;
    const uint32_t symbol = (uint32_t)draw(d, 0, SYMBOLS - 1);
    const double price = weir_market_price(p->b.market, symbol, p->now_ns);
    const double stake = (double)draw(d, 1, 4) * 0.5;
    const struct weir_entry_order order = {.opportunity = m->count,
                                           .symbol = symbol,
                                           .buy = draw_percent(d, 50),
                                           .market = draw_percent(d, 50),
                                           .price = price * (double)draw(d, 980, 1020) / 1000.0,
                                           .stake_usd = stake,
                                           .notional_usd = stake * 10.0,
                                           .take_profit_pct = (double)draw(d, 1, 30) / 10.0,
                                           .stop_loss_pct = (double)draw(d, 1, 50) / 10.0};
    const int32_t code = weir_venue_check_entry(p->b.venue, &order);
    CHECK_SEED(p->seed, code == expected_entry_code(p, &order));
    if (code) {
        return;
    }
    const int64_t expires_ns = p->now_ns + draw(d, 1, 5) * SECOND;
    const int64_t through_ns =
        order.buy ? weir_market_first_below(p->b.market, symbol, p->now_ns, order.price)
                  : weir_market_first_above(p->b.market, symbol, p->now_ns, order.price);
    const int64_t expected_ns = order.market              ? p->now_ns
                                : through_ns < expires_ns ? through_ns
                                                          : INT64_MAX;
    CHECK_SEED(p->seed,
               weir_venue_accept_entry(p->b.venue, p->now_ns, &order, expires_ns) == expected_ns);
    m->orders[m->count] = order;
    m->lives[m->count++] = LIFE_RESTING;
    if (order.market) {
        model_fill(p, order.opportunity);
    }
}

/** One of the resting orders fills or expires. */
static void play_resting(struct play *p) {
    for (uint32_t i = 0; i < p->m.count; i++) {
        if (p->m.lives[i] != LIFE_RESTING || !draw_percent(&p->draws, 30)) {
            continue;
        }
        if (draw_percent(&p->draws, 60)) {
            model_fill(p, i);
        } else {
            p->m.lives[i] = LIFE_CLOSED;
            weir_venue_expire(p->b.venue, &p->m.orders[i]);
        }
        return;
    }
}

static bool is_of(const struct model *m, uint32_t i, uint32_t symbol, bool buy) {
    return m->orders[i].symbol == symbol && m->orders[i].buy == buy &&
           (m->lives[i] == LIFE_OPEN || m->lives[i] == LIFE_COVERED);
}

/** When the whole tranche closes: the first of take-profit and stop, around its average price. */
static int64_t expected_closing_ns(const struct play *p, uint32_t symbol, bool buy) {
    double usd = 0.0;
    double quantity = 0.0;
    for (uint32_t i = 0; i < p->m.count; i++) {
        usd += is_of(&p->m, i, symbol, buy) ? p->m.orders[i].notional_usd : 0.0;
        quantity += is_of(&p->m, i, symbol, buy) ? p->m.quantities[i] : 0.0;
    }
    if (usd <= 0.0) {
        return INT64_MAX;
    }
    const double sign = buy ? 1.0 : -1.0;
    const double profit = usd / quantity * (1.0 + sign * p->m.take_profit_pct[symbol][buy] / 100.0);
    const double stop = usd / quantity * (1.0 - sign * p->m.stop_loss_pct[symbol][buy] / 100.0);
    const int64_t above_ns =
        weir_market_first_above(p->b.market, symbol, p->now_ns, buy ? profit : stop);
    const int64_t below_ns =
        weir_market_first_below(p->b.market, symbol, p->now_ns, buy ? stop : profit);
    return above_ns < below_ns ? above_ns : below_ns;
}

static void play_protection(struct play *p) {
    struct model *m = &p->m;
    const uint32_t symbol = (uint32_t)draw(&p->draws, 0, SYMBOLS - 1);
    const bool buy = draw_percent(&p->draws, 50);
    const int32_t code = weir_venue_check_protection(p->b.venue, symbol, buy);
    const int stops = m->stops[symbol][0] + m->stops[symbol][1];
    const bool full =
        p->limits.max_open_orders > 0 && resting_orders(m, symbol) + 2 > p->limits.max_open_orders;
    const bool stopped = p->limits.max_stop_orders > 0 && stops >= p->limits.max_stop_orders;
    CHECK_SEED(p->seed, code == (stopped ? -4045 : full ? -2025 : 0));
    if (code) {
        return;
    }
    const int64_t expected_ns = expected_closing_ns(p, symbol, buy);
    const struct weir_closing c =
        weir_venue_accept_protection(p->b.venue, p->now_ns, symbol, buy, NULL, NULL);
    CHECK_SEED(p->seed, (c.time_ns == INT64_MAX) == (expected_ns == INT64_MAX));
    CHECK_SEED(p->seed, llabs(c.time_ns - expected_ns) < 1000);
    m->closings[symbol][buy] = c;
    m->closes[symbol][buy] = true;
    m->take_profits[symbol][buy]++;
    m->stops[symbol][buy]++;
    for (uint32_t i = 0; i < m->count; i++) {
        m->lives[i] = is_of(m, i, symbol, buy) ? LIFE_COVERED : m->lives[i];
    }
}

static void play_cancel(struct play *p) {
    struct model *m = &p->m;
    const uint32_t symbol = (uint32_t)draw(&p->draws, 0, SYMBOLS - 1);
    const bool buy = draw_percent(&p->draws, 50);
    const bool stop = draw_percent(&p->draws, 50);
    int *count = stop ? &m->stops[symbol][buy] : &m->take_profits[symbol][buy];
    weir_venue_accept_cancel(p->b.venue, symbol, buy, stop);
    if (*count == 0) {
        return;
    }
    --*count;
    m->closes[symbol][buy] = false; /* what closes it now is for the tests above */
    for (uint32_t i = 0; stop && *count == 0 && i < m->count; i++) {
        m->lives[i] = is_of(m, i, symbol, buy) ? LIFE_OPEN : m->lives[i];
    }
}

static void note_told(void *context, uint32_t opportunity) {
    struct play *p = context;
    CHECK_SEED(p->seed, p->m.lives[opportunity] == LIFE_COVERED);
    p->m.lives[opportunity] = LIFE_CLOSED;
    p->m.told++;
}

static void play_close(struct play *p) {
    struct model *m = &p->m;
    const uint32_t symbol = (uint32_t)draw(&p->draws, 0, SYMBOLS - 1);
    const bool buy = draw_percent(&p->draws, 50);
    if (!m->closes[symbol][buy]) {
        return;
    }
    const uint32_t version = m->closings[symbol][buy].version;
    CHECK_SEED(p->seed, !weir_venue_close(p->b.venue, symbol, buy, version - 1, note_told, p));
    uint32_t covered = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        covered += is_of(m, i, symbol, buy) && m->lives[i] == LIFE_COVERED;
    }
    m->told = 0;
    CHECK_SEED(p->seed, weir_venue_close(p->b.venue, symbol, buy, version, note_told, p));
    CHECK_SEED(p->seed, m->told == covered);
    m->take_profits[symbol][buy]--;
    m->closes[symbol][buy] = false;
}

static void assert_sums(const struct play *p) {
    const struct weir_venue *v = p->b.venue;
    CHECK_SEED(p->seed,
               fabs(weir_venue_open_usd(v) - sum_usd(&p->m, LIFE_OPEN, LIFE_COVERED)) < 1e-9);
    CHECK_SEED(p->seed,
               fabs(weir_venue_unprotected_usd(v) - sum_usd(&p->m, LIFE_OPEN, LIFE_OPEN)) < 1e-9);
    for (uint32_t i = 0; i < p->m.count; i++) {
        const bool open = p->m.lives[i] == LIFE_OPEN || p->m.lives[i] == LIFE_COVERED;
        CHECK_SEED(p->seed, weir_venue_is_open(v, i) == open);
    }
}

static void play_step(struct play *p) {
    p->now_ns += draw(&p->draws, 0, 200) * MILLISECOND;
    switch (draw(&p->draws, 0, 6)) {
    case 0:
    case 1:
        play_entry(p);
        break;
    case 2:
        play_resting(p);
        break;
    case 3:
    case 4:
        play_protection(p);
        break;
    case 5:
        play_cancel(p);
        break;
    default:
        play_close(p);
        break;
    }
    assert_sums(p);
}

static void play(uint64_t seed) {
    struct play *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->seed = seed;
    p->draws.state = seed;
    p->now_ns = BEGIN;
    p->limits = (struct weir_venue_limits){draw_percent(&p->draws, 50) ? 20.0 : 0.0,
                                           (int32_t)draw(&p->draws, 0, 2) * 6,
                                           (int32_t)draw(&p->draws, 0, 2) * 3};
    const struct tape_shape shape = {SYMBOLS, 500, BEGIN, SECOND, 10 * MILLISECOND, 60, 1000};
    p->b.trace = tape_random(&p->draws, &shape);
    for (uint32_t s = 0; s < SYMBOLS; s++) { /* each symbol needs a price */
        tape_add(p->b.trace, BEGIN + 1000 * SECOND, s, WEIR_SIDE_SELL, 10000, 1);
    }
    p->b.market = weir_market_create(p->b.trace, 0);
    assert_non_null(p->b.market);
    p->b.venue = weir_venue_create(p->b.market, &p->limits, SYMBOLS, STEPS);
    assert_non_null(p->b.venue);
    for (int i = 0; i < STEPS; i++) {
        play_step(p);
    }
    close_bench(&p->b);
    free(p);
}

static void test_random_operations_agree_with_the_model(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play(seed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_orders_fill_at_once_and_limits_when_the_price_trades_through),
        cmocka_unit_test(
            test_a_position_is_open_from_fill_to_close_and_unprotected_until_protected),
        cmocka_unit_test(test_the_stop_closes_when_it_comes_first),
        cmocka_unit_test(test_protection_is_replaced_and_covers_the_whole_tranche),
        cmocka_unit_test(test_what_filled_after_the_protection_is_not_closed_by_it),
        cmocka_unit_test(test_without_a_stop_a_tranche_is_unprotected),
        cmocka_unit_test(test_cancelling_a_leftover_leaves_newer_protection_alone),
        cmocka_unit_test(test_margin_is_held_from_acceptance_to_close_or_expiry),
        cmocka_unit_test(test_margin_can_be_used_to_the_last_cent),
        cmocka_unit_test(test_open_orders_are_counted_by_symbol),
        cmocka_unit_test(test_stop_orders_are_counted_by_symbol),
        cmocka_unit_test(test_stop_price_lies_against_the_position),
        cmocka_unit_test(test_random_operations_agree_with_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
