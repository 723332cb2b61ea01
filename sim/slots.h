#ifndef WEIR_SIM_SLOTS_H
#define WEIR_SIM_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Allowance in nested windows: slots (the shortest windows, numbered in order of time) in groups
 * (the minutes), each with a capacity. Units are taken by whoever may use any of several
 * consecutive slots; what was taken before makes room by moving to another slot of its own, if that
 * lets one more in (an augmenting path). Sets that fit form a matroid, so whoever offers units in
 * order of their value ends with the most valuable set that fits: docs/method.md, section 16.
 */
struct weir_slots;

/** More than any window lets through. */
#define WEIR_SLOTS_UNLIMITED (INT64_MAX / 4)

/** Slots 0 .. count-1, `per_group` consecutive ones in each group. Capacities are copied; NULL for
 *  unlimited; below 0 counts as 0. NULL if memory is short. */
struct weir_slots *weir_slots_create(size_t count, size_t per_group, const int64_t *slot_capacity,
                                     const int64_t *group_capacity);
void weir_slots_destroy(struct weir_slots *slots);

/**
 * Takes as many of `amount` units as fit that may use the slots first .. last, and returns their
 * number; what was taken before stays, though perhaps elsewhere. A unit that found no room is never
 * looked for again: its slots are closed, for whatever comes later finds none either. O(1)
 * amortised while slots have room of their own or are closed; else a search of the slots that can
 * be reached by moving.
 */
int64_t weir_slots_take(struct weir_slots *slots, uint32_t first, uint32_t last, int64_t amount);

/** Takes one unit of those that were offered for exactly first .. last out of the earliest slot
 *  that holds one, and returns that slot; UINT32_MAX if there is none. For reading off who went
 *  where in the end; nothing may be taken afterwards. */
uint32_t weir_slots_place(struct weir_slots *slots, uint32_t first, uint32_t last);

/** Whether memory ran short on the way; then what was returned is worth nothing. */
bool weir_slots_failed(const struct weir_slots *slots);

#endif
