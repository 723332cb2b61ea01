/**
 * Measures what `weir serve` answers on loopback, and that every request was counted once.
 *
 * usage: load [CONNECTIONS] [SECONDS]      (default 200 and 10)
 *
 * Each connection sends its next request when it has the answer to the last: three pings, then an
 * order. The limits are set so high that nothing is refused, except in the second part: there each
 * connection has used up one allowance together with the others, and exactly the allowance passed.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "served.h"

#define CONNECTIONS_MAX 4000
#define BUFFER 4096

struct client {
    int fd;
    unsigned sent;
    size_t length;
    char buffer[BUFFER];
};

struct counts {
    unsigned long answered, ok, limited, banned, other;
};

static const char ping[] = "GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n";
static const char order[] =
    "POST /fapi/v1/order?symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&signature=1 "
    "HTTP/1.1\r\n"
    "Host: x\r\nX-MBX-APIKEY: load\r\nContent-Length: 0\r\n\r\n";

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void send_next(struct client *client, bool orders) {
    const char *request = orders && client->sent % 4 == 3 ? order : ping;
    client->sent++;
    if (send(client->fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        perror("send");
        exit(EXIT_FAILURE);
    }
}

/** Takes complete answers out of the buffer. Returns how many. */
static unsigned take_answers(struct client *client, struct counts *counts) {
    unsigned taken = 0;
    for (;;) {
        client->buffer[client->length] = '\0';
        char *end = strstr(client->buffer, "\r\n\r\n");
        char *field = strstr(client->buffer, "content-length:");
        if (!end || !field) {
            return taken;
        }
        const size_t whole =
            (size_t)(end + 4 - client->buffer) + (size_t)strtoul(field + 15, NULL, 10);
        if (client->length < whole) {
            return taken;
        }
        const long status = strtol(client->buffer + 9, NULL, 10);
        counts->answered++;
        counts->ok += status == 200 ? 1 : 0;
        counts->limited += status == 429 ? 1 : 0;
        counts->banned += status == 418 ? 1 : 0;
        counts->other += status != 200 && status != 429 && status != 418 ? 1 : 0;
        client->length -= whole;
        memmove(client->buffer, client->buffer + whole, client->length);
        taken++;
    }
}

static struct counts run(const struct served *served, struct client *clients, int count,
                         double seconds, bool orders) {
    struct counts counts = {0};
    struct epoll_event events[256];
    const int poll_fd = epoll_create1(0);
    int open = count;
    for (int i = 0; i < count; i++) {
        clients[i] = (struct client){.fd = served_connect(served, 1)};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, clients[i].fd, &event);
        send_next(&clients[i], orders);
    }
    const double end_s = now_s() + seconds;
    while (open > 0) {
        const int ready = epoll_wait(poll_fd, events, 256, 5000);
        if (ready <= 0) {
            fprintf(stderr, "no answer within five seconds\n");
            exit(EXIT_FAILURE);
        }
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            const ssize_t got =
                recv(client->fd, client->buffer + client->length, BUFFER - 1 - client->length, 0);
            if (got <= 0) {
                fprintf(stderr, "a connection was closed: %s\n", strerror(errno));
                exit(EXIT_FAILURE);
            }
            client->length += (size_t)got;
            if (take_answers(client, &counts) == 0) {
                continue;
            }
            if (now_s() < end_s) {
                send_next(client, orders);
            } else {
                close(client->fd);
                open--;
            }
        }
    }
    close(poll_fd);
    return counts;
}

static unsigned long counted(const struct served *served) {
    json_t *state = served_state(served);
    const unsigned long requests =
        (unsigned long)json_integer_value(json_object_get(state, "requests"));
    json_decref(state);
    return requests;
}

/** Waits for the first half of a minute, so that no part of the run falls into the next. */
static void await_minute(double needed_s) {
    while ((double)(time(NULL) % 60) + needed_s + 1.0 > 60.0) {
        sleep(1);
    }
}

static bool measure_rate(struct client *clients, int count, double seconds) {
    const char *arguments[] = {"--set", "exchange.weight_per_minute=10000000", "--set",
                               "exchange.orders_per_minute=10000000", NULL};
    struct served served = served_start(arguments);
    const double start_s = now_s();
    const struct counts counts = run(&served, clients, count, seconds, true);
    const double took_s = now_s() - start_s;
    const double cpu_s = served_cpu_s(&served);
    const unsigned long requests = counted(&served);
    printf("%d connections, %.1f s: %.0f requests/s, %.1f us of the server's processor time each, "
           "%.1f MiB; answered %lu, of them 200: %lu; counted %lu\n",
           count, took_s, (double)counts.answered / took_s, 1e6 * cpu_s / (double)counts.answered,
           (double)served_memory_kib(&served) / 1024.0, counts.answered, counts.ok, requests);
    served_stop(&served, SIGTERM);
    return requests == counts.answered && counts.ok == counts.answered;
}

static bool measure_limit(struct client *clients, int count) {
    const char *arguments[] = {"--set", "exchange.ban_after_429s=100000", NULL};
    await_minute(2.0);
    struct served served = served_start(arguments);
    const struct counts counts = run(&served, clients, count, 1.0, false);
    printf("%d connections, allowance 2400: 200 %lu, 429 %lu, 418 %lu\n", count, counts.ok,
           counts.limited, counts.banned);
    served_stop(&served, SIGTERM);
    return counts.ok == 2400 && counts.other == 0;
}

int main(int argc, char **argv) {
    const int count = argc > 1 ? atoi(argv[1]) : 200;
    const double seconds = argc > 2 ? atof(argv[2]) : 10.0;
    struct client *clients = calloc(CONNECTIONS_MAX, sizeof *clients);
    if (!clients || count < 1 || count > CONNECTIONS_MAX || seconds <= 0.0) {
        fprintf(stderr, "usage: load [CONNECTIONS (1 to %d)] [SECONDS]\n", CONNECTIONS_MAX);
        free(clients);
        return 2;
    }
    const bool exact = measure_rate(clients, count, seconds) && measure_limit(clients, count);
    free(clients);
    puts(exact ? "every request was counted once" : "COUNTS DIFFER");
    return exact ? 0 : 1;
}
