#include "build.h"

#include <stdlib.h>

/** Sequential sampling: exactly `sells` of the slots first to end-1 become SELL, any with the same
 *  chance. Also leaves each slot its second uniform in `order`, for the permutation. */
static void draw_sides(struct weir_build *build, uint32_t first, uint32_t end, uint32_t sells,
                       double *order) {
    for (uint32_t slot = first; slot < end; slot++) {
        const struct weir_uniforms drawn = weir_build_draw(build, WEIR_STREAM_TRACE_MIX, slot, 0);
        const bool sell = drawn.u[0] * (double)(end - slot) < (double)sells;
        build->slot_side[slot] = sell ? WEIR_SIDE_SELL : WEIR_SIDE_BUY;
        sells -= sell ? 1 : 0;
        order[slot] = drawn.u[1];
    }
}

static void fill_sides(struct weir_build *build, double *order) {
    const struct weir_profile *profile = build->profile;
    if (!profile->sides_by_symbol) {
        const double sells = profile->sell_share * (double)build->count + 0.5;
        draw_sides(build, 0, build->count, (uint32_t)sells, order);
        return;
    }
    for (size_t s = 0; s < profile->symbol_count; s++) {
        draw_sides(build, build->symbol_first[s], build->symbol_first[s + 1],
                   profile->symbols[s].sells, order);
    }
}

/** Any slot to any row (Fisher and Yates). */
static void permute(struct weir_build *build, const double *order) {
    for (uint32_t i = 0; i < build->count; i++) {
        const uint32_t k = (uint32_t)(order[i] * (double)(i + 1));
        build->row_slot[i] = build->row_slot[k];
        build->row_slot[k] = i;
    }
}

/** Scales the slots of each symbol to the notional that was recorded for it. */
static void normalise(struct weir_build *build) {
    for (size_t s = 0; s < build->profile->symbol_count; s++) {
        double sum = 0.0;
        for (uint32_t slot = build->symbol_first[s]; slot < build->symbol_first[s + 1]; slot++) {
            sum += build->slot_usd[slot];
        }
        const double factor = build->profile->symbols[s].usd / sum;
        for (uint32_t slot = build->symbol_first[s]; slot < build->symbol_first[s + 1]; slot++) {
            build->slot_usd[slot] *= factor;
        }
    }
}

/** The two standard deviations of this replication. */
struct deviations {
    double own;
    double second;
};

static struct deviations draw_deviations(const struct weir_build *build) {
    const struct weir_profile_sizes *sizes = &build->profile->sizes;
    const struct weir_uniforms drawn = weir_build_draw(build, WEIR_STREAM_TRACE_SIZE, 0, 1);
    return (struct deviations){
        sizes->own_sd_low + (sizes->own_sd_high - sizes->own_sd_low) * drawn.u[0],
        sizes->second_sd_low + (sizes->second_sd_high - sizes->second_sd_low) * drawn.u[1]};
}

/** What all rows of a bin share, in logs. */
static double second_effect(const struct weir_build *build, double sd, uint32_t bin) {
    return sd * weir_normal_quantile(weir_build_draw(build, WEIR_STREAM_TRACE_SECOND, bin, 0).u[0]);
}

/** Sizes when slots lie on their rows already: own draw and the effect of the bin. */
static void draw_sizes_in_place(struct weir_build *build, struct deviations sd) {
    struct weir_build_uniforms own = weir_build_uniforms(build, WEIR_STREAM_TRACE_SIZE, 0);
    for (uint32_t bin = 0; bin < build->profile->bin_count; bin++) {
        const double shared = second_effect(build, sd.second, bin);
        for (uint32_t row = build->bin_first[bin]; row < build->bin_first[bin + 1]; row++) {
            const double z = weir_normal_quantile(weir_build_uniform(&own, row));
            build->slot_usd[build->row_slot[row]] = weir_exp(sd.own * z + shared);
        }
    }
    normalise(build);
}

/** Sizes before slots have a row. */
static void draw_sizes_ahead(struct weir_build *build, struct deviations sd) {
    struct weir_build_uniforms own = weir_build_uniforms(build, WEIR_STREAM_TRACE_SIZE, 0);
    for (uint32_t slot = 0; slot < build->count; slot++) {
        build->slot_usd[slot] =
            weir_exp(sd.own * weir_normal_quantile(weir_build_uniform(&own, slot)));
    }
    normalise(build);
}

/** The notional each bin should have: as recorded, or by its count and its drawn effect. */
static double *target_usd(const struct weir_build *build, double second_sd) {
    const struct weir_profile *profile = build->profile;
    double *usd = malloc(profile->bin_count * sizeof *usd);
    double sum = 0.0;
    for (uint32_t bin = 0; usd != NULL && bin < profile->bin_count; bin++) {
        usd[bin] = profile->bins_have_usd ? profile->bins[bin].usd
                                          : (double)profile->bins[bin].count *
                                                weir_exp(second_effect(build, second_sd, bin));
        sum += usd[bin];
    }
    for (uint32_t bin = 0; usd != NULL && bin < profile->bin_count; bin++) {
        usd[bin] *= profile->usd / sum;
    }
    return usd;
}

bool weir_build_slots(struct weir_build *build) {
    const struct weir_profile *profile = build->profile;
    double *order = calloc(build->count, sizeof *order);
    if (order == NULL) {
        return false;
    }
    fill_sides(build, order);
    const struct deviations sd = draw_deviations(build);
    const bool placed = profile->bins_have_usd || profile->throttle_ms > 0.0;
    bool ok = true;
    if (placed) {
        draw_sizes_ahead(build, sd);
        double *bin_usd = target_usd(build, sd.second);
        ok = bin_usd != NULL && weir_build_assign(build, bin_usd) &&
             (profile->throttle_ms <= 0.0 || weir_build_throttle(build));
        free(bin_usd);
    } else {
        permute(build, order);
        draw_sizes_in_place(build, sd);
    }
    free(order);
    return ok;
}
