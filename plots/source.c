#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

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
    FILE *file = fopen(source->document, "r");
    if (!file) {
        return plots_fail(error, "%s: %s; expected a result folder, or a result as JSON",
                          source->document, strerror(errno));
    }
    source->root = plots_document_parse(file, source->document, "a result as JSON", error);
    return source->root && find_kind(source, error);
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
