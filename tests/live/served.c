#include "served.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000
#define ARGUMENTS_MAX 32

static void give_up(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

struct served served_start(const char *const *arguments) {
    const char *argv[ARGUMENTS_MAX] = {WEIR_COMMAND, "serve", "--port", "0"};
    int pipes[2];
    size_t count = 4;
    for (; *arguments && count < ARGUMENTS_MAX - 1; arguments++) {
        argv[count++] = *arguments;
    }
    if (pipe(pipes)) {
        give_up("pipe");
    }
    struct served served = {.pid = fork()};
    if (served.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        execv(WEIR_COMMAND, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(pipes[1]);
    FILE *out = fdopen(pipes[0], "r");
    char line[512] = "";
    if (!out || !fgets(line, sizeof line, out)) {
        give_up("weir serve did not say where it listens");
    }
    fclose(out);
    json_t *where = json_loads(line, 0, NULL);
    served.port = (int)json_integer_value(json_object_get(where, "port"));
    const char *page = json_string_value(json_object_get(where, "dashboard"));
    const char *token = page ? strstr(page, "#token=") : NULL;
    snprintf(served.token, sizeof served.token, "%s", token ? token + 7 : "");
    json_decref(where);
    if (served.port == 0) {
        give_up(line);
    }
    return served;
}

int served_stop(struct served *served, int number) {
    int status = 0;
    kill(served->pid, number);
    if (waitpid(served->pid, &status, 0) != served->pid) {
        give_up("waitpid");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

long served_memory_kib(const struct served *served) {
    char path[64];
    char line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)served->pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return kib;
}

double served_cpu_s(const struct served *served) {
    clockid_t clock;
    struct timespec used = {0, 0};
    if (clock_getcpuclockid(served->pid, &clock) == 0) {
        clock_gettime(clock, &used);
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

int served_connect(const struct served *served, int host) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f000000u + (unsigned)host)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)served->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    if (fd < 0 || (host != 1 && bind(fd, (struct sockaddr *)&from, sizeof from)) ||
        connect(fd, (struct sockaddr *)&to, sizeof to)) {
        give_up("connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static bool send_bytes(int fd, const char *data, size_t length) {
    while (length > 0) {
        const ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool send_text(int fd, const char *text) {
    return send_bytes(fd, text, strlen(text));
}

/** Some bytes, or 0 if the connection ended or nothing came in time. */
static size_t receive_some(int fd, char *buffer, size_t size) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, PATIENCE_MS) <= 0) {
        return 0;
    }
    const ssize_t got = recv(fd, buffer, size, 0);
    return got > 0 ? (size_t)got : 0;
}

static bool receive_exactly(int fd, char *buffer, size_t size) {
    while (size > 0) {
        const size_t got = receive_some(fd, buffer, size);
        if (got == 0) {
            return false;
        }
        buffer += got;
        size -= got;
    }
    return true;
}

/** Reads up to and including the empty line, one byte at a time: what follows stays. */
static char *receive_head(int fd) {
    char *head = calloc(1, 16384);
    size_t length = 0;
    while (head && length < 16383) {
        if (!receive_exactly(fd, head + length, 1)) {
            free(head);
            return NULL;
        }
        head[++length] = '\0';
        if (length >= 4 && strcmp(head + length - 4, "\r\n\r\n") == 0) {
            return head;
        }
    }
    return head;
}

static const char *header(const char *head, const char *name) {
    const size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            return line + 3 + length;
        }
    }
    return NULL;
}

static long header_number(const char *head, const char *name) {
    const char *value = header(head, name);
    return value ? strtol(value, NULL, 10) : -1;
}

struct answer receive_answer(int fd) {
    struct answer answer = {.head = receive_head(fd)};
    if (!answer.head) {
        return answer;
    }
    const long length = header_number(answer.head, "content-length");
    answer.status = (int)strtol(answer.head + 9, NULL, 10);
    answer.weight = header_number(answer.head, "X-MBX-USED-WEIGHT-1M");
    answer.orders = header_number(answer.head, "X-MBX-ORDER-COUNT-1M");
    answer.retry_after = header_number(answer.head, "Retry-After");
    answer.body = calloc(1, (size_t)(length > 0 ? length : 0) + 1);
    if (answer.body && length > 0 && receive_exactly(fd, answer.body, (size_t)length)) {
        answer.json = json_loads(answer.body, JSON_DECODE_ANY, NULL);
    }
    return answer;
}

void answer_free(struct answer *answer) {
    free(answer->head);
    free(answer->body);
    json_decref(answer->json);
}

struct answer ask(int fd, const char *line, const char *key, const char *body) {
    const size_t size = strlen(line) + (body ? strlen(body) : 0) + (key ? strlen(key) : 0) + 256;
    char *text = malloc(size);
    if (!text) {
        give_up("malloc");
    }
    int length = snprintf(text, size, "%s HTTP/1.1\r\nHost: x\r\n", line);
    if (key) {
        length += snprintf(text + length, size - (size_t)length, "X-MBX-APIKEY: %s\r\n", key);
    }
    if (body) {
        length += snprintf(text + length, size - (size_t)length,
                           "Content-Type: application/x-www-form-urlencoded\r\n"
                           "Content-Length: %zu\r\n\r\n%s",
                           strlen(body), body);
    } else {
        length += snprintf(text + length, size - (size_t)length, "Content-Length: 0\r\n\r\n");
    }
    struct answer answer = {0};
    if (send_bytes(fd, text, (size_t)length)) {
        answer = receive_answer(fd);
    }
    free(text);
    return answer;
}

struct answer ask_once(const struct served *served, const char *line, const char *key,
                       const char *body) {
    const int fd = served_connect(served, 1);
    const struct answer answer = ask(fd, line, key, body);
    close(fd);
    return answer;
}

json_t *served_state(const struct served *served) {
    struct answer answer = ask_once(served, "GET /weir/state", NULL, NULL);
    json_t *state = json_incref(answer.json);
    answer_free(&answer);
    if (!state) {
        give_up("GET /weir/state");
    }
    return state;
}

int ws_open(const struct served *served, const char *path) {
    const int fd = served_connect(served, 1);
    char text[1024];
    snprintf(text, sizeof text,
             "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
             path);
    char *head = send_text(fd, text) ? receive_head(fd) : NULL;
    const bool opened = head && strstr(head, " 101 ");
    free(head);
    if (!opened) {
        close(fd);
    }
    return opened ? fd : -1;
}

bool ws_send_frame(int fd, int opcode, bool final, const char *data, size_t length) {
    char head[14] = {(char)((final ? 0x80 : 0) | opcode)};
    size_t size = 2;
    if (length < 126) {
        head[1] = (char)(0x80 | length);
    } else {
        head[1] = (char)(0x80 | 126);
        head[2] = (char)(length >> 8);
        head[3] = (char)(length & 255);
        size = 4;
    }
    size += 4; /* a mask of zeros leaves the data as they are */
    return send_bytes(fd, head, size) && send_bytes(fd, data, length);
}

bool ws_send(int fd, const char *text) {
    return ws_send_frame(fd, 1, true, text, strlen(text));
}

int ws_receive(int fd, char *text, size_t size) {
    unsigned char head[2];
    unsigned char more[8];
    if (!receive_exactly(fd, (char *)head, 2)) {
        return -1;
    }
    size_t length = head[1] & 127;
    const size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extra > 0) {
        if (!receive_exactly(fd, (char *)more, extra)) {
            return -1;
        }
        length = 0;
        for (size_t i = 0; i < extra; i++) {
            length = length * 256 + more[i];
        }
    }
    if (length >= size || !receive_exactly(fd, text, length)) {
        return -1;
    }
    text[length] = '\0';
    return head[0] & 15;
}

bool ws_receive_until(int fd, const char *part, char *text, size_t size) {
    for (int i = 0; i < 100000; i++) {
        const int opcode = ws_receive(fd, text, size);
        if (opcode < 0) {
            return false;
        }
        if (strstr(text, part)) {
            return true;
        }
    }
    return false;
}
