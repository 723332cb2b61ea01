#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "drawing.h"
#include "folder.h"
#include "gnuplot.h"
#include "plots.h"
#include "quote.h"
#include "scripts.h"
#include "variable.h"

#define FILE_NAME "result.json"
#define SCHEMA "weir.tune/1"
#define TEXT_SIZE 400

static const struct {
    const char *kind, *body;
} bodies[] = {{"heatmap", weir_plots_heatmap_gp},
              {"slices", weir_plots_slices_gp},
              {"pareto", weir_plots_pareto_gp}};

static json_t *load(int folder, struct plots_error *error) {
    FILE *file = plots_folder_read(folder, FILE_NAME, error);
    json_error_t why;
    json_t *root = file ? json_loadf(file, 0, &why) : NULL;
    if (file) {
        fclose(file);
    }
    if (file && !root) {
        plots_fail(error, FILE_NAME ", line %d: %s; expected a JSON document", why.line, why.text);
    }
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (root && (!schema || strcmp(schema, SCHEMA) != 0)) {
        plots_fail(error, FILE_NAME ": schema '%.40s', expected '" SCHEMA "'",
                   schema ? schema : "(none)");
        json_decref(root);
        return NULL;
    }
    return root;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void put_text(FILE *script, const char *name, const char *text) {
    char clean[TEXT_SIZE];
    plots_clean(text, TEXT_SIZE / 4, clean, sizeof clean);
    plots_variable_text(script, name, clean);
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
    put_text(script, "data_file", "");
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

static bool write_script(const struct plots_plot *plot, const json_t *root, const json_t *entry,
                         int folder, struct plots_error *error) {
    FILE *script = plots_script_start(plot, folder, error);
    if (!script) {
        return false;
    }
    write_titles(root, entry, script);
    if (strcmp(text_of(entry, "kind"), "heatmap") == 0) {
        write_heatmap(entry, script);
    } else if (strcmp(text_of(entry, "kind"), "slices") == 0) {
        write_slices(entry, script);
    }
    return plots_script_finish(plot, folder, script, error);
}

/** Writes the script of one entry of "plots", and draws it if there is a program. */
static bool make_plot(const json_t *root, const json_t *entry, const char *program, int folder,
                      struct plots_error *error) {
    struct plots_plot plot = {text_of(entry, "name"), NULL};
    char warnings[512];
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        if (strcmp(bodies[i].kind, text_of(entry, "kind")) == 0) {
            plot.body = bodies[i].body;
        }
    }
    if (!plot.body || strlen(plot.name) == 0 || strlen(plot.name) > 48 || strchr(plot.name, '/')) {
        return plots_fail(error, FILE_NAME ": key 'plots': '%.60s' is no plot of this program",
                          plot.name);
    }
    plots_pictures_remove(&plot, folder);
    return write_script(&plot, root, entry, folder, error) &&
           (!program || plots_draw(&plot, program, folder, warnings, sizeof warnings, error));
}

static enum weir_plots_status make_plots(int folder, struct plots_error *error) {
    char program[PLOTS_PROGRAM_SIZE];
    const bool found = plots_gnuplot_find(program);
    size_t index = 0;
    json_t *entry = NULL;
    json_t *root = load(folder, error);
    bool ok = root != NULL;
    json_array_foreach(json_object_get(root, "plots"), index, entry) {
        ok = ok && make_plot(root, entry, found ? program : NULL, folder, error);
    }
    json_decref(root);
    if (ok && !found) {
        plots_fail(error, "no pictures: gnuplot is not in PATH; on Debian and Ubuntu it is the "
                          "package gnuplot-nox. The scripts are in the result folder and can be "
                          "run there later");
        return WEIR_PLOTS_NO_GNUPLOT;
    }
    return ok ? WEIR_PLOTS_OK : WEIR_PLOTS_FAILED;
}

enum weir_plots_status weir_plots_tune(const char *folder, char *error, size_t error_size) {
    struct plots_error why = {.text = error, .size = error_size};
    if (error && error_size > 0) {
        error[0] = '\0';
    }
    const int descriptor = plots_folder_open(folder, &why);
    if (descriptor < 0) {
        return WEIR_PLOTS_FAILED;
    }
    const enum weir_plots_status status = make_plots(descriptor, &why);
    close(descriptor);
    return status;
}
