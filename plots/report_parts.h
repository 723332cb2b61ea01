#ifndef WEIR_PLOTS_REPORT_PARTS_H
#define WEIR_PLOTS_REPORT_PARTS_H

#include "amount.h"
#include "sheet.h"
#include "source.h"

/** The parts of a report, each a section or several, written into the sheet. Errors go into
 *  sheet->error. */

/** One replay, from its diagnosis to the bound. */
void plots_report_replay(struct plots_sheet *sheet, const struct plots_source *source);

/** One comparison. */
void plots_report_compare(struct plots_sheet *sheet, const struct plots_source *source);

/** One study. */
void plots_report_tune(struct plots_sheet *sheet, const struct plots_source *source);

/** One night. */
void plots_report_night(struct plots_sheet *sheet, const struct plots_source *source);

/** Several nights: how their figures went, in the order given. */
void plots_report_trends(struct plots_sheet *sheet, const struct plots_source *nights,
                         size_t count);

/** Several results: where they differ, in settings and in figures, and then what they share. */
void plots_report_differences(struct plots_sheet *sheet, const struct plots_source *sources,
                              size_t count);

/** How to repeat a result: command, seeds, digests, version, every setting. */
void plots_report_repeat(struct plots_sheet *sheet, const struct plots_source *source);

/** A short name for a result among others: its policy, and its trace if they differ. */
void plots_report_label(const struct plots_source *source, char *label, size_t size);

/** A metric's name as people say it. */
const char *plots_metric_label(const char *metric);

/** How many opportunities reached a stage of the funnel. Captures that did not fill count as
 *  protected elsewhere, as they need no protection; here only positions do. False if it was not
 *  measured. */
bool plots_report_stage_count(const json_t *document, const char *metric, double *count);

/** The items of a list: an array of texts. */
void plots_report_items(struct plots_sheet *sheet, const json_t *texts);

/** Begins a table of metrics, a column each, under the head `first` of the rows' names. */
void plots_metrics_open(struct plots_sheet *sheet, const char *caption, const char *first,
                        const char *const *metrics, size_t count);

/** A row of it: the means of a document; what was not measured is a dash, and `failed` says so in
 *  the first cell. */
void plots_metrics_row(struct plots_sheet *sheet, const char *name, const json_t *document,
                       const char *const *metrics, size_t count, bool failed);

/** Most metrics of such a table. */
#define PLOTS_METRICS_MAX 16

/* ---- figures that several parts draw ---- */

/** A row of horizontal bars; up to 4 parts. */
struct plots_bar {
    const char *name; /**< data */
    double parts[4];
    char value[48];
};

/** Writes bars; `roles` are the colours of the parts, `part_names` what they are. */
void plots_bars(struct plots_sheet *sheet, const char *figure, const struct plots_bar *bars,
                size_t count, size_t parts, const int *roles, const char *const *part_names,
                struct plots_amount (*amount)(double), const struct plots_caption *caption);

/** A row of intervals. */
struct plots_interval {
    char name[96]; /**< data */
    double low, mean, high;
    char value[64];
    int role;
};

/** Writes intervals; `scale` turns their unit into that of the axis. A dashed line stands at
 *  `reference`, of the rows' unit, if it is not 0. */
void plots_intervals(struct plots_sheet *sheet, const char *figure,
                     const struct plots_interval *rows, size_t count, double scale,
                     double reference, const struct plots_caption *caption);

/** The same for levels of a figure that need not be near 0: the axis holds what is drawn. */
void plots_levels(struct plots_sheet *sheet, const char *figure, const struct plots_interval *rows,
                  size_t count, double scale, const struct plots_caption *caption);

/** A point of a line. */
struct plots_point {
    double x, y;
};

/** A line. */
struct plots_series {
    char name[192]; /**< data */
    int role;       /**< its colour */
    int dash;       /**< 0 or 1: drawn through */
    const struct plots_point *points;
    size_t count;
};

/** Most lines of a figure. */
#define PLOTS_SERIES_MAX 32

/** Axes of a figure of lines. */
struct plots_axes {
    double x_from, x_until;
    double mark_x;      /**< an upright line; 0: none */
    double y_max;       /**< of an axis that is not in percent */
    const char *x_word; /**< what it counts */
    const char *metric; /**< says in which unit y is */
    bool x_is_ms;       /**< milliseconds, logarithmic; else whole numbers */
    bool y_percent;
    bool points; /**< the points are shown, too */
};

/** Writes lines with their legend. */
void plots_lines(struct plots_sheet *sheet, const char *figure, const struct plots_series *series,
                 size_t count, const struct plots_axes *axes, const char *title,
                 const char *description);

/** An array of texts in a script. */
void plots_script_texts(FILE *script, const char *name, const char *const *texts, size_t count);

/** Length of a text in characters, as far as it is shown. */
size_t plots_characters(const char *text);

/** A name cut to what a figure has room for. */
void plots_short_name(const char *text, char *name, size_t size);

#endif
