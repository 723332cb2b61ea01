#include "policies.h"

#include <string.h>

static const struct weir_policy *const policies[] = {
    &weir_policy_none,         &weir_policy_current,        &weir_policy_guide,
    &weir_policy_token_bucket, &weir_policy_gcra,           &weir_policy_sliding_log,
    &weir_policy_fixed_window, &weir_policy_size_threshold, &weir_policy_weir,
};

const struct weir_policy *weir_policy_at(size_t index) {
    return index < sizeof policies / sizeof policies[0] ? policies[index] : NULL;
}

const struct weir_policy *weir_policy_find(const char *name) {
    for (size_t i = 0; name && i < sizeof policies / sizeof policies[0]; i++) {
        if (strcmp(policies[i]->name, name) == 0) {
            return policies[i];
        }
    }
    return NULL;
}

const char *weir_policy_nearest(const char *name) {
    const char *nearest = policies[0]->name;
    for (size_t i = 1; name && i < sizeof policies / sizeof policies[0]; i++) {
        if (weir_name_distance(policies[i]->name, name) < weir_name_distance(nearest, name)) {
            nearest = policies[i]->name;
        }
    }
    return nearest;
}
