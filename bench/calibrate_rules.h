#ifndef WEIR_BENCH_CALIBRATE_RULES_H
#define WEIR_BENCH_CALIBRATE_RULES_H

#include "calibrate_view.h"

/** What the log says of the exchange's rules: findings, foreign load, bans, and the scenario's part
 *  of them. Docs: docs/calibrate.md says by what reasoning. */
void weir_calibrate_windows(const struct weir_log_view *view, struct weir_calibration *found);
void weir_calibrate_limits(const struct weir_log_view *view, struct weir_calibration *found);
void weir_calibrate_bans(const struct weir_log_view *view, struct weir_calibration *found);

/** Adds a finding; what does not fit any more is left out. */
void weir_add_finding(struct weir_calibration *found, const char *rule, const char *value,
                      enum weir_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
