#ifndef WEIR_CORE_BASELINE_H
#define WEIR_CORE_BASELINE_H

#include "id_table.h"
#include "weir/policy.h"

/**
 * What the limiters have in common that a user would otherwise take from a library: exact costs,
 * every limit checked as one and booked at admission, no priorities, nothing read of a reply but
 * Retry-After. A request that does not fit is held until it would, or refused if that is after its
 * deadline. They differ only in how they count, which is a struct weir_counter_kind.
 */

/** A way of counting one limit. Times never run backwards from one call to the next. */
struct weir_counter_kind {
    size_t size; /**< of one counter */

    /** Makes a counter of `usable` in each interval, with all of it free. False: no memory. */
    bool (*init)(void *counter, int64_t interval_ns, int64_t usable, int64_t now_ns);
    /** Frees what `init` took; a counter of zero bytes is allowed. NULL if it took nothing. */
    void (*free)(void *counter);
    /** When `share` (at least 1) fits if nothing else is taken: `now_ns`, later, or WEIR_NEVER. */
    int64_t (*fits_at)(void *counter, int64_t now_ns, int64_t share);
    /** Takes `share` (at least 1), which fits now. */
    void (*take)(void *counter, int64_t now_ns, int64_t share);
};

/** Windows on the caller's own clock, aligned to multiples of the interval. */
extern const struct weir_counter_kind weir_fixed_window_counter;

/** How a baseline is made. */
struct weir_baseline_plan {
    const char *name;
    const struct weir_option *options; /**< has "normal.buffer" */
    const struct weir_counter_kind *kind;
    int64_t largest_limit;          /**< the largest limit that it can count */
    int64_t least_value_billionths; /**< critical requests of a value above 0 but below this are
                                         refused; 0: none are */
};

/** The option that every baseline has. */
#define WEIR_BASELINE_BUFFER_OPTION                                                                \
    {                                                                                              \
        .key = "normal.buffer", .kind = WEIR_OPTION_NUMBER, .default_value = "0", .min = 0,        \
        .max = 0.99, .help = "Share of every limit that is never used."                            \
    }

/** Makes a baseline. Errors: WEIR_INVALID (a limit above `largest_limit`), WEIR_NO_MEMORY. */
enum weir_status weir_baseline_create(const struct weir_baseline_plan *plan,
                                      const struct weir_config *config, void **self,
                                      struct weir_error *error);

/** The functions of the policy's table. */
void weir_baseline_destroy(void *self);
enum weir_status weir_baseline_submit(void *self, int64_t now_ns,
                                      const struct weir_request *request,
                                      struct weir_decision *decision);
enum weir_status weir_baseline_settle(void *self, const struct weir_reply *reply,
                                      struct weir_settlement *settlement);

#endif
