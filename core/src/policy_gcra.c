#include "baseline.h"
#include "options.h"
#include "policies.h"

/**
 * The generic cell rate algorithm with a burst of the whole limit: each unit moves the theoretical
 * arrival time on by the interval's share of one unit, and a request conforms if that time is then
 * no further ahead than the burst. The share is rounded up to whole nanoseconds, so that the rate
 * is never above the limit.
 */
struct cell_rate {
    int64_t unit_ns;  /**< 0: nothing is usable */
    int64_t burst_ns; /**< how far ahead the theoretical arrival time may be */
    int64_t arrival_ns;
};

static bool rate_init(void *counter, int64_t interval_ns, int64_t usable, int64_t now_ns) {
    struct cell_rate *rate = counter;
    *rate = (struct cell_rate){.arrival_ns = now_ns};
    if (usable > 0) {
        rate->unit_ns = (interval_ns - 1) / usable + 1;
        rate->burst_ns = rate->unit_ns * usable;
    }
    return true;
}

/** The theoretical arrival time of what comes after `share`. */
static int64_t next_arrival(const struct cell_rate *rate, int64_t now_ns, int64_t share) {
    const int64_t from_ns = now_ns > rate->arrival_ns ? now_ns : rate->arrival_ns;
    return from_ns + share * rate->unit_ns;
}

static int64_t rate_fits_at(void *counter, int64_t now_ns, int64_t share) {
    const struct cell_rate *rate = counter;
    if (rate->unit_ns == 0 || share > rate->burst_ns / rate->unit_ns) {
        return WEIR_NEVER;
    }
    const int64_t conforms_ns = next_arrival(rate, now_ns, share) - rate->burst_ns;
    return conforms_ns > now_ns ? conforms_ns : now_ns;
}

static void rate_take(void *counter, int64_t now_ns, int64_t share) {
    struct cell_rate *rate = counter;
    rate->arrival_ns = next_arrival(rate, now_ns, share);
}

static const struct weir_counter_kind cell_rate_counter = {
    .size = sizeof(struct cell_rate),
    .init = rate_init,
    .fits_at = rate_fits_at,
    .take = rate_take,
};

static const struct weir_option gcra_options[] = {
    WEIR_BASELINE_BUFFER_OPTION,
    {.key = NULL},
};

static enum weir_status gcra_create(const struct weir_config *config, void **self,
                                    struct weir_error *error) {
    const struct weir_baseline_plan plan = {.name = "gcra",
                                            .options = gcra_options,
                                            .kind = &cell_rate_counter,
                                            .largest_limit = WEIR_BILLION};
    return weir_baseline_create(&plan, config, self, error);
}

const struct weir_policy weir_policy_gcra = {
    .abi = WEIR_POLICY_ABI,
    .size = sizeof(struct weir_policy),
    .name = "gcra",
    .summary =
        "generic cell rate algorithm with a burst of the limit, exact weights, no priorities",
    .options = gcra_options,
    .create = gcra_create,
    .destroy = weir_baseline_destroy,
    .submit = weir_baseline_submit,
    .settle = weir_baseline_settle,
};
