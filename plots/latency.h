#ifndef WEIR_PLOTS_LATENCY_H
#define WEIR_PLOTS_LATENCY_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "result.h"

/** What the picture of the latencies must know of them beforehand. */
struct plots_latency {
    size_t rows;
    double first_ms;
    double first_share_of_captures;
    double first_share_of_opportunities;
    double last_ms;
    double share_of_captures;      /**< at the last row: 1 but for rounding */
    double share_of_opportunities; /**< at the last row: what is left was missed */
};

/** Reads latency.tsv through. It may have no row: then nothing was captured. */
bool plots_latency_read(struct plots_latency *latency, int folder, struct plots_error *error);

/** Sets the variables of the script. */
void plots_latency_write(const struct plots_latency *latency, const struct plots_result *result,
                         FILE *script);

#endif
