#include "gaps.h"

#include <assert.h>

static int64_t length_ns(const struct weir_note *gap) {
    return gap->at_ns - gap->from_ns;
}

size_t weir_gaps_kept(const struct weir_gaps *gaps) {
    return gaps->count < WEIR_GAPS_KEPT ? gaps->count : WEIR_GAPS_KEPT;
}

/** Keeps a gap, if it is one of the longest. Of equal ones the earlier stays. */
static void keep(struct weir_gaps *gaps, size_t kept, const struct weir_note *gap) {
    size_t at = kept;
    while (at > 0 && length_ns(&gaps->longest[at - 1]) < length_ns(gap)) {
        at--;
    }
    if (at == WEIR_GAPS_KEPT) {
        return;
    }
    for (size_t i = kept < WEIR_GAPS_KEPT ? kept : WEIR_GAPS_KEPT - 1; i > at; i--) {
        gaps->longest[i] = gaps->longest[i - 1];
    }
    gaps->longest[at] = *gap;
}

void weir_gaps_add(struct weir_gaps *gaps, const struct weir_note *gap) {
    assert(gap->kind == WEIR_NOTE_GAP && gap->from_ns <= gap->at_ns);
    keep(gaps, weir_gaps_kept(gaps), gap);
    gaps->count++;
    gaps->total_ns += length_ns(gap);
}

void weir_gaps_add_all(struct weir_gaps *gaps, const struct weir_gaps *more) {
    size_t kept = weir_gaps_kept(gaps);
    for (size_t i = 0; i < weir_gaps_kept(more); i++) {
        keep(gaps, kept, &more->longest[i]);
        kept += kept < WEIR_GAPS_KEPT ? 1 : 0;
    }
    gaps->count += more->count;
    gaps->total_ns += more->total_ns;
}
