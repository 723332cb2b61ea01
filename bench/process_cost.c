#include "process_cost.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/** Processor time of all children that have ended. */
static double children_s(void) {
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static int start(const char *const *arguments, pid_t *child) {
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed) {
        return failed;
    }
    failed = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!failed) { /* it does not write to its arguments; POSIX says why they are not const */
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        char *const *given = (char *const *)(uintptr_t)arguments;
        failed = posix_spawn(child, arguments[0], &actions, NULL, given, environ);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/** Waits for a child and says what all of it took since `before_s`. */
static bool wait_for(pid_t child, const char *name, double before_s, int *status, double *cpu_s,
                     char *error, size_t error_size) {
    while (waitpid(child, status, 0) < 0) {
        if (errno != EINTR) {
            snprintf(error, error_size, "%.300s: %s", name, strerror(errno));
            return false;
        }
    }
    *cpu_s = children_s() - before_s;
    return true;
}

bool weir_process_cost(const char *const *arguments, double *cpu_s, char *error,
                       size_t error_size) {
    const double before_s = children_s();
    pid_t child = 0;
    int status = 0;
    const int failed = start(arguments, &child);
    if (failed) {
        snprintf(error, error_size, "%.300s: cannot be run: %s", arguments[0], strerror(failed));
        return false;
    }
    if (!wait_for(child, arguments[0], before_s, &status, cpu_s, error, error_size)) {
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(error, error_size, "%.300s %.100s: ended with %s %d", arguments[0], arguments[1],
                 WIFEXITED(status) ? "exit code" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        return false;
    }
    return true;
}

static void spin(double wanted_s) {
    struct timespec now;
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while ((double)now.tv_sec + (double)now.tv_nsec / 1e9 < wanted_s);
}

bool weir_process_spend(double wanted_s, double *cpu_s, char *error, size_t error_size) {
    const double before_s = children_s();
    int status = 0;
    const pid_t child = fork();
    if (child < 0) {
        snprintf(error, error_size, "no process can be started: %s", strerror(errno));
        return false;
    }
    if (child == 0) {
        spin(wanted_s);
        _exit(0);
    }
    return wait_for(child, "a process that spends time", before_s, &status, cpu_s, error,
                    error_size);
}
