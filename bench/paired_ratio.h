#ifndef WEIR_BENCH_PAIRED_RATIO_H
#define WEIR_BENCH_PAIRED_RATIO_H

#include <stddef.h>

#include "summary.h"

/** Fewest pairs for which a 95 % interval exists, and most that are taken. */
#define WEIR_RATIO_PAIRS_MIN 6
#define WEIR_RATIO_PAIRS_MAX 500

/**
 * The ratio of two costs from pairs of measurements: Hodges and Lehmann's estimate (the median of
 * all means of two) of the logarithms, with the exact interval of Wilcoxon's signed ranks, at least
 * 95 % sure. It assumes that the logarithms lie symmetrically, not that they are normal: a run that
 * something else disturbed moves it little.
 *
 * `ratios` are positive; `count` of them, WEIR_RATIO_PAIRS_MIN .. _MAX. An estimate with count 0 if
 * memory is short. O(count² log count).
 */
struct weir_estimate weir_paired_ratio(const double *ratios, size_t count);

#endif
