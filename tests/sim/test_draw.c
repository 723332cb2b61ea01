/**
 * Random numbers and the functions behind them: pinned values, so that a result means the same
 * tomorrow, and accuracy against the C library.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "draw.h"
#include "draws.h"

static uint64_t bits_of(double x) {
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/** Values of the first release. If one changes, every result ever printed changes its meaning. */
static void test_golden_values(void **state) {
    (void)state;
    static const struct {
        struct weir_draw_key key;
        uint64_t bits[2];
    } golden[] = {
        {{0, 0, WEIR_STREAM_TRACE_TIME, 0, 0, 0},
         {UINT64_C(0x3FD07383A6EBE5CB), UINT64_C(0x3FE207921DEACB3C)}},
        {{1, 0, WEIR_STREAM_REQUEST, 0, 0, 0},
         {UINT64_C(0x3FDA2201A3D44A17), UINT64_C(0x3FD166397AE5421B)}},
        {{1, 7, WEIR_STREAM_REQUEST, 3, 65537, 0},
         {UINT64_C(0x3FED10CAF4A6DF62), UINT64_C(0x3FCDBB5D21D0CB0E)}},
        {{1, 7, WEIR_STREAM_REQUEST, 3, 65537, 0x80000000U},
         {UINT64_C(0x3FE571CF2125F938), UINT64_C(0x3FE97B88CD4BA2E0)}},
        {{UINT64_MAX, 0xffffff, WEIR_STREAM_FILL, UINT32_MAX, UINT32_MAX, UINT32_MAX},
         {UINT64_C(0x3FEC7FB569CE9E3C), UINT64_C(0x3FE865BAD26B1EBA)}},
    };
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        const struct weir_uniforms u = weir_draw(golden[i].key);
        for (int k = 0; k < 2; k++) {
            if (bits_of(u.u[k]) != golden[i].bits[k]) {
                print_error("key %zu, uniform %d: 0x%016llx\n", i, k,
                            (unsigned long long)bits_of(u.u[k]));
            }
            assert_true(bits_of(u.u[k]) == golden[i].bits[k]);
        }
    }
}

static struct weir_draw_key some_key(struct draws *draws) {
    return (struct weir_draw_key){draw_word(draws),
                                  (uint32_t)draw(draws, 0, 0xffffff),
                                  (enum weir_stream)draw(draws, 1, 12),
                                  (uint32_t)draw_word(draws),
                                  (uint32_t)draw_word(draws),
                                  (uint32_t)draw_word(draws)};
}

static bool same(struct weir_uniforms a, struct weir_uniforms b) {
    return bits_of(a.u[0]) == bits_of(b.u[0]) && bits_of(a.u[1]) == bits_of(b.u[1]);
}

static void test_every_field_of_the_key_counts(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct draws draws = {seed};
        const struct weir_draw_key key = some_key(&draws);
        const struct weir_uniforms u = weir_draw(key);
        CHECK_SEED(seed, same(u, weir_draw(key)));
        struct weir_draw_key others[9] = {key, key, key, key, key, key, key, key, key};
        others[0].seed ^= 1;
        others[1].seed ^= UINT64_C(1) << 63;
        others[2].replication ^= 1;
        others[3].replication ^= 0x800000;
        others[4].stream =
            key.stream == WEIR_STREAM_FILL ? WEIR_STREAM_TRACE_TIME : WEIR_STREAM_FILL;
        others[5].a ^= 0x80000000U;
        others[6].b ^= 0x80000000U;
        others[7].c ^= 0x80000000U;
        others[8].c ^= 1;
        for (size_t i = 0; i < 9; i++) {
            CHECK_SEED(seed, others[i].stream == key.stream || i == 4);
            CHECK_SEED(seed, !same(u, weir_draw(others[i])));
        }
    }
}

static void test_uniforms_are_uniform(void **state) {
    (void)state;
    enum {
        N = 200000,
        CELLS = 20
    };
    size_t cells[CELLS] = {0};
    double sum = 0.0;
    double product = 0.0;
    for (uint32_t i = 0; i < N; i++) {
        const struct weir_uniforms u =
            weir_draw((struct weir_draw_key){1, 0, WEIR_STREAM_LOAD, i, 0, 0});
        assert_true(u.u[0] > 0.0 && u.u[0] < 1.0 && u.u[1] > 0.0 && u.u[1] < 1.0);
        cells[(size_t)(u.u[0] * CELLS)]++;
        sum += u.u[1];
        product += (u.u[0] - 0.5) * (u.u[1] - 0.5);
    }
    ASSERT_NEAR(sum / N, 0.5, 0.003);
    ASSERT_NEAR(product / N, 0.0, 0.001);
    for (size_t i = 0; i < CELLS; i++) {
        ASSERT_NEAR((double)cells[i], (double)N / CELLS, 500.0);
    }
}

static void test_exp_is_accurate(void **state) {
    (void)state;
    struct draws draws = {1};
    assert_true(weir_exp(0.0) == 1.0);
    for (int i = 0; i < 200000; i++) {
        const double scale = i % 2 ? 700.0 : 1.0;
        const double x = scale * (double)draw(&draws, -1000000000, 1000000000) / 1e9;
        const double expected = exp(x);
        ASSERT_NEAR(weir_exp(x), expected, 6e-16 * expected);
    }
    static const double edges[] = {
        700.0, -700.0, 1e-300, -1e-300, 5e-324, 1e-17, 0.34657359027997264};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        ASSERT_NEAR(weir_exp(edges[i]), exp(edges[i]), 6e-16 * exp(edges[i]));
    }
}

static void test_log_is_accurate(void **state) {
    (void)state;
    struct draws draws = {2};
    assert_true(weir_log(1.0) == 0.0);
    for (int i = 0; i < 200000; i++) {
        const double mantissa =
            1.0 + (double)draw(&draws, 0, INT64_C(1) << 52) / 4503599627370496.0;
        const double x = i % 2 ? ldexp(mantissa, (int)draw(&draws, -1022, 1022)) : mantissa;
        const double expected = log(x);
        ASSERT_NEAR(weir_log(x), expected, 1e-15 * fmax(1.0, fabs(expected)));
    }
    static const double edges[] = {2.2250738585072014e-308, 1.7976931348623157e308,
                                   0.99999999999999989, 1.0000000000000002};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        ASSERT_NEAR(weir_log(edges[i]), log(edges[i]), 1e-15 * fmax(1.0, fabs(log(edges[i]))));
    }
}

static double normal_distribution(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

/** Largest error allowed: 1.2e-9 of the quantile, and a little for what is near 0. */
static double quantile_error(double z) {
    return 1.2e-9 * fabs(z) + 1e-12;
}

static void test_normal_quantile_is_accurate(void **state) {
    (void)state;
    static const struct {
        double p, z;
    } table[] = {{0.5, 0.0},
                 {0.9, 1.2815515655446004},
                 {0.975, 1.959963984540054},
                 {0.995, 2.5758293035489004},
                 {0.0005, -3.2905267314918945},
                 {1e-10, -6.361340902404056}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ASSERT_NEAR(weir_normal_quantile(table[i].p), table[i].z, quantile_error(table[i].z));
    }
    for (int i = 1; i < 20000; i++) {
        const double p = (double)i / 20000.0;
        const double z = weir_normal_quantile(p);
        const double density = exp(-0.5 * z * z) / 2.5066282746310002;
        ASSERT_NEAR(z + (p - normal_distribution(z)) / density, z, quantile_error(z));
        ASSERT_NEAR(weir_normal_quantile(1.0 - p), -z, 2.0 * quantile_error(z));
    }
    assert_true(isfinite(weir_normal_quantile(0x1p-54)));
    assert_true(isfinite(weir_normal_quantile(1.0 - 0x1p-53)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_values),
        cmocka_unit_test(test_every_field_of_the_key_counts),
        cmocka_unit_test(test_uniforms_are_uniform),
        cmocka_unit_test(test_exp_is_accurate),
        cmocka_unit_test(test_log_is_accurate),
        cmocka_unit_test(test_normal_quantile_is_accurate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
