#ifndef WEIR_TRACES_SORTING_H
#define WEIR_TRACES_SORTING_H

#include "inflow.h"
#include "writer.h"

/** Writes all rows of the inflow (opened with any_order) in order of time; rows of equal times keep
 *  their order. Holds them in memory, 40 bytes a row. `*count` is how many there were. False and
 *  `error` on failure. O(n log n). */
bool weir_sort_rows(struct weir_inflow *inflow, struct weir_writer *writer, size_t *count,
                    struct weir_trace_error *error);

#endif
