#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

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

static bool find_kind(struct plots_source *source, struct plots_error *error) {
    static const char *const schemas[] = {"weir.replay/1", "weir.compare/1", "weir.tune/1",
                                          "weir.bench/1"};
    const char *schema = plots_text(source->root, "schema", "(none)");
    for (int kind = 0; kind < 4; kind++) {
        if (strcmp(schema, schemas[kind]) == 0) {
            source->kind = (enum plots_kind)kind;
            return true;
        }
    }
    return plots_fail(
        error,
        "%s: schema '%.40s', expected weir.replay/1, weir.compare/1, weir.tune/1 or weir.bench/1",
        source->document, schema);
}

static bool load(struct plots_source *source, struct plots_error *error) {
    json_error_t why;
    FILE *file = fopen(source->document, "r");
    if (!file) {
        return plots_fail(error, "%s: %s; expected a result folder, or a result as JSON",
                          source->document, strerror(errno));
    }
    source->root = json_loadf(file, 0, &why);
    fclose(file);
    return source->root ? find_kind(source, error)
                        : plots_fail(error, "%s, line %d: %s; expected a result as JSON",
                                     source->document, why.line, why.text);
}

bool plots_source_open(struct plots_source *source, const char *path, unsigned number,
                       const char *scripts, struct plots_error *error) {
    struct stat about;
    *source = (struct plots_source){.path = path, .folder = -1};
    const bool is_folder = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    const int length = snprintf(source->document, sizeof source->document, "%s%s", path,
                                is_folder ? "/result.json" : "");
    if (length >= (int)sizeof source->document) {
        return plots_fail(error, "%.200s…: the path is too long", path);
    }
    source->has_tables = is_folder;
    if (!load(source, error)) {
        plots_source_close(source);
        return false;
    }
    if (is_folder) {
        snprintf(source->prefix, sizeof source->prefix, "report-");
    } else {
        snprintf(source->prefix, sizeof source->prefix, "report-%u-", number);
    }
    source->folder = plots_folder_open(is_folder ? path : scripts, error);
    if (source->folder < 0) {
        plots_source_close(source);
        return false;
    }
    return true;
}

void plots_source_close(struct plots_source *source) {
    json_decref(source->root);
    if (source->folder >= 0) {
        close(source->folder);
    }
    *source = (struct plots_source){.folder = -1};
}
