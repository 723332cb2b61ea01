#include "moments.h"

#include <math.h>
#include <stdlib.h>

#include "draw.h"

#define SECOND_NS INT64_C(1000000000)
#define CLOSE_NS INT64_C(900000000)
#define FOLLOW_NS (2 * SECOND_NS)
#define FOLLOWERS_TO_TELL 10

/** How close rows of one symbol follow each other. */
struct following {
    size_t close;  /**< below 900 ms */
    size_t second; /**< from there to 2 s */
};

static void add_row(struct weir_moments *m, const struct weir_liquidation *row,
                    struct following *following) {
    struct weir_moments_symbol *symbol = &m->symbols[row->symbol];
    const double usd = weir_liquidation_notional_usd(row);
    const double price = weir_liquidation_price(row);
    if (symbol->count == 0) {
        symbol->first_price = price;
    } else {
        const int64_t apart_ns = row->time_ns - symbol->last_ns;
        following->close += apart_ns < CLOSE_NS ? 1 : 0;
        following->second += apart_ns >= CLOSE_NS && apart_ns < FOLLOW_NS ? 1 : 0;
    }
    symbol->last_ns = row->time_ns;
    symbol->last_price = price;
    symbol->count++;
    symbol->sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
    symbol->usd += usd;
    symbol->log_usd += weir_log(usd);
    symbol->price += price;
    m->usd += usd;
    m->usd_max = usd > m->usd_max ? usd : m->usd_max;
    m->sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
    m->tenths_pct[row->time_ns % SECOND_NS / (SECOND_NS / 10)] += 1.0;
}

/** Log size beyond its symbol's mean. */
static double residual(const struct weir_moments *m, const struct weir_liquidation *row) {
    const struct weir_moments_symbol *symbol = &m->symbols[row->symbol];
    return weir_log(weir_liquidation_notional_usd(row)) - symbol->log_usd / (double)symbol->count;
}

/** Analysis of variance of the residuals: within seconds, and what is left between them. */
static void split_variance(const struct weir_trace *trace, struct weir_moments *m) {
    double within = 0.0;
    double total = 0.0;
    double freedom = 0.0;
    size_t i = 0;
    while (i < trace->row_count) {
        const int64_t second = trace->rows[i].time_ns / SECOND_NS;
        double sum = 0.0;
        double squares = 0.0;
        double n = 0.0;
        for (; i < trace->row_count && trace->rows[i].time_ns / SECOND_NS == second; i++) {
            const double r = residual(m, &trace->rows[i]);
            sum += r;
            squares += r * r;
            n += 1.0;
        }
        within += squares - sum * sum / n;
        freedom += n - 1.0;
        total += squares;
    }
    const double own = freedom > 0.0 ? within / freedom : total / (double)trace->row_count;
    const double shared = total / (double)trace->row_count - own;
    m->own_sd = sqrt(own > 0.0 ? own : 0.0);
    m->second_sd = sqrt(shared > 0.0 ? shared : 0.0);
}

static int compare_doubles(const void *a, const void *b) {
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/** How far prices went from first to last. */
static bool measure_moves(const struct weir_trace *trace, struct weir_moments *m) {
    double *moves = calloc(trace->symbol_count, sizeof *moves);
    size_t count = 0;
    if (moves == NULL) {
        return false;
    }
    for (size_t s = 0; s < trace->symbol_count; s++) {
        const struct weir_moments_symbol *symbol = &m->symbols[s];
        const double ratio = symbol->last_price / symbol->first_price;
        m->fall += symbol->usd / m->usd * weir_log(ratio);
        if (symbol->count > 1) {
            moves[count++] = fabs(ratio - 1.0);
        }
    }
    if (count > 0) {
        qsort(moves, count, sizeof *moves, compare_doubles);
        m->move_low = moves[count / 4];
        m->move_high = moves[count * 3 / 4];
    }
    free(moves);
    return true;
}

bool weir_moments_measure(const struct weir_trace *trace, struct weir_moments *m) {
    *m = (struct weir_moments){.symbols = calloc(trace->symbol_count, sizeof *m->symbols)};
    if (m->symbols == NULL) {
        return false;
    }
    struct following following = {0, 0};
    m->start_ns = trace->rows[0].time_ns / SECOND_NS * SECOND_NS;
    m->duration_s = (trace->rows[trace->row_count - 1].time_ns - m->start_ns) / SECOND_NS + 1;
    for (size_t i = 0; i < trace->row_count; i++) {
        add_row(m, &trace->rows[i], &following);
    }
    for (size_t i = 0; i < 10; i++) {
        m->tenths_pct[i] *= 100.0 / (double)trace->row_count;
    }
    m->throttle_ms = following.close == 0 && following.second >= FOLLOWERS_TO_TELL ? 1000.0 : 0.0;
    split_variance(trace, m);
    if (!measure_moves(trace, m)) {
        weir_moments_free(m);
        return false;
    }
    return true;
}

void weir_moments_free(struct weir_moments *moments) {
    free(moments->symbols);
    moments->symbols = NULL;
}
