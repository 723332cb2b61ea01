#include "replay_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "metrics_set.h"

#define SECOND_NS 1000000000LL
#define MINUTE_NS (60 * SECOND_NS)

static double seconds_from_onset(const struct weir_ledger *l, int64_t time_ns) {
    return (double)(time_ns - l->facts.onset_ns) / 1e9;
}

/* ---- minutes ---- */

struct window {
    double weight, orders, useful_weight, useful_orders; /* accepted */
    size_t captures, bound_captures, opportunities;
};

struct windows {
    struct window *all;
    int64_t first, count; /* minutes of the exchange's clock */
};

static struct window *window_at(const struct windows *w, int64_t time_ns) {
    const int64_t index = time_ns / MINUTE_NS - w->first;
    return index >= 0 && index < w->count ? &w->all[index] : NULL;
}

static void add_accepted(const struct weir_ledger *l, const struct windows *w) {
    for (size_t i = 0; i < l->request_count; i++) {
        const struct weir_request_record *r = &l->requests[i];
        struct window *window = r->arrived_ns ? window_at(w, r->arrived_ns) : NULL;
        if (window && r->outcome == WEIR_OUTCOME_OK) {
            const bool useful =
                r->purpose <= WEIR_FOR_FILL && weir_is_captured(&l->opportunities[r->opportunity]);
            window->weight += r->charged_weight;
            window->orders += r->charged_orders;
            window->useful_weight += useful ? r->charged_weight : 0;
            window->useful_orders += useful ? r->charged_orders : 0;
        }
    }
}

static void add_captures(const struct weir_ledger *l, const struct windows *w) {
    const struct weir_bound *bound = l->facts.bound;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        struct window *opened = window_at(w, o->time_ns);
        struct window *accepted = weir_is_captured(o) ? window_at(w, o->accepted_ns) : NULL;
        if (opened) {
            opened->opportunities++;
        }
        if (accepted) {
            accepted->captures++;
        }
        if (bound && bound->choice[i] != WEIR_BOUND_NOT_CHOSEN) {
            const struct weir_bound_grid *grid = &bound->grid;
            struct window *chosen =
                window_at(w, grid->first_ns + (int64_t)bound->choice[i] * grid->slot_ns);
            if (chosen) {
                chosen->bound_captures++;
            }
        }
    }
}

bool weir_windows_table(const struct weir_ledger *l, FILE *out) {
    struct windows w = {.first = l->facts.start_ns / MINUTE_NS};
    w.count = l->facts.end_ns / MINUTE_NS - w.first + 1;
    w.all = calloc((size_t)w.count, sizeof *w.all);
    if (!w.all) {
        return false;
    }
    add_accepted(l, &w);
    add_captures(l, &w);
    fputs("#second\taccepted_weight\taccepted_orders\tuseful_weight\tuseful_orders\t"
          "opportunities\tcaptures\tbound_captures\n",
          out);
    for (int64_t i = 0; i < w.count; i++) {
        const struct window *at = &w.all[i];
        fprintf(out, "%.3f\t%.0f\t%.0f\t%.0f\t%.0f\t%zu\t%zu\t%zu\n",
                seconds_from_onset(l, (w.first + i) * MINUTE_NS), at->weight, at->orders,
                at->useful_weight, at->useful_orders, at->opportunities, at->captures,
                at->bound_captures);
    }
    free(w.all);
    return true;
}

/* ---- seconds ---- */

struct second {
    double lost_usd[WEIR_CAUSES];
    int64_t opened, ended; /* positions without a stop that begin and end in it */
};

static struct second *second_at(struct second *seconds, size_t count, int64_t start_ns,
                                int64_t time_ns) {
    const int64_t index = (time_ns - start_ns) / SECOND_NS;
    return index < 0 ? &seconds[0] : &seconds[index < (int64_t)count ? (size_t)index : count - 1];
}

/** When a position got a stop or was closed; the end of the run if neither. */
static int64_t unprotected_until_ns(const struct weir_ledger *l,
                                    const struct weir_opportunity_record *o) {
    const int64_t covered_ns = o->covered_ns ? o->covered_ns : l->facts.end_ns;
    return o->closed_ns && o->closed_ns < covered_ns ? o->closed_ns : covered_ns;
}

static void add_seconds(const struct weir_ledger *l, struct second *seconds, size_t count,
                        int64_t start_ns) {
    for (size_t i = 0; i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        if (!weir_is_captured(o)) {
            second_at(seconds, count, start_ns, o->time_ns)->lost_usd[o->blame] += o->notional_usd;
        }
        if (o->filled_ns && unprotected_until_ns(l, o) > o->filled_ns) {
            second_at(seconds, count, start_ns, o->filled_ns)->opened++;
            second_at(seconds, count, start_ns, unprotected_until_ns(l, o))->ended++;
        }
    }
}

bool weir_causes_table(const struct weir_ledger *l, FILE *out) {
    const int64_t start_ns = l->facts.start_ns / SECOND_NS * SECOND_NS;
    const size_t count = (size_t)((l->facts.end_ns - start_ns) / SECOND_NS) + 1;
    struct second *seconds = calloc(count, sizeof *seconds);
    if (!seconds) {
        return false;
    }
    add_seconds(l, seconds, count, start_ns);
    fputs("#second", out);
    for (int cause = 0; cause < WEIR_CAUSES; cause++) {
        fprintf(out, "\t%s_usd", weir_cause_name((enum weir_cause)cause));
    }
    fputs("\tunprotected\n", out);
    int64_t open = 0;
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%.3f", seconds_from_onset(l, start_ns + (int64_t)i * SECOND_NS));
        for (int cause = 0; cause < WEIR_CAUSES; cause++) {
            fprintf(out, "\t%.2f", seconds[i].lost_usd[cause]);
        }
        /* within a second what begins is counted before what ends: the most, not the least */
        fprintf(out, "\t%" PRId64 "\n", open + seconds[i].opened);
        open += seconds[i].opened - seconds[i].ended;
    }
    free(seconds);
    return true;
}

/* ---- symbols ---- */

struct symbol_sum {
    uint32_t symbol;
    size_t captures, misses;
    double captured_usd, missed_usd;
};

static int compare_symbols(const void *left, const void *right) {
    const struct symbol_sum *a = left;
    const struct symbol_sum *b = right;
    const double a_usd = a->captured_usd + a->missed_usd;
    const double b_usd = b->captured_usd + b->missed_usd;
    if (a_usd != b_usd) {
        return a_usd > b_usd ? -1 : 1;
    }
    return (a->symbol > b->symbol) - (a->symbol < b->symbol);
}

static struct symbol_sum *sum_symbols(const struct weir_ledger *l, size_t *count) {
    uint32_t last = 0;
    for (size_t i = 0; i < l->opportunity_count; i++) {
        last = l->opportunities[i].symbol > last ? l->opportunities[i].symbol : last;
    }
    *count = (size_t)last + 1;
    struct symbol_sum *sums = calloc(*count, sizeof *sums);
    for (uint32_t s = 0; sums && s <= last; s++) {
        sums[s].symbol = s;
    }
    for (size_t i = 0; sums && i < l->opportunity_count; i++) {
        const struct weir_opportunity_record *o = &l->opportunities[i];
        struct symbol_sum *sum = &sums[o->symbol];
        const bool captured = weir_is_captured(o);
        sum->captures += captured;
        sum->misses += !captured;
        sum->captured_usd += captured ? o->notional_usd : 0.0;
        sum->missed_usd += captured ? 0.0 : o->notional_usd;
    }
    return sums;
}

static void write_symbol(const char *name, const struct symbol_sum *s, FILE *out) {
    /* a name is data; a tab or line end in it would be taken for a column or a row */
    for (const char *at = name; *at; at++) {
        fputc((unsigned char)*at < 0x20 ? ' ' : *at, out);
    }
    fprintf(out, "\t%zu\t%.2f\t%zu\t%.2f\n", s->captures, s->captured_usd, s->misses,
            s->missed_usd);
}

bool weir_symbols_table(const struct weir_ledger *l, FILE *out) {
    size_t count = 0;
    struct symbol_sum *sums = sum_symbols(l, &count);
    if (!sums) {
        return false;
    }
    qsort(sums, count, sizeof *sums, compare_symbols);
    struct symbol_sum rest = {0};
    size_t others = 0;
    fputs("#symbol\tcaptures\tcaptured_usd\tmisses\tmissed_usd\n", out);
    for (size_t i = 0; i < count && sums[i].captures + sums[i].misses > 0; i++) {
        if (i < WEIR_TABLE_SYMBOLS) {
            write_symbol(l->facts.symbols[sums[i].symbol], &sums[i], out);
            continue;
        }
        others++;
        rest.captures += sums[i].captures;
        rest.misses += sums[i].misses;
        rest.captured_usd += sums[i].captured_usd;
        rest.missed_usd += sums[i].missed_usd;
    }
    if (others > 0) {
        char name[48];
        snprintf(name, sizeof name, "%zu others", others);
        write_symbol(name, &rest, out);
    }
    free(sums);
    return true;
}
