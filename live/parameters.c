#include "parameters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool live_parameters_add(struct live_parameters *parameters, char *pair) {
    if (pair[0] == '\0') {
        return true;
    }
    if (parameters->count == LIVE_PARAMETERS_MAX) {
        return false;
    }
    char *equals = strchr(pair, '=');
    if (equals) {
        *equals = '\0';
    }
    parameters->items[parameters->count++] =
        (struct live_parameter){pair, equals ? equals + 1 : ""};
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void live_decode(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '%' && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
            const int byte = hex_digit(from[1]) * 16 + hex_digit(from[2]);
            if (byte != 0) {
                *to++ = (char)byte;
                from += 2;
                continue;
            }
        }
        *to++ = (char)(*from == '+' ? ' ' : *from);
    }
    *to = '\0';
}

bool live_parameters_add_form(struct live_parameters *parameters, char *form) {
    char *pair = form;
    while (pair) {
        char *end = strchr(pair, '&');
        if (end) {
            *end++ = '\0';
        }
        char *equals = strchr(pair, '=');
        if (!live_parameters_add(parameters, pair)) {
            return false;
        }
        if (equals) { /* decoded after the split: "%3D" separates nothing */
            live_decode(equals + 1);
        }
        live_decode(pair);
        pair = end;
    }
    return true;
}

const char *live_parameter(const struct live_parameters *parameters, const char *name) {
    for (size_t i = 0; i < parameters->count; i++) {
        if (strcmp(parameters->items[i].name, name) == 0) {
            return parameters->items[i].value[0] ? parameters->items[i].value : NULL;
        }
    }
    return NULL;
}

bool live_read_integer(const char *text, int64_t *number) {
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '-') || *end != '\0' || errno) {
        return false;
    }
    *number = value;
    return true;
}
