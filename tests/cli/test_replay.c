/* `weir replay` from end to end: the document it writes, its other forms, and that the same
 * question always has the same answer. */

#include "cli_test.h"
#include "document.h"
#include "run_command.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASCADE "hyperliquid-2025-10-10"
#define SLACK "binance-2025-01-27"

static const char *const profiles[] = {"binance-2023-01-14", SLACK, CASCADE};
static const char *const policies[] = {"none", "current", "fixed-window", "weir"};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static json_t *replay(const char *profile, const char *policy) {
    const struct path trace = profile_path(profile);
    char *text = WEIR_OUT("replay", trace.text, "--policy", policy, "--format", "json");
    json_t *document = parse_document(text, profile);
    free(text);
    return document;
}

static void document_has_every_field(void **state) {
    (void)state;
    static const char *const fields[] = {"schema",
                                         "version",
                                         "scenario",
                                         "seed",
                                         "policy",
                                         "replications",
                                         "trace name",
                                         "trace digest",
                                         "trace liquidations",
                                         "trace span_s",
                                         "trace class",
                                         "diagnosis",
                                         "bound_by feed",
                                         "bound_by connections",
                                         "bound_by delay",
                                         "bound_by weight",
                                         "bound_by orders",
                                         "bound_by hold",
                                         "bound_by ban",
                                         "bound_by policy",
                                         "capture_curve",
                                         "digest",
                                         "cost events",
                                         "cost cpu_s",
                                         "cost events_per_s",
                                         "cost max_rss_mib"};
    static const char *const measured[] = {"opportunities",
                                           "captures",
                                           "capture_rate",
                                           "value_capture",
                                           "notional_capture",
                                           "protected_captures",
                                           "protected_capture_rate",
                                           "protected_value_capture",
                                           "displaced_weight",
                                           "edge_capture_250ms",
                                           "edge_capture_1s",
                                           "edge_capture_5s",
                                           "state_captured",
                                           "state_late",
                                           "state_refused",
                                           "state_expired",
                                           "state_rejected",
                                           "state_lost",
                                           "requests_sent",
                                           "http_429",
                                           "http_418",
                                           "http_5xx",
                                           "timeouts",
                                           "limit_errors",
                                           "limit_errors_per_1000_sent",
                                           "limit_errors_per_1000_opportunities",
                                           "refused_outbid",
                                           "refused_limit",
                                           "refused_banned",
                                           "refused_queue_full",
                                           "refused_deadline",
                                           "efficiency",
                                           "useful_efficiency",
                                           "banned_s",
                                           "provocations",
                                           "ban_probability",
                                           "unprotected_usd_max",
                                           "unprotected_p50_s",
                                           "unprotected_p99_s",
                                           "unprotected_max_s",
                                           "stops_crossed_unprotected",
                                           "first_entry_ms",
                                           "blind_max_s",
                                           "latency_p50_ms",
                                           "latency_p90_ms",
                                           "latency_p99_ms",
                                           "latency_p999_ms",
                                           "latency_max_ms"};
    json_t *document = replay(CASCADE, "weir");
    for (size_t i = 0; i < COUNT(fields); i++) {
        at(document, fields[i]);
    }
    for (size_t i = 0; i < COUNT(measured); i++) {
        metric(document, measured[i]);
    }
    assert_string_equal(text_at(document, "schema"), "weir.replay/1");
    assert_string_equal(text_at(document, "policy"), "weir");
    assert_string_equal(text_at(document, "trace name"), CASCADE);
    assert_string_equal(text_at(document, "trace class"), "binding");
    assert_int_equal(json_array_size(at(document, "diagnosis")), 5);
    json_decref(document);
}

/** Fails with the name of what is wrong. */
static void check(bool ok, const char *what) {
    if (!ok) {
        print_error("%s\n", what);
        fail();
    }
}

static bool near(double a, double b) {
    const double difference = a - b;
    const double scale = a < 0 ? 1 - a : 1 + a;
    return difference < 1e-9 * scale && difference > -1e-9 * scale;
}

static bool ends_with(const char *text, const char *ending) {
    const size_t length = strlen(text);
    const size_t tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static bool is_share(const char *name) {
    static const char *const endings[] = {"_capture", "capture_rate", "efficiency",
                                          "ban_probability"};
    bool share = strncmp(name, "edge_capture", 12) == 0;
    for (size_t i = 0; i < COUNT(endings); i++) {
        share = share || ends_with(name, endings[i]);
    }
    return share;
}

/** No metric is null, negative, or a share above 1. */
static void check_metrics(const json_t *document) {
    const char *name = NULL;
    const json_t *value = NULL;
    json_t *metrics = json_object_get(document, "metrics");
    json_object_foreach(metrics, name, value) {
        const double mean = number_at(value, "mean");
        check(mean >= 0.0, name);
        check(!is_share(name) || mean <= 1.0, name);
    }
}

/** Opportunities, captures, errors and the funnel add up. */
static void check_sums(const json_t *document) {
    const double opportunities = metric(document, "opportunities");
    const double captures = metric(document, "captures");
    const double states = metric(document, "state_captured") + metric(document, "state_late") +
                          metric(document, "state_refused") + metric(document, "state_expired") +
                          metric(document, "state_rejected") + metric(document, "state_lost");
    check(near(states, opportunities), "states sum to opportunities");
    check(near(metric(document, "state_captured"), captures), "captures");
    check(near(metric(document, "capture_rate") * opportunities, captures), "capture_rate");
    check(metric(document, "protected_captures") <= captures, "protected_captures");
    check(near(metric(document, "captured_usd"),
               metric(document, "notional_capture") * metric(document, "opportunities_usd")),
          "captured_usd");
    const double errors = metric(document, "http_429") + metric(document, "http_418");
    check(near(metric(document, "limit_errors"), errors), "limit_errors");
    check(near(metric(document, "limit_errors_per_1000_sent") * metric(document, "requests_sent"),
               1000.0 * errors),
          "limit_errors_per_1000_sent");
    check(near(metric(document, "http_429_weight") + metric(document, "http_429_orders"),
               metric(document, "http_429")),
          "429 by limiter");
    static const char *const funnel[] = {"trace_usd",     "feed_usd",     "opportunities_usd",
                                         "submitted_usd", "admitted_usd", "captured_usd",
                                         "filled_usd"};
    for (size_t i = 1; i < COUNT(funnel); i++) {
        check(metric(document, funnel[i]) <= metric(document, funnel[i - 1]) * (1 + 1e-12),
              funnel[i]);
    }
}

/** What bound: shares that sum to 1, of lost value only if something was lost. */
static void check_bound_by(const json_t *document) {
    double time = 0.0;
    double value_lost = 0.0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(document, "bound_by"), name, value) {
        time += number_at(value, "time");
        value_lost += number_at(value, "value_lost");
        check(number_at(value, "time") >= 0.0 && number_at(value, "value_lost") >= 0.0, name);
    }
    const bool missed = metric(document, "captures") < metric(document, "opportunities");
    check(near(time, 1.0), "bound_by: time sums to 1");
    check(near(value_lost, missed ? 1.0 : 0.0), "bound_by: value_lost sums to 1");
}

/** The curve rises with the window and passes through the capture rates at the bot's own. */
static void check_curve(const json_t *document) {
    json_t *curve = json_object_get(document, "capture_curve");
    double before[4] = {0};
    bool met = false;
    size_t index = 0;
    const json_t *point = NULL;
    json_array_foreach(curve, index, point) {
        for (size_t i = 0; i < 4; i++) {
            const double value = json_real_value(json_array_get(point, i));
            check(value >= before[i] && (i == 0 || value <= 1.0), "capture_curve rises");
            before[i] = value;
        }
        if (before[0] == number_at(document, "scenario bot opportunity_window_ms")) {
            met = near(before[1], metric(document, "capture_rate")) &&
                  near(before[2], metric(document, "value_capture")) &&
                  near(before[3], metric(document, "notional_capture"));
        }
    }
    check(met, "capture_curve at the bot's own window");
}

static void check_order(const json_t *document, const char *const *names, size_t count) {
    for (size_t i = 1; i < count; i++) {
        check(metric(document, names[i - 1]) <= metric(document, names[i]), names[i]);
    }
}

static void check_misses(const json_t *document) {
    double before = 1e300;
    size_t index = 0;
    const json_t *miss = NULL;
    const json_t *misses = at(document, "largest_misses");
    json_array_foreach(misses, index, miss) {
        check(number_at(miss, "notional_usd") <= before, "largest_misses are sorted");
        check(strcmp(text_at(miss, "state"), "captured") != 0, "largest_misses are misses");
        at(json_object_get(document, "bound_by"), text_at(miss, "lost_to"));
        before = number_at(miss, "notional_usd");
    }
    const double missed = metric(document, "opportunities") - metric(document, "captures");
    check((double)json_array_size(misses) == (missed < 20.0 ? missed : 20.0),
          "largest_misses: 20 or all");
}

static void figures_are_plausible(void **state) {
    (void)state;
    static const char *const latencies[] = {"latency_p50_ms", "latency_p90_ms", "latency_p99_ms",
                                            "latency_p999_ms", "latency_max_ms"};
    static const char *const unprotected[] = {"unprotected_p50_s", "unprotected_p99_s",
                                              "unprotected_max_s"};
    for (size_t t = 0; t < COUNT(profiles); t++) {
        for (size_t p = 0; p < COUNT(policies); p++) {
            print_message("%s, %s\n", profiles[t], policies[p]);
            json_t *document = replay(profiles[t], policies[p]);
            check_metrics(document);
            check_sums(document);
            check_bound_by(document);
            check_curve(document);
            check_order(document, latencies, COUNT(latencies));
            check_order(document, unprotected, COUNT(unprotected));
            check_misses(document);
            json_decref(document);
        }
    }
}

/** Whatever is captured is a capture of what the policies share: the opportunities and the trace.
 */
static void opportunities_are_the_same_for_all(void **state) {
    (void)state;
    static const char *const shared[] = {"opportunities", "opportunities_usd", "trace_liquidations",
                                         "feed_liquidations", "feed_usd"};
    json_t *first = replay(CASCADE, policies[0]);
    for (size_t p = 1; p < COUNT(policies); p++) {
        json_t *other = replay(CASCADE, policies[p]);
        for (size_t i = 0; i < COUNT(shared); i++) {
            assert_true(metric(first, shared[i]) == metric(other, shared[i]));
        }
        assert_string_equal(text_at(first, "trace digest"), text_at(other, "trace digest"));
        json_decref(other);
    }
    json_decref(first);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(document_has_every_field),
    cmocka_unit_test(figures_are_plausible),
    cmocka_unit_test(opportunities_are_the_same_for_all),
};

int main(void) {
    return cmocka_run_group_tests(tests, workspace_setup, workspace_teardown);
}
