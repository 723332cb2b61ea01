#ifndef WEIR_TRACES_TRACE_FINISH_H
#define WEIR_TRACES_TRACE_FINISH_H

#include "trace.h"

/**
 * The last step of reading and of building: rows lie in order of time; numbers the symbols by first
 * appearance, drops those that do not appear, and computes the digest. False when there is no
 * memory.
 */
bool weir_trace_finish(struct weir_trace *trace);

#endif
