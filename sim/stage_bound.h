#ifndef WEIR_SIM_STAGE_BOUND_H
#define WEIR_SIM_STAGE_BOUND_H

#include "stage.h"

/** The bound of a stage whose opportunities and load are known. NULL if memory is short; the caller
 *  frees it. */
struct weir_bound *weir_stage_bound(const struct weir_stage *stage);

#endif
