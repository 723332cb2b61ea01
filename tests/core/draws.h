#ifndef WEIR_TESTS_DRAWS_H
#define WEIR_TESTS_DRAWS_H

#include <stdbool.h>
#include <stdint.h>

/** Random inputs from a fixed seed (splitmix64): the same on every machine. */
struct draws {
    uint64_t state;
};

static inline uint64_t draw_word(struct draws *draws) {
    draws->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word = draws->state;
    word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
    return word ^ (word >> 31);
}

/** A whole number from `low` to `high`, both included. */
static inline int64_t draw(struct draws *draws, int64_t low, int64_t high) {
    return low + (int64_t)(draw_word(draws) % (uint64_t)(high - low + 1));
}

/** True in `percent` of 100 cases. */
static inline bool draw_percent(struct draws *draws, int64_t percent) {
    return draw(draws, 0, 99) < percent;
}

#endif
