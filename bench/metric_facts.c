#include "metric_facts.h"

#include <string.h>

#define UP(name, kind) [WEIR_METRIC_##name] = {WEIR_HIGHER_IS_BETTER, WEIR_KIND_##kind}
#define DOWN(name, kind) [WEIR_METRIC_##name] = {WEIR_LOWER_IS_BETTER, WEIR_KIND_##kind}
#define FLAT(name, kind) [WEIR_METRIC_##name] = {WEIR_DIRECTION_NONE, WEIR_KIND_##kind}

/* What is not listed is a count without a direction. */
static const struct {
    enum weir_direction direction;
    enum weir_kind kind;
} facts[WEIR_METRIC_COUNT] = {
    UP(captures, COUNT),
    UP(capture_rate, SHARE),
    UP(value_capture, SHARE),
    UP(impact_capture, SHARE),
    UP(notional_capture, SHARE),
    UP(protected_captures, COUNT),
    UP(protected_capture_rate, SHARE),
    UP(protected_value_capture, SHARE),
    UP(protected_impact_capture, SHARE),
    UP(protected_notional_capture, SHARE),
    UP(edge_capture_250ms, SHARE),
    UP(edge_capture_1s, SHARE),
    UP(edge_capture_5s, SHARE),
    UP(state_captured, COUNT),
    FLAT(trace_usd, USD),
    FLAT(feed_usd, USD),
    FLAT(opportunities_usd, USD),
    FLAT(submitted_usd, USD),
    FLAT(admitted_usd, USD),
    UP(captured_usd, USD),
    FLAT(filled_usd, USD),
    UP(protected_usd, USD),
    DOWN(http_429, COUNT),
    DOWN(http_429_weight, COUNT),
    DOWN(http_429_orders, COUNT),
    DOWN(http_418, COUNT),
    DOWN(http_4xx_other, COUNT),
    DOWN(http_5xx, COUNT),
    DOWN(timeouts, COUNT),
    DOWN(limit_errors, COUNT),
    DOWN(limit_errors_per_1000_sent, RATE),
    DOWN(limit_errors_per_1000_opportunities, RATE),
    DOWN(displaced_weight, COUNT),
    UP(efficiency, SHARE),
    UP(useful_efficiency, SHARE),
    DOWN(banned_s, S),
    DOWN(bans, COUNT),
    DOWN(ban_probability, EVENT),
    DOWN(provocations, COUNT),
    DOWN(unprotected_usd_max, USD),
    DOWN(unprotected_p50_s, S),
    DOWN(unprotected_p99_s, S),
    DOWN(unprotected_max_s, S),
    DOWN(stops_crossed_unprotected, COUNT),
    DOWN(open_while_banned_usd_max, USD),
    DOWN(first_entry_ms, MS),
    DOWN(first_entry_after_hold_ms, MS),
    DOWN(blind_max_s, S),
    DOWN(latency_p50_ms, MS),
    DOWN(latency_p90_ms, MS),
    DOWN(latency_p99_ms, MS),
    DOWN(latency_p999_ms, MS),
    DOWN(latency_max_ms, MS),
    DOWN(latency_all_p50_ms, MS),
    DOWN(latency_all_p90_ms, MS),
    DOWN(latency_all_p99_ms, MS),
    FLAT(ceiling_value_capture, SHARE),
    FLAT(ceiling_notional_capture, SHARE),
    FLAT(bound_value_capture, SHARE),
    FLAT(bound_notional_capture, SHARE),
    UP(capture_of_bound, SHARE),
    UP(value_of_bound, SHARE),
    UP(notional_of_bound, SHARE),
    DOWN(regret, SHARE),
    FLAT(protected_bound_value_capture, SHARE),
    FLAT(protected_bound_notional_capture, SHARE),
    UP(protected_capture_of_bound, SHARE),
    UP(protected_value_of_bound, SHARE),
    UP(protected_notional_of_bound, SHARE),
    FLAT(threshold_usd, USD),
    FLAT(threshold_value_capture, SHARE),
    FLAT(threshold_value_of_bound, SHARE),
    UP(value_of_threshold, RATE),
};

const enum weir_metric weir_value_metrics[WEIR_VALUES] = {WEIR_METRIC_protected_impact_capture,
                                                          WEIR_METRIC_protected_notional_capture,
                                                          WEIR_METRIC_protected_capture_rate};

enum weir_direction weir_metric_direction(enum weir_metric metric) {
    return facts[metric].direction;
}

enum weir_kind weir_metric_kind(enum weir_metric metric) {
    return facts[metric].kind;
}

bool weir_metric_jumps(enum weir_metric metric) {
    static const enum weir_metric jumping[] = {WEIR_METRIC_http_429,
                                               WEIR_METRIC_http_429_weight,
                                               WEIR_METRIC_http_429_orders,
                                               WEIR_METRIC_http_418,
                                               WEIR_METRIC_http_4xx_other,
                                               WEIR_METRIC_limit_errors,
                                               WEIR_METRIC_limit_errors_per_1000_sent,
                                               WEIR_METRIC_limit_errors_per_1000_opportunities,
                                               WEIR_METRIC_displaced_weight,
                                               WEIR_METRIC_banned_s,
                                               WEIR_METRIC_bans,
                                               WEIR_METRIC_provocations,
                                               WEIR_METRIC_unprotected_p50_s,
                                               WEIR_METRIC_unprotected_p99_s,
                                               WEIR_METRIC_unprotected_max_s,
                                               WEIR_METRIC_stops_crossed_unprotected,
                                               WEIR_METRIC_blind_max_s};
    for (size_t i = 0; i < sizeof jumping / sizeof jumping[0]; i++) {
        if (jumping[i] == metric) {
            return true;
        }
    }
    return false;
}

const char *weir_direction_name(enum weir_direction direction) {
    static const char *const names[] = {"none", "higher", "lower"};
    return names[direction];
}

const char *weir_kind_name(enum weir_kind kind) {
    static const char *const names[WEIR_KINDS] = {"count", "share", "event", "rate",
                                                  "usd",   "s",     "ms"};
    return names[kind];
}

enum weir_metric weir_primary_metric(void) {
    return WEIR_METRIC_protected_value_of_bound;
}

enum weir_metric weir_metric_find(const char *name) {
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        if (strcmp(weir_metric_name((enum weir_metric)m), name) == 0) {
            return (enum weir_metric)m;
        }
    }
    return WEIR_METRIC_COUNT;
}
