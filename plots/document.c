#include "document.h"

#include <math.h>
#include <string.h>

#include "folder.h"

json_t *plots_document_parse(FILE *file, const char *name, const char *expected,
                             struct plots_error *error) {
    json_error_t why;
    json_t *root = json_loadf(file, 0, &why);
    fclose(file);
    if (!root) {
        plots_fail(error, "%s, line %d: %s; expected %s", name, why.line, why.text, expected);
    }
    return root;
}

json_t *plots_document_load(int folder, const char *schema, struct plots_error *error) {
    FILE *file = plots_folder_read(folder, PLOTS_DOCUMENT, error);
    json_t *root =
        file ? plots_document_parse(file, PLOTS_DOCUMENT, "a JSON document", error) : NULL;
    const char *found = plots_text(root, "schema", "(none)");
    if (root && strcmp(found, schema) != 0) {
        plots_fail(error, PLOTS_DOCUMENT ": schema '%.40s', expected '%s'", found, schema);
        json_decref(root);
        return NULL;
    }
    return root;
}

json_t *plots_find(const json_t *root, const char *path) {
    json_t *at = NULL;
    const json_t *parent = root;
    while (parent && *path) {
        const size_t length = strcspn(path, ".");
        at = json_object_getn(parent, path, length);
        parent = at;
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return at;
}

const char *plots_text(const json_t *root, const char *path, const char *fallback) {
    const char *text = json_string_value(plots_find(root, path));
    return text ? text : fallback;
}

bool plots_number(const json_t *root, const char *path, double *number) {
    const json_t *value = plots_find(root, path);
    *number = json_number_value(value);
    return json_is_number(value) && isfinite(*number);
}

bool plots_mean(const json_t *root, const char *metric, double *mean) {
    const json_t *value =
        json_object_get(json_object_get(plots_find(root, "metrics"), metric), "mean");
    *mean = json_number_value(value);
    return json_is_number(value) && isfinite(*mean);
}
