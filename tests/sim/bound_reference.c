#include "bound_reference.h"

#define SENT_MAX (REFERENCE_ITEMS * REFERENCE_PARTS + REFERENCE_LOADS)

/** A request that was placed. */
struct sent {
    struct weir_cost cost;
    int step;
};

struct search {
    const struct reference_case *c;
    bool protected;
    struct sent sent[SENT_MAX]; /* in order of arrival */
    int sent_count;
    struct weir_bound_sums now, best;
};

/** What requests before number `i` have used of the windows that it arrives in. */
static int64_t used(const struct search *s, int i, int steps, bool weight) {
    const int step = s->sent[i].step;
    int64_t sum = 0;
    for (int k = 0; k < i; k++) {
        const bool counts = s->c->sliding ? s->sent[k].step > step - steps
                                          : s->sent[k].step / steps == step / steps;
        if (counts) {
            sum += weight ? s->sent[k].cost.weight : s->sent[k].cost.orders;
        }
    }
    return sum;
}

static bool admits(const struct search *s, int64_t used_before, int64_t cost, int64_t limit) {
    return cost == 0 || (s->c->at_limit ? used_before < limit : used_before + cost <= limit);
}

/** Whether the exchange lets everything through that was placed. */
static bool fits(const struct search *s) {
    for (int i = 0; i < s->sent_count; i++) {
        const struct weir_bound_limits *l =
            s->sent[i].step > s->c->tightened_step ? &s->c->tightened : &s->c->limits;
        const struct weir_cost cost = s->sent[i].cost;
        if (!admits(s, used(s, i, 6, true), cost.weight, l->weight_per_minute) ||
            !admits(s, used(s, i, 6, false), cost.orders, l->orders_per_minute) ||
            (l->orders_per_10s &&
             !admits(s, used(s, i, 1, false), cost.orders, l->orders_per_10s))) {
            return false;
        }
    }
    return true;
}

/** Puts a request behind all that arrive in its step or before. */
static int insert(struct search *s, struct weir_cost cost, int step) {
    int at = s->sent_count++;
    for (; at > 0 && s->sent[at - 1].step > step; at--) {
        s->sent[at] = s->sent[at - 1];
    }
    s->sent[at] = (struct sent){cost, step};
    return at;
}

static void erase(struct search *s, int at) {
    s->sent_count--;
    for (; at < s->sent_count; at++) {
        s->sent[at] = s->sent[at + 1];
    }
}

static void note_best(struct search *s) {
    s->best.count = s->now.count > s->best.count ? s->now.count : s->best.count;
    s->best.value = s->now.value > s->best.value ? s->now.value : s->best.value;
    s->best.notional = s->now.notional > s->best.notional ? s->now.notional : s->best.notional;
}

static void add(struct search *s, const struct reference_item *item, double sign) {
    s->now.count += sign;
    s->now.value += sign * item->value;
    s->now.notional += sign * item->notional_usd;
}

static void try_item(struct search *s, int index);

/** Tries every step for a part of an item and the parts after it. */
static void try_part(struct search *s, int index, int part) {
    const struct reference_item *item = &s->c->items[index];
    if (part == (s->protected ? item->part_count : 1)) {
        add(s, item, 1.0);
        try_item(s, index + 1);
        add(s, item, -1.0);
        return;
    }
    for (int step = item->parts[part].first; step <= item->parts[part].last; step++) {
        const int at = insert(s, item->parts[part].cost, step);
        if (fits(s)) {
            try_part(s, index, part + 1);
        }
        erase(s, at);
    }
}

static void try_item(struct search *s, int index) {
    if (index == s->c->item_count) {
        note_best(s);
        return;
    }
    try_item(s, index + 1);
    try_part(s, index, 0);
}

struct weir_bound_sums reference_best(const struct reference_case *c, bool protected) {
    struct search s = {.c = c, .protected = protected};
    for (int i = 0; i < c->load_count; i++) {
        insert(&s, c->loads[i].cost, c->loads[i].step);
    }
    if (fits(&s)) {
        try_item(&s, 0);
    }
    return s.best;
}
