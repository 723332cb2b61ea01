#include "timing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gate_expression.h"
#include "paired_ratio.h"
#include "process_cost.h"

enum weir_timing_verdict weir_timing_judge(const struct weir_estimate *rounds, size_t round_count,
                                           double limit) {
    if (round_count == 2 && rounds[0].low > limit && rounds[1].low > limit) {
        return WEIR_TIMING_REGRESSED;
    }
    if (rounds[0].low > limit || rounds[0].mean > limit) {
        return WEIR_TIMING_ADVICE;
    }
    return rounds[0].high < 1.0 / limit ? WEIR_TIMING_IMPROVED : WEIR_TIMING_NO_CHANGE;
}

const char *weir_timing_verdict_name(enum weir_timing_verdict verdict) {
    static const char *const names[] = {"no change", "improved", "advice", "regressed"};
    return names[verdict];
}

double weir_timing_limit(const struct weir_suite *suite, size_t measure) {
    char metric[128];
    char why[256];
    double limit = 0.0;
    snprintf(metric, sizeof metric, "%s_cpu", suite->measures[measure].name);
    for (size_t i = 0; i < suite->gate_count; i++) {
        struct weir_gate gate;
        if (weir_gate_parse(suite->gates[i], &gate, why, sizeof why) && gate.is_ratio &&
            strcmp(gate.metric, metric) == 0) {
            limit = limit <= 0.0 || gate.limit < limit ? gate.limit : limit;
        }
    }
    return limit > 0.0 ? limit : 1.0;
}

/** One run of a measure by one build. */
static bool run_once(const struct weir_suite_measure *m, uint64_t seed,
                     const struct weir_build *build, double *cpu_s,
                     struct weir_replay_error *error) {
    char replications[16];
    char seed_text[24];
    char why[512];
    snprintf(replications, sizeof replications, "%" PRIu32, m->replications);
    snprintf(seed_text, sizeof seed_text, "%" PRIu64, seed);
    const char *const arguments[] = {
        build->path,  "replay", m->trace,  "--policy",  m->policies, "--replications",
        replications, "--seed", seed_text, "--threads", "1",         "--format",
        "csv",        NULL};
    double spent_s = 0.0;
    if (!weir_process_cost(arguments, cpu_s, why, sizeof why) ||
        (build->slowdown > 0.0 &&
         !weir_process_spend(build->slowdown * *cpu_s, &spent_s, why, sizeof why))) {
        error->status = WEIR_REPLAY_FAILED;
        snprintf(error->text, sizeof error->text, "time measure '%s': %s", m->name, why);
        return false;
    }
    if (*cpu_s <= 0.0) {
        error->status = WEIR_REPLAY_BAD_INPUT;
        snprintf(error->text, sizeof error->text,
                 "time measure '%s': a run takes no time that can be measured; more replications "
                 "are needed",
                 m->name);
        return false;
    }
    *cpu_s += spent_s;
    return true;
}

static bool run_round(const struct weir_suite *suite, size_t measure,
                      const struct weir_build *const builds[2], double mean_s[2],
                      struct weir_estimate *ratio, struct weir_replay_error *error) {
    const struct weir_suite_measure *m = &suite->measures[measure];
    double ratios[WEIR_RATIO_PAIRS_MAX];
    double sums_s[2] = {0.0, 0.0};
    for (uint32_t pair = 0; pair < suite->pairs; pair++) {
        double cpu_s[2];
        for (uint32_t turn = 0; turn < 2; turn++) {
            const uint32_t which = (turn + pair) % 2;
            if (!run_once(m, suite->seed, builds[which], &cpu_s[which], error)) {
                return false;
            }
            sums_s[which] += cpu_s[which];
        }
        ratios[pair] = cpu_s[0] / cpu_s[1];
    }
    *ratio = weir_paired_ratio(ratios, suite->pairs);
    mean_s[0] = sums_s[0] / suite->pairs;
    mean_s[1] = sums_s[1] / suite->pairs;
    if (ratio->count == 0) {
        *error = (struct weir_replay_error){WEIR_REPLAY_FAILED, "out of memory"};
    }
    return ratio->count > 0;
}

bool weir_timing_run(const struct weir_suite *suite, size_t measure, const struct weir_build *own,
                     const struct weir_build *versus, struct weir_timing *timing,
                     struct weir_replay_error *error) {
    const struct weir_build *const builds[2] = {own, versus};
    double means_s[2];
    double unused_s = 0.0;
    *timing = (struct weir_timing){.round_count = 1};
    for (size_t i = 0; i < 2; i++) { /* what is read from disk is in memory after that */
        if (!run_once(&suite->measures[measure], suite->seed, builds[i], &unused_s, error)) {
            return false;
        }
    }
    if (!run_round(suite, measure, builds, means_s, &timing->rounds[0], error)) {
        return false;
    }
    timing->own_s = means_s[0];
    timing->versus_s = means_s[1];
    if (timing->rounds[0].low > weir_timing_limit(suite, measure)) {
        timing->round_count = 2;
        return run_round(suite, measure, builds, means_s, &timing->rounds[1], error);
    }
    return true;
}
