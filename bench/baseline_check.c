#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_result.h"
#include "checks.h"
#include "metric_facts.h"

/** Most metrics and settings that are listed of one case. */
#define SHOWN_MAX 8
#define SETTING_FORM (JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))

static bool same_text(const json_t *a, const json_t *b, const char *key) {
    const json_t *one = json_object_get(a, key);
    const json_t *other = json_object_get(b, key);
    return one == other || json_equal(one, other);
}

/** Whether two metrics have the same mean, or are both absent. */
static bool same_metric(const json_t *entry, const json_t *old, const char *name) {
    const struct weir_estimate a = weir_case_metric(entry, name);
    const struct weir_estimate b = weir_case_metric(old, name);
    return (a.count == 0) == (b.count == 0) &&
           (a.count == 0 || !(a.mean < b.mean || a.mean > b.mean));
}

static bool has_changed(const json_t *entry, const json_t *old) {
    bool same = same_text(entry, old, "digest") &&
                !weir_case_text(entry, "failure") == !weir_case_text(old, "failure");
    for (size_t m = 0; same && m < WEIR_METRIC_COUNT; m++) {
        same = same_metric(entry, old, weir_metric_name((enum weir_metric)m));
    }
    return !same;
}

/* what changed */

static void write_value(const struct weir_estimate *e, FILE *text) {
    if (e->count > 0) {
        fprintf(text, "%.6g", e->mean);
    } else {
        fputs("absent", text);
    }
}

static const char *direction(enum weir_metric metric, const struct weir_estimate *now,
                             const struct weir_estimate *was) {
    const enum weir_direction way = weir_metric_direction(metric);
    if (way == WEIR_DIRECTION_NONE || now->count == 0 || was->count == 0) {
        return "";
    }
    return (now->mean > was->mean) == (way == WEIR_HIGHER_IS_BETTER) ? ", better" : ", WORSE";
}

/** A line for a metric that changed; whether it did. */
static bool write_metric(const json_t *entry, const json_t *old, enum weir_metric metric,
                         bool shown, FILE *text) {
    const char *name = weir_metric_name(metric);
    if (same_metric(entry, old, name)) {
        return false;
    }
    const struct weir_estimate now = weir_case_metric(entry, name);
    const struct weir_estimate was = weir_case_metric(old, name);
    if (shown) {
        fprintf(text, "%s: ", name);
        write_value(&was, text);
        fputs(" -> ", text);
        write_value(&now, text);
        fprintf(text, "%s\n", direction(metric, &now, &was));
    }
    return true;
}

static void write_changes(const json_t *entry, const json_t *old, FILE *text) {
    const enum weir_metric first = weir_primary_metric();
    size_t changed = write_metric(entry, old, first, true, text);
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        changed +=
            m != first && write_metric(entry, old, (enum weir_metric)m, changed < SHOWN_MAX, text);
    }
    if (changed > SHOWN_MAX) {
        fprintf(text, "and %zu more metrics\n", changed - SHOWN_MAX);
    }
    if (changed == 0) {
        fprintf(text, "the same metrics by another sequence of events: digest %s -> %s\n",
                weir_case_text(old, "digest"), weir_case_text(entry, "digest"));
    }
}

/* why it changed */

static void write_setting(const char *key, const json_t *was, const json_t *now, FILE *text) {
    char *before = was ? json_dumps(was, SETTING_FORM) : NULL;
    char *after = now ? json_dumps(now, SETTING_FORM) : NULL;
    fprintf(text, "cause: setting %s: %s -> %s\n", key, before ? before : "absent",
            after ? after : "absent");
    free(before);
    free(after);
}

/** Puts the settings of a document under their dotted keys into `flat`, which takes references. */
static void flatten(json_t *settings, const char *prefix, json_t *flat) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(settings, name, value) {
        char key[128];
        snprintf(key, sizeof key, "%s%.60s%s", prefix, name, json_is_object(value) ? "." : "");
        if (json_is_object(value)) {
            flatten(value, key, flat);
        } else {
            json_object_set(flat, key, value);
        }
    }
}

/** Lines for the settings that differ; how many did. */
static size_t write_settings(const char *prefix, json_t *was, json_t *now, FILE *text) {
    size_t count = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_t *before = json_object();
    json_t *after = json_object();
    json_t *all = json_object();
    flatten(was, prefix, before);
    flatten(now, prefix, after);
    json_object_update(all, before);
    json_object_update(all, after);
    json_object_foreach(all, key, value) {
        const json_t *one = json_object_get(before, key);
        const json_t *other = json_object_get(after, key);
        if (!one || !other || !json_equal(one, other)) {
            count++;
            if (count <= SHOWN_MAX) {
                write_setting(key, one, other, text);
            }
        }
    }
    json_decref(all);
    json_decref(before);
    json_decref(after);
    return count;
}

/** Causes that stand in the documents; how many. */
static size_t write_known_causes(const json_t *result, const json_t *accepted, const json_t *entry,
                                 const json_t *old, FILE *text) {
    static const char *const drawn[] = {"seed", "replications"};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        const json_t *was = json_object_get(accepted, drawn[i]);
        const json_t *now = json_object_get(result, drawn[i]);
        if (!json_equal(was, now)) {
            count++;
            fprintf(text,
                    "cause: %s of the suite: %" JSON_INTEGER_FORMAT " -> %" JSON_INTEGER_FORMAT
                    "\n",
                    drawn[i], json_integer_value(was), json_integer_value(now));
        }
    }
    if (strcmp(weir_case_trace(entry, "digest"), weir_case_trace(old, "digest")) != 0) {
        count++;
        fprintf(text, "cause: the trace: digest %s -> %s\n", weir_case_trace(old, "digest"),
                weir_case_trace(entry, "digest"));
    }
    const char *scenario = weir_case_text(entry, "scenario");
    count += write_settings("", json_object_get(json_object_get(accepted, "scenarios"), scenario),
                            json_object_get(json_object_get(result, "scenarios"), scenario), text);
    count += write_settings("limiter.", json_object_get(old, "limiter"),
                            json_object_get(entry, "limiter"), text);
    if (!same_text(result, accepted, "version")) {
        count++;
        fprintf(text, "cause: engine version %s -> %s\n",
                json_string_value(json_object_get(accepted, "version")),
                json_string_value(json_object_get(result, "version")));
    }
    return count;
}

/** Nothing that is written down changed: then code did, and the other policies on the same trace in
 *  the same scenario tell whose. */
static void write_code(const json_t *result, const json_t *accepted, const json_t *entry,
                       FILE *text) {
    size_t others = 0;
    size_t changed = 0;
    size_t i = 0;
    const json_t *other = NULL;
    json_array_foreach(json_object_get(result, "cases"), i, other) {
        const json_t *old = weir_case_find(accepted, other);
        if (old && other != entry &&
            strcmp(weir_case_trace(entry, "name"), weir_case_trace(other, "name")) == 0 &&
            strcmp(weir_case_text(entry, "scenario"), weir_case_text(other, "scenario")) == 0) {
            others++;
            changed += has_changed(other, old);
        }
    }
    fputs("cause: code, for version, seed, trace and settings are the same; ", text);
    if (others == 0) {
        fputs("no other policy ran here, so it is the engine's or the policy's\n", text);
    } else if (changed == 0) {
        fprintf(text, "other policies gave the same as before, so it is that of policy %s\n",
                weir_case_text(entry, "policy"));
    } else {
        fprintf(text, "%zu of %zu other policies changed too, so it is %s\n", changed, others,
                changed == others ? "the engine's" : "what these have in common");
    }
}

static bool check_case(const json_t *result, const json_t *accepted, const json_t *entry,
                       struct weir_checks *checks) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) {
        return false;
    }
    const json_t *old = weir_case_find(accepted, entry);
    enum weir_check_status status = WEIR_CHECK_PASSED;
    if (!old) {
        status = WEIR_CHECK_BROKEN;
        fputs("is not in the accepted baseline\n", stream);
    } else if (has_changed(entry, old)) {
        status = WEIR_CHECK_BROKEN;
        if (!weir_case_text(entry, "failure")) {
            write_changes(entry, old, stream);
        }
        if (write_known_causes(result, accepted, entry, old, stream) == 0) {
            write_code(result, accepted, entry, stream);
        }
    }
    fclose(stream);
    return weir_checks_add(checks, "baseline", strdup(weir_case_name(entry).text), status, text);
}

bool weir_baseline_check(const json_t *result, const json_t *accepted, struct weir_checks *checks) {
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(result, "cases"), i, entry) {
        if (!check_case(result, accepted, entry, checks)) {
            return false;
        }
    }
    json_array_foreach(json_object_get(accepted, "cases"), i, entry) {
        if (!weir_case_find(result, entry) &&
            !weir_checks_add(checks, "baseline", strdup(weir_case_name(entry).text),
                             WEIR_CHECK_BROKEN, strdup("was accepted, and is missing now\n"))) {
            return false;
        }
    }
    return true;
}
