/** Figures of lines: series over time or over latency, told apart by colour and dashes. */
#include <math.h>
#include <string.h>

#include "report_parts.h"
#include "scripts.h"
#include "variable.h"

/** Slices under the pointer; more are too narrow to be met. */
#define SLICES_MAX 60

static void write_series(FILE *script, const struct plots_series *series, size_t count) {
    fputs("# x, y; a block for each series\n$lines << END\n", script);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < series[s].count; i++) {
            fprintf(script, "%.9g %.9g\n", series[s].points[i].x, series[s].points[i].y);
        }
        fputs(series[s].count > 0 ? "\n\n" : "NaN NaN\n\n\n", script);
    }
    fprintf(script, "END\nseries = %zu\narray series_role[%zu]\narray series_dash[%zu]\n", count,
            count, count);
    for (size_t s = 0; s < count; s++) {
        fprintf(script, "series_role[%zu] = %d; series_dash[%zu] = %d\n", s + 1, series[s].role,
                s + 1, series[s].dash ? series[s].dash : 1);
    }
}

static void write_axes(FILE *script, const struct plots_axes *axes) {
    plots_variable_number(script, "x_from", axes->x_from);
    plots_variable_number(script, "x_until", axes->x_until);
    plots_variable_number(script, "mark_x", axes->mark_x);
    plots_variable_text(script, "x_word", axes->x_word);
    plots_variable_number(script, "y_max", axes->y_percent ? 1.05 : axes->y_max);
    plots_variable_number(script, "y_step", axes->y_percent ? 0.25 : 0.0);
    fprintf(script,
            "x_whole = %d; x_log = %d; x_is_ms = %d; x_is_time = 0; points = %d\n"
            "y_percent = %d; y_chars = 6; y_format = \"%%g\"\n",
            !axes->x_is_ms, axes->x_is_ms, axes->x_is_ms, axes->points, axes->y_percent);
}

/** What a series has reached at x; false if it has not begun. */
static bool value_at(const struct plots_series *series, double x, double *y) {
    size_t i = 0;
    while (i < series->count && series->points[i].x <= x) {
        *y = series->points[i++].y;
    }
    return i > 0;
}

/** The figures of all series at x, a line each. */
static void slice_text(const struct plots_series *series, size_t count,
                       const struct plots_axes *axes, double x, char *text, size_t size) {
    size_t used = 0;
    if (axes->x_is_ms) {
        used += (size_t)snprintf(text, size, "within %s", plots_seconds(x / 1e3).text);
    } else {
        used += (size_t)snprintf(text, size, "%s %.0f", axes->x_word, x);
    }
    for (size_t s = 0; s < count && used + 1 < size; s++) {
        double y = 0.0;
        if (value_at(&series[s], x, &y)) {
            used += (size_t)snprintf(text + used, size - used, "\n%.60s: %s", series[s].name,
                                     plots_metric_amount(axes->metric, y).text);
        }
    }
}

/** The middle between two values of the axis. */
static double between(const struct plots_axes *axes, double left, double right) {
    return axes->x_is_ms ? sqrt(left * right) : (left + right) / 2.0;
}

static void add_slices(struct plots_sheet *sheet, const struct plots_series *series, size_t count,
                       const struct plots_axes *axes) {
    const struct plots_series *longest = &series[0];
    for (size_t s = 1; s < count; s++) {
        longest = series[s].count > longest->count ? &series[s] : longest;
    }
    const size_t step = (longest->count + SLICES_MAX - 1) / SLICES_MAX;
    const double top = axes->y_percent ? 1.05 : axes->y_max;
    for (size_t i = 0; i < longest->count; i += step) {
        const double x = longest->points[i].x;
        const bool last = i + step >= longest->count;
        const struct plots_area area = {
            i == 0 ? axes->x_from : between(axes, longest->points[i - step].x, x),
            last ? axes->x_until : between(axes, x, longest->points[i + step].x), 0.0, top};
        char text[1000];
        slice_text(series, count, axes, x, text, sizeof text);
        plots_figure_hover(sheet, area, "%s", text);
    }
}

void plots_lines(struct plots_sheet *sheet, const char *figure, const struct plots_series *series,
                 size_t count, const struct plots_axes *axes, const char *title,
                 const char *description) {
    static const char *const roles[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    static const char *const dashed[] = {"0 d", "1 d", "2 d", "3 d", "4 d",
                                         "5 d", "6 d", "7 d", "8 d", "9 d"};
    const char *legend[2 * PLOTS_SERIES_MAX + 1] = {NULL};
    count = count < PLOTS_SERIES_MAX ? count : PLOTS_SERIES_MAX;
    FILE *script = count > 0 ? plots_figure_open(sheet, figure) : NULL;
    if (!script) {
        return;
    }
    write_series(script, series, count);
    write_axes(script, axes);
    add_slices(sheet, series, count, axes);
    for (size_t s = 0; s < count; s++) {
        legend[2 * s] = (series[s].dash > 1 ? dashed : roles)[series[s].role];
        legend[2 * s + 1] = series[s].name;
    }
    plots_figure_close(sheet, script, weir_plots_lines_gp,
                       &(struct plots_caption){title, description, legend});
}
