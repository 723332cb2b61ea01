#ifndef WEIR_PLOTS_PICTURE_H
#define WEIR_PLOTS_PICTURE_H

#include "error.h"

/** Whether `name`.part is a whole SVG or PNG, by the end of its name: gnuplot leaves an empty file
 *  when a plot fails, and a short one when the disk is full. An error says what is missing. */
bool plots_picture_whole(int folder, const char *name, struct plots_error *error);

#endif
