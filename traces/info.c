#include "info.h"

#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "liquidation.h"

#define MINUTE_NS INT64_C(60000000000)
#define MS_NS INT64_C(1000000)
#define BINS_PER_TEN 64.0
#define LOWEST_LOG10 (-5.0)
#define CLOSE_NS (900 * MS_NS)
#define SECOND_PAIR_NS (2000 * MS_NS)
#define PAIRS_TO_TELL 10

void weir_info_begin(struct weir_info *info) {
    static const int64_t lengths_s[WEIR_INFO_WINDOWS] = {1, 10, 60};
    memset(info, 0, sizeof *info);
    info->closest_ns = INT64_MAX;
    for (size_t i = 0; i < WEIR_INFO_WINDOWS; i++) {
        info->rates[i].length_ns = lengths_s[i] * 1000 * MS_NS;
    }
}

/** Doubles the ring when it is full. */
static bool grow(struct weir_info_rate *rate) {
    const size_t capacity = rate->capacity == 0 ? 1024 : rate->capacity * 2;
    int64_t *times = malloc(capacity * sizeof *times);
    if (times == NULL) {
        return false;
    }
    for (size_t i = 0; i < rate->count; i++) {
        times[i] = rate->times[(rate->first + i) % rate->capacity];
    }
    free(rate->times);
    rate->times = times;
    rate->capacity = capacity;
    rate->first = 0;
    return true;
}

static bool add_to_rate(struct weir_info_rate *rate, int64_t time_ns) {
    while (rate->count > 0 && rate->times[rate->first] <= time_ns - rate->length_ns) {
        rate->first = (rate->first + 1) % rate->capacity;
        rate->count--;
    }
    if (rate->count == rate->capacity && !grow(rate)) {
        return false;
    }
    rate->times[(rate->first + rate->count++) % rate->capacity] = time_ns;
    if (rate->count > rate->most) {
        rate->most = rate->count;
        rate->most_end_ns = time_ns;
    }
    return true;
}

/** Puts the minute at hand among the strongest. */
static void keep_minute(struct weir_info *info) {
    struct weir_info_minute minute = info->minute;
    for (size_t i = 0; i < WEIR_INFO_TOP && minute.count > 0; i++) {
        if (minute.count > info->minutes[i].count) {
            const struct weir_info_minute weaker = info->minutes[i];
            info->minutes[i] = minute;
            minute = weaker;
        }
    }
}

static void add_to_minute(struct weir_info *info, int64_t time_ns, double usd) {
    const int64_t start_ns = time_ns / MINUTE_NS * MINUTE_NS;
    if (start_ns != info->minute.start_ns) {
        keep_minute(info);
        info->minute = (struct weir_info_minute){.start_ns = start_ns};
    }
    info->minute.count++;
    info->minute.usd += usd;
}

static void keep_gap(struct weir_info *info, int64_t start_ns, int64_t length_ns) {
    struct weir_info_gap gap = {start_ns, length_ns};
    for (size_t i = 0; i < WEIR_INFO_TOP; i++) {
        if (gap.length_ns > info->gaps[i].length_ns) {
            const struct weir_info_gap shorter = info->gaps[i];
            info->gaps[i] = gap;
            gap = shorter;
        }
    }
}

static void add_size(struct weir_info *info, double usd) {
    const double log10 = weir_log(usd) * 0.43429448190325182765;
    const double bin = (log10 - LOWEST_LOG10) * BINS_PER_TEN;
    const size_t last = WEIR_INFO_SIZE_BINS - 1;
    info->size_bins[bin < 0.0 ? 0 : bin > (double)last ? last : (size_t)bin]++;
    info->usd += usd;
    info->usd_max = usd > info->usd_max ? usd : info->usd_max;
}

static struct weir_info_symbol *find_symbol(struct weir_info *info, const char *name) {
    uint32_t number = 0;
    if (!weir_symbols_number(&info->names, name, &number)) {
        return NULL;
    }
    if (number >= info->symbol_capacity) {
        const size_t capacity = info->symbol_capacity == 0 ? 256 : info->symbol_capacity * 2;
        struct weir_info_symbol *symbols = realloc(info->symbols, capacity * sizeof *info->symbols);
        if (symbols == NULL) {
            return NULL;
        }
        memset(symbols + info->symbol_capacity, 0,
               (capacity - info->symbol_capacity) * sizeof *symbols);
        info->symbols = symbols;
        info->symbol_capacity = capacity;
    }
    return &info->symbols[number];
}

static bool add_to_symbol(struct weir_info *info, const struct weir_row *row, double usd) {
    struct weir_info_symbol *symbol = find_symbol(info, row->symbol);
    if (symbol == NULL) {
        return false;
    }
    if (symbol->count > 0) {
        const int64_t apart_ns = row->time_ns - symbol->last_ns;
        info->closest_ns = apart_ns < info->closest_ns ? apart_ns : info->closest_ns;
        info->close_pairs += apart_ns < CLOSE_NS ? 1 : 0;
        info->second_pairs += apart_ns >= CLOSE_NS && apart_ns < SECOND_PAIR_NS ? 1 : 0;
    }
    symbol->last_ns = row->time_ns;
    symbol->count++;
    symbol->sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
    symbol->usd += usd;
    return true;
}

/** Makes each two bins one. */
static void halve_bins(struct weir_info *info) {
    for (size_t i = 0; i < WEIR_INFO_BINS; i++) {
        const struct weir_info_bin *two = &info->bins[2 * i % WEIR_INFO_BINS];
        info->bins[i] = i < WEIR_INFO_BINS / 2 ? (struct weir_info_bin){two[0].sells + two[1].sells,
                                                                        two[0].buys + two[1].buys,
                                                                        two[0].usd + two[1].usd}
                                               : (struct weir_info_bin){0, 0, 0.0};
    }
    info->bin_ns *= 2;
}

static void add_to_bins(struct weir_info *info, const struct weir_row *row, double usd) {
    if (info->count == 0) {
        info->bins_ns = row->time_ns / (1000 * MS_NS) * (1000 * MS_NS);
        info->bin_ns = 1000 * MS_NS;
    }
    while ((row->time_ns - info->bins_ns) / info->bin_ns >= WEIR_INFO_BINS) {
        halve_bins(info);
    }
    struct weir_info_bin *bin = &info->bins[(row->time_ns - info->bins_ns) / info->bin_ns];
    bin->sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
    bin->buys += row->side == WEIR_SIDE_BUY ? 1 : 0;
    bin->usd += usd;
}

static bool is_same(const struct weir_row *a, const struct weir_row *b) {
    return a->time_ns == b->time_ns && a->side == b->side &&
           a->price.mantissa == b->price.mantissa && a->price.decimals == b->price.decimals &&
           a->quantity.mantissa == b->quantity.mantissa &&
           a->quantity.decimals == b->quantity.decimals && strcmp(a->symbol, b->symbol) == 0;
}

/** Whether one of the rows remembered, all at the same or an earlier time, is the same. */
static bool is_duplicate(const struct weir_info *info, const struct weir_row *row) {
    const size_t known = info->count < WEIR_INFO_MEMORY ? info->count : WEIR_INFO_MEMORY;
    for (size_t back = 1; back <= known; back++) {
        const struct weir_row *before = &info->memory[(info->count - back) % WEIR_INFO_MEMORY];
        if (before->time_ns != row->time_ns) {
            return false;
        }
        if (is_same(before, row)) {
            return true;
        }
    }
    return false;
}

bool weir_info_add(struct weir_info *info, const struct weir_row *row, bool *duplicate) {
    const double usd = weir_decimal_to_double(row->price.mantissa, row->price.decimals) *
                       weir_decimal_to_double(row->quantity.mantissa, row->quantity.decimals);
    *duplicate = is_duplicate(info, row);
    info->duplicates += *duplicate ? 1 : 0;
    info->memory[info->count % WEIR_INFO_MEMORY] = *row;
    add_to_bins(info, row, usd);
    if (info->count == 0) {
        info->first_ns = row->time_ns;
    } else {
        keep_gap(info, info->last_ns, row->time_ns - info->last_ns);
        info->same_ms += row->time_ns / MS_NS == info->last_ns / MS_NS ? 1 : 0;
    }
    info->last_ns = row->time_ns;
    info->count++;
    info->sells += row->side == WEIR_SIDE_SELL ? 1 : 0;
    add_to_minute(info, row->time_ns, usd);
    add_size(info, usd);
    bool ok = add_to_symbol(info, row, usd);
    for (size_t i = 0; ok && i < WEIR_INFO_WINDOWS; i++) {
        ok = add_to_rate(&info->rates[i], row->time_ns);
    }
    return ok;
}

void weir_info_end(struct weir_info *info) {
    keep_minute(info);
    info->minute.count = 0;
}

void weir_info_free(struct weir_info *info) {
    for (size_t i = 0; i < WEIR_INFO_WINDOWS; i++) {
        free(info->rates[i].times);
    }
    free(info->symbols);
    weir_symbols_clear(&info->names);
}

double weir_info_size_log10(size_t bin) {
    return LOWEST_LOG10 + (double)bin / BINS_PER_TEN;
}

double weir_info_size_quantile(const struct weir_info *info, double q) {
    const double wanted = q * (double)info->count;
    double reached = 0.0;
    size_t bin = 0;
    for (; bin + 1 < WEIR_INFO_SIZE_BINS; bin++) {
        reached += (double)info->size_bins[bin];
        if (reached >= wanted) {
            break;
        }
    }
    const double log10 = weir_info_size_log10(bin) + 0.5 / BINS_PER_TEN;
    const double middle = weir_exp(log10 / 0.43429448190325182765);
    return middle > info->usd_max ? info->usd_max : middle;
}

int weir_info_throttle_ms(const struct weir_info *info) {
    if (info->close_pairs > 0) {
        return 0;
    }
    return info->second_pairs >= PAIRS_TO_TELL ? 1000 : -1;
}
