#include "amount.h"
#include "drawing.h"
#include "folder.h"
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

static void make_plot(struct plots_album *album, const char *name) {
    const struct plots_plot plot = {name, weir_plots_history_gp};
    size_t figures = 0;
    char data[NAME_SIZE];
    snprintf(data, sizeof data, "%.48s.tsv", name);
    plots_pictures_remove(album, &plot);
    FILE *script = count_figures(album->folder, data, &figures, album->error)
                       ? plots_script_start(album, &plot)
                       : NULL;
    if (script) {
        plots_variable_data(script, "title", name, NAME_SIZE);
        plots_variable_data(script, "data_file", data, NAME_SIZE);
        plots_variable_number(script, "figures", (double)figures);
        plots_variable_number(script, "share", plots_is_share(name));
        plots_script_finish(album, &plot, script);
    }
}

/** Names of metrics. */
struct names {
    const char *const *names;
    size_t count;
};

static void make_plots(struct plots_album *album, const void *what) {
    const struct names *names = what;
    for (size_t i = 0; i < names->count; i++) {
        make_plot(album, names->names[i]);
    }
}

enum weir_plots_status weir_plots_history(const char *folder, const char *const *names,
                                          size_t count, char *error, size_t error_size) {
    const struct names all = {names, count};
    return plots_album_make(folder, make_plots, &all, "The scripts are in the folder", error,
                            error_size);
}
