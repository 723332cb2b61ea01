#include <stdio.h>
#include <unistd.h>

#include "drawing.h"
#include "folder.h"
#include "gnuplot.h"
#include "plots.h"
#include "quote.h"
#include "scripts.h"
#include "variable.h"

#define NAME_SIZE 64

/** How many figures the data has: its blocks are separated by two empty lines. */
static bool count_figures(int folder, const char *name, size_t *figures,
                          struct plots_error *error) {
    FILE *file = plots_folder_read(folder, name, error);
    if (!file) {
        return false;
    }
    size_t ends = 0;
    *figures = 1;
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        ends = c == '\n' ? ends + 1 : 0;
        *figures += ends == 3;
    }
    fclose(file);
    return true;
}

static bool write_script(int folder, const struct plots_plot *plot, struct plots_error *error) {
    size_t figures = 0;
    char data[NAME_SIZE];
    char clean[NAME_SIZE];
    snprintf(data, sizeof data, "%.48s.tsv", plot->name);
    if (!count_figures(folder, data, &figures, error)) {
        return false;
    }
    FILE *script = plots_script_start(plot, folder, error);
    if (!script) {
        return false;
    }
    plots_clean(plot->name, sizeof clean - 1, clean, sizeof clean);
    plots_variable_text(script, "title", clean);
    plots_clean(data, sizeof clean - 1, clean, sizeof clean);
    plots_variable_text(script, "data_file", clean);
    plots_variable_number(script, "figures", (double)figures);
    return plots_script_finish(plot, folder, script, error);
}

static bool draw_all(int folder, const char *program, const char *const *names, size_t count,
                     struct plots_error *error) {
    bool ok = true;
    char warnings[512];
    for (size_t i = 0; ok && i < count; i++) {
        const struct plots_plot plot = {names[i], weir_plots_history_gp};
        plots_pictures_remove(&plot, folder);
        ok = write_script(folder, &plot, error) &&
             (!program || plots_draw(&plot, program, folder, warnings, sizeof warnings, error));
    }
    return ok;
}

enum weir_plots_status weir_plots_history(const char *folder, const char *const *names,
                                          size_t count, char *error, size_t error_size) {
    if (error_size > 0) {
        error[0] = '\0';
    }
    struct plots_error why = {.text = error, .size = error_size};
    char program[PLOTS_PROGRAM_SIZE];
    const bool found = plots_gnuplot_find(program);
    const int descriptor = plots_folder_open(folder, &why);
    if (descriptor < 0) {
        return WEIR_PLOTS_FAILED;
    }
    const bool ok = draw_all(descriptor, found ? program : NULL, names, count, &why);
    close(descriptor);
    if (ok && !found) {
        plots_fail(&why, "no pictures: gnuplot is not in PATH; on Debian and Ubuntu it is the "
                         "package gnuplot-nox. The scripts are in the folder and can be run there "
                         "later");
        return WEIR_PLOTS_NO_GNUPLOT;
    }
    return ok ? WEIR_PLOTS_OK : WEIR_PLOTS_FAILED;
}
