#include "bound_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDING 1e-9 /* sums of the same values in another order */

static bool check_sum(const char *what, double captured, double ceiling, char *text, size_t size) {
    if (captured <= ceiling * (1.0 + ROUNDING)) {
        return true;
    }
    snprintf(text, size,
             "the run captured more than is possible: %s of %.9g, the ceiling is %.9g (the "
             "exchange's books or the ceiling are wrong)",
             what, captured, ceiling);
    return false;
}

static bool check_sums(const struct weir_ledger *l, char *text, size_t size) {
    struct weir_bound_sums captured = {0};
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (o->state == WEIR_STATE_CAPTURED) {
            captured.count += 1.0;
            captured.value += o->value;
            captured.notional += o->notional_usd;
        }
    }
    const struct weir_bound_sums *ceiling = &l->facts.bound->ceiling;
    return check_sum("a number", captured.count, ceiling->count, text, size) &&
           check_sum("a value", captured.value, ceiling->value, text, size) &&
           check_sum("a notional", captured.notional, ceiling->notional, text, size);
}

/** Entries that were accepted, by the window in which they arrived. */
static void count_accepted(const struct weir_ledger *l, uint32_t per_window, int64_t *accepted) {
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (o->accepted_ns) {
            const int64_t arrived_ns = l->requests[o->entry_request - 1].arrived_ns;
            const uint32_t slot = weir_bound_slot(&l->facts.bound->grid, arrived_ns);
            if (slot != UINT32_MAX) {
                accepted[slot / per_window]++;
            }
        }
    }
}

static bool check_windows(const struct weir_ledger *l, uint32_t per_window, const int64_t *ceiling,
                          char *text, size_t size) {
    const struct weir_bound_grid *grid = &l->facts.bound->grid;
    int64_t *accepted = calloc(grid->slots, sizeof *accepted);
    if (!accepted) {
        snprintf(text, size, "out of memory");
        return false;
    }
    count_accepted(l, per_window, accepted);
    uint32_t w = 0;
    while (w < grid->slots / per_window && accepted[w] <= ceiling[w]) {
        w++;
    }
    const bool ok = w == grid->slots / per_window;
    if (!ok) {
        snprintf(text, size,
                 "the run got more than is possible: %" PRId64 " entries were accepted in the "
                 "window from %" PRId64 " ns on, the ceiling is %" PRId64
                 " (the exchange's books or the ceiling are wrong)",
                 accepted[w], grid->first_ns + (int64_t)w * per_window * grid->slot_ns, ceiling[w]);
    }
    free(accepted);
    return ok;
}

bool weir_bound_check(const struct weir_ledger *ledger, char *text, size_t size) {
    const struct weir_bound *bound = ledger->facts.bound;
    return !bound ||
           (check_sums(ledger, text, size) &&
            check_windows(ledger, 1, bound->ceiling_of_slot, text, size) &&
            check_windows(ledger, bound->grid.per_minute, bound->ceiling_of_minute, text, size));
}
