/**
 * The histogram against sorting: a quantile is never below the exact one and above it by at most
 * a 64th of it.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "draws.h"
#include "histogram.h"

#define SEEDS 200
#define VALUES 600

static int compare(const void *left, const void *right) {
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/** Smallest value that at least the share q of `count` sorted values lies at or under. */
static int64_t exact_quantile(const int64_t *sorted, size_t count, double q) {
    size_t rank = 1;
    while (rank < count && (double)rank < q * (double)count) {
        rank++;
    }
    return sorted[rank - 1];
}

static struct weir_histogram *new_histogram(void) {
    struct weir_histogram *h = calloc(1, sizeof *h);
    assert_non_null(h);
    return h;
}

/** Any magnitude is as likely as any other. */
static int64_t some_value(struct draws *draws) {
    const int64_t bits = draw(draws, 0, 62);
    return (int64_t)(draw_word(draws) >> 1 >> (62 - bits));
}

static void assert_within(uint64_t seed, int64_t quantile, int64_t exact) {
    CHECK_SEED(seed, quantile >= exact);
    CHECK_SEED(seed, (double)(quantile - exact) <= (double)exact / 64.0);
}

static void test_quantiles_are_within_a_64th_and_never_too_low(void **state) {
    (void)state;
    static const double shares[] = {0.0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0};
    struct weir_histogram *h = new_histogram();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct draws draws = {seed};
        int64_t values[VALUES] = {0};
        memset(h, 0, sizeof *h);
        const size_t count = (size_t)draw(&draws, 1, VALUES);
        for (size_t i = 0; i < count; i++) {
            values[i] = some_value(&draws);
            weir_histogram_add(h, values[i]);
        }
        qsort(values, count, sizeof values[0], compare);
        for (size_t q = 0; q < sizeof shares / sizeof shares[0]; q++) {
            assert_within(seed, weir_histogram_quantile(h, shares[q]),
                          exact_quantile(values, count, shares[q]));
            CHECK_SEED(seed, weir_histogram_quantile_all(h, shares[q]) ==
                                 weir_histogram_quantile(h, shares[q]));
        }
        CHECK_SEED(seed, weir_histogram_quantile(h, 1.0) == values[count - 1]);
        CHECK_SEED(seed, h->max_ns == values[count - 1] && h->count == count);
    }
    free(h);
}

static void test_small_values_are_exact(void **state) {
    (void)state;
    struct weir_histogram *h = new_histogram();
    for (int64_t value = 0; value < 128; value++) {
        weir_histogram_add(h, value);
    }
    for (int64_t value = 0; value < 128; value++) {
        assert_int_equal(weir_histogram_quantile(h, ((double)value + 1.0) / 128.0), value);
    }
    free(h);
}

static void test_the_largest_values_have_buckets(void **state) {
    (void)state;
    static const int64_t large[] = {INT64_MAX, INT64_MAX - 1, INT64_C(1) << 62,
                                    (INT64_C(1) << 62) - 1};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        struct weir_histogram *h = new_histogram();
        weir_histogram_add(h, large[i]);
        assert_int_equal(weir_histogram_quantile(h, 0.5), large[i]);
        free(h);
    }
}

static void test_infinite_values_count_in_the_quantiles_of_all(void **state) {
    (void)state;
    struct weir_histogram *h = new_histogram();
    assert_int_equal(weir_histogram_quantile(h, 0.5), -1);
    assert_int_equal(weir_histogram_quantile_all(h, 0.5), -1);
    weir_histogram_add_infinite(h);
    assert_int_equal(weir_histogram_quantile(h, 0.5), -1);
    assert_true(weir_histogram_quantile_all(h, 0.0) == INT64_MAX);
    for (int i = 0; i < 3; i++) {
        weir_histogram_add(h, 10);
    }
    assert_int_equal(weir_histogram_quantile_all(h, 0.75), 10);
    assert_true(weir_histogram_quantile_all(h, 0.7501) == INT64_MAX);
    assert_int_equal(weir_histogram_quantile(h, 1.0), 10);
    assert_int_equal(h->infinite, 1);
    free(h);
}

static void test_buckets_follow_each_other_without_gaps(void **state) {
    (void)state;
    for (uint32_t bucket = 0; bucket + 1 < 64 * 58; bucket++) {
        const int64_t start = weir_histogram_bucket_start(bucket);
        const int64_t next = weir_histogram_bucket_start(bucket + 1);
        assert_true(start < next);
        assert_true((double)(next - 1 - start) <= (double)start / 64.0);
        struct weir_histogram *h = bucket % 97 == 0 ? new_histogram() : NULL;
        if (h) {
            weir_histogram_add(h, start);
            weir_histogram_add(h, next - 1);
            assert_int_equal(h->buckets[bucket], 2);
            free(h);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_within_a_64th_and_never_too_low),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_the_largest_values_have_buckets),
        cmocka_unit_test(test_infinite_values_count_in_the_quantiles_of_all),
        cmocka_unit_test(test_buckets_follow_each_other_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
