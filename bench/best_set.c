#include "best_set.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distributions.h"
#include "draw.h"

#define DRAWS_SEED 2 /* results must not depend on when or where the set is made */

/** What is known of a difference: its estimate, its standard error, its degrees of freedom. */
struct difference {
    double mean, error, degrees;
};

/** Settings in work, and what is drawn for all of them. */
struct comparison {
    const struct weir_sample *samples;
    size_t *members; /* indices of the settings that are compared */
    size_t count, traces, replications, cells;
    double alpha;
    double *residuals; /* member × cell: figure minus the mean of its trace */
    double *sums;      /* draw × member: residuals weighted with normal draws, as a mean */
    double *spreads;   /* draw × degrees: root of a chi-squared over its degrees */
    double *quantiles; /* per degrees: Student's, one-sided, alone and for all together */
    struct difference *rivals;
};

double weir_sample_mean(const double *values, size_t traces, size_t replications) {
    double sum = 0.0;
    for (size_t t = 0; t < traces; t++) {
        sum += weir_mean_of(values + t * replications, replications);
    }
    return sum / (double)traces;
}

/** Standard error of a figure whose residuals are given, and Welch's degrees of freedom. */
static struct difference spread_of(const double *one, const double *other, size_t traces,
                                   size_t replications) {
    const double n = (double)replications;
    double total = 0.0;
    double fourth = 0.0;
    for (size_t t = 0; t < traces; t++) {
        double squares = 0.0;
        for (size_t r = 0; r < replications; r++) {
            const double d =
                one[t * replications + r] - (other ? other[t * replications + r] : 0.0);
            squares += d * d;
        }
        const double part = squares / (n - 1.0) / n;
        total += part;
        fourth += part * part;
    }
    return (struct difference){.error = sqrt(total) / (double)traces,
                               .degrees = fourth > 0.0 ? (n - 1.0) * total * total / fourth : 0.0};
}

/** Residuals of a sample: each figure minus the mean of its trace. */
static void set_residuals(const double *values, size_t traces, size_t replications, double *out) {
    for (size_t t = 0; t < traces; t++) {
        const double *row = values + t * replications;
        const double mean = weir_mean_of(row, replications);
        for (size_t r = 0; r < replications; r++) {
            out[t * replications + r] = row[r] - mean;
        }
    }
}

struct weir_interval weir_sample_interval(const double *values, size_t traces, size_t replications,
                                          double confidence) {
    const double mean = weir_sample_mean(values, traces, replications);
    double *residuals = malloc(traces * replications * sizeof *residuals);
    struct difference d = {0};
    if (residuals) {
        set_residuals(values, traces, replications, residuals);
        d = spread_of(residuals, NULL, traces, replications);
    }
    free(residuals);
    const double reach =
        d.error > 0.0 ? weir_student_quantile(confidence, d.degrees) * d.error : 0.0;
    return (struct weir_interval){mean - reach, mean + reach};
}

/** Normal weights for the residuals of all settings alike, and the spread of the estimated errors.
 */
static void draw_sums(struct comparison *c) {
    double *weights = c->rivals ? malloc((c->cells + 1) * sizeof *weights) : NULL;
    const double n = (double)c->replications;
    const double scale = sqrt(n / (n - 1.0)) / n / (double)c->traces;
    const size_t degrees = c->traces * (c->replications - 1);
    for (uint32_t b = 0; weights && b < WEIR_BEST_SET_DRAWS; b++) {
        for (size_t i = 0; i < c->cells; i++) {
            const struct weir_uniforms u = weir_draw((struct weir_draw_key){
                .seed = DRAWS_SEED, .stream = WEIR_STREAM_STUDY, .a = b, .b = (uint32_t)i});
            weights[i] = scale * weir_normal_quantile(u.u[0]);
        }
        for (size_t m = 0; m < c->count; m++) {
            double sum = 0.0;
            for (size_t i = 0; i < c->cells; i++) {
                sum += weights[i] * c->residuals[m * c->cells + i];
            }
            c->sums[(size_t)b * c->count + m] = sum;
        }
        double squares = 0.0;
        for (size_t d = 1; d <= degrees; d++) {
            const double z =
                weir_normal_quantile(weir_draw((struct weir_draw_key){.seed = DRAWS_SEED,
                                                                      .stream = WEIR_STREAM_STUDY,
                                                                      .a = b,
                                                                      .b = (uint32_t)d,
                                                                      .c = 1})
                                         .u[0]);
            squares += z * z;
            c->spreads[(size_t)b * (degrees + 1) + d] = sqrt(squares / (double)d);
        }
    }
    free(weights);
}

/** Compares one setting with all others. Returns its largest studentised shortfall; `degrees`
 *  becomes the fewest of any comparison with some spread. */
static double worst_shortfall(struct comparison *c, size_t member, size_t *degrees) {
    double worst = 0.0;
    double fewest = (double)(c->traces * (c->replications - 1));
    const double mine =
        weir_sample_mean(c->samples[c->members[member]].values, c->traces, c->replications);
    for (size_t m = 0; m < c->count; m++) {
        struct difference *d = &c->rivals[m];
        *d = spread_of(c->residuals + m * c->cells, c->residuals + member * c->cells, c->traces,
                       c->replications);
        d->mean =
            weir_sample_mean(c->samples[c->members[m]].values, c->traces, c->replications) - mine;
        const double least = 1e-12 * (fabs(mine) + 1e-300); /* rounding is no spread */
        if (d->error <= least) {
            d->error = 0.0;
            worst = d->mean > least ? (double)INFINITY : worst;
        } else {
            worst = d->mean / d->error > worst ? d->mean / d->error : worst;
            fewest = d->degrees < fewest ? d->degrees : fewest;
        }
    }
    *degrees = fewest > 1.0 ? (size_t)fewest : 1;
    return worst;
}

/** Share of draws whose largest shortfall is at least that of the setting. */
static double chance(const struct comparison *c, size_t member, double worst, size_t degrees) {
    const size_t width = c->traces * (c->replications - 1) + 1;
    size_t as_far = 1;
    for (size_t b = 0; b < WEIR_BEST_SET_DRAWS; b++) {
        const double *sums = c->sums + b * c->count;
        const double limit = worst * c->spreads[b * width + degrees];
        bool reached = false;
        for (size_t m = 0; m < c->count && !reached; m++) {
            const double error = c->rivals[m].error;
            reached = error > 0.0 && sums[m] - sums[member] >= limit * error;
        }
        as_far += reached;
    }
    return (double)as_far / (WEIR_BEST_SET_DRAWS + 1.0);
}

static bool stays(struct comparison *c, size_t member) {
    size_t degrees = 0;
    const double worst = worst_shortfall(c, member, &degrees);
    double *quantile = c->quantiles + 2 * degrees;
    if (quantile[0] == 0.0) {
        const double rivals = c->count > 2 ? (double)(c->count - 1) : 1.0;
        quantile[0] = weir_student_quantile(1.0 - 2.0 * c->alpha, (double)degrees);
        quantile[1] = weir_student_quantile(1.0 - 2.0 * c->alpha / rivals, (double)degrees);
    }
    /* between what one comparison alone allows and what independent ones would */
    if (worst <= quantile[0] || worst > quantile[1]) {
        return worst <= quantile[0];
    }
    return chance(c, member, worst, degrees) > c->alpha;
}

static double mean_of_member(const struct comparison *c, size_t sample) {
    return weir_sample_mean(c->samples[sample].values, c->traces, c->replications);
}

struct ranked {
    double mean;
    size_t index;
};

static int compare_ranked(const void *left, const void *right) {
    const struct ranked *a = left;
    const struct ranked *b = right;
    if (a->mean != b->mean) {
        return a->mean > b->mean ? -1 : 1;
    }
    return (a->index > b->index) - (a->index < b->index);
}

/** The settings with the highest means, at most WEIR_BEST_SET_MAX. */
static bool choose_members(struct comparison *c, size_t count) {
    struct ranked *ranked = malloc(count * sizeof *ranked);
    if (!ranked) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ranked[i] = (struct ranked){mean_of_member(c, i), i};
    }
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    c->count = count < WEIR_BEST_SET_MAX ? count : WEIR_BEST_SET_MAX;
    for (size_t m = 0; m < c->count; m++) {
        c->members[m] = ranked[m].index;
    }
    free(ranked);
    return true;
}

static bool take_memory(struct comparison *c, size_t count) {
    const size_t most = count < WEIR_BEST_SET_MAX ? count : WEIR_BEST_SET_MAX;
    const size_t degrees = c->traces * (c->replications - 1) + 1;
    c->members = calloc(most, sizeof *c->members);
    c->residuals = calloc(most * c->cells, sizeof *c->residuals);
    c->sums = calloc(WEIR_BEST_SET_DRAWS * most, sizeof *c->sums);
    c->spreads = calloc(WEIR_BEST_SET_DRAWS * degrees, sizeof *c->spreads);
    c->quantiles = calloc(2 * degrees, sizeof *c->quantiles);
    c->rivals = calloc(most, sizeof *c->rivals);
    return c->members && c->residuals && c->sums && c->spreads && c->quantiles && c->rivals;
}

bool weir_best_set(const struct weir_sample *samples, size_t count, size_t traces,
                   size_t replications, double alpha, bool *in_set) {
    struct comparison c = {.samples = samples,
                           .traces = traces,
                           .replications = replications,
                           .cells = traces * replications,
                           .alpha = alpha};
    assert(count > 0 && traces > 0 && replications >= 2);
    memset(in_set, 0, count * sizeof *in_set);
    const bool ok = take_memory(&c, count) && choose_members(&c, count);
    for (size_t m = 0; ok && m < c.count; m++) {
        set_residuals(samples[c.members[m]].values, traces, replications,
                      c.residuals + m * c.cells);
    }
    if (ok) {
        draw_sums(&c);
    }
    for (size_t m = 0; ok && m < c.count; m++) {
        in_set[c.members[m]] = stays(&c, m);
    }
    free(c.members);
    free(c.residuals);
    free(c.sums);
    free(c.spreads);
    free(c.quantiles);
    free(c.rivals);
    return ok;
}
