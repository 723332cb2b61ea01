#ifndef WEIR_LIVE_QUIET_H
#define WEIR_LIVE_QUIET_H

#include <stdint.h>

#include "trace.h"

/** A market in which nothing happens: eleven symbols whose prices stay within a few tenths of a
 *  percent of where they began, drawn from the seed, for a day from an hour before `start_ns` on.
 *  Its rows are trades, not liquidations. NULL if memory is short. */
struct weir_trace *live_quiet_trace(int64_t start_ns, uint64_t seed);

#endif
