#ifndef WEIR_SIM_METRICS_H
#define WEIR_SIM_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"

/**
 * Every figure of one run, computed from its ledger alone. Definitions: docs/method.md. A metric
 * that was not measured (the latency of no capture, the efficiency of no saturated window) is
 * absent.
 */

/* X(name): appears as "name" in results. Append only. */
#define WEIR_METRICS(X)                                                                            \
    X(opportunities)                                                                               \
    X(captures)                                                                                    \
    X(capture_rate)                                                                                \
    X(value_capture)                                                                               \
    X(impact_capture)                                                                              \
    X(notional_capture)                                                                            \
    X(protected_captures)                                                                          \
    X(protected_capture_rate)                                                                      \
    X(protected_value_capture)                                                                     \
    X(protected_impact_capture)                                                                    \
    X(protected_notional_capture)                                                                  \
    X(edge_capture_250ms)                                                                          \
    X(edge_capture_1s)                                                                             \
    X(edge_capture_5s)                                                                             \
    X(state_captured)                                                                              \
    X(state_late)                                                                                  \
    X(state_refused)                                                                               \
    X(state_expired)                                                                               \
    X(state_rejected)                                                                              \
    X(state_lost)                                                                                  \
    X(trace_liquidations)                                                                          \
    X(trace_usd)                                                                                   \
    X(feed_liquidations)                                                                           \
    X(feed_usd)                                                                                    \
    X(opportunities_usd)                                                                           \
    X(submitted)                                                                                   \
    X(submitted_usd)                                                                               \
    X(admitted)                                                                                    \
    X(admitted_usd)                                                                                \
    X(captured_usd)                                                                                \
    X(filled)                                                                                      \
    X(filled_usd)                                                                                  \
    X(protected_usd)                                                                               \
    X(requests_sent)                                                                               \
    X(http_429)                                                                                    \
    X(http_429_weight)                                                                             \
    X(http_429_orders)                                                                             \
    X(http_418)                                                                                    \
    X(http_4xx_other)                                                                              \
    X(http_5xx)                                                                                    \
    X(timeouts)                                                                                    \
    X(limit_errors)                                                                                \
    X(limit_errors_per_1000_sent)                                                                  \
    X(limit_errors_per_1000_opportunities)                                                         \
    X(refused_outbid)                                                                              \
    X(refused_limit)                                                                               \
    X(refused_backoff)                                                                             \
    X(refused_banned)                                                                              \
    X(refused_queue_full)                                                                          \
    X(refused_deadline)                                                                            \
    X(refused_other)                                                                               \
    X(displaced_weight)                                                                            \
    X(saturated_windows)                                                                           \
    X(efficiency)                                                                                  \
    X(useful_efficiency)                                                                           \
    X(banned_s)                                                                                    \
    X(bans)                                                                                        \
    X(ban_probability)                                                                             \
    X(provocations)                                                                                \
    X(headroom_weight_min)                                                                         \
    X(headroom_orders_min)                                                                         \
    X(unprotected_usd_max)                                                                         \
    X(unprotected_p50_s)                                                                           \
    X(unprotected_p99_s)                                                                           \
    X(unprotected_max_s)                                                                           \
    X(stops_crossed_unprotected)                                                                   \
    X(open_while_banned_usd_max)                                                                   \
    X(first_entry_ms)                                                                              \
    X(first_entry_after_hold_ms)                                                                   \
    X(blind_max_s)                                                                                 \
    X(latency_p50_ms)                                                                              \
    X(latency_p90_ms)                                                                              \
    X(latency_p99_ms)                                                                              \
    X(latency_p999_ms)                                                                             \
    X(latency_max_ms)                                                                              \
    X(latency_all_p50_ms)                                                                          \
    X(latency_all_p90_ms)                                                                          \
    X(latency_all_p99_ms)                                                                          \
    X(foreign_sent)                                                                                \
    X(foreign_http_429)                                                                            \
    X(ceiling_captures)                                                                            \
    X(ceiling_value_capture)                                                                       \
    X(ceiling_notional_capture)                                                                    \
    X(bound_captures)                                                                              \
    X(bound_value_capture)                                                                         \
    X(bound_notional_capture)                                                                      \
    X(capture_of_bound)                                                                            \
    X(value_of_bound)                                                                              \
    X(notional_of_bound)                                                                           \
    X(regret)                                                                                      \
    X(protected_bound_captures)                                                                    \
    X(protected_bound_value_capture)                                                               \
    X(protected_bound_notional_capture)                                                            \
    X(protected_capture_of_bound)                                                                  \
    X(protected_value_of_bound)                                                                    \
    X(protected_notional_of_bound)                                                                 \
    X(threshold_usd)                                                                               \
    X(threshold_captures)                                                                          \
    X(threshold_value_capture)                                                                     \
    X(threshold_value_of_bound)                                                                    \
    X(value_of_threshold)

enum weir_metric {
#define X(name) WEIR_METRIC_##name,
    WEIR_METRICS(X)
#undef X
    WEIR_METRIC_COUNT
};

/** Opportunity windows of the capture curve. */
#define WEIR_CURVE_POINTS 42

struct weir_curve_point {
    double window_ms, by_count, by_value, by_notional;
};

/** Shares of what stood in the way. */
struct weir_bound_by {
    double time;       /**< of all time that opportunities waited or were refused */
    double value_lost; /**< of the value that was not captured */
};

/** Captures by size: the tenth of the opportunities with the smallest notional first. */
#define WEIR_DECILES 10

/** One of the largest misses. */
struct weir_miss {
    uint32_t opportunity;
    int64_t time_ns;
    double notional_usd;
    uint32_t symbol;
    uint8_t state, reason, blame;
};
#define WEIR_MISSES 20

struct weir_metrics {
    double values[WEIR_METRIC_COUNT];
    bool present[WEIR_METRIC_COUNT];
    struct weir_bound_by bound_by[WEIR_CAUSES];
    struct weir_curve_point curve[WEIR_CURVE_POINTS];
    double capture_by_decile[WEIR_DECILES];
    struct weir_miss misses[WEIR_MISSES];
    size_t miss_count;
};

/** Name of a metric as it appears in results. Static storage. */
const char *weir_metric_name(enum weir_metric metric);

/** Computes every metric of a run from its two ledgers. False if memory is short. O(n log n). */
bool weir_metrics_compute(const struct weir_ledger *own, const struct weir_ledger *foreign,
                          struct weir_metrics *metrics);

#endif
