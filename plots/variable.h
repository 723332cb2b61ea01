#ifndef WEIR_PLOTS_VARIABLE_H
#define WEIR_PLOTS_VARIABLE_H

#include <stdio.h>

/** Most characters of a text from elsewhere in a script. */
#define PLOTS_TEXT_MAX 200

/** Sets a variable of a script to a number. It is real even if it is whole: gnuplot cuts off what
 *  remains when it divides integers. */
void plots_variable_number(FILE *script, const char *name, double value);

/** Sets a variable of a script to a text that plots_clean returned. */
void plots_variable_text(FILE *script, const char *name, const char *text);

/** Sets a variable of a script to a text that somebody else gave, cut after `characters` (at most
 *  PLOTS_TEXT_MAX). */
void plots_variable_data(FILE *script, const char *name, const char *text, size_t characters);

#endif
