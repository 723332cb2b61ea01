#ifndef WEIR_BENCH_METRIC_FACTS_H
#define WEIR_BENCH_METRIC_FACTS_H

#include "metrics.h"

/** What is known of a metric beside its value: which way is better, and what kind of figure it is.
 */

enum weir_direction {
    WEIR_DIRECTION_NONE, /**< describes; neither way is better */
    WEIR_HIGHER_IS_BETTER,
    WEIR_LOWER_IS_BETTER
};

/** Kinds of figures; each has its own statistics (docs/method.md). */
enum weir_kind {
    WEIR_KIND_COUNT, /**< how many */
    WEIR_KIND_SHARE, /**< fraction of 1; one point is 0.01 */
    WEIR_KIND_EVENT, /**< 1 if it happened in the replication, else 0 */
    WEIR_KIND_RATE,  /**< a ratio that is no share */
    WEIR_KIND_USD,
    WEIR_KIND_S,
    WEIR_KIND_MS,
    WEIR_KINDS
};

enum weir_direction weir_metric_direction(enum weir_metric metric);
enum weir_kind weir_metric_kind(enum weir_metric metric);

/** Whether a ban more or less decides the figure: it is much the same in most replications and
 *  jumps in a few, so one that shows no jump does not tell how large they are. */
bool weir_metric_jumps(enum weir_metric metric);

/** "higher", "lower" or "none"; "count", "share", … Static storage. */
const char *weir_direction_name(enum weir_direction direction);
const char *weir_kind_name(enum weir_kind kind);

/** Number of a metric by its name, WEIR_METRIC_COUNT if there is none. */
enum weir_metric weir_metric_find(const char *name);

/** The primary metric: the value of what was captured and protected, as a share of its bound. */
enum weir_metric weir_primary_metric(void);

/** The three values by which a policy must be better to be called so: protected captures by impact,
 *  notional and count. */
#define WEIR_VALUES 3
extern const enum weir_metric weir_value_metrics[WEIR_VALUES];

#endif
