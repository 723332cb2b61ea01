#include "report_bins.h"

#include <math.h>
#include <stdlib.h>

#include "variable.h"

#define TIMELINE_HEADING                                                                           \
    "#second\tused_weight\tused_orders\tcaptures\tcaptured_usd\tmisses\tmissed_usd\thttp_429\t"    \
    "http_418"
#define SECOND_MAX 1e9
#define AMOUNT_MAX 1e18

/** More bins than that cannot be told apart on the page. */
#define BINS_MAX 300

static struct plots_bin *add_bin(struct plots_bins *bins, double from_s) {
    if (bins->count == bins->capacity) {
        const size_t capacity = bins->capacity ? 2 * bins->capacity : 512;
        struct plots_bin *more = realloc(bins->bins, capacity * sizeof *more);
        if (!more) {
            return NULL;
        }
        bins->bins = more;
        bins->capacity = capacity;
    }
    struct plots_bin *bin = &bins->bins[bins->count++];
    *bin = (struct plots_bin){.from_s = from_s};
    return bin;
}

static void join(struct plots_bin *into, const struct plots_bin *from) {
    for (size_t c = 0; c < PLOTS_COLUMNS_MAX; c++) {
        into->sums[c] += from->sums[c];
        into->most[c] = fmax(into->most[c], from->most[c]);
    }
}

/** Makes bins wider, to the next round width. */
static void widen(struct plots_bins *bins) {
    static const double widths_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600};
    double width = 2.0 * bins->bin_s;
    for (size_t i = 0; i < sizeof widths_s / sizeof widths_s[0]; i++) {
        if (widths_s[i] > bins->bin_s) {
            width = widths_s[i];
            break;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < bins->count; i++) {
        struct plots_bin bin = bins->bins[i];
        bin.from_s = width * floor(bin.from_s / width);
        if (kept > 0 && bins->bins[kept - 1].from_s >= bin.from_s) {
            join(&bins->bins[kept - 1], &bin);
        } else {
            bins->bins[kept++] = bin;
        }
    }
    bins->count = kept;
    bins->bin_s = width;
}

static void add_row(struct plots_bins *bins, struct plots_rows *rows) {
    const double second = plots_rows_number(rows, 0, -SECOND_MAX, SECOND_MAX);
    const double from_s = bins->bin_s * floor(second / bins->bin_s);
    struct plots_bin *bin = bins->count ? &bins->bins[bins->count - 1] : NULL;
    if (bin && from_s < bin->from_s) {
        plots_rows_fail(rows, "the second is not later than that of the row before");
        return;
    }
    bins->from_s = bin ? bins->from_s : second;
    bins->until_s = second + 1.0;
    if (!bin || from_s > bin->from_s) {
        bin = add_bin(bins, from_s);
    }
    if (!bin) {
        plots_fail(rows->error, "not enough memory");
        return;
    }
    for (size_t c = 1; c < rows->columns; c++) {
        const double value = plots_rows_number(rows, c, 0.0, AMOUNT_MAX);
        bin->sums[c] += value;
        bin->most[c] = fmax(bin->most[c], value);
    }
    if (bins->count > BINS_MAX) {
        widen(bins);
    }
}

static bool read_table(struct plots_bins *bins, int folder, const char *name, const char *heading,
                       struct plots_error *error) {
    struct plots_rows rows;
    *bins = (struct plots_bins){.bin_s = 1.0};
    if (!plots_rows_open(&rows, folder, name, heading, error)) {
        return false;
    }
    while (plots_rows_next(&rows)) {
        add_row(bins, &rows);
    }
    plots_rows_close(&rows);
    if (!error->set && bins->count == 0) {
        plots_fail(error, "%s: no rows; expected one a second", name);
    }
    if (error->set) {
        plots_bins_free(bins);
        return false;
    }
    return true;
}

bool plots_bins_read(struct plots_bins *bins, int folder, struct plots_error *error) {
    if (!read_table(bins, folder, "timeline.tsv", TIMELINE_HEADING, error)) {
        return false;
    }
    for (size_t i = 0; i < bins->count; i++) {
        bins->http_429 += bins->bins[i].sums[7];
        bins->http_418 += bins->bins[i].sums[8];
    }
    return true;
}

bool plots_bins_read_causes(struct plots_bins *bins, int folder, const char *heading,
                            struct plots_error *error) {
    return read_table(bins, folder, "causes.tsv", heading, error);
}

void plots_bins_write(const struct plots_bins *bins, FILE *script) {
    double weight = 0.0;
    double orders = 0.0;
    double captures = 0.0;
    double misses = 0.0;
    fputs("# second, weight, orders, captures, misses, 429, 418\n$bins << END\n", script);
    for (size_t i = 0; i < bins->count; i++) {
        const struct plots_bin *b = &bins->bins[i];
        fprintf(script, "%.9g %.9g %.9g %.9g %.9g %.9g %.9g\n", b->from_s, b->most[1], b->most[2],
                b->sums[3], b->sums[5], b->sums[7], b->sums[8]);
        weight = fmax(weight, b->most[1]);
        orders = fmax(orders, b->most[2]);
        captures = fmax(captures, b->sums[3]);
        misses = fmax(misses, b->sums[5]);
    }
    fputs("END\n", script);
    plots_variable_number(script, "bin_s", bins->bin_s);
    char word[32];
    snprintf(word, sizeof word, bins->bin_s > 1.0 ? "%.0f s" : "second", bins->bin_s);
    plots_variable_text(script, "bin_word", word);
    plots_variable_number(script, "x_from", bins->from_s);
    plots_variable_number(script, "x_until", bins->until_s);
    plots_variable_number(script, "weight_max", weight);
    plots_variable_number(script, "orders_max", orders);
    plots_variable_number(script, "captures_bin_max", captures);
    plots_variable_number(script, "misses_bin_max", misses);
}

void plots_bins_free(struct plots_bins *bins) {
    free(bins->bins);
    *bins = (struct plots_bins){0};
}
