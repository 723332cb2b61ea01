#ifndef WEIR_SIM_JSON_H
#define WEIR_SIM_JSON_H

#include <jansson.h>

#include "scenario.h"

/**
 * Strict reading of JSON objects: every key is asked for by name, and what nobody asked for is an
 * error. The first error wins; after it all readers return their defaults.
 */
struct weir_json {
    const char *file;                  /**< for messages */
    struct weir_scenario_error *error; /**< first error */
    bool failed;
};

/** A number within [min, max]; `fallback` if the key is absent (an error if `fallback` is NAN). */
double weir_object_number(struct weir_json *json, json_t *object, const char *where,
                          const char *key, double min, double max, double fallback);

/** A text; `fallback` if the key is absent (an error if `fallback` is NULL). Lives as long as the
 * object. */
const char *weir_object_text(struct weir_json *json, json_t *object, const char *where,
                             const char *key, const char *fallback);

/** true or false; `fallback` if the key is absent. */
bool weir_object_flag(struct weir_json *json, json_t *object, const char *where, const char *key,
                      bool fallback);

/** Position of a text among the names (ended by NULL); the first if the key is absent. */
int weir_object_choice(struct weir_json *json, json_t *object, const char *where, const char *key,
                       const char *const *names);

/** An object or array under `key`; NULL if absent (an error if `needed`). */
json_t *weir_object_object(struct weir_json *json, json_t *object, const char *where,
                           const char *key, bool needed);
json_t *weir_object_array(struct weir_json *json, json_t *object, const char *where,
                          const char *key, bool needed);

/** Fails if the object has a key that is not among the names (ended by NULL). */
void weir_object_only(struct weir_json *json, json_t *object, const char *where,
                      const char *const *names);

/** Records the first error. */
void weir_object_fail(struct weir_json *json, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
