#ifndef WEIR_PLOTS_DRAWING_H
#define WEIR_PLOTS_DRAWING_H

#include <stdio.h>

#include "error.h"
#include "plots.h"

/** A script and its pictures: NAME.gp, NAME.svg and NAME.png. */
struct plots_plot {
    const char *name; /**< at most 48 characters */
    const char *body; /**< the fixed part of its script */
};

/** The pictures of one folder in the making. */
struct plots_album {
    int folder;
    const char
        *program; /**< gnuplot; NULL if it is not there: the scripts are written all the same */
    char warning[512]; /**< the first that it gave */
    struct plots_error *error;
};

/** Writes the scripts of a folder and has each drawn. `what` is what the caller passed on. Errors
 *  go into album->error. */
typedef void plots_album_fill(struct plots_album *album, const void *what);

/**
 * Makes the pictures of a folder: opens it, looks for gnuplot, lets `fill` do its work, and says
 * how it came out, in words in `error` (may be NULL, of `error_size` bytes). `scripts` names what
 * lies where if gnuplot is missing, as in "The script trace.gp is in the folder".
 */
enum weir_plots_status plots_album_make(const char *path, plots_album_fill *fill, const void *what,
                                        const char *scripts, char *error, size_t error_size);

/** Removes the pictures of a plot, if they are there. */
void plots_pictures_remove(const struct plots_album *album, const struct plots_plot *plot);

/** Removes the older pictures of a plot and starts its script: what is set for one result comes
 *  next. NULL with an error if it cannot be written. */
FILE *plots_script_start(struct plots_album *album, const struct plots_plot *plot);

/** Ends a script with its fixed part, puts it in place, and draws its pictures, both or neither;
 *  after an error none is drawn any more, but scripts are still written. */
void plots_script_finish(struct plots_album *album, const struct plots_plot *plot, FILE *script);

#endif
