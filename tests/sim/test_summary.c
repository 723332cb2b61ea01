/**
 * Summaries over replications: means, intervals, and Student's t against its table.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "distributions.h"
#include "summary.h"

static void test_students_t_agrees_with_its_table(void **state) {
    (void)state;
    static const struct {
        size_t degrees;
        double t;
    } table[] = {{1, 12.706204736},  {2, 4.302652730},   {3, 3.182446305},  {4, 2.776445105},
                 {5, 2.570581836},   {9, 2.262157163},   {10, 2.228138852}, {15, 2.131449546},
                 {19, 2.093024054},  {20, 2.085963447},  {21, 2.079613845}, {22, 2.073873068},
                 {25, 2.059538553},  {29, 2.045229642},  {30, 2.042272456}, {39, 2.022690920},
                 {40, 2.021075390},  {60, 2.000297822},  {99, 1.984216952}, {120, 1.979930405},
                 {199, 1.971956544}, {1000, 1.962339081}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ASSERT_NEAR(weir_student_quantile(0.95, (double)table[i].degrees), table[i].t,
                    1e-9 * table[i].t);
    }
    for (size_t n = 1; n < 200; n++) {
        const double t = weir_student_quantile(0.95, (double)n);
        assert_true(t > weir_student_quantile(0.95, (double)n + 1.0) && t > 1.95996);
    }
}

static void set(struct weir_metrics *m, enum weir_metric metric, double value) {
    m->values[metric] = value;
    m->present[metric] = true;
}

static void test_mean_and_interval(void **state) {
    (void)state;
    static struct weir_metrics runs[3];
    struct weir_summary s;
    memset(runs, 0, sizeof runs);
    for (size_t r = 0; r < 3; r++) {
        set(&runs[r], WEIR_METRIC_captures, (double)r + 101.0); /* not rare */
        set(&runs[r], WEIR_METRIC_bans, 7.0);
    }
    set(&runs[0], WEIR_METRIC_efficiency, 0.5);
    set(&runs[2], WEIR_METRIC_efficiency, 0.7);
    set(&runs[1], WEIR_METRIC_blind_max_s, 4.0);
    weir_summarise(runs, 3, &s);
    const struct weir_estimate *e = &s.metrics[WEIR_METRIC_captures];
    assert_int_equal(e->count, 3);
    ASSERT_NEAR(e->mean, 102.0, 1e-12);
    ASSERT_NEAR(e->low, 102.0 - 4.302652730 / sqrt(3.0), 1e-3);
    ASSERT_NEAR(e->high, 102.0 + 4.302652730 / sqrt(3.0), 1e-3);
    e = &s.metrics[WEIR_METRIC_bans];
    assert_true(e->low == 7.0 && e->mean == 7.0 && e->high == 7.0);
    e = &s.metrics[WEIR_METRIC_efficiency]; /* measured in two of three */
    assert_int_equal(e->count, 2);
    ASSERT_NEAR(e->mean, 0.6, 1e-12);
    ASSERT_NEAR(e->high - e->mean, 12.7062 * 0.1, 1e-3);
    e = &s.metrics[WEIR_METRIC_blind_max_s]; /* in one: no interval */
    assert_int_equal(e->count, 1);
    assert_true(e->low == 4.0 && e->high == 4.0);
    assert_int_equal(s.metrics[WEIR_METRIC_filled].count, 0);
    ASSERT_NEAR(weir_mean(&s, WEIR_METRIC_captures, -1.0), 102.0, 1e-12);
    ASSERT_NEAR(weir_mean(&s, WEIR_METRIC_filled, -1.0), -1.0, 0.0);
}

static void test_shares_and_curves_are_averaged(void **state) {
    (void)state;
    static struct weir_metrics runs[2];
    struct weir_summary s;
    memset(runs, 0, sizeof runs);
    runs[0].bound_by[WEIR_CAUSE_FEED] = (struct weir_bound_by){1.0, 0.5};
    runs[1].bound_by[WEIR_CAUSE_BAN] = (struct weir_bound_by){0.5, 1.0};
    runs[0].curve[3] = (struct weir_curve_point){300.0, 0.2, 0.4, 0.6};
    runs[1].curve[3] = (struct weir_curve_point){300.0, 0.4, 0.8, 1.0};
    runs[1].capture_by_decile[9] = 1.0;
    weir_summarise(runs, 2, &s);
    ASSERT_NEAR(s.bound_by[WEIR_CAUSE_FEED].time, 0.5, 1e-12);
    ASSERT_NEAR(s.bound_by[WEIR_CAUSE_FEED].value_lost, 0.25, 1e-12);
    ASSERT_NEAR(s.bound_by[WEIR_CAUSE_BAN].value_lost, 0.5, 1e-12);
    ASSERT_NEAR(s.curve[3].window_ms, 300.0, 0.0);
    ASSERT_NEAR(s.curve[3].by_count, 0.3, 1e-12);
    ASSERT_NEAR(s.curve[3].by_value, 0.6, 1e-12);
    ASSERT_NEAR(s.curve[3].by_notional, 0.8, 1e-12);
    ASSERT_NEAR(s.capture_by_decile[9], 0.5, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_students_t_agrees_with_its_table),
        cmocka_unit_test(test_mean_and_interval),
        cmocka_unit_test(test_shares_and_curves_are_averaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
