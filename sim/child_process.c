#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Between the making of a descriptor and its mark "close on exec" no other thread may start a
 * process: that would inherit it, and keep another program's input open. */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

#define LOOK_EVERY_MS 100 /* whether a program that is silent is still there */

/* Reads a line: weir says that all is well. End of file: weir is gone. */
static const char guard_script[] = "read -r _ && exit 0; kill -s KILL -- \"-$1\"";

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- starting ---- */

static void close_if_open(int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/** Marks both ends as closed on exec and keeps them clear of the standard streams. */
static bool mark(int ends[2]) {
    for (int i = 0; i < 2; i++) {
        const int high = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close_if_open(&ends[i]);
        ends[i] = high;
    }
    return ends[0] >= 0 && ends[1] >= 0;
}

/** Sockets rather than pipes: they can be written to without a signal when nobody reads, and read
 *  with a time limit by one call of the system, where a pipe takes two. */
static bool make_channels(int input[2], int output[2], int guard[2]) {
    const struct timeval look_every = {.tv_usec = LOOK_EVERY_MS * 1000L};
    return socketpair(AF_UNIX, SOCK_STREAM, 0, input) == 0 && mark(input) &&
           socketpair(AF_UNIX, SOCK_STREAM, 0, output) == 0 && mark(output) &&
           setsockopt(output[0], SOL_SOCKET, SO_RCVTIMEO, &look_every, sizeof look_every) == 0 &&
           socketpair(AF_UNIX, SOCK_STREAM, 0, guard) == 0 && mark(guard);
}

/** Own group, default signals and an empty mask, whatever the caller's are. */
static bool set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigemptyset(&all);
    sigaddset(&all, SIGPIPE);
    sigaddset(&all, SIGINT);
    sigaddset(&all, SIGTERM);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK) == 0 &&
           posix_spawnattr_setpgroup(attributes, 0) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
           posix_spawnattr_setsigmask(attributes, &none) == 0;
}

static int spawn_shell(pid_t *pid, const posix_spawn_file_actions_t *actions,
                       const char *const arguments[]) {
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error) {
        return error;
    }
    /* posix_spawn takes its arguments as if it changed them, which it does not */
    char *copy[6] = {NULL};
    memcpy(copy, arguments, 5 * sizeof *copy);
    error = set_attributes(&attributes)
                ? posix_spawn(pid, "/bin/sh", actions, &attributes, copy, environ)
                : EINVAL;
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int spawn_program(struct weir_child *child, const char *command, int input, int output) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) {
        return error;
    }
    error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    error = error ? error : posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    const char *const arguments[5] = {"sh", "-c", command, NULL, NULL};
    error = error ? error : spawn_shell(&child->pid, &actions, arguments);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int spawn_guard(struct weir_child *child, int input) {
    char group[24];
    snprintf(group, sizeof group, "%ld", (long)child->pid);
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) {
        return error;
    }
    error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && !error; fd++) {
        error = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    }
    const char *const arguments[5] = {"sh", "-c", guard_script, "weir-guard", group};
    error = error ? error : spawn_shell(&child->guard, &actions, arguments);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int start(struct weir_child *child, const char *command) {
    int input[2] = {-1, -1};
    int output[2] = {-1, -1};
    int guard[2] = {-1, -1};
    int error = make_channels(input, output, guard) ? 0 : errno;
    error = error ? error : spawn_program(child, command, input[0], output[1]);
    close_if_open(&input[0]);
    close_if_open(&output[1]);
    child->in = input[1];
    child->out = output[0];
    error = error ? error : spawn_guard(child, guard[0]);
    close_if_open(&guard[0]);
    child->guard_in = guard[1];
    return error;
}

bool weir_child_start(struct weir_child *child, const char *command) {
    *child = (struct weir_child){.in = -1, .out = -1, .guard_in = -1};
    child->buffer = malloc(WEIR_CHILD_LINE_MAX + 1);
    if (!child->buffer) {
        return false;
    }
    pthread_mutex_lock(&start_lock);
    const int error = start(child, command);
    pthread_mutex_unlock(&start_lock);
    if (error) {
        weir_child_end(child, 0);
        errno = error;
    }
    return error == 0;
}

/* ---- talking ---- */

/** Whether the program has gone; it stays to be reaped, so that its number is not given to another
 *  process before its group is killed. */
static bool has_gone(const struct weir_child *child) {
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == child->pid;
}

/** Waits until a descriptor is ready; false when the deadline is over. */
static bool wait_for(int fd, short events, int64_t deadline_ms) {
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = events};
        const int64_t left_ms = deadline_ms - now_ms();
        const int count = poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
        if (count > 0) {
            return true;
        }
        if (count == 0 || errno != EINTR) {
            return false;
        }
    }
}

static enum weir_child_result send_all(struct weir_child *child, const char *bytes, size_t size,
                                       int64_t deadline_ms) {
    while (size > 0) {
        const ssize_t sent = send(child->in, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!wait_for(child->in, POLLOUT, deadline_ms)) {
                return WEIR_CHILD_DEAF;
            }
        } else if (sent >= 0 || errno != EINTR) {
            return WEIR_CHILD_ENDED;
        }
    }
    return WEIR_CHILD_OK;
}

/** Takes a whole line out of the buffer, if there is one from `searched` on. */
static bool take_line(struct weir_child *child, size_t searched, const char **line,
                      size_t *length) {
    char *newline = memchr(child->buffer + searched, '\n', child->end - searched);
    if (!newline) {
        return false;
    }
    *newline = '\0';
    *line = child->buffer + child->start;
    *length = (size_t)(newline - *line);
    child->start = (size_t)(newline - child->buffer) + 1;
    return true;
}

/** Makes room in the buffer and reads what comes within LOOK_EVERY_MS. At the end of the output an
 *  unfinished last line counts as one. */
static enum weir_child_result read_some(struct weir_child *child) {
    if (child->start > 0) {
        memmove(child->buffer, child->buffer + child->start, child->end - child->start);
        child->end -= child->start;
        child->start = 0;
    }
    if (child->end == WEIR_CHILD_LINE_MAX) {
        return WEIR_CHILD_TOO_LONG;
    }
    const ssize_t got =
        recv(child->out, child->buffer + child->end, WEIR_CHILD_LINE_MAX - child->end, 0);
    if (got > 0) {
        child->end += (size_t)got;
        return WEIR_CHILD_OK;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return WEIR_CHILD_TIMEOUT;
    }
    child->closed = true;
    if (child->end > 0) {
        child->buffer[child->end++] = '\n';
        return WEIR_CHILD_OK;
    }
    return WEIR_CHILD_ENDED;
}

/** A program that has gone is noticed even if what it started keeps the output open. */
static enum weir_child_result receive(struct weir_child *child, int64_t deadline_ms,
                                      const char **line, size_t *length) {
    size_t searched = child->start;
    while (!take_line(child, searched, line, length)) {
        searched = child->end - child->start;
        if (child->closed) {
            return WEIR_CHILD_ENDED;
        }
        const bool gone_before = child->quiet && has_gone(child);
        const enum weir_child_result result = read_some(child);
        child->quiet = result == WEIR_CHILD_TIMEOUT;
        if (result == WEIR_CHILD_TIMEOUT && (gone_before || now_ms() >= deadline_ms)) {
            return gone_before ? WEIR_CHILD_ENDED : WEIR_CHILD_TIMEOUT;
        }
        if (result && result != WEIR_CHILD_TIMEOUT) {
            return result;
        }
    }
    child->quiet = false;
    return WEIR_CHILD_OK;
}

/** Whether there is output that nobody asked for. Sometimes it is waited for: a program that once
 *  answered twice has its answers there a moment too early, and this is how that shows. */
static bool has_unasked(struct weir_child *child) {
    const uint64_t asked = child->asked++;
    const bool waits = asked == 2 || asked == 64 || asked == 4096 || asked == 1 << 18;
    return child->end > child->start || (waits && wait_for(child->out, POLLIN, now_ms() + 3));
}

enum weir_child_result weir_child_ask(struct weir_child *child, const char *bytes, size_t size,
                                      int64_t timeout_ms, const char **line, size_t *length) {
    const int64_t deadline_ms = now_ms() + timeout_ms;
    if (has_unasked(child)) {
        const enum weir_child_result early = receive(child, deadline_ms, line, length);
        return early ? early : WEIR_CHILD_UNASKED;
    }
    const enum weir_child_result result = send_all(child, bytes, size, deadline_ms);
    /* what a program said before it went is worth more than that it went */
    return result == WEIR_CHILD_DEAF ? result : receive(child, deadline_ms, line, length);
}

/* ---- ending ---- */

/** Waits for the program to go of itself. */
static void await_exit(const struct weir_child *child, int64_t grace_ms) {
    const int64_t deadline_ms = now_ms() + grace_ms;
    while (!has_gone(child) && now_ms() < deadline_ms) {
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
}

static void reap(pid_t pid, int *status) {
    while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
    }
}

/** All is well: the guard may go. */
static void dismiss_guard(const struct weir_child *child) {
    int status = 0;
    if (send(child->guard_in, "\n", 1, MSG_NOSIGNAL) != 1) {
        kill(child->guard, SIGKILL);
    }
    reap(child->guard, &status);
}

void weir_child_end(struct weir_child *child, int64_t grace_ms) {
    close_if_open(&child->in);
    int status = child->exit_status;
    bool killed = child->killed;
    if (child->pid > 0) {
        await_exit(child, grace_ms);
        killed = !has_gone(child);
        kill(-child->pid, SIGKILL); /* and whatever it has started */
        reap(child->pid, &status);
    }
    if (child->guard > 0) {
        dismiss_guard(child);
    }
    close_if_open(&child->out);
    close_if_open(&child->guard_in);
    free(child->buffer);
    *child = (struct weir_child){
        .in = -1, .out = -1, .guard_in = -1, .exit_status = status, .killed = killed};
}
