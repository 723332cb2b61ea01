#ifndef WEIR_TESTS_SIM_OWN_POLICIES_H
#define WEIR_TESTS_SIM_OWN_POLICIES_H

#include "weir/policy.h"

/** Policies of the tests' own. None of them looks at a limit. */

/** Sends everything but every second request for orders, which it refuses. */
extern const struct weir_policy policy_refuses_half;

/** Refuses everything. */
extern const struct weir_policy policy_refuses_all;

/** Holds every request for 70 ms once, then sends it. */
extern const struct weir_policy policy_holds_once;

/** Holds every request for ever. */
extern const struct weir_policy policy_holds_for_ever;

/** Queues every request and never lets one go. */
extern const struct weir_policy policy_queues_for_ever;

/** Queues every request and drops it when it is asked for the next. */
extern const struct weir_policy policy_drops_all;

/** Sends everything, but refuses protection (two orders) of what is worth less than 120. */
extern const struct weir_policy policy_scorns_the_small;

/** Sends everything, but refuses a request of two orders (protection) that is never to become
 *  critical. */
extern const struct weir_policy policy_wants_escalation;

/** Breaks at the tenth request. */
extern const struct weir_policy policy_breaks;

#endif
