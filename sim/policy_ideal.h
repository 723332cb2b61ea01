#ifndef WEIR_SIM_POLICY_IDEAL_H
#define WEIR_SIM_POLICY_IDEAL_H

#include "exchange.h"
#include "ledger.h"
#include "stage.h"

/**
 * Policy `ideal`: the bound's own choice of entries, sent through the same network and connections
 * as everybody's. A reference and no limiter: it knows the future (which opportunities there will
 * be) and the exchange's books, so nobody can link it. What it falls short of the bound by is what
 * connections and delays cost anyone.
 *
 * An entry that was chosen goes so that it cannot arrive before the window that it was given;
 * others are refused. Protection goes when what is left exceeds what the entries still to come in
 * the window and the drawn load need, standing load when it leaves the entries' room. A request
 * that may arrive in either of two windows must fit into both. So there is no 429 but for what
 * others send in the meantime.
 */
extern const struct weir_policy weir_policy_ideal;

/** The policies that only the simulator has; NULL ends them. */
extern const struct weir_policy *const weir_simulator_policies[];

/** What it knows. Everything is borrowed and outlives the limiter. */
struct weir_ideal_context {
    const struct weir_stage *stage;
    const struct weir_ledger *ledger;
    struct weir_exchange *exchange;
};

/** Its table with what it knows. The context is borrowed too. Without one it can be made, so that
 *  its settings are checked, but refuses everything. */
struct weir_policy weir_policy_ideal_with(const struct weir_ideal_context *context);

#endif
