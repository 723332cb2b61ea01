#include "variable.h"

#include <string.h>

#include "quote.h"

void plots_variable_number(FILE *script, const char *name, double value) {
    char digits[40];
    snprintf(digits, sizeof digits, "%.15g", value);
    const char *point = strpbrk(digits, ".e") ? "" : ".0";
    fprintf(script, "%s = %s%s\n", name, digits, point);
}

void plots_variable_text(FILE *script, const char *name, const char *text) {
    fprintf(script, "%s = ", name);
    plots_quote(script, text);
    fputc('\n', script);
}

void plots_variable_data(FILE *script, const char *name, const char *text, size_t characters) {
    char clean[4 * PLOTS_TEXT_MAX + 8];
    plots_clean(text, characters < PLOTS_TEXT_MAX ? characters : PLOTS_TEXT_MAX, clean,
                sizeof clean);
    plots_variable_text(script, name, clean);
}
