#ifndef WEIR_TRACES_STRICT_JSON_H
#define WEIR_TRACES_STRICT_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "trace.h"

/**
 * Strict reading of JSON objects. The first failure is kept in `error` and names file and key;
 * every later call then returns false or 0, so that a caller checks once.
 */
struct weir_json_reading {
    const char *path;
    struct weir_trace_error *error;
    bool failed;
};

/** Reads a file that holds one JSON object, plain, gzip or zstd; keys that come twice are refused.
 *  NULL and an error that names file and line on failure; else the caller drops the reference. */
json_t *weir_json_load(const char *path, struct weir_trace_error *error);

/** An object and its name for messages ("counts", "path"). */
struct weir_json_part {
    struct weir_json_reading *reading;
    const char *name; /**< "" for the whole file */
    json_t *object;
};

/** Keeps the first failure: "file: key 'part.key': what". Always returns false. */
__attribute__((format(printf, 3, 4))) bool
weir_json_fails(struct weir_json_part part, const char *key, const char *format, ...);

/** Fails when the object has a key that is not in `known` (ends with NULL). */
bool weir_json_check_keys(struct weir_json_part part, const char *const *known);

bool weir_json_has(struct weir_json_part part, const char *key);

/** Text that is there and not empty; "" after a failure. Belongs to the JSON. */
const char *weir_json_text(struct weir_json_part part, const char *key);

/** A number from `low` to `high`. */
double weir_json_number(struct weir_json_part part, const char *key, double low, double high);

/** An integer from `low` to `high`. */
int64_t weir_json_integer(struct weir_json_part part, const char *key, int64_t low, int64_t high);

/** The number of the text of `key` in `names` (ends with NULL); the failure lists them. */
int weir_json_choice(struct weir_json_part part, const char *key, const char *const *names);

/** The same for keys that may be missing: then the fallback (of a choice: the first name). */
double weir_json_number_or(struct weir_json_part part, const char *key, double low, double high,
                           double fallback);
int64_t weir_json_integer_or(struct weir_json_part part, const char *key, int64_t low, int64_t high,
                             int64_t fallback);
bool weir_json_flag_or(struct weir_json_part part, const char *key, bool fallback);
int weir_json_choice_or_first(struct weir_json_part part, const char *key,
                              const char *const *names);

/** The object under a key, named `name` in messages (which must outlive it). Without `needed` it
 * may be missing: then its `object` is NULL, and so it is after a failure. */
struct weir_json_part weir_json_inner(struct weir_json_part part, const char *key, const char *name,
                                      bool needed);

/** Entry `index` of a list of objects, named `name` in messages. */
struct weir_json_part weir_json_entry(struct weir_json_part part, const char *key, json_t *list,
                                      size_t index, const char *name);

/** A list that may be missing or empty; NULL then and after a failure. */
json_t *weir_json_list_if_any(struct weir_json_part part, const char *key);

/** A list that is there and not empty; NULL after a failure. */
json_t *weir_json_list(struct weir_json_part part, const char *key);

/** Entry `index` of such a list as a row of `width` entries; NULL after a failure. */
json_t *weir_json_row(struct weir_json_part part, const char *key, json_t *list, size_t index,
                      size_t width);

/** Entry `column` of such a row: text, or a number from `low` to `high`. */
const char *weir_json_row_text(struct weir_json_part part, const char *key, size_t index,
                               json_t *row, size_t column);
double weir_json_row_number(struct weir_json_part part, const char *key, size_t index, json_t *row,
                            size_t column, double low, double high);
int64_t weir_json_row_integer(struct weir_json_part part, const char *key, size_t index,
                              json_t *row, size_t column, int64_t low, int64_t high);

#endif
