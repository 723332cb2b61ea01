#ifndef WEIR_BENCH_SUMMARY_DOCUMENT_H
#define WEIR_BENCH_SUMMARY_DOCUMENT_H

#include <jansson.h>

#include "summary.h"

/* Parts of result documents that are made of summaries. Each is a new reference. */

/** {"mean", "low", "high"}; the ends are left out where there is no interval. */
json_t *weir_estimate_document(const struct weir_estimate *estimate);

/** {cause: {"time", "value_lost"}} */
json_t *weir_bound_by_document(const struct weir_summary *summary);

/** [[window_ms, by_count, by_value, by_notional]] */
json_t *weir_curve_document(const struct weir_summary *summary);

/** A digest as 16 hexadecimal digits. */
json_t *weir_digest_document(uint64_t digest);

#endif
