#include <string.h>

#include "report_parts.h"

static const struct {
    const char *metric, *label;
} LABELS[] = {
    {"opportunities", "opportunities"},
    {"captures", "captured"},
    {"capture_rate", "captured, by count"},
    {"value_capture", "captured, by value"},
    {"impact_capture", "captured, by impact"},
    {"notional_capture", "captured, by notional"},
    {"protected_captures", "captured and protected"},
    {"protected_capture_rate", "protected, by count"},
    {"protected_value_capture", "protected, by value"},
    {"protected_impact_capture", "protected, by impact"},
    {"protected_notional_capture", "protected, by notional"},
    {"protected_value_of_bound", "protected, of its bound"},
    {"protected_capture_of_bound", "protected, of its bound, by count"},
    {"protected_notional_of_bound", "protected, of its bound, by notional"},
    {"protected_bound_captures", "bound of protected captures (upper)"},
    {"ceiling_captures", "ceiling of captures"},
    {"bound_captures", "bound of captures"},
    {"capture_of_bound", "captured, of the bound, by count"},
    {"value_of_bound", "captured, of the bound"},
    {"notional_of_bound", "captured, of the bound, by notional"},
    {"http_429", "answered 429"},
    {"http_429_weight", "429 for weight"},
    {"http_429_orders", "429 for orders"},
    {"http_418", "answered 418"},
    {"http_4xx_other", "other answers 4xx"},
    {"http_5xx", "answers 5xx"},
    {"banned_s", "time banned"},
    {"useful_efficiency", "useful efficiency"},
    {"efficiency", "efficiency"},
    {"saturated_windows", "saturated windows"},
    {"unprotected_usd_max", "most unprotected at once"},
    {"unprotected_p50_s", "time unprotected, median"},
    {"unprotected_p99_s", "time unprotected, p99"},
    {"unprotected_max_s", "time unprotected, longest"},
    {"stops_crossed_unprotected", "stops crossed while unprotected"},
    {"open_while_banned_usd_max", "most open while banned"},
    {"blind_max_s", "blind, longest"},
    {"first_entry_ms", "first entry after the onset"},
    {"first_entry_after_hold_ms", "first entry after a hold or ban"},
    {"latency_p50_ms", "latency of captures, median"},
    {"latency_p90_ms", "latency of captures, p90"},
    {"latency_p99_ms", "latency of captures, p99"},
    {"latency_p999_ms", "latency of captures, p99.9"},
    {"latency_max_ms", "latency of captures, longest"},
    {"latency_all_p50_ms", "latency of all opportunities, median"},
    {"edge_capture_250ms", "edge left, decay 250 ms"},
    {"edge_capture_1s", "edge left, decay 1 s"},
    {"edge_capture_5s", "edge left, decay 5 s"},
    {"requests_sent", "requests sent"},
    {"limit_errors", "limit errors"},
    {"limit_errors_per_1000_sent", "limit errors per 1,000 sent"},
    {"limit_errors_per_1000_opportunities", "limit errors per 1,000 opportunities"},
    {"ban_probability", "probability of a ban"},
    {"headroom_weight_min", "smallest headroom, weight"},
    {"headroom_orders_min", "smallest headroom, orders"},
    {"refused_outbid", "refused: outbid"},
    {"refused_limit", "refused: limit"},
    {"refused_backoff", "refused: backoff"},
    {"refused_banned", "refused: banned"},
    {"refused_queue_full", "refused: queue full"},
    {"refused_deadline", "refused: deadline"},
    {"refused_other", "refused: other"},
    {"displaced_weight", "displaced weight"},
    {"threshold_usd", "best fixed size threshold"},
    {"threshold_value_of_bound", "that threshold, of the bound"},
    {"value_of_threshold", "captured, of what that threshold would"},
};

const char *plots_metric_label(const char *metric) {
    for (size_t i = 0; i < sizeof LABELS / sizeof LABELS[0]; i++) {
        if (strcmp(LABELS[i].metric, metric) == 0) {
            return LABELS[i].label;
        }
    }
    return metric;
}
