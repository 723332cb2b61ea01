#include "run_command.h"

#include "cli_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/** No command of these tests takes more than a few seconds, even under sanitizers. */
#define HANGS_AFTER_S 300

/** Bytes that arrive from a descriptor. */
struct collected {
    int descriptor; /* -1: closed */
    char *bytes;
    size_t size, capacity;
};

static void take(struct collected *c) {
    if (c->size + 65536 > c->capacity) {
        c->capacity = 2 * c->capacity + 131072;
        c->bytes = realloc(c->bytes, c->capacity);
        assert_non_null(c->bytes);
    }
    const ssize_t got = read(c->descriptor, c->bytes + c->size, 65536);
    if (got > 0) {
        c->size += (size_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->descriptor = -1;
    }
}

/** Feeds standard input and collects what comes, until both outputs are closed. */
static void talk(const struct run_setting *setting, int input, struct collected *streams,
                 size_t count) {
    size_t fed = 0;
    if (setting->input_size == 0) {
        close(input);
        input = -1;
    }
    while (streams[0].descriptor >= 0 || streams[1].descriptor >= 0) {
        struct pollfd polled[4];
        for (size_t i = 0; i < count; i++) {
            polled[i] = (struct pollfd){.fd = streams[i].descriptor, .events = POLLIN};
        }
        polled[count] = (struct pollfd){.fd = input, .events = POLLOUT};
        assert_true(poll(polled, (nfds_t)count + 1, -1) > 0);
        for (size_t i = 0; i < count; i++) {
            if (polled[i].revents) {
                take(&streams[i]);
            }
        }
        if (input >= 0 && polled[count].revents) {
            const ssize_t put = write(input, setting->input + fed, setting->input_size - fed);
            fed += put > 0 ? (size_t)put : 0;
            if (put < 0 || fed == setting->input_size) {
                close(input);
                input = -1;
            }
        }
    }
    if (input >= 0) {
        close(input);
    }
}

/** In the child: whatever fails here must not come back into the test. */
static void become(const struct run_setting *s, const int input[2], const int out[2],
                   const int err[2], const char *const *arguments) {
    char *command[64] = {strdup("weir")};
    for (size_t i = 0; i < 62 && arguments[i]; i++) {
        command[i + 1] = strdup(arguments[i]);
    }
    const int output = s->output_path ? open(s->output_path, O_WRONLY | O_CREAT, 0666) : out[1];
    bool ok = dup2(input[0], 0) >= 0 && output >= 0 && dup2(output, 1) >= 0 && dup2(err[1], 2) >= 0;
    ok = ok && (!s->folder || chdir(s->folder) == 0);
    ok = ok && (!s->search_path || setenv("PATH", s->search_path, 1) == 0);
    if (s->limit_file_size) {
        const struct rlimit limit = {s->file_size_max, s->file_size_max};
        ok = ok && signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0;
    }
    if (s->output_closed) {
        close(1);
    }
    if (s->input_closed) {
        close(0);
    }
    if (ok) {
        execv(WEIR_COMMAND, command);
    }
    _exit(126);
}

static void open_pipe(int ends[2]) {
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_not_equal(fcntl(ends[i], F_SETFD, FD_CLOEXEC), -1);
    }
}

static int exit_code_of(pid_t child) {
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct run run_command(const struct run_setting *setting, const char *const *arguments) {
    int input[2], out[2], err[2];
    open_pipe(input);
    open_pipe(out);
    open_pipe(err);
    signal(SIGPIPE, SIG_IGN);
    alarm(HANGS_AFTER_S);
    fflush(NULL);
    const pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        alarm(HANGS_AFTER_S);
        become(setting, input, out, err, arguments);
    }
    close(input[0]);
    close(out[1]);
    close(err[1]);
    struct collected streams[3] = {{.descriptor = out[0]},
                                   {.descriptor = err[0]},
                                   {.descriptor = setting->drained ? setting->drained : -1}};
    talk(setting, input[1], streams, 3);
    struct run run = {
        .exit_code = exit_code_of(child), .out_size = streams[0].size, .err_size = streams[1].size};
    if (streams[2].descriptor >= 0) {
        take(&streams[2]);
    }
    alarm(0);
    close(out[0]);
    close(err[0]);
    run.out = streams[0].bytes ? streams[0].bytes : calloc(1, 1);
    run.err = streams[1].bytes ? streams[1].bytes : calloc(1, 1);
    run.drained_size = streams[2].size;
    free(streams[2].bytes);
    assert_true(run.out && run.err);
    run.out[run.out_size] = '\0';
    run.err[run.err_size] = '\0';
    return run;
}

void run_free(struct run *run) {
    free(run->out);
    free(run->err);
    *run = (struct run){0};
}

char *run_quietly(const struct run_setting *setting, const char *const *arguments) {
    struct run run = run_command(setting, arguments);
    if (run.exit_code != 0 || run.err_size != 0) {
        print_error("weir");
        for (size_t i = 0; arguments[i]; i++) {
            print_error(" %s", arguments[i]);
        }
        print_error("\nexit code %d, standard error: %s\n", run.exit_code, run.err);
        fail();
    }
    free(run.err);
    return run.out;
}
