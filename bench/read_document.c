#include "read_document.h"

#include <stdio.h>
#include <stdlib.h>

json_t *weir_read_document(const char *path, void (*read)(struct weir_json_part top, void *into),
                           void *into, struct weir_scenario_error *error) {
    struct weir_trace_error why = {.text = "out of memory"};
    json_t *root = weir_json_load(path, &why);
    struct weir_json_reading reading = {path, &why, root == NULL};
    if (root) {
        read((struct weir_json_part){&reading, "", root}, into);
    }
    if (reading.failed) {
        error->status =
            why.status == WEIR_TRACE_NO_FILE ? WEIR_SCENARIO_NO_FILE : WEIR_SCENARIO_BAD_FILE;
        snprintf(error->text, sizeof error->text, "%s", why.text);
        json_decref(root);
        return NULL;
    }
    return root;
}

const char **weir_read_document_texts(struct weir_json_part part, const char *key, size_t *count) {
    json_t *list = weir_json_list(part, key);
    const char **texts = calloc(json_array_size(list) + 1, sizeof *texts);
    *count = 0;
    part.reading->failed = part.reading->failed || !texts;
    for (size_t i = 0; texts && i < json_array_size(list); i++) {
        texts[i] = json_string_value(json_array_get(list, i));
        if (!texts[i]) {
            weir_json_fails(part, key, "entry %zu must be text", i + 1);
            break;
        }
        (*count)++;
    }
    return texts;
}

static bool is_given(const char *text) {
    return text && text[0] != '\0';
}

void weir_read_document_add(json_t *root, const struct weir_read_options *read) {
    if (!is_given(read->reader) && !is_given(read->columns) && !read->skip_bad) {
        return;
    }
    json_t *options = json_object();
    if (is_given(read->reader)) {
        json_object_set_new(options, "reader", json_string(read->reader));
    }
    if (is_given(read->columns)) {
        json_object_set_new(options, "columns", json_string(read->columns));
    }
    if (read->skip_bad) {
        json_object_set_new(options, "skip_bad", json_true());
    }
    json_object_set_new(root, "read", options);
}

struct weir_read_options weir_read_document_options(struct weir_json_part top) {
    const struct weir_json_part read = weir_json_inner(top, "read", "read", false);
    return (struct weir_read_options){
        .reader = weir_json_has(read, "reader") ? weir_json_text(read, "reader") : NULL,
        .columns = weir_json_has(read, "columns") ? weir_json_text(read, "columns") : NULL,
        .skip_bad = weir_json_flag_or(read, "skip_bad", false)};
}
