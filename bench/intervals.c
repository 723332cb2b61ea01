#include "intervals.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "distributions.h"

#define BISECTIONS 100

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
