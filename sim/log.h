#ifndef WEIR_SIM_LOG_H
#define WEIR_SIM_LOG_H

#include <stdio.h>

#include "ledger.h"
#include "strategy.h"

/**
 * Writes the log of a run: JSON lines in the order of simulated time, each with a `seq`. One line
 * per request (own and foreign) when it is finished, one per opportunity when it is decided, one
 * per change of the policy's state. The fields are those of docs/log.md. Strategies name the steps;
 * `second` may be NULL. Returns false if the stream reports an error or memory is short.
 */
bool weir_log_write(FILE *file, const struct weir_ledger *own, const struct weir_ledger *foreign,
                    const struct weir_strategy *strategy, const struct weir_strategy *second);

#endif
