#include "strict_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "trace_error.h"

#define FILE_MAX ((size_t)64 << 20)

bool weir_json_fails(struct weir_json_part part, const char *key, const char *format, ...) {
    if (part.reading->failed) {
        return false;
    }
    part.reading->failed = true;
    char what[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return weir_trace_fail(part.reading->error, WEIR_TRACE_BAD_INPUT, "%s: key '%s%s%s': %s",
                           part.reading->path, part.name, part.name[0] != '\0' ? "." : "", key,
                           what);
}

bool weir_json_check_keys(struct weir_json_part part, const char *const *known) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(part.object, key, value) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], key) != 0) {
            i++;
        }
        if (known[i] == NULL) {
            return weir_json_fails(part, weir_show(key, strlen(key)).text, "is not known here");
        }
    }
    return !part.reading->failed;
}

bool weir_json_has(struct weir_json_part part, const char *key) {
    return json_object_get(part.object, key) != NULL;
}

/** The value of a key that must be there. */
static json_t *get(struct weir_json_part part, const char *key) {
    json_t *value = json_object_get(part.object, key);
    if (value == NULL) {
        weir_json_fails(part, key, "is missing");
    }
    return part.reading->failed ? NULL : value;
}

const char *weir_json_text(struct weir_json_part part, const char *key) {
    const json_t *value = get(part, key);
    if (value == NULL) {
        return "";
    }
    if (!json_is_string(value) || json_string_length(value) == 0) {
        weir_json_fails(part, key, "must be text that is not empty");
        return "";
    }
    return json_string_value(value);
}

static double check_number(struct weir_json_part part, const char *key, const json_t *value,
                           double low, double high) {
    if (value == NULL) {
        return 0.0;
    }
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= low && number <= high)) {
        weir_json_fails(part, key, "must be a number from %g to %g", low, high);
        return 0.0;
    }
    return number;
}

static int64_t check_integer(struct weir_json_part part, const char *key, const json_t *value,
                             int64_t low, int64_t high) {
    if (value == NULL) {
        return 0;
    }
    const int64_t number = (int64_t)json_integer_value(value);
    if (!json_is_integer(value) || number < low || number > high) {
        weir_json_fails(part, key, "must be an integer from %lld to %lld", (long long)low,
                        (long long)high);
        return 0;
    }
    return number;
}

double weir_json_number(struct weir_json_part part, const char *key, double low, double high) {
    return check_number(part, key, get(part, key), low, high);
}

int64_t weir_json_integer(struct weir_json_part part, const char *key, int64_t low, int64_t high) {
    return check_integer(part, key, get(part, key), low, high);
}

int weir_json_choice(struct weir_json_part part, const char *key, const char *const *names) {
    const char *text = weir_json_text(part, key);
    if (part.reading->failed) {
        return 0;
    }
    char list[128] = "";
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    weir_json_fails(part, key, "'%s' is not known; one of %s is needed",
                    weir_show(text, strlen(text)).text, list);
    return 0;
}

double weir_json_number_or(struct weir_json_part part, const char *key, double low, double high,
                           double fallback) {
    return weir_json_has(part, key) ? weir_json_number(part, key, low, high) : fallback;
}

int64_t weir_json_integer_or(struct weir_json_part part, const char *key, int64_t low, int64_t high,
                             int64_t fallback) {
    return weir_json_has(part, key) ? weir_json_integer(part, key, low, high) : fallback;
}

bool weir_json_flag_or(struct weir_json_part part, const char *key, bool fallback) {
    const json_t *value = json_object_get(part.object, key);
    if (value != NULL && !json_is_boolean(value)) {
        weir_json_fails(part, key, "must be true or false");
    }
    return value != NULL ? json_is_true(value) : fallback;
}

int weir_json_choice_or_first(struct weir_json_part part, const char *key,
                              const char *const *names) {
    return weir_json_has(part, key) ? weir_json_choice(part, key, names) : 0;
}

struct weir_json_part weir_json_inner(struct weir_json_part part, const char *key, const char *name,
                                      bool needed) {
    struct weir_json_part inner = {part.reading, name, json_object_get(part.object, key)};
    if (json_is_object(inner.object) || (inner.object == NULL && !needed)) {
        return inner;
    }
    weir_json_fails(part, key, "%s", inner.object == NULL ? "is missing" : "must be an object");
    inner.object = NULL;
    return inner;
}

struct weir_json_part weir_json_entry(struct weir_json_part part, const char *key, json_t *list,
                                      size_t index, const char *name) {
    struct weir_json_part entry = {part.reading, name, json_array_get(list, index)};
    if (!json_is_object(entry.object)) {
        weir_json_fails(part, key, "entry %zu must be an object", index + 1);
        entry.object = NULL;
    }
    return entry;
}

json_t *weir_json_list_if_any(struct weir_json_part part, const char *key) {
    json_t *list = json_object_get(part.object, key);
    if (list != NULL && !json_is_array(list)) {
        weir_json_fails(part, key, "must be a list");
        return NULL;
    }
    return list;
}

json_t *weir_json_list(struct weir_json_part part, const char *key) {
    json_t *list = get(part, key);
    if (list != NULL && json_array_size(list) == 0) {
        weir_json_fails(part, key, "must be a list that is not empty");
        return NULL;
    }
    return list;
}

json_t *weir_json_row(struct weir_json_part part, const char *key, json_t *list, size_t index,
                      size_t width) {
    json_t *row = json_array_get(list, index);
    if (part.reading->failed) {
        return NULL;
    }
    if (!json_is_array(row) || json_array_size(row) != width) {
        weir_json_fails(part, key, "entry %zu must be a list of %zu", index + 1, width);
        return NULL;
    }
    return row;
}

/** A key with the place in its list, for messages: "bins[3][2]", counted from 1. */
struct place {
    char text[80];
};

static struct place place_of(const char *key, size_t index, size_t column) {
    struct place place;
    snprintf(place.text, sizeof place.text, "%s[%zu][%zu]", key, index + 1, column + 1);
    return place;
}

const char *weir_json_row_text(struct weir_json_part part, const char *key, size_t index,
                               json_t *row, size_t column) {
    const json_t *value = json_array_get(row, column);
    if (part.reading->failed) {
        return "";
    }
    if (!json_is_string(value) || json_string_length(value) == 0) {
        weir_json_fails(part, place_of(key, index, column).text, "must be text that is not empty");
        return "";
    }
    return json_string_value(value);
}

double weir_json_row_number(struct weir_json_part part, const char *key, size_t index, json_t *row,
                            size_t column, double low, double high) {
    return part.reading->failed ? 0.0
                                : check_number(part, place_of(key, index, column).text,
                                               json_array_get(row, column), low, high);
}

int64_t weir_json_row_integer(struct weir_json_part part, const char *key, size_t index,
                              json_t *row, size_t column, int64_t low, int64_t high) {
    return part.reading->failed ? 0
                                : check_integer(part, place_of(key, index, column).text,
                                                json_array_get(row, column), low, high);
}

/** Makes room for more bytes of a file. */
static bool grow_text(char **text, size_t *capacity, const char *path,
                      struct weir_trace_error *error) {
    const size_t larger = *capacity == 0 ? 65536 : *capacity * 2;
    if (larger > FILE_MAX) {
        return weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s: is too large ", path);
    }
    char *grown = realloc(*text, larger);
    if (grown == NULL) {
        return weir_trace_fail(error, WEIR_TRACE_NO_MEMORY, "out of memory");
    }
    *text = grown;
    *capacity = larger;
    return true;
}

/** All bytes of a file; NULL and `error` on failure. */
static char *read_file(const char *path, size_t *size, struct weir_trace_error *error) {
    struct weir_source *source = weir_source_open(path, error);
    if (source == NULL) {
        return NULL;
    }
    char *text = NULL;
    size_t capacity = 0;
    size_t got = 1;
    bool ok = true;
    *size = 0;
    while (ok && got > 0) {
        ok = *size < capacity || grow_text(&text, &capacity, path, error);
        ok = ok && weir_source_read(source, text + *size, capacity - *size, &got, error);
        *size += ok ? got : 0;
    }
    weir_source_close(source);
    if (!ok) {
        free(text);
        return NULL;
    }
    return text;
}

json_t *weir_json_load(const char *path, struct weir_trace_error *error) {
    size_t size = 0;
    char *text = read_file(path, &size, error);
    if (text == NULL) {
        return NULL;
    }
    json_error_t where;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (!json_is_object(json)) {
        weir_trace_fail(error, WEIR_TRACE_BAD_INPUT, "%s:%d: is not a JSON object: %s", path,
                        json == NULL ? where.line : 1, json == NULL ? where.text : "");
        json_decref(json);
        return NULL;
    }
    return json;
}
