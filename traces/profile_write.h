#ifndef WEIR_TRACES_PROFILE_WRITE_H
#define WEIR_TRACES_PROFILE_WRITE_H

#include "trace.h"

/**
 * The profile of a trace (docs/profiles.md), as the text of a JSON document: its figures, none of
 * its rows. Counts, mix, sides and notional by symbol and second as they are; the spreads of sizes
 * and the path of prices estimated. The caller frees it. NULL and `error` when the trace is longer
 * than a profile may be, or without memory. O(n) and a sort.
 */
char *weir_profile_measure(const struct weir_trace *trace, struct weir_trace_error *error);

/** A generator (docs/generators.md) with the parameters of a trace, fitted by maximum likelihood
 *  (arrivals) and by moments (the rest). Otherwise as weir_profile_measure. */
char *weir_generator_fit(const struct weir_trace *trace, struct weir_trace_error *error);

#endif
