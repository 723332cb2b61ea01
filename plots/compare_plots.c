#include <string.h>

#include "drawing.h"
#include "folder.h"
#include "scripts.h"
#include "variable.h"

#define LINE_MAX 512

/** A table of a comparison's folder and how it is shown. */
struct table_plot {
    struct plots_plot plot;
    const char *table;
    const char *title, *caption, *axis;
    const char *first_name, *second_name;
    double mark; /* a line at this value */
    int columns;
    bool marked;
};

static const struct table_plot tables[] = {
    {.plot = {"captures", weir_plots_dots_gp},
     .table = "captures.tsv",
     .title = "Captured, of what was attainable",
     .caption =
         "Means with 95 % intervals. The dashed line is the bound: the most that any policy could.",
     .axis = "share of the bound, by value, in %",
     .columns = 2,
     .mark = 100.0,
     .marked = true,
     .first_name = "captured and protected",
     .second_name = "captured"},
    {.plot = {"errors", weir_plots_dots_gp},
     .table = "errors.tsv",
     .title = "Limit errors",
     .caption = "Answers 429 and 418 per 1,000 requests sent; means with 95 % intervals.",
     .axis = "per 1,000 requests sent",
     .columns = 1,
     .first_name = "",
     .second_name = ""},
    {.plot = {"efficiency", weir_plots_dots_gp},
     .table = "efficiency.tsv",
     .title = "Useful efficiency",
     .caption =
         "Share of the allowance that served captures and their protection, in saturated minutes.",
     .axis = "share of the allowance, in %",
     .columns = 1,
     .mark = 100.0,
     .marked = true,
     .first_name = "",
     .second_name = ""},
    {.plot = {"tornado", weir_plots_dots_gp},
     .table = "tornado.tsv",
     .title = "What would turn the result round",
     .caption =
         "Lead of the policy that is best as set over the best of the others, in other worlds. "
         "Left of the dashed line it would be behind.",
     .axis = "lead in points of protected value of bound",
     .columns = 1,
     .marked = true,
     .first_name = "",
     .second_name = ""},
};
#define TABLES (sizeof tables / sizeof tables[0])

static const struct plots_plot curve = {"curve", weir_plots_curve_gp};

/** Rows of a table, or lines of a picture: lines that begin with neither # nor, for blocks,
 * anything but the heading of one. -1 if there is no such table. */
static long count_rows(int folder, const char *name, bool blocks) {
    struct plots_error quiet = {.text = NULL};
    FILE *file = plots_folder_read(folder, name, &quiet);
    char line[LINE_MAX];
    long rows = 0;
    if (!file) {
        return -1;
    }
    while (fgets(line, sizeof line, file)) {
        const bool heading = strncmp(line, "window_ms", 9) == 0;
        rows += blocks ? heading : line[0] != '#' && line[0] != '\n';
    }
    fclose(file);
    return rows;
}

static void make_dots(struct plots_album *album, const struct table_plot *t) {
    const long rows = count_rows(album->folder, t->table, false);
    plots_pictures_remove(album, &t->plot);
    FILE *script = rows > 0 ? plots_script_start(album, &t->plot) : NULL;
    if (!script) {
        return;
    }
    plots_variable_text(script, "picture_name", t->plot.name);
    plots_variable_text(script, "table", t->table);
    plots_variable_text(script, "title", t->title);
    plots_variable_text(script, "caption", t->caption);
    plots_variable_text(script, "axis", t->axis);
    plots_variable_text(script, "first_name", t->first_name);
    plots_variable_text(script, "second_name", t->second_name);
    plots_variable_number(script, "rows", (double)rows);
    plots_variable_number(script, "columns", t->columns);
    plots_variable_number(script, "marked", t->marked);
    plots_variable_number(script, "mark", t->mark);
    plots_script_finish(album, &t->plot, script);
}

static void make_curve(struct plots_album *album) {
    const long lines = count_rows(album->folder, "curve.tsv", true);
    plots_pictures_remove(album, &curve);
    FILE *script = lines > 0 ? plots_script_start(album, &curve) : NULL;
    if (!script) {
        return;
    }
    plots_variable_text(script, "title", "Captured within a time, by value");
    plots_variable_text(script, "caption",
                        "Share of the value of all opportunities; a miss is infinitely late, so no "
                        "line need reach 100 %.");
    plots_variable_number(script, "lines", (double)lines);
    plots_script_finish(album, &curve, script);
}

static void make_plots(struct plots_album *album, const void *nothing) {
    (void)nothing;
    for (size_t i = 0; i < TABLES; i++) {
        make_dots(album, &tables[i]);
    }
    make_curve(album);
}

enum weir_plots_status weir_plots_compare(const char *folder, char *error, size_t error_size) {
    return plots_album_make(folder, make_plots, NULL, "The scripts are in the result folder", error,
                            error_size);
}
