#include "pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.95
#define ALPHA 0.05
/* each side of a difference of rare counts gets half of the error */
#define CONFIDENCE_OF_SIDE 0.975
/* a count is rare if there are at most so many over all replications */
#define RARE_TOTAL 20.0

enum weir_statistic weir_statistic_for(enum weir_kind kind, size_t replications) {
    if (replications < 2) {
        return WEIR_STATISTIC_NONE;
    }
    return kind == WEIR_KIND_EVENT ? WEIR_STATISTIC_BINOMIAL : WEIR_STATISTIC_STUDENT;
}

/** The replications that both have, and what they are made of. */
struct sample {
    double *differences, *ratios;
    size_t count, ratio_count;
    double total, total_against;
    bool whole;                     /* no value has a fraction */
    size_t only_this, only_against; /* replications in which one side has more */
};

static bool is_whole(double value) {
    return value >= 0.0 && floor(value) == value;
}

static void add(struct sample *s, double value, double against) {
    s->total += value;
    s->total_against += against;
    s->whole = s->whole && is_whole(value) && is_whole(against);
    s->only_this += value > against;
    s->only_against += against > value;
    s->differences[s->count++] = value - against;
    if (against > 0.0) {
        s->ratios[s->ratio_count++] = value / against;
    }
}

static struct weir_interval interval_by(enum weir_statistic statistic, const double *values,
                                        size_t count) {
    return statistic == WEIR_STATISTIC_BOOTSTRAP
               ? weir_bootstrap_interval(values, count, CONFIDENCE)
               : weir_student_interval(values, count, CONFIDENCE);
}

static struct weir_estimate estimate(enum weir_statistic statistic, const double *values,
                                     size_t count) {
    struct weir_estimate e = {.count = count};
    if (count > 0) {
        e.mean = e.low = e.high = weir_mean_of(values, count);
    }
    if (count > 1) {
        const struct weir_interval i = interval_by(statistic, values, count);
        e.low = i.low;
        e.high = i.high;
    }
    return e;
}

/** Events: exact bounds of how often they happen on one side alone, for either side. */
static void compare_events(const struct sample *s, struct weir_pair *pair) {
    const struct weir_interval one =
        weir_binomial_interval(s->only_this, s->count, CONFIDENCE_OF_SIDE);
    const struct weir_interval other =
        weir_binomial_interval(s->only_against, s->count, CONFIDENCE_OF_SIDE);
    pair->difference.low = one.low - other.high;
    pair->difference.high = one.high - other.low;
    pair->p = weir_sign_test(s->only_this, s->only_against);
}

/** Rare counts: if both sides have the same mean, each event falls on either with chance 1/2. */
static void compare_rare(const struct sample *s, struct weir_pair *pair) {
    const double n = (double)s->count;
    const struct weir_interval one = weir_poisson_interval((uint64_t)s->total, CONFIDENCE_OF_SIDE);
    const struct weir_interval other =
        weir_poisson_interval((uint64_t)s->total_against, CONFIDENCE_OF_SIDE);
    pair->difference.low = (one.low - other.high) / n;
    pair->difference.high = (one.high - other.low) / n;
    pair->p = weir_sign_test((uint64_t)s->total, (uint64_t)s->total_against);
}

static bool is_rare(const struct sample *s, enum weir_kind kind) {
    return kind == WEIR_KIND_COUNT && s->whole && s->total <= RARE_TOTAL &&
           s->total_against <= RARE_TOTAL;
}

static void compare_sample(const struct sample *s, struct weir_pair *pair) {
    const enum weir_kind kind = weir_metric_kind(pair->metric);
    pair->statistic = weir_statistic_for(kind, s->count);
    pair->identical = s->count > 0 && s->only_this + s->only_against == 0;
    pair->difference = estimate(pair->statistic, s->differences, s->count);
    if (s->ratio_count == s->count) {
        pair->ratio = estimate(WEIR_STATISTIC_STUDENT, s->ratios, s->ratio_count);
    }
    if (pair->statistic == WEIR_STATISTIC_NONE) {
        return;
    }
    if (pair->statistic == WEIR_STATISTIC_BINOMIAL) {
        compare_events(s, pair);
    } else if (is_rare(s, kind)) {
        pair->statistic = WEIR_STATISTIC_POISSON;
        compare_rare(s, pair);
    } else {
        pair->p = pair->statistic == WEIR_STATISTIC_BOOTSTRAP
                      ? weir_bootstrap_test(s->differences, s->count)
                      : weir_student_test(s->differences, s->count);
    }
}

/** Whether the difference is too small to matter: within a point for shares, none at all else. */
static bool is_equivalent(const struct weir_pair *pair) {
    const struct weir_estimate *d = &pair->difference;
    return pair->identical ||
           (weir_metric_kind(pair->metric) == WEIR_KIND_SHARE && d->count >= 2 &&
            d->low >= -WEIR_EQUIVALENT_SHARE && d->high <= WEIR_EQUIVALENT_SHARE);
}

static enum weir_verdict judge(const struct weir_pair *pair) {
    const enum weir_direction direction = weir_metric_direction(pair->metric);
    if (direction == WEIR_DIRECTION_NONE || pair->difference.count == 0) {
        return WEIR_VERDICT_NONE;
    }
    /* where a figure is missing on one side only, what is left is no fair sample */
    if (pair->missing > 0 || pair->statistic == WEIR_STATISTIC_NONE) {
        return WEIR_VERDICT_UNDECIDED;
    }
    if (is_equivalent(pair)) {
        return WEIR_VERDICT_EQUIVALENT;
    }
    if (pair->p_holm >= ALPHA) {
        return WEIR_VERDICT_UNDECIDED;
    }
    return (pair->difference.mean > 0.0) == (direction == WEIR_HIGHER_IS_BETTER)
               ? WEIR_VERDICT_BETTER
               : WEIR_VERDICT_WORSE;
}

bool weir_pair_compare(const struct weir_metrics *runs, const struct weir_metrics *against,
                       size_t count, enum weir_metric metric, struct weir_pair *pair) {
    double *room = calloc(2 * count + 1, sizeof *room);
    *pair = (struct weir_pair){.metric = metric, .p = 1.0, .p_holm = 1.0};
    if (!room) {
        return false;
    }
    struct sample s = {.differences = room, .ratios = room + count, .whole = true};
    for (size_t r = 0; r < count; r++) {
        if (runs[r].present[metric] && against[r].present[metric]) {
            add(&s, runs[r].values[metric], against[r].values[metric]);
        } else {
            pair->missing += runs[r].present[metric] != against[r].present[metric];
        }
    }
    compare_sample(&s, pair);
    pair->p_holm = pair->p;
    pair->verdict = judge(pair);
    free(room);
    return true;
}

void weir_pairs_judge(struct weir_pair *const *family, size_t count) {
    double *p = calloc(count + 1, sizeof *p);
    for (size_t i = 0; p && i < count; i++) {
        p[i] = family[i]->p;
    }
    if (p) {
        weir_holm(p, count);
    }
    for (size_t i = 0; i < count; i++) {
        family[i]->p_holm = p ? p[i] : 1.0; /* without memory nothing is sure */
        family[i]->verdict = judge(family[i]);
    }
    free(p);
}

enum weir_verdict weir_verdict_of_all(const enum weir_verdict *verdicts, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (verdicts[i] != verdicts[0]) {
            return WEIR_VERDICT_UNDECIDED;
        }
    }
    return count > 0 ? verdicts[0] : WEIR_VERDICT_NONE;
}

const char *weir_verdict_name(enum weir_verdict verdict) {
    static const char *const names[] = {"none", "better", "worse", "equivalent", "undecided"};
    return names[verdict];
}

const char *weir_statistic_name(enum weir_statistic statistic) {
    static const char *const names[] = {"none", "student", "bootstrap", "binomial", "poisson"};
    return names[statistic];
}

/** The exact interval of an event or a rare count in place of Student's. */
static void set_exact(struct weir_estimate *e, enum weir_kind kind, double total, bool whole) {
    const double n = (double)e->count;
    struct weir_interval i;
    if (kind == WEIR_KIND_EVENT) {
        i = weir_binomial_interval((uint64_t)total, e->count, CONFIDENCE);
    } else if (kind == WEIR_KIND_COUNT && whole && total <= RARE_TOTAL) {
        i = weir_poisson_interval((uint64_t)total, CONFIDENCE);
        i.low /= n;
        i.high /= n;
    } else {
        return;
    }
    e->low = i.low;
    e->high = i.high;
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
            whole = whole && is_whole(runs[r].values[metric]);
        }
    }
    if (values) {
        const enum weir_kind kind = weir_metric_kind(metric);
        e = estimate(weir_statistic_for(kind, n), values, n);
        if (n > 1) {
            set_exact(&e, kind, total, whole);
        }
    }
    free(values);
    return e;
}
