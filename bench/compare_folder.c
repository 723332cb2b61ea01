#include <stdlib.h>

#include "compare_document.h"
#include "whole_file.h"

static bool write_document(const struct weir_compare *compare, struct weir_whole_file *file,
                           char *error, size_t error_size) {
    char *text = weir_compare_document(compare);
    if (!text) {
        snprintf(error, error_size, "%.300s: out of memory", file->path);
        return false;
    }
    fprintf(file->stream, "%s\n", text);
    free(text);
    return weir_whole_file_finish(file, error, error_size);
}

bool weir_compare_folder(const struct weir_compare *compare, const char *folder, char *error,
                         size_t error_size) {
    char path[4096];
    struct weir_whole_file file;
    if (snprintf(path, sizeof path, "%s/result.json", folder) >= (int)sizeof path) {
        snprintf(error, error_size, "%.200s…: the path is too long", folder);
        return false;
    }
    if (!weir_make_folder(folder, error, error_size) ||
        !weir_whole_file_open(&file, path, error, error_size)) {
        return false;
    }
    if (!write_document(compare, &file, error, error_size)) {
        weir_whole_file_discard(&file);
        return false;
    }
    return weir_whole_file_place(&file, error, error_size);
}
