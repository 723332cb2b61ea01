#ifndef WEIR_PLOTS_REPORT_BINS_H
#define WEIR_PLOTS_REPORT_BINS_H

#include <stdio.h>

#include "error.h"
#include "rows.h"

/** Several seconds of a table, for a figure that has no room for each: sums for what adds up, the
 *  most for what stands, so that no extreme is lost. */
struct plots_bin {
    double from_s;
    double sums[PLOTS_COLUMNS_MAX]; /**< by column of the table */
    double most[PLOTS_COLUMNS_MAX];
};

struct plots_bins {
    struct plots_bin *bins;
    size_t count, capacity;
    double bin_s; /**< width of each */
    double from_s, until_s;
    double http_429, http_418; /**< in all, of timeline.tsv */
};

/** Reads timeline.tsv of a result folder. On true the caller frees with plots_bins_free. */
bool plots_bins_read(struct plots_bins *bins, int folder, struct plots_error *error);

/** Reads causes.tsv, whose first line must be `heading`. */
bool plots_bins_read_causes(struct plots_bins *bins, int folder, const char *heading,
                            struct plots_error *error);

/** Sets the variables of cascade.gp: its bins and ranges. */
void plots_bins_write(const struct plots_bins *bins, FILE *script);

void plots_bins_free(struct plots_bins *bins);

#endif
