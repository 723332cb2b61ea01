#ifndef WEIR_BENCH_STOPWATCH_H
#define WEIR_BENCH_STOPWATCH_H

#include <stdbool.h>

/** What a piece of work cost this thread. */
struct weir_cost_of_work {
    double ns;           /**< processor time */
    double instructions; /**< of the program itself; below 0 where the machine does not count */
};

/** Counts processor time and, if the machine and its settings let it, instructions. */
struct weir_stopwatch {
    int counter; /**< descriptor, -1: none */
    struct weir_cost_of_work at_start;
};

/** Opens a stopwatch of this thread; never fails, but may not count instructions. */
struct weir_stopwatch weir_stopwatch_open(void);
void weir_stopwatch_close(struct weir_stopwatch *watch);

/** Starts anew. The reading itself is outside of what is measured, as far as it can be. */
void weir_stopwatch_start(struct weir_stopwatch *watch);

/** What was spent since the start. */
struct weir_cost_of_work weir_stopwatch_read(const struct weir_stopwatch *watch);

#endif
