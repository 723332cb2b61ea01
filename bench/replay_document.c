#include "replay_document.h"

#include <inttypes.h>
#include <string.h>

#include "diagnosis.h"
#include "read_document.h"
#include "scenario_document.h"
#include "summary_document.h"

#define PRECISION 12

static json_t *metrics(const struct weir_summary *summary) {
    json_t *object = json_object();
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        if (summary->metrics[m].count > 0) {
            json_object_set_new(object, weir_metric_name((enum weir_metric)m),
                                weir_estimate_document(&summary->metrics[m]));
        }
    }
    return object;
}

static json_t *deciles(const struct weir_summary *summary) {
    json_t *list = json_array();
    for (size_t d = 0; d < WEIR_DECILES; d++) {
        json_array_append_new(list, json_real(summary->capture_by_decile[d]));
    }
    return list;
}

/** The largest misses of replication 0. */
static json_t *misses(const struct weir_replay *replay, const struct weir_metrics *first) {
    json_t *list = json_array();
    for (size_t i = 0; i < first->miss_count; i++) {
        const struct weir_miss *m = &first->misses[i];
        json_t *object = json_pack(
            "{s:i, s:I, s:s, s:f, s:s, s:s}", "id", (int)m->opportunity, "time_ns",
            (json_int_t)m->time_ns, "symbol", replay->trace->symbols[m->symbol], "notional_usd",
            m->notional_usd, "state", weir_state_name((enum weir_state)m->state), "lost_to",
            weir_cause_name((enum weir_cause)m->blame));
        if (m->state == WEIR_STATE_REFUSED) {
            json_object_set_new(object, "reason",
                                json_string(weir_reason_name((enum weir_reason)m->reason)));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *trace(const struct weir_replay *replay) {
    const struct weir_trace *t = replay->trace;
    json_t *paths = json_array();
    for (size_t i = 0; i < replay->plan.path_count; i++) {
        json_array_append_new(paths, json_string(replay->plan.paths[i]));
    }
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:I, s:f, s:s}", "name", t->name, "paths", paths, "digest",
                  weir_digest_document(t->digest), "liquidations", (json_int_t)t->row_count,
                  "span_s", (double)(t->rows[t->row_count - 1].time_ns - t->rows[0].time_ns) / 1e9,
                  "class", weir_class_name(replay->stage->class));
    if (t->bad_rows) {
        json_object_set_new(object, "bad_rows", json_integer((json_int_t)t->bad_rows));
    }
    if (t->gap_count) {
        json_object_set_new(object, "gaps", json_integer((json_int_t)t->gap_count));
        json_object_set_new(object, "gaps_s", json_real(t->gaps_s));
    }
    if (t->built) {
        json_t *fields = json_object();
        for (size_t i = 0; i < t->field_count; i++) {
            json_object_set_new(fields, t->fields[i].name,
                                json_string(weir_mark_name(t->fields[i].mark)));
        }
        json_object_set_new(object, "fields", fields);
    }
    return object;
}

/** Whether the bound is exact, and if not, why. What is protected has an upper bound only. */
static json_t *bound(const struct weir_bound *b) {
    json_t *why = json_array();
    for (int bit = 0; bit < WEIR_BOUND_WHYS; bit++) {
        if (b->why & (1U << bit)) {
            json_array_append_new(why, json_string(weir_bound_why_name(bit)));
        }
    }
    return json_pack("{s:b, s:o, s:b}", "exact", b->why == 0, "why", why, "protected_exact", 0);
}

static json_t *diagnosis(const struct weir_replay *replay,
                         const struct weir_replay_policy *result) {
    struct weir_diagnosis d;
    json_t *list = json_array();
    weir_diagnose(replay, result, &d);
    for (size_t i = 0; i < d.count; i++) {
        json_array_append_new(list, json_string(d.sentences[i]));
    }
    return list;
}

static json_t *cost(const struct weir_replay_cost *c) {
    json_t *object = json_pack("{s:I, s:f, s:f, s:f}", "events", (json_int_t)c->events, "cpu_s",
                               c->cpu_s, "run_cpu_s", c->run_cpu_s, "max_rss_mib", c->max_rss_mib);
    if (c->run_cpu_s > 0.0 && c->events > 0) {
        json_object_set_new(object, "events_per_s", json_real((double)c->events / c->run_cpu_s));
        json_object_set_new(object, "ns_per_event",
                            json_real(c->run_cpu_s * 1e9 / (double)c->events));
    }
    return object;
}

char *weir_replay_document(const struct weir_replay *replay, size_t policy) {
    const struct weir_replay_policy *result = &replay->policies[policy];
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("weir.replay/1"));
    json_object_set_new(root, "version", json_string(WEIR_VERSION));
    json_object_set_new(root, "policy", json_string(result->policy->name));
    const char *spec = replay->plan.specs[policy];
    json_object_set_new(root, "policy_spec", json_string(spec ? spec : result->policy->name));
    json_object_set_new(root, "seed", json_integer((json_int_t)replay->plan.seed));
    json_object_set_new(root, "replications", json_integer(replay->plan.replications));
    json_object_set_new(root, "trace", trace(replay));
    weir_read_document_add(root, &replay->plan.read);
    json_object_set_new(root, "diagnosis", diagnosis(replay, result));
    json_object_set_new(root, "metrics", metrics(&result->summary));
    json_object_set_new(root, "bound", bound(replay->stage->bound));
    json_object_set_new(root, "bound_by", weir_bound_by_document(&result->summary));
    json_object_set_new(root, "capture_curve", weir_curve_document(&result->summary));
    json_object_set_new(root, "capture_by_decile", deciles(&result->summary));
    json_object_set_new(root, "largest_misses", misses(replay, &result->runs[0]));
    json_object_set_new(root, "ties", json_integer((json_int_t)result->ties));
    json_object_set_new(root, "digest", weir_digest_document(result->digest));
    json_object_set_new(root, "scenario",
                        weir_scenario_document(&replay->plan.scenario, result->policy));
    if (replay->live) {
        json_object_set(root, "live", replay->live);
    }
    json_object_set_new(root, "cost", cost(&result->cost));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(PRECISION));
    json_decref(root);
    return text;
}
