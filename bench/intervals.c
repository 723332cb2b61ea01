#include "intervals.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "distributions.h"
#include "draw.h"

#define BISECTIONS 100
#define BOOTSTRAP_SEED 1 /* results must not depend on when or where a bootstrap is made */

double weir_mean_of(const double *values, size_t count) {
    assert(count > 0);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double)count;
}

double weir_deviation_of(const double *values, size_t count) {
    if (count < 2) {
        return 0.0;
    }
    bool same = true;
    const double mean = weir_mean_of(values, count);
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        same = same && values[i] == values[0];
        squares += (values[i] - mean) * (values[i] - mean);
    }
    return same ? 0.0 : sqrt(squares / (double)(count - 1));
}

struct weir_interval weir_student_interval(const double *values, size_t count, double confidence) {
    assert(count >= 2);
    const double mean = weir_mean_of(values, count);
    const double error = weir_deviation_of(values, count) / sqrt((double)count);
    const double reach = weir_student_quantile(confidence, (double)(count - 1)) * error;
    return (struct weir_interval){mean - reach, mean + reach};
}

static double sign_test_of_all(size_t count) {
    double p = 2.0;
    for (size_t i = 0; i < count && p > 1e-300; i++) {
        p /= 2.0;
    }
    return p;
}

double weir_student_test(const double *values, size_t count) {
    assert(count >= 2);
    const double mean = weir_mean_of(values, count);
    const double error = weir_deviation_of(values, count) / sqrt((double)count);
    if (error == 0.0) {
        return values[0] == 0.0 ? 1.0 : sign_test_of_all(count);
    }
    return weir_student_two_sided(fabs(mean) / error, (double)(count - 1));
}

/** Mean and its standard error in one resample, number `b`. */
static void resample(const double *values, size_t count, uint32_t b, double *mean, double *error) {
    double sum = 0.0;
    double squares = 0.0;
    struct weir_uniforms u = {{0}};
    for (size_t i = 0; i < count; i++) {
        if (i % 2 == 0) {
            u = weir_draw((struct weir_draw_key){
                .seed = BOOTSTRAP_SEED, .stream = WEIR_STREAM_BOOTSTRAP, .a = b, .b = (uint32_t)i});
        }
        /* centred on the first, so that equal values have no spread at all */
        const double x = values[(size_t)(u.u[i % 2] * (double)count)] - values[0];
        sum += x;
        squares += x * x;
    }
    const double n = (double)count;
    const double variance = (squares - sum * sum / n) / (n - 1.0);
    *mean = sum / n + values[0];
    *error = variance > 0.0 ? sqrt(variance / n) : 0.0;
}

static int compare_doubles(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/** Fills in the sorted t of the resamples; returns how many have one. */
static size_t resampled_t(const double *values, size_t count, double t[WEIR_RESAMPLES]) {
    const double mean = weir_mean_of(values, count);
    const double least = 1e-9 * weir_deviation_of(values, count);
    size_t kept = 0;
    for (uint32_t b = 0; b < WEIR_RESAMPLES; b++) {
        double resampled = 0.0;
        double error = 0.0;
        resample(values, count, b, &resampled, &error);
        if (error > least) {
            t[kept++] = (resampled - mean) / error;
        }
    }
    qsort(t, kept, sizeof *t, compare_doubles);
    return kept;
}

struct weir_interval weir_bootstrap_interval(const double *values, size_t count,
                                             double confidence) {
    double t[WEIR_RESAMPLES] = {0};
    assert(count >= 2);
    const size_t kept = resampled_t(values, count, t);
    if (2 * kept < WEIR_RESAMPLES) {
        return weir_student_interval(values, count, confidence);
    }
    const double mean = weir_mean_of(values, count);
    const double error = weir_deviation_of(values, count) / sqrt((double)count);
    const double tail = (1.0 - confidence) / 2.0;
    const size_t below = (size_t)(tail * (double)kept);
    return (struct weir_interval){mean - t[kept - 1 - below] * error, mean - t[below] * error};
}

double weir_bootstrap_test(const double *values, size_t count) {
    double t[WEIR_RESAMPLES] = {0};
    assert(count >= 2);
    const size_t kept = resampled_t(values, count, t);
    if (2 * kept < WEIR_RESAMPLES) {
        return weir_student_test(values, count);
    }
    const double observed =
        weir_mean_of(values, count) / (weir_deviation_of(values, count) / sqrt((double)count));
    size_t above = 0; /* 0 lies below the interval while t* reaches the observed t */
    size_t below = 0;
    for (size_t i = 0; i < kept; i++) {
        above += t[i] >= observed;
        below += t[i] <= observed;
    }
    const size_t tail = above < below ? above : below;
    const double p = 2.0 * (double)(tail + 1) / (double)(kept + 1);
    return p < 1.0 ? p : 1.0;
}

struct weir_interval weir_binomial_interval(uint64_t successes, uint64_t trials,
                                            double confidence) {
    assert(trials > 0 && successes <= trials);
    const double tail = (1.0 - confidence) / 2.0;
    struct weir_interval ends = {0.0, 1.0};
    for (int end = 0; end < 2; end++) {
        double low = 0.0;
        double high = 1.0;
        for (int i = 0; i < BISECTIONS; i++) {
            const double p = low + (high - low) / 2.0;
            /* low end: at least that many has chance `tail`; high end: at most that many has */
            const bool too_high =
                end == 0
                    ? successes == 0 || 1.0 - weir_binomial_at_most(successes - 1, trials, p) > tail
                    : successes < trials && weir_binomial_at_most(successes, trials, p) < tail;
            if (too_high) {
                high = p;
            } else {
                low = p;
            }
        }
        *(end == 0 ? &ends.low : &ends.high) = end == 0 ? low : high;
    }
    return ends;
}

double weir_sign_test(uint64_t one, uint64_t other) {
    const uint64_t fewer = one < other ? one : other;
    if (one + other == 0) {
        return 1.0;
    }
    const double p = 2.0 * weir_binomial_at_most(fewer, one + other, 0.5);
    return p < 1.0 ? p : 1.0;
}

struct weir_interval weir_poisson_interval(uint64_t count, double confidence) {
    const double tail = (1.0 - confidence) / 2.0;
    struct weir_interval ends = {0.0, 0.0};
    for (int end = 0; end < 2; end++) {
        double low = 0.0;
        double high = 2.0 * (double)count + 50.0;
        for (int i = 0; i < BISECTIONS; i++) {
            const double mean = low + (high - low) / 2.0;
            const bool too_high =
                end == 0 ? count == 0 || 1.0 - weir_poisson_at_most(count - 1, mean) > tail
                         : weir_poisson_at_most(count, mean) < tail;
            if (too_high) {
                high = mean;
            } else {
                low = mean;
            }
        }
        *(end == 0 ? &ends.low : &ends.high) = end == 0 ? low : high;
    }
    return ends;
}

void weir_holm(double *p, size_t count) {
    /* the k-th smallest is multiplied by count − k, and no adjusted one may be below one before it
     */
    double done = -1.0; /* largest p that was adjusted */
    double least = 0.0;
    size_t rank = 0;
    double *adjusted = calloc(count + 1, sizeof *adjusted);
    if (!adjusted) { /* without memory nothing is sure */
        for (size_t i = 0; i < count; i++) {
            p[i] = 1.0;
        }
        return;
    }
    while (rank < count) {
        double next = 2.0;
        size_t equal = 0;
        for (size_t i = 0; i < count; i++) {
            if (p[i] > done && p[i] < next) {
                next = p[i];
                equal = 0;
            }
            equal += p[i] == next;
        }
        const double scaled = next * (double)(count - rank);
        least = scaled > least ? scaled : least;
        least = least < 1.0 ? least : 1.0;
        for (size_t i = 0; i < count; i++) {
            adjusted[i] = p[i] == next ? least : adjusted[i];
        }
        rank += equal;
        done = next;
    }
    for (size_t i = 0; i < count; i++) {
        p[i] = adjusted[i];
    }
    free(adjusted);
}
