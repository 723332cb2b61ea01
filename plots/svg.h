#ifndef WEIR_PLOTS_SVG_H
#define WEIR_PLOTS_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** What a picture in the page says of itself. */
struct plots_svg_words {
    const char *id;          /**< unique in the page; letters, digits, hyphens */
    const char *title;       /**< a few words */
    const char *description; /**< what it shows, for those who cannot see it */
    char *const *hovers;     /**< titles of its marks, shown under the pointer, lines by \n */
    size_t hover_count;
};

/**
 * Writes an SVG that gnuplot made with common.gp into a page: scalable, with title and description,
 * its colours as the page's CSS variables, without what repeats in every picture. Each of the
 * unseen rectangles that the script drew over its marks gets the next of the hovers; where these
 * are fewer, those left over are dropped. False if it is
 * not such a picture.
 */
bool plots_svg_inline(FILE *page, const char *svg, const struct plots_svg_words *words);

/** Writes the marks that such pictures share; once, before the first. */
void plots_svg_marks(FILE *page);

#endif
