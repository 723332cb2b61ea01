#include "paired_ratio.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

#define TAIL 0.025

/**
 * How many of the ordered means lie outside of the interval on either side, plus one: the largest c
 * with P(W <= c - 1) <= TAIL. W is the sum of those of the ranks 1 .. count whose sign a coin
 * makes positive. `chances` has room for all sums.
 */
static size_t edge_of(size_t count, double *chances) {
    const size_t sums = count * (count + 1) / 2;
    memset(chances, 0, (sums + 1) * sizeof *chances);
    chances[0] = 1.0;
    for (size_t rank = 1; rank <= count; rank++) {
        for (size_t sum = sums; sum >= rank; sum--) {
            chances[sum] = 0.5 * (chances[sum] + chances[sum - rank]);
        }
        for (size_t sum = 0; sum < rank; sum++) {
            chances[sum] *= 0.5;
        }
    }
    size_t edge = 0;
    double below = chances[0];
    while (below <= TAIL) {
        edge++;
        below += chances[edge];
    }
    assert(edge >= 1);
    return edge;
}

static int compare(const void *a, const void *b) {
    const double one = *(const double *)a;
    const double other = *(const double *)b;
    return (one > other) - (one < other);
}

/** The means of any two logarithms (each with itself, too), in order. */
static void fill_means(const double *ratios, size_t count, double *logs, double *means) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        assert(ratios[i] > 0.0);
        logs[i] = weir_log(ratios[i]);
        for (size_t j = 0; j <= i; j++) {
            means[n++] = 0.5 * (logs[i] + logs[j]);
        }
    }
    qsort(means, n, sizeof *means, compare);
}

struct weir_estimate weir_paired_ratio(const double *ratios, size_t count) {
    assert(count >= WEIR_RATIO_PAIRS_MIN && count <= WEIR_RATIO_PAIRS_MAX);
    struct weir_estimate e = {.count = 0};
    const size_t n = count * (count + 1) / 2;
    double *means = malloc(n * sizeof *means);
    double *logs = malloc(count * sizeof *logs);
    double *chances = malloc((n + 1) * sizeof *chances);
    if (means && logs && chances) {
        fill_means(ratios, count, logs, means);
        const size_t edge = edge_of(count, chances);
        e.mean = weir_exp(0.5 * (means[(n - 1) / 2] + means[n / 2]));
        e.low = weir_exp(means[edge - 1]);
        e.high = weir_exp(means[n - edge]);
        e.count = count;
        e.bounded = true;
    }
    free(means);
    free(logs);
    free(chances);
    return e;
}
