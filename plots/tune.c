#include <stdio.h>
#include <string.h>

#include "document.h"
#include "drawing.h"
#include "scripts.h"
#include "variable.h"

#define SCHEMA "weir.tune/1"
#define TEXT_SIZE 400

/** Most characters of a text in a picture. */
#define CHARACTERS 100

static const struct {
    const char *kind, *body;
} bodies[] = {{"heatmap", weir_plots_heatmap_gp},
              {"slices", weir_plots_slices_gp},
              {"pareto", weir_plots_pareto_gp}};

static const char *text_of(const json_t *object, const char *key) {
    return plots_text(object, key, "");
}

static void put_text(FILE *script, const char *name, const char *text) {
    plots_variable_data(script, name, text, CHARACTERS);
}

/** A setting without what all of them begin with. */
static const char *short_key(const char *key) {
    return strncmp(key, "limiter.", 8) == 0 ? key + 8 : key;
}

/** The answer of a policy. */
static const json_t *answer_of(const json_t *root, const char *policy) {
    size_t index = 0;
    json_t *answer = NULL;
    json_array_foreach(json_object_get(root, "policies"), index, answer) {
        if (strcmp(text_of(answer, "policy"), policy) == 0) {
            return answer;
        }
    }
    return NULL;
}

/** Names of the traces that were tuned on. */
static void list_traces(const json_t *root, char *text, size_t size) {
    size_t index = 0;
    size_t used = 0;
    json_t *trace = NULL;
    text[0] = '\0';
    json_array_foreach(json_object_get(root, "traces"), index, trace) {
        if (json_is_true(json_object_get(trace, "tuned")) && used < size) {
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     text_of(trace, "name"));
        }
    }
}

static void write_titles(const json_t *root, const json_t *plot, FILE *script) {
    char traces[TEXT_SIZE / 2];
    char text[TEXT_SIZE];
    const json_t *answer = answer_of(root, text_of(plot, "policy"));
    list_traces(root, traces, sizeof traces);
    put_text(script, "policy", text_of(plot, "policy"));
    put_text(script, "objective", text_of(root, "objective"));
    put_text(script, "traces", traces);
    snprintf(text, sizeof text,
             "%" JSON_INTEGER_FORMAT " settings, %" JSON_INTEGER_FORMAT
             " of them cannot be told from the best, %" JSON_INTEGER_FORMAT " replications",
             json_integer_value(json_object_get(answer, "points")),
             json_integer_value(json_object_get(answer, "set_size")),
             json_integer_value(json_object_get(answer, "replications")));
    put_text(script, "subtitle", text);
    snprintf(text, sizeof text, "%s.tsv", text_of(plot, "name"));
    put_text(script, "data_file", text);
}

/** Labels of the levels of an axis, as an array of the script; at most eight are drawn. */
static void write_levels(const json_t *levels, const char *name, FILE *script) {
    const size_t count = json_array_size(levels);
    fprintf(script, "array %s_levels[%zu]\n", name, count ? count : 1);
    for (size_t i = 0; i < count; i++) {
        char variable[64];
        snprintf(variable, sizeof variable, "%s_levels[%zu]", name, i + 1);
        put_text(script, variable, json_string_value(json_array_get(levels, i)));
    }
    fprintf(script, "%s_count = %zu\n", name, count);
}

static void write_mark(const json_t *plot, const char *name, FILE *script) {
    static const char *const coordinates[] = {"x", "y"};
    for (size_t i = 0; i < 2; i++) {
        char variable[64];
        snprintf(variable, sizeof variable, "%s_%s", name, coordinates[i]);
        plots_variable_number(script, variable,
                              json_number_value(json_array_get(json_object_get(plot, name), i)));
    }
}

static void write_heatmap(const json_t *plot, FILE *script) {
    static const char *const marks[] = {"best", "recommended", "defaults"};
    put_text(script, "mode", text_of(plot, "mode"));
    put_text(script, "x_key", short_key(text_of(plot, "x")));
    put_text(script, "y_key", short_key(text_of(plot, "y")));
    write_levels(json_object_get(plot, "x_levels"), "x", script);
    write_levels(json_object_get(plot, "y_levels"), "y", script);
    for (size_t i = 0; i < 3; i++) {
        write_mark(plot, marks[i], script);
    }
}

static void write_slices(const json_t *plot, FILE *script) {
    const json_t *axes = json_object_get(plot, "axes");
    const size_t count = json_array_size(axes);
    fprintf(script, "axes = %zu\narray keys[%zu]\narray chosen[%zu]\n", count, count, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *axis = json_array_get(axes, i);
        char name[32];
        char text[TEXT_SIZE / 2];
        const json_int_t more = json_integer_value(json_object_get(axis, "together")) - 1;
        snprintf(text, sizeof text, "%.100s", short_key(text_of(axis, "key")));
        if (more > 0) {
            snprintf(text, sizeof text, "%.100s and %" JSON_INTEGER_FORMAT " more together",
                     short_key(text_of(axis, "key")), more);
        }
        snprintf(name, sizeof name, "keys[%zu]", i + 1);
        put_text(script, name, text);
        snprintf(name, sizeof name, "chosen[%zu]", i + 1);
        plots_variable_number(script, name,
                              json_number_value(json_object_get(axis, "recommended")));
    }
}

/** Writes the script of one entry of "plots" and has it drawn. */
static void make_plot(struct plots_album *album, const json_t *root, const json_t *entry) {
    struct plots_plot plot = {text_of(entry, "name"), NULL};
    const char *kind = text_of(entry, "kind");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (strcmp(bodies[i].kind, kind) == 0) {
            plot.body = bodies[i].body;
        }
    }
    if (!plot.body || strlen(plot.name) == 0 || strlen(plot.name) > 48 || strchr(plot.name, '/')) {
        plots_fail(album->error, PLOTS_DOCUMENT ": key 'plots': '%.60s' is no plot of this program",
                   plot.name);
        return;
    }
    FILE *script = plots_script_start(album, &plot);
    if (!script) {
        return;
    }
    write_titles(root, entry, script);
    if (strcmp(kind, "heatmap") == 0) {
        write_heatmap(entry, script);
    } else if (strcmp(kind, "slices") == 0) {
        write_slices(entry, script);
    }
    plots_script_finish(album, &plot, script);
}

static void make_plots(struct plots_album *album, const void *nothing) {
    size_t index = 0;
    json_t *entry = NULL;
    json_t *root = plots_document_load(album->folder, SCHEMA, album->error);
    (void)nothing;
    json_array_foreach(json_object_get(root, "plots"), index, entry) {
        make_plot(album, root, entry);
    }
    json_decref(root);
}

enum weir_plots_status weir_plots_tune(const char *folder, char *error, size_t error_size) {
    return plots_album_make(folder, make_plots, NULL, "The scripts are in the result folder", error,
                            error_size);
}
