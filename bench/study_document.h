#ifndef WEIR_BENCH_STUDY_DOCUMENT_H
#define WEIR_BENCH_STUDY_DOCUMENT_H

#include <jansson.h>
#include <stdio.h>

#include "replay_document.h"
#include "study_run.h"

/** The answer of a study: which settings, and how sure. Everything is a function of the cells. */

/** The weir.tune/1 document (docs/results.md). NULL and an error if the study is not complete or
 *  memory is short. The caller owns the reference. */
json_t *weir_study_document(struct weir_session *session, struct weir_replay_error *error);

/** The document as text with the digits that all results have; the caller frees it. */
char *weir_study_text(const json_t *document);

/** The answer for people, from the document alone. */
void weir_study_table(json_t *document, enum weir_table_form form, bool color, FILE *out);

/** Every point that was tried: one row per policy and point (form CSV), with the mean of every
 *  metric over traces and replications. */
bool weir_study_csv(struct weir_session *session, FILE *out, struct weir_replay_error *error);

/** The scenario with the recommended setting of a policy, as text that --scenario takes; the caller
 *  frees it. NULL and an error if no setting meets the outcomes. */
char *weir_study_scenario(struct weir_session *session, const json_t *document, const char *policy,
                          struct weir_replay_error *error);

/** Writes result.json, points.csv and the data of the plots into a folder. */
bool weir_study_folder(struct weir_session *session, json_t *document, const char *folder,
                       char *error, size_t error_size);

#endif
