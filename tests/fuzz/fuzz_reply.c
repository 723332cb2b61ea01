/* Replies: headers and bodies of any bytes, at any status; and saved states of any bytes. The input
 * is cut at newlines into a status, header names and values in turn, and a body. */
#include <stdlib.h>
#include <string.h>

#include "weir/limiter.h"

#define LINES_MAX 16
#define SECOND_NS 1000000000LL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Cuts a copy of the input into lines. */
static size_t cut(char *text, char *lines[LINES_MAX]) {
    size_t count = 0;
    for (char *line = text; line && count < LINES_MAX; count++) {
        lines[count] = line;
        line = strchr(line, '\n');
        if (line) {
            *line++ = '\0';
        }
    }
    return count;
}

static void settle(struct weir_limiter *limiter, char *lines[LINES_MAX], size_t count) {
    static const struct weir_request request = {.id = 1,
                                                .params = {.limit = WEIR_LIMIT_OMITTED},
                                                .deadline_ns = WEIR_NEVER,
                                                .escalate_ns = WEIR_NEVER,
                                                .can_send = true};
    struct weir_decision decision;
    if (weir_try(limiter, SECOND_NS, &request, &decision) || decision.answer != WEIR_SEND) {
        abort();
    }
    struct weir_header headers[LINES_MAX];
    size_t header_count = 0;
    for (size_t i = 1; i + 2 < count; i += 2) {
        headers[header_count++] = (struct weir_header){lines[i], lines[i + 1]};
    }
    const struct weir_reply reply = {.id = 1,
                                     .status = atoi(lines[0]),
                                     .sent_ns = SECOND_NS,
                                     .received_ns = 2 * SECOND_NS,
                                     .headers = headers,
                                     .header_count = header_count,
                                     .body = lines[count - 1],
                                     .body_length = strlen(lines[count - 1])};
    struct weir_settlement settlement;
    weir_settle(limiter, &reply, &settlement);
    weir_try(limiter, 3 * SECOND_NS, &request, &decision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct weir_limit limits[] = {{WEIR_LIMIT_WEIGHT, 60 * SECOND_NS, 2400},
                                               {WEIR_LIMIT_ORDERS, 60 * SECOND_NS, 1200}};
    static const struct weir_config config = {
        .limits = limits, .limit_count = 2, .now_ns = SECOND_NS, .max_open = 4};
    char *text = calloc(size + 1, 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    const struct weir_policy *policy = NULL;
    for (size_t p = 0; (policy = weir_policy_at(p)); p++) {
        char *copy = calloc(size + 1, 1);
        char *lines[LINES_MAX];
        struct weir_limiter *limiter = NULL;
        struct weir_error error;
        if (copy && !weir_limiter_create(policy, &config, &limiter, &error)) {
            memcpy(copy, text, size);
            weir_restore(limiter, SECOND_NS, 0, data, size, &error);
            weir_limiter_destroy(limiter);
            limiter = NULL;
            if (!weir_limiter_create(policy, &config, &limiter, &error)) {
                settle(limiter, lines, cut(copy, lines));
            }
        }
        weir_limiter_destroy(limiter);
        free(copy);
    }
    free(text);
    return 0;
}
