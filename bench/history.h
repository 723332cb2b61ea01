#ifndef WEIR_BENCH_HISTORY_H
#define WEIR_BENCH_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay.h"

/**
 * The history of a suite's results: an SQLite file, one night for each result, one row for each of
 * its figures. A result that is there already (the same suite, label and time) replaces itself.
 */
struct weir_history;

/** Opens a history, with `create` also one that is not there yet. NULL and an error on failure;
 *  else the caller closes it. */
struct weir_history *weir_history_open(const char *path, bool create,
                                       struct weir_replay_error *error);
void weir_history_close(struct weir_history *history);

/** Adds a result, all of it or nothing. False and an error on failure. */
bool weir_history_add(struct weir_history *history, const json_t *result,
                      struct weir_replay_error *error);

/** One figure of one night. */
struct weir_history_point {
    int64_t night;  /**< counts up, from 1 */
    char label[64]; /**< of the build, or its version */
    char when[32];  /**< "" if it was not said */
    double value;
    double low, high; /**< the same as `value` without an interval */
};

/** The nights of one figure, in the order in which they were added. */
struct weir_history_trend {
    char name[400];   /**< "TRACE/SCENARIO/POLICY METRIC" or "time RATIO" */
    char metric[300]; /**< "POLICY.METRIC" or "ratio.RATIO", as gates have it */
    char file[49];    /**< the metric as the name of a file: cut and numbered if it is long */
    struct weir_history_point *points;
    size_t count;
};

struct weir_history_trends {
    struct weir_history_trend *items;
    size_t count;
};

/**
 * The last `nights` nights of a suite: of each figure whose "POLICY.METRIC" is among `metrics`
 * (`metric_count` of them). False and an error on failure, or if nothing is there; the caller frees
 * the trends in either case.
 */
bool weir_history_read(struct weir_history *history, const char *suite, uint32_t nights,
                       const char *const *metrics, size_t metric_count,
                       struct weir_history_trends *trends, struct weir_replay_error *error);

void weir_history_free(struct weir_history_trends *trends);

/** The suite of the latest night, which the caller frees; NULL if there is none. */
char *weir_history_suite(struct weir_history *history);

/** The "POLICY.METRIC" that the gates of the latest night of a suite name, and the primary metric
 *  of its policies, separated by blanks; the caller frees them. NULL if memory is short. */
char *weir_history_metrics(struct weir_history *history, const char *suite);

/** A table of trends for people: first and last night, least, greatest, and a line of bars. */
void weir_history_print(const struct weir_history_trends *trends, FILE *out);

/** CSV: one row for each point. */
void weir_history_csv(const struct weir_history_trends *trends, FILE *out);

/** Writes the data of the plots into a folder, which is made if needed: for each metric a file
 *  FILE.tsv (`file` of its trends), and in it for each of its figures a block (the name, then a row
 * for each night: number, value, low, high). Each file is whole or not there. False and an error on
 * failure. */
bool weir_history_folder(const struct weir_history_trends *trends, const char *folder,
                         struct weir_replay_error *error);

#endif
