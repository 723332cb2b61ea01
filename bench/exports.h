#ifndef WEIR_BENCH_EXPORTS_H
#define WEIR_BENCH_EXPORTS_H

#include <jansson.h>
#include <stdio.h>

#include "checks.h"
#include "metrics.h"

/**
 * A suite's result in the forms that other tools read. What was not measured is left out. Each
 * writes to a stream, whose errors the caller looks at; those that return bool return false if
 * memory is short.
 */

/** Most bytes of a Markdown summary: GitHub drops a longer one whole. */
#define WEIR_SUMMARY_MAX ((size_t)1000 * 1000)

/** A summary in Markdown: verdict, what is broken, ratios of time, main metrics of each case. Cut
 *  before WEIR_SUMMARY_MAX, at the end of a line, and then says so. */
bool weir_export_markdown(const json_t *result, const struct weir_checks *checks, FILE *out);

/** JUnit XML: a test case for each check; broken ones are failures, policies that broke errors. */
void weir_export_junit(const json_t *result, const struct weir_checks *checks, FILE *out);

/** Whether a metric of a policy is among the main ones: those that summaries show, and those that
 *  the suite's gates name. Tools that draw or alarm by figure get these alone. */
bool weir_export_is_main(const json_t *result, const char *policy, enum weir_metric metric);

/** The metrics that summaries show of each case. */
#define WEIR_EXPORT_SHOWN 7
extern const enum weir_metric weir_export_shown[WEIR_EXPORT_SHOWN];

/** github-action-benchmark: main metrics of which more is better, or those of which less is. */
bool weir_export_action(const json_t *result, bool bigger, FILE *out);

/** Bencher Metric Format, main metrics: benchmark = case, measure = metric. */
bool weir_export_bencher(const json_t *result, FILE *out);

/** CSV: suite, version, label, case, metric, unit, mean, low, high; one row a figure. */
void weir_export_csv(const json_t *result, FILE *out);

#endif
