#include "json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void weir_object_fail(struct weir_json *json, const char *format, ...) {
    if (json->failed) {
        return;
    }
    json->failed = true;
    json->error->status = WEIR_SCENARIO_BAD_FILE;
    const int used = snprintf(json->error->text, sizeof json->error->text, "%s: ", json->file);
    if (used < 0 || (size_t)used >= sizeof json->error->text) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(json->error->text + used, sizeof json->error->text - (size_t)used, format, arguments);
    va_end(arguments);
}

double weir_object_number(struct weir_json *json, json_t *object, const char *where,
                          const char *key, double min, double max, double fallback) {
    const json_t *value = json_object_get(object, key);
    if (!value) {
        if (isnan(fallback)) {
            weir_object_fail(json, "%s: key '%s' is missing; expected a number", where, key);
        }
        return fallback;
    }
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= min && number <= max)) {
        weir_object_fail(json, "%s: key '%s': expected a number from %.12g to %.12g", where, key,
                         min, max);
        return min;
    }
    return number;
}

const char *weir_object_text(struct weir_json *json, json_t *object, const char *where,
                             const char *key, const char *fallback) {
    const json_t *value = json_object_get(object, key);
    if (!value && fallback) {
        return fallback;
    }
    if (!json_is_string(value)) {
        weir_object_fail(json, "%s: key '%s': expected a text", where, key);
        return "";
    }
    return json_string_value(value);
}

bool weir_object_flag(struct weir_json *json, json_t *object, const char *where, const char *key,
                      bool fallback) {
    const json_t *value = json_object_get(object, key);
    if (!value) {
        return fallback;
    }
    if (!json_is_boolean(value)) {
        weir_object_fail(json, "%s: key '%s': expected true or false", where, key);
    }
    return json_is_true(value);
}

static void list_names(const char *const *names, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; names[i] && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", names[i]);
    }
}

int weir_object_choice(struct weir_json *json, json_t *object, const char *where, const char *key,
                       const char *const *names) {
    const char *text = weir_object_text(json, object, where, key, names[0]);
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0) {
            return i;
        }
    }
    char known[200];
    list_names(names, known, sizeof known);
    weir_object_fail(json, "%s: key '%s': '%.40s' is not one of %s", where, key, text, known);
    return 0;
}

json_t *weir_object_object(struct weir_json *json, json_t *object, const char *where,
                           const char *key, bool needed) {
    json_t *value = json_object_get(object, key);
    if ((needed && !value) || (value && !json_is_object(value))) {
        weir_object_fail(json, "%s: key '%s': expected an object", where, key);
        return NULL;
    }
    return value;
}

json_t *weir_object_array(struct weir_json *json, json_t *object, const char *where,
                          const char *key, bool needed) {
    json_t *value = json_object_get(object, key);
    if ((needed && !value) || (value && !json_is_array(value))) {
        weir_object_fail(json, "%s: key '%s': expected a list", where, key);
        return NULL;
    }
    return value;
}

void weir_object_only(struct weir_json *json, json_t *object, const char *where,
                      const char *const *names) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value) {
        bool known = false;
        for (size_t i = 0; names[i] && !known; i++) {
            known = strcmp(names[i], key) == 0;
        }
        if (!known) {
            char list[300];
            list_names(names, list, sizeof list);
            weir_object_fail(json, "%s: unknown key '%s'; known are %s", where, key, list);
            return;
        }
    }
}
