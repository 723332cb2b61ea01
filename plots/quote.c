#include "quote.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

void plots_quote(FILE *script, const char *text) {
    fputc('"', script);
    for (const char *at = text; *at; at++) {
        const unsigned char byte = (unsigned char)*at;
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                           (byte >= 'a' && byte <= 'z') || strchr(" .,:;()_+-/=%", byte) != NULL;
        if (plain) {
            fputc(byte, script);
        } else {
            fprintf(script, "\\%03o", byte);
        }
    }
    fputc('"', script);
}

/** Bytes that follow a first byte of UTF-8, or -1 for one that cannot be first. */
static int following(unsigned char first) {
    if (first < 0x80) {
        return 0;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 1;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return 2;
    }
    return first >= 0xF0 && first <= 0xF4 ? 3 : -1;
}

/** Whether XML, which the pictures are, may hold the code point, given its shortest length. */
static bool allowed(uint32_t code, int bytes) {
    static const uint32_t first_of_length[] = {0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code >= first_of_length[bytes] && code <= 0x10FFFF && !surrogate && code != 0xFFFE &&
           code != 0xFFFF;
}

/** Length in bytes of the character at the start of a text, 0 if it is not a valid one. */
static size_t character_length(const char *text, uint32_t *code) {
    const unsigned char first = (unsigned char)*text;
    const int more = following(first);
    if (more < 0) {
        return 0;
    }
    *code = more == 0 ? first : first & (0x3FU >> more);
    for (int i = 1; i <= more; i++) {
        const unsigned char next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (next & 0x3FU);
    }
    return allowed(*code, more) ? (size_t)more + 1 : 0;
}

/** Controls, line and paragraph separators, and what turns the direction of writing around. */
static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

void plots_clean(const char *text, size_t characters, char *clean, size_t size) {
    assert(size > sizeof ELLIPSIS + 4);
    const size_t room = size - sizeof ELLIPSIS;
    size_t used = 0;
    const char *at = text;
    for (size_t count = 0; *at; count++) {
        uint32_t code = 0;
        const size_t length = character_length(at, &code);
        const bool control = length > 0 && is_control(code);
        const char *piece = length == 0 ? REPLACEMENT : control ? " " : at;
        const size_t bytes = length == 0 ? sizeof REPLACEMENT - 1 : control ? 1 : length;
        if (count == characters || used + bytes > room) {
            memcpy(clean + used, ELLIPSIS, sizeof ELLIPSIS);
            return;
        }
        memcpy(clean + used, piece, bytes);
        used += bytes;
        at += length == 0 ? 1 : length;
    }
    clean[used] = '\0';
}

static void escape_byte(FILE *page, char byte) {
    switch (byte) {
    case '&':
        fputs("&amp;", page);
        break;
    case '<':
        fputs("&lt;", page);
        break;
    case '>':
        fputs("&gt;", page);
        break;
    case '"':
        fputs("&quot;", page);
        break;
    case '\'':
        fputs("&#39;", page);
        break;
    default:
        fputc(byte, page);
        break;
    }
}

void plots_escape(FILE *page, const char *text) {
    for (const char *at = text; *at;) {
        uint32_t code = 0;
        const size_t length = character_length(at, &code);
        if (length == 0) {
            fputs(REPLACEMENT, page);
        } else if (is_control(code)) {
            fputc(' ', page);
        } else if (length == 1) {
            escape_byte(page, *at);
        } else {
            fwrite(at, 1, length, page);
        }
        at += length ? length : 1;
    }
}
