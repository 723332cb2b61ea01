/* syscall() is not POSIX, and perf_event_open has no other way */
#define _DEFAULT_SOURCE // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#include "stopwatch.h"

#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double thread_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double instructions_of(int counter) {
    uint64_t count = 0;
    return counter >= 0 && read(counter, &count, sizeof count) == (ssize_t)sizeof count
               ? (double)count
               : -1.0;
}

struct weir_stopwatch weir_stopwatch_open(void) {
    struct perf_event_attr what = {.type = PERF_TYPE_HARDWARE,
                                   .size = sizeof what,
                                   .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    struct weir_stopwatch watch = {
        .counter = (int)syscall(SYS_perf_event_open, &what, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)};
    weir_stopwatch_start(&watch);
    return watch;
}

void weir_stopwatch_close(struct weir_stopwatch *watch) {
    if (watch->counter >= 0) {
        close(watch->counter);
    }
    watch->counter = -1;
}

void weir_stopwatch_start(struct weir_stopwatch *watch) {
    watch->at_start.instructions = instructions_of(watch->counter);
    watch->at_start.ns = thread_ns();
}

struct weir_cost_of_work weir_stopwatch_read(const struct weir_stopwatch *watch) {
    const double ns = thread_ns() - watch->at_start.ns;
    const double instructions = instructions_of(watch->counter);
    return (struct weir_cost_of_work){ns, watch->at_start.instructions < 0.0 || instructions < 0.0
                                              ? -1.0
                                              : instructions - watch->at_start.instructions};
}
