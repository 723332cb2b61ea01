#ifndef WEIR_PLOTS_SHEET_H
#define WEIR_PLOTS_SHEET_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "error.h"
#include "rows.h"

/**
 * A page in the making: text, and figures among it. A figure is written as a gnuplot script beside
 * the data of its result; all scripts of a result are drawn at once when the page is finished, each
 * in two widths (for a screen and for a phone), and set into the text where they belong.
 */

/** A figure that is still to be drawn. */
struct plots_drawing {
    size_t offset; /**< where in the text it stands */
    int folder;    /**< of its script */
    char *script;  /**< its name, without the ending .gp */
    char *title;
    char *description;
    FILE *areas; /**< where its marks are, while they are added; else NULL */
    char *area_text;
    size_t area_length;
    char **hovers; /**< titles of its marks */
    size_t hover_count;
};

struct plots_sheet {
    FILE *html; /**< where sections write */
    char *text;
    size_t length;
    struct plots_drawing *drawings;
    size_t count, capacity;
    int folder;         /**< of the scripts that follow */
    const char *prefix; /**< of their names */
    unsigned tables;    /**< written so far, for ids */
    unsigned words;     /**< columns of the open table that hold words, a bit each */
    unsigned level;     /**< of the headings that follow */
    bool unwritable;    /**< a script could not be written: the error is not of the input */
    struct plots_error *error;
};

/** What stands with a figure. */
struct plots_caption {
    const char *title;       /**< a few words; data allowed */
    const char *description; /**< what it shows and how to read it; data allowed */
    const char *const
        *legend; /**< pairs of a role ("1" to "9") and a text, NULL at the end; or NULL */
};

/** The head of a column of words. */
#define PLOTS_WORDS_MARK "\t"
#define PLOTS_WORDS(head) (PLOTS_WORDS_MARK head)

/** Starts a page. False if memory is short. */
bool plots_sheet_open(struct plots_sheet *sheet, struct plots_error *error);

/** Frees the page. */
void plots_sheet_close(struct plots_sheet *sheet);

/** Starts the script of a figure. NULL with an error if it cannot be written. */
FILE *plots_figure_open(struct plots_sheet *sheet, const char *name);

/** A rectangle of a figure, in the units of its axes. */
struct plots_area {
    double x_from, x_until, y_from, y_until;
};

/** Adds what the pointer finds over an area of the figure, as text of one line or several; before
 *  its script is closed, in the order in which areas are to cover each other. */
void plots_figure_hover(struct plots_sheet *sheet, struct plots_area area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Ends the script with a body that draws what stands above, and sets the figure into the text. */
void plots_figure_close(struct plots_sheet *sheet, FILE *script, const char *body,
                        const struct plots_caption *caption);

/** Draws all figures and writes the page. With `program` NULL they are left out, with a word in
 *  their place. False with an error. */
bool plots_sheet_finish(struct plots_sheet *sheet, const char *program, FILE *out);

/** Writes text: data may be in the arguments, for everything is escaped. */
void plots_say(struct plots_sheet *sheet, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Writes markup as it is: no data may be in it. */
void plots_markup(struct plots_sheet *sheet, const char *markup);

/** Writes a heading of the current level plus `below`, escaped. */
void plots_heading(struct plots_sheet *sheet, unsigned below, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Begins a table in a box of its own that scrolls; `columns` are its heads, the first that of the
 *  rows' names. A head made with PLOTS_WORDS is of a column of words, not of figures. */
void plots_table_open(struct plots_sheet *sheet, const char *caption, const char *const *columns,
                      size_t count);

/** Writes a row: its name, then `count` cells. */
void plots_table_row(struct plots_sheet *sheet, const char *name, const char *const *cells,
                     size_t count);

void plots_table_close(struct plots_sheet *sheet);

#endif
