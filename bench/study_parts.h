#ifndef WEIR_BENCH_STUDY_PARTS_H
#define WEIR_BENCH_STUDY_PARTS_H

#include "study.h"

/* Private to the files of studies. */

/** Reads "parameters" into the axes, and checks every value against the policies. */
bool weir_study_read_axes(struct weir_study *study, json_t *parameters,
                          struct weir_replay_error *error);

void weir_study_free_axes(struct weir_study *study);

/** Finds the points that meet the rules: all of them, or `wanted` that are drawn. */
bool weir_study_find_points(struct weir_study *study, uint64_t wanted,
                            struct weir_replay_error *error);

#endif
