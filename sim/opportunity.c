#include "opportunity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX

/** Millionths of a dollar, exactly: what is added and taken away again leaves nothing. 128 bits,
 * since a price and a quantity may each be as large as 10 to the 15th. */
__extension__ typedef __int128 micro_usd;

/** Rolling sum of one symbol's delivered liquidations, both sides. */
struct rolling {
    micro_usd sum_micro_usd;
    uint32_t oldest; /* push that leaves next */
    uint32_t newest;
    const struct weir_symbol_settings *settings;
};

/** Sliding extreme of one symbol's prices: the pushes that can still become it, best first, in the
 *  order in which they were delivered. */
struct extreme {
    uint32_t head, tail;
};

/** Links of those lists, per push. */
struct links {
    uint32_t next, previous;
};

struct finder {
    const struct weir_trace *trace;
    const struct weir_push *pushes;
    const struct weir_strategy *strategy;
    const struct weir_bot_settings *bot;
    int64_t shift_ns;
    int64_t coalesce_ns;
    struct rolling *symbols;
    uint32_t *next;           /* next push of the same symbol */
    double *price;            /* of each push */
    struct extreme *extremes; /* of (symbol, lowest or highest) */
    struct links *links[2];   /* of the lists of lowest and highest */
    uint32_t *open;           /* open group of (symbol, side) */
    micro_usd *notional;      /* notional of each push */
    struct weir_opportunity *found;
    size_t found_count;
    /* the bot's detector */
    micro_usd all_micro_usd;
    size_t all_oldest;
    int64_t cascade_until_ns;
};

static void add_to_symbol(struct finder *f, uint32_t index) {
    const uint32_t symbol = f->trace->rows[f->pushes[index].row].symbol;
    struct rolling *r = &f->symbols[symbol];
    f->next[index] = NOBODY;
    if (r->newest != NOBODY) {
        f->next[r->newest] = index;
    }
    if (r->oldest == NOBODY) {
        r->oldest = index;
    }
    r->newest = index;
    r->sum_micro_usd += f->notional[index];
    const int64_t horizon_ns = f->pushes[index].delivered_ns - f->strategy->condition_window_ns;
    while (f->pushes[r->oldest].delivered_ns < horizon_ns) {
        r->sum_micro_usd -= f->notional[r->oldest];
        r->oldest = f->next[r->oldest];
    }
}

static bool beats(double price, double other, int highest) {
    return highest ? price >= other : price <= other;
}

/** Adds a push to a list: whatever it beats can never be the extreme again. */
static void extend(struct finder *f, struct extreme *e, int highest, uint32_t index) {
    struct links *links = f->links[highest];
    while (e->tail != NOBODY && beats(f->price[index], f->price[e->tail], highest)) {
        e->tail = links[e->tail].previous;
    }
    links[index] = (struct links){NOBODY, e->tail};
    if (e->tail == NOBODY) {
        e->head = index;
    } else {
        links[e->tail].next = index;
    }
    e->tail = index;
}

/** The extreme price since `horizon_ns`, the push just added included. */
static double extreme_since(struct finder *f, struct extreme *e, int highest, int64_t horizon_ns) {
    while (f->pushes[e->head].delivered_ns < horizon_ns) {
        e->head = f->links[highest][e->head].next;
        f->links[highest][e->head].previous = NOBODY;
    }
    return f->price[e->head];
}

/** Whether the symbol's price moved by the detector's share within its window, either way. */
static bool moved(struct finder *f, uint32_t index) {
    const struct weir_detector *d = &f->strategy->detector;
    const size_t symbol = f->trace->rows[f->pushes[index].row].symbol;
    const int64_t horizon_ns = f->pushes[index].delivered_ns - d->move_window_ns;
    struct extreme *lowest = &f->extremes[2 * symbol];
    struct extreme *highest = &f->extremes[2 * symbol + 1];
    extend(f, lowest, 0, index);
    extend(f, highest, 1, index);
    const double low = extreme_since(f, lowest, 0, horizon_ns);
    const double high = extreme_since(f, highest, 1, horizon_ns);
    const double price = f->price[index];
    return price - low >= d->move_pct / 100.0 * low || high - price >= d->move_pct / 100.0 * high;
}

/** The detector: volume over all symbols, and a move of the symbol just seen. Extends, never cuts.
 */
static void detect(struct finder *f, uint32_t index) {
    const struct weir_detector *d = &f->strategy->detector;
    const int64_t now_ns = f->pushes[index].delivered_ns;
    f->all_micro_usd += f->notional[index];
    while (f->pushes[f->all_oldest].delivered_ns < now_ns - d->volume_window_ns) {
        f->all_micro_usd -= f->notional[f->all_oldest++];
    }
    const bool has_moved = moved(f, index);
    if (has_moved && (double)f->all_micro_usd > d->volume_usd * 1e6) {
        f->cascade_until_ns = now_ns + d->lasts_ns;
    }
}

static double worth(int value, double notional_usd) {
    switch ((enum weir_value)value) {
    case WEIR_VALUE_NOTIONAL:
        return notional_usd;
    case WEIR_VALUE_COUNT:
        return 1.0;
    case WEIR_VALUE_IMPACT:
    default:
        return sqrt(notional_usd);
    }
}

/** Adds a delivered liquidation to the open group of its key, or opens one. */
static void take(struct finder *f, uint32_t index) {
    const struct weir_push *push = &f->pushes[index];
    const struct weir_liquidation *row = &f->trace->rows[push->row];
    const struct rolling *r = &f->symbols[row->symbol];
    uint32_t *open = &f->open[2 * row->symbol + row->side];
    struct weir_opportunity *o = *open == NOBODY ? NULL : &f->found[*open];
    if (!o || push->delivered_ns >= o->opened_ns + f->coalesce_ns) {
        const double threshold_usd = row->side == WEIR_SIDE_SELL ? r->settings->threshold_long_usd
                                                                 : r->settings->threshold_short_usd;
        if ((double)r->sum_micro_usd < threshold_usd * 1e6) {
            return;
        }
        *open = (uint32_t)f->found_count;
        o = &f->found[f->found_count++];
        *o = (struct weir_opportunity){.time_ns = row->time_ns + f->shift_ns,
                                       .opened_ns = push->delivered_ns,
                                       .closes_ns = push->delivered_ns + f->coalesce_ns,
                                       .symbol = row->symbol,
                                       .side = row->side};
    }
    o->liquidations++;
    o->notional_usd += weir_liquidation_notional_usd(row);
    o->price = f->price[index];
}

/** Whether the detector is on when each opportunity closes: a second walk along the feed. */
static void mark_cascades(struct finder *f, size_t push_count) {
    size_t i = 0;
    for (size_t k = 0; k < f->found_count; k++) {
        struct weir_opportunity *o = &f->found[k];
        for (; i < push_count && f->pushes[i].delivered_ns <= o->closes_ns; i++) {
            detect(f, (uint32_t)i);
        }
        o->in_cascade = f->cascade_until_ns > o->closes_ns;
        o->value = worth(f->bot->value, o->notional_usd);
    }
}

static bool take_memory(struct finder *f, size_t push_count) {
    f->symbols = calloc(f->trace->symbol_count + 1, sizeof *f->symbols);
    f->next = calloc(push_count + 1, sizeof *f->next);
    f->price = calloc(push_count + 1, sizeof *f->price);
    f->extremes = calloc(2 * f->trace->symbol_count + 1, sizeof *f->extremes);
    f->links[0] = calloc(push_count + 1, sizeof *f->links[0]);
    f->links[1] = calloc(push_count + 1, sizeof *f->links[1]);
    f->notional = calloc(push_count + 1, sizeof *f->notional);
    f->open = calloc(2 * f->trace->symbol_count + 1, sizeof *f->open);
    f->found = calloc(push_count + 1, sizeof *f->found);
    return f->symbols && f->next && f->price && f->extremes && f->links[0] && f->links[1] &&
           f->notional && f->open && f->found;
}

static void give_memory_back(struct finder *f) {
    free(f->symbols);
    free(f->next);
    free(f->price);
    free(f->extremes);
    free(f->links[0]);
    free(f->links[1]);
    free(f->notional);
    free(f->open);
}

struct weir_opportunity *weir_opportunities_find(const struct weir_trace *trace, int64_t shift_ns,
                                                 const struct weir_push *pushes, size_t push_count,
                                                 const struct weir_strategy *strategy,
                                                 const struct weir_symbol_settings *const *symbols,
                                                 const struct weir_bot_settings *bot,
                                                 size_t *count) {
    struct finder f = {.trace = trace,
                       .pushes = pushes,
                       .strategy = strategy,
                       .bot = bot,
                       .shift_ns = shift_ns,
                       .coalesce_ns = (int64_t)(bot->coalesce_ms * 1e6),
                       .cascade_until_ns = INT64_MIN};
    if (!take_memory(&f, push_count)) {
        give_memory_back(&f);
        free(f.found);
        return NULL;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        f.symbols[s] = (struct rolling){0, NOBODY, NOBODY, symbols[s]};
        f.open[2 * s] = f.open[2 * s + 1] = NOBODY;
        f.extremes[2 * s] = f.extremes[2 * s + 1] = (struct extreme){NOBODY, NOBODY};
    }
    for (uint32_t i = 0; i < push_count; i++) {
        const struct weir_liquidation *row = &trace->rows[pushes[i].row];
        f.price[i] = weir_liquidation_price(row);
        f.notional[i] = (micro_usd)(weir_liquidation_notional_usd(row) * 1e6 + 0.5);
        add_to_symbol(&f, i);
        if (f.symbols[row->symbol].settings) {
            take(&f, i);
        }
    }
    mark_cascades(&f, push_count);
    give_memory_back(&f);
    *count = f.found_count;
    return f.found;
}
