#ifndef WEIR_TRACES_GAPS_H
#define WEIR_TRACES_GAPS_H

#include <stddef.h>
#include <stdint.h>

#include "recording_note.h"

/** Most gaps that are kept one by one: the longest. */
#define WEIR_GAPS_KEPT 5

/** The gaps that a recording tells of itself: times of which nobody knows what happened. All zero
 *  at first. */
struct weir_gaps {
    size_t count;
    int64_t total_ns;
    struct weir_note longest[WEIR_GAPS_KEPT]; /**< WEIR_NOTE_GAP, longest first */
};

/** Adds a gap. */
void weir_gaps_add(struct weir_gaps *gaps, const struct weir_note *gap);

/** Adds the gaps of another recording. */
void weir_gaps_add_all(struct weir_gaps *gaps, const struct weir_gaps *more);

/** How many of the gaps are kept one by one. */
size_t weir_gaps_kept(const struct weir_gaps *gaps);

#endif
