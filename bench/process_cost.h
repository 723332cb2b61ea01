#ifndef WEIR_BENCH_PROCESS_COST_H
#define WEIR_BENCH_PROCESS_COST_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Runs a program in a process of its own, its standard output thrown away, waits for it, and says
 * how much processor time it took (user and system, all of its threads), in seconds. `arguments`
 * begins with the path of the program and ends with NULL. False and why in `error` if it cannot be
 * started or does not exit with 0. Not to be called while other children end.
 */
bool weir_process_cost(const char *const *arguments, double *cpu_s, char *error, size_t error_size);

/**
 * Spends that much processor time, in seconds, in a process of its own, and says how much it really
 * took, which is a little more. False and why in `error` if no process can be started. Not to be
 * called while other children end.
 */
bool weir_process_spend(double wanted_s, double *cpu_s, char *error, size_t error_size);

#endif
