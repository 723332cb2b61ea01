#ifndef WEIR_SIM_METRICS_BOUND_H
#define WEIR_SIM_METRICS_BOUND_H

#include "metrics.h"

/** Adds what compares a run with its bound; nothing if the ledger has none. False if memory is
 *  short. */
bool weir_metrics_add_bound(const struct weir_ledger *own, const struct weir_ledger *foreign,
                            struct weir_metrics *metrics);

#endif
