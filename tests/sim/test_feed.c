/**
 * The throttle of the feed against a slow model: for every symbol, every instant is asked what
 * would be pushed then.
 */
#include "check.h"

#include <stdlib.h>

#include "feed.h"
#include "tape.h"

#define SEEDS 60
#define ROWS 300

static const double throttles_ms[] = {0.0, 3.0, 1000.0};

/** Pushes of the model, in the order of the throttle's contract. */
struct pushes {
    struct weir_push all[ROWS];
    size_t count;
};

static void add(struct pushes *p, int64_t time_ns, size_t row) {
    p->all[p->count++] = (struct weir_push){.pushed_ns = time_ns, .row = (uint32_t)row};
}

static int compare(const void *left, const void *right) {
    const struct weir_push *a = left;
    const struct weir_push *b = right;
    if (a->pushed_ns != b->pushed_ns) {
        return a->pushed_ns < b->pushed_ns ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

/** End of the stretch that a liquidation at `time_ns` opens: the next point of the grid, or a whole
 *  throttle later. */
static int64_t stretch_end(const struct weir_feed_settings *s, int64_t time_ns) {
    const int64_t throttle_ns = (int64_t)(s->throttle_ms * 1e6);
    return s->align == WEIR_ALIGN_GRID ? (time_ns / throttle_ns + 1) * throttle_ns
                                       : time_ns + throttle_ns;
}

/** Of the rows of `symbol` from `first` on that are before `end_ns`, the one that is kept. */
static size_t kept(const struct weir_feed_settings *s, const struct weir_trace *trace,
                   int64_t shift_ns, size_t first, int64_t end_ns) {
    size_t best = first;
    for (size_t i = first + 1; i < trace->row_count; i++) {
        if (trace->rows[i].symbol != trace->rows[first].symbol ||
            trace->rows[i].time_ns + shift_ns >= end_ns) {
            continue;
        }
        const bool larger = weir_liquidation_notional_usd(&trace->rows[i]) >
                            weir_liquidation_notional_usd(&trace->rows[best]);
        if (s->keep == WEIR_KEEP_LATEST || (s->keep == WEIR_KEEP_LARGEST && larger)) {
            best = i;
        }
    }
    return best;
}

static void model(const struct weir_feed_settings *s, const struct weir_trace *trace,
                  int64_t shift_ns, struct pushes *p) {
    p->count = 0;
    for (uint32_t symbol = 0; symbol < trace->symbol_count; symbol++) {
        int64_t free_ns = INT64_MIN; /* until then the symbol's stretch lasts */
        for (size_t i = 0; i < trace->row_count; i++) {
            const int64_t time_ns = trace->rows[i].time_ns + shift_ns;
            if (trace->rows[i].symbol != symbol || time_ns < free_ns) {
                continue;
            }
            if (s->throttle_ms <= 0.0) {
                add(p, time_ns, i);
                continue;
            }
            free_ns = stretch_end(s, time_ns);
            add(p, s->keep == WEIR_KEEP_FIRST ? time_ns : free_ns,
                kept(s, trace, shift_ns, i, free_ns));
        }
    }
    qsort(p->all, p->count, sizeof p->all[0], compare);
}

static void assert_agrees(uint64_t seed, const struct weir_feed_settings *settings,
                          const struct weir_trace *trace, int64_t shift_ns) {
    struct weir_push pushes[ROWS] = {{0}};
    struct pushes expected;
    model(settings, trace, shift_ns, &expected);
    const size_t count = weir_feed_throttle(settings, trace, shift_ns, pushes);
    CHECK_SEED(seed, count == expected.count);
    for (size_t i = 0; i < count; i++) {
        CHECK_SEED(seed, pushes[i].pushed_ns == expected.all[i].pushed_ns);
        CHECK_SEED(seed, pushes[i].row == expected.all[i].row);
        CHECK_SEED(seed, pushes[i].delivered_ns == 0);
    }
}

/** What holds whatever the model says. */
static void assert_invariants(uint64_t seed, const struct weir_feed_settings *settings,
                              const struct weir_trace *trace, int64_t shift_ns) {
    struct weir_push pushes[ROWS] = {{0}};
    int pushed[ROWS] = {0};
    int64_t last_ns[8] = {0};
    const int64_t throttle_ns = (int64_t)(settings->throttle_ms * 1e6);
    const size_t count = weir_feed_throttle(settings, trace, shift_ns, pushes);
    for (size_t i = 0; i < count; i++) {
        const struct weir_liquidation *row = &trace->rows[pushes[i].row];
        CHECK_SEED(seed, pushed[pushes[i].row]++ == 0);
        CHECK_SEED(seed, i == 0 || compare(&pushes[i - 1], &pushes[i]) < 0);
        CHECK_SEED(seed, pushes[i].pushed_ns >= row->time_ns + shift_ns);
        CHECK_SEED(seed, pushes[i].pushed_ns <= row->time_ns + shift_ns + throttle_ns);
        if (settings->align == WEIR_ALIGN_EVENT && last_ns[row->symbol]) {
            CHECK_SEED(seed, pushes[i].pushed_ns - last_ns[row->symbol] >= throttle_ns);
        }
        last_ns[row->symbol] = pushes[i].pushed_ns;
    }
    CHECK_SEED(seed, throttle_ns > 0 || count == trace->row_count);
}

static void test_every_combination_agrees_with_the_model(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct draws draws = {seed};
        const struct tape_shape shape = {.symbols = (size_t)draw(&draws, 1, 4),
                                         .rows = (size_t)draw(&draws, 1, ROWS),
                                         .begin_ns = BEGIN + draw(&draws, 0, 2 * SECOND),
                                         .gap_max_ns = 3 * SECOND,
                                         .step_ns = draw(&draws, 0, 1) ? MILLISECOND : SECOND / 4,
                                         .wobble_bp = 50,
                                         .usd_max = 100000};
        struct weir_trace *trace = tape_random(&draws, &shape);
        const int64_t shift_ns = draw(&draws, 0, 1) * draw(&draws, 0, MINUTE);
        for (int keep = WEIR_KEEP_FIRST; keep <= WEIR_KEEP_LARGEST; keep++) {
            for (int align = WEIR_ALIGN_EVENT; align <= WEIR_ALIGN_GRID; align++) {
                for (size_t t = 0; t < sizeof throttles_ms / sizeof throttles_ms[0]; t++) {
                    const struct weir_feed_settings settings = {throttles_ms[t], keep, align, 5.0};
                    assert_agrees(seed, &settings, trace, shift_ns);
                    assert_invariants(seed, &settings, trace, shift_ns);
                }
            }
        }
        tape_free(trace);
    }
}

/** Three liquidations of one symbol in a second, the second one the largest, and one a second after
 *  the first. */
static struct weir_trace *four(void) {
    struct weir_trace *trace = tape_new(1);
    tape_add(trace, BEGIN + 400 * MILLISECOND, 0, WEIR_SIDE_SELL, 10000, 1000);
    tape_add(trace, BEGIN + 500 * MILLISECOND, 0, WEIR_SIDE_SELL, 10000, 9000);
    tape_add(trace, BEGIN + 900 * MILLISECOND, 0, WEIR_SIDE_BUY, 10000, 2000);
    tape_add(trace, BEGIN + 1400 * MILLISECOND, 0, WEIR_SIDE_SELL, 10000, 1000);
    return trace;
}

static void assert_pushes(int keep, int align, size_t count, const uint32_t *rows,
                          const int64_t *times_ms) {
    struct weir_trace *trace = four();
    struct weir_push pushes[4];
    const struct weir_feed_settings settings = {1000.0, keep, align, 5.0};
    assert_int_equal(weir_feed_throttle(&settings, trace, 0, pushes), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pushes[i].row, rows[i]);
        assert_int_equal(pushes[i].pushed_ns, BEGIN + times_ms[i] * MILLISECOND);
    }
    tape_free(trace);
}

static void test_what_is_kept_of_a_stretch(void **state) {
    (void)state;
    assert_pushes(WEIR_KEEP_FIRST, WEIR_ALIGN_EVENT, 2, (const uint32_t[]){0, 3},
                  (const int64_t[]){400, 1400});
    assert_pushes(WEIR_KEEP_LATEST, WEIR_ALIGN_EVENT, 2, (const uint32_t[]){2, 3},
                  (const int64_t[]){1400, 2400});
    assert_pushes(WEIR_KEEP_LARGEST, WEIR_ALIGN_EVENT, 2, (const uint32_t[]){1, 3},
                  (const int64_t[]){1400, 2400});
    assert_pushes(WEIR_KEEP_FIRST, WEIR_ALIGN_GRID, 2, (const uint32_t[]){0, 3},
                  (const int64_t[]){400, 1400});
    assert_pushes(WEIR_KEEP_LATEST, WEIR_ALIGN_GRID, 2, (const uint32_t[]){2, 3},
                  (const int64_t[]){1000, 2000});
    assert_pushes(WEIR_KEEP_LARGEST, WEIR_ALIGN_GRID, 2, (const uint32_t[]){1, 3},
                  (const int64_t[]){1000, 2000});
}

/** A throttle so short that it rounds to no nanosecond at all is the raw feed. */
static void test_a_throttle_below_a_nanosecond_is_none(void **state) {
    (void)state;
    for (int keep = WEIR_KEEP_FIRST; keep <= WEIR_KEEP_LARGEST; keep++) {
        for (int align = WEIR_ALIGN_EVENT; align <= WEIR_ALIGN_GRID; align++) {
            struct weir_trace *trace = four();
            struct weir_push pushes[4];
            const struct weir_feed_settings settings = {1e-7, keep, align, 5.0};
            assert_int_equal(weir_feed_throttle(&settings, trace, 0, pushes), 4);
            tape_free(trace);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_agrees_with_the_model),
        cmocka_unit_test(test_what_is_kept_of_a_stretch),
        cmocka_unit_test(test_a_throttle_below_a_nanosecond_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
