#include "summary_document.h"

#include <inttypes.h>

json_t *weir_estimate_document(const struct weir_estimate *estimate) {
    json_t *object = json_pack("{s:f}", "mean", estimate->mean);
    if (estimate->bounded) {
        json_object_set_new(object, "low", json_real(estimate->low));
        json_object_set_new(object, "high", json_real(estimate->high));
    }
    return object;
}

json_t *weir_bound_by_document(const struct weir_summary *summary) {
    json_t *object = json_object();
    for (size_t c = 0; c < WEIR_CAUSES; c++) {
        json_object_set_new(object, weir_cause_name((enum weir_cause)c),
                            json_pack("{s:f, s:f}", "time", summary->bound_by[c].time, "value_lost",
                                      summary->bound_by[c].value_lost));
    }
    return object;
}

json_t *weir_curve_document(const struct weir_summary *summary) {
    json_t *list = json_array();
    for (size_t p = 0; p < WEIR_CURVE_POINTS; p++) {
        const struct weir_curve_point *at = &summary->curve[p];
        json_array_append_new(list, json_pack("[f, f, f, f]", at->window_ms, at->by_count,
                                              at->by_value, at->by_notional));
    }
    return list;
}

json_t *weir_digest_document(uint64_t digest) {
    return json_sprintf("%016" PRIx64, digest);
}
