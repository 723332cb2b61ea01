#ifndef WEIR_BENCH_STUDY_STORE_H
#define WEIR_BENCH_STUDY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics.h"
#include "replay.h"

/**
 * The file of a study: a SQLite database of cells. A cell is one run, keyed by the full parameters
 * of its arm, the digest of its trace, seed, engine and replication; it is there with its whole
 * result or not at all. One process at a time may write to a file.
 */

#define WEIR_STORE_SCHEMA "weir.study-file/1"

struct weir_study_store;

enum weir_store_access {
    WEIR_STORE_READ,  /**< the file must be there */
    WEIR_STORE_WRITE, /**< it is made if it is not; no other process may have it */
};

/** Opens a file; a path of NULL is a store in memory. NULL and an error if it cannot be opened, is
 *  no study, is one of another version, or another process works on it. */
struct weir_study_store *weir_store_open(const char *path, enum weir_store_access access,
                                         struct weir_replay_error *error);

void weir_store_close(struct weir_study_store *store);

/** A fact about the whole study ("study", "engine", "traces"); NULL if it is not there. The caller
 *  frees it. */
char *weir_store_fact(struct weir_study_store *store, const char *name);

bool weir_store_set_fact(struct weir_study_store *store, const char *name, const char *value,
                         struct weir_replay_error *error);

/** Number of an arm by its policy and full parameters; 0 if it is not there. With `add` it is made.
 */
int64_t weir_store_arm(struct weir_study_store *store, const char *policy, const char *parameters,
                       bool add);

struct weir_cell_key {
    int64_t arm;
    char trace[20]; /**< digest in hexadecimal digits */
    uint64_t seed;
    uint32_t replication;
};

struct weir_cell {
    struct weir_cell_key key;
    uint64_t digest; /**< of the run */
    struct weir_metrics metrics;
};

/** Whether a cell is there; `metrics` (may be NULL) gets its figures. Only values and which are
 *  present are kept. */
bool weir_store_read(struct weir_study_store *store, const struct weir_cell_key *key,
                     struct weir_metrics *metrics);

/** Writes cells in one transaction. Those that are there must agree, else it fails and none is
 *  written. */
bool weir_store_write(struct weir_study_store *store, const struct weir_cell *cells, size_t count,
                      struct weir_replay_error *error);

/** Calls `visit` for each arm, trace and seed that has cells, with its highest replication, until
 * it returns false. Returns whether all were visited. */
typedef bool (*weir_store_visit)(void *context, const struct weir_cell_key *last);
bool weir_store_each(struct weir_study_store *store, weir_store_visit visit, void *context);

/** Adds every cell of `from`. A cell that contradicts one that is there is an error that names both
 *  files. */
bool weir_store_copy(struct weir_study_store *store, struct weir_study_store *from,
                     struct weir_replay_error *error);

/** Writes everything, sorted, into a file that is whole or not there: the same bytes for the same
 *  content, in whatever order it came. */
bool weir_store_export(struct weir_study_store *from, const char *path,
                       struct weir_replay_error *error);

#endif
