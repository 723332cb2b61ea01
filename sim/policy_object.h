#ifndef WEIR_SIM_POLICY_OBJECT_H
#define WEIR_SIM_POLICY_OBJECT_H

#include <stddef.h>

#include "weir/policy.h"

/**
 * Opens a shared object that exports weir_policy_export and checks its table: version and size of
 * the interface, the functions that every policy has. `*table` lives until weir_policy_object_close
 * gets the handle. NULL on failure, with what was wrong in `text`.
 */
void *weir_policy_object_open(const char *path, const struct weir_policy **table, char *text,
                              size_t size);

void weir_policy_object_close(void *handle);

#endif
