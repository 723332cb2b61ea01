#include "sensitivity.h"

#include <stdio.h>
#include <stdlib.h>

static const struct weir_world worlds[] = {
    {"as set", ""},
    {"rules lenient", "exchange.rules=lenient"},
    {"rules strict", "exchange.rules=strict"},
    {"sliding windows", "exchange.window=sliding"},
    {"feed keeps the latest", "feed.keep=latest"},
    {"feed keeps the largest", "feed.keep=largest"},
    {"feed on a grid", "feed.align=grid"},
    {"raw feed", "feed.throttle_ms=0"},
    {"feed 1,000 ms late", "feed.delay_ms=1000"},
    {"network calm", "network.preset=calm"},
    {"network with an outage", "network.preset=outage"},
    {"delays 10 times as long", "network.base_ms=150 network.draw_ms=50"},
    {"1 connection", "bot.connections=1"},
    {"8 connections", "bot.connections=8"},
    {"call path loop", "bot.call_path=loop"},
    {"cascade original", "bot.cascade=original"},
    {"cascade skip", "bot.cascade=skip"},
    {"window of 1 s", "bot.opportunity_window_ms=1000"},
    {"window of 10 s", "bot.opportunity_window_ms=10000"},
    {"strategy shipped", "bot.strategy=shipped"},
    {"a dashboard on the IP", "foreign.dashboards=1"},
    {"second bot on the IP", "foreign.second_bot=true"},
    {"value is the notional", "bot.value=notional"},
    {"value is the count", "bot.value=count"},
    {"price path v", "trace.path=v"},
    {"price path slide", "trace.path=slide"},
    {"price path late", "trace.path=late"},
    {"counts spread", "trace.shape=spread"},
    {"counts in blocks", "trace.shape=block"},
};
#define WORLDS (sizeof worlds / sizeof worlds[0])

const struct weir_world *weir_sensitivity_world(size_t index) {
    return index < WORLDS ? &worlds[index] : NULL;
}

struct weir_sensitivity *weir_sensitivity_plan(struct weir_arms *arms,
                                               const struct weir_policy *const *policies,
                                               size_t count, struct weir_replay_error *error) {
    struct weir_sensitivity *s = calloc(1, sizeof *s);
    bool ok = s != NULL;
    if (s) {
        s->policy_count = count;
        s->arms = calloc(WORLDS * count, sizeof *s->arms);
        ok = s->arms != NULL;
    }
    if (!ok) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (size_t i = 0; ok && i < WORLDS * count; i++) {
        const char *const settings[2] = {worlds[i / count].settings, ""};
        ok = weir_arms_add(arms, policies[i % count], settings, &s->arms[i], error);
    }
    if (!ok) {
        weir_sensitivity_free(s);
        return NULL;
    }
    return s;
}

static const struct weir_arm_result *result_of(const struct weir_sensitivity *s,
                                               const struct weir_experiment *e, size_t trace,
                                               size_t world, size_t policy) {
    return weir_experiment_result(e, trace, s->arms[world * s->policy_count + policy]);
}

/** Number of the policy with the largest mean of the primary metric, leaving out one (or none:
 *  SIZE_MAX) and those that broke; SIZE_MAX if there is none. */
static size_t best_of(const struct weir_sensitivity *s, const struct weir_experiment *e,
                      size_t trace, size_t world, size_t but) {
    size_t best = SIZE_MAX;
    double most = 0.0;
    for (size_t p = 0; p < s->policy_count; p++) {
        const struct weir_arm_result *r = result_of(s, e, trace, world, p);
        if (p == but || r->failed) {
            continue;
        }
        const struct weir_estimate mean =
            weir_estimate_of(r->runs, e->plan.replications, weir_primary_metric());
        if (best == SIZE_MAX || mean.mean > most) {
            best = p;
            most = mean.mean;
        }
    }
    return best;
}

static bool measure_row(const struct weir_sensitivity *s, const struct weir_experiment *e,
                        struct weir_sensitivity_row *row) {
    const size_t leader = s->leaders[row->trace];
    row->rival = best_of(s, e, row->trace, row->world, leader);
    row->failed = leader == SIZE_MAX || row->rival == SIZE_MAX ||
                  result_of(s, e, row->trace, row->world, leader)->failed;
    return row->failed ||
           weir_pair_compare(result_of(s, e, row->trace, row->world, leader)->runs,
                             result_of(s, e, row->trace, row->world, row->rival)->runs,
                             e->plan.replications, weir_primary_metric(), &row->lead);
}

static void judge(const struct weir_sensitivity *s, size_t trace) {
    struct weir_pair *family[WORLDS];
    size_t count = 0;
    for (size_t w = 0; w < WORLDS; w++) {
        struct weir_sensitivity_row *row = &s->rows[trace * WORLDS + w];
        if (!row->failed) {
            family[count++] = &row->lead;
        }
    }
    weir_pairs_judge(family, count);
}

bool weir_sensitivity_measure(struct weir_sensitivity *s,
                              const struct weir_experiment *experiment) {
    const size_t traces = experiment->plan.source_count;
    s->leaders = calloc(traces, sizeof *s->leaders);
    s->rows = calloc(traces * WORLDS, sizeof *s->rows);
    s->row_count = traces * WORLDS;
    bool ok = s->leaders && s->rows;
    for (size_t t = 0; ok && t < traces; t++) {
        s->leaders[t] = best_of(s, experiment, t, 0, SIZE_MAX);
        for (size_t w = 0; ok && w < WORLDS; w++) {
            struct weir_sensitivity_row *row = &s->rows[t * WORLDS + w];
            *row = (struct weir_sensitivity_row){.trace = t, .world = w};
            ok = measure_row(s, experiment, row);
        }
        if (ok) {
            judge(s, t);
        }
    }
    return ok;
}

void weir_sensitivity_free(struct weir_sensitivity *s) {
    if (s) {
        free(s->arms);
        free(s->leaders);
        free(s->rows);
        free(s);
    }
}
