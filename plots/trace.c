#include <inttypes.h>
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
#define SCHEMA "weir.trace-info/1"
#define DOT " \xC2\xB7 "

static const struct plots_plot TRACE = {"trace", weir_plots_trace_gp};

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

static void put_text(FILE *script, const char *name, const char *text) {
    char clean[4 * 160];
    plots_clean(text ? text : "", 150, clean, sizeof clean);
    plots_variable_text(script, name, clean);
}

static bool write_script(int folder, struct plots_error *error) {
    json_t *root = load(folder, error);
    FILE *script = root ? plots_script_start(&TRACE, folder, error) : NULL;
    if (script) {
        char text[256];
        const char *name = json_string_value(json_object_get(root, "name"));
        const char *slash = name ? strrchr(name, '/') : NULL;
        const char *class = json_string_value(json_object_get(root, "class"));
        put_text(script, "title", slash && slash[1] ? slash + 1 : name);
        snprintf(text, sizeof text,
                 "%" JSON_INTEGER_FORMAT " liquidations" DOT "%zu symbols" DOT
                 "%.3f million USD%s%s",
                 json_integer_value(json_object_get(root, "liquidations")),
                 json_array_size(json_object_get(root, "symbols")),
                 json_number_value(json_object_get(root, "usd")) / 1e6, class ? DOT : "",
                 class ? class : "");
        put_text(script, "subtitle", text);
        const char *from = json_string_value(json_object_get(root, "from"));
        snprintf(text, sizeof text, "%.10s %.8s", from ? from : "",
                 from && strlen(from) > 11 ? from + 11 : "");
        put_text(script, "from", text);
        plots_variable_number(script, "span_s", json_number_value(json_object_get(root, "span_s")));
    }
    json_decref(root);
    return script && plots_script_finish(&TRACE, folder, script, error);
}

static enum weir_plots_status make_plot(int folder, struct plots_error *error) {
    char warnings[512];
    char program[PLOTS_PROGRAM_SIZE];
    plots_pictures_remove(&TRACE, folder);
    if (!write_script(folder, error)) {
        return WEIR_PLOTS_FAILED;
    }
    if (!plots_gnuplot_find(program)) {
        plots_fail(error, "no pictures: gnuplot is not in PATH; on Debian and Ubuntu it is the "
                          "package gnuplot-nox. The script trace.gp is in the folder and can be "
                          "run there later");
        return WEIR_PLOTS_NO_GNUPLOT;
    }
    if (!plots_draw(&TRACE, program, folder, warnings, sizeof warnings, error)) {
        return WEIR_PLOTS_FAILED;
    }
    if (warnings[0]) {
        plots_fail(error, "%s", warnings);
    }
    return WEIR_PLOTS_OK;
}

enum weir_plots_status weir_plots_trace(const char *folder, char *error, size_t error_size) {
    struct plots_error why = {.text = error, .size = error_size};
    if (error && error_size > 0) {
        error[0] = '\0';
    }
    const int descriptor = plots_folder_open(folder, &why);
    if (descriptor < 0) {
        return WEIR_PLOTS_FAILED;
    }
    const enum weir_plots_status status = make_plot(descriptor, &why);
    close(descriptor);
    return status;
}
