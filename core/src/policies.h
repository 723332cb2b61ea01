#ifndef WEIR_CORE_POLICIES_H
#define WEIR_CORE_POLICIES_H

#include "weir/policy.h"

/** The built-in policies; weir_policy_at() gives their order. */
extern const struct weir_policy weir_policy_none;
extern const struct weir_policy weir_policy_current;
extern const struct weir_policy weir_policy_guide;
extern const struct weir_policy weir_policy_token_bucket;
extern const struct weir_policy weir_policy_gcra;
extern const struct weir_policy weir_policy_sliding_log;
extern const struct weir_policy weir_policy_fixed_window;
extern const struct weir_policy weir_policy_size_threshold;
extern const struct weir_policy weir_policy_weir;

#endif
