#ifndef WEIR_CORE_WEIR_SIZES_H
#define WEIR_CORE_WEIR_SIZES_H

#include <stdint.h>

/**
 * The distribution of recent values: a histogram on a logarithmic scale (eight bins an octave,
 * from 2^-16 to 2^48) that forgets exponentially, by the number of values. Adding and asking take
 * the logarithm of the number of bins.
 */

#define WEIR_SIZE_BINS 512u

struct weir_sizes {
    double tree[WEIR_SIZE_BINS + 1]; /**< sums, as a binary indexed tree, from 1 */
    double low[WEIR_SIZE_BINS];      /**< smallest and largest value seen in a bin */
    double high[WEIR_SIZE_BINS];
    double weight; /**< of the next value; grows instead of all others shrinking */
    double total;
};

void weir_sizes_init(struct weir_sizes *sizes);

/** Adds a value above 0. O(log bins), but for a rescaling every few ten thousand values. */
void weir_sizes_add(struct weir_sizes *sizes, double value);

/** Share of the values that are above `value`, from 0 to 1; 0 if none was added. */
double weir_sizes_above(const struct weir_sizes *sizes, double value);

#endif
