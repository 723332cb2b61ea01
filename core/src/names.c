#include "weir/policy.h"

#include <string.h>

#define NAME_MAX_COMPARED 128

const char *weir_method_name(enum weir_method method) {
    switch (method) {
    case WEIR_GET:
        return "GET";
    case WEIR_POST:
        return "POST";
    case WEIR_PUT:
        return "PUT";
    case WEIR_DELETE:
        return "DELETE";
    }
    return "?";
}

const char *weir_reason_name(enum weir_reason reason) {
    static const char *const names[WEIR_REASONS] = {
        [WEIR_REASON_NONE] = "none",
        [WEIR_REASON_WEIGHT] = "weight",
        [WEIR_REASON_ORDERS] = "orders",
        [WEIR_REASON_BACKOFF] = "backoff",
        [WEIR_REASON_BANNED] = "banned",
        [WEIR_REASON_OUTBID] = "outbid",
        [WEIR_REASON_QUEUE_FULL] = "queue_full",
        [WEIR_REASON_DEADLINE] = "deadline",
        [WEIR_REASON_PACE] = "pace",
        [WEIR_REASON_CONNECTION] = "connection",
        [WEIR_REASON_ORDERING] = "ordering",
    };
    return (unsigned)reason < WEIR_REASONS ? names[reason] : "?";
}

const char *weir_answer_name(enum weir_answer answer) {
    switch (answer) {
    case WEIR_SEND:
        return "send";
    case WEIR_QUEUE:
        return "queue";
    case WEIR_HOLD:
        return "hold";
    case WEIR_REFUSE:
        return "refuse";
    }
    return "?";
}

const char *weir_priority_name(enum weir_priority priority) {
    switch (priority) {
    case WEIR_CRITICAL:
        return "critical";
    case WEIR_NORMAL:
        return "normal";
    case WEIR_LOW:
        return "low";
    }
    return "?";
}

static size_t min_of(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t weir_name_distance(const char *a, const char *b) {
    size_t row[NAME_MAX_COMPARED + 1];
    size_t length_a = strnlen(a, NAME_MAX_COMPARED);
    size_t length_b = strnlen(b, NAME_MAX_COMPARED);
    for (size_t j = 0; j <= length_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = min_of(replaced, 1 + min_of(row[j], row[j - 1]));
        }
    }
    return row[length_b];
}
