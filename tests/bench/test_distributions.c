/**
 * Distributions against published tables, and against sums and identities that define them.
 */
#include "check.h"

#include "distributions.h"
#include "draw.h"

static void test_log_gamma(void **state) {
    (void)state;
    ASSERT_NEAR(weir_log_gamma(1.0), 0.0, 1e-12);
    ASSERT_NEAR(weir_log_gamma(2.0), 0.0, 1e-12);
    ASSERT_NEAR(weir_log_gamma(0.5), 0.57236494292470008707, 1e-12); /* log of the root of pi */
    ASSERT_NEAR(weir_log_gamma(10.0), 12.801827480081469611, 1e-12); /* log 9! */
    ASSERT_NEAR(weir_log_gamma(101.0), 363.73937555556349014, 1e-10);
}

static void test_student_agrees_with_its_table(void **state) {
    static const struct {
        double degrees, t95, t99;
    } table[] = {{1, 12.706204736, 63.656741163}, {4, 2.776445105, 4.604094871},
                 {19, 2.093024054, 2.860934606},  {39, 2.022690920, 2.707913183},
                 {200, 1.971896224, 2.600634436}, {1e6, 1.959966, 2.575834}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ASSERT_NEAR(weir_student_quantile(0.95, table[i].degrees), table[i].t95, 2e-6);
        ASSERT_NEAR(weir_student_quantile(0.99, table[i].degrees), table[i].t99, 2e-6);
        ASSERT_NEAR(weir_student_two_sided(table[i].t95, table[i].degrees), 0.05, 1e-6);
    }
    ASSERT_NEAR(weir_student_two_sided(0.0, 7.0), 1.0, 1e-14);
    ASSERT_NEAR(weir_student_two_sided(1.0, 1.0), 0.5, 1e-13); /* Cauchy */
    ASSERT_NEAR(weir_student_two_sided(-1.0, 1.0), 0.5, 1e-13);
}

static void test_incomplete_beta(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 500; i++) {
        const struct weir_uniforms u = weir_draw((struct weir_draw_key){.seed = 5, .a = i});
        const double a = 0.3 + 30.0 * u.u[0];
        const double x = u.u[1];
        /* b = 1 and a = 1 have closed forms; the two ends are mirror images */
        CHECK_SEED(i, weir_incomplete_beta(a, 1.0, x) - weir_exp(a * weir_log(x)) < 1e-12);
        CHECK_SEED(i, weir_exp(a * weir_log(x)) - weir_incomplete_beta(a, 1.0, x) < 1e-12);
        const double sum = weir_incomplete_beta(a, 2.5, x) + weir_incomplete_beta(2.5, a, 1.0 - x);
        CHECK_SEED(i, sum - 1.0 < 1e-12 && 1.0 - sum < 1e-12);
    }
}

/** The definition: a sum of products. */
static double binomial_sum(unsigned successes, unsigned trials, double p) {
    double sum = 0.0;
    for (unsigned k = 0; k <= successes; k++) {
        double term = 1.0;
        for (unsigned i = 0; i < k; i++) {
            term *= p * (double)(trials - i) / (double)(k - i);
        }
        for (unsigned i = k; i < trials; i++) {
            term *= 1.0 - p;
        }
        sum += term;
    }
    return sum;
}

static void test_binomial_is_its_sum(void **state) {
    (void)state;
    for (unsigned trials = 1; trials <= 12; trials++) {
        for (unsigned successes = 0; successes <= trials; successes++) {
            for (double p = 0.05; p < 1.0; p += 0.15) {
                ASSERT_NEAR(weir_binomial_at_most(successes, trials, p),
                            binomial_sum(successes, trials, p), 1e-12);
            }
        }
    }
    ASSERT_NEAR(weir_binomial_at_most(0, 3, 0.0), 1.0, 0.0);
}

static void test_poisson(void **state) {
    (void)state;
    ASSERT_NEAR(weir_poisson_at_most(0, 2.0), 0.13533528323661270, 1e-14);
    ASSERT_NEAR(weir_poisson_at_most(2, 2.0), 5.0 * 0.13533528323661270, 1e-14);
    ASSERT_NEAR(weir_poisson_at_most(3, 0.0), 1.0, 0.0);
    ASSERT_NEAR(weir_poisson_at_most(900, 2.0), 1.0, 1e-12);
    assert_true(weir_poisson_at_most(2, 1000.0) < 1e-300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_gamma),
        cmocka_unit_test(test_student_agrees_with_its_table),
        cmocka_unit_test(test_incomplete_beta),
        cmocka_unit_test(test_binomial_is_its_sum),
        cmocka_unit_test(test_poisson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
