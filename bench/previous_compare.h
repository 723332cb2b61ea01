#ifndef WEIR_BENCH_PREVIOUS_COMPARE_H
#define WEIR_BENCH_PREVIOUS_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "experiment.h"
#include "scenario.h"

/** What a weir.compare/1 document says of how it was made, enough to make it again. */
struct weir_previous_compare {
    struct weir_trace_source *sources;
    const char ***paths; /**< what the sources point to */
    uint64_t *digests;   /**< of the traces */
    size_t source_count;
    struct weir_read_options read;
    const char **policies; /**< as the user wrote them */
    size_t policy_count;
    const char *against;
    uint64_t seed;
    uint32_t replications;
    bool claims, ablation, sensitivity;
    void *document; /**< what the texts belong to */
};

/** Reads a result; NULL and an error that names file and key if it is not one. */
struct weir_previous_compare *weir_previous_compare_open(const char *path,
                                                         struct weir_scenario_error *error);

void weir_previous_compare_close(struct weir_previous_compare *previous);

/** Adds its scenario to the settings. */
enum weir_scenario_status weir_previous_compare_settings(const struct weir_previous_compare *p,
                                                         struct weir_settings *settings,
                                                         struct weir_scenario_error *error);

#endif
