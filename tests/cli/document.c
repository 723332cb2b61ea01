#include "document.h"

#include "cli_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *parse_document(const char *text, const char *what) {
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        print_error("%s: line %d: %s\n", what, error.line, error.text);
        fail();
    }
    return root;
}

const json_t *at(const json_t *document, const char *path) {
    char keys[256];
    char *save = NULL;
    const json_t *value = document;
    snprintf(keys, sizeof keys, "%s", path);
    for (const char *key = strtok_r(keys, " ", &save); key; key = strtok_r(NULL, " ", &save)) {
        value = json_object_get(value, key);
        if (!value) {
            print_error("the document has no '%s' (of '%s')\n", key, path);
            fail();
        }
    }
    return value;
}

double number_at(const json_t *document, const char *path) {
    const json_t *value = at(document, path);
    if (!json_is_number(value)) {
        print_error("'%s' is not a number\n", path);
        fail();
    }
    return json_number_value(value);
}

const char *text_at(const json_t *document, const char *path) {
    const char *text = json_string_value(at(document, path));
    if (!text) {
        print_error("'%s' is not a text\n", path);
        fail();
    }
    return text;
}

double metric(const json_t *document, const char *name) {
    char path[96];
    snprintf(path, sizeof path, "metrics %s mean", name);
    return number_at(document, path);
}

char *without_cost(const char *text) {
    const char *cost = strstr(text, "\"cost\": {");
    assert_non_null(cost);
    const char *end = strchr(cost, '}');
    assert_non_null(end);
    const size_t before = (size_t)(cost - text);
    char *rest = malloc(strlen(text) + 1);
    assert_non_null(rest);
    memcpy(rest, text, before);
    memcpy(rest + before, end + 1, strlen(end + 1) + 1);
    return rest;
}

void assert_same_result(char *one, char *other) {
    char *a = without_cost(one);
    char *b = without_cost(other);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(one);
    free(other);
}
