#include "build.h"

#include <stdlib.h>

#define CANDIDATES 24 /* enough to find a symbol that is free; keeps a bin of n rows at O(n) */
#define NEVER (INT64_MIN / 2)

/** State of one pass over the bins, in order of time. */
struct pass {
    struct weir_build *build;
    int64_t throttle_ms;
    int64_t *last_ms; /**< of each symbol, or NEVER */
    uint32_t *left;   /**< of each symbol in the bin at hand */
};

static int64_t free_from(const struct pass *pass, uint32_t slot) {
    return pass->last_ms[pass->build->slot_symbol[slot]] + pass->throttle_ms;
}

/** Shuffles the slots of a bin, so that size says nothing about time. */
static void shuffle(struct weir_build *build, uint32_t first, uint32_t end) {
    for (uint32_t row = first; row < end; row++) {
        const double u = weir_build_draw(build, WEIR_STREAM_TRACE_MIX, row, 1).u[0];
        const uint32_t k = first + (uint32_t)(u * (double)(row - first + 1));
        const uint32_t slot = build->row_slot[row];
        build->row_slot[row] = build->row_slot[k];
        build->row_slot[k] = slot;
    }
}

/** Which of the slots from `row` on comes next: of those whose symbol is free at that time, one
 *  whose symbol has most left in the bin; else the one that is free first. Looks at a few, and at
 *  more only when none of them is free. */
static uint32_t pick(const struct pass *pass, uint32_t row, uint32_t end) {
    const struct weir_build *build = pass->build;
    uint32_t best = row;
    bool best_free = false;
    for (uint32_t k = row; k < end && !(best_free && k - row >= CANDIDATES); k++) {
        const uint32_t slot = build->row_slot[k];
        const bool is_free = free_from(pass, slot) <= build->row_ms[row];
        const uint32_t best_slot = build->row_slot[best];
        const bool better = is_free
                                ? !best_free || pass->left[build->slot_symbol[slot]] >
                                                    pass->left[build->slot_symbol[best_slot]]
                                : !best_free && free_from(pass, slot) < free_from(pass, best_slot);
        best = better ? k : best;
        best_free = best_free || is_free;
    }
    return best;
}

/** Moves the row at `row`, whose time has changed, to its place in the order of time. */
static void settle(struct weir_build *build, uint32_t row, uint32_t first) {
    const int64_t ms = build->row_ms[row];
    const uint32_t slot = build->row_slot[row];
    uint32_t i = row;
    for (; i > first && build->row_ms[i - 1] > ms; i--) {
        build->row_ms[i] = build->row_ms[i - 1];
        build->row_slot[i] = build->row_slot[i - 1];
    }
    build->row_ms[i] = ms;
    build->row_slot[i] = slot;
}

/** Gives the rows of one bin their slots, first to last. */
static void order_bin(struct pass *pass, uint32_t bin) {
    struct weir_build *build = pass->build;
    const uint32_t first = build->bin_first[bin];
    const uint32_t end = build->bin_first[bin + 1];
    const struct weir_profile *profile = build->profile;
    const int64_t end_ms = build->shape == WEIR_SHAPE_SPREAD && bin + 1 < profile->bin_count
                               ? profile->bins[bin + 1].start_s * 1000
                               : (profile->bins[bin].start_s + profile->bin_s) * 1000;
    shuffle(build, first, end);
    for (uint32_t row = first; row < end; row++) {
        pass->left[build->slot_symbol[build->row_slot[row]]]++;
    }
    for (uint32_t row = first; row < end; row++) {
        const uint32_t chosen = pick(pass, row, end);
        const uint32_t slot = build->row_slot[chosen];
        build->row_slot[chosen] = build->row_slot[row];
        build->row_slot[row] = slot;
        const int64_t from = free_from(pass, slot);
        if (from > build->row_ms[row] && from < end_ms) {
            build->row_ms[row] = from;
        }
        pass->left[build->slot_symbol[slot]]--;
        pass->last_ms[build->slot_symbol[slot]] = build->row_ms[row];
    }
    for (uint32_t row = first; row < end; row++) {
        settle(build, row, first);
    }
}

bool weir_build_throttle(struct weir_build *build) {
    const size_t symbols = build->profile->symbol_count;
    struct pass pass = {.build = build,
                        .throttle_ms = (int64_t)build->profile->throttle_ms,
                        .last_ms = malloc(symbols * sizeof(int64_t)),
                        .left = calloc(symbols, sizeof(uint32_t))};
    const bool ok = pass.last_ms != NULL && pass.left != NULL;
    for (size_t s = 0; ok && s < symbols; s++) {
        pass.last_ms[s] = NEVER;
    }
    for (uint32_t bin = 0; ok && bin < build->profile->bin_count; bin++) {
        order_bin(&pass, bin);
    }
    free(pass.last_ms);
    free(pass.left);
    return ok;
}
