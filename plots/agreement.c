#include <string.h>

#include "drawing.h"
#include "result.h"
#include "rows.h"
#include "scripts.h"
#include "titles.h"
#include "variable.h"

#define FILE_NAME "agreement.tsv"
#define HEADING                                                                                    \
    "#second\tlive_captures\treplay_captures\tlive_weight\treplay_weight\tlive_orders\t"           \
    "replay_orders"
#define SECOND_MAX 1e9
#define VALUE_MAX 1e18

static const struct plots_plot AGREEMENT = {"agreement", weir_plots_agreement_gp};

/** Reads the data through once: what is drawn must be what it should be. */
static bool check_data(int folder, double *from_s, double *until_s, struct plots_error *error) {
    struct plots_rows rows;
    bool first = true;
    if (!plots_rows_open(&rows, folder, FILE_NAME, HEADING, error)) {
        return false;
    }
    while (plots_rows_next(&rows)) {
        *until_s = plots_rows_number(&rows, 0, -SECOND_MAX, SECOND_MAX);
        *from_s = first ? *until_s : *from_s;
        first = false;
        for (size_t column = 1; column < 7; column++) {
            plots_rows_number(&rows, column, 0.0, VALUE_MAX);
        }
    }
    plots_rows_close(&rows);
    return !error->set;
}

static void make_plot(struct plots_album *album, const void *nothing) {
    struct plots_result result;
    double from_s = 0.0;
    double until_s = 0.0;
    (void)nothing;
    plots_pictures_remove(album, &AGREEMENT);
    if (!check_data(album->folder, &from_s, &until_s, album->error) ||
        !plots_result_read(&result, album->folder, album->error)) {
        return;
    }
    FILE *script = plots_script_start(album, &AGREEMENT);
    if (script) {
        plots_titles_timeline(&result, script);
        plots_variable_number(script, "weight_limit", result.weight_per_minute);
        plots_variable_number(script, "orders_limit", result.orders_per_minute);
        plots_variable_number(script, "from_s", from_s);
        plots_variable_number(script, "until_s", until_s);
        plots_script_finish(album, &AGREEMENT, script);
    }
    plots_result_free(&result);
}

enum weir_plots_status weir_plots_agreement(const char *folder, char *error, size_t error_size) {
    return plots_album_make(folder, make_plot, NULL, "The script agreement.gp is in the folder",
                            error, error_size);
}
