#include "study_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_document.h"
#include "study_parts.h"

/** A study and its traces in words that do not change: FNV-1a. */
static uint64_t mix(uint64_t digest, const void *bytes, size_t size) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        digest = (digest ^ at[i]) * 0x100000001b3ULL;
    }
    return digest;
}

static void mix_result(uint64_t *digest, const struct weir_arm_result *result) {
    *digest = mix(*digest, result->digests, sizeof *result->digests);
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        if (result->runs[0].present[m]) {
            *digest = mix(*digest, &result->runs[0].values[m], sizeof(double));
        }
    }
}

/** Runs arms once on a trace. NULL and an error if a policy breaks, too. */
static struct weir_experiment *probe(const struct weir_study *study, size_t trace, uint64_t seed,
                                     const struct weir_arm *arms, size_t count,
                                     struct weir_replay_error *error) {
    const char *const paths[] = {study->paths[trace]};
    const struct weir_trace_source source = {paths, 1};
    const struct weir_place place = weir_study_place(seed, 0);
    const struct weir_experiment_plan plan = {.sources = &source,
                                              .source_count = 1,
                                              .arms = arms,
                                              .arm_count = count,
                                              .seed = seed,
                                              .replications = 1,
                                              .threads = 1,
                                              .places = &place,
                                              .phases = WEIR_STUDY_PHASES};
    struct weir_experiment *e = weir_experiment_run(&plan, NULL, NULL, error);
    for (size_t a = 0; e && a < count; a++) {
        const struct weir_arm_result *result = weir_experiment_result(e, 0, a);
        if (result->failed) {
            weir_replay_fails(error, WEIR_REPLAY_FAILED, "%s", result->failure);
            weir_experiment_free(e);
            return NULL;
        }
    }
    return e;
}

/** Runs every policy twice on a trace, and one under the seed that reports: what the trace is, what
 *  the engine does, and what a run costs. */
static bool probe_trace(struct weir_session *session, size_t trace, const struct weir_arm *arms,
                        uint64_t *digest, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    const size_t policies = study->policies.count;
    struct weir_study_trace *t = &session->traces[trace];
    struct weir_experiment *e = probe(study, trace, study->seed, arms, 2 * policies, error);
    struct weir_experiment *fresh =
        e ? probe(study, trace, weir_study_fresh_seed(study), arms, 1, error) : NULL;
    if (fresh) {
        snprintf(t->name, sizeof t->name, "%s", e->traces[0].name);
        snprintf(t->digest[0], sizeof t->digest[0], "%016" PRIx64, e->traces[0].digest);
        snprintf(t->digest[1], sizeof t->digest[1], "%016" PRIx64, fresh->traces[0].digest);
        t->class = weir_experiment_result(e, 0, 0)->class;
        t->liquidations = e->traces[0].liquidations;
        t->span_s = e->traces[0].span_s;
        const double more_s = e->cpu_s - fresh->cpu_s;
        t->run_s = more_s > 0.0 ? more_s / (double)(2 * policies - 1) : 0.0;
        t->stage_s = fresh->cpu_s > t->run_s ? fresh->cpu_s - t->run_s : 0.0;
        for (size_t p = 0; p < policies; p++) {
            mix_result(digest, weir_experiment_result(e, 0, p));
        }
    }
    weir_experiment_free(e);
    weir_experiment_free(fresh);
    return fresh != NULL;
}

static bool probe_all(struct weir_session *session, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    const size_t policies = study->policies.count;
    struct weir_arm *arms = calloc(2 * policies, sizeof *arms);
    uint64_t digest = 0xcbf29ce484222325ULL;
    bool ok = arms || weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    for (size_t a = 0; ok && a < 2 * policies; a++) {
        ok = weir_study_arm(study, a % policies, WEIR_NO_POINT, 0, &arms[a], error);
    }
    for (size_t t = 0; ok && t < study->path_count; t++) {
        ok = probe_trace(session, t, arms, &digest, error);
    }
    free(arms);
    snprintf(session->engine, sizeof session->engine, WEIR_VERSION "+%016" PRIx64, digest);
    return ok;
}

/** A trace counts once: twice, it would be chosen on and tested on, or weigh double. */
static bool check_distinct(const struct weir_session *session, struct weir_replay_error *error) {
    const struct weir_study *study = session->study;
    for (size_t t = 1; t < study->path_count; t++) {
        for (size_t s = 0; s < t; s++) {
            if (strcmp(session->traces[s].digest[0], session->traces[t].digest[0]) == 0) {
                return weir_replay_fails(
                    error, WEIR_REPLAY_WRONG_USE,
                    "%.200s is the same trace as %.200s: name it once, to tune "
                    "on or as a test",
                    study->paths[t], study->paths[s]);
            }
        }
    }
    return true;
}

static const char *const class_names[] = {"slack", "tight", "binding"};

static char *traces_text(const struct weir_session *session) {
    json_t *list = json_array();
    for (size_t t = 0; t < session->study->path_count; t++) {
        const struct weir_study_trace *trace = &session->traces[t];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:f}", "name", trace->name,
                                              "digest", trace->digest[0], "fresh_digest",
                                              trace->digest[1], "class", class_names[trace->class],
                                              "liquidations", (json_int_t)trace->liquidations,
                                              "span_s", trace->span_s));
    }
    char *text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(list);
    return text;
}

static void read_text(json_t *entry, const char *key, char *text, size_t size) {
    const char *value = json_string_value(json_object_get(entry, key));
    snprintf(text, size, "%s", value ? value : "");
}

static bool read_traces(struct weir_session *session, struct weir_replay_error *error) {
    char *text = weir_store_fact(session->store, "traces");
    char *engine = weir_store_fact(session->store, "engine");
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    const bool ok = engine && json_array_size(list) == session->study->path_count;
    for (size_t t = 0; ok && t < session->study->path_count; t++) {
        struct weir_study_trace *trace = &session->traces[t];
        json_t *entry = json_array_get(list, t);
        char class[16];
        read_text(entry, "name", trace->name, sizeof trace->name);
        read_text(entry, "digest", trace->digest[0], sizeof trace->digest[0]);
        read_text(entry, "fresh_digest", trace->digest[1], sizeof trace->digest[1]);
        read_text(entry, "class", class, sizeof class);
        trace->class = strcmp(class, "binding") == 0 ? WEIR_CLASS_BINDING
                       : strcmp(class, "tight") == 0 ? WEIR_CLASS_TIGHT
                                                     : WEIR_CLASS_SLACK;
        trace->liquidations = (size_t)json_integer_value(json_object_get(entry, "liquidations"));
        trace->span_s = json_number_value(json_object_get(entry, "span_s"));
    }
    snprintf(session->engine, sizeof session->engine, "%s", engine ? engine : "");
    free(text);
    free(engine);
    json_decref(list);
    return ok || weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                                   "the study has not been begun: weir tune run begins it");
}

static struct weir_session *create(const struct weir_study *study, struct weir_study_store *store,
                                   struct weir_replay_error *error) {
    struct weir_session *session = calloc(1, sizeof *session);
    if (session) {
        session->study = study;
        session->store = store;
        session->traces = calloc(study->path_count, sizeof *session->traces);
        session->arms =
            calloc(study->policies.count * study->world_count * (study->point_count + 1),
                   sizeof *session->arms);
    }
    if (!session || !session->traces || !session->arms) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        weir_session_close(session);
        return NULL;
    }
    return session;
}

/** Whether a study goes on with what a file holds: the same but for more replications. */
static bool goes_on(json_t *held, json_t *asked, struct weir_replay_error *error) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(asked, key, value) {
        const json_t *before = json_object_get(held, key);
        const bool grows = strcmp(key, "replications") == 0 || strcmp(key, "fresh") == 0;
        if (grows && json_integer_value(value) < json_integer_value(before)) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                     "the study has %" JSON_INTEGER_FORMAT
                                     " %s%s already; they can become more, not fewer",
                                     json_integer_value(before), key,
                                     strcmp(key, "fresh") == 0 ? " replications" : "");
        }
        if (!grows && !(before && json_equal(before, value))) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE,
                                     "the file holds another study: '%s' differs; take another "
                                     "--study file, or leave the options out to go on with it",
                                     key);
        }
    }
    return true;
}

static bool check_held(struct weir_session *session, struct weir_replay_error *error) {
    char *text = weir_store_fact(session->store, "study");
    char *engine = weir_store_fact(session->store, "engine");
    json_t *held = text ? json_loads(text, 0, NULL) : NULL;
    bool ok = !held || goes_on(held, session->study->document, error);
    if (ok && engine && strcmp(engine, session->engine) != 0) {
        ok =
            weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                              "the study was begun by engine %s, this is %s: the program, a policy "
                              "or a trace has changed since; begin a new file",
                              engine, session->engine);
    }
    free(text);
    free(engine);
    json_decref(held);
    return ok;
}

static bool note(struct weir_session *session, struct weir_replay_error *error) {
    char *traces = traces_text(session);
    char *study = json_dumps(session->study->document,
                             JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    const bool ok = traces && study &&
                    weir_store_set_fact(session->store, "engine", session->engine, error) &&
                    weir_store_set_fact(session->store, "traces", traces, error) &&
                    weir_store_set_fact(session->store, "study", study, error);
    free(traces);
    free(study);
    return ok;
}

struct weir_session *weir_session_begin(const struct weir_study *study,
                                        struct weir_study_store *store,
                                        struct weir_replay_error *error) {
    struct weir_session *session = create(study, store, error);
    if (session && !(probe_all(session, error) && check_distinct(session, error) &&
                     check_held(session, error) && note(session, error))) {
        weir_session_close(session);
        return NULL;
    }
    return session;
}

struct weir_session *weir_session_open(const struct weir_study *study,
                                       struct weir_study_store *store,
                                       struct weir_replay_error *error) {
    struct weir_session *session = create(study, store, error);
    if (session && !read_traces(session, error)) {
        weir_session_close(session);
        return NULL;
    }
    return session;
}

void weir_session_close(struct weir_session *session) {
    if (session) {
        free(session->traces);
        free(session->arms);
        free(session);
    }
}

struct weir_study *weir_study_of_store(struct weir_study_store *store,
                                       struct weir_replay_error *error) {
    char *text = weir_store_fact(store, "study");
    json_t *document = text ? json_loads(text, 0, NULL) : NULL;
    struct weir_study *study =
        document ? weir_study_create(document, "study in the file", error) : NULL;
    if (!document) {
        weir_replay_fails(error, WEIR_REPLAY_BAD_INPUT,
                          "the file holds no study yet: name traces and parameters");
    }
    free(text);
    json_decref(document);
    return study;
}

/** Position of a point among those of the study; the defaults come last. */
static size_t position_of(const struct weir_study *study, uint64_t point) {
    size_t low = 0;
    size_t high = study->point_count;
    while (point != WEIR_NO_POINT && low < high) {
        const size_t middle = low + (high - low) / 2;
        if (study->points[middle] < point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return point == WEIR_NO_POINT ? study->point_count : low;
}

int64_t weir_session_arm(struct weir_session *session, size_t policy, size_t world, uint64_t point,
                         bool add) {
    const struct weir_study *study = session->study;
    int64_t *known =
        &session->arms[(policy * study->world_count + world) * (study->point_count + 1) +
                       position_of(study, point)];
    if (*known == 0) {
        struct weir_arm *arm = calloc(1, sizeof *arm);
        struct weir_replay_error why;
        if (arm && weir_study_arm(study, policy, point, world, arm, &why)) {
            json_t *document = weir_scenario_document(&arm->scenario, arm->policy);
            char *text =
                json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
            *known = text ? weir_store_arm(session->store, study->policies.choices[policy].spec,
                                           text, add)
                          : 0;
            free(text);
            json_decref(document);
        }
        free(arm);
    }
    return *known;
}

bool weir_session_read(struct weir_session *session, const struct weir_task *task,
                       uint32_t replication, struct weir_metrics *metrics) {
    const struct weir_study *study = session->study;
    struct weir_cell_key key = {
        .arm = weir_session_arm(session, task->policy, task->world, task->point, false),
        .seed = task->fresh ? weir_study_fresh_seed(study) : study->seed,
        .replication = replication};
    memcpy(key.trace, session->traces[task->trace].digest[task->fresh], sizeof key.trace);
    return key.arm && weir_store_read(session->store, &key, metrics);
}
