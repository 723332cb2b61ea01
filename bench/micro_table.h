#ifndef WEIR_BENCH_MICRO_TABLE_H
#define WEIR_BENCH_MICRO_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "weir/policy.h"

#include "replay.h"
#include "stopwatch.h"

/** What the hot paths cost on this machine, one operation a row. */

struct weir_micro_row {
    char name[64];
    const char *what; /**< one line for people */
    struct weir_cost_of_work cost;
};

struct weir_micro_rows {
    struct weir_micro_row *items;
    size_t count, capacity;
};

struct weir_micro_plan {
    const char *only;                 /**< operations whose name begins so; NULL: all */
    const struct weir_policy *policy; /**< decisions of this one alone; NULL: of all */
    unsigned rounds;                  /**< the least of them counts; at least 1 */
    bool smoke;                       /**< few operations: only whether everything runs */
};

/** Measures. False and an error if something does not run as it should, or if no operation has such
 *  a name. The caller frees the rows in either case. */
bool weir_micro_run(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                    struct weir_replay_error *error);

void weir_micro_free(struct weir_micro_rows *rows);

/** Prints the rows for people, or as a weir.micro/1 document. False if memory is short. */
bool weir_micro_print(const struct weir_micro_rows *rows, bool json, FILE *out);

/** Adds a row; false if memory is short. */
bool weir_micro_add(struct weir_micro_rows *rows, const char *name, const char *what,
                    struct weir_cost_of_work cost);

/** Whether the plan asks for an operation of that name. */
bool weir_micro_wants(const struct weir_micro_plan *plan, const char *name);

/** Parts of the table. Each as weir_micro_run. */
bool weir_micro_simulator(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                          struct weir_replay_error *error);
bool weir_micro_replays(const struct weir_micro_plan *plan, struct weir_micro_rows *rows,
                        struct weir_replay_error *error);

#endif
