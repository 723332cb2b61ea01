/** A study: what to run, how sure that is, and how it was found. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"
#include "rows.h"
#include "scripts.h"
#include "variable.h"

#define AMOUNT_MAX 1e18
#define LEVELS_MAX 64
#define HEATMAP_HEADING                                                                            \
    "#x\ty\tx_value\ty_value\tin_set\tobjective\tlimit_errors\thttp_418\tunprotected_p99_s"

/* ---- the answer ---- */

/** A setting's parameters in one line; those that all modes share are said once. */
static void describe_parameters(const json_t *parameters, char *text, size_t size) {
    size_t used = 0;
    const char *key = NULL;
    json_t *value = NULL;
    text[0] = '\0';
    json_object_foreach((json_t *)json_object_get(parameters, "parameters"), key, value) {
        char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        const char *name = strncmp(key, "limiter.", 8) == 0 ? key + 8 : key;
        if (used < size) {
            used += (size_t)snprintf(text + used, size - used, "%s%.60s = %.40s", used ? ", " : "",
                                     name, dumped ? dumped : "?");
        }
        free(dumped);
    }
}

static void figure_text(const char *metric, const json_t *figure, char *text, size_t size) {
    double mean = 0.0;
    double low = 0.0;
    double high = 0.0;
    if (!plots_number(figure, "mean", &mean)) {
        snprintf(text, size, "–");
    } else if (plots_number(figure, "low", &low) && plots_number(figure, "high", &high)) {
        snprintf(text, size, "%s (%s to %s)", plots_metric_amount(metric, mean).text,
                 plots_metric_amount(metric, low).text, plots_metric_amount(metric, high).text);
    } else {
        snprintf(text, size, "%s", plots_metric_amount(metric, mean).text);
    }
}

static void sentences(struct plots_sheet *sheet, const json_t *answer, const char *objective) {
    double set_size = 0.0;
    double points = 0.0;
    double gain = 0.0;
    double drop = 0.0;
    char text[640];
    plots_number(answer, "set_size", &set_size);
    plots_number(answer, "points", &points);
    describe_parameters(json_object_get(answer, "recommended"), text, sizeof text);
    plots_markup(sheet, "<ul class=\"answer\">\n<li>");
    plots_say(sheet, "Recommended for %s: %s.", plots_text(answer, "policy", "?"), text);
    plots_markup(sheet, "</li>\n<li>");
    plots_say(sheet, "%s of %s settings cannot be told from the best.", plots_count(set_size).text,
              plots_count(points).text);
    if (plots_number(answer, "gain_over_defaults.mean", &gain)) {
        plots_say(sheet, " Against the defaults, on fresh seeds: %s.",
                  plots_metric_difference(objective, gain).text);
    }
    if (plots_number(answer, "drop_on_unseen", &drop)) {
        plots_say(
            sheet,
            " Chosen without a trace and run on it, a setting gave %s against the one chosen on "
            "it, on average.",
            plots_metric_difference(objective, -drop).text);
    }
    plots_markup(sheet, "</li>\n");
    plots_report_items(sheet, json_object_get(answer, "notes"));
    plots_markup(sheet, "</ul>\n");
}

static void settings_found(struct plots_sheet *sheet, const json_t *answer, const char *objective) {
    static const char *const keys[] = {"recommended", "best", "defaults"};
    plots_table_open(sheet,
                     "On fresh seeds, with 95 % intervals; optimism: what choosing flattered",
                     (const char *[]){"setting", plots_metric_label(objective), "optimism",
                                      "limit errors", "answered 418", "unprotected, p99"},
                     6);
    for (size_t i = 0; i < 3; i++) {
        const json_t *setting = json_object_get(answer, keys[i]);
        char fresh[128];
        double optimism = 0.0;
        double errors = 0.0;
        double banned = 0.0;
        double unprotected = 0.0;
        figure_text(objective, json_object_get(setting, "fresh"), fresh, sizeof fresh);
        const bool chosen = plots_number(setting, "optimism", &optimism);
        plots_number(setting, "metrics.limit_errors", &errors);
        plots_number(setting, "metrics.http_418", &banned);
        const bool measured = plots_number(setting, "metrics.unprotected_p99_s", &unprotected);
        plots_table_row(sheet, keys[i],
                        (const char *[]){
                            fresh, chosen ? plots_metric_difference(objective, optimism).text : "–",
                            plots_count(errors).text, plots_count(banned).text,
                            measured ? plots_seconds(unprotected).text : "–"},
                        5);
    }
    plots_table_close(sheet);
}

/** A row for each parameter that was tuned. */
static void parameters_table(struct plots_sheet *sheet, const json_t *answer) {
    static const char *const keys[] = {"recommended", "best", "defaults"};
    const json_t *recommended = json_object_get(answer, "recommended");
    const char *key = NULL;
    json_t *ignored = NULL;
    plots_table_open(sheet, "The parameters",
                     (const char *[]){"parameter", "recommended", "best", "defaults"}, 4);
    json_object_foreach(json_object_get(recommended, "parameters"), key, ignored) {
        char texts[3][48];
        for (size_t i = 0; i < 3; i++) {
            const json_t *setting = json_object_get(answer, keys[i]);
            const json_t *value = json_object_get(json_object_get(setting, "parameters"), key);
            char *dumped =
                value ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL;
            snprintf(texts[i], sizeof texts[i], "%s", dumped ? dumped : "–");
            free(dumped);
        }
        plots_table_row(sheet, key, (const char *[]){texts[0], texts[1], texts[2]}, 3);
    }
    plots_table_close(sheet);
}

static void unseen(struct plots_sheet *sheet, const json_t *answer, const char *objective) {
    const json_t *left_out = json_object_get(answer, "left_out");
    const json_t *tested = json_object_get(answer, "tested");
    if (json_array_size(left_out) + json_array_size(tested) == 0) {
        return;
    }
    plots_table_open(sheet, "On traces that it was not chosen on",
                     (const char *[]){"trace", plots_metric_label(objective),
                                      "against the setting chosen on it", "gain over the defaults"},
                     4);
    for (int test = 0; test <= 1; test++) {
        size_t index = 0;
        json_t *row = NULL;
        json_array_foreach(test ? tested : left_out, index, row) {
            char fresh[128];
            char drop[128];
            char gain[128];
            double value = 0.0;
            figure_text(objective, json_object_get(row, "fresh"), fresh, sizeof fresh);
            snprintf(drop, sizeof drop, "%s",
                     plots_number(row, "drop.mean", &value)
                         ? plots_metric_difference(objective, -value).text
                         : "–");
            snprintf(gain, sizeof gain, "%s",
                     plots_number(row, "gain_over_defaults.mean", &value)
                         ? plots_metric_difference(objective, value).text
                         : "–");
            plots_table_row(sheet, plots_text(row, "trace", "?"),
                            (const char *[]){fresh, drop, gain}, 3);
        }
    }
    plots_table_close(sheet);
}

/* ---- heatmaps ---- */

static void write_levels(FILE *script, const json_t *levels, const char *name) {
    const char *texts[LEVELS_MAX];
    size_t count = 0;
    size_t longest = 0;
    size_t index = 0;
    json_t *level = NULL;
    char variable[24];
    json_array_foreach(levels, index, level) {
        if (count < LEVELS_MAX && json_is_string(level)) {
            texts[count] = json_string_value(level);
            const size_t length = plots_characters(texts[count++]);
            longest = length > longest ? length : longest;
        }
    }
    snprintf(variable, sizeof variable, "%s_levels", name);
    plots_script_texts(script, variable, texts, count);
    fprintf(script, "%s_count = %zu\n%s_chars = %zu\n", name, count, name, longest);
}

static void write_marks(FILE *script, const json_t *plot) {
    static const char *const marks[] = {"best", "recommended", "defaults"};
    fputs("# x, y, kind: 1 best, 2 recommended, 3 defaults\n$marks << END\n", script);
    for (int i = 0; i < 3; i++) {
        const json_t *at = json_object_get(plot, marks[i]);
        if (json_array_size(at) == 2) {
            fprintf(script, "%.9g %.9g %d\n", json_number_value(json_array_get(at, 0)),
                    json_number_value(json_array_get(at, 1)), i + 1);
        } else {
            fputs("-9 -9 0\n", script);
        }
    }
    fputs("END\n", script);
}

/** What an axis of a heatmap is called. */
static const char *word_of(const json_t *plot, const char *axis) {
    const char *key = plots_text(plot, axis, "?");
    if (strcmp(plots_text(plot, "mode", ""), "together") == 0) {
        return axis[0] == 'x' ? "buffer" : "reserve";
    }
    return strncmp(key, "limiter.", 8) == 0 ? key + 8 : key;
}

/** The value at a level of an axis. */
static const char *level_of(const json_t *plot, const char *levels, double level) {
    const char *text =
        json_string_value(json_array_get(json_object_get(plot, levels), (size_t)level));
    return text ? text : "?";
}

/** Whether one metric of a heatmap's table is the same everywhere: then a sentence says more. */
static bool is_flat(struct plots_sheet *sheet, const char *table, size_t column, double *value) {
    struct plots_rows rows;
    size_t count = 0;
    bool flat = true;
    *value = 0.0;
    if (!plots_rows_open(&rows, sheet->folder, table, HEATMAP_HEADING, sheet->error)) {
        return false;
    }
    while (plots_rows_next(&rows)) {
        if (strcmp(rows.fields[column], "nan") != 0) {
            const double at = plots_rows_number(&rows, column, -AMOUNT_MAX, AMOUNT_MAX);
            *value = count++ == 0 ? at : *value;
            flat = flat && at == *value;
        }
    }
    plots_rows_close(&rows);
    return flat && count > 0;
}

/** Copies one metric of a heatmap's table; its range comes back. */
static bool write_plane(struct plots_sheet *sheet, FILE *script, const char *table, size_t column,
                        const json_t *plot, const char *metric, double *low, double *high) {
    struct plots_rows rows;
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    if (!plots_rows_open(&rows, sheet->folder, table, HEATMAP_HEADING, sheet->error)) {
        return false;
    }
    fputs("# x, y, figure, in the set\n$plane << END\n", script);
    while (plots_rows_next(&rows)) {
        if (strcmp(rows.fields[column], "nan") == 0) {
            continue;
        }
        const double value = plots_rows_number(&rows, column, -AMOUNT_MAX, AMOUNT_MAX);
        const double x = plots_rows_number(&rows, 0, 0, LEVELS_MAX);
        const double y = plots_rows_number(&rows, 1, 0, LEVELS_MAX);
        const bool in_set = plots_rows_number(&rows, 4, 0, 1) > 0.0;
        fprintf(script, "%.0f %.0f %.9g %d \"%s\"\n", x, y, value, in_set,
                plots_metric_amount(metric, value).text);
        plots_figure_hover(sheet, (struct plots_area){x - 0.48, x + 0.48, y - 0.48, y + 0.48},
                           "%.30s %.30s, %.30s %.30s\n%.60s: %s%s", word_of(plot, "x"),
                           level_of(plot, "x_levels", x), word_of(plot, "y"),
                           level_of(plot, "y_levels", y), plots_metric_label(metric),
                           plots_metric_amount(metric, value).text,
                           in_set ? "\ncannot be told from the best" : "");
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
    plots_rows_close(&rows);
    if (*low > *high) {
        *low = *high = 0.0;
        fputs("-9 -9 0 0 \"\"\n", script);
    }
    fputs("END\n", script);
    return !sheet->error->set;
}

static void heatmap(struct plots_sheet *sheet, const json_t *root, const json_t *plot,
                    size_t number, bool errors) {
    const char *objective = plots_text(root, "objective", "?");
    const char *metric = errors ? "limit_errors" : objective;
    const char *mode = plots_text(plot, "mode", "");
    const bool together = strcmp(mode, "together") == 0;
    char name[32];
    char table[96];
    char title[256];
    char text[512];
    double low = 0.0;
    double high = 0.0;
    /* names of files come from the document: nothing but a name of this folder is opened */
    const char *file = plots_text(plot, "name", "");
    snprintf(name, sizeof name, "%zu-%s", number, errors ? "errors" : "plane");
    snprintf(table, sizeof table, "%.80s.tsv", file);
    if (strchr(file, '/')) {
        return;
    }
    if (is_flat(sheet, table, errors ? 6 : 5, &low)) {
        plots_markup(sheet, "<p>");
        plots_say(sheet, "%s, %s: %s with every setting.", plots_text(plot, "policy", "?"),
                  plots_metric_label(metric), plots_metric_amount(metric, low).text);
        plots_markup(sheet, "</p>\n");
        return;
    }
    FILE *script = plots_figure_open(sheet, name);
    if (!script) {
        return;
    }
    write_plane(sheet, script, table, errors ? 6 : 5, plot, metric, &low, &high);
    write_levels(script, json_object_get(plot, "x_levels"), "x");
    write_levels(script, json_object_get(plot, "y_levels"), "y");
    write_marks(script, plot);
    plots_variable_number(script, "value_min", low);
    plots_variable_number(script, "value_max", high);
    char word[200];
    plots_short_name(word_of(plot, "x"), word, sizeof word);
    plots_variable_text(script, "x_word", word);
    plots_short_name(word_of(plot, "y"), word, sizeof word);
    plots_variable_text(script, "y_word", word);
    snprintf(title, sizeof title, "%.60s: %.60s%s%.40s", plots_text(plot, "policy", "?"),
             plots_metric_label(metric), together ? "" : ", mode ", together ? "" : mode);
    snprintf(
        text, sizeof text,
        "Buffer and reserve%s against each other. Faintest: %s, strongest: %s. Dots: settings that "
        "cannot be told from the best.",
        together ? ", all modes together," : "", plots_metric_amount(metric, low).text,
        plots_metric_amount(metric, high).text);
    plots_figure_close(
        sheet, script, weir_plots_plane_gp,
        &(struct plots_caption){
            title, text,
            (const char *const[]){"4", "ring: recommended; diamond: best; cross: defaults", NULL}});
}

/* ---- the front ---- */

/** A point of the front's table. */
struct tried {
    double errors, objective;
    bool on_front, recommended;
};

static int compare_tried(const void *left, const void *right) {
    const struct tried *a = left;
    const struct tried *b = right;
    if (a->errors != b->errors) {
        return a->errors < b->errors ? -1 : 1;
    }
    return (a->objective > b->objective) - (a->objective < b->objective);
}

static struct tried *read_tried(struct plots_sheet *sheet, const char *table, size_t *count) {
    struct plots_rows rows;
    struct tried *all = NULL;
    size_t capacity = 0;
    *count = 0;
    if (!plots_rows_open(&rows, sheet->folder, table,
                         "#limit_errors\tobjective\ton_front\tin_set\trecommended", sheet->error)) {
        return NULL;
    }
    while (plots_rows_next(&rows)) {
        if (*count == capacity) {
            capacity = capacity ? 2 * capacity : 512;
            struct tried *more = realloc(all, capacity * sizeof *more);
            if (!more) {
                plots_fail(sheet->error, "not enough memory");
                break;
            }
            all = more;
        }
        all[(*count)++] = (struct tried){plots_rows_number(&rows, 0, 0.0, AMOUNT_MAX),
                                         plots_rows_number(&rows, 1, -AMOUNT_MAX, AMOUNT_MAX),
                                         plots_rows_number(&rows, 2, 0.0, 1.0) > 0.0,
                                         plots_rows_number(&rows, 4, 0.0, 1.0) > 0.0};
    }
    plots_rows_close(&rows);
    return all;
}

static void write_tried(struct plots_sheet *sheet, FILE *script, const struct tried *all,
                        size_t count, const char *objective) {
    double low = HUGE_VAL;
    double high = -HUGE_VAL;
    double errors = 0.0;
    fputs("# limit errors, objective, on the front, recommended\n$points << END\n", script);
    for (size_t i = 0; i < count; i++) {
        const bool again = i > 0 && all[i].errors == all[i - 1].errors &&
                           all[i].objective == all[i - 1].objective &&
                           all[i].on_front == all[i - 1].on_front && !all[i].recommended;
        if (!again) {
            fprintf(script, "%.9g %.9g %d %d\n", all[i].errors, all[i].objective, all[i].on_front,
                    all[i].recommended);
        }
        low = fmin(low, all[i].objective);
        high = fmax(high, all[i].objective);
        errors = fmax(errors, all[i].errors);
    }
    fputs("END\n$front << END\n", script);
    for (size_t i = 0; i < count; i++) {
        if (all[i].on_front) {
            fprintf(script, "%.9g %.9g\n", all[i].errors, all[i].objective);
        }
    }
    fputs("END\n", script);
    const double room = fmax(0.06 * (high - low), 0.005);
    plots_variable_number(script, "x_from", -0.02 * fmax(errors, 1.0));
    plots_variable_number(script, "x_until", 1.04 * fmax(errors, 1.0));
    plots_variable_number(script, "y_from", low - room);
    plots_variable_number(script, "y_until", high + room);
    fprintf(script, "y_percent = %d\n", plots_is_share(objective));
    for (size_t i = 0; i < count; i++) {
        const double x = 0.008 * fmax(errors, 1.0);
        const double y = 0.015 * (high - low + 2.0 * room);
        if (all[i].on_front || all[i].recommended) {
            plots_figure_hover(
                sheet,
                (struct plots_area){all[i].errors - x, all[i].errors + x, all[i].objective - y,
                                    all[i].objective + y},
                "%.60s: %s\nlimit errors a run: %s%s%s", plots_metric_label(objective),
                plots_metric_amount(objective, all[i].objective).text,
                plots_count(all[i].errors).text, all[i].on_front ? "\non the front" : "",
                all[i].recommended ? "\nrecommended" : "");
        }
    }
}

static void front(struct plots_sheet *sheet, const json_t *root, const json_t *plot,
                  size_t number) {
    char name[32];
    char table[96];
    char title[256];
    const char *file = plots_text(plot, "name", "");
    size_t count = 0;
    snprintf(name, sizeof name, "%zu-front", number);
    snprintf(table, sizeof table, "%.80s.tsv", file);
    struct tried *all = strchr(file, '/') ? NULL : read_tried(sheet, table, &count);
    double errors = 0.0;
    for (size_t i = 0; i < count; i++) {
        errors = fmax(errors, all[i].errors);
    }
    if (count > 0 && errors == 0.0) {
        plots_markup(sheet, "<p>");
        plots_say(sheet, "%s: no setting met a limit error, so there is no front to draw.",
                  plots_text(plot, "policy", "?"));
        plots_markup(sheet, "</p>\n");
    }
    FILE *script = all && errors > 0.0 ? plots_figure_open(sheet, name) : NULL;
    if (script) {
        qsort(all, count, sizeof *all, compare_tried);
        write_tried(sheet, script, all, count, plots_text(root, "objective", "?"));
        fputs("y_chars = 6\n", script);
        snprintf(title, sizeof title, "%.60s: %.60s against limit errors",
                 plots_text(plot, "policy", "?"),
                 plots_metric_label(plots_text(root, "objective", "?")));
        plots_figure_close(
            sheet, script, weir_plots_front_gp,
            &(struct plots_caption){
                title,
                "Each dot a setting; those on the line are the front: none has more with fewer "
                "errors. Ring: recommended.",
                (const char *const[]){"1", "on the front", "2", "others", NULL}});
    }
    free(all);
}

/* ---- slices ---- */

#define SLICES_HEADING "#level\tvalue\tobjective\tlow\thigh\tin_set"

/** One parameter at a time: a table of intervals for each axis, whose blocks lie one after the
 *  other in the table. */
static void slices(struct plots_sheet *sheet, const json_t *root, const json_t *plot,
                   size_t number) {
    const char *objective = plots_text(root, "objective", "?");
    const char *file = plots_text(plot, "name", "");
    const json_t *axes = json_object_get(plot, "axes");
    const bool share = plots_is_share(objective);
    struct plots_rows rows;
    char table[96];
    size_t axis = 0;
    snprintf(table, sizeof table, "%.80s.tsv", file);
    if (strchr(file, '/') ||
        !plots_rows_open(&rows, sheet->folder, table, SLICES_HEADING, sheet->error)) {
        return;
    }
    bool more = plots_rows_next(&rows);
    while (more && axis < json_array_size(axes)) {
        const json_t *at = json_array_get(axes, axis++);
        const size_t levels = json_array_size(json_object_get(at, "levels"));
        const json_int_t together = json_integer_value(json_object_get(at, "together"));
        const json_int_t chosen = json_integer_value(json_object_get(at, "recommended"));
        struct plots_interval lines[LEVELS_MAX];
        size_t count = 0;
        double last = -1.0;
        while (more && count < LEVELS_MAX) {
            const double level = plots_rows_number(&rows, 0, 0.0, AMOUNT_MAX);
            if (level <= last || count == levels) {
                break;
            }
            struct plots_interval *line = &lines[count++];
            *line = (struct plots_interval){
                .mean = plots_rows_number(&rows, 2, -AMOUNT_MAX, AMOUNT_MAX),
                .low = plots_rows_number(&rows, 3, -AMOUNT_MAX, AMOUNT_MAX),
                .high = plots_rows_number(&rows, 4, -AMOUNT_MAX, AMOUNT_MAX),
                .role = plots_rows_number(&rows, 5, 0.0, 1.0) > 0.0 ? 1 : 2};
            snprintf(line->name, sizeof line->name, "%.60s%s", rows.fields[1],
                     (json_int_t)level == chosen ? ", recommended" : "");
            snprintf(line->value, sizeof line->value, "%s",
                     plots_metric_amount(objective, line->mean).text);
            last = level;
            more = plots_rows_next(&rows);
        }
        char name[32];
        char title[256];
        const char *key = plots_text(at, "key", "?");
        snprintf(name, sizeof name, "%zu-slice-%zu", number, axis);
        snprintf(title, sizeof title, "%.60s: %.60s along %.60s%s", plots_text(plot, "policy", "?"),
                 plots_metric_label(objective), strncmp(key, "limiter.", 8) == 0 ? key + 8 : key,
                 together > 1 ? " and what moves with it" : "");
        plots_levels(
            sheet, name, lines, count, share ? 100.0 : 1.0,
            &(struct plots_caption){
                title,
                "One parameter at a time, the others as recommended: mean and 95 % "
                "interval. The axis begins where the figures do.",
                (const char *const[]){"1", "cannot be told from the best", "2", "others", NULL}});
    }
    plots_rows_close(&rows);
}

static void figures(struct plots_sheet *sheet, const json_t *root, const char *policy) {
    size_t index = 0;
    json_t *plot = NULL;
    json_array_foreach(json_object_get(root, "plots"), index, plot) {
        const char *kind = plots_text(plot, "kind", "");
        if (strcmp(plots_text(plot, "policy", ""), policy) != 0) {
            continue;
        }
        if (strcmp(kind, "heatmap") == 0) {
            heatmap(sheet, root, plot, index + 1, false);
            heatmap(sheet, root, plot, index + 1, true);
        } else if (strcmp(kind, "pareto") == 0) {
            front(sheet, root, plot, index + 1);
        } else if (strcmp(kind, "slices") == 0) {
            slices(sheet, root, plot, index + 1);
        }
    }
}

void plots_report_tune(struct plots_sheet *sheet, const struct plots_source *source) {
    const json_t *root = source->root;
    const char *objective = plots_text(root, "objective", "?");
    size_t index = 0;
    json_t *answer = NULL;
    json_array_foreach(json_object_get(root, "policies"), index, answer) {
        const char *policy = plots_text(answer, "policy", "?");
        plots_heading(sheet, 0, "Policy %s", policy);
        sentences(sheet, answer, objective);
        settings_found(sheet, answer, objective);
        parameters_table(sheet, answer);
        unseen(sheet, answer, objective);
        if (source->has_tables) {
            figures(sheet, root, policy);
        }
    }
}
