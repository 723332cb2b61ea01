#include "draw.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include <Random123/philox.h>

#define REPLICATIONS_MAX (1u << 24)

/** 53 random bits to the middle of one of 2^53 equal parts of (0, 1). */
static double to_uniform(uint32_t high, uint32_t low) {
    const uint64_t bits = (((uint64_t)high << 32) | low) >> 11;
    const double u = ((double)bits + 0.5) * 0x1p-53;
    /* the last part's middle would round up to 1 */
    return u < 1.0 ? u : 0x1.fffffffffffffp-1;
}

struct weir_uniforms weir_draw(struct weir_draw_key key) {
    assert(key.replication < REPLICATIONS_MAX);
    const philox4x32_key_t k = {{(uint32_t)key.seed, (uint32_t)(key.seed >> 32)}};
    const philox4x32_ctr_t counter = {
        {((uint32_t)key.stream << 24) | key.replication, key.a, key.b, key.c}};
    const philox4x32_ctr_t r = philox4x32(counter, k);
    return (struct weir_uniforms){{to_uniform(r.v[0], r.v[1]), to_uniform(r.v[2], r.v[3])}};
}

/** x times 2^n by building the power's bits: exact, and no libm. */
static double scale(double x, int n) {
    uint64_t bits = (uint64_t)(1023 + n) << 52;
    double power = 0.0;
    memcpy(&power, &bits, sizeof power);
    return x * power;
}

/* 1/14!, 1/13!, … 1/0! */
static const double inverse_factorials[] = {1.0 / 87178291200.0,
                                            1.0 / 6227020800.0,
                                            1.0 / 479001600.0,
                                            1.0 / 39916800.0,
                                            1.0 / 3628800.0,
                                            1.0 / 362880.0,
                                            1.0 / 40320.0,
                                            1.0 / 5040.0,
                                            1.0 / 720.0,
                                            1.0 / 120.0,
                                            1.0 / 24.0,
                                            1.0 / 6.0,
                                            1.0 / 2.0,
                                            1.0,
                                            1.0};

double weir_exp(double x) {
    assert(x >= -700.0 && x <= 700.0);
    /* ln 2 in two parts, so that n * high is exact */
    const double ln2_high = 6.93147180369123816490e-01;
    const double ln2_low = 1.90821492927058770002e-10;
    const double scaled = x * 0x1.71547652b82fep+0;
    const int n = (int)(scaled + (scaled < 0.0 ? -0.5 : 0.5));
    const double r = (x - (double)n * ln2_high) - (double)n * ln2_low;
    /* |r| <= 0.347: the Taylor series to r^14 leaves less than 1e-18 */
    double sum = 0.0;
    for (size_t k = 0; k < sizeof inverse_factorials / sizeof inverse_factorials[0]; k++) {
        sum = sum * r + inverse_factorials[k];
    }
    return scale(sum, n);
}

/* 1/23, 1/21, … 1/3 */
static const double odd_inverses[] = {1.0 / 23.0, 1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0,
                                      1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0,
                                      1.0 / 7.0,  1.0 / 5.0,  1.0 / 3.0};

double weir_log(double x) {
    assert(x > 0.0 && x < HUGE_VAL);
    int exponent = 0;
    if (x < 0x1p-1022) { /* subnormal: its leading bit is not where the others have it */
        x *= 0x1p54;
        exponent = -54;
    }
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    exponent += (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffULL) | (1023ULL << 52);
    double m = 0.0;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        exponent++;
    }
    /* log m = 2 atanh s; |s| <= 0.172, so s^25 is below 1e-19 */
    const double s = (m - 1.0) / (m + 1.0);
    const double s2 = s * s;
    double sum = 0.0;
    for (size_t k = 0; k < sizeof odd_inverses / sizeof odd_inverses[0]; k++) {
        sum = (sum + odd_inverses[k]) * s2;
    }
    const double ln2_high = 6.93147180369123816490e-01;
    const double ln2_low = 1.90821492927058770002e-10;
    return (double)exponent * ln2_high + ((double)exponent * ln2_low + 2.0 * s * (1.0 + sum));
}

/** P. J. Acklam's rational approximation in the tails and the middle (relative error 1.2e-9). */
double weir_normal_quantile(double p) {
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    assert(p > 0.0 && p < 1.0);
    const double tail = p < 0.5 ? p : 1.0 - p;
    if (tail < 0.02425) {
        const double q = sqrt(-2.0 * weir_log(tail));
        const double x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
                         ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1.0);
        return p < 0.5 ? x : -x;
    }
    const double q = p - 0.5;
    const double r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1.0);
}
