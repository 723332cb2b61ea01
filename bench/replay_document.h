#ifndef WEIR_BENCH_REPLAY_DOCUMENT_H
#define WEIR_BENCH_REPLAY_DOCUMENT_H

#include <stdio.h>

#include "replay.h"

/** The weir.replay/1 document of one policy, as text with a final newline; the caller frees it.
 * NULL if memory is short. Without `cost` (the only part that differs from run to run) it is always
 * the same bytes for the same inputs. */
char *weir_replay_document(const struct weir_replay *replay, size_t policy);

/** Ways to print results for people and spreadsheets. */
enum weir_table_form {
    WEIR_TABLE_TEXT,
    WEIR_TABLE_MARKDOWN,
    WEIR_TABLE_CSV
};

/** Writes all policies side by side; CSV has one row per policy and metric. With `color` the head
 * of a text table is bold. */
void weir_replay_table(const struct weir_replay *replay, enum weir_table_form form, bool color,
                       FILE *out);

/** Writes result.json and the tables of one policy (timeline, spans, latency, windows, causes and
 * symbols, each .tsv) into a folder, which is made if needed. Each file is whole or not there.
 * False and why in `error` on failure. */
bool weir_replay_folder(const struct weir_replay *replay, size_t policy, const char *folder,
                        char *error, size_t error_size);

/** Writes the log of replication 0 of one policy. False and why in `error` on failure. */
bool weir_replay_log(const struct weir_replay *replay, size_t policy, const char *path, char *error,
                     size_t error_size);

#endif
