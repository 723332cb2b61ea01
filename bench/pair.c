#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include "intervals.h"

#define ALPHA 0.05
/* each side of a difference of rare counts gets half of the error */
#define CONFIDENCE_OF_SIDE 0.975
/** The replications that both have, and what they are made of. */
struct sample {
    double *differences, *ratios;
    size_t count, ratio_count;
    double total, total_against;
    bool whole;                     /* no value has a fraction */
    size_t only_this, only_against; /* replications in which one side has more */
};

static void add(struct sample *s, double value, double against) {
    s->total += value;
    s->total_against += against;
    s->whole = s->whole && weir_is_whole(value) && weir_is_whole(against);
    s->only_this += value > against;
    s->only_against += against > value;
    s->differences[s->count++] = value - against;
    if (against > 0.0) {
        s->ratios[s->ratio_count++] = value / against;
    }
}

/** Events: exact bounds of how often they happen on one side alone, for either side. */
static void compare_events(const struct sample *s, struct weir_pair *pair) {
    const struct weir_interval one =
        weir_binomial_interval(s->only_this, s->count, CONFIDENCE_OF_SIDE);
    const struct weir_interval other =
        weir_binomial_interval(s->only_against, s->count, CONFIDENCE_OF_SIDE);
    pair->difference.low = one.low - other.high;
    pair->difference.high = one.high - other.low;
    pair->difference.bounded = true;
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
    pair->difference.bounded = true;
    pair->p = weir_sign_test((uint64_t)s->total, (uint64_t)s->total_against);
}

static bool is_rare(const struct sample *s, enum weir_metric metric) {
    return s->whole && weir_is_rare(metric, s->total) && weir_is_rare(metric, s->total_against);
}

/** Chance of such differences if there is none. What may jump has no known distribution: there the
 *  directions count as well, or alone. */
static double test_mean(const struct sample *s, enum weir_statistic statistic) {
    const double student = weir_student_test(s->differences, s->count);
    const double signs = weir_sign_test(s->only_this, s->only_against);
    switch (statistic) {
    case WEIR_STATISTIC_TWO_PART:
        return signs > student ? signs : student;
    case WEIR_STATISTIC_UNSEEN:
        return signs;
    case WEIR_STATISTIC_NONE:
    case WEIR_STATISTIC_STUDENT:
    case WEIR_STATISTIC_BINOMIAL:
    case WEIR_STATISTIC_POISSON:
        break;
    }
    return student;
}

static void compare_sample(const struct sample *s, struct weir_pair *pair) {
    enum weir_statistic of_ratio;
    pair->identical = s->count > 0 && s->only_this + s->only_against == 0;
    pair->difference = weir_estimate_mean(pair->metric, s->differences, s->count, &pair->statistic);
    if (s->ratio_count == s->count) {
        pair->ratio = weir_estimate_mean(pair->metric, s->ratios, s->ratio_count, &of_ratio);
    }
    if (pair->statistic == WEIR_STATISTIC_NONE) {
        return;
    }
    if (weir_metric_kind(pair->metric) == WEIR_KIND_EVENT) {
        pair->statistic = WEIR_STATISTIC_BINOMIAL;
        compare_events(s, pair);
    } else if (is_rare(s, pair->metric)) {
        pair->statistic = WEIR_STATISTIC_POISSON;
        compare_rare(s, pair);
    } else {
        pair->p = test_mean(s, pair->statistic);
    }
}

/** Whether the difference is too small to matter: within a point for shares, none at all else. */
static bool is_equivalent(const struct weir_pair *pair) {
    const struct weir_estimate *d = &pair->difference;
    return pair->identical ||
           (weir_metric_kind(pair->metric) == WEIR_KIND_SHARE && d->bounded &&
            d->low >= -WEIR_EQUIVALENT_SHARE && d->high <= WEIR_EQUIVALENT_SHARE);
}

static bool reaches_zero(const struct weir_estimate *e) {
    return e->low <= 0.0 && e->high >= 0.0;
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
    if (pair->p_holm >= ALPHA ||
        (pair->statistic == WEIR_STATISTIC_TWO_PART && reaches_zero(&pair->difference))) {
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
    static const char *const names[] = {"none",    "student",  "binomial",
                                        "poisson", "two-part", "unseen"};
    return names[statistic];
}
