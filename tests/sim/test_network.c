/**
 * Delays and faults: at least the base, never dependent on what else was drawn, and outages only
 * where they belong.
 */
#include "check.h"

#include <stdlib.h>

#include "network.h"
#include "tape.h"

#define END (BEGIN + 5 * MINUTE)

static const struct weir_network_settings plain = {.preset = "calm",
                                                   .base_ms = 10.0,
                                                   .draw_ms = 4.0,
                                                   .peak = 10.0,
                                                   .memory_s = 10.0,
                                                   .noise = 0.3,
                                                   .processing_ms = 2.0,
                                                   .lost_rate = 0.0,
                                                   .unavailable_rate = 0.0,
                                                   .outage_s = 0.0,
                                                   .reconnect_s = 5.0};

/** Two minutes of peace, then 2,000 liquidations in ten seconds. */
static struct weir_trace *crash(void) {
    struct weir_trace *trace = tape_new(1);
    tape_add(trace, BEGIN, 0, WEIR_SIDE_SELL, 10000, 1);
    for (int64_t i = 0; i < 2000; i++) {
        tape_add(trace, BEGIN + 2 * MINUTE + i * 5 * MILLISECOND, 0, WEIR_SIDE_SELL, 10000, 1);
    }
    return trace;
}

static struct weir_network *network(const struct weir_network_settings *settings, uint64_t seed,
                                    uint32_t replication) {
    struct weir_trace *trace = crash();
    struct weir_network *n = weir_network_create(settings, trace, 0, BEGIN, END, seed, replication);
    assert_non_null(n);
    tape_free(trace);
    return n;
}

/** The shared load at a time: a uniform of nearly 1 leaves nothing of the own draw. */
static double load_at(const struct weir_network *n, int64_t time_ns) {
    return (double)weir_network_delay_ns(n, time_ns, 1.0 - 0x1p-53) / 10e6;
}

static struct weir_draw_key some_key(struct draws *draws) {
    return (struct weir_draw_key){draw_word(draws),
                                  (uint32_t)draw(draws, 0, 1000),
                                  WEIR_STREAM_REQUEST,
                                  (uint32_t)draw_word(draws),
                                  (uint32_t)(draw_word(draws) >> 33),
                                  (uint32_t)(draw_word(draws) >> 33)};
}

static void test_nothing_is_faster_than_the_base(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct draws draws = {seed};
        struct weir_network_settings settings = plain;
        settings.base_ms = (double)draw(&draws, 1, 40000) / 1000.0;
        settings.draw_ms = (double)draw(&draws, 0, 5000) / 1000.0;
        settings.noise = (double)draw(&draws, 0, 300) / 100.0;
        settings.processing_ms = (double)draw(&draws, 0, 5000) / 1000.0;
        struct weir_network *n = network(&settings, seed, 0);
        const int64_t least_ns = weir_network_min_delay_ns(n);
        CHECK_SEED(seed, least_ns == (int64_t)(settings.base_ms * 1e6));
        for (int i = 0; i < 300; i++) {
            const int64_t at_ns = BEGIN + draw(&draws, -MINUTE, 7 * MINUTE);
            const double u = weir_draw(some_key(&draws)).u[0];
            CHECK_SEED(seed, weir_network_delay_ns(n, at_ns, u) >= least_ns);
            CHECK_SEED(seed, weir_network_feed_delay_ns(n, at_ns, u) >= least_ns);
            CHECK_SEED(seed, weir_network_delay_ns(n, at_ns, 1.0 - 0x1p-53) >= least_ns);
            CHECK_SEED(seed,
                       weir_network_processing_ns(n, at_ns) >= weir_network_min_processing_ns(n));
        }
        weir_network_destroy(n);
    }
}

static void test_load_follows_the_crash_and_has_a_memory(void **state) {
    (void)state;
    struct weir_network_settings settings = plain;
    settings.noise = 0.0;
    struct weir_network *n = network(&settings, 1, 0);
    ASSERT_NEAR(load_at(n, BEGIN + MINUTE), 1.0, 0.01);
    double top = 0.0;
    for (int64_t t = BEGIN; t < END; t += WEIR_LOAD_STEP_NS) {
        const double load = load_at(n, t);
        assert_true(load >= 1.0 - 1e-9);
        top = load > top ? load : top;
    }
    ASSERT_NEAR(top, 10.0, 1e-6); /* `peak` exactly, at the maximum of the smoothed intensity */
    const double after = load_at(n, BEGIN + 2 * MINUTE + 20 * SECOND);
    assert_true(after > 1.5 && after < 5.0);
    ASSERT_NEAR(load_at(n, END), 1.0, 0.01);
    weir_network_destroy(n);
}

static void test_load_is_a_function_of_seed_and_replication(void **state) {
    (void)state;
    struct weir_network *a = network(&plain, 1, 0);
    struct weir_network *b = network(&plain, 1, 0);
    struct weir_network *other_seed = network(&plain, 2, 0);
    struct weir_network *other_replication = network(&plain, 1, 1);
    size_t seed_differs = 0;
    size_t replication_differs = 0;
    for (int64_t t = BEGIN; t < END; t += WEIR_LOAD_STEP_NS) {
        const int64_t delay_ns = weir_network_delay_ns(a, t, 0.3);
        assert_int_equal(delay_ns, weir_network_delay_ns(b, t, 0.3));
        assert_int_equal(weir_network_feed_delay_ns(a, t, 0.3),
                         weir_network_feed_delay_ns(b, t, 0.3));
        assert_int_equal(weir_network_processing_ns(a, t), weir_network_processing_ns(b, t));
        seed_differs += delay_ns != weir_network_delay_ns(other_seed, t, 0.3);
        replication_differs += delay_ns != weir_network_delay_ns(other_replication, t, 0.3);
    }
    assert_true(seed_differs > 100 && replication_differs > 100);
    weir_network_destroy(a);
    weir_network_destroy(b);
    weir_network_destroy(other_seed);
    weir_network_destroy(other_replication);
}

static void test_orders_and_feed_have_their_own_noise(void **state) {
    (void)state;
    struct weir_network *n = network(&plain, 1, 0);
    size_t differs = 0;
    for (int64_t t = BEGIN; t < END; t += WEIR_LOAD_STEP_NS) {
        differs += weir_network_delay_ns(n, t, 0.5) != weir_network_feed_delay_ns(n, t, 0.5);
    }
    assert_true(differs > 100);
    weir_network_destroy(n);
}

static void test_own_draw_is_exponential(void **state) {
    (void)state;
    enum {
        N = 50000
    };
    struct weir_network_settings settings = plain;
    settings.noise = 0.0;
    settings.peak = 1.0;
    struct weir_network *n = network(&settings, 1, 0);
    double sum = 0.0;
    double squares = 0.0;
    for (uint32_t i = 0; i < N; i++) {
        const struct weir_fate fate =
            weir_fate_draw((struct weir_draw_key){1, 0, WEIR_STREAM_REQUEST, i, 0, 0});
        const double ms = (double)weir_network_delay_ns(n, BEGIN, fate.out) / 1e6 - 10.0;
        const double back = (double)weir_network_delay_ns(n, BEGIN, fate.back) / 1e6 - 10.0;
        sum += ms + back;
        squares += ms * ms + back * back;
    }
    ASSERT_NEAR(sum / (2 * N), 4.0, 0.06);
    ASSERT_NEAR(squares / (2 * N), 2.0 * 4.0 * 4.0, 1.2);
    weir_network_destroy(n);
}

static bool same_fate(struct weir_fate a, struct weir_fate b) {
    return a.out == b.out && a.back == b.back && a.fault == b.fault && a.kind == b.kind;
}

static void test_a_fate_does_not_depend_on_what_else_was_drawn(void **state) {
    (void)state;
    enum {
        N = 200
    };
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct draws draws = {seed};
        struct weir_draw_key keys[N];
        struct weir_fate fates[N];
        for (size_t i = 0; i < N; i++) {
            keys[i] = some_key(&draws);
            fates[i] = weir_fate_draw(keys[i]);
            CHECK_SEED(seed, fates[i].out != fates[i].fault && fates[i].back != fates[i].kind);
        }
        for (size_t i = N; i-- > 0;) { /* in another order, and only some of them */
            CHECK_SEED(seed, i % 3 == 0 || same_fate(fates[i], weir_fate_draw(keys[i])));
        }
    }
}

static void test_faults_come_at_their_rates(void **state) {
    (void)state;
    enum {
        N = 40000
    };
    struct weir_network_settings settings = plain;
    settings.lost_rate = 0.1;
    settings.unavailable_rate = 0.2;
    struct weir_network *n = network(&settings, 1, 0);
    size_t counts[5] = {0};
    for (uint32_t i = 0; i < N; i++) {
        const struct weir_fate fate =
            weir_fate_draw((struct weir_draw_key){1, 0, WEIR_STREAM_REQUEST, i, 0, 0});
        counts[weir_network_fault(n, BEGIN + MINUTE, &fate)]++;
    }
    ASSERT_NEAR((double)counts[WEIR_FAULT_NONE] / N, 0.7, 0.01);
    ASSERT_NEAR((double)counts[WEIR_FAULT_LOST_REQUEST] / N, 0.05, 0.005);
    ASSERT_NEAR((double)counts[WEIR_FAULT_LOST_REPLY] / N, 0.05, 0.005);
    ASSERT_NEAR((double)counts[WEIR_FAULT_UNAVAILABLE_DONE] / N, 0.1, 0.005);
    ASSERT_NEAR((double)counts[WEIR_FAULT_UNAVAILABLE] / N, 0.1, 0.005);
    weir_network_destroy(n);
}

/** First and last time (on the load's grid) at which something is true; BEGIN-1 if it never is. */
struct span {
    int64_t first_ns, last_ns;
};

static void note(struct span *span, int64_t time_ns) {
    span->first_ns = span->first_ns ? span->first_ns : time_ns;
    span->last_ns = time_ns;
}

static void test_faults_of_an_outage_are_in_its_window_only(void **state) {
    (void)state;
    struct weir_network_settings settings = plain;
    settings.noise = 0.0;
    settings.outage_s = 20.0;
    struct weir_network *n = network(&settings, 1, 0);
    struct span faults = {0, 0};
    struct span dead = {0, 0};
    const struct weir_fate fate = {0.5, 0.5, 0.7, 0.2};
    for (int64_t t = BEGIN; t < END; t += 10 * MILLISECOND) {
        if (weir_network_fault(n, t, &fate) != WEIR_FAULT_NONE) {
            note(&faults, t);
        }
        if (weir_network_feed_dead(n, t)) {
            note(&dead, t);
        }
    }
    const int64_t peak_ns = BEGIN + 2 * MINUTE + 10 * SECOND;
    assert_true(faults.first_ns >= peak_ns - SECOND && faults.first_ns <= peak_ns);
    assert_int_equal(faults.last_ns, faults.first_ns + 20 * SECOND - 10 * MILLISECOND);
    assert_int_equal(dead.first_ns, faults.first_ns);
    assert_int_equal(dead.last_ns, faults.first_ns + 25 * SECOND - 10 * MILLISECOND);
    weir_network_destroy(n);
}

/** In an outage nothing gets through unharmed. */
static void test_an_outage_spares_nobody(void **state) {
    (void)state;
    struct weir_network_settings settings = plain;
    settings.outage_s = 20.0;
    settings.noise = 0.0;
    struct weir_network *n = network(&settings, 1, 0);
    const int64_t inside_ns = BEGIN + 2 * MINUTE + 15 * SECOND;
    for (uint32_t i = 0; i < 2000; i++) {
        const struct weir_fate fate =
            weir_fate_draw((struct weir_draw_key){1, 0, WEIR_STREAM_REQUEST, i, 0, 0});
        assert_true(weir_network_fault(n, inside_ns, &fate) != WEIR_FAULT_NONE);
        assert_true(weir_network_fault(n, BEGIN, &fate) == WEIR_FAULT_NONE);
    }
    weir_network_destroy(n);
}

static void test_without_an_outage_the_feed_never_dies(void **state) {
    (void)state;
    struct weir_network *n = network(&plain, 1, 0);
    for (int64_t t = BEGIN; t < END; t += 50 * MILLISECOND) {
        assert_false(weir_network_feed_dead(n, t));
    }
    weir_network_destroy(n);
}

/** Delays of requests apart: no load, no faults, and the feed as it was. */
static void test_requests_can_have_delays_of_their_own(void **state) {
    (void)state;
    struct weir_network_settings apart = plain;
    apart.lost_rate = 1.0;
    apart.outage_s = 20.0;
    apart.orders_base_ms = 0.5;
    apart.orders_draw_ms = 0.25;
    struct weir_network *n = network(&apart, 1, 0);
    struct weir_network *with_load = network(&plain, 1, 0);
    const struct weir_fate fate = {.fault = 0.0};
    double sum_ms = 0.0;
    for (int64_t t = BEGIN; t < END; t += SECOND) {
        const double uniform = ((double)((t - BEGIN) / SECOND) + 0.5) / 300.0;
        const int64_t delay_ns = weir_network_delay_ns(n, t, uniform);
        assert_true(delay_ns >= 500000);
        assert_int_equal(weir_network_account_delay_ns(n, t, uniform), delay_ns);
        assert_int_equal(weir_network_account_delay_ns(with_load, t, uniform),
                         weir_network_feed_delay_ns(with_load, t, uniform));
        assert_int_equal(weir_network_feed_delay_ns(n, t, uniform),
                         weir_network_feed_delay_ns(with_load, t, uniform));
        assert_int_equal(weir_network_processing_ns(n, t), 2 * MILLISECOND);
        assert_int_equal(weir_network_fault(n, t, &fate), WEIR_FAULT_NONE);
        sum_ms += (double)delay_ns / 1e6;
    }
    assert_true(sum_ms / 300.0 > 0.74 && sum_ms / 300.0 < 0.76);
    assert_int_equal(weir_network_min_delay_ns(n), 500000);
    weir_network_destroy(n);
    weir_network_destroy(with_load);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_can_have_delays_of_their_own),
        cmocka_unit_test(test_nothing_is_faster_than_the_base),
        cmocka_unit_test(test_load_follows_the_crash_and_has_a_memory),
        cmocka_unit_test(test_load_is_a_function_of_seed_and_replication),
        cmocka_unit_test(test_orders_and_feed_have_their_own_noise),
        cmocka_unit_test(test_own_draw_is_exponential),
        cmocka_unit_test(test_a_fate_does_not_depend_on_what_else_was_drawn),
        cmocka_unit_test(test_faults_come_at_their_rates),
        cmocka_unit_test(test_faults_of_an_outage_are_in_its_window_only),
        cmocka_unit_test(test_an_outage_spares_nobody),
        cmocka_unit_test(test_without_an_outage_the_feed_never_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
