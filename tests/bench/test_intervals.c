/**
 * Intervals: figures from textbooks, coverage by simulation from known distributions, Holm by hand.
 */
#include "check.h"

#include <math.h>

#include "draw.h"
#include "intervals.h"

static void test_students_interval(void **state) {
    static const double x[] = {1.0, 2.0, 3.0, 4.0, 5.0};
    (void)state;
    const struct weir_interval i = weir_student_interval(x, 5, 0.95);
    ASSERT_NEAR(i.low, 3.0 - 2.776445105 * sqrt(0.5), 1e-6);
    ASSERT_NEAR(i.high, 3.0 + 2.776445105 * sqrt(0.5), 1e-6);
    ASSERT_NEAR(weir_student_test(x, 5), 0.013236, 1e-5); /* t = 4.2426, 4 degrees */
    ASSERT_NEAR(weir_deviation_of(x, 5), sqrt(2.5), 1e-14);
}

static void test_values_without_spread(void **state) {
    static const double zeros[8] = {0};
    static const double sevens[8] = {7, 7, 7, 7, 7, 7, 7, 7};
    (void)state;
    ASSERT_NEAR(weir_student_test(zeros, 8), 1.0, 0.0);
    ASSERT_NEAR(weir_student_test(sevens, 8), 1.0 / 128.0, 1e-15);
    ASSERT_NEAR(weir_student_test(sevens, 5), 1.0 / 16.0, 1e-15); /* five alike decide nothing */
    const struct weir_interval i = weir_student_interval(sevens, 8, 0.95);
    assert_true(i.low == 7.0 && i.high == 7.0);
}

static void test_exact_bounds(void **state) {
    (void)state;
    struct weir_interval i = weir_binomial_interval(0, 20, 0.95);
    ASSERT_NEAR(i.low, 0.0, 0.0);
    ASSERT_NEAR(i.high, 0.168433, 1e-6);
    i = weir_binomial_interval(3, 20, 0.95);
    ASSERT_NEAR(i.low, 0.032071, 1e-6);
    ASSERT_NEAR(i.high, 0.378927, 1e-6);
    i = weir_binomial_interval(20, 20, 0.95);
    ASSERT_NEAR(i.low, 1.0 - 0.168433, 1e-6);
    ASSERT_NEAR(i.high, 1.0, 0.0);
    i = weir_poisson_interval(0, 0.95);
    ASSERT_NEAR(i.low, 0.0, 0.0);
    ASSERT_NEAR(i.high, 3.688879, 1e-6);
    i = weir_poisson_interval(10, 0.95);
    ASSERT_NEAR(i.low, 4.795389, 1e-6);
    ASSERT_NEAR(i.high, 18.390356, 1e-6);
    ASSERT_NEAR(weir_sign_test(0, 0), 1.0, 0.0);
    ASSERT_NEAR(weir_sign_test(1, 5), 0.21875, 1e-12);
    ASSERT_NEAR(weir_sign_test(8, 0), 0.0078125, 1e-12);
    ASSERT_NEAR(weir_sign_test(4, 4), 1.0, 0.0);
}

static void test_holm(void **state) {
    double p[] = {0.01, 0.04, 0.03, 0.005};
    double equal[] = {0.02, 0.02, 0.5};
    (void)state;
    weir_holm(p, 4);
    ASSERT_NEAR(p[0], 0.03, 1e-15);
    ASSERT_NEAR(p[1], 0.06, 1e-15);
    ASSERT_NEAR(p[2], 0.06, 1e-15);
    ASSERT_NEAR(p[3], 0.02, 1e-15);
    weir_holm(equal, 3);
    ASSERT_NEAR(equal[0], 0.06, 1e-15);
    ASSERT_NEAR(equal[1], 0.06, 1e-15);
    ASSERT_NEAR(equal[2], 0.5, 1e-15);
    weir_holm(equal, 0);
}

/** Share of intervals that hold the true mean, and of tests below 0.05 although it is 0. */
static void cover(bool skewed, size_t count, double *covered, double *false_p) {
    enum {
        TRIALS = 200
    };
    double x[40];
    *covered = *false_p = 0.0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        for (uint32_t i = 0; i < count; i++) {
            const double u = weir_draw((struct weir_draw_key){.seed = 9, .a = trial, .b = i}).u[0];
            x[i] = skewed ? -weir_log(u) - 1.0 : weir_normal_quantile(u);
        }
        const struct weir_interval i = weir_student_interval(x, count, 0.95);
        const double p = weir_student_test(x, count);
        *covered += (i.low <= 0.0 && i.high >= 0.0) / (double)TRIALS;
        *false_p += (p < 0.05) / (double)TRIALS;
    }
}

static void test_intervals_hold_what_they_promise(void **state) {
    double covered, false_p;
    (void)state;
    cover(false, 5, &covered, &false_p);
    ASSERT_NEAR(covered, 0.95, 0.03);
    ASSERT_NEAR(false_p, 0.05, 0.03);
    cover(false, 20, &covered, &false_p);
    ASSERT_NEAR(covered, 0.95, 0.03);
    ASSERT_NEAR(false_p, 0.05, 0.03);
    cover(true, 20, &covered, &false_p); /* less where values are skewed */
    ASSERT_NEAR(covered, 0.915, 0.03);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_students_interval),
        cmocka_unit_test(test_values_without_spread),
        cmocka_unit_test(test_exact_bounds),
        cmocka_unit_test(test_holm),
        cmocka_unit_test(test_intervals_hold_what_they_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
