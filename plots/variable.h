#ifndef WEIR_PLOTS_VARIABLE_H
#define WEIR_PLOTS_VARIABLE_H

#include <stdio.h>

/** Sets a variable of a script to a number. It is real even if it is whole: gnuplot cuts off what
 *  remains when it divides integers. */
void plots_variable_number(FILE *script, const char *name, double value);

/** Sets a variable of a script to a text that plots_clean returned. */
void plots_variable_text(FILE *script, const char *name, const char *text);

#endif
