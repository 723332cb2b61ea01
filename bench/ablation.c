#include "ablation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct weir_world worlds[] = {
    {"as set", ""},
    {"dashboard and second bot", "foreign.dashboards=1 foreign.second_bot=true"},
    {"limits halved after 30 s", "exchange.tighten_at_s=30 exchange.tighten_factor=0.5"},
    {"the same, banned at the first 429",
     "exchange.tighten_at_s=30 exchange.tighten_factor=0.5 exchange.ban_after_429s=1"},
    {"bot's clock 800 ms ahead", "bot.clock_offset_ms=800"},
    {"outage of 20 s", "network.preset=outage"},
    {"4 connections", "bot.connections=4"},
    {"strict rules", "exchange.rules=strict"},
    {"sliding windows at the exchange", "exchange.window=sliding"},
};
#define WORLDS (sizeof worlds / sizeof worlds[0])

static const struct weir_mechanism mechanisms[] = {
    {"value", "limiter.value=off"},
    {"protect", "limiter.protect=off"},
    {"reserve by demand", "limiter.reserve=static"},
    {"forecast", "limiter.forecast=off"},
    {"modes", "limiter.mode=normal"},
    {"exact cost", "limiter.cost=unit"},
    {"reservation", "limiter.reservation=off"},
    {"headers", "limiter.headers=off"},
    {"priorities", "limiter.priorities=off"},
    {"deadlines", "limiter.deadlines=off"},
    {"backoff", "limiter.backoff=off"},
    {"bans", "limiter.bans=off"},
    {"the server's window", "limiter.window=sliding"},
    {"clock", "limiter.clock=known"},
    {"queue", "limiter.queue=1"},
    {"buffer", "limiter.normal.buffer=0 limiter.burst.buffer=0 limiter.liquidation.buffer=0"},
};
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

const struct weir_world *weir_ablation_world(size_t index) {
    return index < WORLDS ? &worlds[index] : NULL;
}

const struct weir_mechanism *weir_mechanism_at(size_t index) {
    return index < MECHANISMS ? &mechanisms[index] : NULL;
}

enum weir_metric weir_ablation_metric(size_t index) {
    const enum weir_metric metrics[WEIR_ABLATION_METRICS] = {
        weir_primary_metric(), WEIR_METRIC_capture_rate, WEIR_METRIC_limit_errors,
        WEIR_METRIC_banned_s, WEIR_METRIC_unprotected_p99_s};
    return metrics[index];
}

struct weir_ablation *weir_ablation_plan(struct weir_arms *arms, struct weir_replay_error *error) {
    struct weir_ablation *a = calloc(1, sizeof *a);
    const struct weir_policy *weir = weir_policy_find("weir");
    bool ok = a != NULL;
    if (a) {
        a->world_count = WORLDS;
        a->mechanism_count = MECHANISMS;
        a->arms = calloc(WORLDS * (1 + MECHANISMS), sizeof *a->arms);
        ok = a->arms != NULL;
    }
    if (!ok) {
        weir_replay_fails(error, WEIR_REPLAY_FAILED, "out of memory");
    }
    for (size_t i = 0; ok && i < WORLDS * (1 + MECHANISMS); i++) {
        const size_t m = i % (1 + MECHANISMS);
        const char *const settings[2] = {worlds[i / (1 + MECHANISMS)].settings,
                                         m == 0 ? "" : mechanisms[m - 1].off};
        ok = weir_arms_add(arms, weir, settings, &a->arms[i], error);
    }
    if (!ok) {
        weir_ablation_free(a);
        return NULL;
    }
    return a;
}

static bool same_course(const struct weir_arm_result *a, const struct weir_arm_result *b,
                        size_t replications) {
    return memcmp(a->digests, b->digests, replications * sizeof *a->digests) == 0;
}

static bool measure_row(const struct weir_ablation *a, const struct weir_experiment *e,
                        struct weir_ablation_row *row) {
    const size_t first = row->world * (1 + MECHANISMS);
    const struct weir_arm_result *whole = weir_experiment_result(e, row->trace, a->arms[first]);
    const struct weir_arm_result *without =
        weir_experiment_result(e, row->trace, a->arms[first + 1 + row->mechanism]);
    const size_t n = e->plan.replications;
    row->failed = whole->failed || without->failed;
    row->idle = !row->failed && same_course(whole, without, n);
    bool ok = true;
    for (size_t m = 0; ok && !row->failed && m < WEIR_ABLATION_METRICS; m++) {
        ok = weir_pair_compare(whole->runs, without->runs, n, weir_ablation_metric(m),
                               &row->pairs[m]);
    }
    return ok;
}

/** Holm over all rows in which a mechanism did something, for each figure. */
static bool judge(struct weir_ablation *a) {
    struct weir_pair **family = calloc(a->row_count + 1, sizeof(struct weir_pair *));
    for (size_t m = 0; family && m < WEIR_ABLATION_METRICS; m++) {
        size_t count = 0;
        for (size_t i = 0; i < a->row_count; i++) {
            if (!a->rows[i].failed && !a->rows[i].idle) {
                family[count++] = &a->rows[i].pairs[m];
            }
        }
        weir_pairs_judge(family, count);
    }
    free(family);
    return family != NULL;
}

bool weir_ablation_measure(struct weir_ablation *ablation,
                           const struct weir_experiment *experiment) {
    const size_t per_trace = WORLDS * MECHANISMS;
    ablation->row_count = experiment->plan.source_count * per_trace;
    ablation->rows = calloc(ablation->row_count, sizeof *ablation->rows);
    bool ok = ablation->rows != NULL;
    for (size_t i = 0; ok && i < ablation->row_count; i++) {
        ablation->rows[i] = (struct weir_ablation_row){.trace = i / per_trace,
                                                       .world = i % per_trace / MECHANISMS,
                                                       .mechanism = i % MECHANISMS};
        ok = measure_row(ablation, experiment, &ablation->rows[i]);
    }
    return ok && judge(ablation);
}

void weir_ablation_free(struct weir_ablation *ablation) {
    if (ablation) {
        free(ablation->arms);
        free(ablation->rows);
        free(ablation);
    }
}
