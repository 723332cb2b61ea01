/**
 * Opportunities against a slow model that looks at every pair of liquidations: the condition, the
 * coalescing, the value, and the detector of cascades.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "opportunity.h"
#include "tape.h"

#define SEEDS 120
#define ROWS 260
#define SYMBOLS 4

/** What the bot hears, and how it hunts. */
struct hunt {
    struct weir_trace *trace;
    struct weir_push pushes[ROWS];
    size_t count;
    int64_t shift_ns;
    struct weir_strategy *strategy;
    struct weir_symbol_settings settings[SYMBOLS];
    const struct weir_symbol_settings *symbols[SYMBOLS];
    struct weir_bot_settings bot;
};

static const struct weir_liquidation *row_of(const struct hunt *h, size_t push) {
    return &h->trace->rows[h->pushes[push].row];
}

/** At least the threshold on that symbol, both sides, in the window, this one included. */
static bool condition_holds(const struct hunt *h, size_t push) {
    const struct weir_liquidation *row = row_of(h, push);
    const int64_t from_ns = h->pushes[push].delivered_ns - h->strategy->condition_window_ns;
    double sum_usd = 0.0;
    for (size_t i = 0; i <= push; i++) {
        if (row_of(h, i)->symbol == row->symbol && h->pushes[i].delivered_ns >= from_ns) {
            sum_usd += weir_liquidation_notional_usd(row_of(h, i));
        }
    }
    const struct weir_symbol_settings *s = h->symbols[row->symbol];
    const double threshold_usd =
        row->side == WEIR_SIDE_SELL ? s->threshold_long_usd : s->threshold_short_usd;
    return sum_usd >= threshold_usd - 1e-6;
}

/** Whether this liquidation sets the detector off: the volume of all symbols, and a move of its own
 *  symbol in either direction. */
static bool sets_off(const struct hunt *h, size_t push) {
    const struct weir_detector *d = &h->strategy->detector;
    const int64_t now_ns = h->pushes[push].delivered_ns;
    const double price = weir_liquidation_price(row_of(h, push));
    double volume_usd = 0.0;
    bool moved = false;
    for (size_t i = 0; i <= push; i++) {
        const int64_t at_ns = h->pushes[i].delivered_ns;
        if (at_ns >= now_ns - d->volume_window_ns) {
            volume_usd += weir_liquidation_notional_usd(row_of(h, i));
        }
        if (at_ns >= now_ns - d->move_window_ns &&
            row_of(h, i)->symbol == row_of(h, push)->symbol) {
            const double before = weir_liquidation_price(row_of(h, i));
            moved = moved || fabs(price - before) >= d->move_pct / 100.0 * before;
        }
    }
    return moved && volume_usd > d->volume_usd + 1e-6;
}

/** Whether the detector is on at a time: set off no longer ago than it lasts. */
static bool is_cascade(const struct hunt *h, int64_t time_ns) {
    for (size_t i = 0; i < h->count; i++) {
        if (h->pushes[i].delivered_ns <= time_ns &&
            time_ns < h->pushes[i].delivered_ns + h->strategy->detector.lasts_ns &&
            sets_off(h, i)) {
            return true;
        }
    }
    return false;
}

static double value_of(const struct hunt *h, double notional_usd) {
    switch ((enum weir_value)h->bot.value) {
    case WEIR_VALUE_NOTIONAL:
        return notional_usd;
    case WEIR_VALUE_COUNT:
        return 1.0;
    case WEIR_VALUE_IMPACT:
    default:
        return sqrt(notional_usd);
    }
}

/** The group that push number `first` opens: every later one of its key within the coalescing time.
 */
static struct weir_opportunity group_of(const struct hunt *h, size_t first, bool *taken) {
    const struct weir_liquidation *row = row_of(h, first);
    const int64_t opened_ns = h->pushes[first].delivered_ns;
    const int64_t coalesce_ns = (int64_t)(h->bot.coalesce_ms * 1e6);
    struct weir_opportunity o = {.time_ns = row->time_ns + h->shift_ns,
                                 .opened_ns = opened_ns,
                                 .closes_ns = opened_ns + coalesce_ns,
                                 .symbol = row->symbol,
                                 .side = row->side};
    for (size_t i = first; i < h->count; i++) {
        const struct weir_liquidation *other = row_of(h, i);
        const bool in_time = i == first || h->pushes[i].delivered_ns < opened_ns + coalesce_ns;
        if (in_time && other->symbol == row->symbol && other->side == row->side) {
            taken[i] = true;
            o.liquidations++;
            o.notional_usd += weir_liquidation_notional_usd(other);
            o.price = weir_liquidation_price(other);
        }
    }
    o.value = value_of(h, o.notional_usd);
    o.in_cascade = is_cascade(h, o.closes_ns);
    return o;
}

static size_t model(const struct hunt *h, struct weir_opportunity *found) {
    bool taken[ROWS] = {false};
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (!taken[i] && h->symbols[row_of(h, i)->symbol] && condition_holds(h, i)) {
            found[count++] = group_of(h, i, taken);
        }
    }
    return count;
}

static void assert_same(uint64_t seed, const struct weir_opportunity *a,
                        const struct weir_opportunity *b) {
    CHECK_SEED(seed, a->time_ns == b->time_ns && a->opened_ns == b->opened_ns);
    CHECK_SEED(seed, a->closes_ns == b->closes_ns);
    CHECK_SEED(seed, a->symbol == b->symbol && a->side == b->side);
    CHECK_SEED(seed, a->liquidations == b->liquidations);
    CHECK_SEED(seed, fabs(a->notional_usd - b->notional_usd) < 1e-6);
    CHECK_SEED(seed, a->price == b->price);
    CHECK_SEED(seed, fabs(a->value - b->value) < 1e-6);
    CHECK_SEED(seed, a->in_cascade == b->in_cascade);
}

static struct weir_opportunity *find(const struct hunt *h, size_t *count) {
    struct weir_opportunity *found = weir_opportunities_find(
        h->trace, h->shift_ns, h->pushes, h->count, h->strategy, h->symbols, &h->bot, count);
    assert_non_null(found);
    return found;
}

static size_t assert_agrees(uint64_t seed, const struct hunt *h) {
    struct weir_opportunity expected[ROWS] = {{0}};
    size_t count = 0;
    struct weir_opportunity *found = find(h, &count);
    CHECK_SEED(seed, count == model(h, expected));
    for (size_t i = 0; i < count; i++) {
        assert_same(seed, &found[i], &expected[i]);
    }
    free(found);
    return count;
}

/** Everything is pushed at once and delivered a little later, in order. */
static void deliver(struct hunt *h, struct draws *draws) {
    int64_t last_ns = 0;
    h->count = 0;
    for (size_t i = 0; i < h->trace->row_count; i++) {
        struct weir_push *push = &h->pushes[h->count];
        push->row = (uint32_t)i;
        push->pushed_ns = h->trace->rows[i].time_ns + h->shift_ns;
        push->delivered_ns = push->pushed_ns + (draws ? draw(draws, 0, 3) * 50 * MILLISECOND : 0);
        push->delivered_ns = push->delivered_ns < last_ns ? last_ns : push->delivered_ns;
        last_ns = push->delivered_ns;
        h->count += !draws || draw_percent(draws, 90);
    }
}

static struct weir_detector some_detector(struct draws *draws) {
    static const int64_t lasts_ms[] = {1, 400, 1000, 1500, 20000};
    return (struct weir_detector){.volume_usd = (double)draw(draws, 0, 40000),
                                  .volume_window_ns = draw(draws, 1, 20) * SECOND / 2,
                                  .move_pct = (double)draw(draws, 1, 300) / 100.0,
                                  .move_window_ns = draw(draws, 1, 40) * SECOND,
                                  .lasts_ns = lasts_ms[draw(draws, 0, 4)] * MILLISECOND};
}

static struct hunt *random_hunt(struct draws *draws) {
    struct hunt *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->strategy = calloc(1, sizeof *h->strategy);
    assert_non_null(h->strategy);
    const struct tape_shape shape = {.symbols = (size_t)draw(draws, 1, SYMBOLS),
                                     .rows = (size_t)draw(draws, 1, ROWS),
                                     .begin_ns = BEGIN,
                                     .gap_max_ns = 40 * SECOND,
                                     .step_ns = 50 * MILLISECOND,
                                     .wobble_bp = draw(draws, 1, 200),
                                     .usd_max = 20000};
    h->trace = tape_random(draws, &shape);
    h->shift_ns = draw(draws, 0, MINUTE);
    h->strategy->condition_window_ns = draw(draws, 1, 60) * SECOND;
    h->strategy->detector = some_detector(draws);
    for (size_t s = 0; s < shape.symbols; s++) {
        h->settings[s].threshold_long_usd = (double)draw(draws, 0, 20000);
        h->settings[s].threshold_short_usd = (double)draw(draws, 0, 20000);
        h->symbols[s] = draw_percent(draws, 80) ? &h->settings[s] : NULL;
    }
    h->bot.coalesce_ms = (double)draw(draws, 0, 4) * 50.0;
    h->bot.value = (int)draw(draws, WEIR_VALUE_IMPACT, WEIR_VALUE_COUNT);
    deliver(h, draws);
    return h;
}

static void free_hunt(struct hunt *h) {
    tape_free(h->trace);
    free(h->strategy);
    free(h);
}

static void test_random_hunts_agree_with_the_model(void **state) {
    (void)state;
    size_t opportunities = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct draws draws = {seed};
        struct hunt *h = random_hunt(&draws);
        opportunities += assert_agrees(seed, h);
        free_hunt(h);
    }
    assert_true(opportunities > (size_t)20 * SEEDS);
}

/** The bot's defaults on one symbol; liquidations are added by the test. */
static struct hunt *plain_hunt(void) {
    struct hunt *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->strategy = calloc(1, sizeof *h->strategy);
    assert_non_null(h->strategy);
    h->trace = tape_new(2);
    h->strategy->condition_window_ns = MINUTE;
    h->strategy->detector =
        (struct weir_detector){1000000.0, 10 * SECOND, 2.0, 30 * SECOND, 300 * SECOND};
    h->bot.coalesce_ms = 200.0;
    for (size_t s = 0; s < 2; s++) {
        h->settings[s].threshold_long_usd = 10000.0;
        h->settings[s].threshold_short_usd = 20000.0;
        h->symbols[s] = &h->settings[s];
    }
    return h;
}

/** A liquidation at a price of 100 USD. */
static void add_usd(struct hunt *h, int64_t time_ms, uint32_t symbol, enum weir_side side,
                    int64_t usd) {
    tape_add(h->trace, BEGIN + time_ms * MILLISECOND, symbol, side, 10000, usd * 10);
}

static void test_the_condition_counts_both_sides_of_a_minute_this_one_included(void **state) {
    (void)state;
    struct hunt *h = plain_hunt();
    add_usd(h, 0, 0, WEIR_SIDE_BUY, 9999);
    add_usd(h, 10, 1, WEIR_SIDE_SELL, 9999);  /* another symbol does not count */
    add_usd(h, 1000, 0, WEIR_SIDE_SELL, 1);   /* 10,000: opens */
    add_usd(h, 2000, 0, WEIR_SIDE_BUY, 9999); /* 19,999 of 20,000 for shorts: does not */
    add_usd(h, 60001, 0, WEIR_SIDE_SELL, 1);  /* the first is gone: 10,001 */
    add_usd(h, 62001, 0, WEIR_SIDE_SELL, 1);  /* 2 */
    deliver(h, NULL);
    size_t count = 0;
    struct weir_opportunity *found = find(h, &count);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].time_ns, BEGIN + SECOND);
    assert_int_equal(found[1].time_ns, BEGIN + 60001 * MILLISECOND);
    free(found);
    assert_agrees(0, h);
    free_hunt(h);
}

static void test_a_group_takes_its_own_key_until_it_closes(void **state) {
    (void)state;
    struct hunt *h = plain_hunt();
    add_usd(h, 0, 0, WEIR_SIDE_SELL, 15000);
    add_usd(h, 100, 0, WEIR_SIDE_BUY, 15000); /* other side: 30,000 together, its own group */
    add_usd(h, 199, 0, WEIR_SIDE_SELL, 2000);
    add_usd(h, 200, 0, WEIR_SIDE_SELL, 3000); /* the group has closed */
    deliver(h, NULL);
    size_t count = 0;
    struct weir_opportunity *found = find(h, &count);
    assert_int_equal(count, 3);
    assert_int_equal(found[0].liquidations, 2);
    ASSERT_NEAR(found[0].notional_usd, 17000.0, 1e-9);
    ASSERT_NEAR(found[0].value, sqrt(17000.0), 1e-9);
    assert_int_equal(found[0].closes_ns, BEGIN + 200 * MILLISECOND);
    assert_int_equal(found[1].side, WEIR_SIDE_BUY);
    ASSERT_NEAR(found[2].notional_usd, 3000.0, 1e-9);
    free(found);
    free_hunt(h);
}

/** The largest liquidation that a trace may hold (10^15 at a price of 10^15) is one, too. */
static void test_no_liquidation_is_too_large(void **state) {
    (void)state;
    struct hunt *h = plain_hunt();
    for (int64_t i = 0; i < 3; i++) {
        tape_add(h->trace, BEGIN + i * SECOND, 0, WEIR_SIDE_SELL, INT64_C(100000000000000000),
                 INT64_C(1000000000000000000));
    }
    add_usd(h, 90000, 0, WEIR_SIDE_SELL, 10000);
    add_usd(h, 180000, 0, WEIR_SIDE_SELL, 9999); /* the others are long gone */
    deliver(h, NULL);
    size_t count = 0;
    struct weir_opportunity *found = find(h, &count);
    assert_int_equal(count, 4);
    ASSERT_NEAR(found[0].notional_usd, 1e30, 1e18);
    free(found);
    free_hunt(h);
}

/** A crash of 3 % on symbol 1, and what symbol 0 sees of it. */
static void test_a_cascade_needs_volume_and_a_move_in_either_direction(void **state) {
    (void)state;
    for (int64_t move = -1; move <= 1; move++) {
        struct hunt *h = plain_hunt();
        add_usd(h, 0, 0, WEIR_SIDE_SELL, 600000);
        tape_add(h->trace, BEGIN + SECOND, 1, WEIR_SIDE_SELL, 10000, 1000);
        tape_add(h->trace, BEGIN + 5 * SECOND, 1, WEIR_SIDE_SELL, 10000 + move * 200, 5000000);
        add_usd(h, 6000, 0, WEIR_SIDE_SELL, 20000);
        add_usd(h, 304000, 0, WEIR_SIDE_SELL, 20000);
        add_usd(h, 306000, 0, WEIR_SIDE_SELL, 20000);
        deliver(h, NULL);
        size_t count = 0;
        struct weir_opportunity *found = find(h, &count);
        assert_int_equal(count, 5);
        assert_false(found[0].in_cascade);
        assert_int_equal(found[1].in_cascade, move != 0);
        assert_int_equal(found[2].in_cascade, move != 0);
        assert_int_equal(found[3].in_cascade, move != 0); /* 299.2 s after it was set off */
        assert_false(found[4].in_cascade);
        free(found);
        assert_agrees(0, h);
        free_hunt(h);
    }
}

/** Set off again, the cascade lasts from then on; nothing ever makes it shorter. */
static void assert_extended(int64_t lasts_ms, int64_t again_ms) {
    struct hunt *h = plain_hunt();
    h->strategy->detector.lasts_ns = lasts_ms * MILLISECOND;
    h->strategy->detector.volume_usd = 1000.0;
    h->bot.coalesce_ms = 0.0;
    tape_add(h->trace, BEGIN, 1, WEIR_SIDE_SELL, 10000, 20000);
    tape_add(h->trace, BEGIN + SECOND, 1, WEIR_SIDE_SELL, 10500, 20000);
    tape_add(h->trace, BEGIN + SECOND + again_ms * MILLISECOND, 1, WEIR_SIDE_SELL, 11000, 20000);
    add_usd(h, 1000 + again_ms + lasts_ms - 1, 0, WEIR_SIDE_SELL, 20000);
    deliver(h, NULL);
    size_t count = 0;
    struct weir_opportunity *found = find(h, &count);
    assert_int_equal(count, 1);
    assert_true(found[0].in_cascade);
    free(found);
    free_hunt(h);
}

static void test_a_cascade_is_extended(void **state) {
    (void)state;
    assert_extended(300000, 5000);
    assert_extended(300000, 500);
    assert_extended(100, 900);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_condition_counts_both_sides_of_a_minute_this_one_included),
        cmocka_unit_test(test_a_group_takes_its_own_key_until_it_closes),
        cmocka_unit_test(test_no_liquidation_is_too_large),
        cmocka_unit_test(test_a_cascade_needs_volume_and_a_move_in_either_direction),
        cmocka_unit_test(test_a_cascade_is_extended),
        cmocka_unit_test(test_random_hunts_agree_with_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
