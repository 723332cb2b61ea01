#include "drawing.h"

#include "folder.h"
#include "gnuplot.h"
#include "picture.h"

#define NAME_SIZE 64
#define DEFINITIONS_SIZE (4 * NAME_SIZE)

/** Name of a file of the plot. */
struct file_name {
    char text[NAME_SIZE];
};

static struct file_name name_of(const struct plots_plot *plot, const char *ending) {
    struct file_name name;
    snprintf(name.text, sizeof name.text, "%.48s%s", plot->name, ending);
    return name;
}

FILE *plots_script_start(const struct plots_plot *plot, int folder, struct plots_error *error) {
    FILE *script = plots_folder_create(folder, name_of(plot, ".gp").text, error);
    if (script) {
        fputs("# Written by weir for one result; a new picture of it overwrites this file.\n",
              script);
    }
    return script;
}

bool plots_script_finish(const struct plots_plot *plot, int folder, FILE *script,
                         struct plots_error *error) {
    fputc('\n', script);
    fputs(plot->body, script);
    return plots_folder_commit(folder, name_of(plot, ".gp").text, script, error);
}

void plots_pictures_remove(const struct plots_plot *plot, int folder) {
    plots_folder_remove(folder, name_of(plot, ".svg").text);
    plots_folder_remove(folder, name_of(plot, ".png").text);
}

static bool place(int folder, const char *name, struct plots_error *error) {
    return plots_picture_whole(folder, name, error) && plots_folder_rename(folder, name, error);
}

bool plots_draw(const struct plots_plot *plot, const char *program, int folder, char *warnings,
                size_t size, struct plots_error *error) {
    char definitions[DEFINITIONS_SIZE];
    const struct file_name svg = name_of(plot, ".svg");
    const struct file_name png = name_of(plot, ".png");
    /* what gnuplot is told before the script */
    snprintf(definitions, sizeof definitions, "svg_file = \"%s%s\"; png_file = \"%s%s\"", svg.text,
             PLOTS_PART, png.text, PLOTS_PART);
    const bool drawn = plots_gnuplot_run(program, folder, definitions, name_of(plot, ".gp").text,
                                         warnings, size, error) &&
                       plots_picture_whole(folder, svg.text, error) &&
                       place(folder, png.text, error) && place(folder, svg.text, error) &&
                       plots_folder_sync(folder, error);
    if (!drawn) {
        plots_pictures_remove(plot, folder);
    }
    return drawn;
}
