#ifndef WEIR_CLI_TUNE_OPTIONS_H
#define WEIR_CLI_TUNE_OPTIONS_H

#include <jansson.h>

#include "run_options.h"
#include "study_run.h"

/** The arguments of `weir tune`. */

enum weir_tune_command {
    WEIR_TUNE_ALL, /**< run, then show */
    WEIR_TUNE_PLAN,
    WEIR_TUNE_RUN,
    WEIR_TUNE_MERGE,
    WEIR_TUNE_SHOW
};

struct weir_tune_options {
    enum weir_tune_command command;
    json_t *study;      /**< what was asked for, as a study; without traces: none was */
    const char *file;   /**< --study */
    const char *policy; /**< the last --policy */
    char **paths;       /**< what is no option, borrowed */
    size_t path_count;
    const char *out;
    struct weir_shard shard;
    uint32_t threads;
    enum weir_form form;
    enum weir_color color;
    bool as_scenario;
    bool asked; /**< an option or trace says what to study */
};

extern const char weir_tune_help[];

/** Reads them. Returns an exit code after a complaint. The caller drops the study. */
int weir_tune_read_options(int argc, char **argv, struct weir_tune_options *options);

#endif
