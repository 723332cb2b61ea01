#include "weir_sizes.h"

#include <assert.h>
#include <string.h>

#define GROWTH (1 + 1.0 / 2000) // a value counts for about 2,000 of them
#define WEIGHT_MAX 0x1p40
#define FIRST_BIN ((uint64_t)(1023 - 16) << 3)

/** Exponent and the first three binary digits of a positive number, as the number of a bin. */
static uint32_t bin_of(double value) {
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    uint64_t place = bits >> 49;
    if (place < FIRST_BIN) {
        return 0;
    }
    uint64_t bin = place - FIRST_BIN;
    return bin < WEIR_SIZE_BINS ? (uint32_t)bin : WEIR_SIZE_BINS - 1;
}

void weir_sizes_init(struct weir_sizes *sizes) {
    memset(sizes, 0, sizeof *sizes);
    sizes->weight = 1;
}

static void rescale(struct weir_sizes *sizes) {
    for (uint32_t i = 0; i <= WEIR_SIZE_BINS; i++) {
        sizes->tree[i] /= WEIGHT_MAX;
    }
    sizes->total /= WEIGHT_MAX;
    sizes->weight /= WEIGHT_MAX;
}

void weir_sizes_add(struct weir_sizes *sizes, double value) {
    assert(value > 0);
    uint32_t bin = bin_of(value);
    if (sizes->high[bin] <= 0 || value < sizes->low[bin]) {
        sizes->low[bin] = value;
    }
    if (value > sizes->high[bin]) {
        sizes->high[bin] = value;
    }
    for (uint32_t i = bin + 1; i <= WEIR_SIZE_BINS; i += i & (~i + 1)) {
        sizes->tree[i] += sizes->weight;
    }
    sizes->total += sizes->weight;
    sizes->weight *= GROWTH;
    if (sizes->weight > WEIGHT_MAX) {
        rescale(sizes);
    }
}

/** Sum of the first `count` bins. */
static double sum_of(const struct weir_sizes *sizes, uint32_t count) {
    double sum = 0;
    for (uint32_t i = count; i > 0; i -= i & (~i + 1)) {
        sum += sizes->tree[i];
    }
    return sum;
}

/** Share of a bin's values that are not above `value`, as if they lay evenly between the smallest
 *  and the largest that were seen; all of them if they are all alike. */
static double share_below(const struct weir_sizes *sizes, uint32_t bin, double value) {
    double low = sizes->low[bin];
    double high = sizes->high[bin];
    if (value >= high) {
        return 1;
    }
    return value <= low ? 0 : (value - low) / (high - low);
}

double weir_sizes_above(const struct weir_sizes *sizes, double value) {
    if (sizes->total <= 0) {
        return 0;
    }
    uint32_t bin = bin_of(value);
    double before = sum_of(sizes, bin);
    double inside = sum_of(sizes, bin + 1) - before;
    double below = before + inside * share_below(sizes, bin, value);
    double above = 1 - below / sizes->total;
    return above > 0 ? above : 0;
}
