#ifndef WEIR_SIM_EXCHANGE_RULES_H
#define WEIR_SIM_EXCHANGE_RULES_H

#include <stdbool.h>

#include "exchange.h"

/** Largest limit that a rule set may name with fixed windows, where a counter costs nothing. */
#define EXCHANGE_LIMIT_MAX INT64_C(1000000000)

/** Largest limit with sliding windows, where each unit may need an entry of 16 bytes. */
#define EXCHANGE_SLIDING_LIMIT_MAX INT64_C(10000000)

/** Most 429s that may go before a 418; each needs 8 bytes for every IP. */
#define EXCHANGE_STRIKES_MAX 100000

/** Longest span that a rule may name (ten years): sums with a time of day never overflow. */
#define EXCHANGE_SPAN_MAX_NS (INT64_C(3653) * 86400 * 1000000000)

/** Whether every rule is in its range: limits from 1 up, 0 for "no 10-second limiter" and "no cap
 *  on open orders", spans from 1 ns to ten years, 1 to WEIR_BAN_STEPS_MAX ban steps. */
bool exchange_rules_valid(const struct weir_exchange_rules *rules);

#endif
