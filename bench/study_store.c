#include "study_store.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "study_parts.h"

#define RESULT_BYTES (8 * ((size_t)WEIR_METRIC_COUNT + 1))

struct weir_study_store {
    sqlite3 *database;
    sqlite3_stmt *read, *write, *find_arm, *add_arm;
    char path[4096];
};

static const char tables[] =
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE arm(id INTEGER PRIMARY KEY, policy TEXT NOT NULL, parameters TEXT NOT NULL,"
    " UNIQUE(policy, parameters));"
    "CREATE TABLE cell(arm INTEGER NOT NULL REFERENCES arm(id), trace TEXT NOT NULL,"
    " seed INTEGER NOT NULL, engine TEXT NOT NULL, replication INTEGER NOT NULL,"
    " result BLOB NOT NULL, PRIMARY KEY(arm, trace, seed, engine, replication)) WITHOUT ROWID;";

/** The engine is the same for all cells of a file; it is part of the key all the same. */
#define ENGINE "(SELECT value FROM fact WHERE name = 'engine')"

static bool fails(struct weir_study_store *store, struct weir_replay_error *error) {
    const int code = sqlite3_errcode(store->database);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        return weir_replay_fails(
            error, WEIR_REPLAY_FAILED,
            "%.300s: another process works on this study; wait for it, or give "
            "each its own file and merge them",
            store->path);
    }
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
        return weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                 "%.300s: not the file of a study (%s)", store->path,
                                 sqlite3_errmsg(store->database));
    }
    return weir_replay_fails(error, WEIR_REPLAY_FAILED, "%.300s: %s", store->path,
                             sqlite3_errmsg(store->database));
}

static bool run_sql(struct weir_study_store *store, const char *sql,
                    struct weir_replay_error *error) {
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK || fails(store, error);
}

/** Names of the metrics, in the order of a result's figures. */
static char *metric_names(void) {
    char *names = calloc(WEIR_METRIC_COUNT, 48);
    size_t used = 0;
    for (size_t m = 0; names && m < WEIR_METRIC_COUNT; m++) {
        used += (size_t)snprintf(names + used, 48 * (size_t)WEIR_METRIC_COUNT - used, "%s%s",
                                 m ? " " : "", weir_metric_name((enum weir_metric)m));
    }
    return names;
}

static bool is_empty(struct weir_study_store *store) {
    sqlite3_stmt *statement = NULL;
    bool empty = false;
    if (sqlite3_prepare_v2(store->database, "SELECT count(*) FROM sqlite_master", -1, &statement,
                           NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        empty = sqlite3_column_int(statement, 0) == 0;
    }
    sqlite3_finalize(statement);
    return empty;
}

/** Makes the tables of a new file, in one transaction. */
static bool make_tables(struct weir_study_store *store, struct weir_replay_error *error) {
    char *names = metric_names();
    char *sql = names ? sqlite3_mprintf("BEGIN; %s INSERT INTO fact VALUES('metrics', %Q);"
                                        "INSERT INTO fact VALUES('schema', %Q); COMMIT;",
                                        tables, names, WEIR_STORE_SCHEMA)
                      : NULL;
    const bool ok = sql ? run_sql(store, sql, error)
                        : weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    sqlite3_free(sql);
    free(names);
    return ok;
}

static bool check_version(struct weir_study_store *store, struct weir_replay_error *error) {
    char *schema = weir_store_fact(store, "schema");
    char *names = weir_store_fact(store, "metrics");
    char *own = metric_names();
    bool ok = false;
    if (!schema) {
        weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                          "%.300s: not the file of a study (it has no schema)", store->path);
    } else if (strcmp(schema, WEIR_STORE_SCHEMA) != 0) {
        weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                          "%.300s: a study of another version, '%.60s'; this program reads "
                          "'" WEIR_STORE_SCHEMA "'",
                          store->path, schema);
    } else if (!names || !own || strcmp(names, own) != 0) {
        weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                          "%.300s: a study of another version: it holds other metrics than this "
                          "program measures; begin a new file",
                          store->path);
    } else {
        ok = true;
    }
    free(schema);
    free(names);
    free(own);
    return ok;
}

static bool prepare(struct weir_study_store *store, const char *sql, sqlite3_stmt **statement,
                    struct weir_replay_error *error) {
    return sqlite3_prepare_v2(store->database, sql, -1, statement, NULL) == SQLITE_OK ||
           fails(store, error);
}

static bool prepare_all(struct weir_study_store *store, struct weir_replay_error *error) {
    return prepare(store,
                   "SELECT result FROM cell WHERE arm = ? AND trace = ? AND seed = ? AND engine "
                   "= " ENGINE " AND replication = ?",
                   &store->read, error) &&
           prepare(store,
                   "INSERT INTO cell(arm, trace, seed, engine, replication, result) "
                   "VALUES(?, ?, ?, " ENGINE ", ?, ?)",
                   &store->write, error) &&
           prepare(store, "SELECT id FROM arm WHERE policy = ? AND parameters = ?",
                   &store->find_arm, error) &&
           prepare(store, "INSERT INTO arm(policy, parameters) VALUES(?, ?)", &store->add_arm,
                   error);
}

/** Takes the file for this process alone, until it is closed. */
static bool lock(struct weir_study_store *store, struct weir_replay_error *error) {
    return run_sql(store, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT", error);
}

struct weir_study_store *weir_store_open(const char *path, enum weir_store_access access,
                                         struct weir_replay_error *error) {
    struct weir_study_store *store = calloc(1, sizeof *store);
    if (!store) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    snprintf(store->path, sizeof store->path, "%s", path ? path : "(memory)");
    const bool write = access == WEIR_STORE_WRITE;
    /* a file that is read may need its journal rolled back: so it is opened to write, too */
    int status = sqlite3_open_v2(path ? path : ":memory:", &store->database,
                                 SQLITE_OPEN_READWRITE | (write ? SQLITE_OPEN_CREATE : 0), NULL);
    if (status == SQLITE_CANTOPEN || status == SQLITE_READONLY) {
        const int why = errno;
        weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT, "%.300s: the study cannot be opened: %s",
                          store->path, strerror(why));
        weir_store_close(store);
        return NULL;
    }
    bool ok = status == SQLITE_OK || fails(store, error);
    ok = ok && (!write || lock(store, error));
    ok = ok && (!write || !is_empty(store) || make_tables(store, error));
    /* reading anything shows whether it is a database that nobody holds */
    ok = ok && run_sql(store, "SELECT count(*) FROM sqlite_master", error);
    if (!ok || !check_version(store, error) || !prepare_all(store, error)) {
        weir_store_close(store);
        return NULL;
    }
    return store;
}

void weir_store_close(struct weir_study_store *store) {
    if (store) {
        sqlite3_finalize(store->read);
        sqlite3_finalize(store->write);
        sqlite3_finalize(store->find_arm);
        sqlite3_finalize(store->add_arm);
        sqlite3_close(store->database);
        free(store);
    }
}

char *weir_store_fact(struct weir_study_store *store, const char *name) {
    sqlite3_stmt *statement = NULL;
    char *value = NULL;
    if (sqlite3_prepare_v2(store->database, "SELECT value FROM fact WHERE name = ?", -1, &statement,
                           NULL) == SQLITE_OK &&
        sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        value = strdup((const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return value;
}

bool weir_store_set_fact(struct weir_study_store *store, const char *name, const char *value,
                         struct weir_replay_error *error) {
    char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO fact VALUES(%Q, %Q)", name, value);
    const bool ok = sql && run_sql(store, sql, error);
    sqlite3_free(sql);
    return ok;
}

static int bind_arm(sqlite3_stmt *statement, const char *policy, const char *parameters) {
    sqlite3_reset(statement);
    sqlite3_bind_text(statement, 1, policy, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, parameters, -1, SQLITE_STATIC);
    return sqlite3_step(statement);
}

int64_t weir_store_arm(struct weir_study_store *store, const char *policy, const char *parameters,
                       bool add) {
    int64_t id = 0;
    if (bind_arm(store->find_arm, policy, parameters) == SQLITE_ROW) {
        id = sqlite3_column_int64(store->find_arm, 0);
    } else if (add && bind_arm(store->add_arm, policy, parameters) == SQLITE_DONE) {
        id = sqlite3_last_insert_rowid(store->database);
    }
    sqlite3_reset(store->find_arm);
    sqlite3_reset(store->add_arm);
    return id;
}

/** Little-endian bytes of a run's digest and figures; a figure that is absent is not a number. */
static void encode(const struct weir_cell *cell, unsigned char *bytes) {
    for (size_t m = 0; m <= WEIR_METRIC_COUNT; m++) {
        uint64_t word = cell->digest;
        if (m > 0) {
            const double value =
                cell->metrics.present[m - 1] ? cell->metrics.values[m - 1] : (double)NAN;
            memcpy(&word, &value, sizeof word);
        }
        for (size_t i = 0; i < 8; i++) {
            bytes[8 * m + i] = (unsigned char)(word >> (8 * i));
        }
    }
}

static void decode(const unsigned char *bytes, struct weir_metrics *metrics) {
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8; i++) {
            word |= (uint64_t)bytes[8 * (m + 1) + i] << (8 * i);
        }
        memcpy(&metrics->values[m], &word, sizeof word);
        metrics->present[m] = !isnan(metrics->values[m]);
    }
}

/** Steps to a cell; its bytes, or NULL. They live until the next step. */
static const unsigned char *find(struct weir_study_store *store, const struct weir_cell_key *key) {
    sqlite3_reset(store->read);
    sqlite3_bind_int64(store->read, 1, key->arm);
    sqlite3_bind_text(store->read, 2, key->trace, -1, SQLITE_STATIC);
    sqlite3_bind_int64(store->read, 3, (int64_t)key->seed);
    sqlite3_bind_int64(store->read, 4, key->replication);
    if (sqlite3_step(store->read) != SQLITE_ROW ||
        (size_t)sqlite3_column_bytes(store->read, 0) != RESULT_BYTES) {
        return NULL;
    }
    return sqlite3_column_blob(store->read, 0);
}

bool weir_store_read(struct weir_study_store *store, const struct weir_cell_key *key,
                     struct weir_metrics *metrics) {
    const unsigned char *bytes = find(store, key);
    if (bytes && metrics) {
        decode(bytes, metrics);
    }
    sqlite3_reset(store->read);
    return bytes != NULL;
}

static bool write_cell(struct weir_study_store *store, const struct weir_cell_key *key,
                       const unsigned char *bytes, struct weir_replay_error *error) {
    const unsigned char *there = find(store, key);
    if (there) {
        const bool same = memcmp(there, bytes, RESULT_BYTES) == 0;
        sqlite3_reset(store->read);
        return same || weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                         "%.300s: replication %" PRIu32 " of a setting on trace %s "
                                         "contradicts the result that is there already",
                                         store->path, key->replication, key->trace);
    }
    sqlite3_reset(store->read);
    sqlite3_reset(store->write);
    sqlite3_bind_int64(store->write, 1, key->arm);
    sqlite3_bind_text(store->write, 2, key->trace, -1, SQLITE_STATIC);
    sqlite3_bind_int64(store->write, 3, (int64_t)key->seed);
    sqlite3_bind_int64(store->write, 4, key->replication);
    sqlite3_bind_blob(store->write, 5, bytes, (int)RESULT_BYTES, SQLITE_STATIC);
    const bool ok = sqlite3_step(store->write) == SQLITE_DONE || fails(store, error);
    sqlite3_reset(store->write);
    return ok;
}

bool weir_store_write(struct weir_study_store *store, const struct weir_cell *cells, size_t count,
                      struct weir_replay_error *error) {
    unsigned char bytes[RESULT_BYTES];
    bool ok = run_sql(store, "BEGIN", error);
    for (size_t i = 0; ok && i < count; i++) {
        encode(&cells[i], bytes);
        ok = write_cell(store, &cells[i].key, bytes, error);
    }
    if (ok) {
        ok = run_sql(store, "COMMIT", error);
    }
    if (!ok) {
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    }
    return ok;
}

bool weir_store_each(struct weir_study_store *store, weir_store_visit visit, void *context) {
    sqlite3_stmt *row = NULL;
    int status = SQLITE_ERROR;
    bool goes_on = sqlite3_prepare_v2(store->database,
                                      "SELECT arm, trace, seed, max(replication) FROM cell "
                                      "GROUP BY arm, trace, seed",
                                      -1, &row, NULL) == SQLITE_OK;
    while (goes_on && (status = sqlite3_step(row)) == SQLITE_ROW) {
        struct weir_cell_key key = {.arm = sqlite3_column_int64(row, 0),
                                    .seed = (uint64_t)sqlite3_column_int64(row, 2),
                                    .replication = (uint32_t)sqlite3_column_int64(row, 3)};
        snprintf(key.trace, sizeof key.trace, "%s", (const char *)sqlite3_column_text(row, 1));
        goes_on = visit(context, &key);
    }
    sqlite3_finalize(row);
    return goes_on && status == SQLITE_DONE;
}

static const char sorted_cells[] =
    "SELECT a.policy, a.parameters, c.trace, c.seed, c.replication, c.result, c.engine "
    "FROM cell c JOIN arm a ON a.id = c.arm "
    "ORDER BY a.policy, a.parameters, c.trace, c.seed, c.engine, c.replication";

/** Copies the cell that a statement of `sorted_cells` stands on. */
static bool copy_cell(struct weir_study_store *store, const struct weir_study_store *from,
                      sqlite3_stmt *row, const char *engine, struct weir_replay_error *error) {
    struct weir_cell_key key = {.seed = (uint64_t)sqlite3_column_int64(row, 3),
                                .replication = (uint32_t)sqlite3_column_int64(row, 4)};
    const char *its_engine = (const char *)sqlite3_column_text(row, 6);
    if ((size_t)sqlite3_column_bytes(row, 5) != RESULT_BYTES || !engine ||
        strcmp(engine, its_engine) != 0) {
        return weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                 "%.300s: holds a cell that is damaged, or of engine %.60s",
                                 from->path, its_engine);
    }
    snprintf(key.trace, sizeof key.trace, "%s", (const char *)sqlite3_column_text(row, 2));
    key.arm = weir_store_arm(store, (const char *)sqlite3_column_text(row, 0),
                             (const char *)sqlite3_column_text(row, 1), true);
    if (!key.arm) {
        return fails(store, error);
    }
    if (!write_cell(store, &key, sqlite3_column_blob(row, 5), error)) {
        char text[300];
        snprintf(text, sizeof text, "%.290s", error->text);
        return weir_replay_fails(error, error->status, "%.300s: %s", from->path, text);
    }
    return true;
}

bool weir_store_copy(struct weir_study_store *store, struct weir_study_store *from,
                     struct weir_replay_error *error) {
    sqlite3_stmt *row = NULL;
    char *engine = weir_store_fact(store, "engine");
    int status = SQLITE_DONE;
    bool ok = run_sql(store, "BEGIN", error) && prepare(from, sorted_cells, &row, error);
    while (ok && (status = sqlite3_step(row)) == SQLITE_ROW) {
        ok = copy_cell(store, from, row, engine, error);
    }
    ok = ok && (status == SQLITE_DONE || fails(from, error)) && run_sql(store, "COMMIT", error);
    if (!ok) {
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    }
    sqlite3_finalize(row);
    free(engine);
    return ok;
}

static bool copy_facts(struct weir_study_store *store, struct weir_study_store *from,
                       struct weir_replay_error *error) {
    static const char *const names[] = {"engine", "study", "traces"};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof names / sizeof names[0]; i++) {
        char *value = weir_store_fact(from, names[i]);
        ok = !value || weir_store_set_fact(store, names[i], value, error);
        free(value);
    }
    return ok;
}

bool weir_store_export(struct weir_study_store *from, const char *path,
                       struct weir_replay_error *error) {
    char temporary[4096];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid()) >=
        sizeof temporary) {
        return weir_replay_fails(error, WEIR_REPLAY_FAILED, "%.300s: the name is too long", path);
    }
    unlink(temporary);
    struct weir_study_store *target = weir_store_open(temporary, WEIR_STORE_WRITE, error);
    bool ok = target && copy_facts(target, from, error) && weir_store_copy(target, from, error);
    weir_store_close(target);
    if (ok && rename(temporary, path) != 0) {
        ok = weir_replay_fails(error, WEIR_REPLAY_FAILED, "%.300s: cannot be put in place: %s",
                               path, strerror(errno));
    }
    if (!ok) {
        unlink(temporary);
    }
    return ok;
}
