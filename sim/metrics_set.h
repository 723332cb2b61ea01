#ifndef WEIR_SIM_METRICS_SET_H
#define WEIR_SIM_METRICS_SET_H

#include "metrics.h"

/** How the parts of the metrics note a figure, and what they count as captured and protected. */

static inline void weir_metric_set(struct weir_metrics *m, enum weir_metric metric, double value) {
    m->values[metric] = value;
    m->present[metric] = true;
}

#define SET(name, value) weir_metric_set(m, WEIR_METRIC_##name, (double)(value))

/** Absent if there is no whole. */
static inline void weir_metric_set_ratio(struct weir_metrics *m, enum weir_metric metric,
                                         double part, double whole) {
    if (whole > 0.0) {
        weir_metric_set(m, metric, part / whole);
    }
}

#define SET_RATIO(name, part, whole)                                                               \
    weir_metric_set_ratio(m, WEIR_METRIC_##name, (double)(part), (double)(whole))

static inline bool weir_is_captured(const struct weir_opportunity_record *o) {
    return o->state == WEIR_STATE_CAPTURED;
}

/** Captured and, if it filled, its stop accepted in time. */
static inline bool weir_is_protected(const struct weir_ledger *l,
                                     const struct weir_opportunity_record *o) {
    return weir_is_captured(o) &&
           (!o->filled_ns ||
            (o->protected_ns && o->protected_ns <= o->filled_ns + l->facts.protect_within_ns));
}

#endif
