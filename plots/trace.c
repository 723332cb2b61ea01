#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amount.h"
#include "document.h"
#include "drawing.h"
#include "scripts.h"
#include "variable.h"

#define SCHEMA "weir.trace-info/1"
#define DOT " \xC2\xB7 "

static const struct plots_plot TRACE = {"trace", weir_plots_trace_gp};

/** Most characters of the title and the subtitle. */
#define CHARACTERS 150

static void make_plot(struct plots_album *album, const void *nothing) {
    (void)nothing;
    plots_pictures_remove(album, &TRACE);
    json_t *root = plots_document_load(album->folder, SCHEMA, album->error);
    FILE *script = root ? plots_script_start(album, &TRACE) : NULL;
    if (script) {
        char text[256];
        const char *name = plots_text(root, "name", "");
        const char *slash = strrchr(name, '/');
        const char *class = plots_text(root, "class", NULL);
        plots_variable_data(script, "title", slash && slash[1] ? slash + 1 : name, CHARACTERS);
        snprintf(text, sizeof text, "%s liquidations" DOT "%zu symbols" DOT "%s%s%s",
                 plots_count(json_number_value(json_object_get(root, "liquidations"))).text,
                 json_array_size(json_object_get(root, "symbols")),
                 plots_usd(json_number_value(json_object_get(root, "usd"))).text, class ? DOT : "",
                 class ? class : "");
        plots_variable_data(script, "subtitle", text, CHARACTERS);
        const char *from = plots_text(root, "from", "");
        snprintf(text, sizeof text, "%.10s %.8s", from, strlen(from) > 11 ? from + 11 : "");
        plots_variable_data(script, "from", text, CHARACTERS);
        plots_variable_number(script, "span_s", json_number_value(json_object_get(root, "span_s")));
        plots_script_finish(album, &TRACE, script);
    }
    json_decref(root);
}

enum weir_plots_status weir_plots_trace(const char *folder, char *error, size_t error_size) {
    return plots_album_make(folder, make_plot, NULL, "The script trace.gp is in the folder", error,
                            error_size);
}
