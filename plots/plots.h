#ifndef WEIR_PLOTS_PLOTS_H
#define WEIR_PLOTS_PLOTS_H

#include <stddef.h>

/** How the pictures came out. */
enum weir_plots_status {
    WEIR_PLOTS_OK,         /**< every script and picture lies in the folder */
    WEIR_PLOTS_NO_GNUPLOT, /**< the scripts lie in the folder; no program `gnuplot` in PATH */
    WEIR_PLOTS_FAILED      /**< a file cannot be read or written, or gnuplot failed */
};

/**
 * Writes the scripts and pictures of a replay into its result folder, from the files that are there
 * (result.json, timeline.tsv, spans.tsv, latency.tsv): timeline.gp, timeline.svg, timeline.png,
 * latency.gp, latency.svg, latency.png. Same files, same gnuplot: same bytes.
 *
 * A script runs by hand, too: `gnuplot timeline.gp` inside the folder. Pictures are written whole
 * or not at all, and an older picture goes when its successor cannot be drawn: what lies in the
 * folder belongs to its result. Gnuplot is looked for in the absolute folders of PATH, started
 * without a shell and without the user's own settings, and waited for.
 *
 * `error` (may be NULL, of `error_size` bytes) gets a text ending in NUL: on success empty, or what
 * gnuplot warned of; else what was wrong, where, and what would be right.
 */
enum weir_plots_status weir_plots_replay(const char *folder, char *error, size_t error_size);

/** The same for what `weir live --agreement` adds to its folder, from result.json and
 * agreement.tsv: agreement.gp, agreement.svg and agreement.png, the live run laid over its replay.
 */
enum weir_plots_status weir_plots_agreement(const char *folder, char *error, size_t error_size);

/**
 * The same for the folder of `weir tune`, from its result.json and the data files that it lists:
 * a heatmap for each policy and mode, slices through the recommended setting, and the front of
 * the objective against limit errors.
 */
enum weir_plots_status weir_plots_tune(const char *folder, char *error, size_t error_size);

/** The same for the folder of `weir trace info`, from result.json, rate.tsv, cascades.tsv and
 *  sizes.tsv: trace.gp, trace.svg and trace.png, the course of the rate and the sizes. */
enum weir_plots_status weir_plots_trace(const char *folder, char *error, size_t error_size);

/**
 * The same for a comparison's folder (captures.tsv, errors.tsv, efficiency.tsv, curve.tsv,
 * latency.tsv, funnel.tsv and, where it is there, tornado.tsv): a script and two pictures for each
 * table.
 */
enum weir_plots_status weir_plots_compare(const char *folder, char *error, size_t error_size);

/**
 * Draws the history of metrics: from NAME.tsv in the folder (see bench/history.h) NAME.gp, NAME.svg
 * and NAME.png, for each of `count` names of at most 48 characters. The same rules and results as
 * for weir_plots_replay.
 */
enum weir_plots_status weir_plots_history(const char *folder, const char *const *names,
                                          size_t count, char *error, size_t error_size);

#endif
