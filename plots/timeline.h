#ifndef WEIR_PLOTS_TIMELINE_H
#define WEIR_PLOTS_TIMELINE_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "result.h"

/** What the picture of a timeline must know of it beforehand: ranges, totals, what there is. */
struct plots_timeline {
    double from_s;
    double until_s;
    double weight_max;
    double orders_max;
    double captures;
    double captured_usd;
    double misses;
    double missed_usd;
    double http_429;
    double http_418;
    double bin_s; /**< width of the bars */
    double captures_bin_max;
    double misses_bin_max;
    double minute_first_s; /**< the first beginning of a server's minute that is drawn */
    double minute_step_s;  /**< from one that is drawn to the next; 0: none is */
    size_t minute_count;
};

/** Reads timeline.tsv through. At least one row. */
bool plots_timeline_read(struct plots_timeline *timeline, int folder,
                         const struct plots_result *result, struct plots_error *error);

/** Sets the variables of the script. */
void plots_timeline_write(const struct plots_timeline *timeline, FILE *script);

#endif
