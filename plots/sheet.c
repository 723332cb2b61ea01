#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "gnuplot.h"
#include "picture.h"
#include "quote.h"
#include "scripts.h"
#include "svg.h"
#include "variable.h"

#define NAME_SIZE 64
#define TEXT_SIZE 2048
#define NARROW_HOVERS_MAX 64
#define LONG_TEXT 32 /* a longer one is worth a second line */

/** The two widths, as gnuplot and the page know them. */
static const struct {
    const char *definitions;
    const char *tail;
    const char *class;
} WIDTHS[] = {
    {"picture_width = 820.; picture_tail = \".svg" PLOTS_PART "\"", ".svg", "wide"},
    {"picture_width = 358.; picture_tail = \".narrow.svg" PLOTS_PART "\"", ".narrow.svg", "narrow"},
};
#define WIDTH_COUNT (sizeof WIDTHS / sizeof WIDTHS[0])

bool plots_sheet_open(struct plots_sheet *sheet, struct plots_error *error) {
    *sheet = (struct plots_sheet){.folder = -1, .prefix = "", .level = 2, .error = error};
    sheet->html = open_memstream(&sheet->text, &sheet->length);
    return sheet->html || plots_fail(error, "not enough memory");
}

void plots_sheet_close(struct plots_sheet *sheet) {
    if (sheet->html) {
        fclose(sheet->html);
    }
    for (size_t i = 0; i < sheet->count; i++) {
        struct plots_drawing *d = &sheet->drawings[i];
        for (size_t h = 0; h < d->hover_count; h++) {
            free(d->hovers[h]);
        }
        free(d->hovers);
        if (d->areas) {
            fclose(d->areas);
        }
        free(d->area_text);
        free(d->script);
        free(d->title);
        free(d->description);
    }
    free(sheet->drawings);
    free(sheet->text);
    *sheet = (struct plots_sheet){0};
}

/* ---- text ---- */

void plots_markup(struct plots_sheet *sheet, const char *markup) {
    fputs(markup, sheet->html);
}

void plots_say(struct plots_sheet *sheet, const char *format, ...) {
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    plots_escape(sheet->html, text);
}

void plots_heading(struct plots_sheet *sheet, unsigned below, const char *format, ...) {
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const unsigned level = sheet->level + below;
    fprintf(sheet->html, "<h%u>", level);
    plots_escape(sheet->html, text);
    fprintf(sheet->html, "</h%u>\n", level);
}

void plots_table_open(struct plots_sheet *sheet, const char *caption, const char *const *columns,
                      size_t count) {
    fprintf(sheet->html,
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"table%u\">"
            "<table><caption id=\"table%u\"><span>",
            sheet->tables, sheet->tables);
    sheet->tables++;
    sheet->words = 0;
    plots_escape(sheet->html, caption);
    plots_markup(sheet, "</span></caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        const bool words = columns[i][0] == PLOTS_WORDS_MARK[0];
        sheet->words |= words ? 1U << i : 0;
        plots_markup(sheet, words ? "<th scope=\"col\" class=\"t\">" : "<th scope=\"col\">");
        plots_escape(sheet->html, columns[i] + words);
        plots_markup(sheet, "</th>");
    }
    plots_markup(sheet, "</tr></thead>\n<tbody>\n");
}

void plots_table_row(struct plots_sheet *sheet, const char *name, const char *const *cells,
                     size_t count) {
    plots_markup(sheet, "<tr><th scope=\"row\">");
    plots_escape(sheet->html, name);
    plots_markup(sheet, "</th>");
    for (size_t i = 0; i < count; i++) {
        const bool words = sheet->words & 1U << (i + 1);
        const bool wraps = words && strlen(cells[i]) > LONG_TEXT;
        plots_markup(sheet, wraps ? "<td class=\"t long\">" : words ? "<td class=\"t\">" : "<td>");
        plots_escape(sheet->html, cells[i]);
        plots_markup(sheet, "</td>");
    }
    plots_markup(sheet, "</tr>\n");
}

void plots_table_close(struct plots_sheet *sheet) {
    plots_markup(sheet, "</tbody></table></div>\n");
}

/* ---- figures ---- */

static struct plots_drawing *add_drawing(struct plots_sheet *sheet) {
    if (sheet->count == sheet->capacity) {
        const size_t capacity = sheet->capacity ? 2 * sheet->capacity : 32;
        struct plots_drawing *more = realloc(sheet->drawings, capacity * sizeof *more);
        if (!more) {
            plots_fail(sheet->error, "not enough memory");
            return NULL;
        }
        sheet->drawings = more;
        sheet->capacity = capacity;
    }
    struct plots_drawing *drawing = &sheet->drawings[sheet->count++];
    *drawing = (struct plots_drawing){.folder = sheet->folder};
    return drawing;
}

FILE *plots_figure_open(struct plots_sheet *sheet, const char *name) {
    char script[NAME_SIZE];
    char file[NAME_SIZE];
    snprintf(script, sizeof script, "%.20s%.30s", sheet->prefix, name);
    snprintf(file, sizeof file, "%.50s.gp", script);
    struct plots_drawing *drawing = sheet->error->set ? NULL : add_drawing(sheet);
    if (!drawing || !(drawing->script = strdup(script))) {
        plots_fail(sheet->error, "not enough memory");
        return NULL;
    }
    FILE *out = plots_folder_create(sheet->folder, file, sheet->error);
    sheet->unwritable = sheet->unwritable || !out;
    if (out) {
        fputs("# Written by weir for one report; a new one of it overwrites this file.\n", out);
        plots_variable_text(out, "name", script);
    }
    return out;
}

void plots_figure_hover(struct plots_sheet *sheet, struct plots_area area, const char *format,
                        ...) {
    struct plots_drawing *drawing = &sheet->drawings[sheet->count - 1];
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!drawing->hovers) {
        drawing->areas = open_memstream(&drawing->area_text, &drawing->area_length);
    }
    char **more = realloc(drawing->hovers, (drawing->hover_count + 1) * sizeof *more);
    if (more) {
        drawing->hovers = more;
    }
    char *title = more && drawing->areas ? strdup(text) : NULL;
    if (!title) {
        plots_fail(sheet->error, "not enough memory");
        return;
    }
    drawing->hovers[drawing->hover_count++] = title;
    fprintf(drawing->areas, "%.9g %.9g %.9g %.9g\n", area.x_from, area.x_until, area.y_from,
            area.y_until);
}

/** Puts the areas that have a title into the script. */
static void write_areas(struct plots_drawing *drawing, FILE *script) {
    fputs("# for the pointer: x from, x until, y from, y until\n$areas << END\n", script);
    if (drawing->areas) {
        fclose(drawing->areas);
        drawing->areas = NULL;
        fputs(drawing->area_text, script);
    } else {
        fputs("NaN NaN NaN NaN\n", script);
    }
    fputs("END\n", script);
}

static void write_legend(struct plots_sheet *sheet, const char *const *legend) {
    plots_markup(sheet, "<ul class=\"legend\">");
    for (; legend && legend[0]; legend += 2) {
        fprintf(sheet->html, "<li><i class=\"r%s\"></i>", legend[0]);
        plots_escape(sheet->html, legend[1]);
        plots_markup(sheet, "</li>");
    }
    plots_markup(sheet, "</ul>");
}

void plots_figure_close(struct plots_sheet *sheet, FILE *script, const char *body,
                        const struct plots_caption *caption) {
    struct plots_drawing *drawing = &sheet->drawings[sheet->count - 1];
    char file[NAME_SIZE];
    snprintf(file, sizeof file, "%.50s.gp", drawing->script);
    write_areas(drawing, script);
    fputc('\n', script);
    fputs(weir_plots_common_gp, script);
    fputs(body, script);
    drawing->title = strdup(caption->title);
    drawing->description = strdup(caption->description);
    if (!plots_folder_commit(sheet->folder, file, script, sheet->error) || !drawing->title ||
        !drawing->description) {
        sheet->unwritable = true;
        plots_fail(sheet->error, "not enough memory");
        return;
    }
    plots_markup(sheet, "<figure><figcaption><b>");
    plots_escape(sheet->html, caption->title);
    plots_markup(sheet, "</b> ");
    plots_escape(sheet->html, caption->description);
    if (caption->legend) {
        write_legend(sheet, caption->legend);
    }
    plots_markup(sheet, "</figcaption>\n");
    fflush(sheet->html);
    drawing->offset = sheet->length;
    plots_markup(sheet, "</figure>\n");
}

/* ---- drawing ---- */

/** Draws, in one run of gnuplot, all figures whose scripts lie in one folder. */
static bool draw_folder(struct plots_sheet *sheet, const char *program, int folder, size_t width) {
    char files[PLOTS_SCRIPTS_MAX][NAME_SIZE];
    const char *scripts[PLOTS_SCRIPTS_MAX];
    char warnings[512];
    size_t count = 0;
    for (size_t i = 0; i < sheet->count && count < PLOTS_SCRIPTS_MAX; i++) {
        if (sheet->drawings[i].folder == folder) {
            snprintf(files[count], NAME_SIZE, "%.50s.gp", sheet->drawings[i].script);
            scripts[count] = files[count];
            count++;
        }
    }
    return plots_gnuplot_run_all(program, folder, WIDTHS[width].definitions, scripts, count,
                                 warnings, sizeof warnings, sheet->error);
}

static bool draw_all(struct plots_sheet *sheet, const char *program) {
    for (size_t i = 0; i < sheet->count; i++) {
        bool drawn = false;
        for (size_t before = 0; before < i; before++) {
            drawn = drawn || sheet->drawings[before].folder == sheet->drawings[i].folder;
        }
        for (size_t w = 0; !drawn && w < WIDTH_COUNT; w++) {
            if (!draw_folder(sheet, program, sheet->drawings[i].folder, w)) {
                return false;
            }
        }
    }
    return true;
}

static char *read_whole(int folder, const char *name, struct plots_error *error) {
    char *text = NULL;
    size_t length = 0;
    FILE *file = plots_folder_read(folder, name, error);
    FILE *copy = file ? open_memstream(&text, &length) : NULL;
    if (copy) {
        char block[4096];
        for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;) {
            fwrite(block, 1, got, copy);
        }
        fclose(copy);
    }
    if (file) {
        fclose(file);
    }
    return text;
}

/** Sets one width of a figure into the page; the wide one stays beside its script as NAME.svg. */
static bool place(const struct plots_sheet *sheet, size_t index, size_t width, FILE *out) {
    const struct plots_drawing *d = &sheet->drawings[index];
    char part[NAME_SIZE + 16];
    char picture[NAME_SIZE];
    char id[32];
    snprintf(picture, sizeof picture, "%.40s%s", d->script, WIDTHS[width].tail);
    snprintf(part, sizeof part, "%s" PLOTS_PART, picture);
    snprintf(id, sizeof id, "f%zu%c", index, WIDTHS[width].class[0]);
    char *svg = plots_picture_whole(d->folder, picture, sheet->error)
                    ? read_whole(d->folder, part, sheet->error)
                    : NULL;
    /* a narrow screen has no pointer that could find one of many */
    const bool all = width == 0 || d->hover_count <= NARROW_HOVERS_MAX;
    const struct plots_svg_words words = {id, d->title, d->description, d->hovers,
                                          all ? d->hover_count : 0};
    fprintf(out, "<div class=\"%s\">", WIDTHS[width].class);
    const bool placed = svg && plots_svg_inline(out, svg, &words);
    fputs("</div>", out);
    free(svg);
    if (width == 0 && placed) {
        return plots_folder_rename(d->folder, picture, sheet->error);
    }
    plots_folder_remove(d->folder, picture);
    return placed || plots_fail(sheet->error, "%s: gnuplot drew no picture", picture);
}

/** Removes what was drawn when not all of it could be. */
static void remove_pictures(const struct plots_sheet *sheet) {
    for (size_t i = 0; i < sheet->count; i++) {
        for (size_t w = 0; w < WIDTH_COUNT && sheet->drawings[i].script; w++) {
            char picture[NAME_SIZE];
            snprintf(picture, sizeof picture, "%.40s%s", sheet->drawings[i].script, WIDTHS[w].tail);
            plots_folder_remove(sheet->drawings[i].folder, picture);
        }
    }
}

bool plots_sheet_finish(struct plots_sheet *sheet, const char *program, FILE *out) {
    fflush(sheet->html);
    if (sheet->error->set || (program && !draw_all(sheet, program))) {
        remove_pictures(sheet);
        return false;
    }
    size_t written = 0;
    for (size_t i = 0; i < sheet->count; i++) {
        const size_t offset = sheet->drawings[i].offset;
        fwrite(sheet->text + written, 1, offset - written, out);
        written = offset;
        if (!program) {
            fputs("<p class=\"note\">Not drawn: gnuplot was not installed.</p>", out);
        }
        for (size_t w = 0; program && w < WIDTH_COUNT; w++) {
            if (!place(sheet, i, w, out)) {
                remove_pictures(sheet);
                return false;
            }
        }
    }
    fwrite(sheet->text + written, 1, sheet->length - written, out);
    return true;
}
