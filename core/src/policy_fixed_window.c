#include "baseline.h"
#include "options.h"
#include "policies.h"

/** Fixed windows on the caller's own clock: what a library offers that knows of windows but not of
 *  the exchange's clock. */
struct own_window {
    int64_t interval_ns;
    int64_t usable;
    int64_t used;
    int64_t end_ns; /**< of the window that `used` counts */
};

static bool window_init(void *counter, int64_t interval_ns, int64_t usable, int64_t now_ns) {
    (void)now_ns;
    struct own_window *window = counter;
    *window =
        (struct own_window){.interval_ns = interval_ns, .usable = usable, .end_ns = INT64_MIN};
    return true;
}

static int64_t window_fits_at(void *counter, int64_t now_ns, int64_t share) {
    struct own_window *window = counter;
    if (now_ns >= window->end_ns) {
        window->used = 0;
        window->end_ns = (now_ns / window->interval_ns + 1) * window->interval_ns;
    }
    if (share > window->usable) {
        return WEIR_NEVER;
    }
    return window->used + share <= window->usable ? now_ns : window->end_ns;
}

static void window_take(void *counter, int64_t now_ns, int64_t share) {
    (void)now_ns;
    struct own_window *window = counter;
    window->used += share;
}

const struct weir_counter_kind weir_fixed_window_counter = {
    .size = sizeof(struct own_window),
    .init = window_init,
    .fits_at = window_fits_at,
    .take = window_take,
};

static const struct weir_option fixed_window_options[] = {
    WEIR_BASELINE_BUFFER_OPTION,
    {.key = NULL},
};

static enum weir_status fixed_window_create(const struct weir_config *config, void **self,
                                            struct weir_error *error) {
    const struct weir_baseline_plan plan = {.name = "fixed-window",
                                            .options = fixed_window_options,
                                            .kind = &weir_fixed_window_counter,
                                            .largest_limit = WEIR_BILLION};
    return weir_baseline_create(&plan, config, self, error);
}

const struct weir_policy weir_policy_fixed_window = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "fixed-window",
    .summary = "fixed windows on the caller's own clock, exact weights, no priorities",
    .options = fixed_window_options,
    .create = fixed_window_create,
    .destroy = weir_baseline_destroy,
    .submit = weir_baseline_submit,
    .settle = weir_baseline_settle,
};
