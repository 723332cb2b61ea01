#ifndef WEIR_BENCH_PREVIOUS_RESULT_H
#define WEIR_BENCH_PREVIOUS_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "scenario.h"
#include "trace.h"

/** What a weir.replay/1 document says of how it was made, enough to make it again. */
struct weir_previous_result {
    const char
        *policy; /**< as the user wrote it (`policy_spec`; the name in documents without it) */
    const char **paths;
    size_t path_count;
    struct weir_read_options read;
    uint64_t seed;
    uint32_t replications;
    uint64_t trace_digest;
    void *document; /**< what the texts belong to */
};

/** Reads a result; NULL and an error that names file and key if it is not one. */
struct weir_previous_result *weir_previous_result_open(const char *path,
                                                       struct weir_scenario_error *error);

void weir_previous_result_close(struct weir_previous_result *result);

/** Adds its scenario to the settings. */
enum weir_scenario_status weir_previous_result_settings(const struct weir_previous_result *result,
                                                        struct weir_settings *settings,
                                                        struct weir_scenario_error *error);

#endif
