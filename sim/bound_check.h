#ifndef WEIR_SIM_BOUND_CHECK_H
#define WEIR_SIM_BOUND_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"

/**
 * Checks that a finished run stayed below its ceiling: the captures by count, value and notional,
 * and the entries that were accepted in each window. Returns false and says what does not in
 * `text`; then exchange, ledger or ceiling are wrong, or the policy wrote into the books. A ledger
 * without a bound passes.
 */
bool weir_bound_check(const struct weir_ledger *ledger, char *text, size_t size);

#endif
