#include "gate_expression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool complain(char *error, size_t size, const char *text, const char *what) {
    snprintf(error, size, "'%.80s': %s; expected POLICY.METRIC >= NUMBER, as in weir.http_418 == 0",
             text, what);
    return false;
}

/** Copies `length` bytes as a text; false if there are none, or too many. */
static bool copy(char *to, size_t size, const char *from, size_t length) {
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

/** POLICY, POLICY@TRACE or POLICY@TRACE/SCENARIO, of `length` bytes. */
static bool read_subject(const char *text, size_t length, struct weir_gate *gate) {
    const char *at = memchr(text, '@', length);
    const size_t policy = at ? (size_t)(at - text) : length;
    if (!copy(gate->policy, sizeof gate->policy, text, policy) || !at) {
        return gate->policy[0] != '\0';
    }
    const size_t rest = length - policy - 1;
    const char *slash = memchr(at + 1, '/', rest);
    const size_t trace = slash ? (size_t)(slash - at) - 1 : rest;
    return copy(gate->trace, sizeof gate->trace, at + 1, trace) &&
           (!slash || copy(gate->scenario, sizeof gate->scenario, slash + 1, rest - trace - 1));
}

static bool read_relation(const char **text, enum weir_relation *relation) {
    static const char *const names[] = {">=", "<=", "==", "!=", ">", "<"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(*text, names[i], strlen(names[i])) == 0) {
            *relation = (enum weir_relation)i;
            *text += strlen(names[i]);
            return true;
        }
    }
    return false;
}

bool weir_gate_parse(const char *text, struct weir_gate *gate, char *error, size_t error_size) {
    *gate = (struct weir_gate){.policy = ""};
    const char *begin = text + strspn(text, " ");
    const size_t left = strcspn(begin, " <>=!");
    size_t dot = left;
    while (dot > 0 && begin[dot - 1] != '.') {
        dot--;
    }
    if (dot < 2 || !read_subject(begin, dot - 1, gate) ||
        !copy(gate->metric, sizeof gate->metric, begin + dot, left - dot)) {
        return complain(error, error_size, text, "names no policy and metric");
    }
    const char *rest = begin + left;
    rest += strspn(rest, " ");
    if (!read_relation(&rest, &gate->relation)) {
        return complain(error, error_size, text, "has no >=, <=, ==, !=, > or <");
    }
    char *end = NULL;
    gate->limit = strtod(rest, &end);
    if (end == rest || end[strspn(end, " ")] != '\0' || !isfinite(gate->limit)) {
        return complain(error, error_size, text, "does not end with a number");
    }
    gate->is_ratio = strcmp(gate->policy, "ratio") == 0;
    if (gate->is_ratio && (gate->trace[0] || gate->limit < 1.0 ||
                           (gate->relation != WEIR_AT_MOST && gate->relation != WEIR_BELOW))) {
        return complain(error, error_size, text,
                        "a ratio of time is bounded from above by 1 or more, ratio.NAME <= 1.05");
    }
    return true;
}

bool weir_gate_holds(const struct weir_gate *gate, double value) {
    switch (gate->relation) {
    case WEIR_AT_LEAST:
        return value >= gate->limit;
    case WEIR_AT_MOST:
        return value <= gate->limit;
    case WEIR_EQUAL:
        return value >= gate->limit && value <= gate->limit;
    case WEIR_UNEQUAL:
        return value < gate->limit || value > gate->limit;
    case WEIR_ABOVE:
        return value > gate->limit;
    case WEIR_BELOW:
        break;
    }
    return value < gate->limit;
}
