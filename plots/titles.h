#ifndef WEIR_PLOTS_TITLES_H
#define WEIR_PLOTS_TITLES_H

#include <stdio.h>

#include "result.h"

/** Sets title, subtitle and caption of the timeline in its script. */
void plots_titles_timeline(const struct plots_result *result, FILE *script);

/** Sets title, subtitle and caption of the latencies in their script. */
void plots_titles_latency(const struct plots_result *result, FILE *script);

#endif
