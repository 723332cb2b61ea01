#include "program_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void weir_line_bytes(struct weir_line *line, const char *bytes, size_t count) {
    if (count > line->capacity - line->used) {
        line->overflow = true;
        return;
    }
    memcpy(line->bytes + line->used, bytes, count);
    line->used += count;
}

void weir_line_raw(struct weir_line *line, const char *text) {
    weir_line_bytes(line, text, strlen(text));
}

/** Bytes of the UTF-8 character at `text`, or 0 if it is none. */
static size_t character_length(const unsigned char *text, size_t left) {
    const size_t length = text[0] < 0x80                      ? 1
                          : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
                          : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                          : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                              : 0;
    if (length == 0 || length > left) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* too long a form, a surrogate, beyond the last character */
    const bool wrong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
                       (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f);
    return wrong ? 0 : length;
}

void weir_line_text(struct weir_line *line, const char *text, size_t length) {
    weir_line_bytes(line, "\"", 1);
    for (size_t i = 0; i < length;) {
        const unsigned char *at = (const unsigned char *)text + i;
        const size_t bytes = character_length(at, length - i);
        char escape[8];
        if (bytes == 0) {
            weir_line_bytes(line, "?", 1);
        } else if (*at == '"' || *at == '\\') {
            snprintf(escape, sizeof escape, "\\%c", *at);
            weir_line_bytes(line, escape, 2);
        } else if (*at < 0x20 || *at == 0x7f) {
            snprintf(escape, sizeof escape, "\\u%04x", *at);
            weir_line_bytes(line, escape, 6);
        } else {
            weir_line_bytes(line, text + i, bytes);
        }
        i += bytes ? bytes : 1;
    }
    weir_line_bytes(line, "\"", 1);
}

static void add_key(struct weir_line *line, const char *key) {
    weir_line_bytes(line, ",\"", 2);
    weir_line_bytes(line, key, strlen(key));
    weir_line_bytes(line, "\":", 2);
}

void weir_line_integer(struct weir_line *line, const char *key, int64_t value) {
    char text[32];
    add_key(line, key);
    const int length = snprintf(text, sizeof text, "%" PRId64, value);
    weir_line_bytes(line, text, (size_t)length);
}

void weir_line_number(struct weir_line *line, const char *key, double value) {
    char text[40];
    add_key(line, key);
    const int length = snprintf(text, sizeof text, "%.17g", value);
    weir_line_bytes(line, text, (size_t)length);
}

void weir_line_word(struct weir_line *line, const char *key, const char *text) {
    add_key(line, key);
    weir_line_text(line, text, strlen(text));
}

void weir_line_flag(struct weir_line *line, const char *key, bool value) {
    add_key(line, key);
    weir_line_raw(line, value ? "true" : "false");
}
