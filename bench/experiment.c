#include "experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment_parts.h"
#include "workers.h"

struct weir_arm_result *weir_experiment_slot(const struct weir_experiment *experiment, size_t trace,
                                             size_t arm) {
    return &experiment->results[trace * experiment->plan.arm_count + arm];
}

void weir_arm_fails(struct weir_arm_result *result, uint32_t replication, const char *text) {
    if (!result->failed || replication < result->failed_replication) {
        result->failed = true;
        result->failed_replication = replication;
        snprintf(result->failure, sizeof result->failure, "%s", text);
    }
}

/** Checks each arm's settings. A policy that does not begin is a failed arm, no wrong plan. */
static bool check_arms(const struct weir_experiment *e, struct weir_replay_error *error) {
    for (size_t a = 0; a < e->plan.arm_count; a++) {
        struct weir_run_error why = {.text = ""};
        if (weir_check_policy(&e->plan.arms[a].scenario, e->plan.arms[a].policy, &why)) {
            continue;
        }
        if (!why.policy_failed) {
            return weir_replay_fails(error, WEIR_REPLAY_WRONG_USE, "%s", why.text);
        }
        for (size_t t = 0; t < e->plan.source_count; t++) {
            weir_arm_fails(weir_experiment_slot(e, t, a), 0, why.text);
        }
    }
    return true;
}

static bool group_arms(struct weir_experiment *e, struct weir_replay_error *error) {
    bool ok = true;
    for (size_t a = 0; ok && a < e->plan.arm_count; a++) {
        ok = weir_stage_groups_add(&e->groups, a, &e->plan.arms[a].scenario, error);
    }
    return ok;
}

struct weir_build_options weir_build_options_of(const struct weir_scenario *scenario, uint64_t seed,
                                                uint32_t draw) {
    const char *shape = scenario->trace.shape;
    const char *path = scenario->trace.path;
    return (struct weir_build_options){.seed = seed,
                                       .replication = draw,
                                       .shape = strcmp(shape, "profile") == 0 ? NULL : shape,
                                       .path = strcmp(path, "profile") == 0 ? NULL : path};
}

static void describe(const struct weir_trace *trace, struct weir_experiment_trace *t) {
    snprintf(t->name, sizeof t->name, "%s", trace->name);
    t->digest = trace->digest;
    t->liquidations = trace->row_count;
    t->bad_rows = trace->bad_rows;
    t->gap_count = trace->gap_count;
    t->gaps_s = trace->gaps_s;
    t->span_s = (double)(trace->rows[trace->row_count - 1].time_ns - trace->rows[0].time_ns) / 1e9;
    memcpy(t->fields, trace->fields, sizeof t->fields);
    t->field_count = trace->built ? trace->field_count : 0;
}

/** Sources that are opened at the same time, and how each went. */
struct opening {
    struct weir_experiment *experiment;
    struct weir_opened *opened;
    struct weir_trace_error *errors;
    double *cpu_s;
};

static bool open_source(void *context, size_t source) {
    const struct opening *opening = context;
    const struct weir_experiment_plan *plan = &opening->experiment->plan;
    const struct weir_trace_source *s = &plan->sources[source];
    struct weir_opened *opened = &opening->opened[source];
    struct weir_trace_error *error = &opening->errors[source];
    const struct weir_build_options options =
        weir_build_options_of(&plan->arms[0].scenario, plan->seed, 0);
    const double start_s = weir_thread_cpu_s();
    if (s->path_count == 1 && weir_is_profile(s->paths[0])) {
        opened->profile = weir_profile_open(s->paths[0], error);
        opened->trace =
            opened->profile ? weir_profile_build(opened->profile, &options, error) : NULL;
    } else {
        opened->trace = weir_trace_open(s->paths, s->path_count, &plan->read, &options, error);
    }
    if (opened->trace) {
        describe(opened->trace, &opening->experiment->traces[source]);
    }
    opening->cpu_s[source] = weir_thread_cpu_s() - start_s;
    return opened->trace != NULL;
}

/** Of several failures, that of the first source is told: those before it were opened, too. */
static bool conclude_opening(const struct opening *opening, struct weir_replay_error *error) {
    struct weir_experiment *e = opening->experiment;
    for (size_t t = 0; t < e->plan.source_count; t++) {
        e->open_cpu_s += opening->cpu_s[t];
        if (!opening->opened[t].trace) {
            const bool wrong = opening->errors[t].status == WEIR_TRACE_WRONG_USE;
            return weir_replay_fails(error, wrong ? WEIR_REPLAY_WRONG_USE : WEIR_REPLAY_BAD_INPUT,
                                     "%s", opening->errors[t].text);
        }
    }
    return true;
}

static bool open_sources(struct weir_job *job, struct weir_replay_error *error) {
    const size_t count = job->experiment->plan.source_count;
    struct opening opening = {.experiment = job->experiment,
                              .opened = job->opened,
                              .errors = calloc(count, sizeof *opening.errors),
                              .cpu_s = calloc(count, sizeof *opening.cpu_s)};
    bool ok = opening.errors && opening.cpu_s;
    if (ok) {
        weir_workers_each(job->experiment->plan.threads, count, open_source, &opening);
        ok = conclude_opening(&opening, error);
    } else {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    free(opening.errors);
    free(opening.cpu_s);
    return ok;
}

/** The longest first, so that at the end no long one is left to a single worker. */
static void order_sources(struct weir_job *job) {
    const struct weir_experiment *e = job->experiment;
    for (size_t i = 0; i < e->plan.source_count; i++) {
        size_t k = i;
        while (k > 0 && e->traces[job->order[k - 1]].liquidations < e->traces[i].liquidations) {
            job->order[k] = job->order[k - 1];
            k--;
        }
        job->order[k] = i;
    }
}

static bool take_memory(struct weir_job *job, struct weir_replay_error *error) {
    struct weir_experiment *e = job->experiment;
    const struct weir_experiment_plan *plan = &e->plan;
    const size_t cells = plan->source_count * plan->arm_count;
    e->traces = calloc(plan->source_count, sizeof *e->traces);
    e->results = calloc(cells, sizeof *e->results);
    job->opened = calloc(plan->source_count, sizeof *job->opened);
    job->order = calloc(plan->source_count, sizeof *job->order);
    bool ok = weir_stage_groups_open(&e->groups, plan->arm_count) && e->traces && e->results &&
              job->opened && job->order;
    for (size_t i = 0; ok && i < cells; i++) {
        e->results[i].runs = calloc(plan->replications, sizeof *e->results[i].runs);
        e->results[i].digests = calloc(plan->replications, sizeof *e->results[i].digests);
        ok = e->results[i].runs && e->results[i].digests;
    }
    return ok || weir_replay_fails(error, WEIR_REPLAY_FAILED,
                                   "out of memory: fewer replications would fit");
}

/** Keeps what is asked for and frees the rest. */
static void close_job(struct weir_job *job) {
    struct weir_experiment *e = job->experiment;
    for (size_t t = 0; job->opened && t < e->plan.source_count; t++) {
        weir_profile_free(job->opened[t].profile);
        if (e->plan.keeps_first && e->traces) {
            e->traces[t].trace = job->opened[t].trace;
        } else {
            weir_trace_free(job->opened[t].trace);
        }
    }
    free(job->opened);
    free(job->order);
}

static bool run(struct weir_job *job) {
    struct weir_experiment *e = job->experiment;
    if (!take_memory(job, job->error) || !check_arms(e, job->error) || !group_arms(e, job->error) ||
        !open_sources(job, job->error)) {
        return false;
    }
    order_sources(job);
    const bool ok = weir_experiment_work(job);
    for (size_t i = 0; i < e->plan.source_count * e->plan.arm_count; i++) {
        e->events += e->results[i].events;
    }
    return ok;
}

struct weir_experiment *weir_experiment_run(const struct weir_experiment_plan *plan,
                                            weir_progress progress, void *context,
                                            struct weir_replay_error *error) {
    struct weir_experiment *e = calloc(1, sizeof *e);
    if (!e) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
        return NULL;
    }
    e->plan = *plan;
    struct weir_job job = {
        .experiment = e, .progress = progress, .context = context, .error = error};
    const bool ok = run(&job);
    close_job(&job);
    if (!ok) {
        weir_experiment_free(e);
        return NULL;
    }
    return e;
}

/** The stage of a group is shared by its arms; the first of them frees it. */
static void free_result(const struct weir_experiment *e, size_t trace, size_t arm) {
    struct weir_arm_result *result = weir_experiment_slot(e, trace, arm);
    size_t first = 0;
    while (e->groups.of_arm && e->groups.of_arm[first] != e->groups.of_arm[arm]) {
        first++;
    }
    weir_run_close(&result->first);
    free(result->runs);
    free(result->digests);
    if (first == arm) {
        weir_stage_destroy(result->stage);
    }
}

void weir_experiment_free(struct weir_experiment *experiment) {
    if (!experiment) {
        return;
    }
    const size_t sources = experiment->plan.source_count;
    for (size_t t = 0; experiment->results && t < sources; t++) {
        /* runs lean on their stage, stages on their trace */
        for (size_t a = experiment->plan.arm_count; a-- > 0;) {
            free_result(experiment, t, a);
        }
        weir_trace_free(experiment->traces ? experiment->traces[t].trace : NULL);
    }
    weir_stage_groups_close(&experiment->groups);
    free(experiment->results);
    free(experiment->traces);
    free(experiment);
}

const struct weir_arm_result *weir_experiment_result(const struct weir_experiment *experiment,
                                                     size_t trace, size_t arm) {
    return weir_experiment_slot(experiment, trace, arm);
}

uint64_t weir_experiment_digest(const struct weir_experiment *experiment, size_t trace,
                                size_t arm) {
    const uint64_t *digests = weir_experiment_slot(experiment, trace, arm)->digests;
    uint64_t digest = digests[0];
    for (uint32_t r = 1; r < experiment->plan.replications; r++) {
        digest = (digest ^ digests[r]) * 0x9e3779b97f4a7c15ULL;
        digest ^= digest >> 31;
    }
    return digest;
}
