#ifndef WEIR_BENCH_STUDY_PLANES_H
#define WEIR_BENCH_STUDY_PLANES_H

#include <jansson.h>

#include "study_choice.h"

/** Views of a study's points: its front, and the data of its plots. */

/** Whether no other result has an objective as high with fewer limit errors, or a higher one with
 * as few. `list` names the traces. O(results). */
bool weir_is_on_front(const struct weir_results *results, const size_t *list, size_t index);

/** The parameters of a point by their keys; WEIR_NO_POINT: the policy's defaults. The caller owns
 *  the reference. */
json_t *weir_study_parameters(const struct weir_study *study, size_t policy, uint64_t point);

/** Writes heatmap-POLICY-MODE.tsv, slices-POLICY.tsv and pareto-POLICY.tsv of every policy into a
 *  folder, and lists them in `document` ("plots"). False and why in `error` on failure. */
bool weir_study_planes(struct weir_session *session, json_t *document, const char *folder,
                       char *error, size_t error_size);

#endif
