#ifndef WEIR_BENCH_TRACE_BENCH_H
#define WEIR_BENCH_TRACE_BENCH_H

#include <stddef.h>

#include "trace.h"

/** One form: what reading a row costs, and what the least that could be done with it costs. */
struct weir_trace_cost {
    const char *form, *base;
    double row_ns, base_ns; /**< processor time, the best of the rounds */
    double file_mib;
};

#define WEIR_TRACE_COSTS 3

/** Writes drawn rows in each form into a temporary folder and reads them, side by side with summing
 *  the mapped bytes, libcsv with empty callbacks, and jansson alone. False and `error` on failure.
 */
bool weir_trace_bench(size_t rows, struct weir_trace_cost costs[WEIR_TRACE_COSTS],
                      struct weir_trace_error *error);

#endif
