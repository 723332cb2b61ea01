#include "build.h"

#include <assert.h>
#include <stdlib.h>

#define MS_PER_S 1000
#define MS_PER_STEP 100.0 /* of a density */

static int compare_ms(const void *a, const void *b) {
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/** Where in a second the share `u` of the recorded density is reached, in ms from 0 to 999; at its
 *  start when no density is known: then all lie in one block. */
static int64_t ms_within_second(const struct weir_profile *profile, double u) {
    if (!profile->has_density) {
        return 0;
    }
    int step = 0;
    while (step + 1 < WEIR_DENSITY_STEPS && u >= profile->density[step]) {
        u -= profile->density[step];
        step++;
    }
    const double width = profile->density[step];
    const double within = width > 0.0 && u < width ? u / width : 0.5;
    const int64_t ms = (int64_t)(((double)step + within) * MS_PER_STEP);
    return ms < MS_PER_S ? ms : MS_PER_S - 1;
}

/** Running sums of the weights of a bin's seconds, uneven as drawn. */
static void fill_seconds(const struct weir_build *build, uint32_t bin, double *reached) {
    double sum = 0.0;
    for (int64_t second = 0; second < build->profile->bin_s; second++) {
        const struct weir_uniforms drawn =
            weir_build_draw(build, WEIR_STREAM_TRACE_SECOND, bin, 1 + (uint32_t)second);
        sum += weir_exp(build->profile->unevenness_sd * weir_normal_quantile(drawn.u[0]));
        reached[second] = sum;
    }
}

/** The second at which the share `u` of the bin's weight is reached. */
static int64_t pick_second(const double *reached, int64_t seconds, double u) {
    const double wanted = u * reached[seconds - 1];
    int64_t second = 0;
    while (second + 1 < seconds && reached[second] < wanted) {
        second++;
    }
    return second;
}

/** Rows stay in their bin. `reached` has room for the bin's seconds. */
static void fill_block(struct weir_build *build, uint32_t bin, double *reached) {
    const struct weir_profile *profile = build->profile;
    const int64_t start_ms = profile->bins[bin].start_s * MS_PER_S;
    fill_seconds(build, bin, reached);
    for (uint32_t row = build->bin_first[bin]; row < build->bin_first[bin + 1]; row++) {
        const struct weir_uniforms drawn = weir_build_draw(build, WEIR_STREAM_TRACE_TIME, row, 0);
        const int64_t second = pick_second(reached, profile->bin_s, drawn.u[1]);
        build->row_ms[row] = start_ms + second * MS_PER_S + ms_within_second(profile, drawn.u[0]);
    }
}

/** Rows lie anywhere from their bin's start to the next bin, or to the end. */
static void fill_spread(struct weir_build *build, uint32_t bin) {
    const struct weir_profile *profile = build->profile;
    const int64_t start_s = profile->bins[bin].start_s;
    const int64_t end_s =
        bin + 1 < profile->bin_count ? profile->bins[bin + 1].start_s : profile->duration_s;
    assert(end_s > start_s);
    const double width_ms = (double)((end_s - start_s) * MS_PER_S);
    struct weir_build_uniforms uniforms = weir_build_uniforms(build, WEIR_STREAM_TRACE_TIME, 1);
    for (uint32_t row = build->bin_first[bin]; row < build->bin_first[bin + 1]; row++) {
        const double u = weir_build_uniform(&uniforms, row);
        build->row_ms[row] = start_s * MS_PER_S + (int64_t)(u * width_ms);
    }
}

bool weir_build_times(struct weir_build *build) {
    double *reached = malloc((size_t)build->profile->bin_s * sizeof *reached);
    if (reached == NULL) {
        return false;
    }
    for (uint32_t bin = 0; bin < build->profile->bin_count; bin++) {
        if (build->shape == WEIR_SHAPE_SPREAD) {
            fill_spread(build, bin);
        } else {
            fill_block(build, bin, reached);
        }
        const uint32_t first = build->bin_first[bin];
        qsort(build->row_ms + first, build->bin_first[bin + 1] - first, sizeof *build->row_ms,
              compare_ms);
    }
    free(reached);
    return true;
}
