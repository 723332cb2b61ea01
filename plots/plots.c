#include "plots.h"

#include "drawing.h"
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

static void write_timeline(const struct contents *contents, struct plots_album *album) {
    FILE *script = plots_script_start(album, &TIMELINE);
    if (!script) {
        return;
    }
    plots_titles_timeline(&contents->result, script);
    plots_variable_number(script, "weight_limit", contents->result.weight_per_minute);
    plots_variable_number(script, "orders_limit", contents->result.orders_per_minute);
    plots_timeline_write(&contents->timeline, script);
    plots_spans_write(&contents->spans, script);
    plots_script_finish(album, &TIMELINE, script);
}

static void write_latency(const struct contents *contents, struct plots_album *album) {
    FILE *script = plots_script_start(album, &LATENCY);
    if (!script) {
        return;
    }
    plots_titles_latency(&contents->result, script);
    plots_latency_write(&contents->latency, &contents->result, script);
    plots_script_finish(album, &LATENCY, script);
}

static void make_plots(struct plots_album *album, const void *nothing) {
    struct contents contents;
    (void)nothing;
    plots_pictures_remove(album, &TIMELINE);
    plots_pictures_remove(album, &LATENCY);
    if (read_contents(&contents, album->folder, album->error)) {
        write_timeline(&contents, album);
        write_latency(&contents, album);
        free_contents(&contents);
    }
}

enum weir_plots_status weir_plots_replay(const char *folder, char *error, size_t error_size) {
    return plots_album_make(folder, make_plots, NULL,
                            "The scripts timeline.gp and latency.gp are in the result folder",
                            error, error_size);
}
