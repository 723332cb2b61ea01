#ifndef WEIR_BENCH_SCENARIO_DOCUMENT_H
#define WEIR_BENCH_SCENARIO_DOCUMENT_H

#include <jansson.h>

#include "weir/policy.h"

#include "scenario.h"

/**
 * The full scenario as a JSON object, nested by the dots of its keys, every default written out;
 * with a policy also its own settings under "limiter", without one those that were given.
 * `weir_settings_add_file` reads it back. The caller owns the reference.
 */
json_t *weir_scenario_document(const struct weir_scenario *scenario,
                               const struct weir_policy *policy);

#endif
