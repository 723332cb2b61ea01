#ifndef WEIR_SIM_SCENARIO_OPTIONS_H
#define WEIR_SIM_SCENARIO_OPTIONS_H

#include "scenario.h"

/* Private to the scenario's files: where each option lives. */

/** An option and where its value is kept in struct weir_scenario. */
struct weir_scenario_row {
    struct weir_scenario_option option;
    size_t offset;
    size_t size;               /**< 't' and 's': bytes of the text */
    const char *default_value; /**< as text; NULL: comes from a preset */
};

extern const struct weir_scenario_row weir_scenario_rows[];
extern const size_t weir_scenario_row_count;

/** Writes a value given as text into its place. On failure `why` says what would be right. */
bool weir_scenario_store(struct weir_scenario *scenario, const struct weir_scenario_row *row,
                         const char *value, char *why, size_t why_size);

/** Whether an option of a policy takes a value; if not, `why` says what it takes. */
bool weir_option_takes(const struct weir_option *option, const char *value, char *why,
                       size_t why_size);

/** Row of a key, or NULL. */
const struct weir_scenario_row *weir_scenario_row_find(const char *key);

#endif
