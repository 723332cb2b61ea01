#ifndef WEIR_BENCH_WORKERS_H
#define WEIR_BENCH_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Threads that share work. */

/** CPU time of the calling thread, in seconds. */
double weir_thread_cpu_s(void);

/** Calls `work` on that many threads (at least 1), the caller's among them, and waits for all.
 * Where fewer can be started, those do the work: it must be done whatever their number. */
void weir_workers_run(uint32_t threads, void (*work)(void *context), void *context);

/** Does pieces 0 … count − 1, each once; they begin in this order. A piece that returns false has
 *  failed, and none begins after it. False if any failed. */
bool weir_workers_each(uint32_t threads, size_t count, bool (*piece)(void *context, size_t index),
                       void *context);

#endif
