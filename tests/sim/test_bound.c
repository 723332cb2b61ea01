/**
 * The bound against exhaustive search. Where it says that it is exact it must be the optimum, by
 * count, value and notional at once; elsewhere at least that.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "bound.h"
#include "bound_reference.h"
#include "bound_threshold.h"
#include "draws.h"
#include "slots.h"

#define STEP_NS (10 * SECOND)
#define NEVER_NS INT64_MAX

/* ---- drawing cases ---- */

/** What a family of cases has beside entries in fixed windows. */
enum family {
    FIXED = 0,
    SLIDING = 1,
    AT_LIMIT = 2,
    TIGHTENED = 4,
    SPLIT = 8 /* requests before the entry, or protection after it, in windows of their own */
};

static struct weir_bound_limits draw_limits(struct draws *draws, bool burst, int64_t most) {
    return (struct weir_bound_limits){draw(draws, 1, 3 * most), draw(draws, 1, most),
                                      burst ? draw(draws, 1, most) : 0};
}

static struct weir_cost draw_entry(struct draws *draws) {
    return (struct weir_cost){(int32_t)draw(draws, 0, 2), (int32_t)draw(draws, 1, 2)};
}

static struct reference_part draw_part(struct draws *draws, struct weir_cost cost, int first,
                                       int length) {
    const int from = first + (int)draw(draws, 0, length);
    const int until = from + (int)draw(draws, 0, 3);
    return (struct reference_part){cost, from,
                                   until < REFERENCE_STEPS ? until : REFERENCE_STEPS - 1};
}

static void draw_item(struct draws *draws, unsigned family, struct weir_cost entry,
                      struct reference_item *item) {
    static const double sizes[] = {1, 2, 4, 9, 16, 16, 25, 36};
    item->notional_usd = sizes[draw(draws, 0, 7)];
    item->value = sqrt(item->notional_usd);
    item->parts[0] = draw_part(draws, entry, 0, 13);
    item->part_count = 1;
    if (!(family & SPLIT)) {
        return;
    }
    if (draw_percent(draws, 50)) { /* a request before it */
        const int last = item->parts[0].first;
        item->parts[item->part_count++] =
            (struct reference_part){{(int32_t)draw(draws, 1, 2), 0}, last > 2 ? last - 2 : 0, last};
    }
    if (draw_percent(draws, 60)) { /* protection after it */
        const struct weir_cost cost = {(int32_t)draw(draws, 1, 3), (int32_t)draw(draws, 1, 2)};
        item->parts[item->part_count++] = draw_part(draws, cost, item->parts[0].first, 2);
    }
}

static struct reference_case draw_case(struct draws *draws, unsigned family) {
    struct reference_case c = {.tightened_step = REFERENCE_STEPS};
    const bool burst = draw_percent(draws, 50);
    c.sliding = (family & SLIDING) != 0;
    c.at_limit = (family & AT_LIMIT) != 0;
    c.limits = draw_limits(draws, burst, 4);
    if (family & TIGHTENED) {
        c.tightened_step = (int)draw(draws, 0, REFERENCE_STEPS - 1);
        c.tightened = (struct weir_bound_limits){
            draw(draws, 1, c.limits.weight_per_minute), draw(draws, 1, c.limits.orders_per_minute),
            burst ? draw(draws, 1, c.limits.orders_per_10s) : 0};
    }
    const struct weir_cost entry = draw_entry(draws);
    c.item_count = (int)draw(draws, 0, family & SPLIT ? 4 : REFERENCE_ITEMS);
    for (int i = 0; i < c.item_count; i++) {
        draw_item(draws, family, entry, &c.items[i]);
    }
    c.load_count = (int)draw(draws, 0, REFERENCE_LOADS);
    for (int i = 0; i < c.load_count; i++) {
        c.loads[i] = (struct reference_load){
            {(int32_t)draw(draws, 0, 3), (int32_t)draw(draws, 0, 1)}, (int)draw(draws, 0, 17)};
    }
    return c;
}

/* ---- from the reference's terms to the bound's ---- */

struct posed {
    struct weir_bound_problem problem;
    struct weir_bound_item items[REFERENCE_ITEMS];
    struct weir_usage load[REFERENCE_STEPS];
};

static int64_t begin_of(int step) {
    return BEGIN + step * STEP_NS;
}

static struct weir_cost larger(struct weir_cost a, struct weir_cost b) {
    return (struct weir_cost){a.weight > b.weight ? a.weight : b.weight,
                              a.orders > b.orders ? a.orders : b.orders};
}

static void pose_item(const struct reference_item *from, struct weir_bound_item *to) {
    *to = (struct weir_bound_item){.from_ns = begin_of(from->parts[0].first),
                                   .until_ns = begin_of(from->parts[0].last + 1) - 1,
                                   .all_from_ns = begin_of(from->parts[0].first),
                                   .all_until_ns = begin_of(from->parts[0].last + 1) - 1,
                                   .value = from->value,
                                   .notional_usd = from->notional_usd,
                                   .protectable = true};
    for (int i = 0; i < from->part_count; i++) {
        const int64_t first_ns = begin_of(from->parts[i].first);
        const int64_t last_ns = begin_of(from->parts[i].last + 1) - 1;
        to->needs.weight += from->parts[i].cost.weight;
        to->needs.orders += from->parts[i].cost.orders;
        to->all_from_ns = first_ns < to->all_from_ns ? first_ns : to->all_from_ns;
        to->all_until_ns = last_ns > to->all_until_ns ? last_ns : to->all_until_ns;
    }
}

static void pose(const struct reference_case *c, struct posed *posed) {
    memset(posed, 0, sizeof *posed);
    struct weir_bound_problem *p = &posed->problem;
    p->items = posed->items;
    p->load = posed->load;
    p->count = (size_t)c->item_count;
    p->limits = c->limits;
    p->tightened = c->tightened;
    p->tightened_ns = c->tightened_step == REFERENCE_STEPS ? NEVER_NS : begin_of(c->tightened_step);
    p->at_limit = c->at_limit;
    p->entry = c->item_count ? c->items[0].parts[0].cost : (struct weir_cost){1, 1};
    p->grid = weir_bound_grid(&c->limits, BEGIN, begin_of(REFERENCE_STEPS) - 1);
    p->dearest = p->entry;
    for (int i = 0; i < c->item_count; i++) {
        pose_item(&c->items[i], &posed->items[i]);
        p->dearest = larger(p->dearest, posed->items[i].needs);
    }
    for (int i = 0; i < c->load_count; i++) {
        struct weir_usage *u = &posed->load[weir_bound_slot(&p->grid, begin_of(c->loads[i].step))];
        u->weight += c->loads[i].cost.weight;
        u->orders += c->loads[i].cost.orders;
        p->dearest = larger(p->dearest, c->loads[i].cost);
    }
}

/* ---- against exhaustive search ---- */

static bool covers(const struct weir_bound_sums *a, const struct weir_bound_sums *b) {
    return a->count >= b->count - 1e-9 && a->value >= b->value - 1e-9 &&
           a->notional >= b->notional - 1e-9;
}

static bool equals(const struct weir_bound_sums *a, const struct weir_bound_sums *b) {
    return covers(a, b) && covers(b, a);
}

/** What was chosen is what the sums say, and goes where it may and where there is room. */
static void check_choice(uint64_t seed, const struct weir_bound_problem *p,
                         const struct weir_bound *b) {
    struct weir_bound_sums sums = {0};
    int64_t slots[REFERENCE_STEPS] = {0};
    int64_t minutes[REFERENCE_STEPS] = {0};
    for (size_t i = 0; i < p->count; i++) {
        if (b->choice[i] == WEIR_BOUND_NOT_CHOSEN) {
            continue;
        }
        CHECK_SEED(seed, b->choice[i] >= weir_bound_slot(&p->grid, p->items[i].from_ns));
        CHECK_SEED(seed, b->choice[i] <= weir_bound_slot(&p->grid, p->items[i].until_ns));
        sums.count += 1.0;
        sums.value += p->items[i].value;
        sums.notional += p->items[i].notional_usd;
        slots[b->choice[i]]++;
        minutes[b->choice[i] / p->grid.per_minute]++;
    }
    CHECK_SEED(seed, equals(&sums, &b->bound));
    for (uint32_t s = 0; s < p->grid.slots; s++) {
        CHECK_SEED(seed, slots[s] <= b->ceiling_of_slot[s]);
        CHECK_SEED(seed,
                   minutes[s / p->grid.per_minute] <= b->ceiling_of_minute[s / p->grid.per_minute]);
    }
}

static void check_case(uint64_t seed, unsigned family) {
    struct draws draws = {seed * 64 + family};
    struct reference_case c = draw_case(&draws, family);
    struct posed posed;
    pose(&c, &posed);
    struct weir_bound *b = weir_bound_solve(&posed.problem);
    assert_non_null(b);
    check_choice(seed, &posed.problem, b);
    const struct weir_bound_sums bare = reference_best(&c, false);
    const struct weir_bound_sums protected = reference_best(&c, true);
    CHECK_SEED(seed, covers(&b->bound, &bare));
    CHECK_SEED(seed, covers(&b->protected, &protected));
    CHECK_SEED(seed, covers(&b->ceiling, &b->bound) && covers(&b->bound, &b->protected));
    CHECK_SEED(seed, covers(&b->bound, &b->threshold));
    const bool exact = !(family & (SLIDING | AT_LIMIT | TIGHTENED));
    /* a load that does not fit by itself is displaced, and says nothing about the bound */
    if (exact && (bare.count > 0.0 || b->bound.count == 0.0)) {
        CHECK_SEED(seed, equals(&b->bound, &bare));
    }
    c.load_count = 0;
    const struct weir_bound_sums alone = reference_best(&c, false);
    CHECK_SEED(seed, covers(&b->ceiling, &alone));
    CHECK_SEED(seed, !exact || equals(&b->ceiling, &alone));
    weir_bound_free(b);
}

static void check_family(unsigned family, uint64_t cases) {
    for (uint64_t seed = 1; seed <= cases; seed++) {
        check_case(seed, family);
    }
}

static void test_exact_in_fixed_windows(void **state) {
    (void)state;
    check_family(FIXED, 3000);
}

static void test_at_least_the_best_elsewhere(void **state) {
    (void)state;
    for (unsigned family = 1; family < 16; family++) {
        check_family(family, 250);
    }
}

/* ---- many opportunities against a slow flow ---- */

#define FLOW_ITEMS 90
#define FLOW_SLOTS 24

/** Who of those that were taken is where. */
struct flow {
    int slot[FLOW_ITEMS]; /* -1: not taken */
    int64_t slots[FLOW_SLOTS], minutes[FLOW_SLOTS];
    bool seen[FLOW_SLOTS];
};

struct flow_case {
    uint32_t first[FLOW_ITEMS], last[FLOW_ITEMS];
    int64_t slot_capacity[FLOW_SLOTS], minute_capacity[FLOW_SLOTS];
    uint32_t per_minute;
    int items;
};

static bool move_away(const struct flow_case *c, struct flow *f, uint32_t slot);

/** Makes room in a slot that one more comes to: by sending one of its own away, or one of its
 *  minute's. */
static bool make_room(const struct flow_case *c, struct flow *f, uint32_t slot) {
    if (f->seen[slot]) {
        return false;
    }
    f->seen[slot] = true;
    const uint32_t minute = slot / c->per_minute;
    if (f->slots[slot] < c->slot_capacity[slot] &&
        f->minutes[minute] < c->minute_capacity[minute]) {
        return true;
    }
    if (move_away(c, f, slot)) {
        return true;
    }
    for (uint32_t s = minute * c->per_minute;
         f->slots[slot] < c->slot_capacity[slot] && s < (minute + 1) * c->per_minute; s++) {
        if (f->slots[s] > 0 && !f->seen[s]) {
            f->seen[s] = true;
            if (move_away(c, f, s)) {
                return true;
            }
        }
    }
    return false;
}

static bool move_away(const struct flow_case *c, struct flow *f, uint32_t slot) {
    for (int i = 0; i < c->items; i++) {
        for (uint32_t to = c->first[i]; f->slot[i] == (int)slot && to <= c->last[i]; to++) {
            if (to != slot && make_room(c, f, to)) {
                f->slot[i] = (int)to;
                f->slots[slot]--;
                f->minutes[slot / c->per_minute]--;
                f->slots[to]++;
                f->minutes[to / c->per_minute]++;
                return true;
            }
        }
    }
    return false;
}

static bool flow_takes(const struct flow_case *c, struct flow *f, int item) {
    memset(f->seen, 0, sizeof f->seen);
    for (uint32_t s = c->first[item]; s <= c->last[item]; s++) {
        if (make_room(c, f, s)) {
            f->slot[item] = (int)s;
            f->slots[s]++;
            f->minutes[s / c->per_minute]++;
            return true;
        }
    }
    return false;
}

static struct flow_case draw_flow(struct draws *draws) {
    struct flow_case c = {.per_minute = draw_percent(draws, 50) ? 6 : 1};
    c.items = (int)draw(draws, 1, FLOW_ITEMS);
    const int64_t spread = draw(draws, 0, 8);
    for (int i = 0; i < c.items; i++) {
        c.first[i] = (uint32_t)draw(draws, 0, FLOW_SLOTS - 1);
        const int64_t last = c.first[i] + draw(draws, 0, spread);
        c.last[i] = last < FLOW_SLOTS ? (uint32_t)last : FLOW_SLOTS - 1;
    }
    for (int s = 0; s < FLOW_SLOTS; s++) {
        c.slot_capacity[s] = draw(draws, 0, 5);
        c.minute_capacity[s] = draw(draws, 0, 5 * (int64_t)c.per_minute / 2 + 1);
    }
    return c;
}

static void test_slots_take_whatever_fits(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        struct draws draws = {seed};
        const struct flow_case c = draw_flow(&draws);
        struct flow f = {.slots = {0}};
        memset(f.slot, -1, sizeof f.slot);
        struct weir_slots *slots =
            weir_slots_create(FLOW_SLOTS, c.per_minute, c.slot_capacity, c.minute_capacity);
        assert_non_null(slots);
        for (int i = 0; i < c.items; i++) {
            const bool takes = weir_slots_take(slots, c.first[i], c.last[i], 1) == 1;
            CHECK_SEED(seed, takes == flow_takes(&c, &f, i));
        }
        weir_slots_destroy(slots);
    }
}

/** Units taken at once are as many as units taken one by one. */
static void test_amounts_are_units(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct draws draws = {seed};
        const struct flow_case c = draw_flow(&draws);
        struct weir_slots *a =
            weir_slots_create(FLOW_SLOTS, c.per_minute, c.slot_capacity, c.minute_capacity);
        struct weir_slots *b =
            weir_slots_create(FLOW_SLOTS, c.per_minute, c.slot_capacity, c.minute_capacity);
        for (int i = 0; i < c.items; i++) {
            const int64_t amount = draw(&draws, 1, 6);
            int64_t taken = 0;
            while (taken < amount && weir_slots_take(b, c.first[i], c.last[i], 1)) {
                taken++;
            }
            CHECK_SEED(seed, weir_slots_take(a, c.first[i], c.last[i], amount) == taken);
        }
        weir_slots_destroy(a);
        weir_slots_destroy(b);
    }
}

/* ---- the threshold ---- */

/** With so few candidates the search tries each. */
static void test_threshold_is_the_best(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct draws draws = {seed};
        const struct reference_case c = draw_case(&draws, FIXED);
        struct posed posed;
        pose(&c, &posed);
        struct weir_bound *b = weir_bound_solve(&posed.problem);
        const struct weir_threshold_problem t = {.items = posed.items,
                                                 .count = posed.problem.count,
                                                 .grid = posed.problem.grid,
                                                 .slot_capacity = b->ceiling_of_slot,
                                                 .minute_capacity = b->ceiling_of_minute};
        double usd = 0.0;
        struct weir_bound_sums best;
        struct weir_bound_sums other;
        assert_true(weir_threshold_find(&t, &usd, &best));
        assert_true(weir_threshold_take(&t, usd, &other));
        CHECK_SEED(seed, other.value == best.value && other.count == best.count);
        for (size_t i = 0; i <= t.count; i++) {
            const double size = i < t.count ? t.items[i].notional_usd : 0.0;
            assert_true(weir_threshold_take(&t, size, &other));
            CHECK_SEED(seed, other.value <= best.value);
        }
        weir_bound_free(b);
    }
}

/* ---- by hand ---- */

/** Opportunities of one minute with room for `limit` orders. */
static struct weir_bound *one_minute(int64_t limit, size_t count, const double *usd) {
    struct weir_bound_item items[8] = {{0}};
    static const struct weir_usage load[1] = {{0, 0}};
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct weir_bound_item){.from_ns = BEGIN,
                                            .until_ns = BEGIN + SECOND,
                                            .all_from_ns = BEGIN,
                                            .all_until_ns = BEGIN + SECOND,
                                            .value = 1.0,
                                            .notional_usd = usd[i],
                                            .needs = {1, 1},
                                            .protectable = true};
    }
    const struct weir_bound_limits limits = {100, limit, 0};
    const struct weir_bound_problem p = {.items = items,
                                         .count = count,
                                         .grid = weir_bound_grid(&limits, BEGIN, BEGIN + SECOND),
                                         .load = load,
                                         .limits = limits,
                                         .tightened_ns = NEVER_NS,
                                         .entry = {1, 1},
                                         .dearest = {1, 1}};
    return weir_bound_solve(&p);
}

static void test_no_opportunities(void **state) {
    (void)state;
    struct weir_bound *b = one_minute(5, 0, NULL);
    assert_true(b->all.count == 0.0 && b->ceiling.count == 0.0 && b->bound.count == 0.0);
    assert_true(b->threshold.count == 0.0 && b->threshold_usd == 0.0);
    weir_bound_free(b);
}

static void test_no_room(void **state) {
    (void)state;
    struct weir_bound *b = one_minute(0, 2, (const double[]){5, 6});
    assert_true(b->all.count == 2.0 && b->ceiling.count == 0.0 && b->bound.count == 0.0);
    assert_true(b->choice[0] == WEIR_BOUND_NOT_CHOSEN && b->choice[1] == WEIR_BOUND_NOT_CHOSEN);
    weir_bound_free(b);
}

/** Of equals the earlier is taken. */
static void test_ties(void **state) {
    (void)state;
    struct weir_bound *b = one_minute(2, 4, (const double[]){3, 7, 3, 3});
    assert_true(b->bound.count == 2.0 && b->bound.notional == 10.0);
    assert_true(b->choice[0] == 0 && b->choice[1] == 0);
    assert_true(b->choice[2] == WEIR_BOUND_NOT_CHOSEN && b->choice[3] == WEIR_BOUND_NOT_CHOSEN);
    weir_bound_free(b);
}

/** An interval that ends before it begins, or lies outside the run, is no opportunity. */
static void test_empty_interval(void **state) {
    (void)state;
    const struct weir_bound_limits limits = {100, 5, 0};
    static const struct weir_usage load[1] = {{0, 0}};
    const struct weir_bound_item items[2] = {
        {BEGIN + 2, BEGIN + 1, BEGIN + 2, BEGIN + 1, 1.0, 1.0, {1, 1}, true},
        {BEGIN + MINUTE, BEGIN + MINUTE, BEGIN + MINUTE, BEGIN + MINUTE, 1.0, 1.0, {1, 1}, true}};
    const struct weir_bound_problem p = {.items = items,
                                         .count = 2,
                                         .grid = weir_bound_grid(&limits, BEGIN, BEGIN + SECOND),
                                         .load = load,
                                         .limits = limits,
                                         .tightened_ns = NEVER_NS,
                                         .entry = {1, 1},
                                         .dearest = {1, 1}};
    struct weir_bound *b = weir_bound_solve(&p);
    assert_true(b->ceiling.count == 0.0 && b->bound.count == 0.0 && b->protected.count == 0.0);
    weir_bound_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact_in_fixed_windows),
                                       cmocka_unit_test(test_at_least_the_best_elsewhere),
                                       cmocka_unit_test(test_slots_take_whatever_fits),
                                       cmocka_unit_test(test_amounts_are_units),
                                       cmocka_unit_test(test_threshold_is_the_best),
                                       cmocka_unit_test(test_no_opportunities),
                                       cmocka_unit_test(test_no_room),
                                       cmocka_unit_test(test_ties),
                                       cmocka_unit_test(test_empty_interval)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
