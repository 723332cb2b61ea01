#include "distributions.h"

#include <assert.h>
#include <math.h>

#include "draw.h"

#define HALF_LOG_TWO_PI 0.91893853320467274178
#define LEAST_EXPONENT (-700.0)
#define BISECTIONS 200

static double exp_or_zero(double x) {
    return x < LEAST_EXPONENT ? 0.0 : weir_exp(x);
}

/** Stirling's series, after steps upwards to where its error is below 1e-15. */
double weir_log_gamma(double x) {
    assert(x > 0.0);
    double below = 0.0;
    while (x < 12.0) {
        below += weir_log(x);
        x += 1.0;
    }
    const double inverse = 1.0 / x;
    const double square = inverse * inverse;
    const double series =
        inverse *
        (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0))));
    return (x - 0.5) * weir_log(x) - x + HALF_LOG_TWO_PI + series - below;
}

/** Lentz's method would divide by what must not be 0. */
static double not_zero(double x) {
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/** The continued fraction of the incomplete beta function; converges fast for x < (a+1)/(a+b+2). */
static double beta_fraction(double a, double b, double x) {
    double c = 1.0;
    double d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    double fraction = d;
    for (int m = 1; m < 10000; m++) {
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        fraction *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        fraction *= d * c;
        if (fabs(d * c - 1.0) < 1e-15) {
            break;
        }
    }
    return fraction;
}

double weir_incomplete_beta(double a, double b, double x) {
    assert(a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0);
    if (x == 0.0 || x == 1.0) {
        return x;
    }
    if (x > (a + 1.0) / (a + b + 2.0)) {
        return 1.0 - weir_incomplete_beta(b, a, 1.0 - x);
    }
    const double front = weir_log_gamma(a + b) - weir_log_gamma(a) - weir_log_gamma(b) +
                         a * weir_log(x) + b * weir_log(1.0 - x);
    return exp_or_zero(front) * beta_fraction(a, b, x) / a;
}

double weir_student_two_sided(double t, double degrees) {
    assert(degrees > 0.0);
    /* for small t the other end of the beta function is exact */
    const double square = t * t;
    return square < degrees
               ? 1.0 - weir_incomplete_beta(0.5, degrees / 2.0, square / (degrees + square))
               : weir_incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + square));
}

static double student_quantile(double confidence, double degrees) {
    double low = 0.0;
    double high = 1.0;
    while (weir_student_two_sided(high, degrees) > 1.0 - confidence) {
        high *= 2.0;
    }
    for (int i = 0; i < BISECTIONS && low < high; i++) {
        const double middle = low + (high - low) / 2.0;
        if (weir_student_two_sided(middle, degrees) > 1.0 - confidence) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

double weir_student_quantile(double confidence, double degrees) {
    assert(confidence > 0.0 && confidence < 1.0);
    /* a comparison asks for the same one hundreds of times in a row */
    static _Thread_local struct { double confidence, degrees, quantile; } last;
    if (last.confidence != confidence || last.degrees != degrees) {
        last.quantile = student_quantile(confidence, degrees);
        last.confidence = confidence;
        last.degrees = degrees;
    }
    return last.quantile;
}

double weir_binomial_at_most(uint64_t successes, uint64_t trials, double p) {
    return successes >= trials ? 1.0
                               : weir_incomplete_beta((double)(trials - successes),
                                                      (double)successes + 1.0, 1.0 - p);
}

double weir_poisson_at_most(uint64_t count, double mean) {
    assert(mean >= 0.0);
    if (mean == 0.0) {
        return 1.0;
    }
    double sum = 0.0;
    double log_term = -mean;
    for (uint64_t i = 0; i <= count; i++) {
        sum += exp_or_zero(log_term);
        log_term += weir_log(mean) - weir_log((double)i + 1.0);
    }
    return sum < 1.0 ? sum : 1.0;
}
