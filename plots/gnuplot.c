#include "gnuplot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/** What a child returns that could not become gnuplot, and what if it could not even say so. */
#define EXIT_NOT_STARTED 127
#define EXIT_NOT_SAID 126

static bool is_program(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

bool plots_gnuplot_find(char program[PLOTS_PROGRAM_SIZE]) {
    const char *at = getenv("PATH");
    while (at && *at) {
        const size_t length = strcspn(at, ":");
        /* A relative folder would be sought in the result folder, where no program belongs. */
        const int written =
            at[0] == '/' ? snprintf(program, PLOTS_PROGRAM_SIZE, "%.*s/gnuplot", (int)length, at)
                         : 0;
        if (written > 0 && written < PLOTS_PROGRAM_SIZE && is_program(program)) {
            return true;
        }
        at += length + (at[length] == ':' ? 1 : 0);
    }
    return false;
}

/** The child's part: only what is safe after a fork in a program with threads. */
static void become_gnuplot(const char *program, int folder, int messages, char *const *arguments) {
    const int null = open("/dev/null", O_RDWR);
    if (null >= 0 && fchdir(folder) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(null, STDOUT_FILENO) >= 0 && dup2(messages, STDERR_FILENO) >= 0) {
        execv(program, arguments);
    }
    static const char text[] = "the program could not be started";
    const ssize_t written = write(messages, text, sizeof text - 1);
    _exit(written > 0 ? EXIT_NOT_STARTED : EXIT_NOT_SAID);
}

/** Reads until the other end closes; keeps what fits. */
static void read_messages(int descriptor, char *text, size_t size) {
    char rest[512];
    size_t used = 0;
    for (;;) {
        const bool room = used + 1 < size;
        const ssize_t got = room ? read(descriptor, text + used, size - 1 - used)
                                 : read(descriptor, rest, sizeof rest);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        used += room ? (size_t)got : 0;
    }
    while (used > 0 && (text[used - 1] == '\n' || text[used - 1] == ' ')) {
        used--;
    }
    text[used] = '\0';
}

static bool open_pipe(int ends[2]) {
    if (pipe(ends) != 0) {
        return false;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

static bool wait_for(pid_t child, int *status) {
    while (waitpid(child, status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool judge(const char *script, int status, const char *said, struct plots_error *error) {
    if (WIFSIGNALED(status)) {
        return plots_fail(error, "gnuplot was ended by signal %d on %s: %s", WTERMSIG(status),
                          script, said);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return plots_fail(error, "gnuplot failed on %s (exit code %d): %s", script,
                          WEXITSTATUS(status), said);
    }
    return true;
}

bool plots_gnuplot_run(const char *program, int folder, const char *definitions, const char *script,
                       char *warnings, size_t size, struct plots_error *error) {
    return plots_gnuplot_run_all(program, folder, definitions, &script, 1, warnings, size, error);
}

bool plots_gnuplot_run_all(const char *program, int folder, const char *definitions,
                           const char *const *scripts, size_t count, char *warnings, size_t size,
                           struct plots_error *error) {
    assert(count > 0 && count <= PLOTS_SCRIPTS_MAX);
    const char *words[4 + PLOTS_SCRIPTS_MAX + 1] = {"gnuplot", "-d", "-e", definitions};
    char *arguments[sizeof words / sizeof words[0]];
    memcpy(words + 4, scripts, count * sizeof *scripts);
    memcpy(arguments, words, sizeof words); /* execv wants char *, and changes nothing */
    warnings[0] = '\0';
    int ends[2];
    if (!open_pipe(ends)) {
        return plots_fail(error, "gnuplot cannot be started: %s", strerror(errno));
    }
    const pid_t child = fork();
    if (child == 0) {
        become_gnuplot(program, folder, ends[1], arguments);
    }
    const int why = errno;
    close(ends[1]);
    int status = 0;
    bool ran = child > 0;
    if (ran) {
        read_messages(ends[0], warnings, size);
        ran = wait_for(child, &status);
    }
    close(ends[0]);
    if (!ran) {
        return plots_fail(error, "gnuplot cannot be started: %s",
                          strerror(child < 0 ? why : errno));
    }
    return judge(count == 1 ? scripts[0] : "the scripts of the report", status, warnings, error);
}
