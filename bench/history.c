#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "bench_result.h"
#include "gate_expression.h"
#include "metric_facts.h"

struct weir_history {
    sqlite3 *database;
    char path[512];
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS nights (night INTEGER PRIMARY KEY AUTOINCREMENT,"
    " suite TEXT NOT NULL, label TEXT NOT NULL, at TEXT NOT NULL, gates TEXT NOT NULL,"
    " UNIQUE (suite, label, at));"
    "CREATE TABLE IF NOT EXISTS figures (figure INTEGER PRIMARY KEY, place TEXT NOT NULL,"
    " metric TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (place, name));"
    "CREATE TABLE IF NOT EXISTS points (night INTEGER NOT NULL REFERENCES nights"
    " ON DELETE CASCADE, figure INTEGER NOT NULL REFERENCES figures, value REAL NOT NULL,"
    " low REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (figure, night)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

static bool fail(const struct weir_history *history, struct weir_replay_error *error) {
    const int code = sqlite3_errcode(history->database);
    error->status = code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR ||
                            code == SQLITE_CANTOPEN
                        ? WEIR_REPLAY_BAD_INPUT
                        : WEIR_REPLAY_FAILED;
    snprintf(error->text, sizeof error->text, "%s: %s", history->path,
             sqlite3_errmsg(history->database));
    return false;
}

static bool execute(struct weir_history *history, const char *sql,
                    struct weir_replay_error *error) {
    return sqlite3_exec(history->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(history, error);
}

/** Whether the file is a history of this version, or empty; `version` is what it says. */
static bool check_version(struct weir_history *history, struct weir_replay_error *error) {
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(history->database,
                           "SELECT (SELECT user_version FROM pragma_user_version),"
                           " (SELECT count(*) FROM sqlite_schema)",
                           -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return fail(history, error);
    }
    version = sqlite3_column_int(statement, 0);
    const bool empty = sqlite3_column_int(statement, 1) == 0;
    sqlite3_finalize(statement);
    if (version == 1 || (version == 0 && empty)) {
        return true;
    }
    error->status = WEIR_REPLAY_BAD_INPUT;
    snprintf(error->text, sizeof error->text, "%s: is no history of weir bench", history->path);
    return false;
}

struct weir_history *weir_history_open(const char *path, bool create,
                                       struct weir_replay_error *error) {
    struct weir_history *history = calloc(1, sizeof *history);
    *error = (struct weir_replay_error){WEIR_REPLAY_FAILED, "out of memory"};
    if (!history) {
        return NULL;
    }
    snprintf(history->path, sizeof history->path, "%s", path);
    const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    bool ok = sqlite3_open_v2(path, &history->database, flags, NULL) == SQLITE_OK ||
              (history->database && fail(history, error));
    ok = ok && sqlite3_busy_timeout(history->database, 10000) == SQLITE_OK &&
         check_version(history, error) && execute(history, "PRAGMA foreign_keys = ON", error) &&
         execute(history, schema, error);
    if (!ok) {
        weir_history_close(history);
        return NULL;
    }
    return history;
}

void weir_history_close(struct weir_history *history) {
    if (history) {
        sqlite3_close(history->database);
        free(history);
    }
}

/* adding */

struct adding {
    struct weir_history *history;
    sqlite3_stmt *figure, *point;
    int64_t night;
    bool ok;
};

static void add_figure(struct adding *adding, const char *place, const char *policy,
                       const char *name, const struct weir_estimate *e) {
    char metric[300];
    snprintf(metric, sizeof metric, "%.127s.%.127s", policy, name);
    sqlite3_reset(adding->figure);
    sqlite3_bind_text(adding->figure, 1, place, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(adding->figure, 2, metric, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(adding->figure, 3, name, -1, SQLITE_TRANSIENT);
    adding->ok = adding->ok && sqlite3_step(adding->figure) == SQLITE_ROW;
    if (!adding->ok) {
        return;
    }
    sqlite3_reset(adding->point);
    sqlite3_bind_int64(adding->point, 1, adding->night);
    sqlite3_bind_int64(adding->point, 2, sqlite3_column_int64(adding->figure, 0));
    sqlite3_bind_double(adding->point, 3, e->mean);
    sqlite3_bind_double(adding->point, 4, e->low);
    sqlite3_bind_double(adding->point, 5, e->high);
    adding->ok = sqlite3_step(adding->point) == SQLITE_DONE;
    sqlite3_reset(adding->figure);
}

static void add_figures(struct adding *adding, const json_t *result) {
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
            const char *name = weir_metric_name((enum weir_metric)m);
            const struct weir_estimate e = weir_case_metric(entry, name);
            if (e.count > 0) {
                add_figure(adding, weir_case_name(entry).text, weir_case_text(entry, "policy"),
                           name, &e);
            }
        }
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(json_object_get(result, "time"), "ratios"), name, value) {
        struct weir_estimate rounds[2];
        const size_t count = weir_bench_rounds(result, name, rounds);
        if (count > 0) {
            add_figure(adding, "time", "ratio", name, &rounds[count - 1]);
        }
    }
}

/** What the gates name, as "POLICY.METRIC" each with a blank behind it; the caller frees it. */
static char *gates_of(const json_t *result) {
    char *text = NULL;
    size_t size = 0;
    size_t i = 0;
    const json_t *gate = NULL;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) {
        return NULL;
    }
    json_array_foreach(json_object_get(result, "gates"), i, gate) {
        struct weir_gate parsed;
        char why[256];
        if (weir_gate_parse(json_string_value(gate), &parsed, why, sizeof why)) {
            fprintf(stream, " %s.%s ", parsed.policy, parsed.metric);
        }
    }
    fclose(stream);
    return text;
}

static bool add_night(struct weir_history *history, const json_t *result, int64_t *night) {
    static const char *const keys[] = {"suite", "label", "when"};
    sqlite3_stmt *statement = NULL;
    char *gates = gates_of(result);
    bool ok = gates && sqlite3_prepare_v2(history->database,
                                          "INSERT OR REPLACE INTO nights (suite, label, at, gates)"
                                          " VALUES (?, ?, ?, ?)",
                                          -1, &statement, NULL) == SQLITE_OK;
    for (int i = 0; ok && i < 3; i++) {
        const char *text = json_string_value(json_object_get(result, keys[i]));
        const char *version = json_string_value(json_object_get(result, "version"));
        sqlite3_bind_text(statement, i + 1,
                          text     ? text
                          : i == 1 ? version
                                   : "",
                          -1, SQLITE_TRANSIENT);
    }
    if (ok) {
        sqlite3_bind_text(statement, 4, gates, -1, SQLITE_TRANSIENT);
        ok = sqlite3_step(statement) == SQLITE_DONE;
        *night = sqlite3_last_insert_rowid(history->database);
    }
    sqlite3_finalize(statement);
    free(gates);
    return ok;
}

bool weir_history_add(struct weir_history *history, const json_t *result,
                      struct weir_replay_error *error) {
    struct adding adding = {.history = history, .ok = true};
    if (!execute(history, "BEGIN IMMEDIATE", error)) {
        return false;
    }
    adding.ok = add_night(history, result, &adding.night) &&
                sqlite3_prepare_v2(history->database,
                                   "INSERT INTO figures (place, metric, name) VALUES (?, ?, ?)"
                                   " ON CONFLICT DO UPDATE SET metric = metric RETURNING figure",
                                   -1, &adding.figure, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(history->database, "INSERT INTO points VALUES (?, ?, ?, ?, ?)",
                                   -1, &adding.point, NULL) == SQLITE_OK;
    if (adding.ok) {
        add_figures(&adding, result);
    }
    const bool failed = !adding.ok && !fail(history, error);
    sqlite3_finalize(adding.figure);
    sqlite3_finalize(adding.point);
    if (failed) {
        sqlite3_exec(history->database, "ROLLBACK", NULL, NULL, NULL);
        return false;
    }
    return execute(history, "COMMIT", error);
}

/* reading */

static char *single_text(struct weir_history *history, const char *sql, const char *suite) {
    sqlite3_stmt *statement = NULL;
    char *text = NULL;
    if (sqlite3_prepare_v2(history->database, sql, -1, &statement, NULL) == SQLITE_OK) {
        if (suite) {
            sqlite3_bind_text(statement, 1, suite, -1, SQLITE_TRANSIENT);
        }
        if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0)) {
            text = strdup((const char *)sqlite3_column_text(statement, 0));
        }
    }
    sqlite3_finalize(statement);
    return text;
}

char *weir_history_suite(struct weir_history *history) {
    return single_text(history, "SELECT suite FROM nights ORDER BY night DESC LIMIT 1", NULL);
}

char *weir_history_metrics(struct weir_history *history, const char *suite) {
    return single_text(history,
                       "WITH latest AS (SELECT night, gates FROM nights WHERE suite = ?"
                       "  ORDER BY night DESC LIMIT 1)"
                       "SELECT group_concat(metric, ' ') FROM (SELECT DISTINCT metric FROM figures"
                       "  JOIN points USING (figure) JOIN latest USING (night)"
                       "  WHERE name = 'protected_value_of_bound' OR metric LIKE 'ratio.%'"
                       "  OR instr(latest.gates, ' ' || metric || ' ') > 0 ORDER BY metric)",
                       suite);
}

static bool is_wanted(const char *metric, const char *const *metrics, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(metric, metrics[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void copy_column(sqlite3_stmt *statement, int column, char *to, size_t size) {
    snprintf(to, size, "%s", (const char *)sqlite3_column_text(statement, column));
}

/** Names the file of the last trend: that of the one before, if they show the same metric. */
static void name_file(struct weir_history_trends *trends) {
    struct weir_history_trend *last = &trends->items[trends->count - 1];
    const struct weir_history_trend *before = trends->count > 1 ? last - 1 : NULL;
    if (before && strcmp(before->metric, last->metric) == 0) {
        snprintf(last->file, sizeof last->file, "%s", before->file);
    } else if (strlen(last->metric) < sizeof last->file) {
        snprintf(last->file, sizeof last->file, "%s", last->metric);
    } else {
        snprintf(last->file, sizeof last->file, "%.40s-%zu", last->metric, trends->count);
    }
}

/** Adds the row's point to the last trend, or to a new one. False if memory is short. */
static bool add_point(sqlite3_stmt *row, struct weir_history_trends *trends) {
    char name[400];
    snprintf(name, sizeof name, "%.260s %.127s", (const char *)sqlite3_column_text(row, 0),
             (const char *)sqlite3_column_text(row, 1));
    struct weir_history_trend *last = trends->count > 0 ? &trends->items[trends->count - 1] : NULL;
    if (!last || strcmp(last->name, name) != 0) {
        struct weir_history_trend *items =
            realloc(trends->items, (trends->count + 1) * sizeof *items);
        if (!items) {
            return false;
        }
        trends->items = items;
        last = &items[trends->count++];
        *last = (struct weir_history_trend){.count = 0};
        snprintf(last->name, sizeof last->name, "%s", name);
        copy_column(row, 2, last->metric, sizeof last->metric);
        name_file(trends);
    }
    struct weir_history_point *points = realloc(last->points, (last->count + 1) * sizeof *points);
    if (!points) {
        return false;
    }
    last->points = points;
    struct weir_history_point *point = &points[last->count++];
    *point = (struct weir_history_point){.night = sqlite3_column_int64(row, 3),
                                         .value = sqlite3_column_double(row, 6),
                                         .low = sqlite3_column_double(row, 7),
                                         .high = sqlite3_column_double(row, 8)};
    copy_column(row, 4, point->label, sizeof point->label);
    copy_column(row, 5, point->when, sizeof point->when);
    return true;
}

bool weir_history_read(struct weir_history *history, const char *suite, uint32_t nights,
                       const char *const *metrics, size_t metric_count,
                       struct weir_history_trends *trends, struct weir_replay_error *error) {
    static const char sql[] =
        "SELECT place, name, metric, night, label, at, value, low, high FROM points"
        " JOIN figures USING (figure)"
        " JOIN (SELECT * FROM nights WHERE suite = ?1 ORDER BY night DESC LIMIT ?2) USING (night)"
        " ORDER BY metric, place, night";
    sqlite3_stmt *row = NULL;
    int step = SQLITE_ROW;
    bool ok = sqlite3_prepare_v2(history->database, sql, -1, &row, NULL) == SQLITE_OK;
    if (ok) {
        sqlite3_bind_text(row, 1, suite, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(row, 2, nights);
    }
    while (ok && (step = sqlite3_step(row)) == SQLITE_ROW) {
        if (is_wanted((const char *)sqlite3_column_text(row, 2), metrics, metric_count) &&
            !add_point(row, trends)) {
            sqlite3_finalize(row);
            *error = (struct weir_replay_error){WEIR_REPLAY_FAILED, "out of memory"};
            return false;
        }
    }
    sqlite3_finalize(row);
    if (!ok || step != SQLITE_DONE) {
        return fail(history, error);
    }
    if (trends->count == 0) {
        error->status = WEIR_REPLAY_BAD_INPUT;
        snprintf(error->text, sizeof error->text, "%s: no night of suite '%.100s' has %.200s",
                 history->path, suite, metric_count > 0 ? metrics[0] : "a metric");
    }
    return trends->count > 0;
}

void weir_history_free(struct weir_history_trends *trends) {
    for (size_t i = 0; i < trends->count; i++) {
        free(trends->items[i].points);
    }
    free(trends->items);
    *trends = (struct weir_history_trends){0};
}
