#include "report.h"

#include <string.h>
#include <sys/stat.h>

#include "gnuplot.h"
#include "quote.h"
#include "report_parts.h"
#include "scripts.h"
#include "svg.h"

/** Nothing but what is in the page may be shown, and nothing at all may run. */
static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'; img-src data:\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n<title>";

int weir_report_is_file(const char *result) {
    struct stat about;
    return stat(result, &about) == 0 && !S_ISDIR(about.st_mode);
}

static void write_head(FILE *out, const char *title) {
    fputs(HEAD, out);
    plots_escape(out, title);
    fputs("</title>\n<style>", out);
    fputs(weir_plots_style_report_css, out);
    fputs("</style>\n</head>\n<body>\n", out);
    plots_svg_marks(out);
}

/** What was asked, in one line. */
static void write_meta(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *root = source->root;
    double liquidations = 0.0;
    double span_s = 0.0;
    double replications = 0.0;
    plots_markup(sheet, "<p class=\"meta\">");
    if (plots_number(root, "trace.liquidations", &liquidations) &&
        plots_number(root, "trace.span_s", &span_s)) {
        plots_say(sheet, "%s trace · %s liquidations in %s · ",
                  plots_text(root, "trace.class", "?"), plots_count(liquidations).text,
                  plots_seconds(span_s).text);
    }
    if (plots_find(root, "scenario.exchange.rules")) {
        plots_say(sheet, "rules %s · ", plots_text(root, "scenario.exchange.rules", "?"));
    }
    if (plots_number(root, "replications", &replications)) {
        plots_say(sheet, "%s replication%s · ", plots_count(replications).text,
                  replications > 1.0 ? "s" : "");
    }
    plots_say(sheet, "seed %lld · weir %s",
              (long long)json_integer_value(json_object_get(root, "seed")),
              plots_text(root, "version", "?"));
    plots_markup(sheet, "</p>\n");
}

static void write_question(struct plots_sheet *sheet, const struct plots_source *source) {
    plots_markup(sheet, "<p class=\"lead\">");
    switch (source->kind) {
    case PLOTS_REPLAY:
        plots_say(sheet,
                  "What policy %s %s of the cascade %s, at what cost, and "
                  "what stood in its way.",
                  plots_text(source->root, "policy", "?"),
                  json_object_get(source->root, "live") ? "captured live" : "would have captured",
                  plots_text(source->root, "trace.name", "?"));
        break;
    case PLOTS_COMPARE:
        plots_say(sheet, "Which limiter captures more, by how much, and how sure that is.");
        break;
    case PLOTS_TUNE:
        plots_say(sheet, "Which settings to run, how sure that is, and what the defaults lose.");
        break;
    case PLOTS_NIGHT:
        plots_say(sheet, "How every case of the suite came out.");
        break;
    }
    plots_markup(sheet, "</p>\n");
}

static void write_result(struct plots_sheet *sheet, const struct plots_source *source) {
    sheet->folder = source->folder;
    sheet->prefix = source->prefix;
    switch (source->kind) {
    case PLOTS_REPLAY:
        plots_report_replay(sheet, source);
        break;
    case PLOTS_COMPARE:
        plots_report_compare(sheet, source);
        break;
    case PLOTS_TUNE:
        plots_report_tune(sheet, source);
        break;
    case PLOTS_NIGHT:
        plots_report_night(sheet, source);
        break;
    }
    plots_report_repeat(sheet, source);
}

static void write_one(struct plots_sheet *sheet, const struct plots_source *source,
                      const char *title) {
    plots_markup(sheet, "<header>\n<h1>");
    plots_say(sheet, "%s", title);
    plots_markup(sheet, "</h1>\n");
    write_question(sheet, source);
    write_meta(sheet, source);
    plots_markup(sheet, "</header>\n<main>\n");
    write_result(sheet, source);
}

static bool all_are(enum plots_kind kind, const struct plots_source *sources, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (sources[i].kind != kind) {
            return false;
        }
    }
    return true;
}

static void write_several(struct plots_sheet *sheet, const struct plots_source *sources,
                          size_t count, const char *title) {
    plots_markup(sheet, "<header>\n<h1>");
    plots_say(sheet, "%s", title);
    plots_markup(sheet, "</h1>\n<p class=\"lead\">");
    plots_say(sheet, "First where they differ, then each by itself.");
    plots_markup(sheet, "</p>\n<nav aria-label=\"Results\"><ul>\n");
    for (size_t i = 0; i < count; i++) {
        char label[192];
        plots_report_label(&sources[i], label, sizeof label);
        fprintf(sheet->html, "<li><a href=\"#result%zu\">", i + 1);
        plots_say(sheet, "%s", label);
        plots_markup(sheet, "</a></li>\n");
    }
    plots_markup(sheet, "</ul></nav>\n</header>\n<main>\n");
    sheet->folder = sources[0].folder;
    sheet->prefix = sources[0].prefix;
    if (all_are(PLOTS_REPLAY, sources, count)) {
        plots_report_differences(sheet, sources, count);
    } else if (all_are(PLOTS_NIGHT, sources, count)) {
        plots_report_trends(sheet, sources, count);
    }
    for (size_t i = 0; i < count; i++) {
        char label[192];
        plots_report_label(&sources[i], label, sizeof label);
        fprintf(sheet->html, "<section id=\"result%zu\">\n", i + 1);
        plots_heading(sheet, 0, "%s", label);
        write_meta(sheet, &sources[i]);
        sheet->level = 3;
        write_result(sheet, &sources[i]);
        sheet->level = 2;
        plots_markup(sheet, "</section>\n");
    }
}

static void make_title(const struct plots_source *sources, size_t count, char *title, size_t size) {
    if (count == 1) {
        plots_report_label(&sources[0], title, size);
        return;
    }
    bool same = all_are(PLOTS_REPLAY, sources, count);
    const char *trace = plots_text(sources[0].root, "trace.name", "?");
    for (size_t i = 1; i < count; i++) {
        same = same && strcmp(plots_text(sources[i].root, "trace.name", "?"), trace) == 0;
    }
    if (same) {
        snprintf(title, size, "%zu replays of %.100s", count, trace);
    } else {
        snprintf(title, size, "%zu results side by side", count);
    }
}

static enum weir_report_status write_page(const struct weir_report *report,
                                          const struct plots_source *sources, FILE *out,
                                          struct plots_error *error) {
    struct plots_sheet sheet;
    char program[PLOTS_PROGRAM_SIZE];
    char title[256];
    const bool can_draw = plots_gnuplot_find(program);
    if (!plots_sheet_open(&sheet, error)) {
        return WEIR_REPORT_FAILED;
    }
    make_title(sources, report->count, title, sizeof title);
    write_head(out, title);
    if (report->count == 1) {
        write_one(&sheet, &sources[0], title);
    } else {
        write_several(&sheet, sources, report->count, title);
    }
    plots_markup(&sheet, "</main>\n<footer><p>");
    plots_say(&sheet,
              "Written by weir %s. The scripts and data of the figures are beside the result, "
              "named report-*.gp; with gnuplot they can be drawn anew and restyled.",
              report->version);
    plots_markup(&sheet, "</p></footer>\n</body>\n</html>\n");
    const bool bad_input = error->set && !sheet.unwritable;
    const bool written = plots_sheet_finish(&sheet, can_draw ? program : NULL, out);
    plots_sheet_close(&sheet);
    if (bad_input) {
        return WEIR_REPORT_BAD_INPUT;
    }
    if (!written) {
        return WEIR_REPORT_FAILED;
    }
    if (!can_draw) {
        plots_fail(error,
                   "no figures: gnuplot is not in PATH; on Debian and Ubuntu it is the package "
                   "gnuplot-nox. The scripts report-*.gp are beside the result");
        return WEIR_REPORT_NO_GNUPLOT;
    }
    return WEIR_REPORT_OK;
}

enum weir_report_status weir_report_write(const struct weir_report *report, FILE *out, char *error,
                                          size_t error_size) {
    struct plots_source sources[WEIR_REPORT_RESULTS_MAX];
    struct plots_error why = {.text = error, .size = error_size};
    size_t opened = 0;
    error[0] = '\0';
    if (report->count == 0 || report->count > WEIR_REPORT_RESULTS_MAX) {
        plots_fail(&why, "%zu results; expected 1 to %d", report->count, WEIR_REPORT_RESULTS_MAX);
        return WEIR_REPORT_BAD_INPUT;
    }
    while (opened < report->count &&
           plots_source_open(&sources[opened], report->results[opened], (unsigned)opened + 1,
                             report->scripts, &why)) {
        opened++;
    }
    const enum weir_report_status status =
        opened < report->count ? WEIR_REPORT_BAD_INPUT : write_page(report, sources, out, &why);
    for (size_t i = 0; i < opened; i++) {
        plots_source_close(&sources[i]);
    }
    return status;
}
