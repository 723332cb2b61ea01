#ifndef WEIR_TESTS_LIVE_SERVED_H
#define WEIR_TESTS_LIVE_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

/** A `weir serve` of the test's own, and clients that speak plain sockets. Whatever goes wrong with
 *  the server itself ends the program with a message. */
struct served {
    pid_t pid;
    int port;
    char token[40]; /**< of its dashboard */
};

/** Starts `weir serve --port 0` with these arguments (NULL-terminated). */
struct served served_start(const char *const *arguments);

/** Sends a signal and returns the exit code; 1000 + n if a signal n ended it instead. */
int served_stop(struct served *served, int number);

/** Resident memory in KiB, and processor time so far in seconds. */
long served_memory_kib(const struct served *served);
double served_cpu_s(const struct served *served);

/** A connection from 127.0.0.`host`. */
int served_connect(const struct served *served, int host);

/** Sends all of a text; false if the connection is gone. */
bool send_text(int fd, const char *text);

/** An answer. Header texts and body are owned by it. */
struct answer {
    int status; /**< 0: the connection was closed without one */
    char *head, *body;
    long weight, orders, retry_after; /**< headers; -1: absent */
    json_t *json;                     /**< of the body, NULL if it is none */
};
void answer_free(struct answer *answer);

/** Reads one answer from a connection; at most five seconds. */
struct answer receive_answer(int fd);

/** One request on a connection: "GET /fapi/v1/ping"; key and body may be NULL. */
struct answer ask(int fd, const char *line, const char *key, const char *body);

/** The same on a connection of its own. */
struct answer ask_once(const struct served *served, const char *line, const char *key,
                       const char *body);

/** GET /weir/state. The caller frees it by json_decref. */
json_t *served_state(const struct served *served);

/** A WebSocket connection to a path; -1 if it was refused. */
int ws_open(const struct served *served, const char *path);
bool ws_send(int fd, const char *text);
bool ws_send_frame(int fd, int opcode, bool final, const char *data, size_t length);

/** The next frame as text; its opcode, or -1 if the connection ended or nothing came in time. */
int ws_receive(int fd, char *text, size_t size);

/** Receives until a text contains `part`; false if the connection ended or five seconds passed. */
bool ws_receive_until(int fd, const char *part, char *text, size_t size);

#endif
