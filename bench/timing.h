#ifndef WEIR_BENCH_TIMING_H
#define WEIR_BENCH_TIMING_H

#include "suite.h"
#include "summary.h"

/**
 * Processor time of this build against another, in pairs: each measure of a suite is run by both in
 * fresh processes, one right after the other, the first of a pair in turns, so that whatever else
 * the machine does meets both. A regression counts only if a second round confirms it.
 */

/** A build that is measured. */
struct weir_build {
    const char *path; /**< of the command weir */
    double slowdown; /**< share of its processor time that is spent once more on purpose, after each
                        run; 0: none */
};

/** Rounds of one measure. */
struct weir_timing {
    struct weir_estimate rounds[2]; /**< ratio: this build / the other */
    size_t round_count;             /**< 2 if the first gave reason for doubt */
    double own_s, versus_s;         /**< processor time of a run, mean of the first round */
};

/** What rounds say, given how large a ratio is let pass. */
enum weir_timing_verdict {
    WEIR_TIMING_NO_CHANGE, /**< the interval of the ratio holds 1, or is near enough to it */
    WEIR_TIMING_IMPROVED,  /**< the interval lies below 1 / limit */
    WEIR_TIMING_ADVICE,    /**< the ratio is above the limit, but this is not sure */
    WEIR_TIMING_REGRESSED  /**< in both rounds the interval lies above the limit */
};

enum weir_timing_verdict weir_timing_judge(const struct weir_estimate *rounds, size_t round_count,
                                           double limit);

/** "no change", "improved", "advice", "regressed". Static storage. */
const char *weir_timing_verdict_name(enum weir_timing_verdict verdict);

/** The largest ratio that the suite's gates let pass for a measure; 1 without a gate. */
double weir_timing_limit(const struct weir_suite *suite, size_t measure);

/**
 * Measures one measure of a suite: a first round, and a second if the first one's interval lies
 * above the limit. False and an error if a build cannot be run or fails.
 */
bool weir_timing_run(const struct weir_suite *suite, size_t measure, const struct weir_build *own,
                     const struct weir_build *versus, struct weir_timing *timing,
                     struct weir_replay_error *error);

#endif
