#include "summary.h"

#include <assert.h>
#include <math.h>
#include <string.h>

double weir_student_95(size_t degrees) {
    static const double table[] = {12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462,
                                   2.30600, 2.26216, 2.22814, 2.20099, 2.17881, 2.16037, 2.14479,
                                   2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596};
    assert(degrees >= 1);
    if (degrees <= sizeof table / sizeof table[0]) {
        return table[degrees - 1];
    }
    /* Cornish-Fisher expansion around the normal quantile */
    const double z = 1.959963985;
    const double n = (double)degrees;
    const double z3 = z * z * z;
    const double z5 = z3 * z * z;
    const double z7 = z5 * z * z;
    return z + (z3 + z) / (4.0 * n) + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n * n) +
           (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n * n * n);
}

/** Mean, then the interval, of one metric without an array of its own: two passes over the runs. */
static struct weir_estimate estimate(const struct weir_metrics *runs, size_t count, size_t metric) {
    struct weir_estimate e = {0};
    double sum = 0.0;
    for (size_t r = 0; r < count; r++) {
        if (runs[r].present[metric]) {
            sum += runs[r].values[metric];
            e.count++;
        }
    }
    if (e.count == 0) {
        return e;
    }
    e.mean = e.low = e.high = sum / (double)e.count;
    double squares = 0.0;
    for (size_t r = 0; r < count; r++) {
        if (runs[r].present[metric]) {
            squares += (runs[r].values[metric] - e.mean) * (runs[r].values[metric] - e.mean);
        }
    }
    if (e.count > 1) {
        const double error = sqrt(squares / (double)(e.count - 1) / (double)e.count);
        e.low = e.mean - weir_student_95(e.count - 1) * error;
        e.high = e.mean + weir_student_95(e.count - 1) * error;
    }
    return e;
}

void weir_summarise(const struct weir_metrics *runs, size_t count, struct weir_summary *summary) {
    assert(count > 0);
    memset(summary, 0, sizeof *summary);
    for (size_t m = 0; m < WEIR_METRIC_COUNT; m++) {
        summary->metrics[m] = estimate(runs, count, m);
    }
    const double n = (double)count;
    for (size_t r = 0; r < count; r++) {
        for (size_t c = 0; c < WEIR_CAUSES; c++) {
            summary->bound_by[c].time += runs[r].bound_by[c].time / n;
            summary->bound_by[c].value_lost += runs[r].bound_by[c].value_lost / n;
        }
        for (size_t d = 0; d < WEIR_DECILES; d++) {
            summary->capture_by_decile[d] += runs[r].capture_by_decile[d] / n;
        }
        for (size_t p = 0; p < WEIR_CURVE_POINTS; p++) {
            summary->curve[p].window_ms = runs[r].curve[p].window_ms;
            summary->curve[p].by_count += runs[r].curve[p].by_count / n;
            summary->curve[p].by_value += runs[r].curve[p].by_value / n;
            summary->curve[p].by_notional += runs[r].curve[p].by_notional / n;
        }
    }
}

double weir_mean(const struct weir_summary *summary, enum weir_metric metric, double fallback) {
    return summary->metrics[metric].count ? summary->metrics[metric].mean : fallback;
}
