#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "report_parts.h"
#include "scripts.h"
#include "variable.h"

#define NAME_CHARACTERS 28
#define NAME_SIZE (4 * NAME_CHARACTERS + 8)

size_t plots_characters(const char *text) {
    size_t count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

void plots_short_name(const char *text, char *name, size_t size) {
    plots_clean(text, NAME_CHARACTERS, name, size);
}

void plots_script_texts(FILE *script, const char *name, const char *const *texts, size_t count) {
    fprintf(script, "array %s[%zu]\n", name, count ? count : 1);
    for (size_t i = 0; i < count; i++) {
        char clean[NAME_SIZE];
        plots_short_name(texts[i], clean, sizeof clean);
        fprintf(script, "%s[%zu] = ", name, i + 1);
        plots_quote(script, clean);
        fputc('\n', script);
    }
}

/** Names and values of rows, and how much room they need. */
static void write_row_texts(FILE *script, const char *const *names, const char *const *values,
                            size_t count) {
    size_t name_characters = 0;
    size_t value_characters = 0;
    for (size_t i = 0; i < count; i++) {
        char clean[NAME_SIZE];
        plots_short_name(names[i], clean, sizeof clean);
        const size_t name = plots_characters(clean);
        const size_t value = plots_characters(values[i]);
        name_characters = name > name_characters ? name : name_characters;
        value_characters = value > value_characters ? value : value_characters;
    }
    plots_script_texts(script, "row_name", names, count);
    plots_script_texts(script, "row_value", values, count);
    plots_variable_number(script, "row_chars", (double)name_characters);
    plots_variable_number(script, "value_chars", (double)value_characters);
    fprintf(script, "rows = %zu\n", count);
}

/** Starts a figure of rows, with room for their names and then their values, which the caller
 *  frees. NULL if there is nothing to draw, or with an error. */
static FILE *open_rows(struct plots_sheet *sheet, const char *figure, size_t count,
                       const char ***texts) {
    *texts = calloc(2 * count + 1, sizeof **texts);
    FILE *script = *texts && count > 0 ? plots_figure_open(sheet, figure) : NULL;
    if (!script) {
        free(*texts);
    }
    return script;
}

static double sum_of(const struct plots_bar *bar, size_t parts) {
    double sum = 0.0;
    for (size_t p = 0; p < parts; p++) {
        sum += bar->parts[p];
    }
    return sum;
}

static void write_bars(FILE *script, const struct plots_bar *bars, size_t count, size_t parts,
                       const int *roles) {
    double most = 0.0;
    size_t drawn = 0;
    fprintf(script, "array row_end[%zu]\n", count);
    fputs("# row, from, until, colour\n$bars << END\n", script);
    for (size_t i = 0; i < count; i++) {
        double from = 0.0;
        for (size_t p = 0; p < parts; p++) {
            if (bars[i].parts[p] > 0.0) {
                fprintf(script, "%zu %.9g %.9g %d\n", i + 1, from, from + bars[i].parts[p],
                        roles[p]);
                from += bars[i].parts[p];
                drawn++;
            }
        }
        most = fmax(most, from);
    }
    if (drawn == 0) {
        fputs("1 0 0 1\n", script);
    }
    fputs("END\n", script);
    for (size_t i = 0; i < count; i++) {
        fprintf(script, "row_end[%zu] = %.9g\n", i + 1, sum_of(&bars[i], parts));
    }
    fprintf(script, "bars = %zu\n", drawn ? drawn : 1);
    plots_variable_number(script, "x_max", most > 0.0 ? most : 1.0);
}

/** For the pointer: every part of a row. */
static void add_bar_hover(struct plots_sheet *sheet, const struct plots_bar *bar, size_t row,
                          size_t parts, const char *const *part_names,
                          struct plots_amount (*amount)(double)) {
    char text[512];
    size_t used = (size_t)snprintf(text, sizeof text, "%.80s", bar->name);
    for (size_t p = 0; p < parts && used < sizeof text; p++) {
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%.40s: %s", part_names ? "\n" : "",
                             part_names ? part_names[p] : "", amount(bar->parts[p]).text);
    }
    const double sum = sum_of(bar, parts);
    plots_figure_hover(
        sheet,
        (struct plots_area){0.0, sum > 0.0 ? sum : 1.0, (double)row + 0.5, (double)row + 1.5},
        "%s%s%s", text, part_names ? "\n" : " · ", bar->value);
}

void plots_bars(struct plots_sheet *sheet, const char *figure, const struct plots_bar *bars,
                size_t count, size_t parts, const int *roles, const char *const *part_names,
                struct plots_amount (*amount)(double), const struct plots_caption *caption) {
    const char **texts = NULL;
    FILE *script = open_rows(sheet, figure, count, &texts);
    if (!script) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = bars[i].name;
        texts[count + i] = bars[i].value;
    }
    write_row_texts(script, texts, texts + count, count);
    write_bars(script, bars, count, parts, roles);
    for (size_t i = 0; i < count; i++) {
        add_bar_hover(sheet, &bars[i], i, parts, part_names, amount);
    }
    plots_figure_close(sheet, script, weir_plots_bars_gp, caption);
    free(texts);
}

/** Ends of an axis. */
struct range {
    double from, until;
};

/** The range that holds all intervals. */
static struct range range_of(const struct plots_interval *rows, size_t count, double scale) {
    struct range range = {HUGE_VAL, -HUGE_VAL};
    for (size_t i = 0; i < count; i++) {
        range.from = fmin(range.from, rows[i].low * scale);
        range.until = fmax(range.until, rows[i].high * scale);
    }
    return range;
}

/** For the pointer: each interval. */
static void add_interval_hovers(struct plots_sheet *sheet, const struct plots_interval *rows,
                                size_t count, double scale, double width) {
    for (size_t i = 0; i < count; i++) {
        const struct plots_interval *row = &rows[i];
        const double middle = (row->low + row->high) / 2.0 * scale;
        const double half = fmax((row->high - row->low) / 2.0 * scale, 0.02 * width);
        plots_figure_hover(
            sheet,
            (struct plots_area){middle - half, middle + half, (double)i + 0.5, (double)i + 1.5},
            "%.90s\n%.2f, from %.2f to %.2f\n%s", row->name, row->mean * scale, row->low * scale,
            row->high * scale, row->value);
    }
}

static void draw_intervals(struct plots_sheet *sheet, const char *figure,
                           const struct plots_interval *rows, size_t count, double scale,
                           struct range range, double reference,
                           const struct plots_caption *caption) {
    const char **texts = NULL;
    FILE *script = open_rows(sheet, figure, count, &texts);
    if (!script) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = rows[i].name;
        texts[count + i] = rows[i].value;
    }
    const double width = range.until - range.from;
    write_row_texts(script, texts, texts + count, count);
    plots_variable_number(script, "x_from", range.from - 0.05 * width);
    plots_variable_number(script, "x_until", range.until + 0.05 * width);
    plots_variable_number(script, "reference", reference * scale);
    add_interval_hovers(sheet, rows, count, scale, width);
    fputs("# row, low, high, mean, colour\n$rows << END\n", script);
    for (size_t i = 0; i < count; i++) {
        fprintf(script, "%zu %.9g %.9g %.9g %d\n", i + 1, rows[i].low * scale, rows[i].high * scale,
                rows[i].mean * scale, rows[i].role);
    }
    fputs("END\n", script);
    plots_figure_close(sheet, script, weir_plots_intervals_gp, caption);
    free(texts);
}

void plots_intervals(struct plots_sheet *sheet, const char *figure,
                     const struct plots_interval *rows, size_t count, double scale,
                     double reference, const struct plots_caption *caption) {
    struct range range = range_of(rows, count, scale);
    /* the line of no difference belongs to it, and an axis of less than a point would make much of
     * nothing */
    range.from = fmin(range.from, -0.5);
    range.until = fmax(range.until, 0.5);
    draw_intervals(sheet, figure, rows, count, scale, range, reference, caption);
}

void plots_levels(struct plots_sheet *sheet, const char *figure, const struct plots_interval *rows,
                  size_t count, double scale, const struct plots_caption *caption) {
    struct range range = range_of(rows, count, scale);
    const double least = fmax(1e-3 * fabs(range.until), 1e-6);
    if (range.until - range.from < least) {
        range.from -= least;
        range.until += least;
    }
    draw_intervals(sheet, figure, rows, count, scale, range, 0.0, caption);
}
