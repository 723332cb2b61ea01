#include "selftest.h"

#include <inttypes.h>

#include "intervals.h"

static void print_night(const struct weir_suite *suite, size_t measure, uint32_t night,
                        const struct weir_timing *timing, FILE *out) {
    const double limit = weir_timing_limit(suite, measure);
    fprintf(out, "night %3" PRIu32 "  %s_cpu", night + 1, suite->measures[measure].name);
    for (size_t r = 0; r < timing->round_count; r++) {
        const struct weir_estimate *e = &timing->rounds[r];
        fprintf(out, "  %.4f [%.4f, %.4f]", e->mean, e->low, e->high);
    }
    fprintf(
        out, "  %s\n",
        weir_timing_verdict_name(weir_timing_judge(timing->rounds, timing->round_count, limit)));
    fflush(out);
}

bool weir_selftest_run(const struct weir_suite *suite, uint32_t nights,
                       const struct weir_build *own, const struct weir_build *versus, FILE *out,
                       struct weir_selftest *found, struct weir_replay_error *error) {
    *found = (struct weir_selftest){.nights = nights};
    for (uint32_t night = 0; night < nights; night++) {
        bool alarm = false;
        bool doubt = false;
        for (size_t m = 0; m < suite->measure_count; m++) {
            struct weir_timing timing;
            if (!weir_timing_run(suite, m, own, versus, &timing, error)) {
                return false;
            }
            doubt = doubt || timing.round_count > 1;
            alarm =
                alarm || weir_timing_judge(timing.rounds, timing.round_count,
                                           weir_timing_limit(suite, m)) == WEIR_TIMING_REGRESSED;
            if (out) {
                print_night(suite, m, night, &timing, out);
            }
        }
        found->alarms += alarm;
        found->doubts += doubt;
    }
    return true;
}

static void print_rate(const char *what, uint32_t count, uint32_t of, FILE *out) {
    const struct weir_interval rate = weir_binomial_interval(count, of, 0.95);
    fprintf(out,
            "%s: %" PRIu32 " of %" PRIu32 " nights (%.1f %%, 95 %% interval %.1f to %.1f %%)\n",
            what, count, of, 100.0 * count / of, 100.0 * rate.low, 100.0 * rate.high);
}

void weir_selftest_print(const struct weir_selftest *found, const char *what, FILE *out) {
    print_rate(what, found->alarms, found->nights, out);
    print_rate("first rounds that asked for a second", found->doubts, found->nights, out);
}
