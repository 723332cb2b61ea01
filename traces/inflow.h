#ifndef WEIR_TRACES_INFLOW_H
#define WEIR_TRACES_INFLOW_H

#include "fields.h"
#include "gaps.h"
#include "trace.h"

/**
 * Rows of one or many recordings, merged by time, or of one trace that is built from a profile or
 * generator: row by row, in constant memory (a built trace lies in memory).
 */
struct weir_inflow;

/** Which rows pass. All zero: all. */
struct weir_filter {
    int64_t from_ns; /**< first time that passes */
    int64_t end_ns;  /**< first time that does not; 0: no end */
    const char *const *symbols;
    size_t symbol_count; /**< 0: every symbol */
};

/** Opens the paths (as weir_trace_open takes them) and reads a first row from each. Options and
 *  paths are borrowed. NULL and `error` on failure. */
struct weir_inflow *weir_inflow_open(const char *const *paths, size_t path_count,
                                     const struct weir_read_options *read,
                                     const struct weir_build_options *build,
                                     const struct weir_filter *filter,
                                     struct weir_trace_error *error);

/** The next row; of equal times that of the path named first. `*row` is NULL at the end. It stays
 *  valid until the next call. False and `error` on failure. */
bool weir_inflow_next(struct weir_inflow *inflow, const struct weir_row **row,
                      struct weir_trace_error *error);

/** Finest unit in which the first rows of the recordings were written; of a built trace ms. */
enum weir_time_unit weir_inflow_unit(const struct weir_inflow *inflow);

/** Rows left out under skip_bad, and rows that a form writes twice. */
size_t weir_inflow_bad_rows(const struct weir_inflow *inflow);
size_t weir_inflow_repeated_rows(const struct weir_inflow *inflow);

/** Gaps that the recordings tell of, as far as they were read, whatever the filter. */
struct weir_gaps weir_inflow_gaps(const struct weir_inflow *inflow);

/** Recordings of weir record that lack their end. */
size_t weir_inflow_cut_files(const struct weir_inflow *inflow);

/** File and line of the row that was handed out last. */
const char *weir_inflow_path(const struct weir_inflow *inflow);
size_t weir_inflow_line(const struct weir_inflow *inflow);

/** The trace that is built, with its marks; NULL when recordings are read. */
const struct weir_trace *weir_inflow_built(const struct weir_inflow *inflow);

/** NULL is allowed. */
void weir_inflow_close(struct weir_inflow *inflow);

/** The time at which the strongest `minutes` minutes begin: those with the most liquidations. Reads
 *  everything once. False and `error` on failure. */
bool weir_strongest_start(const char *const *paths, size_t path_count,
                          const struct weir_read_options *read,
                          const struct weir_build_options *build, double minutes, int64_t *start_ns,
                          struct weir_trace_error *error);

#endif
