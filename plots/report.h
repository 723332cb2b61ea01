#ifndef WEIR_PLOTS_REPORT_H
#define WEIR_PLOTS_REPORT_H

#include <stddef.h>
#include <stdio.h>

/** How a report came out. */
enum weir_report_status {
    WEIR_REPORT_OK,         /**< the page is written */
    WEIR_REPORT_NO_GNUPLOT, /**< the page is written without figures; their scripts are there */
    WEIR_REPORT_BAD_INPUT,  /**< a result cannot be read, or is none */
    WEIR_REPORT_FAILED      /**< something cannot be written, or gnuplot failed */
};

/** What to report. */
struct weir_report {
    const char *const *results; /**< result folders, or documents as files */
    size_t count;               /**< at least 1 */
    const char *scripts; /**< folder for the scripts of results that are single files; it must be
                            there if there is such a result. A result folder holds its own. */
    const char *version; /**< of the program */
};

/** Most results in one report. */
#define WEIR_REPORT_RESULTS_MAX 32

/**
 * Writes one page about results of `weir replay`, `compare`, `tune` and `bench`: self-contained
 * HTML that asks nothing of any network. Scripts of its figures, and the figures as SVG, go beside
 * the data, named report-*.gp and report-*.svg. The same files and the same gnuplot give the same
 * bytes.
 *
 * `error` (of `error_size` bytes) gets a text ending in NUL: empty on success, else what was wrong,
 * where, and what would be right; with WEIR_REPORT_NO_GNUPLOT what to install.
 */
enum weir_report_status weir_report_write(const struct weir_report *report, FILE *out, char *error,
                                          size_t error_size);

/** Whether a result is a file, so that weir_report.scripts is needed. */
int weir_report_is_file(const char *result);

#endif
