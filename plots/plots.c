#include "plots.h"

#include <stdio.h>
#include <unistd.h>

#include "drawing.h"
#include "error.h"
#include "folder.h"
#include "gnuplot.h"
#include "latency.h"
#include "result.h"
#include "scripts.h"
#include "spans.h"
#include "timeline.h"
#include "titles.h"
#include "variable.h"

static const struct plots_plot TIMELINE = {"timeline", weir_plots_timeline_gp};
static const struct plots_plot LATENCY = {"latency", weir_plots_latency_gp};

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

static bool write_timeline(const struct contents *contents, int folder, struct plots_error *error) {
    FILE *script = plots_script_start(&TIMELINE, folder, error);
    if (!script) {
        return false;
    }
    plots_titles_timeline(&contents->result, script);
    plots_variable_number(script, "weight_limit", contents->result.weight_per_minute);
    plots_variable_number(script, "orders_limit", contents->result.orders_per_minute);
    plots_timeline_write(&contents->timeline, script);
    plots_spans_write(&contents->spans, script);
    return plots_script_finish(&TIMELINE, folder, script, error);
}

static bool write_latency(const struct contents *contents, int folder, struct plots_error *error) {
    FILE *script = plots_script_start(&LATENCY, folder, error);
    if (!script) {
        return false;
    }
    plots_titles_latency(&contents->result, script);
    plots_latency_write(&contents->latency, &contents->result, script);
    return plots_script_finish(&LATENCY, folder, script, error);
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

/** Draws both; on success `error` holds the first warning, if there was one. */
static bool draw_all(const char *program, int folder, struct plots_error *error) {
    static const struct plots_plot *const plots[] = {&TIMELINE, &LATENCY};
    char first[512] = "", warnings[512];
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++) {
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
    plots_pictures_remove(&TIMELINE, folder);
    plots_pictures_remove(&LATENCY, folder);
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
