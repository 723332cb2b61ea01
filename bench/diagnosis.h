#ifndef WEIR_BENCH_DIAGNOSIS_H
#define WEIR_BENCH_DIAGNOSIS_H

#include "replay.h"

#define WEIR_DIAGNOSIS_MAX 6
#define WEIR_SENTENCE_MAX 480

/** The answer in a few sentences, without ends of line. */
struct weir_diagnosis {
    char sentences[WEIR_DIAGNOSIS_MAX][WEIR_SENTENCE_MAX];
    size_t count;
};

/**
 * Says whether the limits bound at all, what stood in the way and for what share, what was lost to
 * it, the best single change to make, and what of all this was drawn rather than recorded.
 */
void weir_diagnose(const struct weir_replay *replay, const struct weir_replay_policy *result,
                   struct weir_diagnosis *diagnosis);

/** The last of these sentences alone: what was recorded, derived and drawn. Returns `text`. */
const char *weir_say_origin(const struct weir_replay *replay, char *text, size_t size);

#endif
