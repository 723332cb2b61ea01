#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drawing.h"
#include "folder.h"
#include "quote.h"
#include "scripts.h"
#include "variable.h"

#define LINE_MAX 512

/** A table of a comparison's folder and how it is shown. */
struct table_plot {
    struct plots_plot plot;
    const char *table;
    const char *title, *caption, *axis;
    const char *first_name, *second_name;
    double mark; /* a line at this value */
    int columns;
    bool marked;
};

static const struct table_plot tables[] = {
    {.plot = {"captures", weir_plots_dots_gp},
     .table = "captures.tsv",
     .title = "Captured, of what was attainable",
     .caption =
         "Means with 95 % intervals. The dashed line is the bound: the most that any policy could.",
     .axis = "share of the bound, by value, in %",
     .columns = 2,
     .mark = 100.0,
     .marked = true,
     .first_name = "captured and protected",
     .second_name = "captured"},
    {.plot = {"errors", weir_plots_dots_gp},
     .table = "errors.tsv",
     .title = "Limit errors",
     .caption = "Answers 429 and 418 per 1,000 requests sent; means with 95 % intervals.",
     .axis = "per 1,000 requests sent",
     .columns = 1,
     .first_name = "",
     .second_name = ""},
    {.plot = {"efficiency", weir_plots_dots_gp},
     .table = "efficiency.tsv",
     .title = "Useful efficiency",
     .caption =
         "Share of the allowance that served captures and their protection, in saturated minutes.",
     .axis = "share of the allowance, in %",
     .columns = 1,
     .mark = 100.0,
     .marked = true,
     .first_name = "",
     .second_name = ""},
    {.plot = {"tornado", weir_plots_dots_gp},
     .table = "tornado.tsv",
     .title = "What would turn the result round",
     .caption =
         "Lead of the policy that is best as set over the best of the others, in other worlds. "
         "Left of the dashed line it would be behind.",
     .axis = "lead in points of protected value of bound",
     .columns = 1,
     .marked = true,
     .first_name = "",
     .second_name = ""},
};
#define TABLES (sizeof tables / sizeof tables[0])

/** A table of blocks, each headed by a policy and a trace, and how it is shown. */
struct lines_plot {
    struct plots_plot plot;
    const char *table;
    const char *title, *caption, *axis;
};

static const struct lines_plot lines[] = {
    {.plot = {"curve", weir_plots_curve_gp},
     .table = "curve.tsv",
     .title = "Captured within a time, by value",
     .caption =
         "Share of the value of all opportunities; a miss is infinitely late, so no line need "
         "reach 100 %.",
     .axis = "from the opportunity's time to the acceptance of its entry"},
    {.plot = {"latency", weir_plots_curve_gp},
     .table = "latency.tsv",
     .title = "Latency of all opportunities",
     .caption =
         "Share accepted within a time, by count; what was missed is infinitely late, so each "
         "line ends at the share captured within the opportunity window.",
     .axis = "from the opportunity's time to the acceptance of its entry"},
};
#define LINES (sizeof lines / sizeof lines[0])

static const struct plots_plot funnel = {"funnel", weir_plots_funnel_gp};

/** Rows of a table that are no heading. -1 if there is no such table. */
static long count_rows(int folder, const char *name) {
    struct plots_error quiet = {.text = NULL};
    FILE *file = plots_folder_read(folder, name, &quiet);
    char line[LINE_MAX];
    long rows = 0;
    if (!file) {
        return -1;
    }
    while (fgets(line, sizeof line, file)) {
        rows += line[0] != '#' && line[0] != '\n';
    }
    fclose(file);
    return rows;
}

static void make_dots(struct plots_album *album, const struct table_plot *t) {
    const long rows = count_rows(album->folder, t->table);
    plots_pictures_remove(album, &t->plot);
    FILE *script = rows > 0 ? plots_script_start(album, &t->plot) : NULL;
    if (!script) {
        return;
    }
    plots_variable_text(script, "picture_name", t->plot.name);
    plots_variable_text(script, "table", t->table);
    plots_variable_text(script, "title", t->title);
    plots_variable_text(script, "caption", t->caption);
    plots_variable_text(script, "axis", t->axis);
    plots_variable_text(script, "first_name", t->first_name);
    plots_variable_text(script, "second_name", t->second_name);
    plots_variable_number(script, "rows", (double)rows);
    plots_variable_number(script, "columns", t->columns);
    plots_variable_number(script, "marked", t->marked);
    plots_variable_number(script, "mark", t->mark);
    plots_script_finish(album, &t->plot, script);
}

/** Most policies and traces that a picture of lines shows; more could not be told apart. */
#define POLICIES_MAX 24
#define PANELS_MAX 16
#define SERIES_MAX ((size_t)POLICIES_MAX * PANELS_MAX)
#define NAME_SIZE 256

/** What the headings of a table of blocks say: whose lines stand in which panel. */
struct blocks {
    char policies[POLICIES_MAX][NAME_SIZE];
    char panels[PANELS_MAX][NAME_SIZE];
    size_t first[PANELS_MAX + 1]; /**< series of each panel, from 1; then one past the last */
    size_t policy[SERIES_MAX];    /**< of each series, from 1 */
    size_t policy_count, panel_count, series;
    double from;  /**< the first time at which a line is above 0 */
    double until; /**< the largest time */
};

static size_t find_policy(struct blocks *blocks, const char *name) {
    size_t p = 0;
    while (p < blocks->policy_count && strcmp(blocks->policies[p], name) != 0) {
        p++;
    }
    if (p == blocks->policy_count && p < POLICIES_MAX) {
        snprintf(blocks->policies[blocks->policy_count++], NAME_SIZE, "%s", name);
    }
    return p + 1;
}

/** Takes in a heading, "policy, trace". False if there are too many. */
static bool add_block(struct blocks *blocks, char *heading) {
    char *comma = NULL;
    for (char *at = heading; (at = strstr(at, ", ")); at += 2) {
        comma = at;
    }
    const char *trace = comma ? comma + 2 : "";
    if (comma) {
        *comma = '\0';
    }
    if (blocks->panel_count == 0 || strcmp(blocks->panels[blocks->panel_count - 1], trace) != 0) {
        if (blocks->panel_count == PANELS_MAX) {
            return false;
        }
        blocks->first[blocks->panel_count] = blocks->series + 1;
        snprintf(blocks->panels[blocks->panel_count++], NAME_SIZE, "%s", trace);
    }
    const size_t policy = find_policy(blocks, heading);
    if (policy > POLICIES_MAX || blocks->series == SERIES_MAX) {
        return false;
    }
    blocks->policy[blocks->series++] = policy;
    blocks->first[blocks->panel_count] = blocks->series + 1;
    return true;
}

/** Reads the headings of a table; those beyond what a picture can show are passed over. */
static void read_blocks(struct blocks *blocks, int folder, const char *name) {
    struct plots_error quiet = {.text = NULL};
    FILE *file = plots_folder_read(folder, name, &quiet);
    char line[LINE_MAX];
    bool room = true;
    *blocks = (struct blocks){.from = HUGE_VAL};
    while (file && room && fgets(line, sizeof line, file)) {
        char *tab = strchr(line, '\t');
        char *end = NULL;
        const double at = strtod(line, &end);
        line[strcspn(line, "\n")] = '\0';
        if (end == line && tab) {
            room = add_block(blocks, tab + 1);
        } else {
            blocks->from = strtod(end, NULL) > 0.0 ? fmin(blocks->from, at) : blocks->from;
            blocks->until = fmax(blocks->until, at);
        }
    }
    if (file) {
        fclose(file);
    }
}

static void write_blocks(const struct blocks *blocks, FILE *script) {
    char name[64];
    fprintf(script, "array policy_name[%zu]\n", blocks->policy_count);
    for (size_t p = 0; p < blocks->policy_count; p++) {
        snprintf(name, sizeof name, "policy_name[%zu]", p + 1);
        plots_variable_data(script, name, blocks->policies[p], PLOTS_NAME_MAX / 2);
    }
    fprintf(script, "panels = %zu\narray panel_name[%zu]\n", blocks->panel_count,
            blocks->panel_count);
    for (size_t p = 0; p < blocks->panel_count; p++) {
        snprintf(name, sizeof name, "panel_name[%zu]", p + 1);
        plots_variable_data(script, name, blocks->panels[p], PLOTS_NAME_MAX);
    }
    fprintf(script, "array panel_first[%zu]\n", blocks->panel_count + 1);
    for (size_t p = 0; p <= blocks->panel_count; p++) {
        fprintf(script, "panel_first[%zu] = %zu\n", p + 1, blocks->first[p]);
    }
    fprintf(script, "array series_policy[%zu]\n", blocks->series);
    for (size_t s = 0; s < blocks->series; s++) {
        fprintf(script, "series_policy[%zu] = %zu\n", s + 1, blocks->policy[s]);
    }
    const double until = fmax(blocks->until, 100.0);
    plots_variable_number(script, "x_from", fmax(fmin(0.8 * blocks->from, until / 10.0), 1.0));
    plots_variable_number(script, "x_until", until);
}

static void make_lines(struct plots_album *album, const struct lines_plot *l) {
    struct blocks *blocks = malloc(sizeof *blocks);
    plots_pictures_remove(album, &l->plot);
    if (!blocks) {
        plots_fail(album->error, "not enough memory");
        return;
    }
    read_blocks(blocks, album->folder, l->table);
    FILE *script = blocks->series > 0 ? plots_script_start(album, &l->plot) : NULL;
    if (script) {
        plots_variable_text(script, "picture_name", l->plot.name);
        plots_variable_text(script, "table", l->table);
        plots_variable_text(script, "title", l->title);
        plots_variable_text(script, "caption", l->caption);
        plots_variable_text(script, "axis", l->axis);
        write_blocks(blocks, script);
        plots_script_finish(album, &l->plot, script);
    }
    free(blocks);
}

static void make_funnel(struct plots_album *album) {
    const long rows = count_rows(album->folder, "funnel.tsv");
    plots_pictures_remove(album, &funnel);
    FILE *script = rows > 0 ? plots_script_start(album, &funnel) : NULL;
    if (!script) {
        return;
    }
    plots_variable_text(script, "table", "funnel.tsv");
    plots_variable_text(script, "title", "From the trace to protected positions");
    plots_variable_text(script, "caption",
                        "Notional in USD and number that reached each stage: liquidations in the "
                        "first two, opportunities from the third on. Bars: share of the trace's "
                        "notional.");
    plots_variable_number(script, "rows", (double)rows);
    plots_script_finish(album, &funnel, script);
}

static void make_plots(struct plots_album *album, const void *nothing) {
    (void)nothing;
    for (size_t i = 0; i < TABLES; i++) {
        make_dots(album, &tables[i]);
    }
    for (size_t i = 0; i < LINES; i++) {
        make_lines(album, &lines[i]);
    }
    make_funnel(album);
}

enum weir_plots_status weir_plots_compare(const char *folder, char *error, size_t error_size) {
    return plots_album_make(folder, make_plots, NULL, "The scripts are in the result folder", error,
                            error_size);
}
