#include "recorded_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "reader_json.h"
#include "recording_note.h"

#define MS_NS INT64_C(1000000)

/* A text that is no longer makes a line that readers take, whatever must be escaped in it. */
#define TEXT_MAX (WEIR_LINE_MAX / 8)

/** Whether a message is {"stream": …, "data": …} and nothing else. */
static bool is_wrapped(const char *message, size_t length) {
    json_t *json = json_loadb(message, length, JSON_REJECT_DUPLICATES, NULL);
    const bool wrapped = json_object_size(json) == 2 && json_object_get(json, "stream") &&
                         json_object_get(json, "data");
    json_decref(json);
    return wrapped;
}

/** In JSON, control characters stand between values only. */
static void unite_lines(char *text) {
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ') {
            *c = ' ';
        }
    }
}

static char *line_of(const char *message, size_t length, int64_t now_ns) {
    const size_t size = length + 64;
    char *line = malloc(size);
    if (!line) {
        return NULL;
    }
    if (is_wrapped(message, length)) {
        const char *inside = memchr(message, '{', length);
        const size_t rest = length - (size_t)(inside + 1 - message);
        snprintf(line, size, "{\"received_ms\":%" PRId64 ",%.*s", now_ns / MS_NS, (int)rest,
                 inside + 1);
    } else {
        snprintf(line, size, "{\"received_ms\":%" PRId64 ",\"data\":%.*s}", now_ns / MS_NS,
                 (int)length, message);
    }
    unite_lines(line);
    return line;
}

/** How many liquidations a reader finds in a line; 0 and `fault` if it would refuse the line. */
static size_t count(struct weir_json *reader, const char *line, struct weir_row_fault *fault) {
    struct weir_row row;
    size_t rows = 0;
    fault->text[0] = '\0';
    if (!weir_json_feed(reader, line, strlen(line), fault)) {
        return 0;
    }
    for (;;) {
        switch (weir_json_take(reader, &row, fault)) {
        case WEIR_JSON_ROW:
            rows++;
            break;
        case WEIR_JSON_END:
            return rows;
        case WEIR_JSON_BAD:
            return 0;
        }
    }
}

struct live_recorded_line live_recorded_line(struct weir_json *reader, const char *message,
                                             size_t length, int64_t now_ns) {
    struct live_recorded_line line = {.text = line_of(message, length, now_ns)};
    struct weir_row_fault fault;
    if (!line.text) {
        return line;
    }
    line.liquidations = count(reader, line.text, &fault);
    if (line.liquidations == 0) {
        struct weir_note note = {.kind = WEIR_NOTE_OTHER, .at_ns = now_ns};
        snprintf(note.why, sizeof note.why, "%.150s",
                 fault.text[0] ? fault.text : "holds no liquidation");
        snprintf(line.why, sizeof line.why, "%.150s", note.why);
        free(line.text);
        line.text = weir_note_line(&note, message, length < TEXT_MAX ? length : TEXT_MAX);
    }
    return line;
}

/** Up to when all was heard, as far as one line knows. */
static int64_t line_until_ns(const json_t *line) {
    struct weir_note note;
    struct weir_row_fault fault;
    if (!json_object_get(line, "weir")) {
        const json_int_t ms = json_integer_value(json_object_get(line, "received_ms"));
        return ms > 0 && ms < INT64_MAX / MS_NS ? ms * MS_NS : 0;
    }
    if (!weir_note_read(line, &note, &fault)) {
        return 0;
    }
    return note.from_ns > 0 && note.kind == WEIR_NOTE_RECORDING ? note.from_ns : note.at_ns;
}

int64_t live_recorded_until_ns(const char *lines) {
    int64_t until_ns = 0;
    while (*lines) {
        const size_t length = strcspn(lines, "\n");
        json_t *line = json_loadb(lines, length, 0, NULL);
        const int64_t line_ns = line_until_ns(line);
        until_ns = line_ns > until_ns ? line_ns : until_ns;
        json_decref(line);
        lines += length + (lines[length] ? 1 : 0);
    }
    return until_ns;
}
