#include "recording_note.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_error.h"

#define MS_NS INT64_C(1000000)
#define VERSION 1

static const char *const kind_names[] = {"recording", "gap", "alive", "other", "end"};
#define KIND_COUNT (sizeof kind_names / sizeof kind_names[0])

/** A string of any bytes: what is not ASCII becomes '?' if it is no UTF-8. */
static json_t *any_string(const char *text, size_t length) {
    json_t *string = json_stringn(text, length);
    char *copy = string == NULL ? malloc(length + 1) : NULL;
    if (copy != NULL) {
        for (size_t i = 0; i < length; i++) {
            copy[i] = '?';
            if ((unsigned char)text[i] < 0x80) {
                copy[i] = text[i];
            }
        }
        string = json_stringn(copy, length);
        free(copy);
    }
    return string;
}

char *weir_note_line(const struct weir_note *note, const char *text, size_t length) {
    assert((size_t)note->kind < KIND_COUNT);
    json_t *line = json_pack("{s:s}", "weir", kind_names[note->kind]);
    int failed = 0;
    if (note->kind == WEIR_NOTE_RECORDING) {
        failed |= json_object_set_new(line, "version", json_integer(VERSION));
        if (note->from_ns > 0) {
            failed |= json_object_set_new(line, "heard_ms", json_integer(note->from_ns / MS_NS));
        }
    }
    if (note->kind == WEIR_NOTE_GAP) {
        assert(note->from_ns <= note->at_ns);
        failed |= json_object_set_new(line, "from_ms", json_integer(note->from_ns / MS_NS));
        failed |= json_object_set_new(line, "to_ms", json_integer(note->at_ns / MS_NS));
    } else {
        failed |= json_object_set_new(line, "at_ms", json_integer(note->at_ns / MS_NS));
    }
    if (note->why[0] != '\0') {
        failed |= json_object_set_new(line, "why", any_string(note->why, strlen(note->why)));
    }
    if (text != NULL) {
        failed |= json_object_set_new(line, "text", any_string(text, length));
    }
    char *result = failed == 0 ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    return result;
}

static bool read_ms(const json_t *line, const char *key, int64_t *time_ns,
                    struct weir_row_fault *fault) {
    const json_t *value = json_object_get(line, key);
    const json_int_t ms = json_integer_value(value);
    if (!json_is_integer(value) || ms < 0 || ms > INT64_MAX / MS_NS) {
        return weir_row_fails(fault,
                              "is a note of a recording without '%s'; milliseconds since 1970 are "
                              "needed",
                              key);
    }
    *time_ns = ms * MS_NS;
    return true;
}

bool weir_note_read(const json_t *line, struct weir_note *note, struct weir_row_fault *fault) {
    const char *name = json_string_value(json_object_get(line, "weir"));
    const char *why = json_string_value(json_object_get(line, "why"));
    const json_t *version = json_object_get(line, "version");
    size_t kind = 0;
    while (name != NULL && kind < KIND_COUNT && strcmp(kind_names[kind], name) != 0) {
        kind++;
    }
    if (name == NULL || kind == KIND_COUNT) {
        return weir_row_fails(fault,
                              "is a note of a recording of no known kind '%s'; recording, gap, "
                              "alive, other or end are needed",
                              weir_show(name ? name : "", name ? strlen(name) : 0).text);
    }
    *note = (struct weir_note){.kind = (enum weir_note_kind)kind};
    snprintf(note->why, sizeof note->why, "%s", why != NULL ? why : "");
    if (note->kind == WEIR_NOTE_RECORDING && json_integer_value(version) != VERSION) {
        return weir_row_fails(fault,
                              "begins a recording of version %" JSON_INTEGER_FORMAT
                              "; this program reads version %d",
                              json_integer_value(version), VERSION);
    }
    if (note->kind == WEIR_NOTE_RECORDING && json_object_get(line, "heard_ms") &&
        !read_ms(line, "heard_ms", &note->from_ns, fault)) {
        return false;
    }
    if (note->kind != WEIR_NOTE_GAP) {
        return read_ms(line, "at_ms", &note->at_ns, fault);
    }
    if (!read_ms(line, "from_ms", &note->from_ns, fault) ||
        !read_ms(line, "to_ms", &note->at_ns, fault)) {
        return false;
    }
    return note->from_ns <= note->at_ns ||
           weir_row_fails(fault, "is a gap that ends before it begins");
}
