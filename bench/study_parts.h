#ifndef WEIR_BENCH_STUDY_PARTS_H
#define WEIR_BENCH_STUDY_PARTS_H

#include "study.h"

/* Private to the files of studies. */

/** Notes an error. Returns false, so that a caller can return it. */
bool weir_study_fails(struct weir_replay_error *error, enum weir_replay_status status,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Reads "parameters" into the axes, and checks every value against the policies. */
bool weir_study_read_axes(struct weir_study *study, json_t *parameters,
                          struct weir_replay_error *error);

void weir_study_free_axes(struct weir_study *study);

/** Finds the points that meet the rules: all of them, or `wanted` that are drawn. */
bool weir_study_find_points(struct weir_study *study, uint64_t wanted,
                            struct weir_replay_error *error);

#endif
