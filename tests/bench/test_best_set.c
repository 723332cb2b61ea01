/**
 * The set of the best: the true best is in it as often as it should be, what is clearly worse is
 * not, and equal settings all are.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "best_set.h"
#include "draw.h"

#define SETTINGS 41
#define TRACES 4
#define STUDIES 150
#define SEED 20261123

static double normal(uint32_t study, uint32_t what, uint32_t index) {
    const struct weir_uniforms u = weir_draw((struct weir_draw_key){
        .seed = SEED, .stream = WEIR_STREAM_GENERATOR, .a = study, .b = what, .c = index});
    return weir_normal_quantile(u.u[0]);
}

/** A smooth surface with its top at the best (flat, if `fall` is 0: then it is hardest), common
 * noise of the replication, noise that changes slowly along the settings, and noise of each; traces
 * of very different spread. */
static void draw_study(uint32_t study, size_t n, double fall, double *values) {
    for (size_t s = 0; s < SETTINGS; s++) {
        const double far = s < 20 ? 20.0 - (double)s : (double)s - 20.0;
        for (size_t t = 0; t < TRACES; t++) {
            for (size_t r = 0; r < n; r++) {
                const uint32_t at = (uint32_t)(t * 1000 + r);
                const double spread = t == 0 ? 0.0 : (double)t;
                const double slope = normal(study, 1, at) * ((double)s - 20.0) / 10.0;
                const double own = normal(study, 2 + (uint32_t)s, at);
                values[(s * TRACES + t) * n + r] = 5.0 * normal(study, 0, at) - fall * far * far +
                                                   spread * (0.5 * slope + 0.5 * own);
            }
        }
    }
}

static double coverage(size_t n, double fall) {
    double *values = malloc(SETTINGS * TRACES * n * sizeof *values);
    struct weir_sample samples[SETTINGS];
    bool in_set[SETTINGS];
    size_t covered = 0;
    assert_non_null(values);
    for (size_t s = 0; s < SETTINGS; s++) {
        samples[s].values = values + s * TRACES * n;
    }
    for (uint32_t study = 0; study < STUDIES; study++) {
        draw_study(study, n, fall, values);
        assert_true(weir_best_set(samples, SETTINGS, TRACES, n, 0.05, in_set));
        covered += in_set[20];
    }
    free(values);
    print_message(
        "seed %d: %zu replications, fall %g: the best is in the set in %zu of %d studies\n", SEED,
        n, fall, covered, STUDIES);
    return (double)covered / STUDIES;
}

static void test_the_best_is_in_the_set(void **state) {
    (void)state;
    /* 95 % less three standard errors of 150 studies */
    assert_true(coverage(5, 0.0) >= 0.90);
    assert_true(coverage(20, 0.0) >= 0.90);
    assert_true(coverage(5, 0.002) >= 0.90);
}

static void test_the_worse_is_not(void **state) {
    double *values = malloc(SETTINGS * TRACES * 20 * sizeof *values);
    struct weir_sample samples[SETTINGS];
    bool in_set[SETTINGS];
    (void)state;
    assert_non_null(values);
    for (size_t s = 0; s < SETTINGS; s++) {
        samples[s].values = values + s * TRACES * 20;
    }
    draw_study(7, 20, 0.02, values);
    assert_true(weir_best_set(samples, SETTINGS, TRACES, 20, 0.05, in_set));
    assert_false(in_set[0]);
    assert_false(in_set[SETTINGS - 1]);
    free(values);
}

static void test_equal_settings_all_stay(void **state) {
    static const double same[] = {1.0, 2.0, 3.0, 4.0};
    static const double less[] = {0.5, 1.5, 2.5, 3.5};
    const struct weir_sample samples[] = {{same}, {same}, {less}, {same}};
    bool in_set[4];
    (void)state;
    assert_true(weir_best_set(samples, 4, 2, 2, 0.05, in_set));
    assert_true(in_set[0] && in_set[1] && in_set[3]);
    assert_false(in_set[2]); /* worse by the same in every replication */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_is_in_the_set),
        cmocka_unit_test(test_the_worse_is_not),
        cmocka_unit_test(test_equal_settings_all_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
