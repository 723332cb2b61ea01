#include "plots.h"

#include <string.h>
#include <unistd.h>

#include "drawing.h"
#include "error.h"
#include "folder.h"
#include "gnuplot.h"
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

static bool write_dots(const struct table_plot *t, int folder, double rows,
                       struct plots_error *error) {
    FILE *script = plots_script_start(&t->plot, folder, error);
    if (!script) {
        return false;
    }
    plots_variable_text(script, "picture_name", t->plot.name);
    plots_variable_text(script, "table", t->table);
    plots_variable_text(script, "title", t->title);
    plots_variable_text(script, "caption", t->caption);
    plots_variable_text(script, "axis", t->axis);
    plots_variable_text(script, "first_name", t->first_name);
    plots_variable_text(script, "second_name", t->second_name);
    plots_variable_number(script, "rows", rows);
    plots_variable_number(script, "columns", t->columns);
    plots_variable_number(script, "marked", t->marked);
    plots_variable_number(script, "mark", t->mark);
    return plots_script_finish(&t->plot, folder, script, error);
}

static bool write_curve(int folder, double lines, struct plots_error *error) {
    FILE *script = plots_script_start(&curve, folder, error);
    if (!script) {
        return false;
    }
    plots_variable_text(script, "title", "Captured within a time, by value");
    plots_variable_text(script, "caption",
                        "Share of the value of all opportunities; a miss is infinitely late, so no "
                        "line need reach 100 %.");
    plots_variable_number(script, "lines", lines);
    return plots_script_finish(&curve, folder, script, error);
}

/** Draws them; on success `error` holds the first warning, if there was one. */
static bool draw_all(const struct plots_plot *const *plots, size_t count, const char *program,
                     int folder, struct plots_error *error) {
    char first[512] = "", warnings[512];
    for (size_t i = 0; i < count; i++) {
        if (!plots_draw(plots[i], program, folder, warnings, sizeof warnings, error)) {
            return false;
        }
        if (warnings[0] && !first[0]) {
            snprintf(first, sizeof first, "%s", warnings);
        }
    }
    if (first[0]) {
        plots_fail(error, "%s", first);
    }
    return true;
}

static enum weir_plots_status make_plots(int folder, struct plots_error *error) {
    char program[PLOTS_PROGRAM_SIZE];
    const struct plots_plot *ready[TABLES + 1];
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++) {
        const long rows = count_rows(folder, tables[i].table, false);
        plots_pictures_remove(&tables[i].plot, folder);
        if (rows > 0) {
            if (!write_dots(&tables[i], folder, (double)rows, error)) {
                return WEIR_PLOTS_FAILED;
            }
            ready[count++] = &tables[i].plot;
        }
    }
    const long lines = count_rows(folder, "curve.tsv", true);
    plots_pictures_remove(&curve, folder);
    if (lines > 0) {
        if (!write_curve(folder, (double)lines, error)) {
            return WEIR_PLOTS_FAILED;
        }
        ready[count++] = &curve;
    }
    if (!plots_gnuplot_find(program)) {
        plots_fail(error, "no pictures: gnuplot is not in PATH; on Debian and Ubuntu it is the "
                          "package gnuplot-nox. The scripts are in the result folder and can be "
                          "run there later");
        return WEIR_PLOTS_NO_GNUPLOT;
    }
    return draw_all(ready, count, program, folder, error) ? WEIR_PLOTS_OK : WEIR_PLOTS_FAILED;
}

enum weir_plots_status weir_plots_compare(const char *folder, char *error, size_t error_size) {
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
