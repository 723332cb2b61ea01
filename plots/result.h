#ifndef WEIR_PLOTS_RESULT_H
#define WEIR_PLOTS_RESULT_H

#include <jansson.h>
#include <stdint.h>

#include "error.h"

/** What the pictures need of a result document. Texts live as long as `root`. */
struct plots_result {
    json_t *root;
    const char *policy;
    const char *trace;
    const char *trace_class;
    const char *rules;
    int64_t replications;
    double weight_per_minute;
    double orders_per_minute;
    double opportunity_window_ms; /**< 0 if the scenario does not name it */
    bool sliding;                 /**< the exchange's windows have no common beginning */
    double opportunities;
    double captures;
    double http_429;
    double http_418;
};

/** Reads result.json. On false there is nothing to free. */
bool plots_result_read(struct plots_result *result, int folder, struct plots_error *error);

/** Mean of a metric. False if the result does not hold it. */
bool plots_result_metric(const struct plots_result *result, const char *name, double *mean);

/** Frees the document. */
void plots_result_free(struct plots_result *result);

#endif
