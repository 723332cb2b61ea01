/**
 * The ratio of paired measurements against slow references: the estimate by sorting all means of
 * two, the interval by trying all signs; how often it holds the truth; what outliers do to it.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "draw.h"
#include "paired_ratio.h"
#include "timing.h"

static double uniform(uint32_t a, uint32_t b) {
    return weir_draw(
               (struct weir_draw_key){.seed = 7, .stream = WEIR_STREAM_TRACE_MIX, .a = a, .b = b})
        .u[0];
}

static int by_size(const void *a, const void *b) {
    const double one = *(const double *)a;
    const double other = *(const double *)b;
    return (one > other) - (one < other);
}

/** The test that the interval inverts: chance of signed ranks at least this uneven, by trying all
 *  signs. True if `ratio` is not refused at 5 %. */
static bool is_possible(const double *ratios, unsigned count, double ratio) {
    double sizes[10];
    double w = 0.0;
    for (unsigned i = 0; i < count; i++) {
        sizes[i] = fabs(log(ratios[i] / ratio));
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned rank = 1;
        for (unsigned j = 0; j < count; j++) {
            rank += sizes[j] < sizes[i];
        }
        w += ratios[i] > ratio ? rank : 0;
    }
    unsigned as_low = 0;
    unsigned as_high = 0;
    for (unsigned signs = 0; signs < 1U << count; signs++) {
        double sum = 0.0;
        for (unsigned i = 0; i < count; i++) {
            sum += (signs >> i) & 1 ? i + 1 : 0;
        }
        as_low += sum <= w;
        as_high += sum >= w;
    }
    const double all = (double)(1U << count);
    return as_low / all > 0.025 && as_high / all > 0.025;
}

static void test_the_interval_inverts_the_test(void **state) {
    (void)state;
    for (uint32_t trial = 0; trial < 60; trial++) {
        const unsigned count = 6 + trial % 5;
        double ratios[10];
        for (uint32_t i = 0; i < count; i++) {
            ratios[i] = 0.5 + uniform(trial, i);
        }
        const struct weir_estimate e = weir_paired_ratio(ratios, count);
        assert_int_equal(e.count, count);
        const double inside = e.high - e.low;
        if (!is_possible(ratios, count, e.low + 1e-9) ||
            !is_possible(ratios, count, e.high - 1e-9) ||
            is_possible(ratios, count, e.low - 1e-9) || is_possible(ratios, count, e.high + 1e-9) ||
            inside <= 0.0) {
            fail_msg("trial %u: [%.17g, %.17g] of %u pairs", trial, e.low, e.high, count);
        }
    }
}

static void test_the_estimate_is_the_median_of_means(void **state) {
    (void)state;
    for (uint32_t trial = 0; trial < 40; trial++) {
        const unsigned count = 6 + trial % 20;
        double ratios[26];
        double means[26 * 27 / 2];
        size_t n = 0;
        for (uint32_t i = 0; i < count; i++) {
            ratios[i] = 0.9 + 0.3 * uniform(100 + trial, i);
            for (uint32_t j = 0; j <= i; j++) {
                means[n++] = sqrt(ratios[i] * ratios[j]);
            }
        }
        qsort(means, n, sizeof *means, by_size);
        const double median = sqrt(means[(n - 1) / 2] * means[n / 2]);
        assert_true(fabs(weir_paired_ratio(ratios, count).mean - median) < 1e-12);
    }
}

static void test_it_holds_the_truth_often_enough(void **state) {
    (void)state;
    unsigned held = 0;
    for (uint32_t trial = 0; trial < 2000; trial++) {
        double ratios[12];
        for (uint32_t i = 0; i < 12; i++) { /* symmetric in logarithms, with heavy tails */
            const double p = 0.001 + 0.998 * uniform(1000 + trial, i);
            ratios[i] = weir_exp(0.05 * weir_log(p / (1.0 - p)));
        }
        const struct weir_estimate e = weir_paired_ratio(ratios, 12);
        held += e.low <= 1.0 && e.high >= 1.0;
    }
    assert_in_range(held, 1880, 1940); /* 95.8 % by the exact distribution; three deviations */
}

static void test_outliers_move_it_little(void **state) {
    (void)state;
    double ratios[16];
    for (uint32_t i = 0; i < 16; i++) {
        ratios[i] = 1.1 + 0.01 * uniform(5000, i);
    }
    ratios[3] = 30.0;
    ratios[8] = 0.01;
    const struct weir_estimate e = weir_paired_ratio(ratios, 16);
    assert_true(e.mean > 1.1 && e.mean < 1.11);
    assert_true(e.low > 1.09 && e.high < 1.12);
}

static void test_many_pairs_are_taken(void **state) {
    (void)state;
    double ratios[WEIR_RATIO_PAIRS_MAX];
    for (uint32_t i = 0; i < WEIR_RATIO_PAIRS_MAX; i++) {
        ratios[i] = 1.0;
    }
    const struct weir_estimate e = weir_paired_ratio(ratios, WEIR_RATIO_PAIRS_MAX);
    assert_true(e.mean == 1.0 && e.low == 1.0 && e.high == 1.0);
}

static struct weir_estimate interval(double low, double high) {
    return (struct weir_estimate){.mean = (low + high) / 2.0, .low = low, .high = high, .count = 9};
}

static void test_a_regression_needs_both_rounds(void **state) {
    (void)state;
    static const struct {
        double low[2], high[2];
        size_t rounds;
        enum weir_timing_verdict verdict;
    } cases[] = {
        {{0.98, 0.0}, {1.02, 0.0}, 1, WEIR_TIMING_NO_CHANGE},
        {{1.00, 0.0}, {1.06, 0.0}, 1, WEIR_TIMING_NO_CHANGE},
        {{1.04, 0.0}, {1.10, 0.0}, 1, WEIR_TIMING_ADVICE},
        {{1.06, 1.00}, {1.10, 1.04}, 2, WEIR_TIMING_ADVICE},
        {{1.06, 1.06}, {1.10, 1.08}, 2, WEIR_TIMING_REGRESSED},
        {{0.90, 0.0}, {0.94, 0.0}, 1, WEIR_TIMING_IMPROVED},
        {{0.90, 0.0}, {0.97, 0.0}, 1, WEIR_TIMING_NO_CHANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct weir_estimate rounds[2] = {interval(cases[i].low[0], cases[i].high[0]),
                                                interval(cases[i].low[1], cases[i].high[1])};
        assert_int_equal(weir_timing_judge(rounds, cases[i].rounds, 1.05), cases[i].verdict);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_the_interval_inverts_the_test),
    cmocka_unit_test(test_the_estimate_is_the_median_of_means),
    cmocka_unit_test(test_it_holds_the_truth_often_enough),
    cmocka_unit_test(test_outliers_move_it_little),
    cmocka_unit_test(test_many_pairs_are_taken),
    cmocka_unit_test(test_a_regression_needs_both_rounds),
};

int main(void) {
    return cmocka_run_group_tests(tests, NULL, NULL);
}
