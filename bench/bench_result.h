#ifndef WEIR_BENCH_BENCH_RESULT_H
#define WEIR_BENCH_BENCH_RESULT_H

#include <jansson.h>
#include <stdbool.h>

#include "replay.h"
#include "summary.h"

/** Results of suites as documents: reading, writing, and what stands in them. */

/** Reads a result (weir.bench/1) or an accepted baseline (weir.accepted/1, if `accepted`), and
 *  checks that everything that others rely on is there. NULL and an error that names file and key
 *  if not. The caller owns the reference. */
json_t *weir_bench_result_open(const char *path, bool accepted, struct weir_replay_error *error);

/** Writes a document, whole or not at all. False and an error on failure. */
bool weir_bench_result_write(const json_t *document, const char *path,
                             struct weir_replay_error *error);

/** The baseline that belongs to a result: SUITE.json has SUITE.accepted.json beside it. The caller
 *  frees it; NULL if memory is short. */
char *weir_bench_accepted_path(const json_t *result);

/** What is kept of a result as a baseline: all but times, labels and intervals. */
json_t *weir_bench_accept(const json_t *result);

/** A text of a case's trace ("name", "digest"), or of the case ("policy", "scenario"). */
const char *weir_case_trace(const json_t *entry, const char *key);
const char *weir_case_text(const json_t *entry, const char *key);

/** "TRACE/SCENARIO/POLICY" of a case. */
struct weir_case_name {
    char text[400];
};
struct weir_case_name weir_case_name(const json_t *entry);

/** A metric of a case; count 0 if it is absent, 1 if there is no interval. */
struct weir_estimate weir_case_metric(const json_t *entry, const char *metric);

/** The case of a document with the same trace, scenario and policy; NULL if there is none. */
const json_t *weir_case_find(const json_t *document, const json_t *like);

/** Rounds of a ratio of time; returns how many, 0 if it was not measured. */
size_t weir_bench_rounds(const json_t *result, const char *ratio, struct weir_estimate rounds[2]);

#endif
