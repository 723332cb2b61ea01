/**
 * The price path: interpolation and the first time beyond a level, against walking along the points
 * of the symbol one by one.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "market.h"
#include "tape.h"

#define SEEDS 80
#define QUESTIONS 120

static double price_of(const struct weir_trace *trace, size_t row) {
    return weir_liquidation_price(&trace->rows[row]);
}

/** Price at a time: between the last point at or before it and the first after it. */
static double model_price(const struct weir_trace *trace, uint32_t symbol, int64_t shift_ns,
                          int64_t time_ns) {
    size_t before = SIZE_MAX;
    for (size_t i = 0; i < trace->row_count; i++) {
        if (trace->rows[i].symbol != symbol) {
            continue;
        }
        const int64_t at_ns = trace->rows[i].time_ns + shift_ns;
        if (at_ns <= time_ns) {
            before = i;
            continue;
        }
        if (before == SIZE_MAX) {
            return price_of(trace, i);
        }
        const int64_t from_ns = trace->rows[before].time_ns + shift_ns;
        const double share = (double)(time_ns - from_ns) / (double)(at_ns - from_ns);
        return price_of(trace, before) + share * (price_of(trace, i) - price_of(trace, before));
    }
    return price_of(trace, before);
}

static bool reaches(double price, double level, bool below) {
    return below ? price <= level : price >= level;
}

/** Time of the first point after `from_ns` at or beyond the level: the path meets it between the
 *  point before (or `from_ns`) and that one. INT64_MAX if there is none. */
static int64_t model_point(const struct weir_trace *trace, uint32_t symbol, int64_t shift_ns,
                           int64_t from_ns, double level, bool below, int64_t *earliest_ns) {
    *earliest_ns = from_ns;
    if (reaches(model_price(trace, symbol, shift_ns, from_ns), level, below)) {
        return from_ns;
    }
    for (size_t i = 0; i < trace->row_count; i++) {
        const int64_t at_ns = trace->rows[i].time_ns + shift_ns;
        if (trace->rows[i].symbol != symbol || at_ns <= from_ns) {
            continue;
        }
        if (reaches(price_of(trace, i), level, below)) {
            return at_ns;
        }
        *earliest_ns = at_ns;
    }
    return INT64_MAX;
}

struct question {
    const struct weir_trace *trace;
    const struct weir_market *market;
    int64_t shift_ns;
    uint32_t symbol;
    int64_t from_ns;
    double level;
};

static void assert_first(uint64_t seed, const struct question *q, bool below) {
    int64_t earliest_ns = 0;
    const int64_t latest_ns =
        model_point(q->trace, q->symbol, q->shift_ns, q->from_ns, q->level, below, &earliest_ns);
    const int64_t found_ns =
        below ? weir_market_first_below(q->market, q->symbol, q->from_ns, q->level)
              : weir_market_first_above(q->market, q->symbol, q->from_ns, q->level);
    CHECK_SEED(seed, (found_ns == INT64_MAX) == (latest_ns == INT64_MAX));
    if (found_ns == INT64_MAX) {
        return;
    }
    CHECK_SEED(seed, found_ns >= earliest_ns && found_ns <= latest_ns);
    if (found_ns < latest_ns) { /* on the line: the price there is the level, to the nanosecond */
        const double price = model_price(q->trace, q->symbol, q->shift_ns, found_ns);
        const double next = model_price(q->trace, q->symbol, q->shift_ns, found_ns + 1);
        CHECK_SEED(seed, fabs(price - q->level) <= fabs(next - price) + 1e-9 * q->level);
    }
}

static double some_level(struct draws *draws, const struct question *q) {
    const size_t row = (size_t)draw(draws, 0, (int64_t)q->trace->row_count - 1);
    const double near = price_of(q->trace, row);
    return draw_percent(draws, 30) ? near : near * (double)draw(draws, 950, 1050) / 1000.0;
}

static void ask(uint64_t seed, struct draws *draws, struct question *q) {
    const struct weir_liquidation *rows = q->trace->rows;
    const size_t row = (size_t)draw(draws, 0, (int64_t)q->trace->row_count - 1);
    q->symbol = rows[row].symbol;
    q->from_ns = rows[row].time_ns + q->shift_ns;
    q->from_ns += draw_percent(draws, 40) ? 0 : draw(draws, -SECOND, SECOND);
    q->level = some_level(draws, q);
    const double price = weir_market_price(q->market, q->symbol, q->from_ns);
    const double expected = model_price(q->trace, q->symbol, q->shift_ns, q->from_ns);
    CHECK_SEED(seed, fabs(price - expected) <= 1e-12 * expected);
    assert_first(seed, q, true);
    assert_first(seed, q, false);
}

static void test_random_paths_agree_with_walking_along_them(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct draws draws = {seed};
        const struct tape_shape shape = {.symbols = (size_t)draw(&draws, 1, 6),
                                         .rows = (size_t)draw(&draws, 1, 400),
                                         .begin_ns = BEGIN,
                                         .gap_max_ns = SECOND,
                                         .step_ns = 10 * MILLISECOND,
                                         .wobble_bp = draw(&draws, 0, 80),
                                         .usd_max = 1000};
        struct weir_trace *trace = tape_random(&draws, &shape);
        struct question q = {.trace = trace, .shift_ns = draw(&draws, -MINUTE, MINUTE)};
        struct weir_market *market = weir_market_create(trace, q.shift_ns);
        assert_non_null(market);
        q.market = market;
        for (int i = 0; i < QUESTIONS; i++) {
            ask(seed, &draws, &q);
        }
        weir_market_destroy(market);
        tape_free(trace);
    }
}

static void test_path_is_straight_between_liquidations_and_flat_outside(void **state) {
    (void)state;
    struct weir_trace *trace = tape_new(2);
    tape_add(trace, BEGIN, 0, WEIR_SIDE_SELL, 10000, 1);
    tape_add(trace, BEGIN + SECOND, 1, WEIR_SIDE_SELL, 100, 1); /* another symbol's price */
    tape_add(trace, BEGIN + 4 * SECOND, 0, WEIR_SIDE_SELL, 9000, 1);
    tape_add(trace, BEGIN + 4 * SECOND, 0, WEIR_SIDE_BUY, 9500, 1); /* at the same time */
    struct weir_market *market = weir_market_create(trace, 2 * SECOND);
    assert_non_null(market);
    const int64_t begin_ns = BEGIN + 2 * SECOND;
    ASSERT_NEAR(weir_market_price(market, 0, 0), 100.0, 0.0);
    ASSERT_NEAR(weir_market_price(market, 0, begin_ns), 100.0, 0.0);
    ASSERT_NEAR(weir_market_price(market, 0, begin_ns + SECOND), 97.5, 1e-12);
    ASSERT_NEAR(weir_market_price(market, 0, begin_ns + 4 * SECOND), 95.0, 0.0);
    ASSERT_NEAR(weir_market_price(market, 0, INT64_MAX), 95.0, 0.0);
    ASSERT_NEAR(weir_market_price(market, 1, begin_ns), 1.0, 0.0);
    assert_int_equal(weir_market_first_below(market, 0, begin_ns, 97.5), begin_ns + SECOND);
    assert_int_equal(weir_market_first_below(market, 0, begin_ns, 90.0), begin_ns + 4 * SECOND);
    assert_true(weir_market_first_below(market, 0, begin_ns + 4 * SECOND, 90.0) == INT64_MAX);
    assert_int_equal(weir_market_first_above(market, 0, begin_ns - 7, 99.0), begin_ns - 7);
    assert_true(weir_market_first_above(market, 0, begin_ns, 100.5) == INT64_MAX);
    weir_market_destroy(market);
    tape_free(trace);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_paths_agree_with_walking_along_them),
        cmocka_unit_test(test_path_is_straight_between_liquidations_and_flat_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
