#ifndef WEIR_SIM_DRAWN_LOAD_H
#define WEIR_SIM_DRAWN_LOAD_H

#include <stddef.h>

#include "stage.h"

/**
 * What is sent whatever the policy does, as drawn: the start-up requests and standing load of the
 * bot and of the second bot, each sent as soon as it is due, and the dashboards. What the second
 * bot sends for its opportunities depends on the policy of the first, and is not in it.
 *
 * Returns the requests that arrive before the run's end, in order of arrival; `*count` of them, for
 * the caller to free. NULL if memory is short.
 */
struct weir_drawn_request *weir_drawn_load(const struct weir_stage *stage, size_t *count);

#endif
