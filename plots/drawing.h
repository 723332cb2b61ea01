#ifndef WEIR_PLOTS_DRAWING_H
#define WEIR_PLOTS_DRAWING_H

#include <stdio.h>

#include "error.h"

/** A script and its pictures: NAME.gp, NAME.svg and NAME.png. */
struct plots_plot {
    const char *name; /**< at most 48 characters */
    const char *body; /**< the fixed part of its script */
};

/** Starts the script of a plot: what is set for one result comes next. NULL with an error if it
 *  cannot be written. */
FILE *plots_script_start(const struct plots_plot *plot, int folder, struct plots_error *error);

/** Ends a script with its fixed part and puts it in place. */
bool plots_script_finish(const struct plots_plot *plot, int folder, FILE *script,
                         struct plots_error *error);

/** Removes the pictures of a plot, if they are there. */
void plots_pictures_remove(const struct plots_plot *plot, int folder);

/** Runs a script and puts both of its pictures in place, or neither. */
bool plots_draw(const struct plots_plot *plot, const char *program, int folder, char *warnings,
                size_t size, struct plots_error *error);

#endif
