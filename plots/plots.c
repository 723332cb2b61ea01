#include "plots.h"

#include <stdio.h>
#include <unistd.h>

#include "error.h"
#include "folder.h"
#include "gnuplot.h"
#include "latency.h"
#include "picture.h"
#include "result.h"
#include "scripts.h"
#include "spans.h"
#include "timeline.h"
#include "titles.h"
#include "variable.h"

#define DEFINITIONS(plot)                                                                          \
    "svg_file = \"" plot ".svg" PLOTS_PART "\"; png_file = \"" plot ".png" PLOTS_PART "\""

/** A script and its pictures. */
struct plot {
    const char *script;
    const char *svg;
    const char *png;
    const char *definitions; /**< what gnuplot is told before the script */
    const char *body;
};

static const struct plot TIMELINE = {"timeline.gp", "timeline.svg", "timeline.png",
                                     DEFINITIONS("timeline"), weir_plots_timeline_gp};
static const struct plot LATENCY = {"latency.gp", "latency.svg", "latency.png",
                                    DEFINITIONS("latency"), weir_plots_latency_gp};

/** Everything that was read from the result folder. */
struct contents {
    struct plots_result result;
    struct plots_timeline timeline;
    struct plots_spans spans;
    struct plots_latency latency;
};

static bool read_contents(struct contents *contents, int folder, struct plots_error *error) {
    *contents = (struct contents){0};
    if (!plots_result_read(&contents->result, folder, error)) {
        return false;
    }
    const struct plots_timeline *timeline = &contents->timeline;
    if (plots_timeline_read(&contents->timeline, folder, &contents->result, error) &&
        plots_spans_read(&contents->spans, folder, timeline->from_s, timeline->until_s, error)) {
        if (plots_latency_read(&contents->latency, folder, error)) {
            return true;
        }
        plots_spans_free(&contents->spans);
    }
    plots_result_free(&contents->result);
    return false;
}

static void free_contents(struct contents *contents) {
    plots_spans_free(&contents->spans);
    plots_result_free(&contents->result);
}

static FILE *start_script(const struct plot *plot, int folder, struct plots_error *error) {
    FILE *script = plots_folder_create(folder, plot->script, error);
    if (script) {
        fputs("# Written by weir for one result; a new picture of it overwrites this file.\n",
              script);
    }
    return script;
}

static bool finish_script(const struct plot *plot, int folder, FILE *script,
                          struct plots_error *error) {
    fputc('\n', script);
    fputs(plot->body, script);
    return plots_folder_commit(folder, plot->script, script, error);
}

static bool write_timeline(const struct contents *contents, int folder, struct plots_error *error) {
    FILE *script = start_script(&TIMELINE, folder, error);
    if (!script) {
        return false;
    }
    plots_titles_timeline(&contents->result, script);
    plots_variable_number(script, "weight_limit", contents->result.weight_per_minute);
    plots_variable_number(script, "orders_limit", contents->result.orders_per_minute);
    plots_timeline_write(&contents->timeline, script);
    plots_spans_write(&contents->spans, script);
    return finish_script(&TIMELINE, folder, script, error);
}

static bool write_latency(const struct contents *contents, int folder, struct plots_error *error) {
    FILE *script = start_script(&LATENCY, folder, error);
    if (!script) {
        return false;
    }
    plots_titles_latency(&contents->result, script);
    plots_latency_write(&contents->latency, &contents->result, script);
    return finish_script(&LATENCY, folder, script, error);
}

static bool write_scripts(int folder, struct plots_error *error) {
    struct contents contents;
    if (!read_contents(&contents, folder, error)) {
        return false;
    }
    const bool written =
        write_timeline(&contents, folder, error) && write_latency(&contents, folder, error);
    free_contents(&contents);
    return written;
}

static void remove_pictures(const struct plot *plot, int folder) {
    plots_folder_remove(folder, plot->svg);
    plots_folder_remove(folder, plot->png);
}

/** Runs a script and puts both of its pictures in place, or neither. */
static bool draw(const struct plot *plot, const char *program, int folder, char *warnings,
                 size_t size, struct plots_error *error) {
    const bool drawn = plots_gnuplot_run(program, folder, plot->definitions, plot->script, warnings,
                                         size, error) &&
                       plots_picture_whole(folder, plot->svg, error) &&
                       plots_picture_whole(folder, plot->png, error) &&
                       plots_folder_rename(folder, plot->svg, error) &&
                       plots_folder_rename(folder, plot->png, error) &&
                       plots_folder_sync(folder, error);
    if (!drawn) {
        remove_pictures(plot, folder);
    }
    return drawn;
}

/** Draws both; on success `error` holds the first warning, if there was one. */
static bool draw_all(const char *program, int folder, struct plots_error *error) {
    static const struct plot *const plots[] = {&TIMELINE, &LATENCY};
    char first[512] = "", warnings[512];
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++) {
        if (!draw(plots[i], program, folder, warnings, sizeof warnings, error)) {
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
    remove_pictures(&TIMELINE, folder);
    remove_pictures(&LATENCY, folder);
    if (!write_scripts(folder, error)) {
        return WEIR_PLOTS_FAILED;
    }
    char program[PLOTS_PROGRAM_SIZE];
    if (!plots_gnuplot_find(program)) {
        plots_fail(error, "no pictures: gnuplot is not in PATH; on Debian and Ubuntu it is the "
                          "package gnuplot-nox. The scripts timeline.gp and latency.gp are in the "
                          "result folder and can be run there later");
        return WEIR_PLOTS_NO_GNUPLOT;
    }
    return draw_all(program, folder, error) ? WEIR_PLOTS_OK : WEIR_PLOTS_FAILED;
}

enum weir_plots_status weir_plots_replay(const char *folder, char *error, size_t error_size) {
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
