#include "baseline.h"
#include "options.h"
#include "policies.h"

/** The simplest answer to scarcity: fixed windows, and entries below a fixed value are not taken at
 *  all. */
static const struct weir_option size_threshold_options[] = {
    WEIR_BASELINE_BUFFER_OPTION,
    {.key = "threshold_value",
     .kind = WEIR_OPTION_NUMBER,
     .default_value = "0",
     .min = 0,
     .max = 1e9,
     .help = "Critical requests of a value above 0 but below this are refused, in the unit of "
             "bot.value: for impact the square root of the notional (10,000 USD is 100), for "
             "notional USD."},
    {.key = NULL},
};

static enum weir_status size_threshold_create(const struct weir_config *config, void **self,
                                              struct weir_error *error) {
    const struct weir_baseline_plan plan = {
        .name = "size-threshold",
        .options = size_threshold_options,
        .kind = &weir_fixed_window_counter,
        .largest_limit = WEIR_BILLION,
        .least_value_billionths =
            weir_option_billionths(size_threshold_options, config, "threshold_value"),
    };
    return weir_baseline_create(&plan, config, self, error);
}

const struct weir_policy weir_policy_size_threshold = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "size-threshold",
    .summary = "fixed-window that refuses entries worth less than a threshold",
    .options = size_threshold_options,
    .create = size_threshold_create,
    .destroy = weir_baseline_destroy,
    .submit = weir_baseline_submit,
    .settle = weir_baseline_settle,
};
