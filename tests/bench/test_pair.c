/**
 * Pairs of arms: differences, ratios, verdicts in both directions, exact statistics of events and
 * rare counts, Holm over a family, and what is missing on one side.
 */
#include "check.h"

#include <string.h>

#include "pair.h"

#define RUNS 20

static struct weir_metrics one[RUNS], other[RUNS];

static int setup(void **state) {
    (void)state;
    memset(one, 0, sizeof one);
    memset(other, 0, sizeof other);
    return 0;
}

static void set(size_t r, enum weir_metric metric, double a, double b) {
    one[r].values[metric] = a;
    other[r].values[metric] = b;
    one[r].present[metric] = other[r].present[metric] = true;
}

static struct weir_pair compare(enum weir_metric metric, size_t count) {
    struct weir_pair pair;
    assert_true(weir_pair_compare(one, other, count, metric, &pair));
    return pair;
}

/** A common course that differs from replication to replication more than the two arms do. */
static double course(size_t r) {
    return 0.3 + 0.02 * (double)((r * 7) % 10);
}

static void test_a_common_course_cancels(void **state) {
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_capture_rate, course(r) + 0.03 + 0.001 * (double)(r % 3), course(r));
        set(r, WEIR_METRIC_banned_s, 100.0 * course(r) + 5.0 + (double)(r % 2), 100.0 * course(r));
    }
    struct weir_pair pair = compare(WEIR_METRIC_capture_rate, RUNS);
    assert_int_equal(pair.verdict, WEIR_VERDICT_BETTER);
    ASSERT_NEAR(pair.difference.mean, 0.03095, 1e-4);
    assert_true(pair.difference.low > 0.03 && pair.difference.high < 0.032);
    assert_true(pair.ratio.count == RUNS && pair.ratio.mean > 1.0);
    pair = compare(WEIR_METRIC_banned_s, RUNS);
    assert_int_equal(pair.verdict, WEIR_VERDICT_WORSE); /* more time banned */
}

static void test_within_a_point_is_equivalent(void **state) {
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_capture_rate, course(r) + 0.004 + 0.0001 * (double)(r % 3), course(r));
        set(r, WEIR_METRIC_captures, 100.0 + (double)(r % 2), 100.0);
        set(r, WEIR_METRIC_banned_s, 7.0, 7.0);
        set(r, WEIR_METRIC_requests_sent, 5.0 + (double)r, 4.0);
    }
    assert_int_equal(compare(WEIR_METRIC_capture_rate, RUNS).verdict, WEIR_VERDICT_EQUIVALENT);
    assert_int_equal(compare(WEIR_METRIC_captures, RUNS).verdict, WEIR_VERDICT_BETTER);
    assert_int_equal(compare(WEIR_METRIC_banned_s, RUNS).verdict, WEIR_VERDICT_EQUIVALENT);
    assert_int_equal(compare(WEIR_METRIC_requests_sent, RUNS).verdict, WEIR_VERDICT_NONE);
}

static void test_what_one_replication_cannot_say(void **state) {
    (void)state;
    set(0, WEIR_METRIC_capture_rate, 0.9, 0.1);
    const struct weir_pair pair = compare(WEIR_METRIC_capture_rate, 1);
    assert_int_equal(pair.verdict, WEIR_VERDICT_UNDECIDED);
    assert_int_equal(pair.statistic, WEIR_STATISTIC_NONE);
    ASSERT_NEAR(pair.difference.mean, 0.8, 1e-15);
    assert_int_equal(compare(WEIR_METRIC_efficiency, 1).verdict, WEIR_VERDICT_NONE);
}

static void test_missing_on_one_side_is_undecided(void **state) {
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_latency_p50_ms, 10.0 + 0.1 * (double)r, 50.0);
    }
    assert_int_equal(compare(WEIR_METRIC_latency_p50_ms, RUNS).verdict, WEIR_VERDICT_BETTER);
    one[3].present[WEIR_METRIC_latency_p50_ms] = false;
    const struct weir_pair pair = compare(WEIR_METRIC_latency_p50_ms, RUNS);
    assert_int_equal(pair.verdict, WEIR_VERDICT_UNDECIDED);
    assert_int_equal(pair.missing, 1);
    other[3].present[WEIR_METRIC_latency_p50_ms] = false; /* in neither: nothing is missing */
    assert_int_equal(compare(WEIR_METRIC_latency_p50_ms, RUNS).verdict, WEIR_VERDICT_BETTER);
}

static void test_events_are_binomial(void **state) {
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_ban_probability, r < 1, r < 9);
    }
    const struct weir_pair pair = compare(WEIR_METRIC_ban_probability, RUNS);
    assert_int_equal(pair.statistic, WEIR_STATISTIC_BINOMIAL);
    ASSERT_NEAR(pair.p, 0.0078125, 1e-12); /* eight replications differ, all in one direction */
    ASSERT_NEAR(pair.difference.mean, -0.4, 1e-12);
    assert_true(pair.difference.low < -0.6 && pair.difference.high > -0.05);
    assert_int_equal(pair.verdict, WEIR_VERDICT_BETTER);
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_bans, 0.0, 0.0);
    }
    const struct weir_pair none = compare(WEIR_METRIC_bans, RUNS);
    assert_int_equal(none.verdict, WEIR_VERDICT_EQUIVALENT); /* the same in every replication … */
    assert_true(none.difference.high > 0.1); /* … which does not prove that there never are any */
    const struct weir_estimate e = weir_estimate_of(one, RUNS, WEIR_METRIC_ban_probability);
    ASSERT_NEAR(e.high, 0.248733, 1e-5);
}

static void test_rare_counts_are_poisson(void **state) {
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_http_429, 0.0, r == 4 ? 3.0 : 0.0);
    }
    struct weir_pair pair = compare(WEIR_METRIC_http_429, RUNS);
    assert_int_equal(pair.statistic, WEIR_STATISTIC_POISSON);
    assert_int_equal(pair.verdict, WEIR_VERDICT_UNDECIDED); /* three events say little */
    const struct weir_estimate e = weir_estimate_of(one, RUNS, WEIR_METRIC_http_429);
    ASSERT_NEAR(e.high, 3.688879 / RUNS, 1e-6);
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_http_429, 0.0, 9.0 + (double)(r % 2));
    }
    pair = compare(WEIR_METRIC_http_429, RUNS);
    assert_int_equal(pair.statistic, WEIR_STATISTIC_UNSEEN); /* these are not rare */
    assert_int_equal(pair.verdict, WEIR_VERDICT_BETTER);
}

static void test_a_ratio_needs_a_divisor(void **state) {
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_blind_max_s, 4.0, r == 7 ? 0.0 : 2.0);
    }
    assert_int_equal(compare(WEIR_METRIC_blind_max_s, RUNS).ratio.count, 0);
    other[7].values[WEIR_METRIC_blind_max_s] = 2.0;
    const struct weir_pair pair = compare(WEIR_METRIC_blind_max_s, RUNS);
    ASSERT_NEAR(pair.ratio.mean, 2.0, 1e-15);
}

static void test_a_family_is_judged_together(void **state) {
    struct weir_pair pairs[5];
    struct weir_pair *family[5];
    (void)state;
    for (size_t r = 0; r < RUNS; r++) {
        set(r, WEIR_METRIC_capture_rate, course(r) + 0.02 + 0.04 * ((double)(r % 5) - 2.0),
            course(r) - 0.0175);
    }
    for (size_t i = 0; i < 5; i++) {
        pairs[i] = compare(WEIR_METRIC_capture_rate, RUNS);
        family[i] = &pairs[i];
        assert_int_equal(pairs[i].verdict, WEIR_VERDICT_BETTER);
        assert_true(pairs[i].p < 0.05 && pairs[i].p > 0.01 / 5.0);
    }
    weir_pairs_judge(family, 1);
    assert_int_equal(pairs[0].verdict, WEIR_VERDICT_BETTER);
    pairs[0].p = 0.03; /* sure enough alone, not as one of five */
    weir_pairs_judge(family, 5);
    assert_int_equal(pairs[0].verdict,
                     pairs[0].p_holm < 0.05 ? WEIR_VERDICT_BETTER : WEIR_VERDICT_UNDECIDED);
    for (size_t i = 1; i < 5; i++) {
        ASSERT_NEAR(pairs[i].p_holm, 5.0 * pairs[i].p, 1e-12);
    }
}

static void test_better_in_all_or_not_at_all(void **state) {
    const enum weir_verdict all[] = {WEIR_VERDICT_BETTER, WEIR_VERDICT_BETTER, WEIR_VERDICT_BETTER};
    const enum weir_verdict two[] = {WEIR_VERDICT_BETTER, WEIR_VERDICT_BETTER,
                                     WEIR_VERDICT_EQUIVALENT};
    const enum weir_verdict same[] = {WEIR_VERDICT_EQUIVALENT, WEIR_VERDICT_EQUIVALENT};
    (void)state;
    assert_int_equal(weir_verdict_of_all(all, 3), WEIR_VERDICT_BETTER);
    assert_int_equal(weir_verdict_of_all(two, 3), WEIR_VERDICT_UNDECIDED);
    assert_int_equal(weir_verdict_of_all(same, 2), WEIR_VERDICT_EQUIVALENT);
    assert_int_equal(weir_verdict_of_all(same, 0), WEIR_VERDICT_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_common_course_cancels, setup),
        cmocka_unit_test_setup(test_within_a_point_is_equivalent, setup),
        cmocka_unit_test_setup(test_what_one_replication_cannot_say, setup),
        cmocka_unit_test_setup(test_missing_on_one_side_is_undecided, setup),
        cmocka_unit_test_setup(test_events_are_binomial, setup),
        cmocka_unit_test_setup(test_rare_counts_are_poisson, setup),
        cmocka_unit_test_setup(test_a_ratio_needs_a_divisor, setup),
        cmocka_unit_test_setup(test_a_family_is_judged_together, setup),
        cmocka_unit_test(test_better_in_all_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
