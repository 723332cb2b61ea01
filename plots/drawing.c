#include "drawing.h"

#include <string.h>
#include <unistd.h>

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

void plots_pictures_remove(const struct plots_album *album, const struct plots_plot *plot) {
    plots_folder_remove(album->folder, name_of(plot, ".svg").text);
    plots_folder_remove(album->folder, name_of(plot, ".png").text);
}

FILE *plots_script_start(struct plots_album *album, const struct plots_plot *plot) {
    plots_pictures_remove(album, plot);
    FILE *script = plots_folder_create(album->folder, name_of(plot, ".gp").text, album->error);
    if (script) {
        fputs("# Written by weir for one result; a new picture of it overwrites this file.\n",
              script);
    }
    return script;
}

static bool place(int folder, const char *name, struct plots_error *error) {
    return plots_picture_whole(folder, name, error) && plots_folder_rename(folder, name, error);
}

/** Runs a script and puts both of its pictures in place, or neither. */
static bool draw(struct plots_album *album, const struct plots_plot *plot) {
    char definitions[DEFINITIONS_SIZE];
    char warnings[sizeof album->warning];
    struct plots_error *error = album->error;
    const int folder = album->folder;
    const struct file_name svg = name_of(plot, ".svg");
    const struct file_name png = name_of(plot, ".png");
    /* what gnuplot is told before the script */
    snprintf(definitions, sizeof definitions, "svg_file = \"%s%s\"; png_file = \"%s%s\"", svg.text,
             PLOTS_PART, png.text, PLOTS_PART);
    const bool drawn =
        plots_gnuplot_run(album->program, folder, definitions, name_of(plot, ".gp").text, warnings,
                          sizeof warnings, error) &&
        plots_picture_whole(folder, svg.text, error) && place(folder, png.text, error) &&
        place(folder, svg.text, error) && plots_folder_sync(folder, error);
    if (!drawn) {
        plots_pictures_remove(album, plot);
    } else if (!album->warning[0]) {
        memcpy(album->warning, warnings, sizeof warnings);
    }
    return drawn;
}

void plots_script_finish(struct plots_album *album, const struct plots_plot *plot, FILE *script) {
    fputc('\n', script);
    fputs(plot->body, script);
    if (plots_folder_commit(album->folder, name_of(plot, ".gp").text, script, album->error) &&
        album->program && !album->error->set) {
        draw(album, plot);
    }
}

/** How it came out, once everything was tried. */
static enum weir_plots_status conclude(const struct plots_album *album, const char *scripts) {
    if (album->error->set) {
        return WEIR_PLOTS_FAILED;
    }
    if (!album->program) {
        plots_fail(album->error,
                   "no pictures: gnuplot is not in PATH; on Debian and Ubuntu it is the package "
                   "gnuplot-nox. %s and can be run there later",
                   scripts);
        return WEIR_PLOTS_NO_GNUPLOT;
    }
    if (album->warning[0]) {
        plots_fail(album->error, "%s", album->warning);
    }
    return WEIR_PLOTS_OK;
}

enum weir_plots_status plots_album_make(const char *path, plots_album_fill *fill, const void *what,
                                        const char *scripts, char *error, size_t error_size) {
    char program[PLOTS_PROGRAM_SIZE];
    struct plots_error why = {.text = error, .size = error_size};
    if (error && error_size > 0) {
        error[0] = '\0';
    }
    struct plots_album album = {.folder = plots_folder_open(path, &why),
                                .program = plots_gnuplot_find(program) ? program : NULL,
                                .error = &why};
    if (album.folder < 0) {
        return WEIR_PLOTS_FAILED;
    }
    fill(&album, what);
    const enum weir_plots_status status = conclude(&album, scripts);
    close(album.folder);
    return status;
}
