#include "estimate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intervals.h"

#define CONFIDENCE 0.95
/* of an interval made of two, each of which gets half of the error */
#define CONFIDENCE_OF_PART 0.975
/* a count is rare if there are at most so many over all replications */
#define RARE_TOTAL 20.0
/* a value jumps if it is farther from the median than most are, by this factor, and than this share
 * of the median: rounding and a request more or less are no jumps */
#define JUMP_DEVIATIONS 8.0
#define JUMP_SHARE 0.25

bool weir_is_whole(double value) {
    return value >= 0.0 && floor(value) == value;
}

bool weir_is_rare(enum weir_metric metric, double total) {
    return weir_metric_kind(metric) == WEIR_KIND_COUNT && total <= RARE_TOTAL;
}

static int compare_doubles(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/** Sorts in place. */
static double median_of(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return values[(count - 1) / 2] / 2.0 + values[count / 2] / 2.0;
}

/** Figures in two parts: those that lie together, and those that jump. */
struct parts {
    double *together;
    size_t together_count, jumps;
    double lowest, highest; /* of those that jump */
};

/** Parts figures; `room` takes as many. */
static struct parts part(const double *values, size_t count, double *room) {
    struct parts p = {.together = room, .lowest = DBL_MAX, .highest = -DBL_MAX};
    memcpy(room, values, count * sizeof *room);
    const double median = median_of(room, count);
    for (size_t i = 0; i < count; i++) {
        room[i] = fabs(values[i] - median);
    }
    const double usual = JUMP_DEVIATIONS * median_of(room, count);
    const double least = JUMP_SHARE * fabs(median);
    for (size_t i = 0; i < count; i++) {
        if (fabs(values[i] - median) <= (usual > least ? usual : least)) {
            room[p.together_count++] = values[i];
        } else {
            p.jumps++;
            p.lowest = values[i] < p.lowest ? values[i] : p.lowest;
            p.highest = values[i] > p.highest ? values[i] : p.highest;
        }
    }
    return p;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

/** The mean is that of the rest, and as much more as the share of jumps times how far they go. The
 *  share has exact bounds; how far they go, those seen. Never narrower than Student's t. */
static struct weir_interval two_part_interval(const struct parts *p, size_t count,
                                              struct weir_interval student) {
    const double rest = weir_mean_of(p->together, p->together_count);
    const struct weir_interval i =
        weir_student_interval(p->together, p->together_count, CONFIDENCE_OF_PART);
    const struct weir_interval share = weir_binomial_interval(p->jumps, count, CONFIDENCE_OF_PART);
    const double up = larger(share.low * (p->highest - rest), share.high * (p->highest - rest));
    const double down = larger(share.low * (rest - p->lowest), share.high * (rest - p->lowest));
    const double low = i.low - down;
    const double high = i.high + up;
    return (struct weir_interval){low < student.low ? low : student.low,
                                  high > student.high ? high : student.high};
}

/** The interval of at least two figures of a metric that may jump. */
static enum weir_statistic jumping_interval(enum weir_metric metric, const double *values,
                                            size_t count, struct weir_interval *interval) {
    double *room = malloc(count * sizeof *room);
    if (!room) {
        return WEIR_STATISTIC_UNSEEN;
    }
    enum weir_statistic statistic = WEIR_STATISTIC_STUDENT;
    const struct parts p = part(values, count, room);
    if (p.jumps > 0 && p.together_count >= 2) {
        *interval = two_part_interval(&p, count, *interval);
        statistic = WEIR_STATISTIC_TWO_PART;
    } else if (weir_metric_jumps(metric) && count < WEIR_REPLICATIONS_TO_SEE) {
        statistic = WEIR_STATISTIC_UNSEEN;
    }
    free(room);
    return statistic;
}

struct weir_estimate weir_estimate_mean(enum weir_metric metric, const double *values, size_t count,
                                        enum weir_statistic *statistic) {
    struct weir_estimate e = {.count = count};
    *statistic = WEIR_STATISTIC_NONE;
    if (count == 0) {
        return e;
    }
    e.mean = e.low = e.high = weir_mean_of(values, count);
    if (count > 1) {
        struct weir_interval i = weir_student_interval(values, count, CONFIDENCE);
        *statistic = weir_metric_kind(metric) == WEIR_KIND_SHARE
                         ? WEIR_STATISTIC_STUDENT
                         : jumping_interval(metric, values, count, &i);
        e.bounded = *statistic != WEIR_STATISTIC_UNSEEN;
        e.low = e.bounded ? i.low : e.mean;
        e.high = e.bounded ? i.high : e.mean;
    }
    return e;
}

/** The exact interval of an event or a rare count in place of that of a mean. */
static void set_exact(struct weir_estimate *e, enum weir_metric metric, double total, bool whole) {
    const double n = (double)e->count;
    struct weir_interval i;
    if (weir_metric_kind(metric) == WEIR_KIND_EVENT) {
        i = weir_binomial_interval((uint64_t)total, e->count, CONFIDENCE);
    } else if (whole && weir_is_rare(metric, total)) {
        i = weir_poisson_interval((uint64_t)total, CONFIDENCE);
        i.low /= n;
        i.high /= n;
    } else {
        return;
    }
    e->low = i.low;
    e->high = i.high;
    e->bounded = true;
}

struct weir_estimate weir_estimate_of(const struct weir_metrics *runs, size_t count,
                                      enum weir_metric metric) {
    struct weir_estimate e = {0};
    double *values = calloc(count + 1, sizeof *values);
    double total = 0.0;
    bool whole = true;
    size_t n = 0;
    for (size_t r = 0; values && r < count; r++) {
        if (runs[r].present[metric]) {
            values[n++] = runs[r].values[metric];
            total += runs[r].values[metric];
            whole = whole && weir_is_whole(runs[r].values[metric]);
        }
    }
    if (values) {
        enum weir_statistic statistic;
        e = weir_estimate_mean(metric, values, n, &statistic);
        if (n > 1) {
            set_exact(&e, metric, total, whole);
        }
    }
    free(values);
    return e;
}
