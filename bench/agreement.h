#ifndef WEIR_BENCH_AGREEMENT_H
#define WEIR_BENCH_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "run.h"

/**
 * Whether simulation and reality agree: a live run beside the replay of the same trace, policy,
 * seed and phase with the delays that were measured. Captures and the used weight of each minute
 * may differ by 2 %, limit errors by 3; a minute's weight also by half a percent of its allowance,
 * as one request more or less says nothing where little is used.
 */

#define WEIR_AGREEMENT_SHARE 0.02
#define WEIR_AGREEMENT_ALLOWANCE_SHARE 0.005
#define WEIR_AGREEMENT_ERRORS 3

/** What one run did. */
struct weir_agreement_side {
    int64_t captures, limit_errors;
};

/** One minute of the exchange's clock in both runs. */
struct weir_agreement_minute {
    int64_t weight[2], orders[2], captures[2]; /**< live, replay */
    bool holds;                                /**< the weight agrees */
};

struct weir_agreement {
    struct weir_agreement_side sides[2]; /**< live, replay */
    bool captures_hold, errors_hold, weight_holds;
    struct weir_agreement_minute *minutes; /**< from the minute in which the bot starts */
    size_t minute_count;
    double first_s; /**< when that minute begins, seconds after the first liquidation */
    double span_s;  /**< length of the run from there */
};

/** Compares two runs of the same stage but for its place on the clock. False if memory is short. */
bool weir_agreement_make(const struct weir_run *live, const struct weir_run *replay,
                         struct weir_agreement *agreement);
void weir_agreement_free(struct weir_agreement *agreement);

/** Whether all of it holds. */
bool weir_agreement_holds(const struct weir_agreement *agreement);

/** Writes what was compared, with what was allowed. */
void weir_agreement_table(const struct weir_agreement *agreement, FILE *out);

/** The same as JSON. A new reference. */
json_t *weir_agreement_document(const struct weir_agreement *agreement);

/** Writes agreement.tsv (by second: captures so far, weight and orders used in the minute, of both)
 *  into a folder that is there. False and why on failure. */
bool weir_agreement_folder(const struct weir_run *live, const struct weir_run *replay,
                           const char *folder, char *error, size_t error_size);

#endif
