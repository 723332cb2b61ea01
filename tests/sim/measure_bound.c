/**
 * Measures the bound on many random opportunities (the argument, by default 10,000): processor
 * time, for the documents. Half of them need protection; sizes are heavy-tailed, and ten times as
 * many arrive as fit, in minutes with a limit of 10 s inside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bound.h"
#include "draws.h"

#define SECOND_NS INT64_C(1000000000)
#define BEGIN_NS (INT64_C(1760130000) * SECOND_NS)
#define GAP_NS (SECOND_NS / 150)

static struct weir_bound_item draw_one(struct draws *draws, int64_t time_ns) {
    const double u = (double)draw(draws, 1, 1000000) / 1e6;
    const bool needs = draw_percent(draws, 50);
    const int64_t until_ns = time_ns + 3 * SECOND_NS;
    return (struct weir_bound_item){.from_ns = time_ns + SECOND_NS / 4,
                                    .until_ns = until_ns,
                                    .all_from_ns = time_ns + SECOND_NS / 4,
                                    .all_until_ns = needs ? until_ns + 10 * SECOND_NS : until_ns,
                                    .value = 1.0 / u,
                                    .notional_usd = 1.0 / u / u,
                                    .needs =
                                        needs ? (struct weir_cost){6, 3} : (struct weir_cost){1, 1},
                                    .protectable = true};
}

int main(int argc, char **argv) {
    const size_t count = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 10000;
    const struct weir_bound_limits limits = {2400, 900, 160};
    struct weir_bound_problem p = {.count = count,
                                   .limits = limits,
                                   .tightened_ns = INT64_MAX,
                                   .entry = {1, 1},
                                   .dearest = {6, 3}};
    p.grid =
        weir_bound_grid(&limits, BEGIN_NS, BEGIN_NS + (int64_t)count * GAP_NS + 60 * SECOND_NS);
    struct weir_bound_item *items = calloc(count + 1, sizeof *items);
    struct weir_usage *load = calloc(p.grid.slots, sizeof *load);
    struct draws draws = {1};
    for (size_t i = 0; items && i < count; i++) {
        items[i] = draw_one(&draws, BEGIN_NS + (int64_t)i * GAP_NS);
    }
    p.items = items;
    p.load = load;
    const clock_t start = clock();
    struct weir_bound *b = items && load ? weir_bound_solve(&p) : NULL;
    const double cpu_s = (double)(clock() - start) / CLOCKS_PER_SEC;
    const bool ok = b && b->bound.count <= (double)count;
    if (ok) {
        printf("%zu opportunities, %u windows, %.0f captures: %.2f s\n", count, p.grid.slots,
               b->bound.count, cpu_s);
    }
    weir_bound_free(b);
    free(items);
    free(load);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
