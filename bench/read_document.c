#include "read_document.h"

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
