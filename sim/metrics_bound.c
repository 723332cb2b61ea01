#include "metrics_bound.h"

#include <stdlib.h>

#include "metrics_set.h"

static void add(struct weir_bound_sums *sums, const struct weir_opportunity_record *o) {
    sums->count += 1.0;
    sums->value += o->value;
    sums->notional += o->notional_usd;
}

/** The figures of the bound itself, as shares of all opportunities. */
static void set_bound(const struct weir_bound *b, struct weir_metrics *m) {
    SET(ceiling_captures, b->ceiling.count);
    SET_RATIO(ceiling_value_capture, b->ceiling.value, b->all.value);
    SET_RATIO(ceiling_notional_capture, b->ceiling.notional, b->all.notional);
    SET(bound_captures, b->bound.count);
    SET_RATIO(bound_value_capture, b->bound.value, b->all.value);
    SET_RATIO(bound_notional_capture, b->bound.notional, b->all.notional);
    SET(protected_bound_captures, b->protected.count);
    SET_RATIO(protected_bound_value_capture, b->protected.value, b->all.value);
    SET_RATIO(protected_bound_notional_capture, b->protected.notional, b->all.notional);
    SET(threshold_usd, b->threshold_usd);
    SET(threshold_captures, b->threshold.count);
    SET_RATIO(threshold_value_capture, b->threshold.value, b->all.value);
    SET_RATIO(threshold_value_of_bound, b->threshold.value, b->bound.value);
}

/** What the run reached of it. */
static void set_reached(const struct weir_ledger *l, struct weir_metrics *m) {
    const struct weir_bound *b = l->facts.bound;
    struct weir_bound_sums captured = {0};
    struct weir_bound_sums protected = {0};
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (weir_is_captured(o)) {
            add(&captured, o);
        }
        if (weir_is_protected(l, o)) {
            add(&protected, o);
        }
    }
    SET_RATIO(capture_of_bound, captured.count, b->bound.count);
    SET_RATIO(value_of_bound, captured.value, b->bound.value);
    SET_RATIO(notional_of_bound, captured.notional, b->bound.notional);
    SET_RATIO(regret, b->bound.value - captured.value, b->bound.value);
    SET_RATIO(protected_capture_of_bound, protected.count, b->protected.count);
    SET_RATIO(protected_value_of_bound, protected.value, b->protected.value);
    SET_RATIO(protected_notional_of_bound, protected.notional, b->protected.notional);
    SET_RATIO(value_of_threshold, captured.value, b->threshold.value);
}

/* ---- displaced load ---- */

/** Whether a request is of the load that the bound subtracts, and the exchange let it through. */
static bool is_load(const struct weir_request_record *r) {
    const bool limited = r->code == -1003 || r->code == -1015;
    return (r->purpose == WEIR_FOR_STANDING || r->purpose == WEIR_FOR_STARTUP) && r->arrived_ns &&
           !limited;
}

static void count_load(const struct weir_bound_grid *grid, const struct weir_ledger *l,
                       int64_t *weight) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        const uint32_t slot = is_load(r) ? weir_bound_slot(grid, r->arrived_ns) : UINT32_MAX;
        if (slot != UINT32_MAX) {
            weight[slot / grid->per_minute] += r->charged_weight;
        }
    }
}

/** Weight that was subtracted from a minute and not used there for that. */
static bool set_displaced(const struct weir_ledger *own, const struct weir_ledger *foreign,
                          struct weir_metrics *m) {
    const struct weir_bound *b = own->facts.bound;
    const uint32_t minutes = b->grid.slots / b->grid.per_minute;
    int64_t *weight = calloc(minutes, sizeof *weight);
    if (!weight) {
        return false;
    }
    count_load(&b->grid, own, weight);
    count_load(&b->grid, foreign, weight);
    int64_t displaced = 0;
    for (uint32_t minute = 0; minute < minutes; minute++) {
        int64_t missing = -weight[minute];
        for (uint32_t s = 0; s < b->grid.per_minute; s++) {
            missing += b->load[minute * b->grid.per_minute + s].weight;
        }
        displaced += missing > 0 ? missing : 0;
    }
    free(weight);
    SET(displaced_weight, displaced);
    return true;
}

bool weir_metrics_add_bound(const struct weir_ledger *own, const struct weir_ledger *foreign,
                            struct weir_metrics *metrics) {
    if (!own->facts.bound) {
        return true;
    }
    if (own->opportunity_count > 0) {
        set_bound(own->facts.bound, metrics);
        set_reached(own, metrics);
    }
    return set_displaced(own, foreign, metrics);
}
