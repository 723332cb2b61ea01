/**
 * Estimates of figures that jump in a few replications: by hand, and by simulation from a mixture
 * whose mean is known.
 */
#include "check.h"

#include "draw.h"
#include "estimate.h"
#include "intervals.h"

#define JUMPING WEIR_METRIC_banned_s

static struct weir_estimate estimate(enum weir_metric metric, const double *values, size_t count,
                                     enum weir_statistic expected) {
    enum weir_statistic statistic;
    const struct weir_estimate e = weir_estimate_mean(metric, values, count, &statistic);
    assert_int_equal(statistic, expected);
    assert_int_equal(e.count, count);
    assert_true(e.low <= e.mean && e.mean <= e.high);
    return e;
}

static void test_without_jumps_it_is_students(void **state) {
    static const double x[] = {5.0, 1.0, 4.0, 2.0, 3.0};
    const struct weir_interval student = weir_student_interval(x, 5, 0.95);
    (void)state;
    const struct weir_estimate e = estimate(WEIR_METRIC_captures, x, 5, WEIR_STATISTIC_STUDENT);
    assert_true(e.bounded && e.low == student.low && e.high == student.high && e.mean == 3.0);
    assert_false(estimate(WEIR_METRIC_captures, x, 1, WEIR_STATISTIC_NONE).bounded);
    enum weir_statistic statistic;
    assert_int_equal(weir_estimate_mean(JUMPING, NULL, 0, &statistic).count, 0);
}

static void test_a_jump_has_exact_bounds_of_how_often(void **state) {
    double x[20];
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        x[i] = i == 13 ? 720.0 : 120.0;
    }
    const struct weir_interval share = weir_binomial_interval(1, 20, 0.975);
    struct weir_estimate e = estimate(JUMPING, x, 20, WEIR_STATISTIC_TWO_PART);
    assert_true(e.bounded);
    ASSERT_NEAR(e.high, 120.0 + 600.0 * share.high, 1e-9);
    assert_true(e.low < 120.0 + 600.0 * share.low); /* Student's t reaches farther down */
    x[2] = -480.0;                                  /* as far to the other side */
    const struct weir_interval two = weir_binomial_interval(2, 20, 0.975);
    e = estimate(JUMPING, x, 20, WEIR_STATISTIC_TWO_PART);
    ASSERT_NEAR(e.high, 120.0 + 600.0 * two.high, 1e-9);
    ASSERT_NEAR(e.low, 120.0 - 600.0 * two.high, 1e-9);
    estimate(WEIR_METRIC_latency_p99_ms, x, 20, WEIR_STATISTIC_TWO_PART);
    estimate(WEIR_METRIC_capture_rate, x, 20, WEIR_STATISTIC_STUDENT); /* a share cannot jump far */
}

static void test_what_was_not_seen_has_no_interval(void **state) {
    static double x[WEIR_REPLICATIONS_TO_SEE];
    (void)state;
    for (size_t i = 0; i < WEIR_REPLICATIONS_TO_SEE; i++) {
        x[i] = i % 5 ? -32.0 : -31.0; /* no jumps, only a request more or less */
    }
    const struct weir_estimate e =
        estimate(JUMPING, x, WEIR_REPLICATIONS_TO_SEE - 1, WEIR_STATISTIC_UNSEEN);
    assert_true(!e.bounded && e.low == e.mean && e.high == e.mean);
    assert_true(estimate(JUMPING, x, WEIR_REPLICATIONS_TO_SEE, WEIR_STATISTIC_STUDENT).bounded);
    x[7] = -400.0;
    assert_true(estimate(JUMPING, x, 20, WEIR_STATISTIC_TWO_PART).bounded);
}

/** Shares of trials in which an interval is given, and of those in which it holds the mean. */
static void cover(size_t count, double chance, double *shown, double *held) {
    const uint32_t trials = 1000;
    const double mean = 120.0 + 600.0 * chance;
    *shown = *held = 0.0;
    for (uint32_t trial = 0; trial < trials; trial++) {
        double x[40];
        for (uint32_t i = 0; i < count; i++) {
            const struct weir_uniforms u =
                weir_draw((struct weir_draw_key){.seed = 4, .a = trial, .b = i});
            x[i] = 120.0 + weir_normal_quantile(u.u[0]) + (u.u[1] < chance ? 600.0 : 0.0);
        }
        enum weir_statistic statistic;
        const struct weir_estimate e = weir_estimate_mean(JUMPING, x, count, &statistic);
        *shown += e.bounded;
        *held += e.bounded && e.low <= mean && mean <= e.high;
    }
    *held /= *shown;
    *shown /= trials;
}

static void test_intervals_of_a_mixture_hold_its_mean(void **state) {
    double shown, held;
    (void)state;
    cover(20, 0.06, &shown, &held);
    ASSERT_NEAR(shown, 0.71, 0.05); /* 1 − 0.94^20: the rest show no jump */
    assert_true(held > 0.95);
    cover(40, 0.06, &shown, &held);
    ASSERT_NEAR(shown, 0.916, 0.04);
    assert_true(held > 0.95);
    cover(40, 0.2, &shown, &held);
    assert_true(shown > 0.99 && held > 0.95);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_jumps_it_is_students),
        cmocka_unit_test(test_a_jump_has_exact_bounds_of_how_often),
        cmocka_unit_test(test_what_was_not_seen_has_no_interval),
        cmocka_unit_test(test_intervals_of_a_mixture_hold_its_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
