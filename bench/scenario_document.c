#include "scenario_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Puts a value under a dotted key, making the objects on the way. Takes over the reference. */
static void put(json_t *root, const char *key, json_t *value) {
    char name[96];
    json_t *object = root;
    const char *dot = NULL;
    while ((dot = strchr(key, '.'))) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - key), key);
        json_t *inner = json_object_get(object, name);
        if (!inner) {
            inner = json_object();
            json_object_set_new(object, name, inner);
        }
        object = inner;
        key = dot + 1;
    }
    json_object_set_new(object, key, value);
}

static json_t *number(const char *text) {
    char *end = NULL;
    const long long whole = strtoll(text, &end, 10);
    return *end == '\0' ? json_integer(whole) : json_real(strtod(text, NULL));
}

static json_t *list(const char *text) {
    json_t *array = json_array();
    while (*text) {
        char *end = NULL;
        const double value = strtod(text, &end);
        json_array_append_new(array, json_real(value));
        text = *end == ',' ? end + 1 : end;
    }
    return array;
}

/** A flag as any of the texts that mean yes. */
static bool is_yes(const char *text) {
    return strcmp(text, "true") == 0 || strcmp(text, "on") == 0 || strcmp(text, "yes") == 0 ||
           strcmp(text, "1") == 0;
}

static json_t *typed(char kind, const char *text) {
    switch (kind) {
    case 'f':
        return json_boolean(is_yes(text));
    case 'i':
    case 'j':
    case 'n':
        return number(text);
    case 'l':
        return list(text);
    default:
        return json_string(text);
    }
}

static char kind_of(enum weir_option_kind kind) {
    switch (kind) {
    case WEIR_OPTION_FLAG:
        return 'f';
    case WEIR_OPTION_INTEGER:
    case WEIR_OPTION_NUMBER:
        return 'n';
    case WEIR_OPTION_CHOICE:
        break;
    }
    return 't';
}

json_t *weir_scenario_document(const struct weir_scenario *scenario,
                               const struct weir_policy *policy) {
    json_t *root = json_object();
    const struct weir_scenario_option *option = NULL;
    for (size_t i = 0; (option = weir_scenario_option_at(i)); i++) {
        char text[WEIR_TEXT_MAX];
        weir_scenario_value(scenario, i, text, sizeof text);
        put(root, option->key, typed(option->kind, text));
    }
    for (size_t i = 0; !policy && i < scenario->limiter_count; i++) {
        char key[64];
        snprintf(key, sizeof key, "limiter.%s", scenario->limiter[i].key);
        put(root, key, json_string(scenario->limiter[i].value));
    }
    for (const struct weir_option *o = policy ? policy->options : NULL; o && o->key; o++) {
        const char *value = o->default_value;
        for (size_t i = 0; i < scenario->limiter_count; i++) {
            if (strcmp(scenario->limiter[i].key, o->key) == 0) {
                value = scenario->limiter[i].value;
            }
        }
        char key[64];
        snprintf(key, sizeof key, "limiter.%s", o->key);
        put(root, key, typed(kind_of(o->kind), value));
    }
    return root;
}
